"""Pictures of queries: how many and how long against rows, what an answer looks like, counts beside the right ones."""

import pandas as pd
from matplotlib.patches import Rectangle

from helpers.plots import BLACK, COLOURS, LINES, MARKERS, PURPLE, axes, is_number, need


def queries(frame: pd.DataFrame, guess=None, ax=None):
    """Draw the column `queries` against `rows`, both axes logarithmic and from 1; returns the Axes.

    Rows of the frame with the `source` "measured" are points, one kind for each `way`; each other source is a line.
    `guess` is the reader's own number of queries, drawn as a level; `...` draws nothing. Raises ValueError for a frame
    without those columns, or a guess below 1.
    """
    need(frame, ("rows", "queries", "way", "source"))
    ax = _draw(frame, "queries", ax)
    _level(ax, guess)
    ax.set(xlabel="rows on the page", ylabel="queries")
    return _from_one(ax)


def milliseconds(frame: pd.DataFrame, xlabel: str = "rows on the page", ax=None):
    """Draw the column `ms` against `rows`, both axes logarithmic; returns the Axes.

    One kind of points for each `way`; where the frame has a column `database`, its second database has hollow points.
    `xlabel` is what the rows are. Raises ValueError for a frame without those columns.
    """
    need(frame, ("rows", "ms", "way"))
    ax = _draw(frame.assign(source="measured"), "ms", ax)
    ax.set(xlabel=xlabel, ylabel="time (ms)", xscale="log", yscale="log")
    ax.legend(frameon=False, fontsize="small")
    return ax


def shapes(frame: pd.DataFrame, ax=None):
    """Draw each answer of the database as a rectangle: `columns` wide, `rows` high, side by side; returns the Axes.

    `frame` has one row a query, in its order; `way` names the ways to ask, one colour each, and `what` each answer.
    Raises ValueError for a frame without those columns.
    """
    need(frame, ("way", "what", "rows", "columns"))
    ax = ax if ax is not None else axes(height=3.6)
    left, highest = 0, frame["rows"].max()
    for number, (way, answers) in enumerate(frame.groupby("way", sort=False)):
        for answer in answers.itertuples():
            size = (answer.columns, answer.rows)
            ax.add_patch(Rectangle((left, 0), *size, facecolor=COLOURS[number], alpha=0.35, edgecolor=BLACK))
            words = f"{answer.what}\n{answer.rows} × {answer.columns}"
            place = (left + answer.columns / 2, answer.rows + highest * 0.03)
            ax.annotate(words, place, ha="center", va="bottom", fontsize="small")
            left += answer.columns + 2
        ax.plot([], [], "s", color=COLOURS[number], alpha=0.5, markersize=10, label=way)
        left += 4
    ax.set(xlim=(-1, left - 4), ylim=(0, highest * 1.45), xlabel="columns that came", ylabel="rows that came")
    ax.legend(loc="upper right", frameon=False)
    return ax


def counts(frame: pd.DataFrame, ax=None):
    """Draw the column `counted` against `right`, with the line on which both are equal; returns the Axes.

    One kind of points for each `way`; both axes are logarithmic from 1, and zeros are left out. Raises ValueError for
    a frame without those columns.
    """
    need(frame, ("right", "counted", "way"))
    ax = ax if ax is not None else axes()
    ends = [1, max(frame.right.max(), 2)]
    ax.plot(ends, ends, "-", color=BLACK, linewidth=1.2, label="counted = right")
    for number, (way, rows) in enumerate(frame[frame.right > 0].groupby("way", sort=False)):
        ax.plot(
            rows.right, rows.counted, MARKERS[number], color=COLOURS[number], label=way, markersize=5, fillstyle="none"
        )
    ax.set(xlabel="right number of ratings", ylabel="number that came")
    return _from_one(ax)


def _draw(frame, column, ax):
    ax = ax if ax is not None else axes()
    measured = frame.source == "measured"
    for number, (name, rows) in enumerate(frame[~measured].groupby("source", sort=False)):
        rows = rows.sort_values("rows")
        ax.plot(rows["rows"], rows[column], LINES[number % len(LINES)], color=BLACK, label=name, linewidth=1.2)
    databases = list(dict.fromkeys(frame[measured].get("database", pd.Series(dtype=object))))
    for number, (way, rows) in enumerate(frame[measured].groupby("way", sort=False)):
        style = {"marker": MARKERS[number], "color": COLOURS[number], "linestyle": "none", "markersize": 7}
        if len(databases) < 2:
            ax.plot(rows["rows"], rows[column], label=way, **style)
        for fill, database in zip(("full", "none"), databases if len(databases) > 1 else (), strict=False):
            some = rows[rows.database == database]
            ax.plot(some["rows"], some[column], fillstyle=fill, label=f"{way}, {database}", **style)
    return ax


def _level(ax, guess):
    if guess is None or guess is ...:
        return
    if not is_number(guess) or guess < 1:
        raise ValueError(f"guess={guess!r}: a number of queries is 1 or more; write 100 for a hundred.")
    ax.axhline(guess, color=PURPLE, linestyle=":", linewidth=1.4)
    ax.annotate("your guess", (0.01, guess), xycoords=("axes fraction", "data"), va="bottom", color=PURPLE)


def _from_one(ax):
    ax.set(xscale="log", yscale="log")
    ax.set_xlim(left=1)
    ax.set_ylim(bottom=1)
    ax.legend(frameon=False)
    return ax
