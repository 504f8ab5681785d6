"""Pictures of lesson 15: how long each request waited, counts side by side, and which pages survive which fault."""

import pandas as pd
from matplotlib.figure import Figure

from helpers import plots


def waits(frame: pd.DataFrame, guess=None, ax=None):
    """Draw `latency_ms` of every request against `start_s`, one kind of point for each `way`; returns the Axes.

    A number as `guess` is a dotted level (ms); `...` draws nothing. ValueError for a frame without those columns.
    """
    plots.need(frame, ("start_s", "latency_ms", "way"))
    ax = ax if ax is not None else plots.axes(height=3.6)
    for number, (way, rows) in enumerate(frame.groupby("way", sort=False)):
        look = {"color": plots.COLOURS[number], "markersize": 6, "label": str(way)}
        ax.plot(rows.start_s, rows.latency_ms, plots.MARKERS[number], **look)
    if plots.is_number(guess):
        ax.axhline(guess, color=plots.PURPLE, linestyle=":", linewidth=1.4)
        ax.annotate("your guess", (0.01, guess), xycoords=("axes fraction", "data"), va="bottom", color=plots.PURPLE)
    ax.set(xlabel="moment at which the request was due (s)", ylabel="time until the answer (ms)")
    ax.set_ylim(bottom=0)
    ax.legend(frameon=False, loc="upper left")
    return ax


def bars(frame: pd.DataFrame, name: str, values: dict, xlabel: str, guess=None, ax=None):
    """Draw one group of bars for each `name`, a bar with its number for each column of `values` (column → its words).

    Groups stand in the order of the frame, the first on top; the bars of a group differ in colour and hatch, and one
    column needs no legend. A number as `guess` is an upright dotted line. Returns the Axes. Raises ValueError for a
    frame without those columns.
    """
    plots.need(frame, (name, *values))
    ax = ax if ax is not None else plots.axes(height=1.3 + 0.24 * len(frame) * len(values) + 0.12 * len(frame))
    thick = 0.8 / len(values)
    for number, (column, words) in enumerate(values.items()):
        places = [row + thick * (number - (len(values) - 1) / 2) for row in range(len(frame))]
        look = {"color": plots.COLOURS[number], "hatch": ("", "//", "..")[number % 3], "edgecolor": "white"}
        ax.barh(places, frame[column], height=thick * 0.9, label=words, linewidth=0.5, **look)
        for place, value in zip(places, frame[column], strict=True):
            ax.annotate(f"{value:g}", (value, place), xytext=(4, 0), textcoords="offset points", va="center")
    top = max(frame[column].max() for column in values)
    if plots.is_number(guess):
        ax.axvline(guess, color=plots.PURPLE, linestyle=":")
        ax.annotate(" your guess", (guess, 0.02), xycoords=("data", "axes fraction"), color=plots.PURPLE)
        top = max(top, guess)
    ax.set_yticks(range(len(frame)), frame[name])
    ax.set(xlabel=xlabel, xlim=(0, 1.12 * top or 1), ylim=(len(frame) - 0.5, -0.5))
    if len(values) > 1:
        ax.figure.legend(*ax.get_legend_handles_labels(), loc="outside lower center", ncols=len(values), frameon=False)
    return ax


def survival(frame: pd.DataFrame):
    """Draw a matrix for each `design`: one line a `fault`, one column a `page`; returns the figure.

    A page that came (`status` "200") is a pale field with ✔, any other a dark one with what came instead. Order of the
    frame. Raises ValueError for a frame without those columns, or empty.
    """
    plots.need(frame, ("design", "fault", "page", "status"))
    if frame.empty:
        raise ValueError("no page was asked for, so there is nothing to draw: provoke a fault first.")
    designs = list(dict.fromkeys(frame.design))
    faults, pages = list(dict.fromkeys(frame.fault)), list(dict.fromkeys(frame.page))
    figure = Figure(figsize=(9.6, 1.3 + 0.38 * len(faults)), layout="constrained")
    for ax, design in zip(figure.subplots(1, len(designs), sharey=True, squeeze=False)[0], designs, strict=True):
        rows = frame[frame.design == design].set_index(["fault", "page"]).status
        for line, fault in enumerate(faults):
            for column, page in enumerate(pages):
                if (fault, page) in rows.index:
                    _field(ax, column, line, rows[fault, page])
        ax.set_xticks(range(len(pages)), pages)
        ax.set_yticks(range(len(faults)), faults)
        ax.set(xlim=(-0.5, len(pages) - 0.5), ylim=(len(faults) - 0.5, -0.5), xlabel=f"page ({design})")
        ax.spines[:].set_visible(False)
        ax.tick_params(length=0)
    return figure


def _field(ax, column, line, status):
    came = status == "200"
    look = {"facecolor": "#d9eef7", "edgecolor": "white"} if came else {"facecolor": "#8c2d04", "edgecolor": "white"}
    ax.add_patch(_square(column, line, look))
    words = "✔" if came else status if status.isdigit() else "—"
    ax.text(column, line, words, ha="center", va="center", fontsize=9, color="0.2" if came else "white")


def _square(column, line, look):
    from matplotlib.patches import Rectangle

    return Rectangle((column - 0.48, line - 0.46), 0.96, 0.92, **look)
