"""The pictures of lesson 13: a large dot where a log has a line, one filled bar among the hatched."""

import pandas as pd
import pytest

from helpers import plots, plots_production

TOLD = pd.DataFrame({"status": [200, 502], "access": [1, 1], "error": [0, 2]}, index=["a page", "gunicorn is gone"])


def test_a_log_that_gained_a_line_has_a_large_dot_in_its_column():
    ax = plots_production.layers(TOLD, ["access", "error"])
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a page: 200", "gunicorn is gone: 502"]
    large = {(line.get_xdata()[0], line.get_ydata()[0]) for line in ax.lines if line.get_markersize() > 5}
    assert large == {(0, 1), (0, 0), (1, 0)}
    assert [label.get_text() for label in ax.get_xticklabels()] == ["access", "error"]


def test_the_area_that_is_seen_is_filled_and_the_others_are_hatched():
    counts = pd.Series({"migrations": 1, "packages": 3})
    ax = plots_production.found(counts, seen="packages", guess=5)
    assert [(bar.get_width(), bar.get_hatch()) for bar in ax.patches] == [(1, "//"), (3, None)]
    assert "your guess" in " ".join(text.get_text() for text in ax.texts)
    assert ax.get_xlim()[1] > 5 and plots.is_number(counts.max())
    assert len(plots_production.found(counts, seen="packages", guess=...).lines) == 0


def test_failures_of_a_deploy_are_crosses_and_counted_at_the_end_of_its_line():
    rows = [["naive", 0.1, "200"], ["naive", 0.2, "500"], ["careful", 0.1, "200"], ["naive", 0.3, "TimeoutError"]]
    ax = plots_production.deploys(pd.DataFrame(rows, columns=["deploy", "start_s", "outcome"]))
    assert [label.get_text() for label in ax.get_yticklabels()] == ["naive", "careful"]
    drawn = [(line.get_marker(), list(line.get_xdata()), list(line.get_ydata())) for line in ax.lines]
    assert drawn == [("|", [0.1], [1]), ("x", [0.2, 0.3], [1, 1]), ("|", [0.1], [0]), ("x", [], [])]
    assert [text.get_text() for text in ax.texts] == ["2 of 3 failed", "0 of 1 failed"]


def test_what_cannot_be_drawn_is_told():
    with pytest.raises(ValueError, match="no column outcome"):
        plots_production.deploys(pd.DataFrame({"deploy": ["naive"], "start_s": [0.1]}))
    with pytest.raises(ValueError, match="no request to draw: send some"):
        plots_production.deploys(pd.DataFrame({"deploy": [], "start_s": [], "outcome": []}))
    with pytest.raises(ValueError, match="no column error"):
        plots_production.layers(TOLD[["status", "access"]], ["access", "error"])
    with pytest.raises(ValueError, match="no request to draw"):
        plots_production.layers(TOLD[:0], ["access"])
    with pytest.raises(ValueError, match="seen='cron' is no area here: take one of migrations"):
        plots_production.found(pd.Series({"migrations": 1}), seen="cron")
