"""The exercises of lesson 14 about writing: what is good enough, and trying again, but not for ever."""

import pandas as pd

from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.grading import call, described

LESSON = "14-higher-loads"


class GoodEnough(Exercise):
    """The setups, as a list, in which `writers` writers lose no order and are fast enough.

    Fast enough: at least `orders_per_s`. The one with the smallest slowest_ms comes first.
    """

    id = "loads-1-good-enough"
    name = "good_enough"

    def stub(frame, writers, orders_per_s): ...

    hints = (
        "Three conditions on a row: its `writers`, failed_share == 0, and its orders_per_s. Put brackets around each.",
        'Then sort: kept.sort_values("slowest_ms").setup.tolist().',
    )

    def check(attempt):
        frame = pd.DataFrame(
            [
                ["plain file", 4, 0.0, 50.0, 40.0],
                ["plain file", 16, 0.95, 60.0, 20.0],
                ["one queue", 4, 0.0, 30.0, 90.0],
                ["one queue", 16, 0.0, 40.0, 900.0],
                ["nearly", 4, 0.004, 90.0, 10.0],
                ["nearly", 16, 0.004, 90.0, 300.0],
                ["a server", 4, 0.0, 70.0, 60.0],
                ["a server", 16, 0.0, 80.0, 400.0],
            ],
            columns=["setup", "writers", "failed_share", "orders_per_s", "slowest_ms"],
        )
        order = "Zero failed, and the smallest slowest_ms first."
        for writers, rate, expected, nudge in (
            (16, 20, ["a server", "one queue"], order),
            (4, 30, ["plain file", "a server", "one queue"], f"{order} At least 30 is also 30 itself."),
            (16, 50, ["a server"], "One queue is too slow for 50 a second; a plain file fails."),
            (8, 1, [], "Nobody measured 8 writers, so nothing is known of them."),
        ):
            shown = f"frame, {writers}, {rate}"
            got = call(attempt, frame.copy(), writers, rate, shown=shown)
            if got is None:
                raise Incorrect(f"good_enough({shown}): nothing came back. Is there a `return`?")
            if not isinstance(got, list):
                raise Incorrect(
                    f"good_enough({shown}): a list is expected, got {described(type(got).__name__)}: end with "
                    ".setup.tolist()."
                )
            if got != expected:
                raise Incorrect(f"good_enough({shown}): expected {expected}, got {described(got)}. {nudge}")
        return "four questions of a measured frame, one of them with no answer"

    @solution
    def three_conditions(frame, writers, orders_per_s):
        fine = (frame.failed_share == 0) & (frame.orders_per_s >= orders_per_s)
        return frame[(frame.writers == writers) & fine].sort_values("slowest_ms").setup.tolist()

    @mistake("Zero failed")
    def few_failures_are_let_through(frame, writers, orders_per_s):
        fine = (frame.failed_share < 0.01) & (frame.orders_per_s >= orders_per_s)
        return frame[(frame.writers == writers) & fine].sort_values("slowest_ms").setup.tolist()

    @mistake("Zero failed")
    def fastest_first(frame, writers, orders_per_s):
        fine = (frame.failed_share == 0) & (frame.orders_per_s >= orders_per_s) & (frame.writers == writers)
        return frame[fine].sort_values("slowest_ms", ascending=False).setup.tolist()

    @mistake("also 30 itself")
    def more_than(frame, writers, orders_per_s):
        fine = (frame.failed_share == 0) & (frame.orders_per_s > orders_per_s) & (frame.writers == writers)
        return frame[fine].sort_values("slowest_ms").setup.tolist()

    @mistake("Nobody measured 8 writers")
    def up_to_so_many_writers(frame, writers, orders_per_s):
        fine = (frame.failed_share == 0) & (frame.orders_per_s >= orders_per_s)
        kept = frame[fine & (frame.writers == frame.writers[frame.writers <= writers].max())]
        return kept.sort_values("slowest_ms").setup.tolist()

    @mistake("end with .setup.tolist()")
    def a_column(frame, writers, orders_per_s):
        fine = (frame.failed_share == 0) & (frame.orders_per_s >= orders_per_s)
        return frame[(frame.writers == writers) & fine].sort_values("slowest_ms").setup


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
