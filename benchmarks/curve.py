"""The exact LRU curve against simulators that need one pass for every size, its memory, and how it grows."""

import os
import tempfile
import tracemalloc
from collections import OrderedDict

import cachetools
import numpy as np

from benchmarks.timing import interleaved, row
from helpers.caching import simulate, traffic

SIZES = np.unique(np.geomspace(100, 50_000, 30).astype(int)).tolist()


def rows():
    """The rows of this benchmark."""
    million = traffic.zipf(1_000_000, 100_000, 0.9, seed=1)
    simulate.lru_curve(million[:1000])
    yield from _against_libcachesim(million)
    yield from _against_python(million[:50_000])
    peak_mb = _peak_mb(million)
    yield row("exact LRU curve, peak memory", "1,000,000 requests", peak_mb, "MB", "< 200 MB", peak_mb < 200)
    yield from _growth()


def _against_libcachesim(trace):
    import libcachesim

    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "trace")
        records = np.zeros(trace.size, np.dtype([("t", "<u4"), ("id", "<u8"), ("size", "<u4"), ("next", "<i8")]))
        records["t"], records["id"], records["size"] = np.arange(trace.size), trace + 1, 1
        records.tofile(path)

        def simulator():
            for size in SIZES:
                how = libcachesim.ReaderInitParam(ignore_obj_size=True)
                reader = libcachesim.TraceReader(path, libcachesim.TraceType.ORACLE_GENERAL_TRACE, how)
                libcachesim.LRU(size).process_trace(reader)

        times = interleaved({"ours": lambda: simulate.lru_curve(trace), "theirs": simulator}, repeats=3)
    ratio = times["theirs"] / times["ours"]
    yield row(
        "exact LRU curve, all sizes, 1,000,000 requests",
        f"libCacheSim, {len(SIZES)} sizes",
        ratio,
        "× faster",
        "≥ 5 ×",
        ratio >= 5,
    )


def _against_python(trace):
    def with_ordered_dict():
        for size in SIZES:
            cache = OrderedDict()
            for key in trace.tolist():
                if key in cache:
                    cache.move_to_end(key)
                else:
                    cache[key] = True
                    if len(cache) > size:
                        cache.popitem(last=False)

    def with_cachetools():
        for size in SIZES:
            cache = cachetools.LRUCache(size)
            for key in trace.tolist():
                if cache.get(key) is None:
                    cache[key] = True

    candidates = {"ours": lambda: simulate.lru_curve(trace), "od": with_ordered_dict, "ct": with_cachetools}
    times = interleaved(candidates, repeats=3)
    yield row(
        "exact LRU curve, 50,000 requests", f"OrderedDict, {len(SIZES)} sizes", times["od"] / times["ours"], "× faster"
    )
    yield row(
        "exact LRU curve, 50,000 requests", f"cachetools, {len(SIZES)} sizes", times["ct"] / times["ours"], "× faster"
    )


def _peak_mb(trace):
    tracemalloc.start()
    simulate.lru_curve(trace)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


def _growth():
    traces = {size: traffic.zipf(size, size // 10, 0.9, seed=1) for size in (10**4, 10**5, 10**6, 10**7)}
    times = {
        size: interleaved({"curve": lambda trace=trace: simulate.lru_curve(trace)}, repeats=3 if size < 10**7 else 1)[
            "curve"
        ]
        for size, trace in traces.items()
    }
    for size in (10**5, 10**6, 10**7):
        yield row(
            f"exact LRU curve, {size:,} requests",
            f"{size // 10:,} requests",
            times[size] / times[size // 10],
            "× the time for 10 × the requests",
        )
