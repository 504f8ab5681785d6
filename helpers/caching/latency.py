"""What a hit rate is worth: the time of a read, the load that is left, and where a cache begins to pay."""

import numpy as np


def effective_latency(hit_rate, cache_ms: float, database_ms: float, store_ms: float = 0.0):
    """The mean time of a cache-aside read in milliseconds: cache_ms + (1 − hit_rate)·(database_ms + store_ms).

    A hit costs one look into the cache; a miss costs the same look, then the database, then storing the value.
    `hit_rate` is a fraction 0–1, or an array of them; the answer has its shape. Valid for requests that do not wait
    for each other. Raises ValueError for a fraction outside [0, 1] or a time below 0. Source: the mean of two cases;
    as average memory access time in Hennessy and Patterson, "Computer Architecture: A Quantitative Approach", 1990.
    """
    for name, time in (("cache_ms", cache_ms), ("database_ms", database_ms), ("store_ms", store_ms)):
        _check_time(name, time)
    return cache_ms + load_factor(hit_rate) * (database_ms + store_ms)


def break_even(cache_ms: float, database_ms: float, store_ms: float = 0.0) -> float:
    """The hit rate above which reading through the cache is faster than asking the database each time.

    `effective_latency` equals database_ms at h where cache + (1 − h)·(database + store) = database, which is
    h = (cache + store) / (database + store). Above 1 it says that this cache never pays, since even a hit is slower
    than the database; it counts time only, and a cache may still pay by sparing the database. Times in milliseconds.
    Raises ValueError for a time below 0 or a database that takes no time.
    """
    for name, time in (("cache_ms", cache_ms), ("database_ms", database_ms), ("store_ms", store_ms)):
        _check_time(name, time)
    if database_ms == 0:
        raise ValueError("database_ms=0: nothing is faster than a database that takes no time; measure it first.")
    return (cache_ms + store_ms) / (database_ms + store_ms)


def load_factor(hit_rate):
    """The share of reads that reach the database, 1 − hit_rate: from 98 % to 99 % it halves.

    `hit_rate` is a fraction 0–1, or an array of them; the answer has its shape. Raises ValueError outside [0, 1].
    """
    rates = np.asarray(hit_rate, dtype=float)
    wrong = rates[~((rates >= 0) & (rates <= 1))]
    if wrong.size:
        raise ValueError(f"hit_rate={wrong.flat[0]}: a hit rate is a fraction between 0 and 1; write 0.8 for 80 %.")
    return (1 - rates)[()]


def _check_time(name, milliseconds):
    if not 0 <= milliseconds < np.inf:
        raise ValueError(f"{name}={milliseconds}: a time is 0 or more milliseconds; hand in what you measured.")
