"""Replay against what the wire allows, and the embedded memcached against the system's."""

import os
import socket

from benchmarks.timing import interleaved, row
from helpers.caching import replay, traffic
from helpers.services import memcached

BATCH = 50
VALUE = b"x" * 100


def rows():
    """The rows of this benchmark."""
    yield from _replay()
    yield from _bias()
    yield from _embedded()


def _replay():
    trace = traffic.zipf(100_000, 10_000, 0.9, seed=1)
    keys = [replay.KEY.format(key) for key in trace.tolist()]
    batches = [list(dict.fromkeys(keys[start : start + BATCH])) for start in range(0, len(keys), BATCH)]

    def ask_many(client, asked):
        found = client.get_many(asked)
        client.set_many({key: VALUE for key in asked if key not in found}, noreply=True)
        return found

    with memcached.start(memory_mb=64) as server:
        client = replay.connect(server)
        client.set_many({key: VALUE for key in set(keys)})
        wire = _Wire(server, [" ".join(["get", *batch]).encode() + b"\r\n" for batch in batches])
        times = interleaved(
            {
                "replay": lambda: replay.play_batches(trace, ask_many, server, batch=BATCH),
                "client": lambda: [ask_many(client, batch) for batch in batches],
                "wire": wire.run,
            },
            repeats=5,
        )
    what = f"replay in batches of {BATCH}"
    yield row(
        what, "the same calls of pymemcache, on any core, uncounted", times["client"] / times["replay"], "of its speed"
    )
    ratio = times["wire"] / times["replay"]
    yield row(what, "raw pipelined gets, answers unread", ratio, "of its speed", "≥ 0.5", ratio >= 0.5)
    yield row(what, "a second", 100_000 / times["replay"], "requests a second", "≥ 100,000", times["replay"] <= 1)


def _bias():
    """What batching does to the hit rate of a cache that is too small: in points, against one request at a time."""
    trace = traffic.zipf(30_000, 10_000, 0.9, seed=9)
    page = b"x" * 2_000

    def one(client, key):
        if client.get(key) is None:
            client.set(key, page)
            return False
        return True

    def many(client, keys):
        found = client.get_many(keys)
        client.set_many({key: page for key in keys if key not in found})
        return found

    with memcached.start(memory_mb=3) as server:
        single = replay.play(trace, one, server).hit_rate[0]
    for batch in (10, 50, 200):
        with memcached.start(memory_mb=3) as server:
            rate = replay.play_batches(trace, many, server, batch=batch).hit_rate[0]
        what = f"hit rate of a replay in batches of {batch}, 3 MB"
        yield row(what, "the same requests one by one", 100 * (rate - single), "points more")


class _Wire:
    """The ceiling: sends prepared commands, eight at a time, and counts the ends of their answers."""

    def __init__(self, server, commands):
        self.connection = socket.create_connection((server.host, server.port))
        self.blocks = [commands[start : start + 8] for start in range(0, len(commands), 8)]

    def run(self):
        for block in self.blocks:
            self.connection.sendall(b"".join(block))
            ends, tail = 0, b""
            while ends < len(block):
                data = tail + self.connection.recv(1 << 20)
                ends += data.count(b"END\r\n")
                tail = data[-4:] if not data.endswith(b"END\r\n") else b""


def _embedded():
    before = os.environ.get("TROUBLESPOTS_SERVERS")
    servers = {}
    for flavour in ("system", "embedded"):
        os.environ["TROUBLESPOTS_SERVERS"] = flavour
        servers[flavour] = memcached.start(memory_mb=64)
    if before is None:
        del os.environ["TROUBLESPOTS_SERVERS"]
    else:
        os.environ["TROUBLESPOTS_SERVERS"] = before
    clients = {flavour: replay.connect(server) for flavour, server in servers.items()}
    many = {f"talk:{number}": VALUE for number in range(BATCH)}
    calls = {
        "get": lambda client: client.get("talk:1"),
        "set": lambda client: client.set("talk:1", VALUE, noreply=False),
        f"get_many({BATCH})": lambda client: client.get_many(list(many)),
        f"set_many({BATCH})": lambda client: client.set_many(many),
    }
    for name, call in calls.items():
        for client in clients.values():
            client.set_many(many)
        times = interleaved(
            {
                flavour: lambda client=client, call=call: [call(client) for _ in range(500)]
                for flavour, client in clients.items()
            },
            repeats=9,
        )
        ratio = times["system"] / times["embedded"]
        yield row(
            f"embedded memcached, {name}",
            "the system's memcached, through pymemcache",
            ratio,
            "of its speed",
            "≥ 0.5",
            ratio >= 0.5,
        )
    for server in servers.values():
        server.stop()
