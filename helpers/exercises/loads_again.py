"""An exercise of lesson 14: trying again after a lost race, but not for ever."""

from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.grading import described

LESSON = "14-higher-loads"


class Again(Exercise):
    """What work() returns; after an OperationalError it is called again, at most `times` calls.

    The last OperationalError goes through to the caller; so does any other error, at once.
    """

    id = "loads-4-again"
    name = "again"

    def stub(work, times): ...

    hints = (
        "A loop over range(times) with a try in it: return as soon as work() has come through.",
        "Try range(times - 1) calls like that; the last one stands below the loop, without a try. OperationalError "
        "is in django.db.",
    )

    def check(attempt):
        from django.db import IntegrityError, OperationalError

        for fails, times, answer in ((0, 3, "sold"), (2, 3, "sold"), (1, 5, 0), (2, 3, None)):
            work = _Work([OperationalError("deadlock detected")] * fails, answer)
            words = (
                f"again(work, {times}), where work raises OperationalError {fails} times and then returns {answer!r}"
            )
            got = _come(attempt, work, times, words)
            if work.calls != fails + 1:
                raise Incorrect(
                    f"{words}: work was called {_times(work.calls)}, expected {_times(fails + 1)}. A result ends it, "
                    "whatever it is: also 0 and None."
                )
            if isinstance(got, BaseException) or got is not answer:
                raise Incorrect(f"{words}: expected {answer!r}, got {described(got)}. Return what work() returns.")
        for times in (1, 3):
            errors = [OperationalError(f"try {number}") for number in range(1, times + 3)]
            work = _Work(errors, "sold")
            words = f"again(work, {times}), where work never succeeds"
            got = _come(attempt, work, times, words)
            if work.calls != times:
                raise Incorrect(f"{words}: work was called {_times(work.calls)}, expected {_times(times)}.")
            if not isinstance(got, OperationalError):
                raise Incorrect(
                    f"{words}: the last OperationalError should go through, got {described(got)}. The caller has to "
                    "know that nothing was done."
                )
            if got is not errors[times - 1]:
                raise Incorrect(f"{words}: the last OperationalError should go through, got another one: {got}.")
        for error in (IntegrityError("duplicate key"), ZeroDivisionError("no tickets")):
            work = _Work([error], "sold")
            words = f"again(work, 3), where work raises {type(error).__name__}"
            got = _come(attempt, work, 3, words)
            if work.calls != 1 or got is not error:
                raise Incorrect(
                    f"{words}: it should go through at once, after one call; there were {work.calls}. "
                    "Trying again cures a lost race, not a mistake: catch OperationalError alone."
                )
        return "tried again after a lost race, at most so often, and never after a mistake"

    @solution
    def the_last_one_outside(work, times):
        from django.db import OperationalError

        for _ in range(times - 1):
            try:
                return work()
            except OperationalError:
                continue
        return work()

    @solution
    def a_loop(work, times):
        from django.db import OperationalError

        for turn in range(times):
            try:
                return work()
            except OperationalError:
                if turn == times - 1:
                    raise
        return None

    @mistake("should go through, got None")
    def gives_up_in_silence(work, times):
        from django.db import OperationalError

        for _ in range(times):
            try:
                return work()
            except OperationalError:
                pass
        return None

    @mistake("catch OperationalError alone")
    def whatever_happens(work, times):
        for turn in range(times):
            try:
                return work()
            except Exception:
                if turn == times - 1:
                    raise
        return None

    @mistake("catch OperationalError alone")
    def any_error_of_the_database(work, times):
        from django.db import DatabaseError

        for turn in range(times):
            try:
                return work()
            except DatabaseError:
                if turn == times - 1:
                    raise
        return None

    @mistake("work was called 2 times, expected once")
    def one_call_too_many(work, times):
        from django.db import OperationalError

        for _ in range(times):
            try:
                return work()
            except OperationalError:
                continue
        return work()

    @mistake("also 0 and None")
    def while_nothing_came(work, times):
        from django.db import OperationalError

        for turn in range(times):
            try:
                result = work()
            except OperationalError:
                if turn == times - 1:
                    raise
                continue
            if result:
                return result
        return None

    @mistake("after one call")
    def a_new_error(work, times):
        from django.db import OperationalError

        for turn in range(times):
            try:
                return work()
            except (OperationalError, ValueError, ArithmeticError):
                if turn == times - 1:
                    raise
        return None


class _Work:
    """Raises its errors in turn, then returns its answer; stops whoever never ends."""

    def __init__(self, errors, answer):
        self.errors, self.answer, self.calls = list(errors), answer, 0

    def __call__(self):
        self.calls += 1
        if self.calls > 50:
            raise _Enough
        if self.errors:
            raise self.errors.pop(0)
        return self.answer


class _Enough(BaseException):
    pass


def _times(number):
    return "once" if number == 1 else f"{number} times"


def _come(attempt, work, times, words):
    """What came: the result, or the error that went through."""
    try:
        return attempt(work, times)
    except _Enough:
        raise Incorrect(f"{words}: work was called more than 50 times. Count the calls.") from None
    except Exception as error:
        return error
