"""The thundering herd in formulas: how many readers compute a value that is not there, and who begins before it goes.

A reader that finds nothing computes the value itself, and so does every other reader until the first result is stored.
"""

import math
import random as _random

import numpy as np
import pandas as pd

_STEPS = 20_000  # equally likely cases into which an integral over one random number is cut


def computations(readers, compute_ms: float, spread_ms: float = 0.0) -> pd.DataFrame:
    """How many of N readers that come for a cold key within `spread_ms` begin to compute it, for each of `readers`.

    The readers come independently, each at any moment of the spread alike. The first result is stored C = `compute_ms`
    after the first of them came, and all who came before that have begun too. A reader at the moment x is among them
    unless another came before x − C; averaged over x, with c = C / spread, N readers begin N·c + 1 − c^N computations,
    and all N of them where C is as long as the spread. With a lock one reader computes and the others wait: 1.

    Valid where a computation takes the same time however many run, where looking and storing take none, and where the
    lock outlives the computation. Two rows for each number: `readers`, `computations` (expected), `source` ("get and
    set" and "lock"). Raises TypeError or ValueError for readers that are no whole numbers of at least 1, and ValueError
    for a time below 0. The derivation is ours.
    """
    numbers = _numbers("readers", readers)
    if numbers.dtype.kind not in "iu" or (numbers < 1).any():
        raise ValueError(f"readers={readers!r}: readers are counted, so whole numbers of at least 1 are needed.")
    _check_time("compute_ms", compute_ms)
    _check_time("spread_ms", spread_ms)
    part = 1.0 if compute_ms >= spread_ms else compute_ms / spread_ms
    return _with_lock("readers", numbers, numbers * part + 1 - part**numbers)


def computations_at_rate(rates_per_s, compute_ms: float) -> pd.DataFrame:
    """How many computations of a cold key begin where readers come at each of `rates_per_s` on average (Poisson).

    The first reader begins one, and λ·C more readers come, on average, while it takes C = `compute_ms`: 1 + λ·C.
    Validity and errors as for `computations`, and ValueError for a rate below 0. Two rows for each rate: `rate_per_s`,
    `computations` (expected), `source` ("get and set" and "lock").
    """
    rates = _numbers("rates_per_s", rates_per_s).astype(float)
    _check_time("compute_ms", compute_ms)
    return _with_lock("rate_per_s", rates, 1 + rates * compute_ms / 1000)


def early(now_s: float, expires_s: float, delta_s: float, beta: float = 1.0, random=_random.random) -> bool:
    """Whether a reader at `now_s` computes the value anew although it stays until `expires_s`: XFetch's rule.

    `delta_s` is how long the last computation took, `beta` above 1 makes readers more eager, and `random` is a function
    that returns a number from 0 to below 1. Each reader draws for itself, so they need no lock and no message; with
    beta 0, none is early. Raises ValueError for a delta or beta below 0. Source: Vattani, Chierichetti and Lowenstein,
    "Optimal Probabilistic Cache Stampede Prevention", 2015.
    """
    _check_rule(delta_s, beta)
    # 1 − random(): it may be 0, whose logarithm does not exist, but never 1.
    return now_s - delta_s * beta * math.log(1 - random()) >= expires_s


def recompute_probability(left_s, delta_s: float, beta: float = 1.0):
    """The probability that `early` is True for one reader, `left_s` seconds before the value expires: e^(−left/(β·Δ)).

    −ln of a uniform number is exponential with the mean 1, and the rule asks whether β·Δ times that reaches the time
    left. It is 1 from the moment of expiry on. `left_s` is a number or an array; the answer has its shape. Errors and
    source as for `early`.
    """
    _check_rule(delta_s, beta)
    left = np.asarray(left_s, dtype=float)
    if not beta * delta_s:
        return np.where(left > 0, 0.0, 1.0)[()]
    return np.exp(-np.maximum(left, 0) / (beta * delta_s))[()]


def recomputes_early(rates_per_s, ttl_s: float, delta_s: float, beta: float = 1.0) -> pd.DataFrame:
    """What becomes of one lifetime of a value under `early`, where readers come at each of `rates_per_s` (Poisson).

    With r seconds left, readers begin at the rate λ·e^(−r/βΔ). So y = λβΔ·e^(−r/βΔ), taken where the first of them
    begins, is an exponential number with the mean 1 above its value at the start of the lifetime. Those who come while
    the first one computes, Δ seconds long, may begin too: y·(e^(1/β) − 1) more on average, where the result is there
    before the value goes. Hence e^(1/β) computations for a popular key (2.7 for beta 1), however many its readers; the
    rest is an average over y. If the value goes first, each reader begins, as without the rule.

    One row for each rate: `rate_per_s`, `computations` (expected, for one new value), `expired_share` (of lifetimes
    that end before the new value is stored), `early_s` (mean time from the first beginning to the expiry, 0 where it
    comes after), `source` ("early recompute"). Valid where each computation takes `delta_s`. Raises ValueError for a
    rate or TTL that is not above 0, and as `early`. The rule is that of Vattani, Chierichetti and Lowenstein, 2015; the
    derivation is ours.
    """
    rates = _numbers("rates_per_s", rates_per_s).astype(float)
    _check_rule(delta_s, beta)
    if (rates <= 0).any() or not 0 < ttl_s < math.inf:
        raise ValueError(f"rates_per_s={rates_per_s!r}, ttl_s={ttl_s!r}: readers and seconds above 0 are needed.")
    drawn = -np.log((np.arange(_STEPS) + 0.5) / _STEPS)  # the quantiles of an exponential number with the mean 1
    rows = [(rate, *_one_lifetime(rate, ttl_s, delta_s, beta * delta_s, drawn)) for rate in rates]
    frame = pd.DataFrame(rows, columns=["rate_per_s", "computations", "expired_share", "early_s"])
    return frame.assign(source="early recompute")


def _one_lifetime(rate, ttl_s, delta_s, scale_s, drawn):
    """(computations, share that expires first, seconds early) for the time scale β·Δ, averaged over `drawn`."""
    if scale_s == 0:
        return 1 + rate * delta_s, 1.0, 0.0
    most = rate * scale_s
    reached = most * math.exp(-ttl_s / scale_s) + drawn
    left = scale_s * np.log(most / np.minimum(reached, most))  # 0 where nobody began before the expiry
    before = np.minimum(left, delta_s)  # the part of the first computation during which the old value is still there
    while_there = most * (np.exp(-(left - before) / scale_s) - np.exp(-left / scale_s))
    return 1 + (while_there + rate * (delta_s - before)).mean(), (left < delta_s).mean(), left.mean()


def _with_lock(name, numbers, herd):
    both = [("get and set", np.asarray(herd, dtype=float)), ("lock", np.ones(numbers.size))]
    frames = [pd.DataFrame({name: numbers, "computations": many, "source": source}) for source, many in both]
    return pd.concat(frames, ignore_index=True)


def _numbers(name, given):
    numbers = np.atleast_1d(np.asarray(given))
    if numbers.dtype.kind not in "iuf":
        raise TypeError(f"{name}={given!r} holds {numbers.dtype}: hand in a number, or a row of numbers.")
    if numbers.ndim != 1 or not ((numbers >= 0) & (numbers < np.inf)).all():
        raise ValueError(f"{name}={given!r}: hand in one row of numbers, none of them below 0 and none endless.")
    return numbers


def _check_time(name, milliseconds):
    if not 0 <= milliseconds < math.inf:
        raise ValueError(f"{name}={milliseconds}: a time is 0 or more milliseconds; hand in what you measured.")


def _check_rule(delta_s, beta):
    if not 0 <= delta_s < math.inf:
        raise ValueError(f"delta_s={delta_s}: it is how long the last computation took, 0 or more seconds.")
    if not 0 <= beta < math.inf:
        raise ValueError(
            f"beta={beta}: it stretches the time before the expiry; 1 is usual, and below 0 makes no sense."
        )
