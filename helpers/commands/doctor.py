"""`make doctor`: what this machine has, what it lacks, and what to do about it, as a table of one row a thing."""

import argparse
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path

import pandas as pd

from helpers import paths
from helpers.services import installing
from helpers.services.installing import SERVERS

_GB = 1_000_000_000
_OLDEST_PYTHON = (3, 11)


def table(kernel: bool = False) -> pd.DataFrame:
    """One row a thing checked: `what`, `state` (✔ fine, ✎ can be better, ✘ must be mended; in words), `what to do`.

    With `kernel` a Jupyter kernel is started as well, which takes seconds. No cell holds a path or a name of this
    machine.
    """
    rows = [_python(), _packages(), *(_server(name) for name in SERVERS), _work(), _temp(), _disk(), _machine()]
    rows += [_kernel()] if kernel else []
    return pd.DataFrame(rows, columns=["what", "state", "what to do"])


def locked(text: str) -> dict[str, str]:
    """The versions that a lock file's text pins for this machine: package → version, markers applied."""
    from packaging.requirements import Requirement

    lines = re.findall(r"^([A-Za-z0-9][^\\\n]*==[^\\\n]*?)\s*\\?$", text, re.MULTILINE)
    wanted = [Requirement(line) for line in lines]
    return {
        each.name: next(iter(each.specifier)).version
        for each in wanted
        if each.marker is None or each.marker.evaluate()
    }


def _python():
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info >= _OLDEST_PYTHON:
        return "Python", f"✔ {version}", ""
    return "Python", f"✘ {version} is too old", "install Python 3.11 or later, then `make clean` and `make lab`"


def _packages():
    wanted = locked((paths.ROOT / "requirements.lock").read_text(encoding="utf-8"))
    wrong = []
    for name, version in wanted.items():
        try:
            installed = metadata.version(name)
        except metadata.PackageNotFoundError:
            installed = "missing"
        if installed != version:
            wrong.append(f"{name} {installed} (locked: {version})")
    if not wrong:
        return "packages", f"✔ all {len(wanted)} as locked", ""
    more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
    return "packages", f"✘ {', '.join(wrong[:3])}{more}", "`make clean`, then `make lab` installs them as locked"


def _server(name):
    if installing.find(name):
        return name, "✔ found", ""
    advice = installing.words(name)
    if name == "memcached" and importlib.util.find_spec("helpers.services.embedded_memcached"):
        return name, "✎ our own small one", f"for the real one: {advice}"
    if name == "Chromium":
        return name, "✎ not found", f"only `make test` uses it: {advice}"
    return name, "✎ not found", f"only for cells that need it: {advice}"


def _work():
    advice = "make work/ writable for you, or point TROUBLESPOTS_WORK to a folder that is"
    return "folder for your copies", *_writable(paths.work, advice)


def _temp():
    return "temp folder", *_writable(lambda: Path(tempfile.gettempdir()), "free it, or point TMPDIR to another folder")


def _writable(folder, advice):
    try:
        with tempfile.NamedTemporaryFile(dir=folder(), prefix=".troublespots-doctor-") as file:
            file.write(b"x" * 4096)
            file.flush()
    except OSError as error:
        return f"✘ cannot be written ({error.strerror or 'no folder'})", advice
    return "✔ can be written", ""


def _disk():
    try:
        free = shutil.disk_usage(tempfile.gettempdir()).free
    except OSError:
        return "free disk", "✘ cannot be read", "free it, or point TMPDIR to another folder"
    mark = "✔" if free >= 2 * _GB else "✎" if free >= 0.2 * _GB else "✘"
    advice = "" if mark == "✔" else "free some: the lessons with servers want 2 GB"
    return "free disk", f"{mark} {free / _GB:.1f} GB", advice


def _machine():
    import psutil

    memory = psutil.virtual_memory().total
    cores = os.cpu_count() or 1
    mark = "✔" if cores >= 2 and memory >= 3.5 * _GB else "✎"
    advice = "" if mark == "✔" else "measurements vary more here: close other programs, run one notebook at a time"
    return "cores and memory", f"{mark} {cores} cores, {memory / _GB:.0f} GB", advice


def _kernel():
    from jupyter_client.manager import start_new_kernel

    try:
        manager, client = start_new_kernel(startup_timeout=60, kernel_name="python3", stderr=subprocess.DEVNULL)
    except (OSError, RuntimeError, LookupError) as error:
        state = f"✘ does not start ({type(error).__name__})"
        return "Jupyter kernel", state, "`make clean`, then `make lab`; firewalls must leave 127.0.0.1 alone"
    try:
        answer = client.execute_interactive("1 + 1", silent=True, timeout=60)["content"]["status"]
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    return "Jupyter kernel", "✔ starts" if answer == "ok" else "✘ does not answer", ""


def main(arguments: list[str] | None = None) -> str | None:
    """Print the table for a terminal; returns the sentence that says what must be mended, None where nothing must."""
    parser = argparse.ArgumentParser(prog="make doctor")
    parser.add_argument("--kernel", action="store_true")
    found = table(kernel=parser.parse_args(arguments).kernel)
    width = found["what"].str.len().max()
    for what, state, to_do in found.itertuples(index=False):
        print(f"{what:<{width}}  {state}" + (f"\n{'':<{width}}  → {to_do}" if to_do else ""))
    bad = found[found.state.str.startswith("✘")]
    if len(bad):
        return f"✘ The workshop cannot run yet: mend {', '.join(bad['what'])}, as said above."
    print("✔ The core of the workshop runs on this machine.")
    return None


if __name__ == "__main__":
    sys.exit(main())
