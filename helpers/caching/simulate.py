"""Caches without a server: the exact hit rate of LRU at every size at once."""

import numpy as np
import pandas as pd

from helpers.caching.trace import check_trace


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


def stack_distances(trace: np.ndarray) -> np.ndarray:
    """How many other keys were asked for since the same key was last asked for; −1 for a key's first request.

    An LRU cache of c items hits exactly the requests with a distance below c (Mattson, Gecsei, Slutz and Traiger,
    "Evaluation techniques for storage hierarchies", 1970). Returns int64, shape (requests,).
    """
    trace = check_trace(trace)
    before, after = _neighbours(trace)
    warm = np.flatnonzero(before >= 0)
    distances = np.full(trace.size, -1, np.int64)
    if warm.size == 0:
        return distances
    start = before[warm]
    # Requests between two visits to a key, less the repeats among them, are the distinct keys between. A request j is
    # no repeat when its own last visit lies at or before the start; over all j < i that is a count of smaller values
    # to the left: every cold request, and the warm ones whose visit before ranks lower.
    has_next = np.concatenate([[0], np.cumsum(after >= 0)])
    cold_to_the_left = warm - np.arange(warm.size)
    distances[warm] = _smaller_to_the_left(has_next[start]) + cold_to_the_left - (start + 1)
    return distances


def _neighbours(trace):
    """For each request the positions of the same key's request before and after it, −1 where there is none."""
    order = np.argsort(trace, kind="stable")
    same = trace[order[1:]] == trace[order[:-1]]
    earlier, later = order[:-1][same], order[1:][same]
    before, after = np.full(trace.size, -1, np.int64), np.full(trace.size, -1, np.int64)
    before[later], after[earlier] = earlier, later
    return before, after


def _smaller_to_the_left(permutation):
    """For each entry of a permutation of 0 … m−1, how many smaller entries stand to its left.

    A radix sort from the highest bit down: entries of one block share their higher bits, so an entry with the bit set
    is larger than exactly the entries of its block without it, and counts those that stand before it.
    """
    size = 1 << max(1, int(permutation.size - 1).bit_length())
    entries = np.concatenate([permutation, np.arange(permutation.size, size)]).astype(np.int32)
    counts = np.zeros(size, np.int32)
    index = np.arange(size // 2)
    half = size // 2
    while half:
        has_bit = (entries & half) != 0
        ones, zeros = np.flatnonzero(has_bit), np.flatnonzero(~has_bit)
        high, low = entries[ones], entries[zeros]
        # the k-th 1 of its block stands `ones` deep; what is not a 1 before it, within the block, is a 0
        block_start, ones_before = index // half * (2 * half), index % half
        counts[high] += (ones - block_start - ones_before).astype(np.int32)
        entries = np.concatenate([low.reshape(-1, half), high.reshape(-1, half)], axis=1).ravel()
        half //= 2
    return counts[permutation]
