"""The picture of lesson 07: points for what was measured, lines for theory, the guess on its own ground."""

import pandas as pd
import pytest

from helpers import plots_urls

FRAME = pd.DataFrame(
    {
        "patterns": [10, 10, 100, 100, 10_000],
        "how": ["one list", "groups", "one list", "groups", "one list"],
        "microseconds": [4.0, 6.0, 30.0, 20.0, 3100.0],
    }
)


def lines(ax):
    return {line.get_label(): line for line in ax.lines}


def test_measured_is_points_and_theory_is_lines():
    ax = plots_urls.resolving(FRAME)
    drawn = lines(ax)
    assert drawn["one list, measured"].get_linestyle() == "None"
    assert drawn["one list, measured"].get_ydata().tolist() == [4.0, 30.0, 3100.0]
    assert drawn["one list, measured"].get_marker() != drawn["groups, measured"].get_marker()
    assert drawn["theory: n tries"].get_ydata() == pytest.approx([3.0, 30.0, 3000.0])
    assert drawn["theory: 2√n tries"].get_ydata() == pytest.approx([0.6 * 10**0.5, 6.0, 60.0])
    assert ax.get_xscale() == ax.get_yscale() == "log" and "(µs)" in ax.get_ylabel()


def test_a_guess_is_times_slower_than_a_hundred_patterns():
    assert lines(plots_urls.resolving(FRAME, guess=50))["your guess"].get_xydata().tolist() == [[10_000, 1500.0]]
    assert "your guess" not in lines(plots_urls.resolving(FRAME, guess=...))


@pytest.mark.parametrize("guess", [0, -3, True, "100", float("nan")])
def test_a_guess_that_is_no_number_above_zero_is_told(guess):
    with pytest.raises(ValueError, match="is a number above 0"):
        plots_urls.resolving(FRAME, guess=guess)


def test_a_frame_that_cannot_be_drawn_is_told():
    with pytest.raises(ValueError, match="no column how and no microseconds"):
        plots_urls.resolving(FRAME[["patterns"]])
    for frame in (FRAME[FRAME.patterns != 100], FRAME.iloc[:0]):
        with pytest.raises(ValueError, match="measure 100"):
            plots_urls.resolving(frame)
