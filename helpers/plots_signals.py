"""Pictures of lesson 06: what a worker found of the rows that it was told about."""

import pandas as pd
from matplotlib.ticker import PercentFormatter

from helpers import plots


def found(frame: pd.DataFrame, guess=None, ax=None):
    """Draw `found` (0–1, shown in %) against `rest_ms` (ms that the transaction went on after the signal).

    One kind of points, joined by a thin line for the eye, for each `way`. `guess` is a share (0–1), drawn
    as a level; `...` draws nothing. Returns the Axes. Raises ValueError for a frame without those columns, or a guess
    that is no share.
    """
    missing = [name for name in ("rest_ms", "found", "way") if name not in frame]
    if missing:
        raise ValueError(
            f"this frame has no column {' and no '.join(missing)}: one row a measured way and time is wanted."
        )
    ax = ax if ax is not None else plots.axes()
    for number, (way, rows) in enumerate(frame.groupby("way", sort=False)):
        rows = rows.sort_values("rest_ms")
        colour, marker = plots.COLOURS[number], plots.MARKERS[number]
        # Larger below smaller: ways that agree lie on each other, and all of them stay visible.
        size = 10 - 3 * number if number < 3 else 4
        ax.plot(rows.rest_ms, rows.found, marker, color=colour, label=way, markersize=size, clip_on=False)
        ax.plot(rows.rest_ms, rows.found, ":", color=colour, linewidth=0.8)
    if guess is not None and guess is not ...:
        if isinstance(guess, bool) or not isinstance(guess, (int, float)) or not 0 <= guess <= 1:
            raise ValueError(f"guess={guess!r}: a share is a number between 0 and 1; write 0.8 for 80 %.")
        ax.axhline(guess, color=plots.PURPLE, linestyle=":", linewidth=1.4)
        ax.annotate("your guess", (0.99, guess), xycoords=("axes fraction", "data"), ha="right", va="bottom")
    ax.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0, symbol=""))
    ax.set(
        xlabel="rest of the transaction after save() (ms)", ylabel="rows that the worker found (%)", ylim=(-0.03, 1.08)
    )
    ax.legend(loc="center right", frameon=False)
    return ax
