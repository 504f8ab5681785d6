"""The desk where a learner hands in answers: exercise, answer, hint, solution, progress."""

import difflib
import importlib
import inspect
import pkgutil

import helpers.exercises as package
from helpers import curriculum, paths
from helpers import progress as notebook_of_progress
from helpers.exercises import grading
from helpers.exercises.base import REGISTRY

_NOT_EXERCISES = {"base", "grading", "desk", "cache_desk", "querysets"}


def registry() -> dict:
    """Every exercise of every lesson: id → Exercise class, in the order of the modules."""
    for module in sorted(each.name for each in pkgutil.iter_modules(package.__path__)):
        if module not in _NOT_EXERCISES:
            importlib.import_module(f"{package.__name__}.{module}")
    return REGISTRY


def exercise(identifier: str, **options):
    """Decorator: check the function or class below it as the answer to an exercise, and print the verdict.

    `options` are the limits of the task, shown where the learner reads them; the check has its own.
    """

    def hand_in(attempt):
        found = _find(identifier)
        if found is not None:
            if options != found.options:
                print(f"✎ {identifier}: leave the line above as it was: the limits are {found.options or 'none'}.")
            else:
                _judge(found, attempt)
        return attempt

    return hand_in


def answer(identifier: str, value) -> None:
    """Check a value or a text as the answer to an exercise, and print the verdict."""
    found = _find(identifier)
    if found is not None:
        _judge(found, value)


def hint(identifier: str) -> None:
    """Print one more hint each time."""
    found = _find(identifier)
    if found is None:
        return
    given = notebook_of_progress.hinted(identifier)
    if given <= len(found.hints):
        print(f"Hint {given} of {len(found.hints)}: {found.hints[given - 1]}")
    else:
        print(f'That was the last of {len(found.hints)} hints. solution("{identifier}") now shows a solution.')


def solution(identifier: str) -> None:
    """Print a solution that the tests run, once two different attempts were made or all hints were read."""
    found = _find(identifier)
    if found is None:
        return
    known = notebook_of_progress.of(identifier)
    if len(known["attempts"]) < 2 and known["hints"] < len(found.hints) and not known["solved"]:
        print(f'Try it first: a solution is shown after two different attempts, or all hints: hint("{identifier}").')
        return
    notebook_of_progress.saw_solution(identifier)
    print(found.solution_source())


def progress() -> None:
    """Print the map of all lessons: one line a lesson, one mark an exercise (✔ solved, ✘ tried, · not yet)."""
    known = notebook_of_progress.read()
    entries: dict[str, list] = {number: [] for number in curriculum.TITLES}
    for identifier, each in registry().items():
        if each.lesson()[:2] in entries:
            entries[each.lesson()[:2]].append(known.get(identifier, {}))
    written = {paths.lesson_name(source)[:2] for source in paths.lessons()}
    for number, title in curriculum.TITLES.items():
        marks = "".join("✔" if each.get("solved") else "✘" if each.get("attempts") else "·" for each in entries[number])
        solved = sum(bool(each.get("solved")) for each in entries[number])
        state = f"{marks:<9} {solved} of {len(marks)} solved" if number in written else "coming"
        print(f"{number} {title:<34} {state}")


def _find(identifier):
    known = registry()
    if identifier in known:
        return known[identifier]
    near = difflib.get_close_matches(str(identifier), known, n=1)
    print(f"✎ There is no exercise {identifier!r}." + (f" Did you mean {near[0]!r}?" if near else ""))
    return None


def _judge(found, attempt) -> None:
    verdict = grading.grade(found, attempt)
    if verdict.state in ("correct", "wrong"):
        notebook_of_progress.attempted(found.id, _text(attempt), verdict.state == "correct")
    print(f"{grading.MARKS[verdict.state]} {verdict.words}")


def _text(attempt) -> str:
    try:
        return inspect.getsource(attempt)
    except (OSError, TypeError):
        return grading.described(attempt)
