"""What a trace is: a 1-D array of integer keys, one a request; every room of the laboratory checks its input here."""

import numpy as np


def check_trace(trace) -> np.ndarray:
    """Return `trace` as an int64 array of keys ≥ 0, shape (requests,).

    Raises TypeError when it is not an integer array and ValueError when it is empty, not 1-D, or holds a negative key.
    """
    if not isinstance(trace, np.ndarray):
        raise TypeError(
            f"a trace is a NumPy array of integer keys, and this is {type(trace).__name__}: use np.array(...)."
        )
    if not np.issubdtype(trace.dtype, np.integer):
        raise TypeError(f"a trace holds integer keys, and this array holds {trace.dtype}: number the keys first.")
    if trace.ndim != 1:
        raise ValueError(f"a trace has one dimension, and this array has {trace.ndim}: hand in one row of keys.")
    if trace.size == 0:
        raise ValueError("this trace is empty: a hit rate needs at least one request.")
    if trace.min() < 0:
        raise ValueError(
            f"the keys of a trace are 0 or more, and this one holds {trace.min()}: number the keys from 0."
        )
    return trace.astype(np.int64, copy=False)


def check_at_least(name: str, number, least: int) -> None:
    """Raise ValueError, naming the argument, unless `number` is a whole number of at least `least`."""
    if isinstance(number, bool) or not isinstance(number, (int, np.integer)) or number < least:
        raise ValueError(f"{name}={number!r}: a whole number of at least {least} is needed.")


def check_popularity(popularity) -> np.ndarray:
    """`popularity` as a 1-D float array; ValueError where it is not one probability for each key, with the sum 1."""
    shares = np.asarray(popularity, dtype=float)
    if shares.ndim != 1 or shares.size == 0 or not (shares >= 0).all() or abs(shares.sum() - 1) > 1e-6:
        raise ValueError(
            f"this popularity has the shape {shares.shape} and the sum {shares.sum():.6g}: one probability for each "
            "key, none below 0, the sum 1, are needed; divide counts by their sum."
        )
    return shares


def check_marks(writes, requests: int) -> list[bool]:
    """`writes` as a list; ValueError where there is not one True or False for each of `requests`."""
    marks = np.asarray(writes)
    if marks.dtype != bool or marks.shape != (requests,):
        raise ValueError(
            f"writes has the type {marks.dtype} and the shape {marks.shape}: give True or False for each of the "
            f"{requests:,} requests."
        )
    return marks.tolist()
