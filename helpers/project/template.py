"""Filled databases kept ready: one SQLite file a size, made once, copied by every kernel (imports no Django).

A template's name carries a digest of all it is made from, so that a changed file makes a new template.
`python -m helpers.project.template SIZE FILE` makes one: in a process of its own, free of what a notebook declared.
"""

import contextlib
import fcntl
import functools
import hashlib
import os
import shutil
import sys
import time
from importlib.metadata import version
from pathlib import Path

from helpers import paths

SETTINGS = "helpers.project.settings"
DAY_S, PATIENCE_S = 86_400, 5.0


def copy(size: str, target: Path) -> None:
    """Copy the template of this `size` to the path `target`, which then is a complete SQLite database.

    Raises OSError, in a sentence, where there is no room or no permission, for the copy or for the template itself.
    """
    source = ensure(size)
    try:
        shutil.copyfile(source, target)
    except OSError as error:
        Path(target).unlink(missing_ok=True)
        raise refused("The database of this notebook", Path(target).parent, "TMPDIR", error) from error


def overwrite(size: str, target: Path) -> None:
    """Put the template's content into the living database `target`, under SQLite's own locks (its backup interface).

    Connections of other threads and servers see the new content at once. Raises TimeoutError after `PATIENCE_S` seconds
    in which somebody held a lock, OSError in a sentence where there is no room.
    """
    import sqlite3

    deadline = time.monotonic() + PATIENCE_S

    def give_up_in_time(status, *_):
        # A slow copy on a busy machine is no lock: only a step that found one counts against the patience.
        if status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED) and time.monotonic() > deadline:
            raise TimeoutError(
                f"The database could not be replaced: something has held a lock on it for {PATIENCE_S:g} seconds. End "
                "the transaction, thread, server or half-read .iterator() that uses it, or restart the kernel."
            )

    with contextlib.closing(sqlite3.connect(f"{ensure(size).as_uri()}?mode=ro", uri=True)) as source:
        try:
            with contextlib.closing(sqlite3.connect(target, timeout=0.1)) as living:
                source.backup(living, progress=give_up_in_time, sleep=0.02)
        except sqlite3.OperationalError as error:
            raise refused("The database of this notebook", Path(target).parent, "TMPDIR", error) from error


def ensure(size: str) -> Path:
    """The path of the template of this `size`; the first call on a machine makes it (small 1 s, large 15 s)."""
    try:
        folder = paths.cache()
    except OSError as error:
        raise refused("The template of the database", paths.ROOT, "TROUBLESPOTS_WORK", error) from error
    path = folder / f"conference-{size}-{digest()}.sqlite3"
    if not path.exists():
        _make(size, path)
    return path


@functools.cache
def digest() -> str:
    """Sixteen hexadecimal digits that change with Django, the migrations, the data, the generator or the settings."""
    conference = paths.ROOT / "helpers" / "conference"
    files = [
        *sorted((conference / "migrations").glob("*.py")),
        *sorted((paths.DATA / "conference-2011").glob("*.csv")),
        *(conference / f"{name}.py" for name in ("generator", "loader", "models", "named", "tables", "words")),
        Path(__file__),
        Path(__file__).with_name("settings.py"),
    ]
    made_from = hashlib.sha256(version("django").encode())
    for file in files:
        made_from.update(file.name.encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    return made_from.hexdigest()[:16]


def refused(what: str, folder: Path, variable: str, error: Exception) -> OSError:
    """The sentence for a disk that is full or a folder that may not be written; keeps the number of the cause."""
    reason = getattr(error, "strerror", None) or str(error)
    where = getattr(error, "filename", None) or folder
    sentence = OSError(
        f"{what} cannot be written to {where}: {reason}. Free some room there, "
        f"or name another folder in the environment variable {variable}, and restart the kernel."
    )
    sentence.errno = getattr(error, "errno", None)
    return sentence


def _make(size, path):
    """Build beside the goal and move it there whole; of several kernels one builds and the others wait for it."""
    partial = path.with_suffix(f".{os.getpid()}.partial")
    try:
        with _one_at_a_time(path.with_name("conference.lock")):
            if path.exists():
                return
            _sweep(path.parent)
            _build_apart(size, partial)
            _flush_to_disk(partial)
            os.replace(partial, path)
    except OSError as error:
        raise refused("The template of the database", path.parent, "TROUBLESPOTS_WORK", error) from error
    finally:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)


def _build_apart(size, path):
    import subprocess

    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": SETTINGS,
        "TROUBLESPOTS_DATABASE": str(path),
        "PYTHONPATH": os.pathsep.join(filter(None, [str(paths.ROOT), os.environ.get("PYTHONPATH")])),
    }
    done = subprocess.run(
        [sys.executable, "-m", __name__, size, str(path)],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        last_line = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise OSError(None, last_line)


def _build(size, path):
    import django
    from django.core.management import call_command
    from django.db import connection

    django.setup()
    with connection.cursor() as cursor:
        # A file that is not written whole is thrown away, so safety may wait; a larger page cache saves writes.
        for setting in ("synchronous = OFF", "journal_mode = MEMORY", "cache_size = -65536"):
            cursor.execute(f"PRAGMA {setting}").fetchall()
    call_command("migrate", verbosity=0, interactive=False)
    from helpers.conference import loader

    loader.load(size)
    connection.close()


@contextlib.contextmanager
def _one_at_a_time(path):
    with open(path, "w") as lock:
        with contextlib.suppress(OSError):  # a network folder without locks: then two may build, and the last one stays
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _flush_to_disk(path):
    with open(path, "rb+") as file:
        os.fsync(file.fileno())


def _sweep(folder):
    """Remove what builders left behind when they were killed, and templates that nobody has made for a day."""
    for old in folder.glob("conference-*"):
        with contextlib.suppress(OSError):
            stale = digest() not in old.name or old.suffix == ".partial"
            if stale and time.time() - old.stat().st_mtime > DAY_S:
                old.unlink()


if __name__ == "__main__":
    _build(sys.argv[1], Path(sys.argv[2]))
