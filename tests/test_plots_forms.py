"""The pictures of lesson 04: steps in order, counts with a guess, bars of outcomes, a sentence for bad frames."""

import pandas as pd
import pytest

from helpers import plots, plots_forms

TRACE = pd.DataFrame(
    {
        "lane": ["seats", "seats", "form", "seats", "form"],
        "call": ["to_python", "validate", "clean", "to_python", "clean"],
        "ok": [True, True, True, False, True],
        "sent": ["fine", "fine", "fine", "many", "many"],
    }
)
COUNTS = pd.DataFrame({"reloads": [1, 0, 0, 1], "rows": [2, 1, 1, 1], "ends in": ["a", "a", "b", "b"]})


def test_each_step_has_its_number_in_each_column_and_a_dash_where_it_did_not_run():
    ax = plots_forms.order(TRACE)
    assert [label.get_text() for label in ax.get_yticklabels()] == [
        "seats: to_python",
        "seats: validate",
        "form: clean",
    ]
    said = {(round(text.xy[0]), round(text.xy[1])): text.get_text() for text in ax.texts if text.get_text() != "raises"}
    assert said == {(0, 0): "1", (0, 1): "2", (0, 2): "3", (1, 0): "1", (1, 1): "–", (1, 2): "2"}
    squares = [line for line in ax.lines if line.get_marker() == "s"]
    assert [(line.get_xdata()[0], line.get_ydata()[0]) for line in squares] == [(1, 0)]
    assert squares[0].get_color() == plots.VERMILION
    assert [text.get_text() for text in ax.texts].count("raises") == 1


def test_counts_are_points_in_the_order_of_x_and_a_guess_is_drawn():
    ax = plots_forms.counted(COUNTS, "reloads", "rows", group="ends in", guess={1: 5, 0: ...})
    points = {line.get_label(): line for line in ax.lines if line.get_linestyle() == "None"}
    assert points["a"].get_xdata().tolist() == [0, 1] and points["a"].get_ydata().tolist() == [1, 2]
    assert points["a"].get_marker() != points["b"].get_marker()
    guesses = [line for line in ax.lines if line.get_label() == "your guess"]
    assert [(list(line.get_xdata()), list(line.get_ydata())) for line in guesses] == [([1], [5])]


def test_a_bar_is_cut_into_its_counts_and_each_part_says_what_it_is():
    ways = pd.DataFrame({"way": ["checked", "caught"], "saved": [8, 1], "told": [0, 7], "failed": [0, 0]})
    ax = plots_forms.outcomes(ways, "way", ["saved", "told", "failed"])
    assert [label.get_text() for label in ax.get_yticklabels()] == ["checked", "caught"]
    assert ax.yaxis_inverted() and {text.get_text() for text in ax.texts} == {"8 saved", "1 saved", "7 told"}
    widths = [[round(bar.get_width()) for bar in part] for part in ax.containers]
    begins = [[round(bar.get_x()) for bar in part] for part in ax.containers]
    assert (widths, begins) == ([[8, 1], [0, 7], [0, 0]], [[0, 0], [8, 1], [8, 8]])
    places = {text.get_text(): (text.xy[0], text.xy[1]) for text in ax.texts}
    assert places == {"8 saved": (4, 0), "1 saved": (0.5, 1), "7 told": (4.5, 1)}


def test_what_cannot_be_drawn_is_told():
    with pytest.raises(ValueError, match="no column told"):
        plots_forms.outcomes(pd.DataFrame({"way": ["a"], "saved": [1]}), "way", ["saved", "told"])
    with pytest.raises(ValueError, match="no column ok and no sent"):
        plots_forms.order(TRACE[["lane", "call"]])
    with pytest.raises(ValueError, match="trace a form first"):
        plots_forms.order(TRACE.iloc[:0])
    with pytest.raises(ValueError, match="a number of rows"):
        plots_forms.counted(COUNTS, "reloads", "rows", group="ends in", guess={1: "many"})
    with pytest.raises(ValueError, match="no column rows"):
        plots_forms.counted(COUNTS[["reloads", "ends in"]], "reloads", "rows", group="ends in")
