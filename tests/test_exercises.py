"""The exercise base: every verdict is told apart, and says so in words."""

import pytest

from helpers.exercises import base, desk, grading
from helpers.exercises.base import Exercise, mistake, solution
from helpers.exercises.grading import expect_call, grade


@pytest.fixture(scope="module")
def half():
    class Half(Exercise):
        """The share of hits."""

        id = "test-half"
        hints = ("A hit is True.", "True counts as 1.")

        def stub(answers):
            """The share."""

        def check(attempt):
            expect_call(attempt, [True, False], expected=0.5, nudge=lambda got: "Not percent." if got == 50 else "")
            return "0.5"

        @solution
        def by_sum(answers):
            return sum(answers) / len(answers)

        @mistake("Not percent")
        def in_percent(answers):
            return 100 * sum(answers) / len(answers)

    yield Half
    base.REGISTRY.pop(Half.id)


@pytest.fixture(scope="module")
def database_exercise():
    class Tidy(Exercise):
        """Leave no rating behind."""

        id = "test-tidy"
        uses_database = True
        hints = ("One call.", "delete().")

        def stub():
            """Nothing yet."""

        def check(attempt):
            from helpers.conference.models import Rating

            grading.call(attempt)
            if Rating.objects.exists():
                raise base.Incorrect("ratings are left.")

        @solution
        def all_at_once():
            from helpers.conference.models import Rating

            Rating.objects.all().delete()

    yield Tidy
    base.REGISTRY.pop(Tidy.id)


def test_a_check_leaves_the_learners_database_as_it_was(database_exercise):
    from helpers.project.boot import boot

    boot()
    from helpers.conference.models import Rating

    before = Rating.objects.count()
    assert before > 0
    assert grade(database_exercise, database_exercise.solutions[0]).state == "correct"
    assert Rating.objects.count() == before
    assert grade(database_exercise, lambda: Rating.objects.filter(stars=1).delete()).state == "wrong"
    assert Rating.objects.count() == before


def endless(answers):
    while True:
        try:
            while True:
                pass
        except Exception:
            pass


def leaves(answers):
    raise SystemExit


def server_is_down(answers):
    raise ConnectionRefusedError("nobody answers")


def still_a_blank(answers):
    hits = ...
    return hits / len(answers)


def test_the_stub_waits_the_solution_passes_and_the_mistake_gets_its_own_words(half):
    assert grade(half, half.stub).state == "waiting"
    assert grade(half, half.solutions[0]).state == "correct"
    verdict = grade(half, half.mistakes[0])
    assert verdict.state == "wrong"
    assert half.mistakes[0].words in verdict.words
    assert "expected 0.5, got 50" in verdict.words


@pytest.mark.parametrize(
    ("attempt", "state", "words"),
    [
        (endless, "wrong", "endless loop"),
        (leaves, "wrong", "ends the program"),
        (lambda answers: 1 / 0, "wrong", "ZeroDivisionError"),
        (lambda answers: print(end=""), "wrong", "is there a `return`"),
        (lambda: 1, "wrong", "TypeError"),
        (lambda answers: 1, "wrong", "got 1"),
        (lambda answers: None, "waiting", "waiting for you"),
        (7, "wrong", "a function is expected"),
        (server_is_down, "environment", "not your answer"),
        (still_a_blank, "waiting", "waiting for you"),
    ],
)
def test_every_odd_attempt_gets_a_sentence_and_the_same_one_twice(half, attempt, state, words):
    verdict = grade(half, attempt, limit_seconds=0.5)
    assert (verdict.state, words in verdict.words) == (state, True), verdict
    assert grade(half, attempt, limit_seconds=0.5) == verdict


def test_no_object_address_reaches_the_learner(half):
    assert "0x" not in grade(half, lambda answers: object()).words


def test_a_cell_is_filled_with_the_solution_under_the_learners_name(half):
    cell = 'import math\n\n@exercise("test-half")\ndef stub(answers):\n    """The share."""\n    ...\n'
    filled = half.filled(cell)
    assert "return sum(answers) / len(answers)" in filled
    assert "def stub(answers):" in filled
    assert "by_sum" not in filled
    with pytest.raises(ValueError, match="does not hold"):
        half.filled("x = 1")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("answers", "results", "not the stub"),
        ("Share", "Rate", "not the stub"),
        ("The share of hits.", "The share.", "not the task"),
    ],
)
def test_a_stub_in_a_lesson_that_is_not_the_one_tried_is_told(half, old, new, words, monkeypatch):
    monkeypatch.setattr(half, "name", "Share")
    cell = '@exercise("test-half")\ndef Share(answers):\n    """The share of hits."""\n    ...\n'
    half.check_stub(cell)
    with pytest.raises(ValueError, match=words):
        half.check_stub(cell.replace(old, new))


def test_a_solution_is_shown_only_after_two_attempts_or_all_hints(half, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("TROUBLESPOTS_WORK", str(tmp_path))
    desk.solution("test-half")
    assert "Try it first" in capsys.readouterr().out
    desk.hint("test-half")
    desk.hint("test-half")
    assert "Hint 2 of 2" in capsys.readouterr().out
    desk.solution("test-half")
    assert "return sum(answers)" in capsys.readouterr().out


def test_an_unknown_exercise_gets_a_suggestion(half, capsys):
    desk.hint("test-hal")
    assert "Did you mean 'test-half'" in capsys.readouterr().out


def test_two_exercises_may_not_share_an_id(half):
    with pytest.raises(ValueError, match="test-half"):

        class Another(Exercise):
            id = "test-half"


def test_time_limit_gives_the_alarm_back():
    import signal

    before = signal.getsignal(signal.SIGALRM)
    with grading.time_limit(5):
        pass
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0
