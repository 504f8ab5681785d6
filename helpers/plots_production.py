"""The pictures of lesson 13: which log tells of which answer, how much one area shows, what fails during a deploy."""

import pandas as pd

from helpers import plots


def layers(frame: pd.DataFrame, logs, ax=None):
    """Draw which of `logs` (columns with numbers of lines) tells of each request: a filled dot where it has a line.

    One line a request, with its `status`; the first on top. Returns the Axes. Raises ValueError for a frame without
    those columns, or empty.
    """
    plots.need(frame, ("status", *logs))
    if frame.empty:
        raise ValueError("there is no request to draw: provoke some first.")
    ax = ax if ax is not None else plots.axes(height=1.3 + 0.36 * len(frame))
    places = range(len(frame))[::-1]
    for column, log in enumerate(logs):
        for place, lines in zip(places, frame[log], strict=True):
            style = {"color": plots.COLOURS[column], "markersize": 11} if lines else {"color": "0.75", "markersize": 3}
            ax.plot(column, place, "o", **style)
    ax.set_xticks(range(len(logs)), logs)
    ax.set_yticks(places, [f"{name}: {status}" for name, status in zip(frame.index, frame["status"], strict=True)])
    ax.set(xlabel="log (a large dot: it gained a line)", xlim=(-0.5, len(logs) - 0.5), ylim=(-0.5, len(frame) - 0.5))
    return ax


def found(counts: pd.Series, seen: str, guess=None, ax=None):
    """Draw the number of differences in each area (the index of `counts`) as bars, the first on top.

    The area `seen` is filled, the others are hatched outlines; a `guess` that is a number is an upright dotted line.
    Returns the Axes. Raises ValueError where `seen` is no area of `counts`.
    """
    if seen not in counts.index:
        raise ValueError(f"seen={seen!r} is no area here: take one of {', '.join(map(str, counts.index))}.")
    ax = ax if ax is not None else plots.axes(height=1.2 + 0.32 * len(counts))
    for place, (area, number) in zip(range(len(counts))[::-1], counts.items(), strict=True):
        style = (
            {"color": plots.COLOURS[0]} if area == seen else {"facecolor": "white", "edgecolor": "0.4", "hatch": "//"}
        )
        ax.barh(place, number, height=0.6, **style)
        ax.annotate(str(number), (number, place), xytext=(5, 0), textcoords="offset points", va="center")
    ax.set_yticks(range(len(counts))[::-1], counts.index)
    top = counts.max()
    if plots.is_number(guess):
        ax.axvline(guess, color=plots.PURPLE, linestyle=":")
        ax.annotate(" your guess", (guess, 0.02), xycoords=("data", "axes fraction"), color=plots.PURPLE)
        top = max(top, guess)
    ax.set(xlabel=f"differences (number); filled: what comparing {seen} finds", xlim=(0, 1.15 * top))
    return ax


def deploys(frame: pd.DataFrame, ax=None):
    """Draw every request of each `deploy` at its `start_s`, one line a deploy, the first on top; failures are crosses.

    `outcome` is what came, "200" is well; the number of failures stands at the end of a line. Returns the Axes. Raises
    ValueError for a frame without those columns, or empty.
    """
    plots.need(frame, ("deploy", "start_s", "outcome"), "hand in what load.closed gave, with the name of the deploy")
    if frame.empty:
        raise ValueError("there is no request to draw: send some while you deploy.")
    names = list(dict.fromkeys(frame.deploy))
    ax = ax if ax is not None else plots.axes(height=1.3 + 0.5 * len(names))
    end = frame.start_s.max()
    for place, name in zip(range(len(names))[::-1], names, strict=True):
        rows = frame[frame.deploy == name]
        well = rows.outcome == "200"
        ax.plot(rows.start_s[well], [place] * well.sum(), "|", color=plots.COLOURS[0], markersize=9)
        ax.plot(rows.start_s[~well], [place] * (~well).sum(), "x", color=plots.VERMILION, markersize=9)
        ax.annotate(f"{(~well).sum()} of {len(rows)} failed", (1.04 * end, place), va="center")
    ax.set_yticks(range(len(names))[::-1], names)
    ax.set(xlabel="seconds since the first request (|: answered 200, ×: failed)")
    ax.set(xlim=(-0.03 * end, 1.35 * end or 1), ylim=(-0.6, len(names) - 0.4))
    return ax
