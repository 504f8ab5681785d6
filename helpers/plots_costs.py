"""Pictures of what a cache costs: answers during an outage, times, wrong answers over time, parts of a page."""

import pandas as pd

from helpers.plots import BLUE, COLOURS, GREEN, LINES, MARKERS, ORANGE, PURPLE, VERMILION, axes, need

OUTCOMES = {"from the cache": GREEN, "from the database": BLUE, "error 500": VERMILION, "wrong": PURPLE}


def answers(frame: pd.DataFrame, marks: dict | None = None, ax=None):
    """Draw every answer at its `start_s`: one band for each `way`, one row and colour in it for each `outcome`.

    Outcomes are the keys of OUTCOMES; `marks` maps a word to the second at which it happens. Returns the Axes. Raises
    ValueError for a frame without those columns, or another outcome.
    """
    need(frame, ("start_s", "outcome", "way"))
    strangers = set(frame.outcome) - set(OUTCOMES)
    if strangers:
        raise ValueError(f"outcome {sorted(strangers)[0]!r} has no colour: it is one of {', '.join(OUTCOMES)}.")
    ways = list(dict.fromkeys(frame.way))
    ax = ax if ax is not None else axes(height=1.4 + 0.9 * len(ways))
    for number, (outcome, colour) in enumerate(OUTCOMES.items()):
        rows = frame[frame.outcome == outcome]
        if len(rows):
            place = rows.way.map(ways.index) + 0.2 * (number - 1)
            ax.plot(rows.start_s, place, MARKERS[number], color=colour, label=outcome, markersize=4)
    for word, second in (marks or {}).items():
        ax.axvline(second, color="0.45", linewidth=1, linestyle=":")
        ax.annotate(f" {word}", (second, 0.99), xycoords=("data", "axes fraction"), va="top", color="0.3")
    ax.set_yticks(range(len(ways)), ways)
    ax.set(xlabel="time (s)", ylim=(len(ways) - 0.5, -0.9))
    ax.legend(loc="upper center", bbox_to_anchor=(0.4, -0.16), ncols=4, frameon=False)
    return ax


def spans(frame: pd.DataFrame, xlabel: str, ax=None):
    """Draw `ms` of each `question` on one logarithmic axis: median as a point, the middle 90 % as a bar.

    One kind of point for each `where`; questions stand in the order of the frame, the first on top; `xlabel` names the
    times. Returns the Axes. Raises ValueError for a frame without those columns.
    """
    need(frame, ("question", "where", "ms"))
    ax = ax if ax is not None else axes(height=4.2)
    table = frame.groupby(["where", "question"], sort=False).ms.quantile([0.05, 0.5, 0.95]).unstack()
    names = list(dict.fromkeys(frame.question))
    for number, (where, rows) in enumerate(table.groupby(level="where", sort=False)):
        place = [names.index(question) + 0.16 * (number - 1) for _, question in rows.index]
        ax.hlines(place, rows[0.05], rows[0.95], color=COLOURS[number], linewidth=2, alpha=0.6)
        ax.plot(rows[0.5], place, MARKERS[number], color=COLOURS[number], label=where, markersize=6)
    ax.set_yticks(range(len(names)), names)
    ax.set(xscale="log", xlabel=xlabel, ylim=(len(names) - 0.5, -0.5))
    ax.xaxis.set_major_formatter("{x:g}")
    ax.legend(loc="upper center", bbox_to_anchor=(0.4, -0.14), ncols=3, frameon=False)  # else its marks pass for data
    return ax


def over_seconds(frame: pd.DataFrame, value: str, ylabel: str, ax=None):
    """Draw the column `value` against `second`: points for each `setup` that was measured, a line for its theory.

    `source` is "measured" or "theory"; a setup has one colour for both. Returns the Axes. Raises ValueError for a frame
    without those columns.
    """
    need(frame, ("second", value, "setup", "source"))
    ax = ax if ax is not None else axes()
    for number, setup in enumerate(dict.fromkeys(frame.setup)):
        rows = frame[frame.setup == setup].sort_values("second")
        for source, points in rows.groupby("source"):
            mark = MARKERS[number] if source == "measured" else LINES[number % len(LINES)]
            label = setup if source == "measured" else f"{setup}: {source}"
            ax.plot(points.second, points[value], mark, color=COLOURS[number], label=label, markersize=6)
    ax.set(xlabel="time (s)", ylabel=ylabel)
    ax.set_ylim(bottom=0)
    ax.legend(frameon=False)
    return ax


def parts(frame: pd.DataFrame, xlabel: str, ax=None):
    """Draw one bar for each row of `frame` (index: the page; columns: its parts), its parts end to end.

    `xlabel` names their measure and unit. Returns the Axes. Raises ValueError for a part that is no number.
    """
    if not all(frame[each].dtype.kind in "if" for each in frame):
        raise ValueError("a part of this frame is no number: one column for each part is needed.")
    ax = ax if ax is not None else axes(height=1.6 + 0.5 * len(frame))
    left = pd.Series(0.0, frame.index)
    for part, colour, hatch in zip(frame, (BLUE, ORANGE, GREEN, PURPLE), ("", "//", "..", "xx"), strict=False):
        ax.barh(frame.index, frame[part], left=left, color=colour, hatch=hatch, edgecolor="white", label=part)
        left = left + frame[part]
    ax.invert_yaxis()
    ax.grid(False, axis="y")
    ax.set(xlabel=xlabel)
    ax.legend(loc="upper center", bbox_to_anchor=(0.4, -0.2), ncols=4, frameon=False)
    return ax
