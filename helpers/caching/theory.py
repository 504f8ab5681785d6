"""What formulas say a cache will do: hit rates from a popularity, without a trace; latencies from a hit rate."""

import numpy as np
import pandas as pd

from helpers.caching.latency import break_even, effective_latency, load_factor
from helpers.caching.trace import check_at_least, check_popularity

__all__ = [
    "che",
    "che_cold",
    "fifo",
    "ttl",
    "ttl_whole_seconds",
    "write_ceiling",
    "effective_latency",
    "break_even",
    "load_factor",
]

_FOR_EVER = 1e200  # a number of requests within which every key is asked for; not infinity, as 0 times that is none


def che(popularity, capacities) -> pd.DataFrame:
    """Che's approximation: the hit rate of a warm LRU cache for each of `capacities` (items), one row each.

    An item leaves an LRU cache when nobody asked for it while as many other keys were asked for as the cache holds.
    Che takes this characteristic time T, counted in requests, to be the same for every key: it is where the expected
    number of distinct keys, Σ (1 − e^(−p·T)), reaches the capacity. Key k hits if it was asked for within the last T
    requests, so the hit rate is Σ p·(1 − e^(−p·T)).

    Valid for independent requests of a fixed popularity (the independent reference model), a full cache, and items of
    one size. Columns: `capacity_items`, `hit_rate` (0–1), `source` ("Che"). Raises ValueError for a popularity that is
    not a 1-D array with the sum 1, or a capacity below 0. Source: Che, Tung and Wang, "Hierarchical Web caching
    systems: modeling, design and experimental results", 2002; why it is so good: Fricker, Robert and Roberts, "A
    versatile and accurate approximation for LRU cache performance", 2012.
    """
    return _at_each_capacity(popularity, capacities, _asked_within, "Che")


def fifo(popularity, capacities) -> pd.DataFrame:
    """The hit rate of a warm FIFO cache (first in, first out) for each of `capacities` (items), one row each.

    A hit does not prolong an item's stay, so every stay lasts the same T requests, and between two stays the cache
    waits 1/p requests for the key: it is there for the fraction p·T / (1 + p·T) of the time, which is also the key's
    hit rate. T is where these fractions add up to the capacity. A cache that evicts at random has the same hit rate.
    Validity, columns and errors as for `che`; `source` is "FIFO theory". Source: Gelenbe, "A unified approach to the
    evaluation of a class of replacement algorithms", 1973; in this form Fricker, Robert and Roberts, 2012.
    """
    return _at_each_capacity(popularity, capacities, lambda asks: asks / (1 + asks), "FIFO theory")


def che_cold(popularity, capacities, requests: int) -> pd.DataFrame:
    """Che's approximation for an LRU cache that starts empty: the hit rate over its first `requests` requests.

    Request number j can hit only what was asked for before it, so with the T of `che` it hits with the probability
    Σ p·(1 − e^(−p·min(j, T))). Summed over j (as an integral), the first m = min(T, requests) requests hit
    Σ (p·m − (1 − e^(−p·m))) = m − D times, where D is the expected number of distinct keys among them: while a cache
    fills, each distinct key misses once. The requests after T hit as in a warm cache. Together
    (m − D + (requests − m)·h) / requests, with h from `che`.

    Validity, columns and errors as for `che`; `source` is "Che, cold start". ValueError for less than one request too.
    """
    check_at_least("requests", requests, 1)
    popularity, capacities = check_popularity(popularity), _check_numbers("a capacity", capacities)
    rates = []
    for capacity in capacities:
        time = _characteristic_time(popularity, capacity, _asked_within)
        filling = min(time, requests)
        distinct = _asked_within(popularity * filling).sum()
        warm = (popularity * _asked_within(popularity * time)).sum()
        rates.append((filling - distinct + (requests - filling) * warm) / requests)
    return _rows("capacity_items", capacities, rates, "Che, cold start")


def ttl(popularity, rate_per_s: float, ttls_s) -> pd.DataFrame:
    """The hit rate of a cache that evicts nothing and forgets each item `ttls_s` seconds after it was stored.

    The time to live T runs from the miss that stored the item; a hit does not renew it. So each miss of key k is
    followed by T seconds in which every request hits, λ·p·T of them on average, and the key's hit rate is
    λ·p·T / (1 + λ·p·T), where λ is `rate_per_s`. All keys: Σ p·λ·p·T / (1 + λ·p·T).

    Valid for Poisson arrivals of a fixed popularity, enough memory, and runs much longer than T. One row for each of
    `ttls_s`: `ttl_s`, `hit_rate` (0–1), `source` ("TTL formula"). Raises ValueError for a popularity that is not a 1-D
    array with the sum 1, a rate that is not above 0, or a TTL below 0. Source: Jung, Berger and Balakrishnan,
    "Modeling TTL-based Internet caches", 2003.
    """
    popularity, per_s = check_popularity(popularity), _check_rate(rate_per_s)
    ttls_s = _check_numbers("a TTL", ttls_s)
    hits = [popularity * per_s * each for each in ttls_s]
    return _rows("ttl_s", ttls_s, [(popularity * h / (1 + h)).sum() for h in hits], "TTL formula")


def ttl_whole_seconds(popularity, rate_per_s: float, ttls_s) -> pd.DataFrame:
    """`ttl` for a cache whose clock moves once a second, like memcached's; `ttls_s` are whole seconds, 1 or more.

    Such a cache notes the second in which an item was stored, and drops it when T seconds have struck: it lives for
    T − f seconds, f being the part of its first second that had already passed, between 0 and 1. For a key that is
    seldom asked for, f is ½ on average. A key with λ·p = μ requests a second is stored again by its first request
    after the stroke at which it died, X seconds later, and f is the fraction after the point of X. X is exponential
    with the rate μ, which makes f = 1/μ − 1/(e^μ − 1) on average: near 0 for a popular key. Each miss is followed by
    μ·(T − f) hits on average, so the key's hit rate is μ·(T − f) / (1 + μ·(T − f)).

    Validity and errors as for `ttl`; `source` is "TTL formula, one-second clock". The derivation is ours.
    """
    popularity, per_s = check_popularity(popularity), _check_rate(rate_per_s)
    ttls_s = _check_numbers("a TTL", ttls_s)
    if (ttls_s < 1).any() or (ttls_s % 1 != 0).any():
        raise ValueError(
            f"{ttls_s.min() if (ttls_s < 1).any() else ttls_s[ttls_s % 1 != 0][0]} is no TTL for a clock that moves "
            "once a second: give whole seconds, 1 or more."
        )
    per_s = popularity * per_s
    hits = [per_s * (each - _passed_of_the_second(per_s)) for each in ttls_s]
    return _rows("ttl_s", ttls_s, [(popularity * h / (1 + h)).sum() for h in hits], "TTL formula, one-second clock")


def write_ceiling(write_shares) -> pd.DataFrame:
    """The hit rate of reads that no memory can exceed when `write_shares` of the requests are writes, two ways.

    "delete on write": a read hits if the last request for its key was a read; after a write it finds nothing. With
    writes that come independently of the key and of each other, that is 1 − w. "replace on write": the write leaves
    the new value in the cache, so every read of a warm key hits: 1. The price is paid elsewhere: values that nobody
    reads again, and two writers whose values arrive in the wrong order.

    Valid for cache-aside with enough memory, no TTL, and keys that were asked for before. Two rows for each share:
    `write_share`, `hit_rate` (0–1), `source`. Raises ValueError for a share outside [0, 1). The derivation is ours.
    """
    shares = _check_numbers("a share of writes", write_shares)
    if (shares >= 1).any():
        raise ValueError(f"write_share={shares.max()}: without a single read there is no hit rate; stay below 1.")
    deleted = _rows("write_share", shares, 1 - shares, "delete on write")
    return pd.concat(
        [deleted, _rows("write_share", shares, np.ones(shares.size), "replace on write")], ignore_index=True
    )


def _asked_within(asks):
    """The probability of at least one request where `asks` are expected."""
    return -np.expm1(-asks)


def _at_each_capacity(popularity, capacities, present, source):
    popularity, capacities = check_popularity(popularity), _check_numbers("a capacity", capacities)
    times = [_characteristic_time(popularity, capacity, present) for capacity in capacities]
    return _rows("capacity_items", capacities, [(popularity * present(popularity * t)).sum() for t in times], source)


def _characteristic_time(popularity, capacity, present):
    """T, in requests, where Σ present(p·T) = capacity, by bisection; so long that all hit, where all keys fit."""
    if capacity == 0:
        return 0.0
    if capacity >= np.count_nonzero(popularity):
        return _FOR_EVER
    low, high = 0.0, float(capacity)
    while present(popularity * high).sum() < capacity and high < _FOR_EVER:
        low, high = high, 2 * high
    while high - low > 1e-9 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if present(popularity * middle).sum() < capacity else (low, middle)
    return high


def _passed_of_the_second(per_s):
    """The mean of the fraction after the point of an exponential time with the rate `per_s`: ½ for 0, 0 for many."""
    # 1/μ − 1/(e^μ − 1) loses its digits below, where its series ½ − μ/12 is exact; above, e^μ would overflow.
    rates = np.clip(per_s, 1e-4, 700)
    return np.where(per_s < 1e-4, 0.5 - per_s / 12, 1 / np.maximum(per_s, 1e-4) - 1 / np.expm1(rates))


def _rows(name, numbers, rates, source):
    return pd.DataFrame({name: numbers, "hit_rate": np.asarray(rates, dtype=float), "source": source})


def _check_numbers(what, numbers):
    given = np.atleast_1d(np.asarray(numbers))
    if given.dtype.kind not in "iuf":
        raise TypeError(f"{numbers!r} holds {given.dtype}, and {what} is a number: hand in a row of numbers.")
    wrong = given[~((given >= 0) & (given < np.inf))]
    if given.ndim != 1 or wrong.size:
        raise ValueError(
            f"{wrong.flat[0] if wrong.size else numbers} is not {what}: hand in a row of numbers, 0 or more."
        )
    return given


def _check_rate(rate_per_s):
    if not 0 < rate_per_s < np.inf:
        raise ValueError(f"rate_per_s={rate_per_s}: a rate above 0 is needed, in requests a second, all keys together.")
    return float(rate_per_s)
