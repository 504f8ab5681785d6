"""The exercise of lesson 06 that decides from a measured frame: what changes rows and tells nobody."""

import pandas as pd

from helpers.exercises.base import Exercise, mistake, solution
from helpers.exercises.grading import expect_call
from helpers.exercises.signals_quiet import quiet

LESSON = "06-signals"


class WhoHeardNothing(Exercise):
    """The operations, sorted, that changed more rows than post_save and post_delete told of."""

    id = "signals-unheard"
    name = "unheard"

    def stub(sent): ...

    hints = (
        "For each row of the frame: how many signals after the change, against how many rows?",
        "told = sent.post_save + sent.post_delete; an operation that changed nothing is not meant.",
    )

    @quiet()
    def check(attempt):
        sent = pd.DataFrame(
            {
                "operation": ["update", "save", "bulk", "found, not made", "cascade", "delete"],
                "rows": [3, 1, 3, 0, 4, 2],
                "post_save": [0, 1, 0, 0, 0, 0],
                "post_delete": [0, 0, 0, 0, 1, 2],
            }
        )

        def nudge(got):
            if not isinstance(got, list):
                return "A list of names is wanted: .tolist() makes one from a column."
            if "found, not made" in got:
                return "Where no row changed, nobody has missed anything."
            if "delete" in got:
                return "A deletion is told by post_delete."
            if "cascade" not in got:
                return "One signal for four rows leaves three rows unheard."
            return "The names are wanted in alphabetical order."

        expect_call(attempt, sent, expected=["bulk", "cascade", "update"], shown="sent", nudge=nudge)
        return "three operations change rows that no receiver hears of"

    @solution
    def fewer_signals_than_rows(sent):
        return sorted(sent[sent.post_save + sent.post_delete < sent.rows].operation)

    @mistake("no row changed")
    def no_signal_at_all(sent):
        return sorted(sent[sent.post_save + sent.post_delete == 0].operation)

    @mistake("three rows unheard")
    def rows_but_no_signal(sent):
        return sorted(sent[(sent.rows > 0) & (sent.post_save + sent.post_delete == 0)].operation)

    @mistake("by post_delete")
    def saves_only(sent):
        return sorted(sent[sent.post_save < sent.rows].operation)

    @mistake("alphabetical order")
    def unsorted(sent):
        return sent[sent.post_save + sent.post_delete < sent.rows].operation.tolist()

    @mistake("A list of names")
    def a_column(sent):
        return sent[sent.post_save + sent.post_delete < sent.rows].operation.sort_values().to_numpy()
