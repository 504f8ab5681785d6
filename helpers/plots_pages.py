"""Pictures of lesson 11: which page read how many rows of which model, and counts that lie on each other."""

import pandas as pd
from matplotlib.figure import Figure

from helpers import plots


def dependencies(frame: pd.DataFrame, pages=None, marked=(), ax=None):
    """Draw how many rows of each `model` each `page` read: one line a page, one column a model, darker for more.

    `frame` has one row for each row read. `pages` are the pages to draw, in order (all of them unless given); those in
    `marked` stand in vermilion with an arrow, so that colour is not all that tells them apart. Returns the Axes. Raises
    ValueError for a frame without those columns, or a marked page that is not drawn.
    """
    missing = [name for name in ("page", "model") if name not in frame]
    if missing:
        raise ValueError(f"this frame has no column {' and no '.join(missing)}: one row for each row read is needed.")
    pages = list(dict.fromkeys(frame.page)) if pages is None else list(pages)
    strangers = [each for each in marked if each not in pages]
    if strangers:
        raise ValueError(f"marked has {strangers[0]!r}, which is not among the pages: add it to `pages`.")
    counts = frame.groupby(["page", "model"]).size().unstack(fill_value=0).reindex(pages, fill_value=0)
    ax = ax if ax is not None else plots.axes(height=1.2 + 0.36 * len(pages))
    ax.imshow(counts.clip(upper=40) ** 0.5, cmap="Blues", vmin=0, vmax=12, aspect="auto")
    for line, (_, row) in enumerate(counts.iterrows()):
        for column, number in enumerate(row):
            if number:
                ax.text(column, line, f"{number:,}", ha="center", va="center")
    ax.set_xticks(range(counts.shape[1]), counts.columns)
    ax.set_yticks(range(len(pages)), [f"→ {page}" if page in marked else page for page in pages])
    for label, page in zip(ax.get_yticklabels(), pages, strict=True):
        label.set_color(plots.VERMILION if page in marked else "0.3")
    ax.set(xlabel="model (number: rows read)")
    ax.grid(False)
    return ax


def counts(frame: pd.DataFrame, value: str, xlabel: str, name: str, group: str, ax=None):
    """Draw the column `value` as `plots.dots` does, larger dots below smaller ones, so that equal counts stay visible.

    Returns the Axes. Raises ValueError for a frame without those columns.
    """
    ax = plots.dots(frame, value, xlabel, name, group, ax if ax is not None else plots.axes(height=3.2))
    for number, line in enumerate(ax.lines):
        line.set_markersize(max(13 - 4 * number, 4))
    ax.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.4, -0.2), ncols=4)
    return ax


def panels(frame: pd.DataFrame, values: dict, name: str):
    """Draw one panel a column of `values` side by side, a dot with its number for each `name`; returns the figure.

    `values` maps columns to their names with units. Each panel begins at zero and has a scale of its own; the lines of
    all panels stand in the order of the frame, the first on top. Raises ValueError for a frame without those columns.
    """
    plots.need(frame, (name, *values))
    figure = Figure(figsize=(7.5, 1.4 + 0.32 * len(frame)), layout="constrained")
    places = range(len(frame))[::-1]
    panes = figure.subplots(1, len(values), sharey=True, squeeze=False)[0]
    for ax, (column, label) in zip(panes, values.items(), strict=True):
        ax.plot(frame[column], places, "o", color=plots.COLOURS[0], markersize=7, clip_on=False, zorder=3)
        decimals = 0 if (frame[column] % 1 == 0).all() else 2
        for number, place in zip(frame[column], places, strict=True):
            ax.annotate(
                f"{number:,.{decimals}f}", (number, place), xytext=(7, 0), textcoords="offset points", va="center"
            )
        ax.set(xlabel=label, xlim=(0, max(frame[column].max(), 1e-9) * 1.5), yticks=places, yticklabels=frame[name])
        ax.set_ylim(-0.6, len(frame) - 0.4)
        ax.grid(alpha=0.25)
        ax.spines[["top", "right"]].set_visible(False)
    return figure
