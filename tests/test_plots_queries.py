"""Pictures of queries: points for what was measured, lines for theory, axes from one, a guess drawn in."""

import pandas as pd
import pytest

from helpers import plots_queries

FRAME = pd.DataFrame(
    {
        "rows": [10, 100, 10, 100],
        "queries": [21, 201, 21, 201],
        "ms": [1.0, 9.0, 2.0, 3.0],
        "way": ["naive", "naive", "", ""],
        "source": ["measured", "measured", "1 + 2 × rows", "1 + 2 × rows"],
    }
)


def test_queries_are_points_theory_is_a_line_and_both_axes_begin_at_one():
    ax = plots_queries.queries(FRAME)
    lines = {line.get_label(): line for line in ax.lines}
    assert lines["naive"].get_linestyle() == "None" and lines["naive"].get_xdata().tolist() == [10, 100]
    assert lines["1 + 2 × rows"].get_linestyle() == "-"
    assert (ax.get_xscale(), ax.get_yscale(), ax.get_xlim()[0], ax.get_ylim()[0]) == ("log", "log", 1, 1)


def test_a_guess_is_a_level_and_dots_are_not():
    assert len(plots_queries.queries(FRAME, guess=100).lines) == len(plots_queries.queries(FRAME, guess=...).lines) + 1
    with pytest.raises(ValueError, match="1 or more"):
        plots_queries.queries(FRAME, guess=0)


def test_a_second_database_has_hollow_points():
    frame = FRAME.assign(way="naive", database=["SQLite", "SQLite", "PostgreSQL", "PostgreSQL"])
    fills = {line.get_label(): line.get_fillstyle() for line in plots_queries.milliseconds(frame).lines}
    assert fills == {"naive, SQLite": "full", "naive, PostgreSQL": "none"}


def test_an_answer_is_as_wide_as_its_columns_and_as_high_as_its_rows():
    frame = pd.DataFrame({"way": ["a", "b", "b"], "what": ["t", "t", "r"], "rows": [4, 4, 2], "columns": [5, 3, 2]})
    patches = plots_queries.shapes(frame).patches
    assert [(each.get_width(), each.get_height()) for each in patches] == [(5, 4), (3, 4), (2, 2)]
    assert len({each.get_x() for each in patches}) == 3


def test_counts_stand_beside_the_line_on_which_they_would_be_right():
    frame = pd.DataFrame({"right": [0, 2, 5], "counted": [0, 4, 5], "way": "two joins"})
    line, points = plots_queries.counts(frame).lines
    assert line.get_xdata().tolist() == line.get_ydata().tolist() == [1, 5]
    assert points.get_ydata().tolist() == [4, 5]


@pytest.mark.parametrize("draw", [plots_queries.queries, plots_queries.shapes, plots_queries.counts])
def test_a_frame_without_its_columns_is_told(draw):
    with pytest.raises(ValueError, match="no column"):
        draw(pd.DataFrame({"a": [1]}))
