"""The relation map: models as boxes, each arrow carrying both names of the way back, all of it read from `_meta`.

`relations(models)` gives the frame, `relation_map(frame)` its picture, `described(frame)` the same in words.
"""

import itertools

import pandas as pd
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.path import Path

from helpers import plots, plots_relations_layout

COLUMNS = ["model", "field", "kind", "to", "accessor", "lookup"]
KINDS = {"foreign key": ("-", plots.BLUE), "one-to-one": ("--", plots.VERMILION), "many-to-many": (":", plots.GREEN)}
NONE = "none"  # a relation without a way back, as related_name="+" makes it
LETTER, LINE, ROW = 0.085, 0.18, 0.82  # inches: a letter's width, a line's height, a place in a column


def relations(models) -> pd.DataFrame:
    """One row a relation that these model classes declare themselves, in the order of their fields.

    `model`, `field`, `kind` ("foreign key", "one-to-one", "many-to-many"), `to` (the model pointed at), and the two
    names of the way back: `accessor` (an attribute of an instance) and `lookup` (a word in `filter`); "none" where
    there is no way back. Raises ValueError for a relation to a model that nobody has declared.
    """
    rows = []
    for model in models:
        for field in (*model._meta.local_fields, *model._meta.local_many_to_many):
            if not field.is_relation:
                continue
            if isinstance(field.related_model, str):
                raise ValueError(
                    f"{model.__name__}.{field.name} points to {field.related_model!r}, a model that does not exist: "
                    "declare it first, or mend the name."
                )
            kind = "many-to-many" if field.many_to_many else "one-to-one" if field.one_to_one else "foreign key"
            hidden = field.remote_field.hidden
            accessor = NONE if hidden else field.remote_field.get_accessor_name()
            lookup = NONE if hidden else field.related_query_name()
            rows.append((model.__name__, field.name, kind, field.related_model.__name__, accessor, lookup))
    return pd.DataFrame(rows, columns=COLUMNS)


def described(frame: pd.DataFrame) -> str:
    """The map in words, an arrow a sentence: the alt text of its picture. `frame` is what `relations` returned."""
    arrows = [
        f"{row.model}.{row.field} to {row.to} ({row.kind}): accessor {row.accessor}, lookup {row.lookup}."
        for row in frame.itertuples()
    ]
    return f"Map of {len(arrows)} relations. " + " ".join(arrows)


def relation_map(frame: pd.DataFrame):
    """Draw the models of `frame` as boxes, its rows as arrows with field, accessor and lookup name; returns the Axes.

    Boxes stand in columns, an arrow's model left of the model that it points to; each label has a place of its own, so
    that nothing overlaps. A relation of a model to itself stands inside its box. Raises ValueError for a frame without
    the columns of `relations`, or without rows.
    """
    missing = [name for name in COLUMNS if name not in frame]
    if missing:
        raise ValueError(
            f"this frame has no column {' and no '.join(missing)}: hand in what relations(models) returned."
        )
    if frame.empty:
        raise ValueError("there is no relation in this frame, so there is nothing to draw: hand in models with some.")
    arrows = [row for row in frame.itertuples() if row.model != row.to]
    texts = _box_texts(frame)
    routes = plots_relations_layout.routes(arrows, plots_relations_layout.columns_of(texts, arrows))
    columns = plots_relations_layout.ordered(texts, routes)
    ax, places = _paper(columns, texts, arrows)
    for arrow, route in zip(arrows, routes, strict=True):
        _draw_arrow(ax, arrow, route, routes, places)
    for name, text in texts.items():
        x, y, width, height = places[name]
        ax.add_patch(_box(x, y, width, height))
        ax.text(x, y, text, ha="center", va="center", fontsize=10, family="monospace", zorder=4)
    handles = [
        ax.plot([], [], line, color=colour, label=kind)[0]
        for kind, (line, colour) in KINDS.items()
        if kind in set(frame.kind)
    ]
    ax.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, 0), ncol=3, frameon=False)
    return ax


def _label(row):
    return f"field: {row.field}\naccessor: {row.accessor}\nlookup: {row.lookup}"


def _box_texts(frame):
    texts = {name: name for name in dict.fromkeys([*frame.model, *frame.to])}
    for row in frame[frame.model == frame.to].itertuples():
        texts[row.model] += f"\n\n({row.kind} to itself)\n{_label(row)}"
    return texts


def _paper(columns, texts, arrows):
    """Axes whose units are inches, and node → (x, y of the middle, width, height)."""
    sizes = {name: _size(text, 0.3) for name, text in texts.items()}
    sizes |= {node: _size(_label(arrows[node[1]]), 0) for column in columns for node in column if node[0] == "label"}
    tall = max(sum(max(ROW, sizes.get(node, (0, 0))[1] + 0.2) for node in column) for column in columns)
    places, left = {}, 0.1
    for column in columns:
        wide = max(sizes.get(node, (0, 0))[0] for node in column)
        needs = [max(ROW, sizes.get(node, (0, 0))[1] + 0.2) for node in column]
        spare, top = (tall - sum(needs)) / len(column), tall
        for node, need in zip(column, needs, strict=True):
            width, height = sizes.get(node, (0, 0))
            places[node] = (left + wide / 2, top - (need + spare) / 2, width or wide, height)
            top -= need + spare
        left += wide + 0.45
    wide = left - 0.35
    ax = plots.axes(width=wide + 0.2, height=tall + 0.8)
    ax.set(xlim=(0, wide), ylim=(0, tall))
    ax.set_axis_off()
    return ax, places


def _size(text, margin):
    lines = text.splitlines()
    return max(map(len, lines)) * LETTER + margin, len(lines) * LINE + margin


def _box(x, y, width, height):
    shape = "round,pad=0,rounding_size=0.08"
    return FancyBboxPatch(
        (x - width / 2, y - height / 2), width, height, boxstyle=shape, facecolor="#F4F4F4", edgecolor="0.25", zorder=3
    )


def _draw_arrow(ax, arrow, route, routes, places):
    line, colour = KINDS[arrow.kind]
    points = []
    for number, (_, node) in enumerate(route):
        x, y, width, _ = places[node]
        if number in (0, len(route) - 1):
            y = _port(node, route, routes, places)
        ends = [x - width / 2, x + width / 2]
        points += (
            [(ends[1], y)] if number == 0 else [(ends[0], y)] if number == len(route) - 1 else [(e, y) for e in ends]
        )
    if route[0][1] != arrow.model:
        points.reverse()
    vertices, codes = [points[0]], [Path.MOVETO]
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        vertices += [((x0 + x1) / 2, y0), ((x0 + x1) / 2, y1), (x1, y1)]
        codes += [Path.CURVE4] * 3
    path = Path(vertices, codes)
    ax.add_patch(FancyArrowPatch(path=path, arrowstyle="-|>", mutation_scale=13, color=colour, linestyle=line, lw=1.5))
    label = next(node for _, node in route if node[0] == "label")
    x, y, *_ = places[label]
    white = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}
    ax.text(x, y, _label(arrow), ha="center", va="center", fontsize=9, family="monospace", color=colour, bbox=white)


def _port(name, route, routes, places):
    """Where an arrow meets a box: those on one side share it, in the order in which they come, none on another."""
    right = route[0][1] == name
    neighbours = sorted(
        (places[each[1][1] if right else each[-2][1]][1], number)
        for number, each in enumerate(routes)
        if each[0 if right else -1][1] == name
    )
    mine = next(place for place, (_, number) in enumerate(neighbours) if routes[number] is route)
    _, y, _, height = places[name]
    return y + height * ((mine + 1) / (len(neighbours) + 1) - 0.5)
