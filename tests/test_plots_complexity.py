"""Pictures of complexity: every step is a point with its name, in order; before and after are told by shares."""

import numpy as np
import pytest

from helpers import complexity, plots_complexity

FLAT = "def f(a):\n    return a\n"
DEEP = "def f(a):\n    if a:\n        if a > 1:\n            return 2\n        return 1\n    return 0\n"


@pytest.fixture
def frame():
    return complexity.compare({"deep": DEEP, "middle": DEEP.replace("a > 1", "a > 2 and a"), "flat": FLAT})


def test_a_path_has_a_point_and_a_name_for_each_step_and_an_arrow_between_two(frame):
    ax = plots_complexity.path(frame)
    assert ax.lines[0].get_xydata().tolist() == frame[["lines", "complexity"]].astype(float).to_numpy().tolist()
    assert [text.get_text() for text in ax.texts] == ["", "", "deep", "middle", "flat"]
    arrows = [(text.xyann, text.xy) for text in ax.texts[:2]]
    assert [tuple(map(float, start)) for start, _ in arrows] == [(6.0, 3.0), (6.0, 4.0)]
    assert ax.get_xlabel() == "lines of source" and ax.get_ylabel() == "cyclomatic complexity"


def test_a_name_stands_on_the_side_that_no_arrow_takes(frame):
    ax = plots_complexity.path(frame)  # up to the middle, then far down
    sides = {text.get_text(): text.get_va() for text in ax.texts if text.get_text()}
    assert sides == {"deep": "top", "middle": "bottom", "flat": "top"}


def test_each_panel_marks_the_steps_at_which_its_measure_fell(frame):
    figure = plots_complexity.panels(frame, {"complexity": "ways through", "lines": "lines"})
    assert [ax.get_title("left") for ax in figure.axes] == ["ways through", "lines"]
    for ax, measure in zip(figure.axes, ("complexity", "lines"), strict=True):
        line, fell, stayed = (each.get_ydata() for each in ax.lines)
        assert line.tolist() == frame[measure].tolist()
        assert np.isnan(fell[:2]).all() and fell[2] == frame[measure][2]
        assert stayed[:2].tolist() == frame[measure][:2].tolist() and np.isnan(stayed[2])
        assert [text.get_text() for text in ax.texts] == [f"{each}" for each in frame[measure]]
    assert [label.get_text() for label in figure.axes[-1].get_xticklabels()] == ["deep", "middle", "flat"]
    assert len(figure.legends) == 1


def test_before_and_after_are_shares_of_before_with_the_numbers_beside_them(frame):
    ax = plots_complexity.before_after(frame)
    assert ax.lines[-1].get_xdata().tolist() == [1 / 3, 0.0, 0.0, 2 / 6]
    assert [text.get_text() for text in ax.texts] == ["3", "1", "2", "0", "2", "0", "6", "2"]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["deep", "flat"]


def test_a_measure_that_was_nought_before_is_left_out(frame):
    ax = plots_complexity.before_after(frame.iloc[::-1])
    assert [label.get_text() for label in ax.get_yticklabels()] == ["cyclomatic complexity", "lines of source"]


def test_frames_that_cannot_be_drawn_are_refused_in_a_sentence(frame):
    with pytest.raises(ValueError, match="no step in this frame"):
        plots_complexity.path(frame.iloc[:0])
    with pytest.raises(ValueError, match="before and after are two rows"):
        plots_complexity.before_after(frame.iloc[:1])
    with pytest.raises(ValueError, match="a fall takes two rows"):
        plots_complexity.panels(frame.iloc[:1], {"lines": "lines"})
    with pytest.raises(ValueError, match="no column poems"):
        plots_complexity.panels(frame, {"poems": "poems"})
    with pytest.raises(ValueError, match="complexity"):
        plots_complexity.path(frame.drop(columns="complexity"))
