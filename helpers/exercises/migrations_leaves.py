"""The exercise of lesson 03 about the migration graph: which migrations are its leaves."""

import pandas as pd

from helpers.exercises.base import Exercise, mistake, solution
from helpers.exercises.grading import expect_call

LESSON = "03-migrations"


class Leaves(Exercise):
    """The names of the migrations that no other one needs, as a sorted list."""

    id = "migrations-leaves"
    name = "leaves_of"

    def stub(graph): ...

    hints = (
        "`needs` holds tuples of names. Collect all names that stand in one of them: the others are the leaves.",
        "needed = set(graph.needs.explode()) has every name that is needed; isin() tells which rows are among them.",
    )

    def check(attempt):
        for rows, expected, nudge in (
            (
                [("0002_b", ("0001",)), ("0001", ()), ("0002_a", ("0001",))],
                ["0002_a", "0002_b"],
                "A leaf is needed by nobody, whatever it needs itself; both branches end in one.",
            ),
            (
                [("0001", ()), ("0002_a", ("0001",)), ("0002_b", ("0001",)), ("0003", ("0002_a", "0002_b"))],
                ["0003"],
                "A merge needs several: each name in its tuple is needed.",
            ),
            (
                [("0001", ()), ("0005_b", ("0001",)), ("0002_a", ("0001",)), ("0003_a", ("0002_a",))],
                ["0003_a", "0005_b"],
                "The numbers are only names: look at `needs`.",
            ),
            ([("0001_initial", ())], ["0001_initial"], "A migration alone is needed by nobody: it is a leaf."),
        ):
            frame = pd.DataFrame(rows, columns=["migration", "needs"])
            shown = " · ".join(f"{name} needs {', '.join(needs) or 'nothing'}" for name, needs in rows)
            expect_call(attempt, frame, expected=expected, shown=shown, nudge=nudge)
        return "right for two branches, for a merge, for numbers that mislead, and for one alone"

    @solution
    def never_needed(graph):
        needed = set(graph.needs.explode())
        return sorted(graph.migration[~graph.migration.isin(needed)])

    @mistake("needed by nobody")
    def the_first_ones(graph):
        return sorted(graph.migration[graph.needs.map(len) == 0])

    @mistake("only names")
    def the_highest_number(graph):
        numbers = graph.migration.str[:4]
        return sorted(graph.migration[numbers == numbers.max()])

    @mistake("each name in its tuple")
    def the_first_of_each_tuple(graph):
        needed = {needs[0] for needs in graph.needs if needs}
        return sorted(graph.migration[~graph.migration.isin(needed)])
