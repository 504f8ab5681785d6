"""The relation map: read from `_meta`, both names on every arrow, and nothing in it overlaps."""

import itertools
import random

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from helpers import plots_relations
from helpers.project import boot as kernel


@pytest.fixture(scope="module")
def conference():
    kernel.boot()
    from django.apps import apps

    return plots_relations.relations(apps.get_app_config("conference").get_models())


@pytest.fixture
def scratch():
    kernel.clear_scratch()
    yield
    kernel.clear_scratch()


def declared(name, **fields):
    from django.db import models

    meta = type("Meta", (), {"app_label": "scratch"})
    return type(name, (models.Model,), {"__module__": __name__, "Meta": meta, **fields})


def invented(seed, boxes=7, arrows=11):
    """A frame of relations between `boxes` models, cycles and a relation to itself among them."""
    choose = random.Random(seed)
    rows = []
    for number in range(arrows):
        model, to = (f"Model{choose.randrange(boxes)}" for _ in range(2))
        kind = choose.choice(list(plots_relations.KINDS))
        rows.append((model, f"field_{number}", kind, to, f"accessor_{number}", f"lookup_{number}"))
    return pd.DataFrame(rows, columns=plots_relations.COLUMNS)


def drawn(ax):
    """The axes after drawing, with the rectangles of its texts and boxes in pixels."""
    canvas = FigureCanvasAgg(ax.figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    boxes = [each.get_window_extent(renderer) for each in ax.patches if hasattr(each, "get_boxstyle")]
    texts = {each.get_text(): each.get_window_extent(renderer) for each in ax.texts}
    return boxes, texts


def test_the_frame_is_read_from_the_models(conference):
    assert len(conference) == 7
    known = conference.set_index(["model", "field"])
    assert known.loc[("Talk", "room")].tolist() == ["foreign key", "Room", "talk_set", "talk"]
    assert known.loc[("Talk", "speakers")].tolist() == ["many-to-many", "Speaker", "talks", "talks"]
    assert known.loc[("Profile", "speaker")].tolist() == ["one-to-one", "Speaker", "profile", "profile"]


def test_names_of_a_declared_model_and_a_way_that_is_closed(conference, scratch):
    from django.db import models

    from helpers.conference.models import Speaker

    open_way = models.ForeignKey(Speaker, models.CASCADE, related_name="badges", related_query_name="badge")
    badge = declared("Badge", owner=open_way, printed_by=models.ForeignKey(Speaker, models.CASCADE, related_name="+"))
    frame = plots_relations.relations([badge])
    assert frame[["accessor", "lookup"]].values.tolist() == [["badges", "badge"], ["none", "none"]]


def test_a_relation_to_nobody_is_told(conference, scratch):
    from django.db import models

    badge = declared("Badge", owner=models.ForeignKey("scratch.Nobody", models.CASCADE))
    with pytest.raises(ValueError, match="Badge.owner points to 'scratch.Nobody', a model that does not exist"):
        plots_relations.relations([badge])


def test_every_arrow_carries_both_names(conference):
    texts = [each.get_text() for each in plots_relations.relation_map(conference).texts]
    for row in conference.itertuples():
        assert f"field: {row.field}\naccessor: {row.accessor}\nlookup: {row.lookup}" in texts
    assert {"Room", "Speaker", "Attendee", "Profile", "Talk", "Speaking", "Rating"} < set(texts)
    assert plt.get_fignums() == []


@pytest.mark.parametrize("seed", [None, *range(8)])
def test_nothing_overlaps(conference, seed):
    frame = conference if seed is None else invented(seed)
    boxes, texts = drawn(plots_relations.relation_map(frame))
    names = {*frame.model, *frame.to}
    inside = [area for text, area in texts.items() if text.split("\n")[0] in names]
    labels = [area for text, area in texts.items() if text.split("\n")[0] not in names]
    assert len(boxes) == len(inside) == len(names) and len(labels) == (frame.model != frame.to).sum()
    for one, other in itertools.combinations([*boxes, *labels], 2):
        assert not one.overlaps(other)
    for text in inside:
        assert any(box.x0 <= text.x0 and text.x1 <= box.x1 and box.y0 <= text.y0 and text.y1 <= box.y1 for box in boxes)


@pytest.mark.parametrize("seed", [None, *range(8)])
def test_an_arrow_touches_no_label_but_its_own_and_no_box_but_its_two(conference, seed):
    frame = conference if seed is None else invented(seed)
    ax = plots_relations.relation_map(frame)
    boxes, texts = drawn(ax)
    names = {*frame.model, *frame.to}
    labels = [area for text, area in texts.items() if text.split("\n")[0] not in names]
    arrows = [each for each in ax.patches if not hasattr(each, "get_boxstyle")]
    assert len(arrows) == len(labels)
    for arrow in arrows:
        points = ax.transData.transform_path(arrow._path_original).to_polygons(closed_only=False)[0]
        points = [point for ends in itertools.pairwise(points) for point in np.linspace(*ends, 20)]
        assert sum(any(area.padded(-1).contains(*point) for point in points) for area in labels) == 1
        assert sum(any(area.padded(-3).contains(*point) for point in points) for area in boxes) == 0


def test_arrows_point_to_the_model_that_the_field_names_in_a_cycle_too():
    rows = [("A", "b", "foreign key", "B", "a_set", "a"), ("B", "a", "one-to-one", "A", "b", "b")]
    ax = plots_relations.relation_map(pd.DataFrame(rows, columns=plots_relations.COLUMNS))
    at = {each.get_text(): each.get_position()[0] for each in ax.texts}
    arrows = [each for each in ax.patches if not hasattr(each, "get_boxstyle")]
    for arrow, (model, to) in zip(arrows, ("AB", "BA"), strict=True):
        first, last = arrow._path_original.vertices[[0, -1], 0]
        assert abs(first - at[model]) < abs(first - at[to]) and abs(last - at[to]) < abs(last - at[model])


def test_the_words_name_every_arrow(conference):
    words = plots_relations.described(conference)
    assert words.startswith("Map of 7 relations.")
    assert "Talk.room to Room (foreign key): accessor talk_set, lookup talk." in words


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (pd.DataFrame({"model": ["A"]}), "no column field and no kind"),
        (pd.DataFrame(columns=plots_relations.COLUMNS), "nothing to draw"),
    ],
)
def test_a_frame_that_cannot_be_drawn_is_told(frame, words):
    with pytest.raises(ValueError, match=words):
        plots_relations.relation_map(frame)
