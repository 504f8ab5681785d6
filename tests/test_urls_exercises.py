"""The checks of lesson 07: what the notebook has set changes no verdict, and stays as it was after any answer."""

import pytest
from django.conf import settings
from django.test import override_settings
from django.urls import get_script_prefix, get_urlconf, path, reverse
from django.urls.converters import REGISTERED_CONVERTERS

from helpers.exercises.desk import registry
from helpers.exercises.grading import grade
from helpers.project.boot import boot

boot()

EXERCISES = [each for each in registry().values() if each.lesson() == "07-urls"]
ANSWERS = [(each, answer) for each in EXERCISES for answer in (*each.solutions, *each.mistakes)]
FUNCTIONS = [each for each in EXERCISES if each.kind == "function"]


def state():
    return (
        settings.ROOT_URLCONF,
        settings.ALLOWED_HOSTS,
        get_urlconf(),
        get_script_prefix(),
        dict(REGISTERED_CONVERTERS),
    )


@pytest.fixture
def other_urls():
    """A notebook in the middle of something: URLs of its own, without the conference."""
    from helpers.project import cells

    here = path("here/", lambda request: None, name="here")
    with override_settings(ROOT_URLCONF=cells.urls([here], keep=False)):
        yield


def test_there_are_five_and_the_clinics():
    assert len(EXERCISES) == 5 + 8 and len(ANSWERS) >= 13 * 3


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [pair for pair in ANSWERS if pair[0].uses_database],
    ids=lambda each: getattr(each, "id", each.__name__),
)
def test_the_notebooks_urls_change_no_verdict_and_come_back(exercise, answer, other_urls):
    before = state()
    verdict = grade(exercise, exercise.answer_from(answer))
    assert verdict.state == ("correct" if answer.role == "solution" else "wrong"), verdict.words
    assert getattr(answer, "words", "") in verdict.words
    assert state() == before and reverse("here") == "/here/"


def fails(*arguments):
    raise ZeroDivisionError("on purpose")


def loops(*arguments):
    while True:
        pass


def forgets(*arguments):
    len(arguments)


def ends(*arguments):
    raise SystemExit


@pytest.mark.parametrize("exercise", FUNCTIONS, ids=lambda each: each.id)
@pytest.mark.parametrize(
    ("attempt", "words"),
    [
        (fails, "raised ZeroDivisionError: on purpose"),
        (loops, "endless loop"),
        (ends, "ends the program"),
        (lambda: 1, "positional argument"),
        (lambda *arguments: {"not": "asked for"}, ""),
        (forgets, ""),
    ],
    ids=["fails", "loops", "ends", "takes nothing", "returns another thing", "returns nothing"],
)
def test_a_bad_answer_gets_a_sentence_and_leaves_nothing(exercise, attempt, words):
    before = state()
    verdict = grade(exercise, attempt, 0.6)
    if exercise.id == "urls-clinic-one-mend" and words == "positional argument":
        words = "a queryset of Talk is expected"  # it takes nothing
    assert verdict.state == "wrong" and words in verdict.words, verdict.words
    assert len(verdict.words) > len(exercise.id) + 20 and "Traceback" not in verdict.words
    assert state() == before
