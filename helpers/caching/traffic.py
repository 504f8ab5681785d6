"""Makes traces: who asks for what, as 1-D arrays of integer keys, seeded."""

import numpy as np

from helpers.caching.trace import check_at_least


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


def popularity(keys: int, alpha: float) -> np.ndarray:
    """The probability of each key under Zipf's law with exponent `alpha`, most popular first; shape (keys,), sum 1."""
    check_at_least("keys", keys, 1)
    if not alpha >= 0:
        raise ValueError(
            f"alpha={alpha}: below 0 the last key would be the most popular; 0 makes all alike, 0.9 is usual."
        )
    weights = 1.0 / np.arange(1, keys + 1) ** float(alpha)
    return weights / weights.sum()
