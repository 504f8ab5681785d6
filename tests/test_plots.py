"""Pictures: measured data are points, theory is lines, a guess is drawn in, and nothing reaches pyplot."""

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from helpers import plots

FRAME = pd.DataFrame(
    {"capacity_items": [1, 2, 1, 2], "hit_rate": [0.1, 0.2, 0.1, 0.3], "source": ["measured"] * 2 + ["lru"] * 2}
)


def test_measured_rows_are_points_and_theory_is_a_line():
    lines = {line.get_label(): line for line in plots.hit_rate(FRAME).lines}
    assert lines["measured"].get_linestyle() == "None" and lines["measured"].get_marker() == "o"
    assert lines["lru"].get_linestyle() == "-" and lines["lru"].get_marker() == "None"
    assert plt.get_fignums() == []


def test_a_guess_is_drawn_and_dots_are_not():
    assert len(plots.hit_rate(FRAME, guess=0.5).lines) == len(plots.hit_rate(FRAME, guess=...).lines) + 1


@pytest.mark.parametrize("guess", [80, -0.1, "half", True])
def test_a_guess_that_is_no_fraction_is_told(guess):
    with pytest.raises(ValueError, match="fraction between 0 and 1"):
        plots.hit_rate(FRAME, guess=guess)


def test_a_frame_without_its_columns_is_told():
    with pytest.raises(ValueError, match="no column requests_seen"):
        plots.over_time(FRAME)


def test_windows_are_points_over_the_requests():
    frame = pd.DataFrame({"requests_seen": [10, 20], "hit_rate": [0.1, 0.5]})
    assert plots.over_time(frame).lines[0].get_xdata().tolist() == [10, 20]
