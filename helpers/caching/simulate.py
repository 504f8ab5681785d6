"""Caches without a server: LRU at every size at once, any policy at some sizes, TTLs, and items of different sizes."""

import inspect
from collections import OrderedDict
from itertools import pairwise

import numpy as np
import pandas as pd

from helpers.caching.stack import stack_distances
from helpers.caching.trace import check_at_least, check_trace

__all__ = ["byte_lru", "lru_curve", "run", "stack_distances", "ttl_hit_rate"]


def lru_curve(trace: np.ndarray) -> pd.DataFrame:
    """The exact hit rate of an LRU cache over the whole `trace`, starting cold, for every capacity that matters.

    Returns one row for each capacity from 0 to the number of distinct keys: `capacity_items`, `hit_rate` (0–1),
    `source` ("lru"). O(n log n) for n requests. Raises TypeError or ValueError for what is not a trace.
    """
    trace = check_trace(trace)
    distances = stack_distances(trace)
    warm = distances[distances >= 0]
    distinct = trace.size - warm.size  # each key is cold exactly once
    hits = np.concatenate([[0], np.cumsum(np.bincount(warm, minlength=distinct))])
    return pd.DataFrame(
        {"capacity_items": np.arange(hits.size), "hit_rate": hits / trace.size, "source": "lru"},
    )


def run(policies, trace: np.ndarray, capacities, windows: int = 1) -> pd.DataFrame:
    """Play `trace` through an empty cache of each of `policies` at each of `capacities` (items).

    A policy is a class, one of `helpers.caching.policies` or your own: `policy(capacity_items)` makes a cache, and its
    `request(key)` returns True for a hit and False for a miss. One class or a list of them; a function that makes the
    cache will do as well. A policy that must know the trace has a class method `for_trace(capacity_items, trace)`.

    Returns one row for each policy and capacity: `capacity_items`, `hit_rate` (0–1), `source` (the policy's `name`, or
    what the class is called). With `windows` above 1, one row for each of as many equal parts of the trace instead,
    with `window`, `requests_seen` (at its end), and the hit rate within it. Raises TypeError for what is no policy,
    TypeError or ValueError for what is not a trace, ValueError for capacities below 1 and windows that do not fit.
    """
    trace = check_trace(trace)
    capacities = _check_capacities("capacities", capacities)
    check_at_least("windows", windows, 1)
    if windows > trace.size:
        raise ValueError(f"windows={windows} of {trace.size:,} requests: every window holds at least one request.")
    policies = list(policies) if isinstance(policies, (list, tuple)) else [policies]
    if not policies:
        raise ValueError("policies is empty: hand in at least one, such as policies.LRU.")
    keys, ends = trace.tolist(), np.linspace(0, trace.size, windows + 1).astype(int).tolist()
    rows = []
    for policy in policies:
        for capacity in capacities:
            cache = _empty_cache(policy, capacity, trace)
            source = getattr(cache, "name", None) or getattr(policy, "__name__", type(policy).__name__)
            for window, (start, end) in enumerate(pairwise(ends)):
                hits = _count_hits(cache, keys[start:end])
                row = {"capacity_items": capacity, "hit_rate": hits / (end - start), "source": source}
                rows.append(row | ({"window": window, "requests_seen": end} if windows > 1 else {}))
    return pd.DataFrame(rows)


def ttl_hit_rate(trace: np.ndarray, times_s: np.ndarray, ttls_s) -> pd.DataFrame:
    """The exact hit rate of a cache that never evicts, and in which an item lives for a TTL from the miss that set it.

    `times_s` says when each request comes: seconds, never falling, as long as the trace. A hit does not prolong an
    item's life; a request that comes exactly when it ends is a miss. Returns one row for each of `ttls_s` (seconds,
    np.inf for "never expires"): `ttl_s`, `hit_rate` (0–1), `source` ("exact"). Raises TypeError or ValueError for what
    is not a trace, ValueError for times that do not fit it and for a TTL that is not above 0.
    """
    trace = check_trace(trace)
    keys, times = trace.tolist(), _check_times(times_s, trace.size).tolist()
    ttls, rows = np.atleast_1d(np.asarray(ttls_s, float)), []
    if not ttls.size or not (ttls > 0).all():
        raise ValueError(f"ttls_s={ttls.tolist()}: give at least one TTL above 0 s; np.inf is one that never ends.")
    for ttl in ttls.tolist():
        set_at, hits = {}, 0
        for key, now in zip(keys, times, strict=True):
            if key in set_at and now - set_at[key] < ttl:
                hits += 1
            else:
                set_at[key] = now
        rows.append({"ttl_s": ttl, "hit_rate": hits / trace.size, "source": "exact"})
    return pd.DataFrame(rows)


def byte_lru(trace: np.ndarray, sizes_bytes: np.ndarray, capacities_bytes) -> pd.DataFrame:
    """The hit rates of an LRU cache whose items differ in size, for each of `capacities_bytes`, starting cold.

    `sizes_bytes[key]` is the size of a key's item: integers above 0, one for every key of the trace. A miss evicts the
    least recently used items until its own fits; an item larger than the whole cache is not stored and evicts nothing.
    Returns one row for each capacity: `capacity_bytes`, `hit_rate` (hits by requests, 0–1), `byte_hit_rate` (bytes of
    the hits by bytes of all requests, 0–1), `source` ("lru"). Raises TypeError or ValueError for what is not a trace,
    sizes that do not fit it, and capacities below 1.
    """
    trace = check_trace(trace)
    requested = _check_sizes(sizes_bytes, trace)[trace]
    total, rows = int(requested.sum()), []
    for capacity in _check_capacities("capacities_bytes", capacities_bytes):
        hits = hit_bytes = used = 0
        sizes = OrderedDict()
        for key, size in zip(trace.tolist(), requested.tolist(), strict=True):
            if key in sizes:
                sizes.move_to_end(key)
                hits += 1
                hit_bytes += size
            elif size <= capacity:
                while used + size > capacity:
                    used -= sizes.popitem(last=False)[1]
                sizes[key] = size
                used += size
        row = {"capacity_bytes": capacity, "hit_rate": hits / trace.size, "byte_hit_rate": hit_bytes / total}
        rows.append(row | {"source": "lru"})
    return pd.DataFrame(rows)


def _empty_cache(policy, capacity, trace):
    if not callable(policy):
        raise TypeError(
            f"{policy!r} is no policy but {type(policy).__name__}: hand in the class itself, without brackets, so that "
            "every capacity gets an empty cache of its own."
        )
    name = getattr(policy, "__name__", type(policy).__name__)
    if hasattr(policy, "for_trace"):
        cache = policy.for_trace(capacity, trace)
    else:
        try:
            inspect.signature(policy).bind(capacity)
        except (TypeError, ValueError) as error:
            raise TypeError(
                f"{name}({capacity}) does not work ({error}): a policy is made from one number, its capacity in items."
            ) from None
        cache = policy(capacity)
    if not callable(getattr(cache, "request", None)):
        raise TypeError(
            f"{name}({capacity}) made {type(cache).__name__}, which has no request(key): define it so that it returns "
            "True for a hit and False for a miss."
        )
    return cache


def _count_hits(cache, keys):
    request, hits = cache.request, 0
    for key in keys:
        hit = request(key)
        if hit is True:
            hits += 1
        elif hit is not False:
            if not isinstance(hit, np.bool_):
                raise TypeError(
                    f"{type(cache).__name__}.request({key}) returned {hit!r}: it must return True for a hit and False "
                    "for a miss, on every path."
                )
            hits += int(hit)
    return hits


def _check_capacities(name, capacities):
    if isinstance(capacities, str):
        raise TypeError(f"{name}={capacities!r} is text: hand in one whole number or a list of them.")
    capacities = list(capacities) if hasattr(capacities, "__iter__") else [capacities]
    if not capacities:
        raise ValueError(f"{name} is empty: hand in at least one whole number.")
    for capacity in capacities:
        check_at_least(f"{name}: one of them", capacity, 1)
    return [int(capacity) for capacity in capacities]


def _check_times(times_s, requests):
    times = np.asarray(times_s)
    if times.shape != (requests,) or times.dtype.kind not in "iuf":
        raise ValueError(
            f"times_s has the type {times.dtype} and the shape {times.shape}: give the second of each of the "
            f"{requests:,} requests."
        )
    if not np.isfinite(times).all():
        raise ValueError("times_s holds a value that is no time (nan or inf): every request comes at a finite second.")
    backwards = np.flatnonzero(times[1:] < times[:-1])
    if backwards.size:
        raise ValueError(
            f"times_s falls after request {backwards[0]}, from {times[backwards[0]]} to {times[backwards[0] + 1]} s: "
            "sort the requests by time first."
        )
    return times


def _check_sizes(sizes_bytes, trace):
    sizes = np.asarray(sizes_bytes)
    if sizes.ndim != 1 or sizes.dtype.kind not in "iu":
        raise TypeError(f"sizes_bytes is {sizes.ndim}-D {sizes.dtype}: give one row of whole bytes, one for each key.")
    if sizes.size <= trace.max():
        raise ValueError(
            f"sizes_bytes has {sizes.size:,} entries, and the trace asks for key {trace.max()}: "
            "sizes_bytes[key] is the size of a key's item, so give one for every key."
        )
    if sizes.min() < 1:
        raise ValueError(f"sizes_bytes holds {sizes.min()}: every item takes at least 1 byte.")
    return sizes
