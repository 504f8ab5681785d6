"""Exact curves equal caches run by hand, run() plays any policy, and traffic is what it says."""

from collections import OrderedDict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.caching import policies, simulate, traffic
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


def test_keys_too_large_to_be_packed_change_nothing():
    trace = traffic.zipf(2_000, 300, 0.9, seed=1)
    assert simulate.lru_curve(trace * 2**52).equals(simulate.lru_curve(trace))  # packed, they would fall together


class TenLines:
    """An LRU as a learner writes it: no name, no base class, and a list for a queue."""

    def __init__(self, capacity):
        self.capacity, self.keys = capacity, []

    def request(self, key):
        hit = key in self.keys
        if hit:
            self.keys.remove(key)
        self.keys = [*self.keys, key][-self.capacity :]
        return hit


def test_run_gives_one_row_for_each_policy_and_capacity():
    trace = traffic.zipf(2_000, 300, 0.9, seed=2)
    frame = simulate.run([policies.LRU, policies.Belady, TenLines, lambda items: TenLines(items)], trace, [5, 50])
    assert frame.columns.tolist() == ["capacity_items", "hit_rate", "source"]
    assert frame.source.tolist() == [*["LRU"] * 2, *["Belady"] * 2, *["TenLines"] * 2, *["<lambda>"] * 2]
    assert frame.capacity_items.tolist() == [5, 50] * 4
    exact = [lru_hits(trace, capacity) / trace.size for capacity in (5, 50)]
    rates = frame.groupby("source").hit_rate.apply(list)
    assert rates["LRU"] == rates["TenLines"] == rates["<lambda>"] == exact
    assert all(best > lru for best, lru in zip(rates["Belady"], exact, strict=True))


def test_run_takes_one_class_one_capacity_and_numpy_answers():
    class Numpy(TenLines):
        name = "LRU in NumPy"

        def request(self, key):
            return np.bool_(super().request(key))

    trace = traffic.zipf(500, 50, 0.9, seed=3)
    frame = simulate.run(Numpy, trace, np.int64(7))
    assert frame.to_dict("records") == [
        {"capacity_items": 7, "hit_rate": lru_hits(trace, 7) / 500, "source": "LRU in NumPy"}
    ]


@given(traces, st.integers(1, 150))
def test_windows_are_parts_of_one_run(trace, windows):
    windows = min(windows, trace.size)
    frame = simulate.run([policies.LRU, policies.Belady], trace, [3], windows)
    whole = simulate.run([policies.LRU, policies.Belady], trace, [3]).set_index("source").hit_rate
    if windows == 1:
        assert frame.columns.tolist() == ["capacity_items", "hit_rate", "source"]
        return
    for source, rows in frame.groupby("source"):
        assert rows.window.tolist() == list(range(windows))
        lengths = np.diff(rows.requests_seen, prepend=0)
        assert lengths.sum() == trace.size
        assert lengths.min() >= 1
        assert lengths.max() - lengths.min() <= 1
        assert (rows.hit_rate * lengths).sum() == pytest.approx(whole[source] * trace.size)


def test_a_window_has_the_hit_rate_of_its_own_requests():
    frame = simulate.run(policies.LRU, np.array([1, 2, 3, 4, 1, 2, 3, 9]), [4], windows=2)
    assert frame.hit_rate.tolist() == [0, 0.75]
    assert frame.requests_seen.tolist() == [4, 8]


class Silent(TenLines):
    def request(self, key):
        super().request(key)


class Counting(TenLines):
    def request(self, key):
        return int(super().request(key))


class Mute:
    def __init__(self, capacity):
        pass


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        (Silent, r"Silent\.request\(1\) returned None: it must return True for a hit and False for a miss, on every"),
        (Counting, r"Counting\.request\(1\) returned 0: it must return True"),
        (Mute, r"Mute\(3\) made Mute, which has no request\(key\)"),
        (lambda items: None, r"<lambda>\(3\) made NoneType, which has no request"),
        (TenLines(3), "is no policy but TenLines: hand in the class itself"),
        (policies.LRU(3), "is no policy but LRU: hand in the class itself"),
        ("LRU", "'LRU' is no policy but str"),
        (object, r"object\(3\) does not work"),
        (lambda: TenLines(3), r"<lambda>\(3\) does not work .*its capacity in items"),
    ],
)
def test_what_is_no_policy_gets_a_sentence(policy, words):
    with pytest.raises(TypeError, match=words):
        simulate.run(policy, np.array([1, 2]), [3])


def test_an_error_inside_a_policy_comes_through_as_it_is():
    class Broken(TenLines):
        def request(self, key):
            return self.missing[key]

    with pytest.raises(AttributeError, match="missing"):
        simulate.run(Broken, np.array([1]), [3])


@pytest.mark.parametrize(
    ("asked", "error", "words"),
    [
        ({"capacities": []}, ValueError, "capacities is empty"),
        ({"capacities": [5, 0]}, ValueError, "capacities: one of them=0"),
        ({"capacities": 2.5}, ValueError, "2.5"),
        ({"capacities": "5"}, TypeError, "is text"),
        ({"windows": 0}, ValueError, "windows=0"),
        ({"windows": 4}, ValueError, "windows=4 of 3 requests"),
        ({"policies": []}, ValueError, "policies is empty"),
        ({"trace": [1, 2]}, TypeError, "list"),
    ],
)
def test_an_impossible_run_gets_a_sentence(asked, error, words):
    with pytest.raises(error, match=words):
        simulate.run(**{"policies": policies.LRU, "trace": np.array([1, 2, 3]), "capacities": [2]} | asked)


timed = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 8)), min_size=1, max_size=100)


def ttl_hits(trace, times, ttl):
    """Key by key, from set to set: all requests before the end of a life are hits, and the next one sets again."""
    hits = 0
    for key in set(trace.tolist()):
        left = times[trace == key]
        while left.size:
            alive = left < left[0] + ttl
            hits += alive.sum() - 1
            left = left[~alive]
    return hits


@given(timed, st.lists(st.sampled_from([0.25, 0.5, 1.0, 3.25, 40.0, np.inf]), min_size=1, max_size=4))
def test_a_ttl_is_what_it_says(requests, ttls):
    trace = np.array([key for key, _ in requests])
    times = np.cumsum([gap for _, gap in requests]) / 4  # quarters: sums of these are exact
    frame = simulate.ttl_hit_rate(trace, times, ttls)
    assert frame.columns.tolist() == ["ttl_s", "hit_rate", "source"]
    assert frame.ttl_s.tolist() == ttls
    assert set(frame.source) == {"exact"}
    assert frame.hit_rate.tolist() == [ttl_hits(trace, times, ttl) / trace.size for ttl in ttls]


def test_a_ttl_without_end_misses_each_key_once():
    trace = traffic.zipf(2_000, 300, 0.9, seed=2)
    frame = simulate.ttl_hit_rate(trace, traffic.arrival_times(2_000, 50, seed=2), np.inf)
    assert frame.hit_rate.tolist() == [(2_000 - len(set(trace.tolist()))) / 2_000]


@pytest.mark.parametrize(
    ("times", "ttls", "words"),
    [
        ([0.0, 1.0], [1], r"times_s has the type float64 and the shape \(2,\).*3 requests"),
        (["a", "b", "c"], [1], "times_s has the type"),
        ([0.0, 2.0, 1.0], [1], "times_s falls after request 1, from 2.0 to 1.0 s: sort"),
        ([0.0, np.nan, 1.0], [1], "nan or inf"),
        ([0.0, 1.0, 2.0], [1, 0], r"ttls_s=\[1.0, 0.0\]: give at least one TTL above 0 s"),
        ([0.0, 1.0, 2.0], [np.nan], "nan"),
        ([0.0, 1.0, 2.0], [], r"ttls_s=\[\]: give at least one"),
    ],
)
def test_impossible_times_and_ttls_get_a_sentence(times, ttls, words):
    with pytest.raises(ValueError, match=words):
        simulate.ttl_hit_rate(np.array([1, 2, 3]), np.array(times), ttls)


sized = st.lists(st.integers(1, 9), min_size=13, max_size=13).map(np.array)


def byte_lru_hits(trace, sizes, capacity):
    """The numbers of the requests that hit; the cache is a list, newest first, cut off where its bytes are too many."""
    cache, hits = [], []
    for number, key in enumerate(trace):
        if key in cache:
            hits.append(number)
            cache.remove(key)
        elif sizes[key] > capacity:
            continue
        cache.insert(0, key)
        cache = [kept for kept, used in zip(cache, np.cumsum(sizes[cache]), strict=True) if used <= capacity]
    return hits


@given(traces, sized, st.lists(st.integers(1, 60), min_size=1, max_size=3))
def test_byte_lru_is_an_lru_of_bytes_run_by_hand(trace, sizes, capacities):
    frame = simulate.byte_lru(trace, sizes, capacities)
    assert frame.columns.tolist() == ["capacity_bytes", "hit_rate", "byte_hit_rate", "source"]
    assert frame.capacity_bytes.tolist() == capacities
    for capacity, row in zip(capacities, frame.itertuples(), strict=True):
        hits = byte_lru_hits(trace, sizes, capacity)
        assert row.hit_rate == len(hits) / trace.size
        assert row.byte_hit_rate == sum(sizes[trace[number]] for number in hits) / sizes[trace].sum()


@given(traces)
def test_items_of_one_byte_give_the_exact_curve(trace):
    curve = simulate.lru_curve(trace).hit_rate.tolist()
    frame = simulate.byte_lru(trace, np.ones(13, int), range(1, len(curve)))
    assert frame.hit_rate.tolist() == frame.byte_hit_rate.tolist() == curve[1:]


def test_an_item_larger_than_the_cache_drives_nobody_out():
    frame = simulate.byte_lru(np.array([0, 1, 0, 1]), np.array([10, 11]), [10])
    assert frame.iloc[0].tolist() == [10, 0.25, 10 / 42, "lru"]


@pytest.mark.parametrize(
    ("sizes", "capacities", "error", "words"),
    [
        ([5, 5], [9], ValueError, "2 entries, and the trace asks for key 2"),
        ([5, 5, 0], [9], ValueError, "holds 0: every item takes at least 1 byte"),
        ([5.0, 5.0, 5.0], [9], TypeError, "1-D float64: give one row of whole bytes"),
        ([[5, 5, 5]], [9], TypeError, "2-D int64"),
        ([5, 5, 5], [0], ValueError, "capacities_bytes: one of them=0"),
    ],
)
def test_impossible_sizes_get_a_sentence(sizes, capacities, error, words):
    with pytest.raises(error, match=words):
        simulate.byte_lru(np.array([0, 1, 2]), np.array(sizes), capacities)
