"""The pictures of lesson 17: servers in panels, cuts as dots and crosses, runs on a time line."""

import pandas as pd
import pytest

from helpers import plots_python_way

TABLE = pd.DataFrame(
    {"server": ["one", "two"], "ready_s": [0.5, 1.5], "requests_s": [100, 90], "clients": [0, 4], "views": [4, 4]}
)
CUTS = pd.DataFrame({"script": ["typed", "typed", "sure"], "cut": [0, 1, 0], "right": [True, False, True]})


def test_servers_have_a_panel_for_each_number_and_one_for_what_was_answered():
    figure = plots_python_way.servers(
        TABLE, {"ready_s": "ready (s)", "requests_s": "requests/s"}, {"clients": "clients", "views": "views"}, asked=4
    )
    ready, speed, answered = figure.axes
    assert [label.get_text() for label in ready.get_yticklabels()] == ["one", "two"]
    assert list(ready.lines[0].get_xdata()) == [0.5, 1.5] and list(ready.lines[0].get_ydata()) == [1, 0]
    assert [text.get_text() for text in speed.texts] == ["100", "90"]
    assert [text.get_text() for text in ready.texts] == ["0.5", "1.5"]
    drawn = {(line.get_xdata()[0], line.get_ydata()[0]): line.get_marker() for line in answered.lines}
    assert drawn == {(0, 1): "X", (0, 0): "o", (1, 1): "o", (1, 0): "o"}
    assert answered.get_xlabel() == "quick pages answered (of 4)"


def test_a_cut_that_ended_right_is_a_dot_and_another_a_cross():
    ax = plots_python_way.cuts(CUTS)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["sure", "typed"]
    assert [(line.get_xdata()[0], line.get_ydata()[0], line.get_marker()) for line in ax.lines] == [
        (0, 1, "o"),
        (1, 1, "X"),
        (0, 0, "o"),
    ]


def test_runs_are_bars_from_their_beginning_to_their_end():
    frame = pd.DataFrame({"rule": ["a", "a", "b"], "began_s": [0, 2, 1], "ended_s": [1, 3, 4]})
    ax = plots_python_way.runs(frame, due=[0, 1, 2], away=(0.5, 1.5))
    bars = sorted((bar.get_x(), bar.get_width()) for bar in ax.patches if bar.get_height() < 0.5)
    assert bars == [(0, 1), (1, 3), (2, 1)]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["b", "a"]
    assert len(ax.lines) == 3


def test_what_cannot_be_drawn_is_told():
    with pytest.raises(ValueError, match="no column right"):
        plots_python_way.cuts(CUTS[["script", "cut"]])
    with pytest.raises(ValueError, match="no run to draw"):
        plots_python_way.cuts(CUTS[:0])
    with pytest.raises(ValueError, match="no column server"):
        plots_python_way.servers(TABLE.drop(columns="server"), {"ready_s": "s"}, {"clients": "c"}, 4)
    with pytest.raises(ValueError, match="no column ended_s"):
        plots_python_way.runs(pd.DataFrame({"rule": [], "began_s": []}))
