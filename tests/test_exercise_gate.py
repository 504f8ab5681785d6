"""Every registered exercise keeps its contract: the stub waits, solutions pass, mistakes get their own words."""

import pytest

from helpers.exercises.desk import registry
from helpers.exercises.grading import grade

EXERCISES = list(registry().values())
SOLUTIONS = [(each, answer) for each in EXERCISES for answer in each.solutions]
MISTAKES = [(each, answer) for each in EXERCISES for answer in each.mistakes]


def limit_seconds(exercise):
    """Half a second for what only computes; a check with a database of its own copies that first, on a busy machine."""
    return 5 if exercise.uses_database else 0.5


def name(value):
    return getattr(value, "id", getattr(value, "__name__", ""))


def test_the_gate_has_something_to_run():
    assert (len(EXERCISES), len(SOLUTIONS), len(MISTAKES)) == (126, 152, 662)


@pytest.mark.parametrize("exercise", EXERCISES, ids=name)
def test_the_stub_waits_and_help_is_there(exercise):
    stub = ... if exercise.kind == "value" else exercise.answer_from(exercise.stub)
    assert grade(exercise, stub).state == "waiting"
    assert len(exercise.hints) >= 2 and all(exercise.hints) and exercise.task()
    assert len(exercise.solutions) >= 1 and len(exercise.mistakes) >= 2


@pytest.mark.parametrize(("exercise", "answer"), SOLUTIONS, ids=name)
def test_every_solution_is_right_twice(exercise, answer):
    first = grade(exercise, exercise.answer_from(answer), limit_seconds(exercise))
    assert first.state == "correct", first.words
    assert grade(exercise, exercise.answer_from(answer), limit_seconds(exercise)) == first


@pytest.mark.parametrize(("exercise", "answer"), MISTAKES, ids=name)
def test_every_mistake_is_refused_in_its_own_words(exercise, answer):
    first = grade(exercise, exercise.answer_from(answer), limit_seconds(exercise))
    assert first.state == "wrong"
    assert answer.words in first.words
    assert grade(exercise, exercise.answer_from(answer), limit_seconds(exercise)) == first
    assert exercise.solution_source().splitlines()[-1].strip() not in first.words
