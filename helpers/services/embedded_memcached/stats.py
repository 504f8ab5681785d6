"""What the embedded memcached says of itself: `stats`, and its tables of settings, items and slabs."""

import os
import time
from itertools import islice

from helpers.services.embedded_memcached.commands import VERSION
from helpers.services.embedded_memcached.numbers import unsigned


def stats(connection, words):
    if words[1:2] == [b"reset"]:
        connection.server.reset_counters()
        return b"RESET"
    if words[1:2] == [b"cachedump"]:
        return cachedump(connection, words)
    tables = {b"": general_stats, b"settings": settings, b"items": item_stats, b"slabs": slab_stats}
    table = tables.get(words[1] if len(words) > 1 else b"")
    if table is None:
        return b"ERROR"
    for name, value in table(connection.server).items():
        connection.write(f"STAT {name} {value}\r\n".encode())
    return b"END"


def cachedump(connection, words):
    """The keys of the class 1, which is all there is, as many as asked for (0: all)."""
    if len(words) < 4 or unsigned(words[3]) is None:
        return b"CLIENT_ERROR bad command line"
    items = connection.store.items if words[2] == b"1" else {}
    for key, item in islice(items.items(), unsigned(words[3]) or None):
        connection.write(b"ITEM %b [%d b; %d s]\r\n" % (key, len(item.value), connection.store.unix_time(item.expires)))
    return b"END"


def general_stats(server):
    used, items, counts = os.times(), server.store, server.store.counts
    return {
        "pid": os.getpid(),
        "uptime": server.uptime(),
        "time": int(time.time()),
        "version": VERSION,
        "pointer_size": 64,
        "rusage_user": f"{used.user:.6f}",
        "rusage_system": f"{used.system:.6f}",
        "cmd_get": counts["get_hits"] + counts["get_misses"],
        "cmd_touch": counts["touch_hits"] + counts["touch_misses"],
        "curr_connections": len(server.connections),
        "total_connections": server.total_connections,
        **counts,
        "bytes_read": server.bytes_read,
        "bytes_written": server.bytes_written,
        "limit_maxbytes": items.limit_bytes,
        "threads": 1,
        "bytes": items.bytes,
        "curr_items": len(items.items),
    }


def settings(server):
    return {
        "maxbytes": server.store.limit_bytes,
        "tcpport": server.port,
        "udpport": 0,
        "inter": "127.0.0.1",
        "evictions": "on",
        "domain_socket": server.unix_socket or "NULL",
        "num_threads": 1,
        "cas_enabled": "yes",
        "item_size_max": server.store.max_item_bytes,
        "flush_enabled": "yes",
        "lru_segmented": "no",
    }


def item_stats(server):
    """All items as one class: there are no slabs here."""
    items = server.store
    if not items.items:
        return {}
    counts = {"number": len(items.items), "mem_requested": items.bytes, "evicted": items.counts["evictions"]}
    counts["reclaimed"] = items.counts["reclaimed"]
    return {f"items:1:{name}": count for name, count in counts.items()}


def slab_stats(server):
    return {"active_slabs": 0, "total_malloced": server.store.bytes}
