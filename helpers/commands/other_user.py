"""`make test-all` as root: a make command once more, as an ordinary user with a copy and environment of its own."""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from helpers import paths

USER = os.environ.get("TROUBLESPOTS_OTHER_USER") or "nobody"  # one with a login shell can do more: SSH


def files(root: Path) -> list[str]:
    """What git knows in `root`, or would add: the names that a clone would have, with changes not yet committed."""
    words = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(words, capture_output=True, text=True, check=True).stdout.split("\0")
    return sorted(name for name in set(listed) if name and (root / name).is_file())


def copy(root: Path, target: Path) -> int:
    """Copy `files(root)` below `target`, links kept as links; returns how many. Raises ValueError for none."""
    names = files(root)
    if not names:
        raise ValueError(f"{root.name} holds no file that git knows: run this in a clone.")
    for name in names:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(root / name, target / name, follow_symlinks=False)
    return len(names)


def python_for(user: str) -> str | None:
    """A Python of at least 3.11, with venv, that `user` may run: the one that made this environment, else the system's.

    One below root's closed home folder is out of reach.
    """
    check = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))"
    candidates = [getattr(sys, "_base_executable", None), shutil.which("python3", path="/usr/bin:/usr/local/bin")]
    for candidate in filter(None, candidates):
        try:
            run = subprocess.run([candidate, "-c", check], capture_output=True, cwd="/", **identity(user))
        except OSError:
            continue
        if run.returncode == 0:
            return candidate
    return None


def identity(user: str) -> dict:
    """The arguments of subprocess that drop to `user`, with that user's own group and no other."""
    return {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}


def give(folder: Path, user: str) -> None:
    """Make `user` the owner of `folder` and all that is in it; a link is given, not what it points to."""
    owner = pwd.getpwnam(user)
    for parent, folders, names in os.walk(folder):
        for name in (".", *folders, *names):
            os.chown(Path(parent) / name, owner.pw_uid, owner.pw_gid, follow_symlinks=False)


def environment(home: Path) -> dict[str, str]:
    """This process's variables without what points into root's folders; home, temp and caches below `home`."""
    left_out = {"TROUBLESPOTS_WORK", "TROUBLESPOTS_COUNTS", "VIRTUAL_ENV", "MAKEFLAGS", "MFLAGS", "MAKELEVEL"}
    kept = {name: value for name, value in os.environ.items() if name not in left_out and not name.startswith("XDG_")}
    temp = home / "tmp"
    return {**kept, "HOME": str(home), "USER": USER, "LOGNAME": USER, "TMPDIR": str(temp), "UV_CACHE_DIR": str(temp)}


def main() -> int | str:
    """Run `make` with the given words in a copy that belongs to nobody; returns its status."""
    words = sys.argv[1:] or ["test"]
    if os.geteuid() != 0:
        print("You are an ordinary user already, and only root can become another: this part was left out.")
        return 0
    try:
        pwd.getpwnam(USER)
    except KeyError:
        return f"✘ There is no user {USER!r} on this machine: name one that is there in TROUBLESPOTS_OTHER_USER."
    python = python_for(USER)
    if python is None:
        return f"✘ No Python 3.11 with venv is within reach of the user {USER}: install python3 and python3-venv."
    folder = Path(tempfile.mkdtemp(prefix="troublespots-other-"))
    try:
        (folder / "tmp").mkdir()
        copy(paths.ROOT, folder / "clone")
        give(folder, USER)
        print(f"As the user {USER}: make {' '.join(words)}", flush=True)
        run = ["make", *words, f"PYTHON={python}"]
        return subprocess.run(run, cwd=folder / "clone", env=environment(folder), **identity(USER)).returncode
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
