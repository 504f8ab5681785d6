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


def test_named_guesses_are_marked_and_strangers_are_told():
    frame = FRAME.assign(setup=["a", "a", "", ""])
    labels = [line.get_label() for line in plots.hit_rate(frame, guess={"a"}).lines]
    assert "a (your guess)" in labels
    with pytest.raises(ValueError, match="guess names 'b'"):
        plots.hit_rate(frame, guess={"b"})


def test_marks_and_simulated_lines_stand_beside_the_windows():
    frame = pd.DataFrame(
        {"requests_seen": [10, 20, 10, 20], "hit_rate": [0.1, 0.5, 0.2, 0.4], "source": ["measured"] * 2 + ["LRU"] * 2}
    )
    ax = plots.over_time(frame, marks={"crawler": 15})
    assert [line.get_label() for line in ax.lines[:2]] == ["LRU", "measured"]
    assert ax.texts[0].get_text().strip() == "crawler"


def test_latency_draws_points_a_line_and_the_break_even():
    frame = pd.DataFrame(
        {"hit_rate": [0, 1, 0, 1], "latency_ms": [2, 1, 2, 1], "source": ["measured"] * 2 + ["formula"] * 2}
    )
    ax = plots.latency(frame, break_even=0.25)
    assert len(ax.lines) == 3 and "25%" in ax.texts[0].get_text()
    assert len(plots.latency(frame, break_even=1.5).lines) == 2


def test_dots_are_sorted_with_the_smallest_on_top():
    frame = pd.DataFrame({"source": ["a", "b"], "gap": [1.0, 3.0]})
    ax = plots.dots(frame, "gap", "gap (points)")
    assert [each.get_text() for each in ax.get_yticklabels()] == ["b", "a"]
