"""The learner's interface: start a lesson, claim, expect, hand in exercises, ask for hints, show pictures."""

from helpers import needs, paths, sentences, showing
from helpers.claims import claim, compare, expect
from helpers.exercises import desk
from helpers.exercises.desk import answer, exercise, hint, progress, solution
from helpers.showing import quiz, show

__all__ = [
    "answer",
    "claim",
    "compare",
    "exercise",
    "expect",
    "hint",
    "progress",
    "quiz",
    "recall",
    "show",
    "solution",
    "start",
]


def start(name: str, size: str = "small") -> None:
    """Make this kernel ready for the lesson `name`, as in "09-hit-rate": Django with a database of its own, `%%needs`.

    `size` is the amount of data: "small", "medium" or "large". Calling it again changes nothing. Raises ValueError for
    a lesson that does not exist. Nothing is put into the notebook's names.
    """
    known = [paths.lesson_name(source) for source in paths.lessons()]
    if name.replace("_", "-") not in known:
        raise ValueError(f'there is no lesson "{name}": the lessons are {", ".join(known)}.')
    from helpers.project.boot import boot

    boot(size)
    shell = _shell()
    if shell is not None:
        needs.register(shell)
        sentences.register(shell)
    print(f"✔ {name} is ready: Django is set up, with a database of its own.")


def recall(questions: dict[str, str]) -> None:
    """Put three short questions from before on the page; the last solution that was looked at replaces the third."""
    showing.recall(questions, desk.registry())


def _shell():
    from IPython import get_ipython

    return get_ipython()
