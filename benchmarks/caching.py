"""Backends next to memcached, a herd and its cures, keys that move, and stale reads by strategy."""

import contextlib
import tempfile
import threading
import time

import numpy as np

from benchmarks.timing import interleaved, row
from helpers.caching import movement, traffic, writing
from helpers.load import closed
from helpers.project.boot import boot
from helpers.services import memcached, valkey

READERS, COMPUTE_S = 20, 0.1


def rows():
    """The rows of this benchmark."""
    boot("small")
    with (
        memcached.start(memory_mb=64) as cache_server,
        valkey.start() as other,
        tempfile.TemporaryDirectory() as folder,
    ):
        with _caches(cache_server, other, folder) as caches:
            yield from _backends(caches)
            yield from _herd()
            yield from _stale_reads()
    yield from _moved_keys()


@contextlib.contextmanager
def _caches(ours, other, folder):
    from django.core.cache import caches
    from django.core.management import call_command
    from django.test import override_settings

    where = {
        "memcached": ("memcached.PyMemcacheCache", ours.url),
        "Valkey or Redis": ("redis.RedisCache", other.url),
        "database": ("db.DatabaseCache", "cache_table"),
        "files": ("filebased.FileBasedCache", folder),
        "local memory": ("locmem.LocMemCache", "benchmark"),
        "dummy": ("dummy.DummyCache", ""),
    }
    settings = {
        name: {"BACKEND": f"django.core.cache.backends.{backend}", "LOCATION": location}
        for name, (backend, location) in where.items()
    }
    with override_settings(CACHES={"default": settings["memcached"], **settings}):
        call_command("createcachetable")
        yield {name: caches[name] for name in where}


def _backends(caches):
    value = "x" * 1_000
    for cache in caches.values():
        cache.set_many({f"page:{number}": value for number in range(200)}, timeout=None)

    def reads(cache):
        for number in range(200):
            cache.get(f"page:{number}")

    def writes(cache):
        for number in range(200):
            cache.set(f"page:{number}", value, timeout=None)

    for what, work in (("get", reads), ("set", writes)):
        times = interleaved({name: lambda c=cache, w=work: w(c) for name, cache in caches.items()}, repeats=7)
        for name in times:
            if name != "memcached":
                ratio = times[name] / times["memcached"]
                yield row(f"{name}, {what} of 1,000 characters, one process", "memcached", ratio, "× its time")


def _herd():
    # The proxy, not a cache object: each thread needs a client of its own, one that is shared mixes up the answers.
    from django.core.cache import cache

    counted = threading.Lock()

    def run(read):
        cache.clear()
        computed = []

        def compute():
            with counted:
                computed.append(1)
            time.sleep(COMPUTE_S)
            return "page"

        closed(lambda _: read(compute), range(READERS), workers=READERS)
        return len(computed)

    def plain(compute):
        page = cache.get("page")
        if page is None:
            page = compute()
            cache.set("page", page)
        return page

    def locked(compute):
        while (page := cache.get("page")) is None:
            if cache.add("page:lock", 1, timeout=10):
                page = cache.get("page")  # the last holder may have stored it since this reader looked
                if page is None:
                    page = compute()
                    cache.set("page", page)
                cache.delete("page:lock")
                return page
            time.sleep(0.005)
        return page

    what = f"{READERS} readers of a cold key that takes {COMPUTE_S:g} s"
    for name, read in (("get and set", plain), ("get_or_set", lambda f: cache.get_or_set("page", f)), ("lock", locked)):
        many = run(read)
        goal = {"goal": "1", "reached": many == 1} if name == "lock" else {}
        yield row(what, name, many, "computations", *goal.values())


def _stale_reads():
    from django.core.cache import cache

    from helpers.conference.models import Talk
    from helpers.project.boot import isolated_database

    trace = traffic.zipf(4_000, 40, 0.9, seed=5)
    writes = traffic.read_write_marks(4_000, 0.05, seed=6)

    def commit(key):
        talk = Talk.objects.get(id=key + 1)
        talk.minutes += 1  # its minutes count the versions up; between 5 and 240 by the model's constraint
        talk.save(update_fields=["minutes"])
        return talk.minutes

    def read(timeout):
        def look(key):
            version = cache.get(f"talk:{key}")
            if version is not None:
                return version, True
            version = Talk.objects.values_list("minutes", flat=True).get(id=key + 1)
            cache.set(f"talk:{key}", version, timeout=timeout)
            return version, False

        return look

    strategies = {
        "time to live of 1 s": (1, lambda key, version: None),
        "delete after the commit": (None, lambda key, version: cache.delete(f"talk:{key}")),
        "replace after the commit": (None, lambda key, version: cache.set(f"talk:{key}", version, timeout=None)),
    }
    for name, (timeout, after_commit) in strategies.items():
        cache.clear()
        with isolated_database("small"):
            Talk.objects.update(minutes=5)
            table = writing.summary(writing.play(trace, writes, commit, after_commit, read(timeout), pace_per_s=2_000))
        share, hits = table.stale_share[0], table.hit_rate[0]
        explicit = name != "time to live of 1 s"
        goal = ("0", share == 0) if explicit else ()
        yield row(
            f"stale reads, 5 % writes, one worker, 2,000 requests/s: {name}",
            f"hit rate {hits:.3f}",
            100 * share,
            "% of the reads",
            *goal,
        )


def _moved_keys():
    from pymemcache.client.rendezvous import RendezvousHash

    keys = [f"page:{number}" for number in range(20_000)]
    servers = [f"127.0.0.1:{11211 + number}" for number in range(4)]
    schemes = {**movement.SCHEMES, "HashClient": lambda key, nodes: RendezvousHash(nodes).get_node(key)}
    frame = movement.along(keys, [servers[:2], servers[:3], servers], schemes)
    for (before, after, scheme), group in frame.groupby(["before", "after", "scheme"], sort=True):
        shares = group.set_index("source").moved_share
        theory = shares.get("theory", movement.expected(servers[:before], servers[:after], "rendezvous"))
        yield row(
            f"keys that move, {before} to {after} servers: {scheme}",
            f"theory, {100 * theory:.1f} %",
            100 * float(shares["measured"]),
            "% of 20,000 keys",
            "± 1 point",
            bool(np.abs(shares["measured"] - theory) < 0.01),
        )
