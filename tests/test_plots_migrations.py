"""The pictures of lesson 03: every migration has its box, every need its arrow, every way its points."""

import pandas as pd
import pytest
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from helpers import plots_migrations

DIAMOND = pd.DataFrame(
    {
        "migration": ["0001_initial", "0002_left", "0002_right", "0003_both"],
        "needs": [(), ("0001_initial",), ("0001_initial",), ("0002_left", "0002_right")],
        "applied": [True, True, False, False],
        "leaf": [False, False, False, True],
    }
)


def boxes(ax):
    return [each for each in ax.patches if isinstance(each, FancyBboxPatch)]


def test_a_box_for_each_migration_and_an_arrow_for_each_need():
    ax = plots_migrations.graph(DIAMOND)
    assert len(boxes(ax)) == 4
    arrows = [each for each in ax.patches if isinstance(each, FancyArrowPatch)]
    assert len(arrows) == 4
    assert all(arrow._posA_posB[0][0] < arrow._posA_posB[1][0] for arrow in arrows), "earlier ones stand on the left"


def test_states_are_told_in_words_not_by_colour_alone():
    texts = [each.get_text() for each in plots_migrations.graph(DIAMOND).texts]
    assert texts == [
        "0001_initial",
        "applied",
        "0002_left",
        "applied",
        "0002_right",
        "not applied",
        "0003_both",
        "not applied · leaf",
    ]
    assert [box.get_linestyle() for box in boxes(plots_migrations.graph(DIAMOND))] == ["-", "-", "--", "--"]


def test_no_box_covers_another():
    places = [(box.get_x(), box.get_y()) for box in boxes(plots_migrations.graph(DIAMOND))]
    assert len(set(places)) == 4


def test_what_is_no_graph_is_told():
    with pytest.raises(ValueError, match="no migrations"):
        plots_migrations.graph(DIAMOND.drop(columns="needs"))
    with pytest.raises(ValueError, match="no migrations"):
        plots_migrations.graph(DIAMOND.head(0))
    circle = DIAMOND.assign(needs=[("0003_both",), *DIAMOND.needs[1:]])
    with pytest.raises(ValueError, match="circle"):
        plots_migrations.graph(circle)


def test_waits_are_points_one_kind_for_each_way():
    frame = pd.DataFrame({"second": [0.0, 0.1, 0.2], "wait_ms": [1.0, 900.0, 2.0], "way": ["one", "one", "three"]})
    ax = plots_migrations.waits(frame)
    assert [list(line.get_ydata()) for line in ax.lines] == [[1.0, 900.0], [2.0]]
    assert len({line.get_marker() for line in ax.lines}) == 2
    assert "ms" in ax.get_ylabel() and ax.get_yscale() == "log"
    with pytest.raises(ValueError, match="no column wait_ms"):
        plots_migrations.waits(frame.drop(columns="wait_ms"))
