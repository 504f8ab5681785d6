"""Claims, guesses and expected errors: what a lesson says next to what this run has measured."""

import math
from collections import namedtuple
from contextlib import contextmanager

Claimed = namedtuple("Claimed", "text ok value")
RECORD: list[Claimed] = []  # every claim of this kernel, in order: the tests read it

_MISSING = object()


def claim(text, value, *, between=_MISSING, above=_MISSING, below=_MISSING, equals=_MISSING, near=_MISSING):
    """Print `✔ text` when the measured `value` is where the text says, `✘ text (here: value)` when it is not.

    `between=(low, high)` includes both ends; `above=` and `below=` are strict; `near=(target, tolerance)` is
    |value − target| ≤ tolerance. Several conditions must all hold. Never raises, so that a learner may play with the
    numbers: a value that cannot be compared (None, NaN, text against a number) is a claim that does not hold.
    Returns None: the printed line is the result.
    """
    tests = {
        "between": (between, lambda bound: bound[0] <= value <= bound[1]),
        "above": (above, lambda bound: value > bound),
        "below": (below, lambda bound: value < bound),
        "equals": (equals, lambda bound: value == bound),
        "near": (near, lambda bound: abs(value - bound[0]) <= bound[1]),
    }
    named = [(bound, test) for bound, test in tests.values() if bound is not _MISSING]
    if not named:
        ok, here = False, "no condition to check: give above=, below=, between=, equals= or near="
    else:
        ok, here = all(_holds(test, bound) for bound, test in named), f"here: {_short(value)}"
    RECORD.append(Claimed(text, ok, value))
    print(f"✔ {text}" if ok else f"✘ {text} ({here})")


def compare(guess, measured) -> None:
    """Print your guess next to what was measured; dots that were never replaced are said to be no guess yet."""
    told = "no guess yet" if guess is ... else f"your guess: {_short(guess)}"
    print(f"✎ {told} · measured: {_short(measured)}")


@contextmanager
def expect(*errors):
    """Print the type and message of the error that the block is meant to provoke, or say that none was raised.

    `errors` are exception classes. Another error than these goes through as usual.
    """
    try:
        yield
    except errors as error:
        print(f"{type(error).__name__}: {error}")
    else:
        names = " or ".join(kind.__name__ for kind in errors)
        print(f"✘ Nothing was raised; this block was meant to raise {names}.")


def _holds(test, bound):
    try:
        return bool(test(bound))
    except Exception:  # a learner may hand in anything; then the claim simply does not hold
        return False


def _short(value):
    if isinstance(value, bool) or not hasattr(value, "__float__"):
        text = repr(value)
        return text if len(text) <= 60 else text[:57] + "…"
    try:
        number = float(value)
    except (TypeError, ValueError):
        return repr(value)[:60]
    if math.isfinite(number) and number == int(number) and abs(number) < 1e15:
        return f"{int(number):,}"
    return f"{number:.4g}"
