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
_FROM = "hand in what replay or simulate returned"


def hit_rate(frame: pd.DataFrame, guess=None, ax=None):
    """Draw `hit_rate` (0–1, shown in %) against `capacity_items`; returns the Axes. See `against`."""
    return against(frame, "capacity_items", "capacity (items)", guess=guess, ax=ax)


def against(frame: pd.DataFrame, x: str, xlabel: str, guess=None, ax=None):
    """Draw `hit_rate` (0–1, shown in %) against the column `x`, whose name and unit are `xlabel`; returns the Axes.

    Rows with the `source` "measured" become points, one kind for each `setup` where the frame has that column; each
    other source becomes a line. `guess` is the reader's own: a number 0–1 is drawn as a level, a set of setups is
    marked in the legend, `...` draws nothing. Raises ValueError for a frame without those columns, or another guess.
    """
    need(frame, (x, "hit_rate", "source"), _FROM)
    ax = ax if ax is not None else axes()
    measured = frame.source == "measured"
    _draw_lines(ax, frame[~measured], x)
    _draw_points(ax, frame[measured], x, _guessed_names(guess, frame[measured]))
    _draw_level(ax, guess)
    return _in_percent(ax, xlabel=xlabel, ylabel="hit rate (%)")


def over_time(frame: pd.DataFrame, marks: dict | None = None, ax=None):
    """Draw `hit_rate` (0–1, shown in %) of each window against `requests_seen`; returns the Axes.

    Measured rows are points (rows without a `source` are taken as measured), other sources are lines. `marks` maps a
    word to the request number at which it happens. Raises ValueError for a frame without those columns.
    """
    need(frame, ("requests_seen", "hit_rate"), _FROM)
    ax = ax if ax is not None else axes()
    measured = frame.source == "measured" if "source" in frame else pd.Series(True, frame.index)
    _draw_lines(ax, frame[~measured], "requests_seen")
    _draw_points(ax, frame[measured], "requests_seen")
    for word, number in (marks or {}).items():
        ax.axvline(number, color="0.45", linewidth=1, linestyle=":")
        ax.annotate(f" {word}", (number, 0.01), xycoords=("data", "axes fraction"), va="bottom", color="0.3")
    return _in_percent(ax, xlabel="requests so far", ylabel="hit rate in the window (%)")


def latency(frame: pd.DataFrame, break_even: float | None = None, ax=None):
    """Draw `latency_ms` of a request against `hit_rate` (0–1, shown in %); returns the Axes.

    Measured rows are points, other sources lines; `break_even` (0–1) is drawn as an upright line where it is below 1.
    Raises ValueError for a frame without those columns.
    """
    need(frame, ("hit_rate", "latency_ms", "source"), _FROM)
    ax = ax if ax is not None else axes()
    measured = frame.source == "measured"
    _draw_lines(ax, frame[~measured], "hit_rate", "latency_ms")
    _draw_points(ax, frame[measured], "hit_rate", y="latency_ms")
    if break_even is not None and 0 <= break_even <= 1:
        ax.axvline(break_even, color=VERMILION, linestyle=":", linewidth=1.4)
        ax.annotate(f" break-even: {break_even:.0%}", (break_even, 0.04), xycoords=("data", "axes fraction"))
    ax.xaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0, symbol=""))
    ax.set(xlabel="hit rate (%)", ylabel="mean time of a request (ms)", xlim=(-0.02, 1.02))
    ax.set_ylim(bottom=0)
    ax.legend(loc="upper right", frameon=False)
    return ax


def dots(frame: pd.DataFrame, value: str, xlabel: str, name: str = "source", group: str | None = None, ax=None):
    """Draw the column `value` as dots, one row of the picture for each `name`; one kind of dot for each `group`.

    `xlabel` is the value's name and unit. Names are sorted by their mean, the smallest on top. Returns the Axes.
    Raises ValueError for a frame without those columns.
    """
    need(frame, (value, name, *([group] if group else [])), _FROM)
    ax = ax if ax is not None else axes()
    names = frame.groupby(name)[value].mean().sort_values(ascending=False).index
    place = {each: number for number, each in enumerate(names)}
    groups = frame.groupby(group, sort=False) if group else [("measured", frame)]
    for number, (label, rows) in enumerate(groups):
        ax.plot(
            rows[value], rows[name].map(place), MARKERS[number], color=COLOURS[number], label=str(label), markersize=7
        )
    ax.set_yticks(range(len(names)), names)
    ax.set(xlabel=xlabel, ylim=(-0.5, len(names) - 0.5))
    if group:
        ax.legend(frameon=False)
    return ax


def is_number(value) -> bool:
    """True for a real number, NumPy's too; a guess may also be a word, a bool or the dots that stand for none."""
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def verdict(ax, x, y, right) -> None:
    """One mark in a grid of verdicts: a dot where it is `right`, a cross where it is not."""
    marker, colour = ("o", BLUE) if right else ("X", VERMILION)
    ax.plot(x, y, marker, color=colour, markersize=11)


def axes(width: float = 7.5, height: float = 4.4):
    """Empty Axes in the workshop's look, on a figure that is shown only by `lesson.show`; sizes in inches."""
    # Not through pyplot: the inline backend would show the figure a second time, without its alt text.
    ax = Figure(figsize=(width, height), layout="constrained").subplots()
    ax.grid(alpha=0.25)
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def _draw_lines(ax, frame, x, y="hit_rate"):
    if frame.empty:
        return
    for number, (name, rows) in enumerate(frame.groupby("source", sort=False)):
        rows = rows.sort_values(x)
        colour = COLOURS[::-1][number % len(COLOURS)]
        ax.plot(rows[x], rows[y], LINES[number % len(LINES)], color=colour, label=name, linewidth=1.6)


def _draw_points(ax, frame, x, guessed=(), y="hit_rate"):
    groups = frame.groupby("setup", sort=False) if "setup" in frame else [("measured", frame)]
    for number, (name, rows) in enumerate(groups):
        if not len(rows):
            continue
        label = f"{name} (your guess)" if name in guessed else name
        ax.plot(rows[x], rows[y], MARKERS[number], color=COLOURS[number], label=label, markersize=6.5)


def _in_percent(ax, xlabel, ylabel):
    ax.set(xlabel=xlabel, ylabel=ylabel, ylim=(0, 1))
    ax.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0, symbol=""))
    ax.legend(loc="best", frameon=False)
    return ax


def _guessed_names(guess, measured):
    if not isinstance(guess, (set, list, tuple)):
        return ()
    known = set(measured["setup"]) if "setup" in measured else set()
    strangers = [each for each in guess if each not in known]
    if strangers:
        raise ValueError(f"guess names {strangers[0]!r}, which was not measured: choose from {sorted(known)}.")
    return set(guess)


def _draw_level(ax, guess):
    if guess is None or guess is ... or isinstance(guess, (set, list, tuple)):
        return
    if not is_number(guess) or not 0 <= guess <= 1:
        raise ValueError(f"guess={guess!r}: a hit rate is a fraction between 0 and 1; write 0.8 for 80 %.")
    ax.axhline(guess, color=PURPLE, linestyle=":", linewidth=1.4)
    ax.annotate("your guess", (0.01, guess), xycoords=("axes fraction", "data"), va="bottom", color=PURPLE)


def need(frame: pd.DataFrame, columns, advice: str = "") -> None:
    """Raise ValueError, in a sentence that ends with `advice`, where `frame` lacks one of `columns`."""
    missing = [name for name in columns if name not in frame]
    if missing:
        advice = advice or f"it needs {', '.join(columns)}"
        raise ValueError(f"this frame has no column {' and no '.join(missing)}: {advice}.")
