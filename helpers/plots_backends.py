"""Pictures of lesson 12: backends side by side, what came of each request over time, and who is out of date."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from helpers import plots


def side_by_side(frame: pd.DataFrame, panels: dict, name: str, group: str, guess=None):
    """One panel of dots for each column in `panels` (column → its name and unit), one row of dots a `name`.

    Each `group` is one kind of dot ("theory" an upright stroke); rows stand in the order of the frame, the first on
    top. Columns that end in "_rate" or "_share" are shares (0–1, shown in %); the others start at 0. A number as
    `guess` is drawn upright in the first panel, or named where it lies outside; `...` draws nothing. Returns the
    figure. Raises ValueError for a frame without those columns.
    """
    plots.need(frame, (*panels, name, group), "hand in the one of the cell above")
    names = list(dict.fromkeys(frame[name]))
    figure = Figure(figsize=(9.5, 1.6 + 0.36 * len(names)), layout="constrained")
    row = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for ax, (column, label) in zip(row, panels.items(), strict=True):
        groups = list(frame.groupby(group, sort=False))
        for number, (value, rows) in enumerate(groups):
            place = rows[name].map(names.index) + 0.18 * (number - (len(groups) - 1) / 2)
            look = {"color": plots.COLOURS[number], "marker": plots.MARKERS[number], "markersize": 6}
            if value == "theory":
                look = {"color": plots.BLACK, "marker": "|", "markersize": 16}
            ax.plot(rows[column], place, linestyle="", label=str(value), clip_on=False, **look)
        if column.endswith(("_rate", "_share")):
            ax.xaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0, symbol=""))
            ax.set_xlim(-0.03, 1.03)
        else:
            ax.set_xlim(left=0)
        ax.set(xlabel=label, ylim=(len(names) - 0.5, -0.5))
        ax.set_yticks(range(len(names)), names)
        ax.grid(alpha=0.25)
        ax.spines[["top", "right"]].set_visible(False)
    _draw_guess(row[0], guess)
    handles, labels = row[0].get_legend_handles_labels()
    if len(labels) > 1:
        figure.legend(handles, labels, title=group, loc="outside lower center", ncols=len(labels), frameon=False)
    return figure


def _draw_guess(ax, guess):
    """An upright line at a number; one that lies outside, as 60 for 60 %, would stretch the picture: it is named."""
    if not isinstance(guess, (int, float)) or isinstance(guess, bool):
        return
    left, right = ax.get_xlim()
    if left <= guess <= right:
        ax.axvline(guess, color=plots.PURPLE, linestyle=":", linewidth=1.4)
        ax.annotate(" your guess", (guess, 0.01), xycoords=("data", "axes fraction"), color=plots.PURPLE)
    else:
        words = f"your guess, {guess:g}, lies outside" + ("" if right > 2 else " (0.6 is 60 %)")
        ax.annotate(words, (0.98, 0.01), xycoords="axes fraction", ha="right", color=plots.PURPLE)


def growth(frame: pd.DataFrame, x: str, y: str, xlabel: str, ylabel: str, ax=None):
    """Draw `y` against `x`, both on a logarithmic axis, joined points for each `setup`; returns the Axes.

    Raises ValueError for a frame without those columns.
    """
    plots.need(frame, (x, y, "setup"), "hand in the one of the cell above")
    ax = ax if ax is not None else plots.axes()
    for number, (name, rows) in enumerate(frame.groupby("setup", sort=False)):
        rows = rows.sort_values(x)
        colour, marker = plots.COLOURS[number], plots.MARKERS[number]
        ax.plot(rows[x], rows[y], marker, linestyle=":", color=colour, label=name, markersize=6, linewidth=1)
    ax.set(xscale="log", yscale="log", xlabel=xlabel, ylabel=ylabel)
    ax.xaxis.set_major_formatter("{x:,.0f}")
    ax.yaxis.set_major_formatter("{x:g}")
    ax.figure.legend(*ax.get_legend_handles_labels(), loc="outside lower center", ncols=5, frameon=False)
    return ax


def freshness(frame: pd.DataFrame, ax=None):
    """A grid: one row a `change`, one column a `setup`, a cross where a reader was served something `wrong`.

    Returns the Axes. Raises ValueError for a frame without those columns.
    """
    plots.need(frame, ("change", "setup", "wrong"), "hand in the one of the cell above")
    changes, setups = list(dict.fromkeys(frame["change"])), list(dict.fromkeys(frame["setup"]))
    ax = ax if ax is not None else plots.axes(width=8.5, height=1.3 + 0.42 * len(changes))
    for wrong, marker, colour, size, label in (
        (False, "o", plots.BLUE, 6, "right afterwards"),
        (True, "X", plots.VERMILION, 11, "wrong afterwards"),
    ):
        rows = frame[frame["wrong"] == wrong]
        places = rows["setup"].map(setups.index), rows["change"].map(changes.index)
        ax.plot(*places, marker, linestyle="", color=colour, markersize=size, label=label)
    ax.set_xticks(range(len(setups)), setups)
    ax.set_yticks(range(len(changes)), changes)
    ax.set(xlim=(-0.6, len(setups) - 0.4), ylim=(len(changes) - 0.5, -0.5), xlabel="what keeps the cache right")
    ax.set_ylabel("how the row was changed")
    ax.figure.legend(*ax.get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False)
    return ax
