"""`make test-all` ends with it: is a server of the workshop still alive, or one of its temp folders still there?"""

import argparse
import re
import sys
import tempfile
import time
from pathlib import Path

import psutil

from helpers.project import temporary

PREFIX = "troublespots-"
# PostgreSQL's programs, copied once for a user who cannot reach them: kept on purpose.
_KEPT = re.compile(rf"{PREFIX}postgres-\d+-\d+$")


def folders(since: float) -> list[Path]:
    """The workshop's folders in the temp folder that were made after the moment `since` (seconds since 1970)."""
    temporary.sweep()  # databases of kernels that were killed: the next kernel would do it
    found = []
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        try:
            if path.stat().st_ctime >= since and not _KEPT.match(path.name):
                found.append(path)
        except OSError:  # gone in the meantime
            continue
    return sorted(found)


def processes(since: float) -> list[str]:
    """Processes begun after `since` that work in such a folder, or name one: "pid: command"."""
    place, found = str(Path(tempfile.gettempdir()) / PREFIX), []
    for process in psutil.process_iter():
        try:
            # When a process began is known to a second or so: it is counted from the machine's own start.
            if process.create_time() < since - 2 or process.status() == psutil.STATUS_ZOMBIE:
                continue
            words = process.cmdline()
            if any(place in word for word in words) or process.cwd().startswith(place):
                found.append(f"{process.pid}: {' '.join(words)[:120]}")
        except psutil.Error:
            continue
    return sorted(found)


def main() -> None:
    """Exit with a sentence where something is left of what began after the file `--since` was written."""
    parser = argparse.ArgumentParser(prog="make test-all", description=__doc__)
    parser.add_argument("--since", type=Path, required=True, help="a file that was written when the tests began")
    parser.add_argument("--patience", type=float, default=20, help="seconds that a server may take to end")
    given = parser.parse_args()
    if not given.since.exists():
        sys.exit(f"{given.since} is not there: it says when the tests began; run `make test-all`, which writes it.")
    since = given.since.stat().st_mtime
    deadline = time.monotonic() + given.patience
    while (left := [*processes(since), *map(str, folders(since))]) and time.monotonic() < deadline:
        time.sleep(0.5)
    if left:
        sys.exit("The tests left something behind (or a lesson is open beside them):\n" + "\n".join(left))
    print("✔ No server of the workshop is alive, and none of its temp folders is left.")


if __name__ == "__main__":
    main()
