"""The replay against a real memcached: counts, capacity, windows, and what happens when the cache dies."""

import os

import numpy as np
import pytest

from helpers.caching import replay, simulate, traffic
from helpers.caching.pinning import choose_core, pinned
from helpers.services import memcached

pytestmark = pytest.mark.system_server("memcached")
VALUE = b"x" * 1000
AS_FIFO = ["-o", "no_lru_maintainer,no_lru_crawler"]


def cache_aside(client, key):
    if client.get(key) is None:
        client.set(key, VALUE)
        return False
    return True


def write_back(client, key):
    hit = cache_aside(client, key)
    if hit:
        client.set(key, VALUE)
    return hit


@pytest.fixture
def server():
    with memcached.start(memory_mb=2) as running:
        yield running


def test_a_written_back_cache_is_exact_lru():
    trace = traffic.zipf(10_000, 10_000, 0.9, seed=1)
    with memcached.start(memory_mb=2, options=AS_FIFO) as running:
        row = replay.play(trace, write_back, running).iloc[0]
    exact = simulate.lru_curve(trace).set_index("capacity_items").hit_rate
    assert row.evictions > 0
    assert row.hits + row.misses == 10_000
    assert row.hit_rate == pytest.approx(exact[row.capacity_items], abs=0.001)


def test_windows_share_the_requests_and_warm_up_is_not_counted(server):
    trace = np.tile(np.arange(100), 10)
    rows = replay.play(trace, cache_aside, server, windows=3, warm_up=100)
    assert rows.requests_seen.tolist() == [400, 700, 1000]
    assert rows.hits.tolist() == [300, 300, 300]
    assert rows.misses.sum() == 0
    assert (rows.source == "measured").all() and (rows.memory_mb == 2).all()


def test_writes_are_counted_apart(server):
    trace = np.zeros(10, dtype=int)
    marks = np.arange(10) % 2 == 1
    rows = replay.play(trace, cache_aside, server, writes=marks, write=lambda client, key: client.delete(key))
    assert (rows.hits[0], rows.misses[0], rows.writes[0]) == (0, 5, 5)


def test_a_repeat_within_a_batch_is_a_hit(server):
    def many(client, keys):
        found = client.get_many(keys)
        client.set_many({key: VALUE for key in keys if key not in found})
        return found

    rows = replay.play_batches(np.array([1, 1, 2, 1, 2, 3]), many, server, batch=4)
    assert (rows.hits[0], rows.misses[0]) == (3, 3)


def test_a_cache_that_dies_leaves_the_rows_measured_so_far(server, capsys):
    def dying(client, key):
        if key == replay.KEY.format(60):
            server.kill()
        return cache_aside(client, key)

    rows = replay.play(np.arange(100), dying, server, windows=2)
    assert rows.requests_seen.tolist() == [50, 60]
    assert "memcached stopped answering after 60 of 100 requests" in capsys.readouterr().out


def test_a_cache_that_dies_right_after_a_window_leaves_no_row_without_requests(server):
    def dying(client, key):
        if key == replay.KEY.format(50):
            server.kill()
        return cache_aside(client, key)

    rows = replay.play(np.arange(100), dying, server, windows=2)
    assert rows.requests_seen.tolist() == [50]


def test_an_error_of_the_learners_own_function_is_not_blamed_on_the_cache(server, capsys):
    def reads_a_file(client, key):
        return cache_aside(client, key) or open("/nonexistent/page").read()

    with pytest.raises(FileNotFoundError):
        replay.play(np.arange(3), reads_a_file, server)
    assert "stopped answering" not in capsys.readouterr().out


def test_djangos_cache_hits_the_same_requests_as_the_bare_client(server):
    from django.core.cache.backends.memcached import PyMemcacheCache

    def get_or_set(cache, key):
        made = []
        cache.get_or_set(key, lambda: made.append(key) or VALUE)
        return not made

    trace = traffic.zipf(2_000, 300, 0.9, seed=1)
    bare = replay.play(trace, cache_aside, server)
    through_django = replay.play(trace, get_or_set, server, client=PyMemcacheCache(server.url, {}))
    assert through_django.hits.tolist() == bare.hits.tolist()
    assert through_django.misses.tolist() == bare.misses.tolist()


def test_windows_shorter_than_a_batch_are_told(server):
    with pytest.raises(ValueError, match="shorter than a batch of 50"):
        replay.play_batches(np.arange(100), lambda client, keys: [], server, batch=50, windows=4)


def test_batches_of_any_whole_number_are_taken(server):
    rows = replay.play_batches(np.arange(6), lambda client, keys: [], server, batch=np.int64(3), windows=2)
    assert rows.misses.tolist() == [3, 3]


def test_an_interrupt_leaves_the_rows_measured_so_far(server, capsys):
    def interrupted(client, key):
        if key == replay.KEY.format(7):
            raise KeyboardInterrupt
        return cache_aside(client, key)

    rows = replay.play(np.arange(100), interrupted, server)
    assert rows.misses.tolist() == [7]
    assert "Interrupted after 7 of 100 requests" in capsys.readouterr().out


def test_an_ask_that_forgets_to_answer_is_told_so(server):
    with pytest.raises(TypeError, match="must return True for a hit"):
        replay.play(np.arange(3), lambda client, key: None, server)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"windows": 0}, "windows=0"),
        ({"windows": 4}, "need more requests than the 3"),
        ({"warm_up": -1}, "warm_up=-1"),
        ({"writes": [1, 0, 1]}, "True or False for each"),
    ],
)
def test_what_does_not_fit_is_told(server, options, words):
    with pytest.raises(ValueError, match=words):
        replay.play(np.arange(3), cache_aside, server, **options)


def test_writes_without_a_write_are_told(server):
    with pytest.raises(TypeError, match="give write="):
        replay.play(np.arange(3), cache_aside, server, writes=np.array([True, False, True]))


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="this system cannot pin a process to a core")
def test_one_core_for_the_run_and_every_core_back_after_it(server):
    own, theirs = os.sched_getaffinity(0), os.sched_getaffinity(server.pid)
    with pytest.raises(RuntimeError), pinned(server) as core:
        assert os.sched_getaffinity(0) == os.sched_getaffinity(server.pid) == {core}
        raise RuntimeError
    assert os.sched_getaffinity(0) == own
    assert os.sched_getaffinity(server.pid) == theirs


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="this system cannot pin a process to a core")
def test_two_replays_of_one_server_give_its_cores_back_when_the_last_one_ends(server):
    theirs = os.sched_getaffinity(server.pid)
    with pinned(server) as core:
        with pinned(server):
            pass
        assert os.sched_getaffinity(server.pid) == {core}
    assert os.sched_getaffinity(server.pid) == theirs


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="this system cannot pin a process to a core")
def test_a_server_started_again_during_a_replay_is_not_left_pinned(server):
    theirs = os.sched_getaffinity(server.pid)
    with pinned(server):
        server.restart()
    assert os.sched_getaffinity(server.pid) == theirs


def test_the_core_follows_the_test_workers_number():
    assert choose_core({4, 5}, {"PYTEST_XDIST_WORKER": "gw1"}) == 5
    assert choose_core({4, 5}, {"TROUBLESPOTS_CORE": "2"}) == 4
