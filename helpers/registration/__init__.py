"""Lesson 05's view in six states, from one function of a hundred lines to small parts: view_0.py … view_5.py.

Each is a module with a view named `register`; the lesson measures their sources, and runs the same posts against each.
`by_hand.html` is the form's markup as people write it; `faulty.html` and `sound.html` are one form for the audit.
"""

from pathlib import Path

FOLDER = Path(__file__).parent
STEPS = {
    "one view": "view_0",
    "early return": "view_1",
    "fields": "view_2",
    "clean": "view_3",
    "save": "view_4",
    "class-based": "view_5",
}


def source(step: str) -> str:
    """The Python text of the module behind `step`, a key of STEPS. Raises ValueError for another name."""
    if step not in STEPS:
        raise ValueError(f"there is no step {step!r}: the steps are {', '.join(STEPS)}.")
    return (FOLDER / f"{STEPS[step]}.py").read_text(encoding="utf-8")


def piece(step: str, begins: str, ends: str) -> str:
    """The lines of the source of `step` from the first that holds `begins` up to, not with, the next that holds `ends`.

    Raises ValueError where the source has no such lines.
    """
    lines = source(step).splitlines()
    start = next((number for number, line in enumerate(lines) if begins in line), None)
    if start is None:
        raise ValueError(f"no line of {step!r} holds {begins!r}.")
    end = next((number for number in range(start + 1, len(lines)) if ends in lines[number]), None)
    if end is None:
        raise ValueError(f"no line of {step!r} after {begins!r} holds {ends!r}.")
    return "\n".join(lines[start:end]).rstrip()
