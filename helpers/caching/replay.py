"""Plays a trace against a real cache and measures what came of it: hits, misses, evictions, latency."""

import contextlib
import sys
import time

import numpy as np
import pandas as pd
from pymemcache import Client
from tqdm import tqdm

from helpers.caching.meter import BROKEN, Meter, came_from_the_cache, read_stats, tell
from helpers.caching.pinning import pinned
from helpers.caching.trace import check_at_least, check_marks, check_trace

KEY = "talk:{:07d}"  # one length for every key, so that all items of one value size fall into one slab class


def play(trace, ask, server, *, client=None, windows=1, warm_up=0, writes=None, write=None, progress=False):
    """Send every request of `trace` to `server` by your function `ask(client, key)`, which says whether it was a hit.

    `key` is text, as in "talk:0000042"; `client` is a pymemcache Client, or what you hand in (Django's cache, say).
    The first `warm_up` requests are sent and not counted. `writes`, a boolean array as long as the trace, marks the
    requests that go to `write(client, key)` instead; they count as writes, neither hits nor misses.

    Returns one row for each of `windows` equal parts: `window`, `requests_seen` (at its end), `hits`, `misses`,
    `writes`, `hit_rate`, `evictions`, `latency_p50_ms` and `latency_p99_ms` (of `ask`), `capacity_items` (items held at
    its end: as many as fit, once anything was evicted), `memory_mb`, `source` ("measured"), `flavour`. While it runs,
    this thread and the server share one core (Linux). A cache that dies, or an interrupt, ends the run with one
    sentence, and the rows measured so far are returned. Raises TypeError or ValueError for a wrong trace, windows that
    do not fit, writes without a `write`, or an `ask` that returns neither True nor False.
    """
    trace = check_trace(trace)
    _check_windows(windows, warm_up, trace.size)
    marks = _check_writes(writes, write, trace.size)
    keys = _names(trace)

    def one(number):
        if marks is not None and marks[number]:
            write(own, keys[number])
            return None, 1
        hit = ask(own, keys[number])
        if hit is not True and hit is not False and not isinstance(hit, np.bool_):
            raise TypeError(
                f"ask(client, {keys[number]!r}) returned {hit!r}: it must return True for a hit and False for a "
                "miss, on every path."
            )
        return int(hit), 1

    with _lent(client, server) as own:
        return _run(one, trace.size, server, windows, warm_up, progress)


def play_batches(trace, ask_many, server, *, batch=50, client=None, windows=1, progress=False):
    """Send `trace` in batches by your function `ask_many(client, keys)`, which returns the keys that were found.

    `keys` are the distinct keys of a batch, first come first. A key that comes again within its batch counts as a hit:
    its value is already there, and the database is not asked twice. So the hit rate lies a little off that of the same
    requests one by one: within a batch nothing is evicted, and everything is looked up before anything is stored.
    Returns the rows of `play`; the latencies are those of one call of `ask_many`, `batch` requests at a time.
    """
    trace = check_trace(trace)
    check_at_least("batch", batch, 1)
    _check_windows(windows, 0, trace.size)
    if batch * windows > trace.size:
        raise ValueError(
            f"windows={windows} of a trace of {trace.size:,} requests are shorter than a batch of {batch}: "
            "a window holds whole batches, so ask for fewer windows or a smaller batch."
        )
    keys = _names(trace)

    def many(number):
        asked = keys[number : number + batch]
        distinct = list(dict.fromkeys(asked))
        found = ask_many(own, distinct)
        if not hasattr(found, "__contains__") or isinstance(found, str):
            raise TypeError(f"ask_many returned {found!r}: it must return the keys that were found, as get_many does.")
        return len(asked) - sum(key not in found for key in distinct), len(asked)

    with _lent(client, server) as own:
        return _run(many, trace.size, server, windows, 0, progress)


def connect(server) -> Client:
    """A pymemcache Client of `server`, with time limits, so that a cache that hangs cannot hang the notebook."""
    return Client(server.address, no_delay=True, connect_timeout=5, timeout=10)


def _run(step, total, server, windows, warm_up, progress):
    """Call step(number) → (hits or None for a write, requests done) to the end; one row a window."""
    ends = np.linspace(warm_up, total, windows + 1).astype(int)[1:]
    number = 0
    bar = tqdm(total=total, disable=not progress, file=sys.stdout, leave=False, unit=" requests", unit_scale=True)
    with bar, contextlib.closing(connect(server)) as observer:
        meter = Meter(server, observer)
        try:
            with pinned(server):
                while number < total:
                    began = time.perf_counter()
                    hits, done = step(number)
                    spent = time.perf_counter() - began
                    number += done
                    if progress and (number % 1000 < done):
                        bar.update(number - bar.n)
                    if number > warm_up:
                        meter.count(hits, done, spent)
                        if number >= ends[len(meter.rows)]:
                            meter.close_window(number, read_stats(observer))
                    elif number == warm_up:
                        meter.open_window(read_stats(observer))
        except (*BROKEN, KeyboardInterrupt) as error:
            if not isinstance(error, KeyboardInterrupt) and not came_from_the_cache(error):
                raise  # the learner's own function could not read a file, say: the cache is not to blame
            try:
                stats = read_stats(observer)
            except BROKEN:
                stats = {"evictions": np.nan, "curr_items": pd.NA}
            if meter.answered or meter.writes or not meter.rows:
                meter.close_window(number, stats)
            tell(error, number, total, server)
    return pd.DataFrame(meter.rows)


def _lent(client, server):
    """The learner's own client, left open afterwards; or one of ours, closed."""
    return contextlib.closing(connect(server)) if client is None else contextlib.nullcontext(client)


def _names(trace):
    return [KEY.format(key) for key in trace.tolist()]


def _check_windows(windows, warm_up, total):
    check_at_least("windows", windows, 1)
    check_at_least("warm_up", warm_up, 0)
    if warm_up + windows > total:
        raise ValueError(
            f"windows={windows} and warm_up={warm_up} need more requests than the {total:,} of this trace: "
            "every window holds at least one."
        )


def _check_writes(writes, write, total):
    if writes is None:
        return None
    marks = check_marks(writes, total)
    if not callable(write):
        raise TypeError("writes= marks requests that are writes: give write=, a function of client and key, too.")
    return marks
