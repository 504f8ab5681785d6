"""An exercise of lesson 15: which way of sending loses little enough, decided from a measured frame."""

import pandas as pd

from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.grading import call, described

LESSON = "15-ship-it-off"


class Fits(Exercise):
    """The setups, as a list, that lost at most `lost_share` of what was sent, the fewest lost first.

    The frame has setup, sent and done; ties stay in the order of the frame.
    A setup that was sent nothing says nothing.
    """

    id = "ship-3-fits"
    name = "fits"

    def stub(frame, lost_share): ...

    hints = (
        "The share that was lost is 1 - done / sent, row by row; leave out the rows with sent == 0 first.",
        'Keep the rows with lost <= lost_share, then .sort_values("lost", kind="stable").setup.tolist(): stable keeps '
        "ties in their order.",
    )

    def check(attempt):
        frame = pd.DataFrame(
            [
                ["radio", 200, 100],
                ["post", 200, 200],
                ["large", 2_000, 1_500],
                ["small", 16, 14],
                ["idle", 0, 0],
                ["broker", 50, 50],
            ],
            columns=["setup", "sent", "done"],
        )
        for share, expected, nudge in (
            (0.0, ["post", "broker"], "Ties stay in the order of the frame; what was sent nothing says nothing."),
            (0.125, ["post", "broker", "small"], "At most: 14 of 16 lost exactly 0.125; a share, not a number."),
            (0.25, ["post", "broker", "small", "large"], "A share, not a number: 500 of 2,000 is a quarter."),
            (0.75, ["post", "broker", "small", "large", "radio"], "The fewest lost first, as shares."),
        ):
            shown = f"frame, {share}"
            got = call(attempt, frame.copy(), share, shown=shown)
            if got is None:
                raise Incorrect(f"fits({shown}): nothing came back. Is there a `return`?")
            if not isinstance(got, list):
                raise Incorrect(
                    f"fits({shown}): a list is expected, got {described(type(got).__name__)}: end with .setup.tolist()."
                )
            if got != expected:
                raise Incorrect(f"fits({shown}): expected {expected}, got {described(got)}. {nudge}")
        return "four promises, each with the ways that keep it"

    @solution
    def by_share(frame, lost_share):
        known = frame[frame.sent > 0]
        known = known.assign(lost=1 - known.done / known.sent)
        return known[known.lost <= lost_share].sort_values("lost", kind="stable").setup.tolist()

    @mistake("At most")
    def less_than(frame, lost_share):
        known = frame[frame.sent > 0].assign(lost=1 - frame.done / frame.sent)
        kept = known[(known.lost < lost_share) | (known.lost == 0)]
        return kept.sort_values("lost", kind="stable").setup.tolist()

    @mistake("says nothing")
    def the_idle_one_too(frame, lost_share):
        kept = frame[frame.sent - frame.done <= lost_share * frame.sent]
        lost = (1 - kept.done / kept.sent).fillna(0)
        return kept.assign(lost=lost).sort_values("lost", kind="stable").setup.tolist()

    @mistake("a share, not a number")
    def by_number(frame, lost_share):
        known = frame[frame.sent > 0].assign(lost=frame.sent - frame.done)
        return known[known.lost <= lost_share].sort_values("lost", kind="stable").setup.tolist()

    @mistake("The fewest lost first")
    def sorted_by_number(frame, lost_share):
        known = frame[frame.sent > 0]
        kept = known[1 - known.done / known.sent <= lost_share]
        order = (kept.sent - kept.done).sort_values(kind="stable").index
        return kept.loc[order].setup.tolist()

    @mistake("Ties stay")
    def by_name(frame, lost_share):
        known = frame[frame.sent > 0].assign(lost=1 - frame.done / frame.sent)
        return known[known.lost <= lost_share].sort_values(["lost", "setup"]).setup.tolist()

    @mistake("a list is expected")
    def a_series(frame, lost_share):
        known = frame[frame.sent > 0].assign(lost=1 - frame.done / frame.sent)
        return known[known.lost <= lost_share].sort_values("lost", kind="stable").setup
