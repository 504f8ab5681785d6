"""The embedded memcached by itself: exact LRU, a hard byte limit, time, input cut anywhere, clients that are slow."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections import OrderedDict
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymemcache import Client

from helpers.caching import replay, simulate, traffic
from helpers.services import memcached
from helpers.services.embedded_memcached.connection import Connection
from helpers.services.embedded_memcached.server import EmbeddedMemcached
from helpers.services.embedded_memcached.store import MEGABYTE, Store

OVERHEAD = 59  # bytes an item takes beside key and value; 4 more with client flags
UNIX_NOW = 1_700_000_000
DAY = 86_400


class Transport:
    """What a connection writes to, in place of a socket; `full` makes it ask for a pause."""

    def __init__(self):
        self.sent, self.closed, self.reading, self.full_above, self.connection = b"", False, True, None, None

    def write(self, data):
        self.sent += data
        if self.full_above is not None and len(self.sent) > self.full_above:
            self.connection.pause_writing()

    def close(self):
        self.closed = True

    def pause_reading(self):
        self.reading = False

    def resume_reading(self):
        self.reading = True


def client_of(server=None):
    connection = Connection(server or EmbeddedMemcached(Store(8 * MEGABYTE)))
    transport = Transport()
    transport.connection = connection
    connection.connection_made(transport)
    return connection, transport


def answers(*pieces):
    connection, transport = client_of()
    for piece in pieces:
        connection.data_received(piece)
    return transport.sent


class Clock:
    seconds = 1000.3

    def __call__(self):
        return self.seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def store(clock):
    return Store(MEGABYTE, clock=clock, wall=lambda: UNIX_NOW)


@pytest.fixture
def start(monkeypatch):
    """memcached.start, with the embedded one chosen."""
    monkeypatch.setenv("TROUBLESPOTS_SERVERS", "embedded")
    return memcached.start


# --- what it holds

OPERATIONS = st.tuples(
    st.sampled_from(["set", "add", "replace", "append", "prepend", "get", "touch", "gat", "incr", "delete"]),
    st.integers(0, 11),
    st.integers(0, 90),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(OPERATIONS, max_size=120))
def test_it_is_exact_lru_under_a_hard_limit_of_bytes(operations):
    """Held against an OrderedDict of key → value that is cut from its old end."""
    store, model, evictions = Store(600), OrderedDict(), 0
    for verb, number, size in operations:
        key, value = b"key:%02d" % number, b"7" * size
        known = key in model
        if verb in ("set", "add", "replace", "append", "prepend"):
            store.store(verb.encode(), key, value)
            if verb == "set" or known != (verb == "add"):
                old = model.get(key, b"")
                model[key] = {"append": old + value, "prepend": value + old}.get(verb, value)
        elif verb == "get":
            assert (store.get(key) is not None) == known
        elif verb in ("touch", "gat"):
            assert (store.touch(key, 0) is not None) == known
        elif verb == "incr":
            answer = store.increment(b"incr", key, 0)
            if known and model[key] and len(model[key]) <= 19:
                assert answer == model[key]
        else:
            store.delete(key)
            model.pop(key, None)
        if key in model:
            model.move_to_end(key)
        while sum(OVERHEAD + len(key) + len(value) for key, value in model.items()) > 600:
            model.popitem(last=False)
            evictions += 1
        assert [(key, item.value) for key, item in store.items.items()] == list(model.items())
        assert store.bytes == sum(OVERHEAD + len(key) + len(value) for key, value in model.items()) <= 600
        assert store.counts["evictions"] == evictions


def test_client_flags_take_four_bytes(store):
    store.store(b"set", b"k", b"v", flags=1)
    assert store.bytes == OVERHEAD + 1 + 1 + 4


@pytest.mark.parametrize(
    "change", [b"incr n 1", b"decr n 1", b"incr n 99", b"set n 0 0 1\r\n1", b"append n 0 0 1\r\n1"]
)
def test_every_change_makes_a_new_version(change):
    connection, transport = client_of()
    connection.data_received(b"set n 0 0 1\r\n5\r\ngets n\r\n")
    version = transport.sent.split()[5]
    connection.data_received(change + b"\r\ncas n 0 0 1 " + version + b"\r\n7\r\n")
    assert transport.sent.endswith(b"EXISTS\r\n")
    connection.data_received(b"gets n\r\n")
    version = transport.sent.split()[-3]
    connection.data_received(b"touch n 0\r\ncas n 0 0 1 " + version + b"\r\n7\r\nget n\r\n")
    assert transport.sent.endswith(b"STORED\r\nVALUE n 0 1\r\n7\r\nEND\r\n")


@pytest.mark.parametrize("memory_mb, fits", [(2, 1958), (3, 2937)])
def test_as_many_items_fit_as_the_overhead_says(start, memory_mb, fits):
    assert fits == memory_mb * MEGABYTE // (OVERHEAD + len("talk:0000000") + 1000)
    with start(memory_mb=memory_mb) as server:
        client = Client(server.address)
        client.set_many({f"talk:{number:07d}": b"x" * 1000 for number in range(fits)})
        assert client.stats()[b"evictions"] == 0
        assert client.get("talk:0000000") is not None  # now the second is the least recently used
        client.set("talk:9999999", b"x" * 1000, noreply=False)
        stats = client.stats()
        assert (stats[b"evictions"], stats[b"curr_items"]) == (1, fits)
        assert client.get("talk:0000001") is None
        assert client.get("talk:0000000") is not None


@pytest.mark.parametrize("seed", [1, 2])
def test_a_replay_hits_exactly_as_often_as_the_exact_lru_curve_says(start, seed):
    trace = traffic.zipf(6_000, keys=4_000, alpha=0.9, seed=seed)

    def ask(client, key):
        if client.get(key) is not None:
            return True
        client.set(key, b"x" * 2000)
        return False

    with start(memory_mb=2) as server:
        row = replay.play(trace, ask, server).iloc[0]
    assert row["flavour"] == "embedded"
    assert row["evictions"] > 500
    curve = simulate.lru_curve(trace).set_index("capacity_items")["hit_rate"]
    assert row["hit_rate"] == curve[row["capacity_items"]]


# --- time


@pytest.mark.parametrize("exptime", [1, 2, 30 * DAY])
def test_an_item_lives_between_one_second_less_than_its_ttl_and_its_ttl(store, clock, exptime):
    store.store(b"set", b"k", b"v", exptime=exptime)
    clock.seconds += exptime - 1 + 0.6
    assert store.get(b"k") is not None
    clock.seconds += 0.4
    assert store.get(b"k") is None
    assert store.counts["get_expired"] == 1


@pytest.mark.parametrize("exptime", [-1, -(2**31), 30 * DAY + 1, UNIX_NOW, UNIX_NOW - 60])
def test_a_time_that_has_passed_is_at_once(store, exptime):
    store.store(b"set", b"k", b"v", exptime=exptime)
    assert store.get(b"k") is None


def test_more_than_thirty_days_is_a_moment_in_unix_time(store, clock):
    store.store(b"set", b"k", b"v", exptime=UNIX_NOW + 100)
    clock.seconds += 99
    assert store.get(b"k") is not None
    clock.seconds += 2
    assert store.get(b"k") is None


def test_zero_is_for_ever_and_touch_gives_a_new_time(store, clock):
    store.store(b"set", b"k", b"v")
    clock.seconds += 1000 * DAY
    assert store.get(b"k") is not None
    store.touch(b"k", 10)
    clock.seconds += 9
    store.touch(b"k", 10)
    clock.seconds += 9
    assert store.get(b"k") is not None
    clock.seconds += 1
    assert store.get(b"k") is None


def test_append_and_incr_keep_the_time_and_the_flags(store, clock):
    store.store(b"set", b"k", b"9", flags=5, exptime=100)
    store.store(b"append", b"k", b"9", flags=6, exptime=7)
    assert store.increment(b"incr", b"k", 1) == b"100"
    clock.seconds += 50
    assert store.get(b"k").flags == 5
    clock.seconds += 50
    assert store.get(b"k") is None


def test_a_delayed_flush_takes_what_was_stored_until_then_and_nothing_later(store, clock):
    store.store(b"set", b"before", b"v")
    store.flush(10)
    clock.seconds += 8
    store.store(b"set", b"meanwhile", b"v")
    assert store.get(b"before") is not None
    clock.seconds += 2
    store.store(b"set", b"after", b"v")
    assert [store.get(key) is not None for key in (b"before", b"meanwhile", b"after")] == [False, False, True]


def test_a_flush_at_once_calls_off_a_delayed_one(store, clock):
    store.flush(10)
    store.flush()
    store.store(b"set", b"k", b"v")
    clock.seconds += 20
    assert store.get(b"k") is not None


def test_an_expired_item_that_makes_room_counts_as_reclaimed_not_as_evicted(clock):
    store = Store(2 * (OVERHEAD + 2), clock=clock)
    store.store(b"set", b"a", b"v", exptime=5)
    store.store(b"set", b"b", b"v")
    clock.seconds += 6
    store.store(b"set", b"c", b"v")
    assert (store.counts["reclaimed"], store.counts["evictions"]) == (1, 0)


# --- what arrives

SCRIPT = (
    b"set a 5 0 10\r\n0123\r\n6789\r\nget a b\r\nset b 0 0 0 noreply\r\n\r\nget b\nappend a 0 0 2\r\n\r\n\r\nget a\r\n"
    b"set n 0 0 2\r\n10\r\nincr n 5\r\ndecr n 6 noreply\r\nget n\r\nnonsense\r\n\r\nset a 0 0 3\r\nlonger\r\n"
    b"ms m 3 k\r\nabc\r\nmg m v s\r\nget  a  n\r\nset k 0 0 x\r\nmn\r\nversion\r\n"
)
ANSWERS = (
    b"STORED\r\nVALUE a 5 10\r\n0123\r\n6789\r\nEND\r\nVALUE b 0 0\r\n\r\nEND\r\nSTORED\r\n"
    b"VALUE a 5 12\r\n0123\r\n6789\r\n\r\nEND\r\nSTORED\r\n15\r\nVALUE n 0 2\r\n9 \r\nEND\r\nERROR\r\nERROR\r\n"
    b"CLIENT_ERROR bad data chunk\r\nERROR\r\nHD km\r\nVA 3 s3\r\nabc\r\n"
    b"VALUE a 5 12\r\n0123\r\n6789\r\n\r\nVALUE n 0 2\r\n9 \r\nEND\r\n"
    b"CLIENT_ERROR bad command line format\r\nMN\r\nVERSION 1.6.0-troublespots\r\n"
)


def test_input_in_one_piece_and_byte_by_byte_gets_the_same_answers():
    assert answers(SCRIPT) == ANSWERS
    assert answers(*(SCRIPT[at : at + 1] for at in range(len(SCRIPT)))) == ANSWERS


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(1, len(SCRIPT) - 1), max_size=12, unique=True))
def test_input_may_be_cut_anywhere(cuts):
    cuts = [0, *sorted(cuts), len(SCRIPT)]
    assert answers(*(SCRIPT[start:end] for start, end in pairwise(cuts))) == ANSWERS


@pytest.mark.parametrize("piece", [7, 1000, 65_536, 10_000_000])
def test_a_value_that_is_too_large_is_passed_over_and_the_old_one_is_gone(piece):
    script = b"set a 0 0 1\r\nv\r\nset a 0 0 1048577\r\n" + b"mn\r\n" * 262_144 + b"x\r\nget a\r\n"
    pieces = [script[at : at + piece] for at in range(0, len(script), piece)]
    assert answers(*pieces) == b"STORED\r\nSERVER_ERROR object too large for cache\r\nEND\r\n"


def test_the_largest_item_is_one_megabyte_with_its_overhead():
    fits = MEGABYTE - OVERHEAD - 1
    assert answers(b"set a 0 0 %d\r\n%b\r\n" % (fits, b"x" * fits)) == b"STORED\r\n"
    assert answers(b"set a 0 0 %d\r\n%b\r\n" % (fits + 1, b"x" * (fits + 1))).startswith(b"SERVER_ERROR object too")
    assert answers(b"set a 1 0 %d\r\n%b\r\n" % (fits, b"x" * fits)).startswith(b"SERVER_ERROR object too")


def test_a_long_line_without_end_closes_the_connection_but_a_long_get_is_answered():
    connection, transport = client_of()
    connection.data_received(b"x" * 2048)
    assert not transport.closed
    connection.data_received(b"x")
    assert transport.closed
    connection.data_received(b"mn\r\n")
    assert transport.sent == b""
    long = b"set k 0 0 1\r\nv\r\nget" + b" k" * 200_000 + b"\r\n"
    pieces = [long[at : at + 60_000] for at in range(0, len(long), 60_000)]
    assert answers(*pieces) == b"STORED\r\n" + b"VALUE k 0 1\r\nv\r\n" * 200_000 + b"END\r\n"


def test_a_request_of_a_browser_is_not_read_for_commands():
    connection, transport = client_of()
    connection.data_received(b"POST / HTTP/1.1\r\n\r\nflush_all\r\n")
    assert transport.closed
    assert transport.sent == b""


@settings(max_examples=300, deadline=None)
@given(st.lists(st.binary(max_size=40) | st.sampled_from(SCRIPT.split(b"\r\n")) | st.just(b"\r\n"), max_size=30))
def test_bad_input_never_breaks_the_server(pieces):
    server = EmbeddedMemcached(Store(8 * MEGABYTE))
    connection, _ = client_of(server)
    for piece in pieces:
        connection.data_received(piece)
    another, transport = client_of(server)
    another.data_received(b"set still 0 0 2\r\nup\r\nget still\r\n")
    assert transport.sent == b"STORED\r\nVALUE still 0 2\r\nup\r\nEND\r\n"


@pytest.mark.parametrize(
    "command", [b"get big\r\n" * 50, b"get" + b" big" * 50 + b"\r\n", b"gats 0" + b" big" * 50 + b"\r\n"]
)
def test_while_a_client_does_not_read_it_gets_one_value_more_and_then_all_of_them(command):
    server = EmbeddedMemcached(Store(8 * MEGABYTE))
    connection, transport = client_of(server)
    value = b"x" * 100_000
    connection.data_received(b"set big 0 0 %d noreply\r\n%b\r\n" % (len(value), value))
    transport.full_above = 0
    connection.data_received(command + b"mn\r\n")
    sent_after_each_pause = []
    while not transport.reading:
        sent_after_each_pause.append(transport.sent.count(value))
        transport.full_above = len(transport.sent)
        connection.resume_writing()
    assert sent_after_each_pause[:50] == list(range(1, 51))
    assert transport.sent.replace(value, b"x") == answers(
        b"set big 0 0 1 noreply\r\nx\r\n" + command + b"mn\r\n"
    ).replace(b"big 0 1", b"big 0 100000")


# --- in a process of its own


def test_slow_readers_cost_no_memory_and_hold_up_nobody(start):
    with start(memory_mb=8) as server:
        client = Client(server.address, timeout=20)
        client.set("big", b"x" * 1_000_000, noreply=False)
        before = psutil.Process(server.pid).memory_info().rss
        slow = [socket.create_connection(server.address) for _ in range(5)]
        for connection in slow:
            connection.sendall(b"get big\r\n" * 40)
        assert client.get("big") == b"x" * 1_000_000
        assert psutil.Process(server.pid).memory_info().rss - before < 40 * MEGABYTE  # 200 were asked for
        whole = (b"VALUE big 0 1000000\r\n" + b"x" * 1_000_000 + b"\r\nEND\r\n") * 40
        for connection in slow:
            with connection, connection.makefile("rb") as answer:
                assert answer.read(len(whole)) == whole


def test_many_connections(start):
    with start(memory_mb=2) as server:
        observer = Client(server.address)
        before = observer.stats()[b"total_connections"]
        clients = [socket.create_connection(server.address) for _ in range(300)]
        for number, client in enumerate(clients):
            client.sendall(b"set k%d 0 0 3\r\n%03d\r\n" % (number, number))
        assert all(client.recv(100) == b"STORED\r\n" for client in clients)
        for number, client in enumerate(clients):
            client.sendall(b"get k%d\r\n" % (299 - number))
        for number, client in enumerate(clients):
            assert b"\r\n%03d\r\n" % (299 - number) in client.recv(100)
        assert observer.stats()[b"curr_connections"] == 301
        for client in clients:
            client.close()
        assert observer.stats()[b"total_connections"] == before + 300
        assert server.logs().splitlines() == [str(server.port)]


def test_stats_say_what_happened(start):
    with start(memory_mb=2) as server:
        client = Client(server.address)
        client.set("a", b"1", noreply=False)
        client.get("a")
        client.get("b")
        client.touch("a", noreply=False)
        client.incr("a", 1)
        client.delete("a", noreply=False)
        stats = client.stats()
        expected = {"cmd_get": 2, "get_hits": 1, "get_misses": 1, "cmd_set": 1, "touch_hits": 1, "incr_hits": 1}
        expected |= {"delete_hits": 1, "curr_items": 0, "bytes": 0, "total_items": 1, "evictions": 0, "cmd_touch": 1}
        expected |= {"limit_maxbytes": 2 * MEGABYTE, "curr_connections": 1, "pid": server.pid}
        assert {name: int(stats[name.encode()]) for name in expected} == expected
        assert stats[b"version"] == b"1.6.0-troublespots"
        assert client.stats("settings")[b"maxbytes"] == 2 * MEGABYTE
        client.raw_command("stats reset")
        assert client.stats()[b"cmd_get"] == 0


@contextmanager
def by_hand(*arguments, **more):
    server = subprocess.Popen(
        [sys.executable, "-m", "helpers.services.embedded_memcached", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell lets its background jobs ignore an interrupt, and so would everything that they start.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        **more,
    )
    with server:
        try:
            yield server
        finally:
            server.kill()


def test_started_by_hand_it_prints_its_port_and_ends_quietly_on_an_interrupt(tmp_path):
    port_file = tmp_path / "port"
    environment = {**os.environ, "MEMCACHED_PORT_FILENAME": str(port_file)}
    with by_hand("--port", "0", "--memory-mb", "3", env=environment) as server:
        port = int(server.stdout.readline())
        assert port_file.read_text() == f"TCP INET: {port}\n"
        assert Client(("127.0.0.1", port)).stats()[b"limit_maxbytes"] == 3 * MEGABYTE
        with by_hand("--port", str(port)) as second:
            assert "cannot listen" in second.communicate()[1]
            assert second.returncode == 1
        server.send_signal(signal.SIGINT)
        assert server.wait(timeout=20) == 0
        assert server.stderr.read() == ""


def test_its_unix_socket_is_for_this_user_alone():
    with tempfile.TemporaryDirectory() as folder:  # pytest's own folders lie too deep for a socket's 107 bytes
        path = Path(folder) / "socket"
        with by_hand("--unix-socket", str(path)) as server:
            assert server.stdout.readline().strip() == str(path)
            assert oct(path.stat().st_mode)[-3:] == "600"
            assert Client(f"unix:{path}").version() == b"1.6.0-troublespots"


@pytest.mark.parametrize(
    "arguments, sentence",
    [
        (["--memory-mb", "0"], "whole megabytes, at least 1"),
        (["--memory-mb", "1", "--max-item-bytes", "2000000"], "from 1024 to all the memory"),
        (["--port", "70000"], "from 0 to 65535"),
    ],
)
def test_impossible_arguments_get_a_sentence(arguments, sentence):
    with by_hand(*arguments) as server:
        assert sentence in server.communicate()[1]
        assert server.returncode == 2


def test_it_needs_nothing_but_the_standard_library():
    program = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parents[1])!r}); "
        "import helpers.services.embedded_memcached.__main__; "
        "print(*sorted({name.partition('.')[0] for name in sys.modules} - sys.stdlib_module_names - {'__main__'}))"
    )
    found = subprocess.run([sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["helpers"]
