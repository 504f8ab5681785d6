"""Each formula is held against the thing it describes, run by hand; arithmetic against its own definition."""

from collections import deque

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.caching import simulate, theory, traffic

KEYS, REQUESTS = 2_000, 200_000
CAPACITIES = [20, 100, 500, 1_000, 1_500]
POPULARITY = traffic.popularity(KEYS, 0.9)
milliseconds = st.floats(0.001, 1_000)
popularities = st.lists(st.floats(0.001, 1), min_size=2, max_size=30).map(
    lambda weights: np.array(weights) / sum(weights)
)


@pytest.fixture(scope="module")
def trace():
    return traffic.zipf(REQUESTS, KEYS, 0.9, seed=5)


def test_che_is_a_warm_lru_cache(trace):
    distances = simulate.stack_distances(trace)[REQUESTS // 2 :]
    exact = [((distances >= 0) & (distances < capacity)).mean() for capacity in CAPACITIES]
    curve = theory.che(POPULARITY, CAPACITIES)
    assert curve.columns.tolist() == ["capacity_items", "hit_rate", "source"]
    assert curve.capacity_items.tolist() == CAPACITIES and set(curve.source) == {"Che"}
    assert np.abs(curve.hit_rate - exact).max() <= 0.005


@pytest.mark.parametrize("requests", [3_000, 20_000, REQUESTS])
def test_che_cold_is_the_exact_curve_of_a_trace_that_starts_cold(trace, requests):
    runs = [traffic.zipf(requests, KEYS, 0.9, seed) for seed in range(5)] if requests < REQUESTS else [trace]
    exact = np.mean([lru_at(run, CAPACITIES) for run in runs], axis=0)
    curve = theory.che_cold(POPULARITY, CAPACITIES, requests)
    assert np.abs(curve.hit_rate - exact).max() <= 0.005
    if requests == 3_000:
        assert np.abs(theory.che(POPULARITY, CAPACITIES).hit_rate - exact).max() > 0.1  # what it is there for


def lru_at(trace, capacities):
    """The exact rates; above the number of distinct keys, more capacity changes nothing."""
    curve = simulate.lru_curve(trace).hit_rate.to_numpy()
    return curve[np.minimum(capacities, curve.size - 1)]


@given(popularities, st.integers(1, 500))
def test_where_everything_fits_each_key_misses_once(popularity, requests):
    distinct = (1 - np.exp(-popularity * requests)).sum()
    cold = theory.che_cold(popularity, popularity.size, requests).hit_rate[0]
    assert cold == pytest.approx(1 - distinct / requests)
    assert theory.che(popularity, popularity.size).hit_rate[0] == pytest.approx(1)


@given(popularities)
def test_curves_rise_with_capacity_and_a_hit_that_counts_beats_one_that_does_not(popularity):
    capacities = np.arange(popularity.size + 2)
    lru, fifo = theory.che(popularity, capacities), theory.fifo(popularity, capacities)
    for curve in (lru, fifo, theory.che_cold(popularity, capacities, 200)):
        assert curve.hit_rate[0] == pytest.approx(0) and curve.hit_rate.max() <= 1 + 1e-9
        assert (np.diff(curve.hit_rate) >= -1e-9).all()
    assert (lru.hit_rate >= fifo.hit_rate - 1e-7).all()


def test_without_skew_the_hit_rate_is_the_share_of_keys_that_fit():
    alike = traffic.popularity(1_000, 0)
    for curve in (theory.che(alike, [100, 250, 999]), theory.fifo(alike, [100, 250, 999])):
        assert curve.hit_rate.tolist() == pytest.approx([0.1, 0.25, 0.999])


def test_keys_that_nobody_asks_for_change_nothing():
    padded = np.concatenate([POPULARITY, np.zeros(50)])
    for curve in (theory.che, theory.fifo, lambda p, c: theory.che_cold(p, c, 5_000)):
        assert curve(padded, [100, KEYS]).hit_rate.tolist() == pytest.approx(curve(POPULARITY, [100, KEYS]).hit_rate)


def test_fifo_theory_is_a_warm_fifo_cache(trace):
    capacities = [20, 100, 500, 1_000]
    exact = [fifo_hit_rate(trace, capacity) for capacity in capacities]
    curve = theory.fifo(POPULARITY, capacities)
    assert set(curve.source) == {"FIFO theory"}
    assert np.abs(curve.hit_rate - exact).max() <= 0.005


def fifo_hit_rate(trace, capacity):
    present, line, hits = set(), deque(), 0
    for number, key in enumerate(trace.tolist()):
        if key in present:
            hits += number >= REQUESTS // 2
            continue
        if len(line) == capacity:
            present.remove(line.popleft())
        present.add(key)
        line.append(key)
    return hits / (REQUESTS - REQUESTS // 2)


@pytest.mark.parametrize(
    ("formula", "end_of_life", "ttls_s"),
    [
        (theory.ttl, lambda now, ttl_s: now + ttl_s, [0.5, 1, 2, 10]),
        (theory.ttl_whole_seconds, lambda now, ttl_s: int(now) + ttl_s, [1, 2, 10]),
    ],
)
def test_the_ttl_formulas_are_caches_that_forget(trace, formula, end_of_life, ttls_s):
    rate_per_s = 1_000
    times = traffic.arrival_times(REQUESTS, rate_per_s, seed=6)
    measured = [ttl_hit_rate(trace, times, ttl_s, end_of_life) for ttl_s in ttls_s]
    curve = formula(POPULARITY, rate_per_s, ttls_s)
    assert curve.columns.tolist() == ["ttl_s", "hit_rate", "source"] and curve.ttl_s.tolist() == ttls_s
    assert np.abs(curve.hit_rate - measured).max() <= 0.005


def ttl_hit_rate(trace, times, ttl_s, end_of_life):
    ends, hits = {}, 0
    for number, (key, now) in enumerate(zip(trace.tolist(), times.tolist(), strict=True)):
        if now < ends.get(key, 0):
            hits += number >= REQUESTS // 2
        else:
            ends[key] = end_of_life(now, ttl_s)
    return hits / (REQUESTS - REQUESTS // 2)


def test_a_clock_of_whole_seconds_costs_half_a_second_of_rare_keys_and_nothing_of_popular_ones():
    rare, popular = traffic.popularity(1_000, 0), np.array([1.0])
    clocked = theory.ttl_whole_seconds(rare, 1, [1, 2]).hit_rate  # each key 0.001 times a second
    assert clocked.tolist() == pytest.approx(theory.ttl(rare, 1, [0.5, 1.5]).hit_rate, rel=1e-3)
    clocked = theory.ttl_whole_seconds(popular, 1_000, [1, 2]).hit_rate
    assert (1 - clocked).tolist() == pytest.approx(1 - theory.ttl(popular, 1_000, [1, 2]).hit_rate, rel=2e-3)


def test_the_lost_part_of_a_second_has_no_seam_where_its_form_changes():
    for around in (0.99e-4, 1.01e-4):
        rate = theory.ttl_whole_seconds(np.array([1.0]), around, [1]).hit_rate[0]
        assert rate == pytest.approx(around * 0.5, rel=1e-3)


@given(popularities, st.floats(0.01, 1_000))
def test_a_longer_ttl_and_more_traffic_never_hurt(popularity, rate_per_s):
    ttls_s = [1, 2, 5, 60, 3_600]
    for formula in (theory.ttl, theory.ttl_whole_seconds):
        rates = formula(popularity, rate_per_s, ttls_s).hit_rate
        assert (np.diff(rates) > 0).all() and rates.between(0, 1).all()
        assert (formula(popularity, 2 * rate_per_s, ttls_s).hit_rate > rates).all()
    assert (theory.ttl_whole_seconds(popularity, rate_per_s, ttls_s).hit_rate <= rates_of(popularity, rate_per_s)).all()


def rates_of(popularity, rate_per_s):
    return theory.ttl(popularity, rate_per_s, [1, 2, 5, 60, 3_600]).hit_rate + 1e-12


def test_the_write_ceiling_is_a_cache_that_forgets_nothing_but_what_was_written():
    trace = traffic.zipf(REQUESTS, 200, 0.9, seed=8)
    shares = [0, 0.1, 0.5]
    ceiling = theory.write_ceiling(shares)
    assert ceiling.columns.tolist() == ["write_share", "hit_rate", "source"]
    for write_share, rows in ceiling.groupby("write_share"):
        marks = traffic.read_write_marks(REQUESTS, write_share, seed=8)
        measured = {
            "delete on write": write_hit_rate(trace, marks, set.discard),
            "replace on write": write_hit_rate(trace, marks, set.add),
        }
        assert dict(zip(rows.source, rows.hit_rate, strict=True)) == pytest.approx(measured, abs=0.01)
    assert len(ceiling) == 6


def write_hit_rate(trace, marks, write):
    present, hits, reads = set(), 0, 0
    for number, (key, is_write) in enumerate(zip(trace.tolist(), marks.tolist(), strict=True)):
        if is_write:
            write(present, key)
            continue
        if number >= REQUESTS // 2:
            reads += 1
            hits += key in present
        present.add(key)
    return hits / reads


def test_the_effective_latency_is_the_mean_of_hits_and_misses():
    by_hand = (3 * 0.2 + 1 * (0.2 + 10 + 0.4)) / 4
    assert theory.effective_latency(0.75, cache_ms=0.2, database_ms=10, store_ms=0.4) == pytest.approx(by_hand)
    assert theory.effective_latency(1, 0.2, 10) == pytest.approx(0.2)
    assert theory.effective_latency(0, 0.2, 10) == pytest.approx(10.2)
    many = theory.effective_latency(np.array([0, 0.5, 1]), 0.2, 10)
    assert many.tolist() == pytest.approx([10.2, 5.2, 0.2])


@given(milliseconds, milliseconds, st.floats(0, 1_000))
def test_at_the_break_even_point_both_ways_take_the_same_time(cache_ms, database_ms, store_ms):
    point = theory.break_even(cache_ms, database_ms, store_ms)
    if point <= 1:
        assert theory.effective_latency(point, cache_ms, database_ms, store_ms) == pytest.approx(database_ms)
        assert theory.effective_latency(min(1, point + 0.01), cache_ms, database_ms, store_ms) <= database_ms * 1.000001
    else:
        assert theory.effective_latency(1, cache_ms, database_ms, store_ms) > database_ms


def test_the_last_percent_halves_the_load():
    assert theory.load_factor(0.98) / theory.load_factor(0.99) == pytest.approx(2)
    assert theory.load_factor(np.array([0, 0.5, 1])).tolist() == [1, 0.5, 0]


@pytest.mark.parametrize(
    "popularity", [[0.5, 0.6], [-0.5, 1.5], [], [[0.5, 0.5]], [float("nan"), 1], traffic.zipf(10, 5, 1, seed=1)]
)
@pytest.mark.parametrize(
    "door",
    [
        lambda popularity: theory.che(popularity, [1]),
        lambda popularity: theory.fifo(popularity, [1]),
        lambda popularity: theory.che_cold(popularity, [1], 10),
        lambda popularity: theory.ttl(popularity, 1, [1]),
        lambda popularity: theory.ttl_whole_seconds(popularity, 1, [1]),
    ],
)
def test_what_is_no_popularity_gets_a_sentence(popularity, door):
    with pytest.raises(ValueError, match="the sum 1, are needed"):
        door(popularity)


@pytest.mark.parametrize(
    ("impossible", "error", "words"),
    [
        (lambda: theory.che(POPULARITY, [5, -1]), ValueError, "-1 is not a capacity"),
        (lambda: theory.che(POPULARITY, [float("nan")]), ValueError, "nan is not a capacity"),
        (lambda: theory.fifo(POPULARITY, [[5]]), ValueError, "is not a capacity"),
        (lambda: theory.che(POPULARITY, ["5"]), TypeError, "a capacity is a number"),
        (lambda: theory.che(POPULARITY, None), TypeError, "None"),
        (lambda: theory.che_cold(POPULARITY, [5], 0), ValueError, "requests=0"),
        (lambda: theory.ttl(POPULARITY, 0, [1]), ValueError, "rate_per_s=0"),
        (lambda: theory.ttl(POPULARITY, 5, [-1]), ValueError, "-1 is not a TTL"),
        (lambda: theory.ttl_whole_seconds(POPULARITY, -1, [1]), ValueError, "rate_per_s=-1"),
        (lambda: theory.ttl_whole_seconds(POPULARITY, 5, [1, 0]), ValueError, "0 is no TTL"),
        (lambda: theory.ttl_whole_seconds(POPULARITY, 5, [1, 1.5]), ValueError, "1.5 is no TTL"),
        (lambda: theory.write_ceiling([0.5, 1]), ValueError, "write_share=1"),
        (lambda: theory.write_ceiling([-0.1]), ValueError, "-0.1 is not a share"),
        (lambda: theory.effective_latency(98, 1, 10), ValueError, "hit_rate=98"),
        (lambda: theory.effective_latency(0.5, -1, 10), ValueError, "cache_ms=-1"),
        (lambda: theory.effective_latency(0.5, 1, 10, float("nan")), ValueError, "store_ms=nan"),
        (lambda: theory.break_even(1, -2), ValueError, "database_ms=-2"),
        (lambda: theory.break_even(1, 0), ValueError, "database_ms=0"),
        (lambda: theory.load_factor([0.5, -0.2]), ValueError, "hit_rate=-0.2"),
    ],
)
def test_impossible_arguments_get_a_sentence(impossible, error, words):
    with pytest.raises(error, match=words):
        impossible()
