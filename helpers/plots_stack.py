"""Pictures of a stack of servers: what stands behind what and how it is, and where a request spends its time."""

import pandas as pd
from matplotlib.patches import FancyBboxPatch

from helpers import plots

_HEALTH = "hand in pd.DataFrame(stack.health())"


def drawn(frame: pd.DataFrame, ax=None):
    """Draw each `part` of a stack as a box with its `server`, `port` and health, arrows to those that it `asks`.

    A part that answers is green and says ✔, one that does not is red, dashed and says ✘. Columns are steps from the
    visitor, the foremost on the left. Returns the Axes. Raises ValueError for a frame without those columns, or empty.
    """
    plots.need(frame, ("part", "server", "port", "healthy", "asks"), _HEALTH)
    if frame.empty:
        raise ValueError(f"there is no part to draw: {_HEALTH} of a stack that holds some.")
    rows = {row["part"]: row for row in frame.to_dict("records")}
    place = _placed({name: [each for each in row["asks"] if each in rows] for name, row in rows.items()})
    columns = 1 + max(x for x, _ in place.values())
    tallest = max(sum(x == column for x, _ in place.values()) for column in range(columns))
    ax = ax if ax is not None else plots.axes(width=2.6 * columns, height=0.6 + 1.15 * tallest)
    for name, row in rows.items():
        for other in row["asks"]:
            if other in place:
                _arrow(ax, place[name], place[other])
    for name, row in rows.items():
        _box(ax, place[name], row)
    ax.set(xlim=(-0.55, columns - 0.45), ylim=(-tallest / 2 - 0.1, tallest / 2 + 0.1))
    ax.set_axis_off()
    return ax


def hops(frame: pd.DataFrame, ax=None):
    """Draw the mean `own_ms` of each `hop` as one bar, in the order of `frame`, with its number and its share.

    `own_ms` (milliseconds that a request spends there, without what stands behind) may come from many requests.
    Returns the Axes. Raises ValueError for a frame without those columns, or empty.
    """
    plots.need(frame, ("hop", "own_ms"), "hand in what tracing.read returned")
    if frame.empty:
        raise ValueError("there is no request to draw: ask the stack for a page, then read its logs.")
    means = frame.groupby("hop", sort=False).own_ms.mean()
    ax = ax if ax is not None else plots.axes(height=0.9 + 0.5 * len(means))
    starts = means.cumsum() - means
    total = means.sum()
    for number, (hop, spent) in enumerate(means.items()):
        ax.barh(number, spent, left=starts[hop], color=plots.COLOURS[number % len(plots.COLOURS)], height=0.6)
        share = f"{spent:.1f} ms, {spent / total:.0%}" if total else "0 ms"
        at, side, shift = starts[hop] + spent, "left", 5
        if spent > 0.4 * total:
            at, side, shift = starts[hop] + spent / 2, "center", 0
        elif starts[hop] > 0.6 * total:
            at, side, shift = starts[hop], "right", -5
        ax.annotate(share, (at, number), xytext=(shift, 0), textcoords="offset points", va="center", ha=side)
    ax.set_yticks(range(len(means)), means.index)
    ax.invert_yaxis()
    ax.set(xlabel="mean time of a request, spent here (ms)", xlim=(0, 1.02 * total or 1))
    return ax


def _placed(asks: dict) -> dict:
    """part → (column, height): the column is the longest way from the front, parts of a column stand around 0."""
    column = dict.fromkeys(asks, 0)
    for _ in asks:  # as often as the longest way may have steps
        for name, others in asks.items():
            for other in others:
                column[other] = max(column[other], column[name] + 1)
    place = {}
    for number in sorted(set(column.values())):
        names = [name for name in asks if column[name] == number]
        for at, name in enumerate(names):
            place[name] = (number, (len(names) - 1) / 2 - at)
    return place


def _box(ax, place, row):
    x, y = place
    colour, mark = (plots.GREEN, "✔") if row["healthy"] else (plots.VERMILION, "✘ no answer")
    style = {"edgecolor": colour, "linewidth": 2, "linestyle": "-" if row["healthy"] else "--", "facecolor": "white"}
    ax.add_patch(FancyBboxPatch((x - 0.36, y - 0.3), 0.72, 0.6, boxstyle="round,pad=0,rounding_size=0.06", **style))
    text = f"{row['part']}\n{row['server']} : {row['port']}\n{mark}"
    ax.annotate(text, (x, y), ha="center", va="center", fontsize=9, color="black", linespacing=1.35)


def _arrow(ax, start, end):
    ax.annotate(
        "",
        (end[0] - 0.37, end[1]),
        (start[0] + 0.37, start[1]),
        arrowprops={"arrowstyle": "->", "color": "0.45", "linewidth": 1.2, "shrinkA": 0, "shrinkB": 1},
    )
