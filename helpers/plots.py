"""Pictures of the workshop: a tidy frame goes in, Axes come out; measured data are points, theory is lines."""

import numbers

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

# Okabe and Ito, "Color Universal Design", 2008: told apart by readers with any common form of colour blindness.
BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, BLACK = (
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#CC79A7",
    "#E69F00",
    "#56B4E9",
    "#000000",
)
COLOURS = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, BLACK)
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
LINES = ("-", "--", "-.", ":")


def hit_rate(frame: pd.DataFrame, guess=None, ax=None):
    """Draw `hit_rate` (0–1, shown in %) against `capacity_items`; returns the Axes.

    Rows with the `source` "measured" become points, one kind for each `setup` where the frame has that column; each
    other source becomes a line. `guess`, a number 0–1, is drawn as the reader's own level; `...` draws nothing.
    Raises ValueError for a frame without those columns, or a guess that is no fraction.
    """
    _need(frame, ("capacity_items", "hit_rate", "source"))
    ax = ax if ax is not None else axes()
    theory = frame[frame.source != "measured"]
    for number, (name, rows) in enumerate(theory.groupby("source", sort=False)):
        rows = rows.sort_values("capacity_items")
        ax.plot(
            rows.capacity_items,
            rows.hit_rate,
            LINES[number % len(LINES)],
            color=COLOURS[::-1][number % len(COLOURS)],
            label=name,
            linewidth=1.6,
        )
    _draw_points(ax, frame[frame.source == "measured"], "capacity_items")
    _draw_guess(ax, guess)
    return _finish(ax, xlabel="capacity (items)", ylabel="hit rate (%)")


def over_time(frame: pd.DataFrame, ax=None):
    """Draw `hit_rate` (0–1, shown in %) of each window against `requests_seen`; returns the Axes.

    One kind of point for each `setup` where the frame has that column. Raises ValueError for a frame without them.
    """
    _need(frame, ("requests_seen", "hit_rate"))
    ax = ax if ax is not None else axes()
    _draw_points(ax, frame, "requests_seen")
    return _finish(ax, xlabel="requests so far", ylabel="hit rate in the window (%)")


def axes(width: float = 7.5, height: float = 4.4):
    """Empty Axes in the workshop's look, on a figure that is shown only by `lesson.show`; sizes in inches."""
    # Not through pyplot: the inline backend would show the figure a second time, without its alt text.
    ax = Figure(figsize=(width, height), layout="constrained").subplots()
    ax.grid(alpha=0.25)
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def _draw_points(ax, frame, x):
    groups = frame.groupby("setup", sort=False) if "setup" in frame else [("measured", frame)]
    for number, (name, rows) in enumerate(groups):
        ax.plot(rows[x], rows.hit_rate, MARKERS[number], color=COLOURS[number], label=name, markersize=6.5)


def _finish(ax, xlabel, ylabel):
    ax.set(xlabel=xlabel, ylabel=ylabel, ylim=(0, 1))
    ax.yaxis.set_major_formatter(PercentFormatter(xmax=1, symbol=""))
    ax.legend(loc="lower right", frameon=False)
    return ax


def _draw_guess(ax, guess):
    if guess is None or guess is ...:
        return
    if isinstance(guess, bool) or not isinstance(guess, numbers.Real) or not 0 <= guess <= 1:
        raise ValueError(f"guess={guess!r}: a hit rate is a fraction between 0 and 1; write 0.8 for 80 %.")
    ax.axhline(guess, color=PURPLE, linestyle=":", linewidth=1.4)
    ax.annotate("your guess", (0.01, guess), xycoords=("axes fraction", "data"), va="bottom", color=PURPLE)


def _need(frame, columns):
    missing = [name for name in columns if name not in frame]
    if missing:
        raise ValueError(
            f"this frame has no column {' and no '.join(missing)}: hand in what replay or simulate returned."
        )
