"""nginx on loopback: static files, compression, proxy and balancer, from a configuration that a lesson shows."""

import os
import signal
import subprocess
import time
from pathlib import Path

import psutil

from helpers.services import installing
from helpers.services.on_port import NO_REQUEST, Intermediary
from helpers.services.process import MissingServer

# Its five folders for bodies would otherwise be the system's, which an ordinary user cannot write.
_PLUMBING = "\n".join(f"{each}_temp_path {each}_temp;" for each in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
_TYPES = ("/etc/nginx/mime.types", "/opt/homebrew/etc/nginx/mime.types", "/usr/local/etc/nginx/mime.types")
_FEW_TYPES = "types { text/html html; text/css css; text/javascript js; image/svg+xml svg; image/png png; }"


def binary() -> str | None:
    """The path of nginx; None where there is none."""
    return installing.find("nginx")


def available() -> bool:
    """True where nginx can be started."""
    return binary() is not None


def start(configuration: str, values: dict | None = None) -> "Nginx":
    """Start nginx with this configuration file and return it once it answers.

    `configuration` is a whole file with blanks: <port> is where it is to listen, <folder> is its own folder, all others
    come from `values`. It takes `include plumbing.conf;` into its `http` block: temporary folders, and which ending is
    which type of file. Raises ValueError for a blank without a value, MissingServer where there is no nginx, ServerDied
    with nginx's own message for a file that it refuses.
    """
    if not available():
        raise MissingServer("nginx")
    return Nginx(configuration, values).start()


class Nginx(Intermediary):
    """A running nginx; `access_log()` is what it has written about requests, `reload()` gives it another file."""

    name = "nginx"
    file_name = "nginx.conf"
    version_pattern = r"nginx/(\S+)"

    @property
    def version_command(self) -> list[str]:
        return [binary(), "-v"]

    def prepare(self) -> None:
        super().prepare()
        types = next((f"include {path};" for path in _TYPES if Path(path).exists()), _FEW_TYPES)
        (self.folder / "plumbing.conf").write_text(f"{types}\n{_PLUMBING}\n")

    def command(self) -> list[str]:
        return [*self._program(), "-g", _globals()]

    def access_log(self) -> list[str]:
        """The lines of the file `access.log` in its folder, where the configuration says `access_log access.log`.

        The request by which `ready()` asks is left out.
        """
        # A line is written just after its answer has gone out; a worker that rests has written all of its own.
        deadline = time.monotonic() + 0.5
        while any(map(_at_work, self._workers())) and time.monotonic() < deadline:
            time.sleep(0.002)
        path = self.folder / "access.log"
        lines = path.read_text(errors="replace").splitlines() if path.exists() else []
        return [line for line in lines if NO_REQUEST.decode().strip() not in line]

    def reload(self, configuration: str | None = None, values: dict | None = None) -> None:
        """Read the file again, with another text or other values, without closing a connection.

        It returns when new worker processes have taken over. Raises ValueError with nginx's own message for a file that
        it refuses; then the old one goes on.
        """
        before = (self.configuration, self.values)
        self.configuration = self.configuration if configuration is None else configuration
        self.values = self.values | (values or {})
        try:
            self.write()
            self._test()
        except ValueError:
            self.configuration, self.values = before
            self.write()
            raise
        old = self._workers()
        os.kill(self.pid, signal.SIGHUP)
        deadline = time.monotonic() + 5
        while not (self._workers() - old and all(map(_resting, old))) and time.monotonic() < deadline:
            time.sleep(0.01)

    def _test(self):
        run = subprocess.run(
            [*self._program(), "-t", "-g", _globals()], capture_output=True, text=True, check=False, cwd=self.folder
        )
        if run.returncode:
            told = next((line for line in run.stderr.splitlines() if "[emerg]" in line), run.stderr.strip())
            raise ValueError(f"nginx refuses this configuration, and goes on with the old one: {told}")

    def _workers(self) -> set[int]:
        try:
            return {child.pid for child in psutil.Process(self.pid).children()}
        except psutil.NoSuchProcess:
            return set()

    def _program(self):
        return [binary(), "-e", "stderr", "-p", f"{self.folder}/", "-c", self.file_name]


def _resting(pid) -> bool:
    """True for a worker that takes no new request: it is gone, or says so in its title."""
    try:
        return "shutting down" in " ".join(psutil.Process(pid).cmdline())
    except psutil.NoSuchProcess:
        return True


def _at_work(pid) -> bool:
    """True for a worker that is on a core, waits for one, or for a disk, rather than for the next request."""
    try:
        return psutil.Process(pid).status() in (psutil.STATUS_RUNNING, psutil.STATUS_DISK_SLEEP)
    except psutil.NoSuchProcess:
        return False


def _globals() -> str:
    # As root its workers would change to a user who cannot read this folder.
    return "daemon off; pid nginx.pid;" + (" user root;" if os.geteuid() == 0 else "")
