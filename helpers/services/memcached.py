"""memcached on loopback: the system's own, on a free port or a Unix socket, ended with the kernel."""

import os
import shutil
import socket

from helpers.services.process import MissingServer, Server


def binary() -> str | None:
    """The path of the system's memcached, or None: absent, or left out by TROUBLESPOTS_SERVERS=embedded."""
    if os.environ.get("TROUBLESPOTS_SERVERS") == "embedded":
        return None
    return shutil.which("memcached")


def available() -> bool:
    """True where the system's memcached can be started."""
    return binary() is not None


def start(memory_mb: int = 64, options=(), threads: int = 1, unix_socket: bool = False) -> "Memcached":
    """Start a memcached with `memory_mb` megabytes for items and return it once it answers.

    `options` are more of memcached's own arguments, as in `["-o", "no_lru_maintainer"]`. With `unix_socket` it listens
    on a socket in its folder instead of a port. Raises ValueError for an amount of memory that it cannot have,
    MissingServer where it is not installed, ServerDied with its log when it refuses an option.
    """
    if isinstance(memory_mb, bool) or not isinstance(memory_mb, int) or memory_mb < 1:
        raise ValueError(f"memory_mb={memory_mb!r}: memcached takes whole megabytes, at least 1; try memory_mb=2.")
    if isinstance(options, str):
        raise ValueError(
            f'options={options!r} is one text: give a list of arguments, as in ["-o", "no_lru_maintainer"].'
        )
    if not available():
        raise MissingServer("memcached")
    return Memcached(memory_mb, list(options), threads, unix_socket).start()


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
