"""The picture of lesson 06: points for each way, a guess drawn in, and a sentence for what cannot be drawn."""

import pandas as pd
import pytest

from helpers import plots_signals

FRAME = pd.DataFrame({"rest_ms": [5, 0, 0, 5], "found": [0.0, 0.4, 1.0, 1.0], "way": ["a", "a", "b", "b"]})


def test_each_way_is_a_kind_of_points_in_the_order_of_time():
    ax = plots_signals.found(FRAME)
    points = {line.get_label(): line for line in ax.lines if line.get_linestyle() == "None"}
    assert list(points) == ["a", "b"]
    assert points["a"].get_xdata().tolist() == [0, 5] and points["a"].get_ydata().tolist() == [0.4, 0.0]
    assert points["a"].get_marker() != points["b"].get_marker()
    assert "(ms)" in ax.get_xlabel() and "(%)" in ax.get_ylabel()


def test_a_guess_is_drawn_and_dots_are_not():
    assert len(plots_signals.found(FRAME, guess=0.5).lines) == len(plots_signals.found(FRAME, guess=...).lines) + 1
    with pytest.raises(ValueError, match="between 0 and 1"):
        plots_signals.found(FRAME, guess=50)


def test_a_frame_without_its_columns_is_told():
    with pytest.raises(ValueError, match="no column found and no way"):
        plots_signals.found(FRAME[["rest_ms"]])
