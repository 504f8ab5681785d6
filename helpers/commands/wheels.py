"""`make wheels`: does the lock install without a compiler on every platform that we promise? Nothing is installed."""

import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from helpers import paths

PYTHONS = ("3.11", "3.12", "3.13", "3.14")
# uv's names, which stand for the oldest glibc and macOS that it supports.
PLATFORMS = {
    "Linux x86-64": "x86_64-unknown-linux-gnu",
    "Linux arm64": "aarch64-unknown-linux-gnu",
    "macOS arm64": "aarch64-apple-darwin",
}


def uv() -> str | None:
    """The path of uv: this environment's, else the system's; None where there is none."""
    return shutil.which("uv", path=sysconfig.get_path("scripts")) or shutil.which("uv")


def command(lock: Path, python: str, platform: str, target: Path) -> list[str]:
    """The command that resolves `lock` from wheels alone for a Python version and a platform of uv's naming.

    It names no index: uv asks the one that this machine is set up for. `target` stays empty.
    """
    words = [uv() or "uv", "pip", "install", "--quiet", "--dry-run", "--only-binary", ":all:", "--require-hashes"]
    return [*words, "--python-version", python, "--python-platform", platform, "--target", str(target), "-r", str(lock)]


def check(lock: Path) -> dict[tuple[str, str], str]:
    """Resolve `lock` for every platform and Python: (platform, Python) → "" where it works, else the reason."""
    reasons = {}
    with tempfile.TemporaryDirectory(prefix="troublespots-wheels-") as target:
        for name, platform in PLATFORMS.items():
            for python in PYTHONS:
                words = command(lock, python, platform, Path(target))
                # Not in the project's folder: there uv would add the constraints of pyproject.toml, which have no hash.
                run = subprocess.run(words, capture_output=True, text=True, cwd=target)
                reasons[name, python] = (run.stderr.strip() or "uv gave no reason") if run.returncode else ""
    return reasons


def main() -> str | None:
    if uv() is None:
        return "✘ This check needs uv: run `make wheels LOCK=requirements-peers.lock`, which installs it."
    reasons = check(paths.ROOT / "requirements.lock")
    for (name, python), reason in reasons.items():
        print(f"{'✘' if reason else '✔'} {name}, Python {python}" + (f"\n{reason}" if reason else ""))
    bad = sum(bool(reason) for reason in reasons.values())
    if bad:
        return f"✘ The lock does not install from wheels on {bad} of {len(reasons)} platforms."
    print(f"✔ The lock installs from wheels on all {len(reasons)}.")
    return None


if __name__ == "__main__":
    sys.exit(main())
