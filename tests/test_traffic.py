"""Scans, shifts, crowds, writes and arrival times are what they say, and impossible ones get a sentence."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.caching import simulate, traffic

traces = st.lists(st.integers(0, 30), min_size=1, max_size=120).map(np.array)


@given(traces, st.integers(0, 120), st.integers(1, 60), st.floats(0.05, 1))
def test_a_scan_asks_for_new_keys_once_and_loses_no_request(trace, at, length, share):
    try:
        scanned = traffic.with_scan(trace, at, length, share)
    except ValueError as error:
        assert "start it earlier" in str(error)
        assert at > trace.size or at + length / share > trace.size + length - 1
        return
    crawler = scanned > trace.max()
    assert scanned.dtype == np.int64
    assert np.array_equal(scanned[~crawler], trace)
    assert scanned[crawler].tolist() == list(range(trace.max() + 1, trace.max() + 1 + length))
    assert np.flatnonzero(crawler)[0] == at


@pytest.mark.parametrize("share", [1.0, 0.5, 0.3])
def test_a_scan_takes_its_share_evenly_from_its_start(share):
    trace = traffic.zipf(5_000, 100, 0.9, seed=1)
    crawler = np.flatnonzero(traffic.with_scan(trace, at=1_000, length=600, share=share) > trace.max())
    assert crawler[0] == 1_000
    assert abs((crawler[-1] - crawler[0] + 1) - 600 / share) <= 1 / share
    assert set(np.diff(crawler)) <= {int(1 / share), int(np.ceil(1 / share))}


def test_a_scan_may_come_last():
    trace = np.array([1, 0, 1])
    assert traffic.with_scan(trace, at=3, length=2).tolist() == [1, 0, 1, 2, 3]


def test_a_shift_changes_nothing_before_it_and_moves_the_leader_after_it():
    trace = traffic.shift(40_000, 200, 0.9, seed=3, at=10_000)
    assert np.array_equal(trace[:10_000], traffic.zipf(40_000, 200, 0.9, seed=3)[:10_000])
    expected = np.roll(traffic.popularity(200, 0.9), 100)
    shares = np.bincount(trace[10_000:], minlength=200) / 30_000
    assert np.abs(shares - expected).max() < 0.01
    assert shares.argmax() == 100


def test_a_shift_costs_an_lru_cache_hits():
    calm, moved = traffic.zipf(20_000, 2_000, 0.9, seed=1), traffic.shift(20_000, 2_000, 0.9, seed=1, at=10_000)
    hits = [simulate.lru_curve(trace).hit_rate[100] for trace in (calm, moved)]
    assert hits[1] < hits[0]


def test_a_crowd_is_its_share_of_its_window_and_leaves_the_rest():
    trace = traffic.zipf(20_000, 500, 0.5, seed=1)
    crowded = traffic.flash_crowd(trace, key=499, at=5_000, length=10_000, share=0.3, seed=2)
    window = slice(5_000, 15_000)
    assert np.array_equal(np.delete(crowded, np.r_[window]), np.delete(trace, np.r_[window]))
    changed = crowded[window] != trace[window]
    assert (crowded[window][changed] == 499).all()
    assert abs((crowded[window] == 499).mean() - 0.3) < 0.02
    assert not np.shares_memory(crowded, trace)
    assert (trace == traffic.zipf(20_000, 500, 0.5, seed=1)).all()


def test_a_crowd_takes_from_all_keys_alike_even_with_the_seed_of_the_trace():
    trace = traffic.zipf(100_000, 1_000, 0.9, seed=7)
    left = traffic.flash_crowd(trace, key=999, at=0, length=100_000, share=0.5, seed=7) == trace
    assert abs(left[trace < 5].mean() - 0.5) < 0.02


@given(st.integers(1, 200), st.integers(0, 2**31))
def test_marks_are_booleans_and_their_ends_are_all_and_nothing(requests, seed):
    assert traffic.read_write_marks(requests, 1, seed).tolist() == [True] * requests
    assert traffic.read_write_marks(requests, 0.0, seed).tolist() == [False] * requests


def test_marks_know_nothing_of_the_keys_even_with_the_same_seed():
    trace, marks = traffic.zipf(100_000, 1_000, 0.9, seed=7), traffic.read_write_marks(100_000, 0.2, seed=7)
    assert abs(marks.mean() - 0.2) < 0.005
    assert abs(marks[trace < 5].mean() - 0.2) < 0.02
    assert abs(np.corrcoef(marks, trace)[0, 1]) < 0.015


def test_arrivals_are_a_poisson_process():
    times = traffic.arrival_times(100_000, rate_per_s=50, seed=4)
    assert times.dtype == np.float64 and times[0] > 0 and (np.diff(times) >= 0).all()
    gaps = np.diff(times)
    assert abs(gaps.mean() - 0.02) < 0.0005
    assert abs((gaps > 0.02).mean() - np.exp(-1)) < 0.01
    counts = np.bincount(times.astype(int))[:-1]
    assert abs(counts.var() / counts.mean() - 1) < 0.1


@pytest.mark.parametrize(
    "make",
    [
        lambda seed: traffic.shift(500, 50, 0.9, seed, at=100),
        lambda seed: traffic.flash_crowd(traffic.uniform(500, 50, seed=1), 3, at=100, length=200, share=0.5, seed=seed),
        lambda seed: traffic.read_write_marks(500, 0.5, seed),
        lambda seed: traffic.arrival_times(500, 10, seed),
    ],
)
def test_a_seed_gives_the_same_traffic_again_and_another_seed_other_traffic(make):
    assert np.array_equal(make(1), make(1))
    assert not np.array_equal(make(1), make(2))


TRACE = np.arange(10)


@pytest.mark.parametrize(
    ("impossible", "words"),
    [
        (lambda: traffic.with_scan(TRACE, at=11, length=1), "from request 11"),
        (lambda: traffic.with_scan(TRACE, at=8, length=9, share=0.5), "share=0.5"),
        (lambda: traffic.with_scan(TRACE, at=-1, length=1), "at=-1"),
        (lambda: traffic.with_scan(TRACE, at=1, length=0), "length=0"),
        (lambda: traffic.with_scan(TRACE, at=1, length=1, share=0), "share=0"),
        (lambda: traffic.with_scan(TRACE, at=1, length=1, share=1.5), "share=1.5"),
        (lambda: traffic.with_scan(TRACE[:0], at=0, length=1), "empty"),
        (lambda: traffic.shift(10, 1, 0.9, 1, at=5), "keys=1"),
        (lambda: traffic.shift(10, 5, 0.9, 1, at=0), "at=0"),
        (lambda: traffic.shift(10, 5, 0.9, 1, at=10), "at=10"),
        (lambda: traffic.shift(10, 5, -1, 1, at=5), "alpha=-1"),
        (lambda: traffic.flash_crowd(TRACE, 0, at=5, length=6, share=0.5, seed=1), "does not fit"),
        (lambda: traffic.flash_crowd(TRACE, -2, at=5, length=2, share=0.5, seed=1), "key=-2"),
        (lambda: traffic.flash_crowd(TRACE, 0, at=5, length=2, share=float("nan"), seed=1), "share=nan"),
        (lambda: traffic.read_write_marks(0, 0.5, seed=1), "requests=0"),
        (lambda: traffic.read_write_marks(5, -0.5, seed=1), "write_share=-0.5"),
        (lambda: traffic.read_write_marks(5, 50, seed=1), "write_share=50"),
        (lambda: traffic.read_write_marks(5, 0.5, seed=-1), "seed=-1"),
        (lambda: traffic.arrival_times(0, 5, seed=1), "requests=0"),
        (lambda: traffic.arrival_times(5, 0, seed=1), "rate_per_s=0"),
        (lambda: traffic.arrival_times(5, float("inf"), seed=1), "rate_per_s=inf"),
    ],
)
def test_impossible_traffic_gets_a_sentence(impossible, words):
    with pytest.raises(ValueError, match=words):
        impossible()
