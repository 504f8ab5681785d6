"""Stack distances: how deep in an LRU cache each request finds its key; the machinery of the exact LRU curve."""

import numpy as np
import pandas as pd

from helpers.caching.trace import check_trace


def stack_distances(trace: np.ndarray) -> np.ndarray:
    """How many other keys were asked for since the same key was last asked for; −1 for a key's first request.

    An LRU cache of c items hits exactly the requests with a distance below c (Mattson, Gecsei, Slutz and Traiger,
    "Evaluation techniques for storage hierarchies", 1970). Returns int64, shape (requests,). Raises TypeError or
    ValueError for what is not a trace.
    """
    trace = check_trace(trace)
    before, has_next = _neighbours(trace)
    warm = np.flatnonzero(before >= 0)
    distances = np.full(trace.size, -1, np.int64)
    if warm.size == 0:
        return distances
    start = before[warm]
    # Requests between two visits to a key, less the repeats among them, are the distinct keys between. A request j is
    # no repeat when its own last visit lies at or before the start; over all j < i that is a count of smaller values
    # to the left: every cold request, and the warm ones whose visit before ranks lower.
    rank = np.cumsum(has_next, dtype=np.int32)[start] - 1
    cold_to_the_left = warm - np.arange(warm.size)
    distances[warm] = _smaller_to_the_left(rank) + cold_to_the_left - start - 1
    return distances


def _neighbours(trace):
    """For each request the position of the same key's request before it (−1: none), and whether one comes after it."""
    # A key and its position packed into one number: such a sort by value is several times faster than a stable argsort.
    bits = int(trace.size).bit_length()
    if int(trace.max()) >> (63 - bits):
        trace = pd.factorize(trace)[0]
    packed = np.sort((trace << bits) | np.arange(trace.size))
    same = (packed[1:] >> bits) == (packed[:-1] >> bits)
    order = packed & ((1 << bits) - 1)
    earlier, later = order[:-1][same], order[1:][same]
    before, has_next = np.full(trace.size, -1, np.int64), np.zeros(trace.size, bool)
    before[later], has_next[earlier] = earlier, True
    return before, has_next


def _smaller_to_the_left(permutation):
    """For each entry of a permutation of 0 … m−1, how many smaller entries stand to its left.

    A radix sort from the highest bit down: entries of one block share their higher bits, so an entry with the bit set
    is larger than exactly the entries of its block without it, and counts those that stand before it.
    """
    size = 1 << max(1, int(permutation.size - 1).bit_length())
    entries = np.concatenate([permutation, np.arange(permutation.size, size)]).astype(np.int32)
    counts = np.zeros(size, np.int32)
    index = np.arange(size // 2, dtype=np.int32)
    half = size // 2
    while half:
        has_bit = (entries & half) != 0
        ones, zeros = np.flatnonzero(has_bit), np.flatnonzero(~has_bit)
        high, low = entries[ones], entries[zeros]
        # the k-th 1 of its block stands `ones` deep; what is not a 1 before it, within the block, is a 0
        block_start, ones_before = (index & -half) * 2, index & (half - 1)
        counts[high] += ones.astype(np.int32) - block_start - ones_before
        entries = np.concatenate([low.reshape(-1, half), high.reshape(-1, half)], axis=1).ravel()
        half //= 2
    return counts[permutation]
