"""Servers as child processes: start, ready, stop, kill, restart, and no orphan however the kernel ends."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from helpers.services.installing import words

_WATCHDOG = Path(__file__).with_name("watchdog.py")


class MissingServer(RuntimeError):
    """A server's program is not on this machine; the message says how to install it."""

    def __init__(self, name: str):
        super().__init__(f"{name} is not on this machine; install it ({words(name)}) and run this cell again.")


class ServerDied(RuntimeError):
    """A server ended, or gave no answer, while it was starting; the message ends with the last lines of its log."""


class Server:
    """A running server on this machine; use it in a `with` block, or call `stop()`.

    Subclasses set `name` and say `command()` (the arguments to start it), and `ready()` (True once a real request was
    answered; it is asked only of a process that lives, and sets `host`, `port` or `socket`, and `version`). Either way
    the server ends with the kernel.
    """

    name = "server"
    flavour = "system"
    patience_seconds = 3.0  # how long `stop()` waits after its signal before it kills
    end_signal = signal.SIGTERM
    user = ""  # who runs it; only root can name another

    def __init__(self):
        self.host, self.port, self.socket, self.version = "127.0.0.1", 0, None, ""
        self.pid = None
        self._watchdog = None
        self.folder = None

    def command(self) -> list[str]:
        """The program and its arguments."""
        raise NotImplementedError

    def environment(self) -> dict[str, str]:
        """The environment that the server gets."""
        return dict(os.environ)

    def prepare(self) -> None:
        """Set up the server's folder before it starts; nothing by default."""

    def ready(self) -> bool:
        """True once a real request was answered."""
        raise NotImplementedError

    @property
    def address(self):
        """Where it listens, as pymemcache's Client takes it: (host, port), or "unix:" and the path of its socket."""
        return f"unix:{self.socket}" if self.socket else (self.host, self.port)

    @property
    def url(self) -> str:
        """Where it listens, as text."""
        return f"unix:{self.socket}" if self.socket else f"{self.host}:{self.port}"

    def start(self, patience_seconds: float = 10):
        """Start the server and return it once it answers; ServerDied when it does not, and nothing is left running."""
        try:
            self.folder = Path(tempfile.mkdtemp(prefix=f"troublespots-{self.name}-"))
        except OSError as error:
            raise OSError(
                error.errno, f"no folder for {self.name} could be made in {tempfile.gettempdir()}: free or mend it"
            ) from error
        try:
            self.prepare()
            self._launch()
            self._wait(patience_seconds)
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """End the server and remove its folder; calling it twice changes nothing."""
        if self._watchdog is not None:
            self._watchdog.stdin.close()
            self._watchdog.wait()
            self._watchdog.stdout.close()
        elif self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)
        self._watchdog, self.pid = None, None

    def kill(self) -> None:
        """Kill the server at once, as a crash would (SIGKILL to its process group)."""
        if self.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
            # Its workers end a moment after it, and until then they may still answer.
            deadline = time.monotonic() + 5
            while _group(self.pid) and time.monotonic() < deadline:
                time.sleep(0.005)

    def restart(self):
        """Stop the server if it runs, start it empty on the same port, and return it."""
        self.stop()
        return self.start()

    def logs(self) -> str:
        """What the server has written so far."""
        try:
            return (self.folder / "server.log").read_text(errors="replace")
        except (OSError, TypeError):
            return ""

    def complaint(self) -> str:
        """The lines of its log that say why it does not start."""
        return "\n".join(self.logs().splitlines()[-5:])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def __repr__(self):
        return f"<{self.name} {self.version} ({self.flavour})>"  # no port: it differs on every run

    def answers(self) -> bool:
        """True where it lives and answers a request now: what a health check asks.

        One that has died is not asked: it cannot answer, and another may have its port by now.
        """
        try:
            return alive(self.pid) and self.ready()
        except (OSError, ValueError):
            return False

    def _launch(self) -> None:
        how = [str(self.patience_seconds), str(int(self.end_signal)), self.user]
        self._watchdog = subprocess.Popen(
            [sys.executable, "-I", str(_WATCHDOG), str(self.folder), *how, *self.command()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=self.environment(),
            start_new_session=True,
        )
        answer = self._watchdog.stdout.readline().decode().strip()
        if not answer.isdigit():
            raise ServerDied(f"{self.name} {answer or 'could not be started'}.")
        self.pid = int(answer)

    def _wait(self, patience_seconds: float) -> None:
        deadline = time.monotonic() + patience_seconds
        while not self.answers():
            if time.monotonic() > deadline or not alive(self.pid):
                last = self.complaint() or "(its log is empty)"
                raise ServerDied(f"{self.name} ended, or gave no answer, while it was starting. Its log says:\n{last}")
            time.sleep(0.005)


def _group(number: int) -> list[int]:
    """The process ids of all that live in this process group."""
    import psutil

    members = []
    for pid in psutil.pids():
        with contextlib.suppress(ProcessLookupError, PermissionError):  # gone meanwhile; or somebody else's
            if os.getpgid(pid) == number and alive(pid):
                members.append(pid)
    return members


def bound_port() -> int:
    """A port that was free a moment ago, for servers that cannot choose one themselves."""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def alive(pid: int | None) -> bool:
    """False for a process that has ended, also while it waits to be reaped by the watchdog, and for None.

    One whose first thread has ended lives until the others have: until then its port is taken.
    """
    import psutil

    if pid is None:
        return False
    try:
        process = psutil.Process(pid)
        return process.status() != psutil.STATUS_ZOMBIE or process.num_threads() > 1
    except psutil.NoSuchProcess:
        return False
