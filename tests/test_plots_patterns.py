"""The pictures of lesson 10: measured where it was measured, theory as lines, a guess as a level."""

import pandas as pd
import pytest

from helpers import plots_patterns

BY_WRITES = pd.DataFrame(
    {
        "setup": ["delete", "delete", "replace", "replace"],
        "write_share": [0.01, 0.2] * 2,
        "hit_rate": [0.99, 0.8, 1.0, 0.9],
        "stale_share": [0.0, 0.0, 0.1, 0.2],
        "database_reads": [1.0, 20.0, 0.0, 10.0],
    }
)
HERDS = pd.DataFrame(
    {"setup": ["get, set"] * 2, "readers": [1, 16], "computations": [1, 16], "slowest_ms": [100.0, 140.0]}
)


def points(ax, label):
    return next(line for line in ax.lines if line.get_label() == label).get_xydata().tolist()


def texts(ax):
    return [each.get_text() for each in ax.texts]


def test_three_panels_hold_what_was_measured_and_the_ceiling_is_a_line_in_the_first():
    ceilings = pd.DataFrame({"write_share": [0.01, 0.2], "hit_rate": [0.99, 0.8], "source": "ceiling"})
    hits, stale, reads = plots_patterns.by_writes(BY_WRITES, ceilings).axes
    assert points(hits, "delete") == [[0.01, 0.99], [0.2, 0.8]]
    assert points(stale, "replace") == [[0.01, 0.1], [0.2, 0.2]]
    assert points(reads, "delete") == [[0.01, 1.0], [0.2, 20.0]]
    assert points(hits, "ceiling") == [[0.01, 0.99], [0.2, 0.8]]
    assert [line.get_label() for line in stale.lines].count("ceiling") == 0
    assert [each.get_text() for each in reads.get_xticklabels()] == ["1", "20"]
    assert "hit rate" in hits.get_ylabel() and "stale" in stale.get_ylabel() and "%" in hits.get_xlabel()


def test_small_shares_keep_their_digits():
    frame = BY_WRITES.assign(write_share=[0.001, 0.2] * 2)
    assert [each.get_text() for each in plots_patterns.by_writes(frame).axes[0].get_xticklabels()] == ["0.1", "20"]


@pytest.mark.parametrize(("guess", "said"), [(8, ["your guess"]), (..., []), (None, []), (True, [])])
def test_a_herd_has_two_panels_and_a_guess_where_there_is_one(guess, said):
    theory = pd.DataFrame({"readers": [1, 16], "computations": [1.0, 16.0], "source": "get and set"})
    left, right = plots_patterns.herd(HERDS, theory, guess=guess).axes
    assert points(left, "get, set") == [[1, 1], [16, 16]] and points(right, "get, set") == [[1, 100], [16, 140]]
    assert points(left, "get and set") == [[1, 1], [16, 16]]
    assert texts(left) == said and texts(right) == []
    assert [each.get_text() for each in left.get_xticklabels()] == ["1", "16"]


def test_each_case_of_a_herd_has_its_panel_and_a_setup_looks_the_same_in_all():
    more = pd.DataFrame({"setup": ["early"] * 2, "readers": [1, 16], "computations": [1.0, 2.5]})
    frame = pd.concat([HERDS.assign(case="cold"), HERDS.assign(setup="early", case="cold"), more.assign(case="expiry")])
    theory = pd.DataFrame({"readers": [1, 16] * 2, "computations": [1.0, 16.0, 1.7, 2.7]})
    theory = theory.assign(source=["all"] * 2 + ["some"] * 2, case=["cold"] * 2 + ["expiry"] * 2)
    figure = plots_patterns.herd(frame, theory, guess=3)
    cold, expiry, wait = figure.axes
    assert [ax.get_title() for ax in figure.axes] == ["cold", "expiry", "cold"]
    assert points(expiry, "early") == [[1, 1.0], [16, 2.5]] and points(wait, "early") == [[1, 100], [16, 140]]
    looks = [[(x.get_marker(), x.get_color()) for x in ax.lines if x.get_label() == "early"] for ax in figure.axes]
    assert looks[0] == looks[1] == looks[2] and len(looks[0]) == 1
    others = [(x.get_marker(), x.get_color()) for x in cold.lines if x.get_label() == "get, set"]
    assert others != looks[0]
    assert points(cold, "all") == [[1, 1], [16, 16]] and points(expiry, "some") == [[1, 1.7], [16, 2.7]]
    assert [line.get_label() for line in expiry.lines].count("all") == 0
    assert texts(cold) == ["your guess"] and texts(expiry) == []
    assert [each.get_text() for each in figure.legends[0].get_texts()] == ["all", "get, set", "early", "some"]


def test_against_draws_measured_points_and_lines_of_theory():
    frame = pd.DataFrame({"entries": [0, 10, 0, 10], "share": [1.0, 0.4, 1.0, 0.5]})
    frame["source"] = ["measured", "measured", "at most", "at most"]
    ax = plots_patterns.against(frame, "entries", "share", "entries", "kept (%)", percent=("share",), guess=0.3)
    assert points(ax, "measured") == [[0, 1.0], [10, 0.4]] and points(ax, "at most") == [[0, 1.0], [10, 0.5]]
    assert texts(ax) == ["your guess"] and ax.yaxis.get_major_formatter()(0.4) == "40"


def test_each_order_has_a_sign_of_its_own():
    frame = pd.DataFrame({"setup": ["set", "set", "add"], "order": ["RW", "WR", "RW"], "wrong": [True, False, False]})
    ax = plots_patterns.orders(frame)
    assert points(ax, "wrong afterwards") == [[0, 1]]
    assert points(ax, "right afterwards") == [[1, 1], [0, 0]]
    assert [each.get_text() for each in ax.get_xticklabels()] == ["RW", "WR"]
    assert [each.get_text() for each in ax.get_yticklabels()] == ["add", "set"]


@pytest.mark.parametrize(
    ("draw", "missing"),
    [
        (lambda: plots_patterns.by_writes(BY_WRITES.drop(columns="stale_share")), "stale_share"),
        (lambda: plots_patterns.herd(HERDS.drop(columns="slowest_ms")), "slowest_ms"),
        (lambda: plots_patterns.orders(HERDS), "order and no wrong"),
        (lambda: plots_patterns.against(HERDS, "readers", "share", "", ""), "share and no source"),
    ],
)
def test_a_missing_column_is_named(draw, missing):
    with pytest.raises(ValueError, match=f"no column {missing}"):
        draw()
