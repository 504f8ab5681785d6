"""The exercise of lesson 02 that decides from a measured frame: which way to the latest of each group."""

import pandas as pd

from helpers.exercises.base import Exercise, mistake, solution
from helpers.exercises.grading import expect_call

LESSON = "02-reverse-relations"


class WayToTake(Exercise):
    """The `way` with the least `ms` at the largest number of `talks`; None if none is left.

    Left out are ways whose `queries` grow with the talks, or that load more than `most_rows`.
    """

    id = "reverse-decide"
    name = "way_to_take"

    def stub(measured, most_rows): ...

    hints = (
        "A row of the frame is a way at one number of talks. Which may stay? Then look at the largest number only.",
        'measured.groupby("way").queries.nunique() is 1 where they do not grow; the limit of rows holds at every size.',
    )

    def check(attempt):
        ways = {  # way: queries, rows and ms at 10 and at 100 talks
            "a loop": ((11, 101), (10, 100), (2.0, 3.0)),
            "all rows": ((1, 1), (500, 5_000), (3.0, 4.0)),
            "subquery": ((1, 1), (10, 100), (6.0, 9.0)),
            "window": ((1, 1), (10, 100), (1.0, 20.0)),
        }
        rows = [
            {"way": way, "talks": talks, "queries": queries[place], "rows": loaded[place], "ms": ms[place]}
            for way, (queries, loaded, ms) in ways.items()
            for place, talks in ((1, 100), (0, 10))
        ]
        measured = pd.DataFrame(rows)
        nudges = {
            "a loop": "Its queries grow with the talks: on a slower line each of them costs a journey.",
            "all rows": "It loads 5,000 rows, more than most_rows allows.",
            "window": "It is the fastest for few talks, and not at the largest number of them.",
        }
        for most_rows, expected in ((1_000, "subquery"), (5_000, "all rows"), (50, None)):
            expect_call(
                attempt,
                measured,
                most_rows,
                expected=expected,
                shown=f"measured, {most_rows}",
                nudge=lambda got: nudges.get(got, "Where no way is left, return None.") if isinstance(got, str) else "",
            )
        return "the fastest at full size, among those that may stay"

    @solution
    def fastest_of_those_left(measured, most_rows):
        seen = measured.groupby("way").agg(queries=("queries", "nunique"), rows=("rows", "max"))
        left = seen.index[(seen.queries == 1) & (seen.rows <= most_rows)]
        largest = measured[(measured.talks == measured.talks.max()) & measured.way.isin(left)]
        return None if largest.empty else largest.set_index("way").ms.idxmin()

    @mistake("queries grow")
    def the_fastest_of_all(measured, most_rows):
        largest = measured[measured.talks == measured.talks.max()]
        return largest.set_index("way").ms.idxmin()

    @mistake("more than most_rows")
    def without_a_limit(measured, most_rows):
        steady = measured.groupby("way").queries.transform("nunique") == 1
        largest = measured[(measured.talks == measured.talks.max()) & steady]
        return largest.set_index("way").ms.idxmin()

    @mistake("fastest for few talks")
    def at_any_size(measured, most_rows):
        steady = measured.groupby("way").queries.transform("nunique") == 1
        small = measured.groupby("way").rows.transform("max") <= most_rows
        return measured[steady & small].set_index("way").ms.idxmin()
