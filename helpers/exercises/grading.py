"""Judging an attempt: waiting, correct, wrong or the environment's fault, in words, the same words on every run."""

import contextlib
import dis
import errno
import re
import signal
import threading
from collections import namedtuple

from helpers.exercises.base import Incorrect

Verdict = namedtuple("Verdict", "state words")  # state: "waiting", "correct", "wrong" or "environment"
MARKS = {"waiting": "✎", "correct": "✔", "wrong": "✘", "environment": "✎"}
LIMIT_SECONDS = 10.0

_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


class TookTooLong(BaseException):
    """The attempt ran past its time limit; no `except Exception` of a learner can swallow it."""


def grade(exercise, attempt, limit_seconds: float = LIMIT_SECONDS) -> Verdict:
    """Judge `attempt` (a function, a class or a value) for `exercise`, an `Exercise` subclass; never raises.

    An interrupt by the learner goes through. What the check runs is limited to `limit_seconds` where it runs in the
    main thread, as cells do.
    """
    if untouched(exercise, attempt):
        return Verdict("waiting", f"{exercise.id} is waiting for you")
    wanted = {"function": callable(attempt), "class": isinstance(attempt, type), "value": True}[exercise.kind]
    if not wanted:
        return Verdict("wrong", f"{exercise.id}: a {exercise.kind} is expected here, got {described(attempt)}.")
    try:
        with own_database(exercise), time_limit(limit_seconds):
            measured = exercise.check(attempt)
    except Incorrect as error:
        return Verdict("wrong", f"{exercise.id}: {tidy(str(error))}")
    except TookTooLong:
        return Verdict(
            "wrong",
            f"{exercise.id}: your answer had not ended after {limit_seconds:g} seconds: is there an endless loop?",
        )
    except SystemExit:
        return Verdict("wrong", f"{exercise.id}: your answer ends the program (exit). Return a value instead.")
    except Exception as error:
        if is_environment(error):
            words = f"{exercise.id} could not be checked: the environment, not your answer. {tidy(str(error))}"
            return Verdict("environment", words)
        return Verdict("wrong", f"{exercise.id}: your answer raised {type(error).__name__}: {tidy(str(error))}")
    return Verdict("correct", f"{exercise.id}: {tidy(measured)}" if measured else exercise.id)


def call(attempt, *arguments, shown: str | None = None):
    """What `attempt(*arguments)` returns; an error inside it becomes Incorrect, in words.

    `shown` replaces the arguments in the words where they are too long to read.
    """
    name = getattr(attempt, "__name__", "your answer")
    words = f"{name}({shown if shown is not None else ', '.join(described(each) for each in arguments)})"
    try:
        return attempt(*arguments)
    except Exception as error:
        if is_environment(error):
            raise
        raise Incorrect(f"{words} raised {type(error).__name__}: {error}") from error


def expect_call(attempt, *arguments, expected, tolerance: float = 0, shown: str | None = None, nudge="") -> None:
    """Raise Incorrect with call, expected and got, unless `attempt(*arguments)` returns `expected` (± `tolerance`).

    `nudge` is a sentence to add, or a function of what came that returns one.
    """
    got = call(attempt, *arguments, shown=shown)
    if _same(got, expected, tolerance):
        return
    name = getattr(attempt, "__name__", "your answer")
    words = f"{name}({shown if shown is not None else ', '.join(described(each) for each in arguments)})"
    advice = nudge(got) if callable(nudge) else nudge
    if got is None and not advice:
        advice = "Nothing came back: is there a `return`?"
    raise Incorrect(f"{words}: expected {described(expected)}, got {described(got)}. {advice}".rstrip())


def expect_letter(attempt, right: str, others: dict[str, str]) -> None:
    """Raise Incorrect, with the reason, unless `attempt` is the letter `right`; `others` say why they are not it."""
    if not isinstance(attempt, str) or attempt.strip().lower() not in {right, *others}:
        raise Incorrect(f"a letter from a to d is expected, as text, got {described(attempt)}.")
    if attempt.strip().lower() != right:
        raise Incorrect(f"{described(attempt)} is not it. {others[attempt.strip().lower()]}")


def described(value) -> str:
    """A value in a feedback sentence: short, without an object's address, and in one order every time."""
    if isinstance(value, (set, frozenset)):
        text = "{" + ", ".join(sorted(map(repr, value))) + "}" if value else "an empty set"
    elif isinstance(value, float) or type(value).__module__ == "numpy" and getattr(value, "ndim", 1) == 0:
        text = f"{value:.6g}" if isinstance(value, float) else str(value)
    else:
        text = repr(
            [getattr(each, "item", lambda each=each: each)() for each in value] if type(value) is list else value
        )
    text = tidy(" ".join(text.split()))
    return text if len(text) <= 100 else text[:97] + "…"


def tidy(text: str) -> str:
    """A text without object addresses, which differ on every run."""
    return _ADDRESS.sub("", text)


def is_environment(error: BaseException) -> bool:
    """True for errors that the machine causes and no answer can: a server that is down, a full disk."""
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        return True
    names = {kind.__name__ for kind in type(error).__mro__}
    return isinstance(error, ConnectionError) or bool(names & {"MissingServer", "ServerDied", "InterfaceError"})


def untouched(exercise, attempt) -> bool:
    """True while the attempt is still the stub, or still holds one of its blanks (`...`)."""
    if exercise.kind == "value":
        return attempt is ...
    codes = list(_codes(attempt))
    if any(Ellipsis in code.co_consts for code in codes):
        return True
    if exercise.kind == "function" and codes == []:
        return False
    return bool(codes) and all(_does_nothing(code) for code in codes)


@contextlib.contextmanager
def time_limit(seconds: float):
    """Raise TookTooLong in the block after `seconds`; again and again, should the block swallow it."""
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return

    def too_long(*_):
        raise TookTooLong

    before = signal.signal(signal.SIGALRM, too_long)
    signal.setitimer(signal.ITIMER_REAL, seconds, 0.2)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextlib.contextmanager
def own_database(exercise):
    """Give a check its own copy of the database, where the exercise uses one."""
    if not exercise.uses_database:
        yield
        return
    from helpers.project.boot import isolated_database

    with isolated_database():
        yield


def _same(got, expected, tolerance) -> bool:
    if isinstance(expected, bool) or isinstance(got, bool):
        return isinstance(got, bool) and isinstance(expected, bool) and got == expected
    try:
        if tolerance:
            return bool(abs(got - expected) <= tolerance)
        return bool(got == expected)
    except Exception:  # whatever cannot be compared with the right value is not the right value
        return False


def _codes(attempt):
    """The code objects of a function, or of every method that a class defines itself."""
    if isinstance(attempt, type):
        members = [getattr(each, "__func__", each) for each in vars(attempt).values()]
    else:
        members = [getattr(attempt, "__wrapped__", attempt)]
    for member in members:
        if hasattr(member, "__code__"):
            yield member.__code__


def _does_nothing(code) -> bool:
    # Not by comparing bytecode: `return 1` and `return None` differ only in the constants that it points to.
    steps = [each for each in dis.get_instructions(code) if each.opname not in ("RESUME", "NOP")]
    returns = all(each.opname in ("LOAD_CONST", "RETURN_CONST", "RETURN_VALUE") for each in steps)
    return returns and all(each.argval is None for each in steps)
