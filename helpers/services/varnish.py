"""Varnish on loopback: whole answers kept in front of the application, by rules (VCL) that a lesson shows."""

import json
import shutil
import subprocess

from helpers.services import installing
from helpers.services.on_port import Intermediary
from helpers.services.process import MissingServer


def binary() -> str | None:
    """The path of varnishd; None where there is none, or no C compiler, with which it makes its rules run."""
    return installing.find("Varnish") if shutil.which("gcc") or shutil.which("cc") else None


def available() -> bool:
    """True where Varnish can be started."""
    return binary() is not None


def start(configuration: str, values: dict | None = None, memory_mb: int = 16) -> "Varnish":
    """Start Varnish with these rules (VCL) and return it once it answers.

    `configuration` is a whole file with blanks, filled from `values`, such as the port of the application behind it.
    Raises ValueError for a blank without a value and for an amount of memory that it cannot have, MissingServer where
    there is no Varnish or no C compiler, ServerDied with its own message for rules that it refuses.
    """
    if isinstance(memory_mb, bool) or not isinstance(memory_mb, int) or memory_mb < 2:
        raise ValueError(f"memory_mb={memory_mb!r}: Varnish takes whole megabytes; try memory_mb=16.")
    if not available():
        raise MissingServer("Varnish")
    return Varnish(configuration, values, memory_mb).start(patience_seconds=30)


class Varnish(Intermediary):
    """A running Varnish; `told()` is one line a request, `administer()` its console."""

    name = "Varnish"
    file_name = "rules.vcl"
    version_pattern = r"varnish-([\d.]+)"

    @property
    def version_command(self) -> list[str]:
        return [binary(), "-V"]

    def __init__(self, configuration: str, values: dict | None = None, memory_mb: int = 16):
        super().__init__(configuration, values)
        self.memory_mb = memory_mb

    def command(self) -> list[str]:
        # Nothing shared with the system's own: no jail, a working folder of its own, a console on a port it chooses.
        words = [binary(), "-F", "-j", "none", "-n", str(self._state), "-T", "127.0.0.1:0"]
        words += ["-a", f"{self.host}:{self.port}", "-f", str(self.folder / self.file_name)]
        return [*words, "-s", f"malloc,{self.memory_mb}m", "-p", "thread_pool_min=10"]

    def statistics(self) -> dict[str, int]:
        """Its counters by name, without their prefix MAIN: cache_hit, cache_miss, n_object, backend_req…"""
        told = json.loads(self._run("varnishstat", "-1", "-j", "-f", "MAIN.*"))
        counters = told.get("counters", told)
        return {
            name.removeprefix("MAIN."): each["value"] for name, each in counters.items() if name.startswith("MAIN.")
        }

    def told(self, wanted: str = "%s %{Varnish:hitmiss}x %U%q") -> list[str]:
        """One line for each request so far, in the format of `varnishncsa`: status, hit or miss, address.

        The request by which `ready()` asks is left out: it has no address.
        """
        return self._run("varnishncsa", "-d", "-q", "ReqURL", "-F", wanted).splitlines()

    def administer(self, *words: str) -> str:
        """The answer of its console to a command, as in `administer("backend.list")`; ValueError with its refusal."""
        return self._run("varnishadm", *words)

    def complaint(self) -> str:
        lines = [line for line in self.logs().splitlines() if line.strip()]
        first = next((at for at, line in enumerate(lines) if "Message from VCC" in line), -6)
        return "\n".join(lines[first + 1 : first + 6] if first >= 0 else lines[-5:])

    @property
    def _state(self):
        return self.folder / "varnish"

    def _run(self, program, *words):
        path = installing.find(program)
        if path is None:
            raise MissingServer("Varnish")
        run = subprocess.run([path, "-n", str(self._state), *words], capture_output=True, text=True, check=False)
        if run.returncode:
            raise ValueError(f"{program} {' '.join(words)}: {(run.stdout + run.stderr).strip()[-400:]}")
        return run.stdout
