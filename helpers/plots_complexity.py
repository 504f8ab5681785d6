"""Pictures of how hard source is to follow: its path and its measures step by step, and one text before and after."""

from matplotlib.figure import Figure

from helpers.plots import BLUE, ORANGE, axes, need

MEASURES = {
    "complexity": "cyclomatic complexity",
    "conditionals": "conditionals",
    "nesting": "depth of nesting",
    "lines": "lines of source",
}


def path(frame, x: str = "lines", y: str = "complexity", ax=None):
    """Draw each row of `frame` (column `name`, as `complexity.compare` makes it) as a point, joined by arrows in order.

    `x` and `y` are the columns for the two axes, with their words from MEASURES where they have some. Returns the
    Axes. Raises ValueError for a frame without those columns, or without a row.
    """
    need(frame, ("name", x, y))
    if frame.empty:
        raise ValueError("there is no step in this frame: measure at least one text first.")
    ax = ax if ax is not None else axes()
    points = frame[[x, y]].astype(float).to_numpy()
    for start, end in zip(points[:-1], points[1:], strict=True):
        ax.annotate("", end, start, arrowprops={"arrowstyle": "->", "color": "0.55", "shrinkA": 6, "shrinkB": 6})
    ax.plot(*points.T, "o", color=BLUE, markersize=7)
    for number, (name, point) in enumerate(zip(frame.name, points, strict=True)):
        above = _is_free_above(points[:, 1], number)
        ax.annotate(
            name,
            point,
            xytext=(0, 9 if above else -9),
            textcoords="offset points",
            ha="center",
            va="bottom" if above else "top",
        )
    ax.set(xlabel=MEASURES.get(x, x), ylabel=MEASURES.get(y, y))
    ax.margins(0.14, 0.16)
    return ax


def panels(frame, measures: dict[str, str]):
    """Draw each column of `measures` (column → its words) in a panel of its own, over the rows of `frame` in order.

    A row that has less than the one before is a filled triangle, any other a hollow circle; the numbers stand above
    the points. Returns the Figure, without a title. Raises ValueError for a frame without those columns and `name`, or
    with fewer than two rows.
    """
    need(frame, ("name", *measures))
    if len(frame) < 2:
        raise ValueError("a fall takes two rows: measure the text before the change and the one after it.")
    figure = Figure(figsize=(7.5, 1.0 + 1.15 * len(measures)), layout="constrained")
    rows = figure.subplots(len(measures), sharex=True, squeeze=False)[:, 0]
    places = range(len(frame))
    for ax, (measure, words) in zip(rows, measures.items(), strict=True):
        values = frame[measure].astype(float)
        fell = values.diff().to_numpy() < 0
        ax.plot(places, values, color="0.75", linewidth=1.4, zorder=1)
        ax.plot(places, values.where(fell), "v", color=BLUE, markersize=9, label="less than the step before")
        ax.plot(places, values.where(~fell), "o", color="0.4", markerfacecolor="white", label="as much or more")
        for number, value in enumerate(values):
            ax.annotate(f"{value:g}", (number, value), (0, 7), textcoords="offset points", ha="center", va="bottom")
        ax.set_title(words, loc="left", fontsize="medium")
        ax.set(ylim=(0, 1.45 * max(values.max(), 1)), yticks=[])
        ax.grid(axis="x", alpha=0.25)
        ax.spines[["top", "right", "left"]].set_visible(False)
    ax.set_xticks(places, frame.name)
    ax.set_xlabel("step")
    figure.legend(*ax.get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False)
    return figure


def before_after(frame, ax=None):
    """Draw the first and the last row of `frame` against each other: one line for each measure of `complexity.compare`.

    The axis counts in shares of the first row (1 = as before); the numbers themselves stand beside the points. A
    measure that is 0 before has no share, and is left out. Returns the Axes. Raises ValueError for a frame without
    those columns, or with fewer than two rows.
    """
    need(frame, ("name", *MEASURES))
    if len(frame) < 2:
        raise ValueError("before and after are two rows: measure the text before the change and the one after it.")
    before, after = frame.iloc[0], frame.iloc[-1]
    shown = [measure for measure in MEASURES if before[measure]]
    ax = ax if ax is not None else axes(height=1.2 + 0.55 * len(shown))
    shares = [after[measure] / before[measure] for measure in shown]
    ax.hlines(range(len(shown)), 1, shares, color="0.6", linewidth=2)
    ax.plot([1] * len(shown), range(len(shown)), "s", color=ORANGE, markersize=8, label=before["name"])
    ax.plot(shares, range(len(shown)), "o", color=BLUE, markersize=8, label=after["name"])
    for place, (measure, share) in enumerate(zip(shown, shares, strict=True)):
        for value, where, left in ((before[measure], 1, share > 1), (after[measure], share, share <= 1)):
            side = -9 if left else 9
            ax.annotate(
                f"{value:g}",
                (where, place),
                xytext=(side, 0),
                textcoords="offset points",
                va="center",
                ha="right" if left else "left",
            )
    ax.set_yticks(range(len(shown)), [MEASURES[measure] for measure in shown])
    ax.set(xlabel=f"share of “{before['name']}” (1 = as before)", ylim=(len(shown) - 0.5, -0.5))
    ax.margins(x=0.15)
    ax.legend(loc="upper center", bbox_to_anchor=(0.4, -0.28), ncols=2, frameon=False)
    return ax


def _is_free_above(heights, number):
    """True where the arrows at a point lead, on the whole, down from it: its name is readable above."""
    neighbours = [heights[each] for each in (number - 1, number + 1) if 0 <= each < len(heights)]
    return sum(each - heights[number] for each in neighbours) <= 0
