"""The pictures of lesson 17: servers side by side, what a deploy leaves behind when it is cut, runs on a time line."""

import pandas as pd
from matplotlib.figure import Figure

from helpers import plots

_FROM = "hand in the one of the cell above"


def servers(frame: pd.DataFrame, numbers: dict, answered: dict, asked: int):
    """One line a `server`: a panel of dots with their numbers for each of `numbers`, and one of how many were answered.

    `numbers` maps columns to their names with units, each panel begins at zero. `answered` maps columns with counts of
    0 to `asked` to short names: a large filled dot where all were answered, a cross where one was not, and the number.
    Lines stand in the order of the frame, the first on top. Returns the figure. Raises ValueError for a frame without
    those columns.
    """
    plots.need(frame, ("server", *numbers, *answered), _FROM)
    figure = Figure(figsize=(10.5, 1.7 + 0.36 * len(frame)), layout="constrained")
    widths = [1] * len(numbers) + [0.55 * len(answered)]
    panes = figure.subplots(1, len(numbers) + 1, sharey=True, width_ratios=widths)
    places = range(len(frame))[::-1]
    for ax, (column, label) in zip(panes, numbers.items(), strict=False):
        ax.plot(frame[column], places, "o", color=plots.COLOURS[0], markersize=6, clip_on=False)
        decimals = 1 if frame[column].max() < 10 else 0
        for number, place in zip(frame[column], places, strict=True):
            ax.annotate(f"{number:,.{decimals}f}", (number, place), xytext=(6, 5), textcoords="offset points")
        ax.set(xlabel=label, xlim=(0, max(frame[column].max(), 1e-9) * 1.45))
    marks(frame, answered, asked, panes[-1])
    panes[0].set_yticks(places, frame["server"])
    panes[0].set_ylim(-0.6, len(frame) - 0.3)
    for ax in panes:
        ax.grid(alpha=0.25)
        ax.spines[["top", "right"]].set_visible(False)
    return figure


def marks(frame: pd.DataFrame, columns: dict, asked: int, ax) -> None:
    """Draw a dot where the count in a column is `asked`, a cross where it is less, with the number beside it."""
    for at, column in enumerate(columns):
        for place, count in zip(range(len(frame))[::-1], frame[column], strict=True):
            plots.verdict(ax, at, place, count == asked)
            ax.annotate(f"{count:.0f}", (at, place), xytext=(9, 4), textcoords="offset points")
    ax.set_xticks(range(len(columns)), columns.values())
    ax.set(xlim=(-0.5, len(columns) - 0.3), xlabel=f"quick pages answered (of {asked})")


def cuts(frame: pd.DataFrame, ax=None):
    """Draw where a script was `cut` (steps done before it) and whether it ended `right` the second time, by `script`.

    A filled dot is right, a cross is wrong. Scripts stand in the order of the frame, the first on top. Returns the
    Axes. Raises ValueError for a frame without those columns, or empty.
    """
    plots.need(frame, ("script", "cut", "right"), _FROM)
    if frame.empty:
        raise ValueError("there is no run to draw: cut a script somewhere first.")
    scripts = list(dict.fromkeys(frame.script))[::-1]
    ax = ax if ax is not None else plots.axes(height=1.2 + 0.5 * len(scripts))
    for row in frame.itertuples():
        plots.verdict(ax, row.cut, scripts.index(row.script), row.right)
    ax.set_yticks(range(len(scripts)), scripts)
    ax.set_xticks(sorted(set(frame.cut)))
    ax.set(xlabel="steps done when the line was cut, before it ran again (dot: right, cross: wrong)")
    ax.set_ylim(-0.6, len(scripts) - 0.4)
    return ax


def runs(frame: pd.DataFrame, due=(), away=None, ax=None):
    """Draw runs of jobs on a time line: a bar from `began_s` to `ended_s`, one line for each `rule`.

    `due` are the moments (s) at which a run was due, as upright dotted lines; `away` is a span (from, to) in which
    nothing ran, shaded. Returns the Axes. Raises ValueError for a frame without those columns.
    """
    plots.need(frame, ("rule", "began_s", "ended_s"), _FROM)
    rules = list(dict.fromkeys(frame.rule))[::-1]
    ax = ax if ax is not None else plots.axes(height=1.3 + 0.5 * len(rules))
    for moment in due:
        ax.axvline(moment, color="0.6", linestyle=":", linewidth=1.2, zorder=1)
    if away:
        ax.axvspan(*away, color="0.9", zorder=0)
    for number, rule in enumerate(rules):
        for level, row in enumerate(frame[frame.rule == rule].itertuples()):
            shift = 0.16 * (level % 3 - 1)
            width = max(row.ended_s - row.began_s, 0.01)
            ax.barh(number + shift, width, left=row.began_s, height=0.14, color=plots.COLOURS[0], zorder=2)
    ax.set_yticks(range(len(rules)), rules)
    ax.set(xlabel="time (s); dotted: a run is due", ylim=(-0.6, len(rules) - 0.4))
    return ax
