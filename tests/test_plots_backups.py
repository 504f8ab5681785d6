"""The pictures of lesson 16: bars beside each other, checks that said no, and a calendar of what is kept."""

import datetime

import pandas as pd
import pytest

from helpers import plots, plots_backups

DAY = datetime.timedelta(days=1)
START = datetime.date(2024, 1, 1)


def test_each_form_is_a_bar_in_each_panel_in_the_order_of_the_frame():
    frame = pd.DataFrame({"size_kb": [80, 300], "restore_s": [1.5, 9.25]}, index=["dump", "fixture"])
    figure = plots_backups.forms(frame, {"size_kb": "size (kB)", "restore_s": "time (s)"})
    sizes, times = figure.axes
    assert [bar.get_width() for bar in sizes.patches] == [80, 300]
    assert [text.get_text() for text in times.texts] == ["1.50", "9.25"]
    assert sizes.get_xlabel() == "size (kB)" and sizes.get_yticks()[0] == 1


def test_a_check_that_was_not_reached_is_neither_passed_nor_failed():
    frame = pd.DataFrame({"decrypt": [True, False], "a page": [False, None]}, index=["old", "key lost"], dtype=object)
    ax = plots_backups.checked(frame)
    drawn = {(line.get_xdata()[0], line.get_ydata()[0]): line.get_marker() for line in ax.lines}
    assert drawn == {(0, 1): "o", (1, 1): "X", (0, 0): "X", (1, 0): "."}
    assert [each.get_text() for each in ax.get_yticklabels()] == ["old", "key lost"]


def test_verdicts_may_be_numpys_and_the_axes_say_what_they_are_of():
    frame = pd.DataFrame({"fire": [True, False]}, index=["here", "elsewhere"])
    assert all(type(each) is not bool for each in frame.to_numpy().flat)
    ax = plots_backups.checked(frame, xlabel="accident", ylabel="copy")
    assert [line.get_marker() for line in ax.lines] == ["o", "X"]
    assert [ax.get_xlabel(), ax.get_ylabel()] == ["accident", "copy"]


def test_every_day_has_a_square_and_those_kept_a_letter():
    kept = {START, START + 31 * DAY, START + 365 * DAY, START + 399 * DAY}
    figure = plots_backups.calendar(kept, START, START + 400 * DAY, days=1, weeks=1, months=3)
    first, second = figure.axes
    assert len(first.patches) == 366 and len(second.patches) == 34
    assert sorted(text.get_text() for text in first.texts) == ["M", "M", "Y"]
    assert [first.get_ylabel(), second.get_ylabel()] == ["2024", "2025"]


def test_the_rarest_reason_is_the_one_that_is_told():
    dates = {START + number * DAY for number in range(3)}
    told = plots_backups.why(dates, days=1, weeks=1, months=1)
    assert told == {START: "first of the year", START + 2 * DAY: "last days"}


@pytest.mark.parametrize(
    ("draw", "words"),
    [
        (lambda: plots_backups.forms(pd.DataFrame({"a": []}), {"a": "a"}), "no form to draw"),
        (lambda: plots_backups.forms(pd.DataFrame({"a": [1]}), {"b": "b"}), "no column b"),
        (lambda: plots_backups.checked(pd.DataFrame()), "no drill to draw"),
        (lambda: plots_backups.calendar(set(), START, START), "is not after start"),
    ],
)
def test_what_cannot_be_drawn_is_a_sentence(draw, words):
    with pytest.raises(ValueError, match=words):
        draw()


def test_its_colours_are_those_of_the_workshop():
    drawn = {colour for colour, letter in plots_backups._KINDS.values() if letter}
    assert drawn <= set(plots.COLOURS)
