"""memcached on loopback: the system's own, or ours where there is none; on a free port or a Unix socket."""

import os
import shutil
import socket
import sys

from helpers.services.process import MissingServer, Server

CHOICES = ("auto", "system", "embedded")


def choice() -> str:
    """What TROUBLESPOTS_SERVERS says: "auto" (the default), "system" or "embedded"; ValueError for anything else."""
    chosen = os.environ.get("TROUBLESPOTS_SERVERS") or "auto"
    if chosen not in CHOICES:
        raise ValueError(f"TROUBLESPOTS_SERVERS={chosen!r} names no choice: set it to auto, system or embedded.")
    return chosen


def binary() -> str | None:
    """The path of the system's memcached, or None: absent, or left out by TROUBLESPOTS_SERVERS=embedded."""
    return None if choice() == "embedded" else shutil.which("memcached")


def available() -> bool:
    """True where the system's own memcached can be started; `start()` itself has the embedded one to fall back on."""
    return binary() is not None


def start(memory_mb: int = 64, options=(), threads: int = 1, unix_socket: bool = False) -> "Memcached":
    """Start a memcached with `memory_mb` megabytes for items and return it once it answers.

    It is the system's own, or the embedded one where that is missing; TROUBLESPOTS_SERVERS (auto, system, embedded)
    decides otherwise, and `flavour` says which one it became. `options` are more of memcached's own arguments, as in
    `["-o", "no_lru_maintainer"]`; the embedded one knows none of them, and has one thread whatever `threads` says.
    With `unix_socket` it listens on a socket in its folder instead of a port. Raises ValueError for an amount of
    memory that it cannot have, and for options where only the embedded one may be started; MissingServer where the
    system's is required and missing; ServerDied with its log when it refuses an option.
    """
    if isinstance(memory_mb, bool) or not isinstance(memory_mb, int) or memory_mb < 1:
        raise ValueError(f"memory_mb={memory_mb!r}: memcached takes whole megabytes, at least 1; try memory_mb=2.")
    if isinstance(options, str):
        raise ValueError(
            f'options={options!r} is one text: give a list of arguments, as in ["-o", "no_lru_maintainer"].'
        )
    options = list(options)
    if available():
        return Memcached(memory_mb, options, threads, unix_socket).start()
    if choice() == "system":
        raise MissingServer("memcached")
    if options:
        raise ValueError(
            f"options={options!r} are for the system's memcached, and the embedded one, which would be started here, "
            "has none: install memcached (and leave TROUBLESPOTS_SERVERS at auto), or call start() without options."
        )
    return EmbeddedMemcached(memory_mb, options, threads, unix_socket).start()


class Memcached(Server):
    """A running memcached; `memory_mb` says how much it may hold."""

    name = "memcached"
    patience_seconds = 0.0  # it takes a second to end by itself, and has nothing to save

    def __init__(self, memory_mb: int, options: list[str], threads: int, unix_socket: bool):
        super().__init__()
        self.memory_mb, self.options, self.threads, self._unix_socket = memory_mb, options, threads, unix_socket

    def command(self) -> list[str]:
        words = [binary(), "-m", str(self.memory_mb), "-t", str(self.threads)]
        if self._unix_socket:
            words += ["-s", str(self.folder / "socket"), "-a", "0600"]
        else:
            # -1 lets memcached choose a free port; a fixed one could be another learner's memcached.
            words += ["-l", self.host, "-p", str(self.port or -1), "-U", "0"]
        if self.memory_mb == 1 and "-I" not in self.options:
            words += ["-I", "512k"]  # one megabyte is refused while a single item may fill it
        if os.geteuid() == 0 and "-u" not in self.options:
            words += ["-u", "root"]  # an ordinary user could not write into this folder of root's
        return words + self.options

    def environment(self) -> dict[str, str]:
        return {**super().environment(), "MEMCACHED_PORT_FILENAME": str(self.folder / "port")}

    def ready(self) -> bool:
        if self._unix_socket:
            self.socket = str(self.folder / "socket")
        elif not self.port:
            self.port = self._port_taken()
            if not self.port:
                return False
        self.version = self._ask_version()
        return bool(self.version)

    def _port_taken(self) -> int:
        try:
            words = (self.folder / "port").read_text().split()
        except OSError:
            return 0
        return int(words[-1]) if len(words) >= 3 and words[-2] == "INET:" else 0

    def _ask_version(self) -> str:
        family, where = (socket.AF_UNIX, self.socket) if self._unix_socket else (socket.AF_INET, (self.host, self.port))
        with socket.socket(family) as connection:
            connection.settimeout(2)
            connection.connect(where)
            connection.sendall(b"version\r\n")
            return connection.recv(100).decode().removeprefix("VERSION").strip()

    def __repr__(self):
        return f"<{self.name} {self.version} ({self.flavour}), {self.memory_mb} MB>"


class EmbeddedMemcached(Memcached):
    """Our own small memcached, started where the system has none: the same answers, and an exact LRU."""

    flavour = "embedded"

    def command(self) -> list[str]:
        words = [sys.executable, "-I", "-m", "helpers.services.embedded_memcached", "--memory-mb", str(self.memory_mb)]
        words += ["--unix-socket", str(self.folder / "socket")] if self._unix_socket else ["--port", str(self.port)]
        # as memcached itself must be told: one item may not fill a whole megabyte
        return words + (["--max-item-bytes", str(512 * 1024)] if self.memory_mb == 1 else [])
