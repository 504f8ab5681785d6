"""The exercise of lesson 17 on web servers: a choice from the measured table."""

import pandas as pd

from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.grading import call, described

LESSON = "17-python-all-the-way"


def _table(*rows):
    columns = ["server", "requests_s", "p99_ms", "memory_mb", "slow_clients", "slow_views"]
    return pd.DataFrame(rows, columns=columns, index=range(10, 10 + len(rows)))


class Choose(Exercise):
    """The name of the server to take, from a frame like `table`; None if none will do.

    No proxy stands in front. All 4 quick pages must be answered in both trials
    (`slow_clients`, `slow_views`); of those servers, the one with the least memory.
    """

    id = "python-way-3-choose"
    name = "choose"

    def stub(table): ...

    hints = (
        "First the rows that will do: (table.slow_clients == 4) & (table.slow_views == 4).",
        "sort_values('memory_mb') puts the least on top; .iloc[0] is the first row, whatever its label.",
        "An empty frame has .empty: then the answer is None.",
    )

    def check(attempt):
        tables = (
            (
                _table(
                    ["quick", 300.0, 20.0, 40.0, 0, 0],
                    ["large", 200.0, 30.0, 90.0, 4, 4],
                    ["small", 100.0, 60.0, 60.0, 4, 4],
                    ["views", 150.0, 30.0, 45.0, 0, 4],
                    ["clients", 150.0, 10.0, 42.0, 4, 0],
                ),
                "small",
            ),
            (_table(["a", 90.0, 9.0, 50.0, 4, 3], ["b", 80.0, 9.0, 70.0, 4, 4]), "b"),
            (_table(["a", 90.0, 9.0, 50.0, 0, 0], ["b", 80.0, 9.0, 70.0, 4, 1]), None),
        )
        for table, expected in tables:
            shown = ", ".join(table.server)
            kept = table.copy()
            got = call(attempt, table, shown=f"the table of {shown}")
            if not table.equals(kept):
                raise Incorrect("choose(table) changed the table that it was given: work on a copy.")
            if got != expected or not isinstance(got, str | None):
                raise Incorrect(f"choose(the table of {shown}): expected {expected!r}, {_told(got, table)}")
        return "three tables, and where no server will do you say so"

    @solution
    def sorted_by_memory(table):
        fit = table[(table.slow_clients == 4) & (table.slow_views == 4)]
        return None if fit.empty else fit.sort_values("memory_mb").server.iloc[0]

    @mistake("does not answer all")
    def least_memory(table):
        return table.sort_values("memory_mb").server.iloc[0]

    @mistake("does not answer all")
    def slow_clients_alone(table):
        fit = table[table.slow_clients == 4]
        return None if fit.empty else fit.sort_values("memory_mb").server.iloc[0]

    @mistake("does not answer all")
    def any_answer_will_do(table):
        fit = table[(table.slow_clients > 0) & (table.slow_views > 0)]
        return None if fit.empty else fit.sort_values("memory_mb").server.iloc[0]

    @mistake("holds more memory")
    def the_fastest(table):
        fit = table[(table.slow_clients == 4) & (table.slow_views == 4)]
        return None if fit.empty else fit.sort_values("requests_s").server.iloc[-1]

    @mistake("a name is asked for")
    def its_row(table):
        fit = table[(table.slow_clients == 4) & (table.slow_views == 4)]
        return None if fit.empty else int(fit.memory_mb.idxmin())

    @mistake("raised")
    def there_is_always_one(table):
        fit = table[(table.slow_clients == 4) & (table.slow_views == 4)]
        return fit.sort_values("memory_mb").server.iloc[0]


def _told(got, table):
    rows = table[table.server == got] if isinstance(got, str) else table.iloc[:0]
    if rows.empty:
        return f"got {described(got)}: a name is asked for, as it stands in the column `server`."
    row = rows.iloc[0]
    if row.slow_clients < 4 or row.slow_views < 4:
        return f"got {got!r}, which does not answer all quick pages in both trials."
    return f"got {got!r}, which holds more memory than another that will do."
