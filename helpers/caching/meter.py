"""What a replay counts: hits, misses and latencies of the window that is open, and whose fault an error was."""

import numpy as np
from pymemcache.exceptions import MemcacheError

BROKEN = (OSError, MemcacheError, EOFError)
_CLIENTS = {"pymemcache", "pylibmc", "redis"}


class Meter:
    """What a replay has counted in the window that is open, and the rows of those that are closed."""

    def __init__(self, server, observer):
        self.server, self.rows = server, []
        self.open_window(read_stats(observer))

    def open_window(self, stats):
        self.hits = self.misses = self.writes = 0
        self.latencies = []
        self.evictions_before = stats["evictions"]

    @property
    def answered(self):
        return self.hits + self.misses

    def count(self, hits, done, spent):
        if hits is None:
            self.writes += done
            return
        self.hits += hits
        self.misses += done - hits
        self.latencies.append(spent)

    def close_window(self, number, stats):
        p50, p99 = np.quantile(self.latencies, (0.5, 0.99)) * 1000 if self.latencies else (np.nan, np.nan)
        row = {
            "window": len(self.rows),
            "requests_seen": number,
            "hits": self.hits,
            "misses": self.misses,
            "writes": self.writes,
            "hit_rate": self.hits / self.answered if self.answered else np.nan,
            "evictions": stats["evictions"] - self.evictions_before,
            "latency_p50_ms": p50,
            "latency_p99_ms": p99,
            "capacity_items": stats["curr_items"],
            "memory_mb": getattr(self.server, "memory_mb", np.nan),
            "source": "measured",
            "flavour": getattr(self.server, "flavour", ""),
        }
        self.rows.append(row)
        self.open_window(stats)


def came_from_the_cache(error):
    """True where a client of the cache raised the error, False where the learner's own code did."""
    step = error.__traceback__
    while step is not None:
        package = step.tb_frame.f_globals.get("__name__", "").partition(".")[0]
        if package in _CLIENTS:
            return True
        step = step.tb_next
    return isinstance(error, MemcacheError)


def tell(error, number, total, server):
    name = getattr(server, "name", "the cache")
    what = "Interrupted" if isinstance(error, KeyboardInterrupt) else f"{name} stopped answering"
    why = "" if isinstance(error, KeyboardInterrupt) else f" ({type(error).__name__})"
    print(f"✘ {what} after {number:,} of {total:,} requests{why}: the rows cover what was measured until then.")


def read_stats(client) -> dict[str, int]:
    """What the server itself has counted: `evictions` and `curr_items`."""
    stats = client.stats()
    return {name: int(stats[name.encode()]) for name in ("evictions", "curr_items")}
