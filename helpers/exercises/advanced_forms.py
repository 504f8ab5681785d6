"""The exercises of lesson 05 about taking apart: a function without blocks in blocks, and measures that disagree."""

import inspect

import pandas as pd

from helpers import complexity
from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.grading import call, described, expect_call

LESSON = "05-advanced-forms"


class Flat(Exercise):
    """What `nested_seat` returns for a `ticket` and `rows`, with no block inside another."""

    id = "advanced-forms-flat"
    name = "seat"
    options = {"nesting": 1}

    def stub(ticket, rows): ...

    hints = (
        "Turn the first condition round: what is to be returned at once if there is no ticket?",
        'Two `if`s that return, one below the other; then rows.get(ticket["kind"], "?").',
    )

    def check(attempt):
        if "nested_seat" in getattr(getattr(attempt, "__code__", None), "co_names", ()):
            raise Incorrect("seat calls nested_seat, and its blocks are still there: write the rules themselves, flat.")
        rows = {"speaker": 0, "student": 12}
        for ticket, expected, nudge in (
            (None, "no ticket", "Ask for the ticket first, and return at once."),
            ({"paid": False, "kind": "student"}, "pay", "Who has not paid hears that first, whatever the kind."),
            ({"paid": False, "kind": "?"}, "pay", "Who has not paid hears that first, whatever the kind."),
            ({"paid": True, "kind": "student"}, 12, "A kind that is in `rows` has its row."),
            ({"paid": True, "kind": "speaker"}, 0, "Row 0 is a row, though it counts as false."),
            ({"paid": True, "kind": "press"}, "?", "A kind that is not in `rows` gets a question mark."),
        ):
            expect_call(attempt, ticket, rows, expected=expected, nudge=nudge)
        try:
            measured = complexity.measure(inspect.getsource(attempt))
        except (OSError, TypeError) as error:
            raise Incorrect("the source of your function cannot be read: write it with `def` in the cell.") from error
        if measured.empty:
            raise Incorrect("a function is measured here: write it with `def`, not as a lambda.")
        if measured.nesting.max() > 1:
            raise Incorrect(
                f"it answers as before, and its depth of nesting is {measured.nesting.max()}: expected 1 at most. "
                "After a `return` no `else` is needed."
            )
        return f"as before, with a nesting of {measured.nesting.max()} instead of 3"

    @solution
    def early(ticket, rows):
        if ticket is None:
            return "no ticket"
        if not ticket["paid"]:
            return "pay"
        return rows.get(ticket["kind"], "?")

    @mistake("depth of nesting is 2")
    def still_nested(ticket, rows):
        if ticket is None:
            return "no ticket"
        if ticket["paid"]:
            if ticket["kind"] in rows:
                return rows[ticket["kind"]]
            return "?"
        return "pay"

    @mistake("Row 0 is a row")
    def zero_is_false(ticket, rows):
        if ticket is None:
            return "no ticket"
        if not ticket["paid"]:
            return "pay"
        return rows.get(ticket["kind"]) or "?"

    @mistake("hears that first")
    def kind_before_money(ticket, rows):
        if ticket is None:
            return "no ticket"
        if ticket["kind"] not in rows:
            return "?"
        return rows[ticket["kind"]] if ticket["paid"] else "pay"

    @mistake("its blocks are still there")
    def hands_on(ticket, rows):
        return nested_seat(ticket, rows)  # noqa: F821 - it stands in the lesson

    @mistake("raised TypeError")
    def no_ticket_forgotten(ticket, rows):
        return rows.get(ticket["kind"], "?") if ticket["paid"] else "pay"


class Disagree(Exercise):
    """The names of the steps that made `worst` smaller than the step before, and `lines` more."""

    id = "advanced-forms-disagree"
    name = "disagree"

    def stub(steps): ...

    hints = (
        "steps[[…]].diff() gives each row's change from the row before.",
        "Two conditions joined by &, each in brackets; then steps.name[…].tolist().",
    )

    def check(attempt):
        names = ["one view", "early return", "fields", "clean", "save", "class-based", "undone"]
        lesson = {"name": names, "worst": [42, 41, 20, 5, 4, 4, 9], "lines": [140, 85, 60, 67, 63, 64, 70]}
        other = {"name": ["a", "b", "c", "d"], "worst": [9, 12, 10, 8], "lines": [30, 20, 20, 25]}
        for columns, right in ((lesson, ["clean"]), (other, ["d"])):
            got = call(attempt, pd.DataFrame(columns), shown="steps")
            if isinstance(got, pd.DataFrame):
                raise Incorrect("a list of names is expected, got a table: take its column `name`, as a list.")
            if hasattr(got, "tolist"):  # a column, an index or an array
                got = got.tolist()
            if not isinstance(got, list | tuple):
                raise Incorrect(f"a list of names is expected, got {described(got)}.")
            for name in got:
                if name not in right:
                    raise Incorrect(_too_much(columns, name))
            if list(got) != right:
                nudge = "A step is missing." if set(got) < set(right) else "Each step once."
                raise Incorrect(f"disagree(steps): expected {right}, got {described(list(got))}. {nudge}")
        return "one step of the lesson's, and one of another path"

    @solution
    def by_change(steps):
        change = steps[["worst", "lines"]].diff()
        return steps.name[(change.worst < 0) & (change.lines > 0)].tolist()

    @mistake("as bad as before")
    def not_worse(steps):
        change = steps[["worst", "lines"]].diff()
        return steps.name[(change.worst <= 0) & (change.lines > 0)].tolist()

    @mistake("A step is missing")
    def against_the_first(steps):
        return steps.name[(steps.worst < steps.worst[0]) & (steps.lines > steps.lines[0])].tolist()

    @mistake("not more lines")
    def only_the_worst(steps):
        return steps.name[steps.worst.diff() < 0].tolist()

    @mistake("is no name of a step: a, b, c, d are")
    def of_this_path(steps):
        return ["clean"]

    @mistake("got a table")
    def rows_of_the_table(steps):
        change = steps[["worst", "lines"]].diff()
        return steps[(change.worst < 0) & (change.lines > 0)]

    @mistake("a list of names")
    def how_many(steps):
        change = steps[["worst", "lines"]].diff()
        return int(((change.worst < 0) & (change.lines > 0)).sum())


def _too_much(columns, name):
    if name not in columns["name"]:
        return f"{described(name)} is no name of a step: {', '.join(columns['name'])} are."
    at = columns["name"].index(name)
    before, after = ((columns["worst"][each], columns["lines"][each]) for each in (at - 1, at))
    if at == 0:
        return f"{name!r} is the first row: it has no step before."
    if after[0] >= before[0]:
        state = "as bad as before" if after[0] == before[0] else "worse than before"
        return f"{name!r} does not belong here: its worst function is {state} ({before[0]} → {after[0]})."
    return f"{name!r} does not belong here: it has not more lines than the step before ({before[1]} → {after[1]})."
