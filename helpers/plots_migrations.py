"""Pictures of lesson 03: a migration graph as boxes and arrows, and the waits of a writer beside a migration."""

import textwrap

import pandas as pd
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from helpers import plots

_BOX_WIDTH, _BOX_HEIGHT, _STEP = 0.82, 0.62, 1.12


def graph(frame: pd.DataFrame, ax=None):
    """Draw the migrations of `Project.graph()`, earlier ones on the left, an arrow from each to what needs it.

    `frame` has one row a migration: `migration`, `needs` (a tuple of names), `applied`, `leaf`. A box says whether its
    migration is applied, and a leaf has a thick frame. Returns the Axes. Raises ValueError for a frame without these
    columns or without rows, and for migrations that need each other in a circle.
    """
    missing = [name for name in ("migration", "needs", "applied", "leaf") if name not in frame]
    if missing or frame.empty:
        raise ValueError("this frame holds no migrations: hand in what project.graph() returned.")
    places = _places(frame)
    columns = 1 + max(x for x, _ in places.values())
    rows = 1 + max(y for _, y in places.values()) - min(y for _, y in places.values())
    ax = ax if ax is not None else plots.axes(width=min(9.5, 2.1 * columns + 0.4), height=0.95 * rows + 0.75)
    for row in frame.itertuples():
        x, y = _middle(places[row.migration])
        for earlier in row.needs:
            if earlier in places:
                from_x, from_y = _middle(places[earlier])
                ends = (from_x + _BOX_WIDTH / 2, from_y), (x - _BOX_WIDTH / 2, y)
                ax.add_patch(FancyArrowPatch(*ends, arrowstyle="-|>", mutation_scale=13, color="0.3", zorder=1))
        _draw_box(ax, row, x, y)
    middles = [_middle(place) for place in places.values()]
    ax.set_xlim(min(x for x, _ in middles) - 0.5, max(x for x, _ in middles) + 0.5)
    ax.set_ylim(min(y for _, y in middles) - 0.45, max(y for _, y in middles) + 0.45)
    ax.set_axis_off()
    return ax


def waits(frame: pd.DataFrame, ax=None):
    """Draw `wait_ms` of each write (log scale) against `second` since the migration began, one kind of point a `way`.

    Returns the Axes. Raises ValueError for a frame without these columns.
    """
    missing = [name for name in ("second", "wait_ms", "way") if name not in frame]
    if missing:
        raise ValueError(f"this frame has no column {' and no '.join(missing)}: hand in one row a write.")
    ax = ax if ax is not None else plots.axes()
    for number, (way, rows) in enumerate(frame.groupby("way", sort=False)):
        marker, colour = plots.MARKERS[number], plots.COLOURS[number]
        ax.plot(rows.second, rows.wait_ms, marker, color=colour, label=str(way), markersize=5, alpha=0.7)
    ax.set_yscale("log")
    ax.set(xlabel="seconds since the migration began", ylabel="wait of one write (ms, log scale)")
    ax.legend(frameon=False)
    return ax


def _places(frame):
    """Column (longest way from a first migration) and row of every migration."""
    needs = {row.migration: [each for each in row.needs] for row in frame.itertuples()}
    depth: dict[str, int] = {}
    while len(depth) < len(needs):
        ready = [
            name
            for name in needs
            if name not in depth and all(each in depth or each not in needs for each in needs[name])
        ]
        if not ready:
            raise ValueError("these migrations need each other in a circle: no order can satisfy them.")
        for name in ready:
            depth[name] = 1 + max((depth[each] for each in needs[name] if each in depth), default=-1)
    columns: dict[int, list[str]] = {}
    for name in needs:
        columns.setdefault(depth[name], []).append(name)
    return {
        name: (column, (len(names) - 1) / 2 - position)
        for column, names in columns.items()
        for position, name in enumerate(names)
    }


def _middle(place):
    return place[0] * _STEP, place[1]


def _draw_box(ax, row, x, y):
    corner = (x - _BOX_WIDTH / 2, y - _BOX_HEIGHT / 2)
    box = FancyBboxPatch(
        corner,
        _BOX_WIDTH,
        _BOX_HEIGHT,
        boxstyle="round,pad=0,rounding_size=0.06",
        facecolor="#DCEBF5" if row.applied else "white",
        edgecolor=plots.VERMILION if row.leaf else plots.BLUE,
        linewidth=2.6 if row.leaf else 1.2,
        linestyle="-" if row.applied else "--",
        zorder=2,
    )
    ax.add_patch(box)
    name = "\n".join(textwrap.wrap(row.migration.replace("_", " "), 19)).replace(" ", "_")
    state = ("applied" if row.applied else "not applied") + (" · leaf" if row.leaf else "")
    ax.text(x, y + 0.08, name, ha="center", va="center", fontsize=9, zorder=3)
    ax.text(x, y - 0.2, state, ha="center", va="center", fontsize=7.5, color="0.25", zorder=3)
