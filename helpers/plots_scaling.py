"""The picture of how throughput grows with processes: points are measured, lines are laws fitted to them."""

import numpy as np
import pandas as pd

from helpers import plots


def growth(frame: pd.DataFrame, laws: dict, guess=None, ax=None):
    """Draw `requests_per_s` against `processes`: one kind of point for each `setup`, one line for each of `laws`.

    `laws` are by name what `helpers.scaling` fitted to the first setup; a dotted line is that setup's one process times
    the number of them. A number as `guess`, how many times as much as one the most processes do, is a hollow diamond.
    Returns the Axes. Raises ValueError for a frame without those columns, or without a measurement of one process.
    """
    plots.need(frame, ("setup", "processes", "requests_per_s"))
    first = frame[frame["setup"] == frame["setup"].iloc[0]] if len(frame) else frame
    alone = first.loc[first["processes"] == 1, "requests_per_s"]
    if alone.empty:
        raise ValueError("nobody measured one process, and the others are compared with it: measure that too.")
    ax = ax if ax is not None else plots.axes()
    most = first["processes"].max()
    along = np.linspace(1, most, 100)
    ax.plot([1, most], [alone.max(), alone.max() * most], ":", color="0.5", label="as many times one")
    for number, (name, law) in enumerate(laws.items()):
        ax.plot(along, law.per_s(along), plots.LINES[number], color=plots.COLOURS[::-1][number], label=f"{name} (fit)")
    for number, (setup, rows) in enumerate(frame.groupby("setup", sort=False)):
        look = {"color": plots.COLOURS[number], "markersize": 7}
        ax.plot(rows["processes"], rows["requests_per_s"], plots.MARKERS[number], label=f"{setup} (measured)", **look)
    if plots.is_number(guess):
        ax.plot(most, guess * alone.max(), "D", markerfacecolor="none", color=plots.PURPLE, label="your guess")
    ax.set(xlabel="processes (number)", ylabel="requests a second", xlim=(0.5, most + 0.5), ylim=(0, None))
    ax.legend(frameon=False)
    return ax
