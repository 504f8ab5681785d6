"""Servers that cannot choose a port themselves: one is found for them, and proved to be theirs."""

import re
import socket
import subprocess

import psutil

from helpers.services.process import Server, ServerDied, bound_port
from helpers.services.processes import family

_TAKEN = re.compile(r"in use|cannot bind|Address already|already listening|EADDRINUSE", re.IGNORECASE)
_BLANK = re.compile(r"<([a-z][a-z0-9_]*)>")
_GET = b"GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
NO_REQUEST = b"READY?\r\n\r\n"


class OnPort(Server):
    """A server that is told its port; a restart keeps it.

    `asked()` is True once a request was answered; `ready()` adds that the port is this server's own, because somebody
    else may have taken it a moment earlier and would answer just as well.
    """

    def start(self, patience_seconds: float = 10):
        """Start it and return it once it answers; a port that was taken in the meantime is changed for another."""
        for _ in range(0 if self.port else 3):
            try:
                return super().start(patience_seconds)
            except ServerDied as error:
                if not _TAKEN.search(str(error)):
                    raise
                self.port = 0
        return super().start(patience_seconds)

    def prepare(self) -> None:
        self.port = self.port or bound_port()
        # Some (granian, HAProxy) would share it with another process of this user, each getting a part of the requests.
        if taken(self.host, self.port):
            raise ServerDied(
                f"{self.name} cannot start: its port {self.port} is in use by another process; end that one."
            )

    def asked(self) -> bool:
        """True once a real request was answered."""
        raise NotImplementedError

    def ready(self) -> bool:
        return listens(self.pid, self.port) and self.asked()


class Configured(OnPort):
    """A server that runs from a configuration file: a text with blanks such as <port>, filled from `values`.

    The file stands in the server's folder; `configuration` is its text with the blanks still in it, which is what a
    lesson shows. Raises ValueError for a blank that has no value.
    """

    file_name = "server.conf"

    def __init__(self, configuration: str, values: dict | None = None):
        super().__init__()
        if not isinstance(configuration, str) or not configuration.strip():
            raise ValueError(f"configuration={configuration!r}: give the text of {self.name}'s configuration file.")
        self.configuration, self.values = configuration, dict(values or {})
        fill(configuration, {**self._blanks(), **self.values}, self.name)

    def prepare(self) -> None:
        super().prepare()
        self.write()

    def write(self) -> None:
        """Write the configuration file, with every blank filled."""
        filled = fill(self.configuration, {**self._blanks(), **self.values}, self.name)
        (self.folder / self.file_name).write_text(filled)

    def _blanks(self) -> dict:
        return {"port": self.port, "folder": self.folder}


class WebServer(OnPort):
    """A server that speaks HTTP; `url` is the address of its root, without a slash at the end."""

    @property
    def url(self) -> str:
        """The address of its root, without a slash at the end."""
        return f"http://{self.host}:{self.port}"

    def asked(self) -> bool:
        return http_status(self.host, self.port, _GET % b"/") is not None


class Intermediary(Configured, WebServer):
    """A web server that stands in front of others. It is ready when it refuses a request that is none.

    A real one would reach the application, which may count it, or be kept by a cache. Subclasses say which words make
    their program tell its version, and where in the answer it stands.
    """

    version_command: list[str]
    version_pattern: str

    def ready(self) -> bool:
        if not super().ready():
            return False
        if not self.version:
            told = subprocess.run(self.version_command, capture_output=True, text=True, check=False)
            self.version = re.search(self.version_pattern, told.stdout + told.stderr)[1]
        return True

    def asked(self) -> bool:
        return http_status(self.host, self.port, NO_REQUEST) is not None


def fill(text: str, values: dict, name: str = "This configuration") -> str:
    """The text with every blank <name> replaced by its value; ValueError for a blank without one."""
    unknown = sorted({blank for blank in _BLANK.findall(text) if blank not in values})
    if unknown:
        have = ", ".join(f"<{each}>" for each in sorted(values)) or "none"
        raise ValueError(f"{name}: <{unknown[0]}> has no value (there are {have}): hand it in with the others.")
    return _BLANK.sub(lambda found: str(values[found[1]]), text)


def http_status(host: str, port: int, request: bytes = _GET % b"/", seconds: float = 2) -> int | None:
    """The status of the answer to these bytes, whatever it is; None for one that is not HTTP. OSError without any."""
    with socket.create_connection((host, port), timeout=seconds) as connection:
        connection.sendall(request)
        found = re.match(rb"HTTP/\d(?:\.\d)? (\d{3})", connection.recv(4096))
    return int(found[1]) if found else None


def taken(host: str, port: int) -> bool:
    """True where somebody listens on this port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections that have just ended do not count
        try:
            probe.bind((host, port))
        except OSError:
            return True
    return False


def listens(pid: int | None, port: int) -> bool:
    """True where the process, or one that it started, listens on this port of 127.0.0.1."""
    return port in listening(pid)


def listening(pid: int | None) -> dict[int, str]:
    """The ports on which the process and its children listen, each with its address."""
    found = {}
    for process in family(pid):
        try:
            connections = process.net_connections(kind="tcp")
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
        found |= {each.laddr.port: each.laddr.ip for each in connections if each.status == psutil.CONN_LISTEN}
    return found
