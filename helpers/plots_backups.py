"""The pictures of lesson 16: what each form costs, which check says no, and the calendar of what is kept."""

import datetime

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from helpers import plots

_KINDS = {  # kind: (colour, letter in the square)
    "deleted": ("0.93", ""),
    "first of the year": (plots.VERMILION, "Y"),
    "first of the month": (plots.BLUE, "M"),
    "first of the week": (plots.GREEN, "w"),
    "last days": (plots.ORANGE, "d"),
}
CHECKED = "check (dot: passed · cross: failed · point: not reached)"


def forms(frame: pd.DataFrame, panels: dict):
    """Draw one panel of bars for each column of `panels` (column → label with unit), a bar for each row of `frame`.

    The rows of all panels stand in the order of the frame, the first on top. Returns the figure. Raises ValueError for
    a frame without those columns, or empty.
    """
    plots.need(frame, panels)
    if frame.empty:
        raise ValueError("there is no form to draw: measure one first.")
    figure = Figure(figsize=(7.5, 1.3 + 0.4 * len(frame)), layout="constrained")
    places = range(len(frame))[::-1]
    for ax, (column, label) in zip(
        figure.subplots(1, len(panels), sharey=True, squeeze=False)[0], panels.items(), strict=True
    ):
        ax.barh(places, frame[column], height=0.6, color=plots.COLOURS[0])
        for number, place in zip(frame[column], places, strict=True):
            text = f"{number:,.0f}" if number >= 10 or number == int(number) else f"{number:.2f}"
            ax.annotate(text, (number, place), xytext=(4, 0), textcoords="offset points", va="center")
        ax.set(xlabel=label, yticks=list(places), xlim=(0, 1.35 * max(frame[column].max(), 1e-9)))
        ax.set_yticklabels(frame.index)
        ax.spines[["top", "right"]].set_visible(False)
    return figure


def checked(frame: pd.DataFrame, ax=None, xlabel: str = CHECKED, ylabel: str = "dump"):
    """Draw what each check (a column) said of each dump or copy (a row): a dot for True, a cross for False.

    Anything else is a small point. The first row is on top. Returns the Axes. Raises ValueError for an empty frame.
    """
    if frame.empty:
        raise ValueError("there is no drill to draw: run one first.")
    ax = ax if ax is not None else plots.axes(height=1.6 + 0.36 * len(frame))
    for row, (_, told) in enumerate(frame.iterrows()):
        for column, said in enumerate(told):
            if isinstance(said, bool | np.bool_):
                plots.verdict(ax, column, len(frame) - 1 - row, said)
            else:
                ax.plot(column, len(frame) - 1 - row, ".", color="0.75", markersize=4)
    ax.set_xticks(range(frame.shape[1]), [str(each).replace(" ", "\n", 1) for each in frame.columns])
    ax.set_yticks(range(len(frame))[::-1], frame.index)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.set(xlim=(-0.5, frame.shape[1] - 0.5), ylim=(-0.5, len(frame) - 0.5))
    return ax


def calendar(kept, start: datetime.date, end: datetime.date, days: int = 7, weeks: int = 5, months: int = 12):
    """Draw a square for each day from `start` to before `end`, one band a year; the days in `kept` by why they stay.

    A column is a week that begins on Monday. `days`, `weeks` and `months` are what the rule was asked for. Returns the
    figure. Raises ValueError where `end` is not after `start`.
    """
    if not end > start:
        raise ValueError(f"end={end} is not after start={start}: a calendar needs a day.")
    kinds = why(kept, days, weeks, months)
    years = range(start.year, (end - datetime.timedelta(days=1)).year + 1)
    figure = Figure(figsize=(7.5, 0.9 + 1.25 * len(years)), layout="constrained")
    for ax, year in zip(figure.subplots(len(years), 1, sharex=True, squeeze=False)[:, 0], years, strict=True):
        _one_year(ax, year, kinds, start, end)
    ax.set_xlabel("week of the year (number)")
    marks = [ax.plot([], [], "s", color=colour, markersize=8)[0] for colour, _ in _KINDS.values()]
    labels = [f"{letter}  {kind}" if letter else kind for kind, (_, letter) in _KINDS.items()]
    figure.legend(marks, labels, loc="outside lower center", ncols=len(labels), frameon=False, fontsize=8)
    return figure


def why(kept, days: int, weeks: int, months: int) -> dict[datetime.date, str]:
    """Why each date of `kept` stays: the rarest reason that holds, first of its year, month or week, or last days."""
    dates, reasons = sorted(set(kept)), {}
    for kind, number, period in (
        ("first of the year", len(dates), lambda date: date.year),
        ("first of the month", months, lambda date: (date.year, date.month)),
        ("first of the week", weeks, lambda date: date.isocalendar()[:2]),
        ("last days", days, lambda date: date),
    ):
        first = {}
        for date in dates:
            first.setdefault(period(date), date)
        for date in list(first.values())[-number:] if number else ():
            reasons.setdefault(date, kind)
    return reasons


def _one_year(ax, year, kinds, start, end):
    first = datetime.date(year, 1, 1)
    for number in range(366):
        date = first + datetime.timedelta(days=number)
        if date.year != year or not start <= date < end:
            continue
        column, row = (number + first.weekday()) // 7, date.weekday()
        colour, letter = _KINDS[kinds.get(date, "deleted")]
        ax.add_patch(_square(column, row, colour))
        if letter:
            ax.text(column, row, letter, ha="center", va="center", fontsize=6, color="white", fontweight="bold")
    ax.set(xlim=(-0.6, 53.6), ylim=(6.6, -0.6), ylabel=str(year), yticks=[0, 6])
    ax.set_yticklabels(["Mon", "Sun"])
    ax.spines[:].set_visible(False)


def _square(column, row, colour):
    from matplotlib.patches import Rectangle

    return Rectangle((column - 0.45, row - 0.45), 0.9, 0.9, color=colour, linewidth=0)
