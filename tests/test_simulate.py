"""The exact LRU curve equals an LRU cache run by hand, and traffic is what it says."""

from collections import OrderedDict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.caching import simulate, traffic
from helpers.caching.trace import check_trace

traces = st.lists(st.integers(0, 12), min_size=1, max_size=150).map(np.array)


def lru_hits(trace, capacity):
    cache, hits = OrderedDict(), 0
    for key in trace.tolist():
        if key in cache:
            hits += 1
            cache.move_to_end(key)
        elif capacity:
            cache[key] = True
            if len(cache) > capacity:
                cache.popitem(last=False)
    return hits


@given(traces)
def test_the_curve_is_an_lru_cache_at_every_capacity(trace):
    curve = simulate.lru_curve(trace)
    assert curve.capacity_items.tolist() == list(range(len(set(trace.tolist())) + 1))
    by_hand = [lru_hits(trace, capacity) / trace.size for capacity in curve.capacity_items]
    assert curve.hit_rate.tolist() == by_hand


@given(traces)
def test_more_memory_never_hurts_lru_and_each_key_misses_once(trace):
    curve = simulate.lru_curve(trace)
    assert (np.diff(curve.hit_rate) >= 0).all()
    assert curve.hit_rate.iloc[-1] == (trace.size - len(set(trace.tolist()))) / trace.size


def test_the_curve_of_a_long_trace_is_exact_too():
    trace = traffic.zipf(20_000, 3_000, 0.9, seed=1)
    curve = simulate.lru_curve(trace).set_index("capacity_items").hit_rate
    for capacity in (1, 100, 1_000):
        assert curve[capacity] == lru_hits(trace, capacity) / trace.size


@pytest.mark.parametrize("alpha", [0.0, 0.9, 1.2])
def test_zipf_follows_its_popularity_and_its_seed(alpha):
    trace = traffic.zipf(200_000, 50, alpha, seed=3)
    shares = np.bincount(trace, minlength=50) / trace.size
    assert np.abs(shares - traffic.popularity(50, alpha)).max() < 0.005
    assert np.array_equal(trace, traffic.zipf(200_000, 50, alpha, seed=3))
    assert not np.array_equal(trace, traffic.zipf(200_000, 50, alpha, seed=4))


def test_uniform_is_zipf_without_skew():
    assert np.array_equal(traffic.uniform(100, 10, seed=1), traffic.zipf(100, 10, 0, seed=1))


@pytest.mark.parametrize(
    ("bad", "error", "words"),
    [
        (np.array([], dtype=int), ValueError, "empty"),
        (np.zeros((2, 2), dtype=int), ValueError, "one dimension"),
        (np.array([1, -2]), ValueError, "-2"),
        (np.array([1.0]), TypeError, "float64"),
        (np.array([True]), TypeError, "bool"),
        ([1, 2], TypeError, "list"),
        (None, TypeError, "NoneType"),
    ],
)
@pytest.mark.parametrize("door", [check_trace, simulate.lru_curve, simulate.stack_distances])
def test_what_is_not_a_trace_gets_a_sentence(bad, error, words, door):
    with pytest.raises(error, match=words):
        door(bad)


@pytest.mark.parametrize(
    ("requests", "keys", "alpha", "words"),
    [(0, 5, 1, "requests=0"), (5, 0, 1, "keys=0"), (5, 5, -0.1, "alpha=-0.1"), (5, 5, float("nan"), "alpha=nan")],
)
def test_impossible_traffic_gets_a_sentence(requests, keys, alpha, words):
    with pytest.raises(ValueError, match=words):
        traffic.zipf(requests, keys, alpha, seed=1)
