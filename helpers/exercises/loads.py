"""An exercise of lesson 14: which way of writing is good enough, decided from a measured frame."""

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
