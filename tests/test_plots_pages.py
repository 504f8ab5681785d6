"""The pictures of lesson 11: numbers in their places, marked pages, equal counts that stay visible."""

import pandas as pd
import pytest

from helpers import plots, plots_pages

READ = pd.DataFrame(
    [["/", "Talk", 1], ["/", "Talk", 2], ["/", "Room", 1], ["/b/", "Talk", 1], ["/c/", "Speaker", 7]],
    columns=["page", "model", "pk"],
)


def test_every_number_stands_in_the_line_of_its_page():
    ax = plots_pages.dependencies(READ)
    pages = [label.get_text() for label in ax.get_yticklabels()]
    models = [label.get_text() for label in ax.get_xticklabels()]
    told = {(pages[text.get_position()[1]], models[text.get_position()[0]]): text.get_text() for text in ax.texts}
    assert told == {("/", "Talk"): "2", ("/", "Room"): "1", ("/b/", "Talk"): "1", ("/c/", "Speaker"): "1"}
    assert "rows read" in ax.get_xlabel()


def test_chosen_pages_stand_in_the_order_given_and_marked_ones_are_told_by_more_than_colour():
    ax = plots_pages.dependencies(READ, pages=["/b/", "/"], marked=["/b/"])
    marked, other = ax.get_yticklabels()
    assert (marked.get_text(), other.get_text()) == ("→ /b/", "/")
    assert marked.get_color() == plots.VERMILION != other.get_color()


def test_what_cannot_be_drawn_is_told():
    with pytest.raises(ValueError, match="no column page and no model"):
        plots_pages.dependencies(READ[["pk"]])
    with pytest.raises(ValueError, match="'/x/', which is not among the pages"):
        plots_pages.dependencies(READ, marked=["/x/"])


def test_equal_counts_have_dots_of_different_sizes():
    frame = pd.DataFrame({"way": ["a", "a"], "of": ["x", "y"], "pages": [3, 3]})
    first, second = plots_pages.counts(frame, "pages", "pages", "way", "of").lines
    assert first.get_xdata() == second.get_xdata() == [3]
    assert first.get_markersize() > second.get_markersize() and first.get_marker() != second.get_marker()
    with pytest.raises(ValueError, match="no column visits"):
        plots_pages.counts(frame, "visits", "visits", "way", "of")


def test_panels_put_each_number_into_the_panel_of_its_column_first_row_on_top():
    frame = pd.DataFrame({"way": ["made", "kept"], "ms": [4.0, 1.5], "queries": [3, 0]})
    milliseconds, queries = plots_pages.panels(frame, {"ms": "best time (ms)", "queries": "queries"}, "way").axes
    assert milliseconds.get_xlabel() == "best time (ms)" and queries.get_xlabel() == "queries"
    told = {(text.xy[1], text.get_text()) for text in milliseconds.texts}
    assert told == {(1, "4.00"), (0, "1.50")}
    assert {text.get_text() for text in queries.texts} == {"3", "0"}
    assert [label.get_text() for label in milliseconds.get_yticklabels()] == ["made", "kept"]
    assert list(milliseconds.get_yticks()) == [1, 0]
    assert milliseconds.get_xlim()[0] == queries.get_xlim()[0] == 0
    with pytest.raises(ValueError, match="no column bytes"):
        plots_pages.panels(frame, {"bytes": "bytes"}, "way")
