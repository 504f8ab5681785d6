"""The checks of lesson 06: whatever an attempt connects is gone afterwards, and nothing of the notebook is heard."""

import logging

import pytest
from django.db.models.signals import post_save

from helpers.exercises.base import Incorrect
from helpers.exercises.desk import registry
from helpers.exercises.grading import grade
from helpers.exercises.signals_quiet import MODEL_SIGNALS, no_log, quiet
from helpers.project.boot import boot

boot()

EXERCISES = [each for each in registry().values() if each.lesson() == "06-signals"]
ANSWERS = [(each, answer) for each in EXERCISES for answer in (*each.solutions, *each.mistakes)]


def mine(**kwargs):
    heard.append(kwargs["sender"].__name__)


heard = []


@pytest.fixture
def connected():
    """A receiver of the notebook's own, on every model."""
    post_save.connect(mine)
    heard.clear()
    yield
    post_save.disconnect(mine)


def receivers():
    return [list(signal.receivers) for signal in MODEL_SIGNALS]


def test_there_are_five():
    assert len(EXERCISES) == 5 and len(ANSWERS) >= 15


@pytest.mark.parametrize(("exercise", "answer"), ANSWERS, ids=lambda each: getattr(each, "id", each.__name__))
def test_no_answer_leaves_a_receiver_or_reaches_one_of_the_notebook(exercise, answer, connected):
    before = receivers()
    grade(exercise, answer)
    assert receivers() == before and heard == []


def fails(*arguments):
    post_save.connect(lambda **kwargs: None, weak=False)
    raise ZeroDivisionError("on purpose")


def loops(*arguments):
    post_save.connect(lambda **kwargs: None, weak=False)
    while True:
        pass


def ends(*arguments):
    raise SystemExit


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda each: each.id)
@pytest.mark.parametrize(
    ("attempt", "words"),
    [
        (fails, "raised ZeroDivisionError: on purpose"),
        (loops, "endless loop"),
        (ends, "ends the program"),
        (lambda: 1, "positional argument"),
        (lambda *arguments: {"not": "asked for"}, "expected"),
    ],
    ids=["fails", "loops", "ends", "takes nothing", "returns another thing"],
)
def test_a_bad_answer_gets_a_sentence_and_leaves_nothing(exercise, attempt, words):
    before = receivers()
    verdict = grade(exercise, attempt, 0.3)
    assert verdict.state == "wrong" and words in verdict.words, verdict.words
    assert receivers() == before


def test_quiet_puts_everything_back_when_the_block_fails(connected):
    with pytest.raises(Incorrect), quiet():
        assert post_save.receivers == []
        post_save.connect(mine, dispatch_uid="inside")
        raise Incorrect("on purpose")
    post_save.send(sender=Incorrect)
    assert heard == ["Incorrect"]


def test_no_log_ends_with_its_block(caplog):
    with no_log():
        logging.getLogger("django.dispatch").error("not written")
    assert not logging.getLogger("django.dispatch").disabled and caplog.records == []
