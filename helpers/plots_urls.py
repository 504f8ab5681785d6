"""The picture of lesson 07: how long the last address takes to be resolved, against the number of patterns."""

import pandas as pd

from helpers import plots
from helpers.plots import need


def resolving(frame: pd.DataFrame, guess=None, ax=None):
    """Draw `microseconds` to resolve the last address against `patterns`, both logarithmic; returns the Axes.

    One kind of points for each `how`. Two lines are theory: through the first kind's point at 100 patterns, the time
    is laid out as n tries (one list) and as 2√n (groups of equal size, one level). `guess` is how many times slower
    10,000 patterns are than 100: it is drawn as a cross on that ground; `...` draws nothing. Raises ValueError for a
    frame without those columns or without a row for 100 patterns, and for a guess that is no positive number.
    """
    need(frame, ("patterns", "how", "microseconds"), "one row a measured list is wanted")
    first = frame[frame.how == frame.how.iloc[0]].set_index("patterns") if len(frame) else frame
    if 100 not in first.index:
        raise ValueError("the lines of theory start at 100 patterns, and this frame has no row for them: measure 100.")
    ax = ax if ax is not None else plots.axes()
    base, sizes = float(first.microseconds[100]), sorted(frame.patterns.unique())
    each_try = base / 100
    for words, tries, style in (
        ("theory: n tries", lambda n: n, "-"),
        ("theory: 2√n tries", lambda n: 2 * n**0.5, "--"),
    ):
        ax.plot(sizes, [each_try * tries(n) for n in sizes], style, color="0.45", linewidth=1.4, label=words)
    for number, (how, rows) in enumerate(frame.groupby("how", sort=False)):
        colour, marker = plots.COLOURS[number], plots.MARKERS[number]
        ax.plot(rows.patterns, rows.microseconds, marker, color=colour, label=f"{how}, measured", markersize=7)
    if guess is not None and guess is not ...:
        if not plots.is_number(guess) or not guess > 0:
            raise ValueError(f"guess={guess!r}: how many times slower is a number above 0; write 100 for 100 times.")
        ax.plot([10_000], [base * guess], "x", color=plots.PURPLE, markersize=11, label="your guess")
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set(xlabel="patterns in the URLconf", ylabel="time to resolve the last address (µs)")
    ax.legend(loc="upper left", frameon=False)
    return ax
