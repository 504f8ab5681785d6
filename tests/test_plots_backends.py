"""The pictures of lesson 12: every value at its place, and a sentence for a frame that is none of theirs."""

import pandas as pd
import pytest

from helpers import plots_backends

BACKENDS = pd.DataFrame(
    {
        "backend": ["memcached", "files", "memcached", "files"],
        "workers": [1, 1, 4, 4],
        "hit_rate": [0.7, 0.6, 0.65, 0.55],
        "requests_per_s": [300, 200, 900, 500],
    }
)
PANELS = {"hit_rate": "hit rate (%)", "requests_per_s": "answers a second"}


def test_every_panel_has_one_kind_of_dots_a_group_and_the_first_row_on_top():
    figure = plots_backends.side_by_side(BACKENDS, PANELS, "backend", "workers", guess=0.5)
    left, right = figure.axes
    assert [list(line.get_xdata()) for line in left.lines[:2]] == [[0.7, 0.6], [0.65, 0.55]]
    assert [list(line.get_xdata()) for line in right.lines] == [[300, 200], [900, 500]]
    assert [list(line.get_ydata()) for line in right.lines] == [[-0.09, 0.91], [0.09, 1.09]]  # 0 memcached, 1 files
    assert [label.get_text() for label in left.get_yticklabels()] == ["memcached", "files"]
    assert left.get_ylim()[0] > left.get_ylim()[1]  # the first name is the highest
    assert left.get_xlabel() == "hit rate (%)" and left.lines[2].get_xdata()[0] == 0.5


def test_dots_are_no_guess_and_theory_is_a_stroke():
    frame = BACKENDS.assign(source=["measured", "measured", "theory", "theory"])
    figure = plots_backends.side_by_side(frame, {"hit_rate": "hit rate (%)"}, "backend", "source", guess=...)
    measured, theory = figure.axes[0].lines
    assert (measured.get_marker(), theory.get_marker()) == ("o", "|")


def test_a_guess_that_lies_outside_is_named_and_does_not_stretch_the_picture():
    for guess, words in ((60, "your guess, 60, lies outside (0.6 is 60 %)"), (-3, "your guess, -3, lies outside")):
        left, _ = plots_backends.side_by_side(BACKENDS, PANELS, "backend", "workers", guess=guess).axes
        (said,) = left.texts
        assert words in said.get_text()
        assert len(left.lines) == 2 and left.get_xlim() == (-0.03, 1.03)
        box = said.get_window_extent()
        assert box.x1 <= left.get_window_extent().x1


def test_a_legend_stands_where_there_is_more_than_one_kind_of_dots():
    one = BACKENDS[BACKENDS.workers == 1]
    assert plots_backends.side_by_side(one, PANELS, "backend", "workers").legends == []
    assert len(plots_backends.side_by_side(BACKENDS, PANELS, "backend", "workers").legends) == 1


def test_growth_joins_the_points_of_each_setup_in_the_order_of_x():
    frame = pd.DataFrame({"entries": [100, 10, 100, 10], "ms": [4, 2, 1, 1], "setup": ["files"] * 2 + ["memory"] * 2})
    ax = plots_backends.growth(frame, "entries", "ms", "entries", "time (ms)")
    assert [list(line.get_ydata()) for line in ax.lines] == [[2, 4], [1, 1]]
    assert (ax.get_xscale(), ax.get_yscale(), ax.get_ylabel()) == ("log", "log", "time (ms)")


def test_freshness_puts_a_cross_where_something_was_wrong():
    frame = pd.DataFrame(
        {"change": ["save", "raw", "save", "raw"], "setup": ["a", "a", "b", "b"], "wrong": [False, True, False, False]}
    )
    ax = plots_backends.freshness(frame)
    right, wrong = ax.lines
    assert ax.get_xlabel() and ax.get_ylabel()
    assert list(zip(right.get_xdata(), right.get_ydata(), strict=True)) == [(0, 0), (1, 0), (1, 1)]
    assert list(zip(wrong.get_xdata(), wrong.get_ydata(), strict=True)) == [(0, 1)]
    assert (right.get_marker(), wrong.get_marker()) == ("o", "X")


@pytest.mark.parametrize(
    "draw",
    [
        lambda frame: plots_backends.side_by_side(frame, PANELS, "backend", "workers"),
        lambda frame: plots_backends.growth(frame, "entries", "ms", "entries", "time (ms)"),
        plots_backends.freshness,
    ],
)
def test_a_frame_without_the_columns_is_refused_in_a_sentence(draw):
    with pytest.raises(ValueError, match="this frame has no column"):
        draw(pd.DataFrame({"something": [1]}))
