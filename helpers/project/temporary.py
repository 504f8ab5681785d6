"""A folder for this process's databases and a lesson's files: gone with the process, or swept by the next if killed.

The owner holds a lock on a file in it. The system drops that lock with the process, however it dies, so a folder whose
lock can be taken is rubbish; process numbers would not tell, since they come back and differ between containers.
"""

import atexit
import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from pathlib import Path

from helpers.project import template

PREFIX = "troublespots-database-"
HOUR_S = 3_600

_own = None  # (process id, folder, locked file): a forked child must not take its parent's folder for its own


def folder() -> Path:
    """This process's own folder (mode 700) in the system's temporary folder; the first call makes it and sweeps."""
    global _own
    if _own is None or _own[0] != os.getpid() or not _own[1].exists():
        sweep()
        try:
            made = Path(tempfile.mkdtemp(prefix=PREFIX))
            _own = (os.getpid(), made, _lock(made))
        except OSError as error:
            raise template.refused("The database of this notebook", tempfile.gettempdir(), "TMPDIR", error) from error
        atexit.register(_remove, *_own)
    return _own[1]


def sweep() -> None:
    """Remove the folders of this user's processes that are no more."""
    for left in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            if left.stat().st_uid == os.geteuid() and _is_abandoned(left):
                shutil.rmtree(left, ignore_errors=True)


def _lock(made):
    """Locked under another name first: nobody can meet a file named `lock` that its living owner has not locked."""
    lock = open(made / "lock.new", "w")  # noqa: SIM115 - it stays open, and locked, as long as the process lives
    fcntl.flock(lock, fcntl.LOCK_EX)
    os.rename(made / "lock.new", made / "lock")
    return lock


def _is_abandoned(left):
    try:
        with open(left / "lock") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
    except BlockingIOError:
        return False
    except FileNotFoundError:  # killed between making the folder and locking it, or just about to lock it
        return time.time() - left.stat().st_mtime > HOUR_S


def _remove(process, made, lock):
    if process == os.getpid():
        shutil.rmtree(made, ignore_errors=True)
        lock.close()
