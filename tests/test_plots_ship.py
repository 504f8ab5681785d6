"""The pictures of lesson 15: waits as points, counts as hatched bars, a field for each page and fault."""

import pandas as pd
import pytest

from helpers import plots_ship

WAITS = pd.DataFrame({"start_s": [0.0, 1.0], "latency_ms": [120.0, 20.0], "way": ["in the request", "shipped off"]})
COUNTS = pd.DataFrame({"setup": ["PUSH", "PUB"], "sent": [200, 200], "done": [200, 76]})
STATUSES = pd.DataFrame(
    [("tight", "mail", "text", "200"), ("tight", "mail", "order", "500"), ("loose", "nginx", "text", "no answer")],
    columns=["design", "fault", "page", "status"],
)


def test_each_way_has_points_of_its_own_and_the_guess_is_a_level():
    ax = plots_ship.waits(WAITS, guess=50)
    assert [(line.get_label(), list(line.get_ydata())) for line in ax.lines[:2]] == [
        ("in the request", [120.0]),
        ("shipped off", [20.0]),
    ]
    assert ax.lines[0].get_marker() != ax.lines[1].get_marker()
    assert list(ax.lines[2].get_ydata()) == [50, 50]
    assert len(plots_ship.waits(WAITS, guess=...).lines) == 2


def test_bars_carry_their_numbers_and_differ_in_hatch():
    ax = plots_ship.bars(COUNTS, "setup", {"sent": "sent", "done": "done"}, "messages", guess=300)
    assert [bar.get_width() for bar in ax.patches] == [200, 200, 200, 76]
    assert [text.get_text() for text in ax.texts] == ["200", "200", "200", "76", " your guess"]
    assert ax.patches[0].get_hatch() != ax.patches[2].get_hatch()
    assert [label.get_text() for label in ax.get_yticklabels()] == ["PUSH", "PUB"]
    assert ax.get_ylim()[0] > ax.get_ylim()[1] and ax.get_xlim()[1] > 300


def test_bars_of_nothing_still_have_an_axis():
    ax = plots_ship.bars(COUNTS.assign(sent=0, done=0), "setup", {"done": "done"}, "messages")
    assert ax.get_xlim()[1] > 0


def test_a_page_that_came_has_a_tick_and_any_other_its_status():
    figure = plots_ship.survival(STATUSES)
    tight, loose = figure.axes
    assert {(text.get_position(), text.get_text()) for text in tight.texts} == {((0, 0), "✔"), ((1, 0), "500")}
    assert {(text.get_position(), text.get_text()) for text in loose.texts} == {((0, 1), "—")}
    assert [label.get_text() for label in tight.get_yticklabels()] == ["mail", "nginx"]
    assert [ax.get_xlabel() for ax in figure.axes] == ["page (tight)", "page (loose)"]
    assert tight.patches[0].get_facecolor() != tight.patches[1].get_facecolor()


def test_what_cannot_be_drawn_is_told():
    with pytest.raises(ValueError, match="no column latency_ms"):
        plots_ship.waits(WAITS[["start_s", "way"]])
    with pytest.raises(ValueError, match="no column lost"):
        plots_ship.bars(COUNTS, "setup", {"lost": "lost"}, "messages")
    with pytest.raises(ValueError, match="no column status"):
        plots_ship.survival(STATUSES[["design", "fault", "page"]])
    with pytest.raises(ValueError, match="no page was asked for"):
        plots_ship.survival(STATUSES[:0])
