"""The herd's formulas are held against readers that are played out one by one, and the rule against its probability."""

import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.caching import herd

RUNS = 4_000
seconds = st.floats(0.001, 100)


def expected(frame, source):
    return frame[frame.source == source].computations.tolist()


@pytest.mark.parametrize(("readers", "spread_ms"), [(2, 150), (8, 400), (64, 1_000), (64, 100), (5, 60)])
def test_the_herd_is_all_who_come_before_the_first_result(readers, spread_ms):
    arrivals = np.random.default_rng(1).uniform(0, spread_ms, (RUNS, readers))
    began = (arrivals < arrivals.min(axis=1, keepdims=True) + 100).sum(axis=1)
    frame = herd.computations(readers, compute_ms=100, spread_ms=spread_ms)
    assert frame.columns.tolist() == ["readers", "computations", "source"]
    assert expected(frame, "get and set")[0] == pytest.approx(began.mean(), abs=4 * began.std() / RUNS**0.5 + 1e-9)
    assert expected(frame, "lock") == [1]


@given(st.integers(1, 500), st.floats(0, 1_000), st.floats(0, 1_000))
def test_a_herd_holds_one_reader_at_least_and_all_at_most_and_shrinks_with_time_between_them(
    readers, compute_ms, spread_ms
):
    near, far = (
        herd.computations(readers, compute_ms, spread).computations[0] for spread in (spread_ms, 2 * spread_ms)
    )
    assert 1 - 1e-9 <= far <= near + 1e-9 and near <= readers + 1e-9


def test_readers_that_come_at_once_all_compute():
    assert expected(herd.computations([1, 2, 64], compute_ms=100), "get and set") == [1, 2, 64]
    assert expected(herd.computations([1, 2, 64], compute_ms=0, spread_ms=50), "get and set") == [1, 1, 1]


def test_at_a_rate_the_herd_is_the_first_reader_and_who_follows_meanwhile():
    generator = np.random.default_rng(2)
    gaps = generator.exponential(1 / 30, (RUNS, 60))
    began = 1 + (gaps.cumsum(axis=1) < 0.25).sum(axis=1)
    frame = herd.computations_at_rate([0, 30], compute_ms=250)
    assert frame.columns.tolist() == ["rate_per_s", "computations", "source"]
    assert expected(frame, "get and set") == [1, pytest.approx(began.mean(), abs=4 * began.std() / RUNS**0.5)]
    assert expected(frame, "lock") == [1, 1]


@pytest.mark.parametrize(("left_s", "delta_s", "beta"), [(0.1, 0.1, 1), (0.5, 0.2, 1), (0.5, 0.2, 3), (0.01, 0.2, 0.5)])
def test_the_rule_says_yes_as_often_as_its_probability(left_s, delta_s, beta):
    drawn = random.Random(3).random
    yes = np.mean([herd.early(1_000, 1_000 + left_s, delta_s, beta, drawn) for _ in range(20 * RUNS)])
    assert yes == pytest.approx(herd.recompute_probability(left_s, delta_s, beta), abs=0.008)


@given(seconds, seconds, st.floats(0, 10), st.floats(0, 1, exclude_max=True))
def test_the_rule_is_its_formula_for_every_draw(left_s, delta_s, beta, drawn):
    assert herd.early(0, left_s, delta_s, beta, lambda: drawn) == (delta_s * beta * -math.log(1 - drawn) >= left_s)


@given(st.floats(-100, 0), st.floats(0, 10), st.floats(0, 10), st.floats(0, 1, exclude_max=True))
def test_an_expired_value_is_always_computed(left_s, delta_s, beta, drawn):
    assert herd.early(0, left_s, delta_s, beta, lambda: drawn)
    assert herd.recompute_probability(left_s, delta_s, beta) == 1


def test_without_beta_nobody_is_early():
    assert not herd.early(0, 0.001, 100, 0, lambda: 0.999999)
    assert herd.recompute_probability([-1, 0, 0.001], 100, 0).tolist() == [1, 1, 0]


@given(seconds, seconds, st.floats(0.1, 10))
def test_the_nearer_the_end_and_the_longer_the_work_the_more_likely(left_s, delta_s, beta):
    near, at, slow = herd.recompute_probability(np.array([left_s / 2, left_s]), delta_s, beta).tolist() + [
        herd.recompute_probability(left_s, 2 * delta_s, beta)
    ]
    assert 0 <= at <= near <= 1 and at <= slow


@pytest.mark.parametrize(
    ("rate_per_s", "ttl_s", "delta_s", "beta"),
    [
        (2, 5, 0.5, 1),
        (20, 5, 0.5, 1),
        (100, 3, 0.2, 1),
        (100, 3, 0.2, 2),
        (30, 1, 0.8, 1),
        (40, 4, 0.3, 0.5),
        (9, 2, 0.2, 0),
    ],
)
def test_a_lifetime_under_the_rule_is_one_played_out(rate_per_s, ttl_s, delta_s, beta):
    generator = np.random.default_rng(4)
    lives = np.array([lifetime(generator, rate_per_s, ttl_s, delta_s, beta) for _ in range(RUNS)])
    mean, error = lives.mean(axis=0), 4 * lives.std(axis=0) / RUNS**0.5 + 1e-3
    frame = herd.recomputes_early(rate_per_s, ttl_s, delta_s, beta)
    assert frame.columns.tolist() == ["rate_per_s", "computations", "expired_share", "early_s", "source"]
    theory = frame.loc[0, ["computations", "expired_share", "early_s"]].to_numpy(dtype=float)
    assert (np.abs(theory - mean) <= error).all(), (theory, mean, error)


def lifetime(generator, rate_per_s, ttl_s, delta_s, beta):
    """(computations, whether the value expired first, seconds early) of one value stored at 0, reader by reader."""
    now, stored, first, began = 0.0, math.inf, None, 0
    while True:
        now += generator.exponential(1 / rate_per_s)
        if now >= stored:
            return began, stored > ttl_s, max(ttl_s - first, 0)
        if herd.early(now, ttl_s, delta_s, beta, generator.random):
            began += 1
            if first is None:
                first, stored = now, now + delta_s


def test_a_popular_key_costs_e_computations_however_many_its_readers():
    frame = herd.recomputes_early([1_000, 100_000], ttl_s=60, delta_s=0.1)
    assert frame.computations.tolist() == pytest.approx([math.e, math.e], rel=1e-3)
    assert frame.expired_share.tolist() == [0, 0] and frame.early_s.is_monotonic_increasing


def test_an_unpopular_key_is_the_plain_herd():
    frame = herd.recomputes_early([0.01], ttl_s=60, delta_s=0.1)
    plain = expected(herd.computations_at_rate([0.01], compute_ms=100), "get and set")
    assert frame.computations.tolist() == pytest.approx(plain, rel=1e-3) and frame.expired_share[0] > 0.99


@pytest.mark.parametrize(
    ("impossible", "error", "words"),
    [
        (lambda: herd.computations(0, 100), ValueError, "readers=0"),
        (lambda: herd.computations([2.5], 100), ValueError, "whole numbers"),
        (lambda: herd.computations("many", 100), TypeError, "readers='many'"),
        (lambda: herd.computations([[1, 2]], 100), ValueError, "one row of numbers"),
        (lambda: herd.computations(5, -1), ValueError, "compute_ms=-1"),
        (lambda: herd.computations(5, 1, float("nan")), ValueError, "spread_ms=nan"),
        (lambda: herd.computations_at_rate([-1], 100), ValueError, "none of them below 0"),
        (lambda: herd.computations_at_rate([1], float("inf")), ValueError, "compute_ms=inf"),
        (lambda: herd.early(0, 1, -1), ValueError, "delta_s=-1"),
        (lambda: herd.early(0, 1, 1, -2), ValueError, "beta=-2"),
        (lambda: herd.recompute_probability(1, float("nan")), ValueError, "delta_s=nan"),
        (lambda: herd.recomputes_early([0], 60, 1), ValueError, "above 0 are needed"),
        (lambda: herd.recomputes_early([1], 0, 1), ValueError, "ttl_s=0"),
    ],
)
def test_impossible_arguments_get_a_sentence(impossible, error, words):
    with pytest.raises(error, match=words):
        impossible()
