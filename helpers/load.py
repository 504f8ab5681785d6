"""Load: many requests from several workers against a function or a page, and a row for every answer.

A closed loop sends the next request when the last one is answered: a slow server gets fewer of them. An open loop sends
requests at the moments at which they are due, as visitors do: a slow server gets a queue. (The difference: Schroeder,
Wierman and Harchol-Balter, "Open versus closed: a cautionary tale", 2006.)
"""

import multiprocessing
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd

from helpers import load_workers
from helpers.django_connections import closer
from helpers.load_workers import Page

__all__ = ["Page", "closed", "open_loop", "quantiles", "throughput"]

COLUMNS = ["request", "start_s", "latency_ms", "outcome", "worker"]
MOST_WORKERS = 128


def closed(call, keys, workers: int = 1, seconds: float = 30.0, processes: bool = False) -> pd.DataFrame:
    """Send every one of `keys` by `call(key)` from `workers` threads, each as soon as its last request is answered.

    The keys (a trace, or any sequence) are dealt out in turn; after `seconds` no new request begins. With `processes`
    the workers are processes, which needs a `call` that can be pickled, such as a `Page`. One row a request, in the
    order of their start: `request` (its place in `keys`), `start_s` (since the load began), `latency_ms`, `outcome`
    (what `call` returned, as text; "ok" for None; the name of the exception it raised), `worker`. Raises ValueError for
    no keys, no workers or no time; TypeError for a `call` that cannot be called.
    """
    keys = _checked(call, keys, workers, seconds)
    shares = load_workers.numbered(keys, workers)
    if processes:
        return _framed(_in_processes(call, shares, seconds))
    return _framed(_in_threads(load_workers.closed, call, shares, seconds))


def open_loop(call, keys, rate_per_s: float, workers: int = 32, seconds: float = 30.0, seed: int = 0) -> pd.DataFrame:
    """Send `keys` at `rate_per_s` on average, whether or not earlier requests are answered (Poisson, by `seed`).

    The latency of a request counts from the moment at which it was due, so the time it waited for one of the `workers`
    threads is in it. Columns and errors as for `closed`; `start_s` is the moment at which it was due.
    """
    keys = _checked(call, keys, workers, seconds)
    if not rate_per_s > 0:
        raise ValueError(f"rate_per_s={rate_per_s}: a rate above 0 is needed, in requests a second.")
    moments = np.random.default_rng(seed).exponential(1 / rate_per_s, len(keys)).cumsum()
    due = load_workers.Shared(zip(range(len(keys)), keys, moments.tolist(), strict=True))
    return _framed(_in_threads(load_workers.open_, call, [due] * workers, seconds))


def quantiles(frame: pd.DataFrame, by: str = "outcome", wanted=(0.5, 0.99), seed: int = 0) -> pd.DataFrame:
    """Quantiles of `latency_ms` for each value of the column `by`, with 95 % bootstrap intervals.

    Columns: `by`, `requests`, `quantile`, `latency_ms`, `low_ms`, `high_ms`. The interval holds the middle 95 % of the
    quantiles of 500 samples drawn from the rows with replacement (Efron, "Bootstrap methods: another look at the
    jackknife", 1979); it says nothing about what would differ in another run. Raises ValueError for a missing column or
    a quantile outside 0–1.
    """
    missing = {by, "latency_ms"} - set(frame.columns)
    if missing:
        raise ValueError(f"this frame has no column {sorted(missing)[0]!r}: hand in what closed() or open_loop() gave.")
    if not all(0 <= each <= 1 for each in wanted):
        raise ValueError(f"wanted={tuple(wanted)}: a quantile lies between 0 and 1; the 99th percentile is 0.99.")
    random, rows = np.random.default_rng(seed), []
    for value, group in frame.groupby(by, sort=True, observed=True):
        latencies = group["latency_ms"].to_numpy()
        drawn = np.array([np.quantile(random.choice(latencies, latencies.size), wanted) for _ in range(500)])
        for place, quantile in enumerate(wanted):
            low, high = np.quantile(drawn[:, place], (0.025, 0.975))
            rows.append((value, latencies.size, quantile, np.quantile(latencies, quantile), low, high))
    return pd.DataFrame(rows, columns=[by, "requests", "quantile", "latency_ms", "low_ms", "high_ms"])


def throughput(frame: pd.DataFrame) -> float:
    """Requests answered each second, from the first start to the last answer; raises ValueError for an empty frame."""
    if frame.empty:
        raise ValueError("no request was sent, so there is no throughput: give the load more time, or keys.")
    ends = frame["start_s"] + frame["latency_ms"] / 1000
    return len(frame) / (ends.max() - frame["start_s"].min())


def _checked(call, keys, workers, seconds):
    if not callable(call):
        raise TypeError(f"call={call!r} cannot be called: hand in a function of one key, or a Page.")
    keys = keys.tolist() if isinstance(keys, np.ndarray) else list(keys)
    if not keys:
        raise ValueError("there are no keys to send: hand in a trace, or a list with one entry for each request.")
    if isinstance(workers, bool) or not isinstance(workers, int) or not 1 <= workers <= MOST_WORKERS:
        raise ValueError(f"workers={workers!r}: a whole number from 1 to {MOST_WORKERS} is needed.")
    if not seconds > 0:
        raise ValueError(f"seconds={seconds}: no request could be sent in that time; give it more than 0.")
    return keys


def _in_threads(loop, call, shares, seconds):
    close = closer()
    gate = threading.Barrier(len(shares))
    began = []

    def work(worker, share):
        gate.wait()
        began.append(time.perf_counter())
        return loop(call, share, began[0], began[0] + seconds, worker, close)

    with ThreadPoolExecutor(len(shares)) as pool:
        done = [pool.submit(work, worker, share) for worker, share in enumerate(shares)]
        return [row for each in done for row in each.result()]


def _in_processes(call, shares, seconds):
    # Not fork: a kernel has threads and open connections, and a child would inherit them half alive.
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(len(shares))
    with context.Pool(len(shares), load_workers.meet_at, (barrier,)) as pool:
        done = [
            pool.apply_async(load_workers.in_process, (call, share, seconds, worker))
            for worker, share in enumerate(shares)
        ]
        rows = [row for each in done for row in each.get()]
    first = min((row[1] for row in rows), default=0.0)
    return [(number, start - first, *rest) for number, start, *rest in rows]


def _framed(rows):
    return pd.DataFrame(rows, columns=COLUMNS).sort_values("start_s", ignore_index=True)
