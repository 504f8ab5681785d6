"""Pictures of what a cache costs: every outcome has its colour, measured are points, theory is lines, parts add up."""

import pandas as pd
import pytest

from helpers import plots_costs


def labelled(ax):
    return {line.get_label(): line for line in ax.lines}


class TestAnswers:
    FRAME = pd.DataFrame(
        {
            "start_s": [0.1, 0.5, 0.9],
            "outcome": ["from the cache", "error 500", "from the cache"],
            "way": ["one", "one", "two"],
        }
    )

    def test_each_outcome_is_drawn_in_the_band_of_its_way(self):
        lines = labelled(plots_costs.answers(self.FRAME, marks={"killed": 0.4}))
        assert lines["from the cache"].get_xdata().tolist() == [0.1, 0.9]
        first, second = lines["from the cache"].get_ydata()
        assert second - first == pytest.approx(1)
        assert lines["error 500"].get_ydata()[0] - first == pytest.approx(0.4)
        assert "wrong" not in lines

    def test_a_mark_stands_at_its_second(self):
        ax = plots_costs.answers(self.FRAME, marks={"killed": 0.4})
        assert [text.get_text().strip() for text in ax.texts] == ["killed"]
        assert any(list(line.get_xdata()) == [0.4, 0.4] for line in ax.lines)

    def test_an_unknown_outcome_is_refused(self):
        with pytest.raises(ValueError, match="'lost' has no colour"):
            plots_costs.answers(self.FRAME.assign(outcome="lost"))


class TestSpans:
    FRAME = pd.DataFrame(
        {"question": ["a"] * 4 + ["b"] * 2, "where": ["x", "x", "x", "y", "x", "y"], "ms": [1, 2, 3, 5, 10, 50.0]}
    )

    def test_the_median_is_the_point_and_the_first_question_is_on_top(self):
        ax = plots_costs.spans(self.FRAME, "time (ms)")
        assert labelled(ax)["x"].get_xdata().tolist() == [2, 10]
        assert ax.get_xscale() == "log" and ax.get_ylim()[0] > ax.get_ylim()[1]
        assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "b"]

    def test_a_missing_column_is_named(self):
        with pytest.raises(ValueError, match="no column where"):
            plots_costs.spans(self.FRAME.drop(columns="where"), "time (ms)")


class TestOverSeconds:
    def test_measured_are_points_and_theory_is_a_line_of_the_same_colour(self):
        frame = pd.DataFrame(
            {
                "second": [0.5, 1.5] * 2,
                "wrong": [0.1, 0.2, 0.15, 0.25],
                "setup": "TTL",
                "source": ["measured"] * 2 + ["theory"] * 2,
            }
        )
        lines = labelled(plots_costs.over_seconds(frame, "wrong", "wrong (share)"))
        assert lines["TTL"].get_linestyle() == "None" and lines["TTL: theory"].get_linestyle() == "-"
        assert lines["TTL"].get_color() == lines["TTL: theory"].get_color()
        assert lines["TTL: theory"].get_ydata().tolist() == [0.15, 0.25]


class TestParts:
    def test_the_parts_stand_end_to_end(self):
        frame = pd.DataFrame({"SQL": [10.0, 1.0], "template": [30.0, 2.0]}, index=["page", "other"])
        ax = plots_costs.parts(frame, "time (ms)")
        sql, template = ([bar for bar in bars] for bars in ax.containers)
        assert [bar.get_x() for bar in template] == [bar.get_width() for bar in sql] == [10, 1]
        assert [bar.get_width() for bar in template] == [30, 2]

    def test_words_are_no_part(self):
        with pytest.raises(ValueError, match="no number"):
            plots_costs.parts(pd.DataFrame({"SQL": ["much"]}), "time (ms)")
