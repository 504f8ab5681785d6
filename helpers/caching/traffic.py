"""Makes traces: who asks for what, as 1-D arrays of integer keys, seeded; and who writes, and when requests come."""

import numpy as np

from helpers.caching.trace import check_at_least, check_trace


def zipf(requests: int, keys: int, alpha: float, seed: int) -> np.ndarray:
    """`requests` independent requests for `keys` keys; the key of rank r is asked for in proportion to 1 / r**alpha.

    Key 0 is the most popular; `alpha` 0 makes all alike. Returns int64, shape (requests,). Raises ValueError for less
    than one request or key, or alpha < 0.
    """
    check_at_least("requests", requests, 1)
    # Rounding may leave the last sum just below 1; a draw above it would be a key that does not exist.
    limits = np.cumsum(popularity(keys, alpha))
    limits[-1] = 1.0
    draws = np.random.default_rng(seed).random(requests)
    return np.searchsorted(limits, draws, side="right").astype(np.int64)


def uniform(requests: int, keys: int, seed: int) -> np.ndarray:
    """`requests` independent requests for `keys` keys, all alike: the traffic that no cache likes."""
    return zipf(requests, keys, 0.0, seed)


def shift(requests: int, keys: int, alpha: float, seed: int, at: int) -> np.ndarray:
    """The trace of `zipf`, but from request number `at` (0 is the first) on, other keys are the popular ones.

    Every key moves by half of `keys`: the part that nobody wanted is popular now, and key `keys // 2` leads. Before
    `at` the trace is that of `zipf` with the same arguments. Returns int64, shape (requests,). Raises ValueError for
    what `zipf` refuses, for less than two keys, and for an `at` that does not lie inside the trace.
    """
    check_at_least("keys", keys, 2)
    trace = zipf(requests, keys, alpha, seed)
    check_at_least("at", at, 1)
    if at >= requests:
        raise ValueError(
            f"at={at} of {requests:,} requests: nothing is left to shift; let it come before the last request."
        )
    trace[at:] = (trace[at:] + keys // 2) % keys
    return trace


def with_scan(trace: np.ndarray, at: int, length: int, share: float = 1.0) -> np.ndarray:
    """`trace` with a crawler that asks for `length` keys, once each, that nobody else ever asks for.

    Its first request becomes request number `at` (0 is the first). While it crawls, `share` of the requests are its
    own, evenly spread, and the others go on in their order; none is lost. The crawler's requests are those above
    `trace.max()`, so `scanned > trace.max()` marks them. Returns int64, shape (requests + length,). Raises ValueError
    for an `at` outside the trace, a share outside (0, 1], and a scan that would not end before the trace does.
    """
    trace = check_trace(trace)
    check_at_least("at", at, 0)
    check_at_least("length", length, 1)
    _check_share("share", share, zero=False)
    places = at + (np.arange(length) / share).astype(np.int64)
    if at > trace.size or places[-1] >= trace.size + length:
        raise ValueError(
            f"a scan of {length:,} keys from request {at:,} on with share={share} ends after this trace of "
            f"{trace.size:,} requests does: start it earlier, shorten it or raise its share."
        )
    scanned = np.empty(trace.size + length, np.int64)
    crawler = np.zeros(scanned.size, bool)
    crawler[places] = True
    scanned[crawler] = trace.max() + 1 + np.arange(length)
    scanned[~crawler] = trace
    return scanned


def flash_crowd(trace: np.ndarray, key: int, at: int, length: int, share: float, seed: int) -> np.ndarray:
    """`trace`, but of the `length` requests from number `at` (0 is the first) on, about `share` ask for `key` instead.

    Each of them turns to `key` with the probability `share`, independently; the others stay as they were. Returns
    int64, shape (requests,). Raises ValueError for a key below 0, a share outside (0, 1], and a crowd that does not
    lie inside the trace.
    """
    trace = check_trace(trace)
    check_at_least("key", key, 0)
    check_at_least("at", at, 0)
    check_at_least("length", length, 1)
    _check_share("share", share, zero=False)
    if at + length > trace.size:
        raise ValueError(
            f"a crowd of {length:,} requests from request {at:,} on does not fit into this trace of {trace.size:,}: "
            "let it come earlier or be shorter."
        )
    crowded = trace.copy()
    crowded[at : at + length][_other_draws(1, seed).random(length) < share] = key
    return crowded


def read_write_marks(requests: int, write_share: float, seed: int) -> np.ndarray:
    """Which of `requests` requests are writes: each with the probability `write_share`, whatever its key.

    Returns bool, shape (requests,), as `replay.play` takes it for `writes=`. Raises ValueError for less than one
    request or a share outside [0, 1].
    """
    check_at_least("requests", requests, 1)
    _check_share("write_share", write_share, zero=True)
    return _other_draws(2, seed).random(requests) < write_share


def arrival_times(requests: int, rate_per_s: float, seed: int) -> np.ndarray:
    """When each of `requests` requests comes, in seconds from 0, if they come independently at `rate_per_s` a second.

    A Poisson process: the time between two requests is exponential with the mean 1 / rate_per_s. Returns float64,
    ascending, shape (requests,). Raises ValueError for less than one request or a rate that is not above 0.
    """
    check_at_least("requests", requests, 1)
    if not 0 < rate_per_s < np.inf:
        raise ValueError(f"rate_per_s={rate_per_s}: requests come at a rate above 0, such as 50 a second.")
    return np.cumsum(_other_draws(3, seed).exponential(1 / rate_per_s, requests))


def popularity(keys: int, alpha: float) -> np.ndarray:
    """The probability of each key under Zipf's law with exponent `alpha`, most popular first; shape (keys,), sum 1."""
    check_at_least("keys", keys, 1)
    if not alpha >= 0:
        raise ValueError(
            f"alpha={alpha}: below 0 the last key would be the most popular; 0 makes all alike, 0.9 is usual."
        )
    weights = 1.0 / np.arange(1, keys + 1) ** float(alpha)
    return weights / weights.sum()


def _check_share(name, share, zero):
    if not 0 <= share <= 1 or (share == 0 and not zero):
        least = "0" if zero else "a little above 0"
        raise ValueError(f"{name}={share}: a share is a fraction from {least} to 1; write 0.2 for 20 %.")


def _other_draws(purpose, seed):
    """A generator apart from that of `zipf`: with its draws, the same seed would tie the crowd or the marks to keys."""
    check_at_least("seed", seed, 0)
    return np.random.default_rng([purpose, seed])
