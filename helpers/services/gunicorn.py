"""gunicorn on loopback: any WSGI application under one or several worker processes, on a free port."""

import os
import re
import socket
import sys

import psutil

from helpers.services.process import Server

_DIARY = re.compile(r"\[\d{4}-\d\d-\d\d .*\[(INFO|ERROR|WARNING)\]|\s|Traceback |During handling|The above exception ")
_OURS = ("-b", "--bind", "-c", "--config")
# Read by gunicorn itself: each worker leaves a mark once the application is loaded and it is about to serve.
_CONFIGURATION = """\
import pathlib

FOLDER = pathlib.Path(__file__).parent


def post_worker_init(worker):
    (FOLDER / f"worker-{worker.pid}").touch()
"""


def start(
    application: str, workers: int = 1, threads: int = 1, environment=None, folder=None, options=()
) -> "Gunicorn":
    """Serve the WSGI `application` ("module:name", or "module:factory()") and return once every worker answers.

    `workers` are processes, `threads` the threads in each (more than 1 makes them of gunicorn's class `gthread`).
    `environment` is all they get of it (this process's own unless given), `folder` is where they work and first look
    for modules. `options` are more of gunicorn's own arguments, as in `["--timeout", "5"]`; its address and its
    configuration file stay ours. Raises ValueError for a number that is no whole number above 0 and for options in one
    text, ServerDied with the end of its log when no worker can load the application.
    """
    return Gunicorn(application, workers, threads, environment, folder, options).start(patience_seconds=30)


class Gunicorn(Server):
    """A running gunicorn; `url` is where a browser finds it, `workers()` are its worker processes."""

    name = "gunicorn"
    patience_seconds = 5.0  # a request that is being answered may still be finished

    def __init__(self, application: str, workers: int = 1, threads: int = 1, environment=None, folder=None, options=()):
        super().__init__()
        for name, number in (("workers", workers), ("threads", threads)):
            if isinstance(number, bool) or not isinstance(number, int) or number < 1:
                raise ValueError(f"{name}={number!r}: gunicorn takes a whole number of {name}, at least 1.")
        if isinstance(options, str):
            raise ValueError(f'options={options!r} is one text: give a list of arguments, as in ["--timeout", "5"].')
        for option in options:
            if str(option).startswith(_OURS):
                raise ValueError(
                    f"options has {option!r}: the address and the configuration are set already; leave it out."
                )
        self.application, self.threads, self.options = application, threads, list(options)
        self._how_many, self._environment, self._work_in = workers, environment, folder

    @property
    def url(self) -> str:
        """The address of its root, without a slash at the end."""
        return f"http://{self.host}:{self.port}"

    def workers(self) -> list[int]:
        """The process ids of its workers, smallest first; none when it does not run."""
        try:
            return sorted(child.pid for child in psutil.Process(self.pid).children()) if self.pid else []
        except psutil.NoSuchProcess:
            return []

    def prepare(self) -> None:
        (self.folder / "configuration.py").write_text(_CONFIGURATION)

    def command(self) -> list[str]:
        words = [sys.executable, "-m", "gunicorn", "--workers", str(self._how_many), "--threads", str(self.threads)]
        # Without a folder of its own gunicorn would keep its control socket in the learner's home.
        words += ["--no-control-socket", "--worker-tmp-dir", str(self.folder)]
        words += ["--chdir", str(self._work_in)] if self._work_in else []
        words += ["--config", str(self.folder / "configuration.py"), "--bind", f"{self.host}:{self.port}"]
        return [*words, *map(str, self.options), self.application]

    def environment(self) -> dict[str, str]:
        return dict(os.environ if self._environment is None else self._environment)

    def ready(self) -> bool:
        if len(list(self.folder.glob("worker-*"))) < self._how_many:
            return False
        self.port = self.port or self._port_taken()
        self.version = self.version or _version()
        return bool(self.port) and self._asked().startswith(b"HTTP/1.1 400")

    def _port_taken(self) -> int:
        """Bound as port 0, so that the system chose one that is free: ask it which."""
        try:
            taken = psutil.Process(self.pid).net_connections(kind="tcp")
        except psutil.NoSuchProcess:
            return 0
        return next((each.laddr.port for each in taken if each.status == psutil.CONN_LISTEN), 0)

    def _asked(self) -> bytes:
        """A worker's own refusal of a request that is none: it never reaches the application, which may count them."""
        with socket.socket() as connection:
            connection.settimeout(2)
            connection.connect((self.host, self.port))
            connection.sendall(b"READY?\r\n\r\n")
            return connection.recv(100)

    def complaint(self) -> str:
        return _told(self.logs())

    def __repr__(self):
        workers, threads = self._how_many, self.threads
        each = f", {threads} threads each" if threads > 1 else ""
        return f"<{self.name} {self.version}, {workers} worker{'s' if workers > 1 else ''}{each}>"


def _version() -> str:
    from importlib.metadata import version

    return version("gunicorn")


def _told(log: str) -> str:
    """The last messages of a log, without the frames of tracebacks and without gunicorn's diary of its workers."""
    lines = [line for line in log.splitlines() if line.strip()]
    messages = list(dict.fromkeys(line for line in lines if not _DIARY.match(line)))
    # gunicorn tells some twice, the second time without the name of the exception
    messages = [line for line in messages if not any(other.endswith(f": {line}") for other in messages)]
    return "\n".join(messages[-3:] or lines[-5:])
