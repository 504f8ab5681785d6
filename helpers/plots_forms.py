"""Pictures of lesson 04: steps of cleaning in their order, rows counted against reloads, what became of visitors."""

import pandas as pd
from matplotlib.ticker import MaxNLocator

from helpers import plots

_PARTS = ((plots.BLUE, "white"), ("0.85", "black"), (plots.VERMILION, "white"))  # colour, and that of its words
_ADVICE = "hand in one row a step that ran, with its lane, its call, whether it went well, and what was sent"


def order(frame: pd.DataFrame, ax=None):
    """Draw the steps that cleaning took: a row for each step, a column for each value of `sent`; returns the Axes.

    `frame` has one row a step in the order of running: `lane` (a field, "form", "model"), `call` (the method), `ok`
    (False where it raised) and `sent`. A circle holds the number of the step, a square one that raised; a dash is a
    step that did not run. Raises ValueError for a frame without those columns, or without a row.
    """
    plots.need(frame, ("lane", "call", "ok", "sent"), _ADVICE)
    if frame.empty:
        raise ValueError("there is no step in this frame: trace a form first.")
    steps = list(dict.fromkeys(zip(frame.lane, frame.call, strict=True)))
    columns = list(dict.fromkeys(frame.sent))
    ax = ax if ax is not None else plots.axes(width=6.4, height=1.1 + 0.31 * len(steps))
    for place, sent in enumerate(columns):
        rows = frame[frame.sent == sent]
        numbered = {(row.lane, row.call): (number, row.ok) for number, row in enumerate(rows.itertuples(), 1)}
        for height, step in enumerate(steps):
            _step(ax, place, height, *numbered.get(step, (None, True)))
    lanes = [lane for lane, _ in steps]
    for height in range(1, len(steps)):
        if lanes[height] != lanes[height - 1]:
            ax.axhline(height - 0.5, color="0.75", linewidth=0.8)
    ax.set_yticks(range(len(steps)), [f"{lane}: {call}" for lane, call in steps])
    ax.set_xticks(range(len(columns)), columns)
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    ax.grid(False)
    ax.spines[:].set_visible(False)
    ax.set(xlim=(-0.5, len(columns) - 0.5), ylim=(len(steps) - 0.5, -0.5), xlabel="number: place in the order")
    return ax


def counted(frame: pd.DataFrame, x: str, y: str, group: str, guess: dict | None = None, ax=None):
    """Draw the counts `y` against the counts `x`, points joined by a thin line for each `group`; returns the Axes.

    `guess` maps a place on the x axis to the reader's number there; `...` draws nothing. Raises ValueError for a frame
    without those columns, or a guess that is no number.
    """
    plots.need(frame, (x, y, group))
    ax = ax if ax is not None else plots.axes(height=3.4)
    for number, (name, rows) in enumerate(frame.groupby(group, sort=False)):
        rows = rows.sort_values(x)
        ax.plot(rows[x], rows[y], plots.MARKERS[number], color=plots.COLOURS[number], label=name, markersize=8)
        ax.plot(rows[x], rows[y], ":", color=plots.COLOURS[number], linewidth=0.9)
    for place, value in (guess or {}).items():
        if value is ...:
            continue
        if not plots.is_number(value):
            raise ValueError(f"guess={value!r}: write a number of {y}, as in 1.")
        ax.plot([place], [value], "D", color=plots.PURPLE, label="your guess", markersize=9, fillstyle="none")
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(MaxNLocator(integer=True))
    ax.set(xlabel=x, ylabel=y)
    ax.set_ylim(bottom=0)
    ax.legend(title=group, frameon=False)
    return ax


def outcomes(frame: pd.DataFrame, name: str, kinds: list[str], ax=None):
    """Draw what became of some visitors: a bar for each row of `frame`, cut into its counts; returns the Axes.

    `name` is the column with the label of the bar, `kinds` are those of the counts, in the order of drawing; each part
    says its count and its kind. The first row is on top. Raises ValueError for a frame without those columns.
    """
    plots.need(frame, (name, *kinds))
    ax = ax if ax is not None else plots.axes(height=1.2 + 0.5 * len(frame))
    begin = pd.Series(0, index=frame.index)
    for kind, (colour, ink) in zip(kinds, _PARTS, strict=False):
        ax.barh(range(len(frame)), frame[kind], left=begin, height=0.62, color=colour, edgecolor="white")
        for height, (start, count) in enumerate(zip(begin, frame[kind], strict=True)):
            if count:
                where = (start + count / 2, height)
                ax.annotate(f"{count} {kind}", where, ha="center", va="center", color=ink, fontsize=9)
        begin = begin + frame[kind]
    ax.set_yticks(range(len(frame)), frame[name])
    ax.set_ylim(len(frame) - 0.5, -0.5)
    ax.grid(False, axis="y")
    ax.set_axisbelow(True)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    return ax


def _step(ax, place, height, number, ok):
    if number is None:
        ax.annotate("–", (place, height), ha="center", va="center", color="0.5")
        return
    colour, marker = (plots.BLUE, "o") if ok else (plots.VERMILION, "s")
    ax.plot([place], [height], marker, color=colour, markersize=15)
    ax.annotate(str(number), (place, height), ha="center", va="center", color="white", fontsize=9)
    if not ok:
        ax.annotate("raises", (place, height), xytext=(11, 0), textcoords="offset points", va="center")
