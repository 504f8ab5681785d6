"""What was solved, kept between sessions: one small file in the learner's folder, written whole or not at all."""

import contextlib
import hashlib
import json
import os
import tempfile
import time

from helpers import paths


def path():
    """Where the progress is kept."""
    return paths.work() / "progress.json"


def read() -> dict:
    """Everything known so far: exercise id → {"attempts": [fingerprints], "hints": n, "solved": bool, "seen": bool}.

    A file that cannot be read is moved aside, with a sentence, and the count starts again: a lesson never stops for it.
    """
    try:
        return json.loads(path().read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError):
        aside = path().with_suffix(".broken.json")
        with contextlib.suppress(OSError):
            path().replace(aside)
        print(f"Your progress file could not be read; it was kept as {aside.name}, and counting starts again.")
        return {}


def of(identifier: str) -> dict:
    """What is known of one exercise."""
    return {"attempts": [], "hints": 0, "solved": False, "seen": False, **read().get(identifier, {})}


def attempted(identifier: str, attempt: str, solved: bool) -> None:
    """Note an attempt, given as its text: only different attempts are counted."""
    fingerprint = hashlib.sha256(attempt.encode()).hexdigest()[:16]
    with _changing(identifier) as known:
        if fingerprint not in known["attempts"]:
            known["attempts"] = [*known["attempts"], fingerprint][-20:]
        known["solved"] = known["solved"] or solved


def hinted(identifier: str) -> int:
    """Note that one more hint was given; returns how many that makes."""
    with _changing(identifier) as known:
        known["hints"] += 1
    return known["hints"]


def saw_solution(identifier: str) -> None:
    """Note that the solution was looked at, and when."""
    with _changing(identifier) as known:
        known["seen"] = True
        known["seen_at"] = time.time()


def last_solution_seen() -> str | None:
    """The id of the exercise whose solution was looked at last; None where none was."""
    seen = {identifier: each["seen_at"] for identifier, each in read().items() if each.get("seen_at")}
    return max(seen, key=seen.get) if seen else None


@contextlib.contextmanager
def _changing(identifier):
    """One exercise's entry to change, then written; two kernels take turns by a lock file."""
    with _lock():
        everything = read()
        known = {"attempts": [], "hints": 0, "solved": False, "seen": False, **everything.get(identifier, {})}
        yield known
        everything[identifier] = known
        try:
            _write(everything)
        except OSError as error:
            print(
                f"Your progress could not be kept ({error.strerror}): free some disk space; this answer still counts."
            )


def _write(everything: dict) -> None:
    descriptor, name = tempfile.mkstemp(dir=path().parent, prefix=".progress-")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(everything, file, indent=1, sort_keys=True)
        os.replace(name, path())
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


@contextlib.contextmanager
def _lock():
    try:
        import fcntl
    except ImportError:  # no such locks on Windows; there a learner has one kernel at a time
        yield
        return
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError):
            file = stack.enter_context(open(path().with_suffix(".lock"), "w"))
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
