"""The write model: stale reads are counted by versions, with dictionaries and with real commits; nothing is lost."""

import sqlite3
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.caching import traffic, writing

COLUMNS = ["request", "key", "kind", "hit", "version", "newest", "stale", "start_s", "latency_ms", "worker", "error"]
requests = st.lists(st.tuples(st.integers(0, 4), st.booleans()), min_size=1, max_size=60).map(
    lambda pairs: (np.array([key for key, _ in pairs]), np.array([write for _, write in pairs]))
)


class Site:
    """A row's version in a dictionary for the database, and a cache-aside read of it."""

    def __init__(self):
        self.database, self.cache, self.lock = {}, {}, threading.Lock()

    def commit(self, key):
        with self.lock:
            self.database[key] = self.database.get(key, 0) + 1
            return self.database[key]

    def read(self, key):
        if key in self.cache:
            return self.cache[key], True
        self.cache[key] = self.database.get(key, 0)
        return self.cache[key], False

    def replace(self, key, version):
        self.cache[key] = version

    def delete(self, key, version):
        self.cache.pop(key, None)

    def nothing(self, key, version):
        pass

    def play(self, trace, writes, strategy="nothing", **options):
        return writing.play(trace, writes, self.commit, getattr(self, strategy), self.read, **options)


@pytest.fixture
def site():
    return Site()


# What is counted


@given(requests)
def test_alone_and_replaced_or_deleted_no_read_is_stale(pair):
    trace, writes = pair
    for strategy in ("replace", "delete"):
        frame = Site().play(trace, writes, strategy)
        reads = frame[frame.kind == "read"]
        assert not reads.stale.any() and (reads.version == reads.newest).all()


@given(requests)
def test_where_nothing_is_done_exactly_the_cached_reads_after_a_write_are_stale(pair):
    trace, writes = pair
    frame = Site().play(trace, writes, "nothing")
    cached_at, committed = {}, {}
    for key, write, row in zip(trace.tolist(), writes.tolist(), frame.itertuples(), strict=True):
        if write:
            committed[key] = committed.get(key, 0) + 1
            assert (row.kind, row.version) == ("write", committed[key])
        else:
            hit = key in cached_at
            cached_at.setdefault(key, committed.get(key, 0))
            assert (row.kind, row.hit, row.version) == ("read", hit, cached_at[key])
            assert row.stale == (committed.get(key, 0) > cached_at[key])


def test_one_row_a_request_and_what_does_not_apply_is_missing(site):
    trace, writes = np.array([7, 7, 7, 8, 7]), np.array([False, True, False, False, True])
    frame = site.play(trace, writes)
    assert frame.columns.tolist() == COLUMNS
    assert frame.request.tolist() == [0, 1, 2, 3, 4] and frame.key.tolist() == trace.tolist()
    assert frame.kind.tolist() == ["read", "write", "read", "read", "write"]
    assert frame.version.tolist() == [0, 1, 0, 0, 2] and frame.newest.tolist() == [0, 0, 1, 0, 1]
    assert frame.hit.isna().tolist() == frame.stale.isna().tolist() == writes.tolist()
    assert frame.hit.dropna().tolist() == [False, True, False] and frame.stale.dropna().tolist() == [False, True, False]
    assert (frame.latency_ms > 0).all() and frame.start_s.is_monotonic_increasing
    assert set(frame.worker) == {0} and set(frame.error) == {""}


def test_alone_the_calling_thread_does_it_and_many_workers_take_turns(site):
    seen = set()

    def strategy(key, version):
        seen.add(threading.get_ident())

    everything = np.ones(40, dtype=bool)
    writing.play(np.arange(40), everything, site.commit, strategy, site.read)
    assert seen == {threading.get_ident()}
    seen.clear()
    frame = writing.play(np.arange(40), everything, site.commit, strategy, site.read, workers=4)
    assert threading.get_ident() not in seen
    assert sorted(frame.request) == list(range(40)) and (frame.request % 4 == frame.worker).all()
    assert frame.start_s.is_monotonic_increasing


def test_the_race_of_a_slow_reader_with_a_write_is_seen():
    """A reader misses and looks into the database, a writer commits and deletes, the reader stores what it saw."""
    database, cache, looked, deleted = {0: 0}, {}, threading.Event(), threading.Event()

    def read(key):
        if key in cache:
            return cache[key], True
        version = database[key]
        looked.set()
        assert deleted.wait(10)
        cache[key] = version
        return version, False

    def commit(key):
        assert looked.wait(10)
        database[key] += 1
        return database[key]

    def delete(key, version):
        cache.pop(key, None)
        deleted.set()

    frame = writing.play(np.zeros(3, int), np.array([False, True, False]), commit, delete, read, workers=2)
    first, last = (frame[frame.request == number].iloc[0] for number in (0, 2))
    # The first began before the commit had returned: what it says was true then.
    assert (first.hit, first.version, first.newest, first.stale) == (False, 0, 0, False)
    assert (last.hit, last.version, last.newest, last.stale) == (True, 0, 1, True)


def test_a_read_that_is_ahead_of_the_commit_is_not_stale(site):
    site.cache[0] = 99
    assert site.play(np.zeros(2, int), np.array([True, False])).stale.tolist()[1] is False


def test_a_version_that_returns_late_does_not_hide_a_newer_one():
    versions = iter([2, 1])
    frame = writing.play(
        np.zeros(3, int), np.array([True, True, False]), lambda _: next(versions), print_nothing, lambda _: (1, True)
    )
    assert frame.newest.tolist() == [0, 2, 2] and frame.stale.tolist()[2] is True


def print_nothing(*_):
    pass


def test_no_request_begins_before_its_turn(site):
    frame = site.play(np.arange(12), np.arange(12) % 3 == 0, workers=3, pace_per_s=200)
    assert (frame.start_s >= frame.request / 200 - 1e-9).all()


# The table


def test_the_summary_counts_reads_hits_and_stale_reads(site):
    trace, writes = np.array([0, 0, 0, 0, 1, 2]), np.array([False, True, False, False, False, True])
    site.cache[1] = 0
    table = writing.summary(site.play(trace, writes), "do nothing")
    assert table.to_dict("records") == [
        {
            "strategy": "do nothing",
            "reads": 4,
            "writes": 2,
            "hit_rate": 0.75,
            "stale_share": 0.5,
            "database_reads": 1,
            "errors": 0,
        }
    ]


def test_a_read_that_failed_is_neither_a_read_nor_a_miss(site, capsys):
    def read(key):
        if key == 1:
            raise sqlite3.OperationalError("unable to open database file")
        return site.read(key)

    frame = writing.play(np.array([0, 1, 0]), np.zeros(3, bool), site.commit, site.nothing, read)
    row = writing.summary(frame).iloc[0]
    assert (row.reads, row.hit_rate, row.database_reads, row.errors) == (2, 0.5, 1, 1)
    assert "1 of 3 requests met an error" in capsys.readouterr().out


def test_without_a_read_the_shares_are_missing(site):
    table = writing.summary(site.play(np.arange(3), np.ones(3, dtype=bool)))
    assert table[["hit_rate", "stale_share"]].isna().all(axis=None)
    assert (table.reads[0], table.writes[0], table.database_reads[0]) == (0, 3, 0)


@pytest.mark.parametrize(("strategy", "source"), [("delete", "delete on write"), ("replace", "replace on write")])
def test_the_hit_rate_comes_up_to_the_ceiling_of_theory(site, strategy, source):
    from helpers.caching import theory

    trace, marks = traffic.zipf(20_000, 50, 0.9, seed=3), traffic.read_write_marks(20_000, 0.2, seed=3)
    ceiling = theory.write_ceiling(0.2).set_index("source").hit_rate[source]
    assert writing.summary(site.play(trace, marks, strategy)).hit_rate[0] == pytest.approx(ceiling, abs=0.01)


# Errors


def test_an_error_of_the_database_is_noted_and_told_and_the_run_goes_on(site, capsys):
    def commit(key):
        if key == 2:
            raise sqlite3.OperationalError("database is locked\nand more")
        return site.commit(key)

    trace, marks = np.array([1, 2, 2, 3]), np.array([True, True, False, True])
    frame = writing.play(trace, marks, commit, site.replace, site.read, workers=2)
    rows = frame.set_index("request").sort_index()
    assert rows.error[1].startswith("OperationalError: database is locked") and (rows.error.drop(1) == "").all()
    assert rows.version.isna().tolist() == [False, True, False, False]
    assert (rows.newest[2], rows.stale[2]) == (0, False)  # what was not committed makes nothing stale
    told = capsys.readouterr().out
    assert told == "✘ 1 of 4 requests met an error; the first was OperationalError: database is locked\n"
    table = writing.summary(frame)
    assert (table.reads[0], table.writes[0], table.errors[0]) == (1, 2, 1)


def test_a_commit_counts_even_where_the_cache_fails_after_it(site, capsys):
    from pymemcache import Client

    gone = Client(("127.0.0.1", 1), connect_timeout=1)
    frame = writing.play(
        np.zeros(3, int),
        np.array([False, True, False]),
        site.commit,
        lambda key, version: gone.set(str(key), version),
        site.read,
    )
    assert frame.version.tolist() == [0, 1, 0] and frame.stale.tolist()[2] is True
    assert frame.error[1].startswith("ConnectionRefusedError")
    assert "1 of 3 requests met an error" in capsys.readouterr().out


@pytest.mark.parametrize("workers", [1, 3])
def test_the_learners_own_mistake_is_raised(site, workers):
    with pytest.raises(ZeroDivisionError):
        writing.play(np.arange(30), np.zeros(30, bool), site.commit, site.nothing, lambda key: 1 / 0, workers=workers)


def test_after_a_mistake_no_worker_goes_on(site):
    failing, calls = threading.Event(), []

    def read(key):
        if key == 1:
            failing.set()
            raise ZeroDivisionError
        assert failing.wait(10)
        calls.append(key)
        time.sleep(0.001)
        return 0, False

    with pytest.raises(ZeroDivisionError):
        writing.play(np.arange(2_000), np.zeros(2_000, bool), site.commit, site.nothing, read, workers=2)
    assert len(calls) < 1_000


@pytest.mark.parametrize("workers", [1, 3])
def test_an_interrupt_leaves_the_rows_so_far(site, workers, capsys):
    def read(key):
        if key == 4:
            raise KeyboardInterrupt
        return site.read(key)

    frame = writing.play(np.arange(3_000), np.zeros(3_000, bool), site.commit, site.nothing, read, workers=workers)
    assert "Interrupted after" in capsys.readouterr().out and 4 not in frame.key.tolist()
    if workers == 1:
        assert frame.key.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("answer", [None, 3, (3, 1), (None, True), ("3", True), (True, True), (3, True, 0), [3, True]])
def test_a_read_that_says_something_else_is_told(site, answer):
    with pytest.raises(TypeError, match=r"read\(0\) returned .*it must return \(version, hit\)"):
        writing.play(np.zeros(1, int), np.zeros(1, bool), site.commit, site.nothing, lambda key: answer)


@pytest.mark.parametrize("version", [None, "1", 1.0, True, b"1"])
def test_a_commit_without_a_version_is_told(site, version):
    with pytest.raises(TypeError, match=r"commit\(0\) returned .*the row's new version"):
        writing.play(np.zeros(1, int), np.ones(1, bool), lambda key: version, site.nothing, site.read)


def test_a_version_that_comes_twice_is_told(site):
    with pytest.raises(ValueError, match=r"returned version 5 for the second time"):
        writing.play(np.zeros(2, int), np.ones(2, bool), lambda key: 5, site.nothing, site.read)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"trace": [0, 1]}, TypeError, "a trace is a NumPy array"),
        ({"writes": [0, 1]}, ValueError, "True or False for each of the 2"),
        ({"writes": np.ones(3, bool)}, ValueError, r"shape \(3,\)"),
        ({"commit": None}, TypeError, "commit=None cannot be called"),
        ({"after_commit": "delete"}, TypeError, "after_commit='delete'"),
        ({"read": 5}, TypeError, "read=5"),
        ({"workers": 0}, ValueError, "workers=0"),
        ({"workers": 65}, ValueError, "workers=65"),
        ({"pace_per_s": 0}, ValueError, "pace_per_s=0"),
    ],
)
def test_impossible_arguments_get_a_sentence(site, options, error, words):
    arguments = {
        "trace": np.arange(2),
        "writes": np.ones(2, bool),
        "commit": site.commit,
        "after_commit": site.nothing,
        "read": site.read,
    }
    with pytest.raises(error, match=words):
        writing.play(**(arguments | options))


def test_a_frame_from_elsewhere_is_told(site):
    with pytest.raises(ValueError, match="no column 'kind'"):
        writing.summary(site.play(np.arange(2), np.ones(2, bool)).drop(columns="kind"))


# A real database


@pytest.fixture
def talks(tmp_path_factory):
    """Keys of talks in an untouched copy of the conference, whose minutes serve as versions, from 5."""
    from helpers.project import boot as kernel

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TROUBLESPOTS_WORK", str(tmp_path_factory.mktemp("work")))
        kernel.boot()
    with kernel.isolated_database("small"):
        from helpers.conference.models import Talk

        Talk.objects.update(minutes=5)
        yield np.array(Talk.objects.values_list("pk", flat=True).order_by("pk")[:8])


def commit_talk(key):
    from django.db import transaction
    from django.db.models import F

    from helpers.conference.models import Talk

    with transaction.atomic():
        Talk.objects.filter(pk=key).update(minutes=F("minutes") + 1)
        return Talk.objects.values_list("minutes", flat=True).get(pk=key)


def read_talk(cache):
    from helpers.conference.models import Talk

    def read(key):
        version = cache.get(key)
        if version is not None:
            return version, True
        version = cache[key] = Talk.objects.values_list("minutes", flat=True).get(pk=key)
        return version, False

    return read


@pytest.mark.parametrize(("strategy", "is_stale"), [("replace", False), ("nothing", True)])
def test_real_commits_alone(talks, strategy, is_stale):
    cache = {}
    after = {"replace": cache.__setitem__, "nothing": print_nothing}[strategy]
    trace, marks = talks[traffic.zipf(300, 8, 0.9, seed=1)], traffic.read_write_marks(300, 0.2, seed=1)
    frame = writing.play(trace, marks, commit_talk, after, read_talk(cache))
    assert bool(frame.stale.any()) is is_stale
    from helpers.conference.models import Talk

    committed = frame[frame.kind == "write"].groupby("key").version.max()
    assert committed.to_dict() == dict(Talk.objects.filter(minutes__gt=5).values_list("pk", "minutes"))
    assert (committed - 5).sum() == marks.sum()


def test_reads_past_the_cache_are_never_stale_however_many_workers_write_and_connections_are_closed(talks):
    from django.db import connection, connections

    from helpers.conference.models import Talk

    opened = {}

    def read(key):
        version = Talk.objects.values_list("minutes", flat=True).get(pk=key)
        opened[threading.get_ident()] = connections["default"]
        return version, False

    trace, marks = talks[traffic.zipf(150, 8, 0.9, seed=2)], traffic.read_write_marks(150, 0.3, seed=2)
    connection.ensure_connection()
    frame = writing.play(trace, marks, commit_talk, print_nothing, read, workers=3)
    assert not frame.stale.any() and set(frame.error) == {""}
    committed = frame[frame.kind == "write"].groupby("key").version.max()
    assert committed.to_dict() == dict(Talk.objects.filter(minutes__gt=5).values_list("pk", "minutes"))
    assert (committed - 5).sum() == marks.sum()
    assert len(opened) == 3 and all(each.connection is None for each in opened.values())
    assert connection.connection is not None  # the caller's own stays


def test_a_close_of_ones_own_is_called_by_each_thread(site):
    threads = []
    site.play(np.arange(9), np.zeros(9, bool), workers=3, close=lambda: threads.append(threading.get_ident()))
    assert len(threads) == 3 and threading.get_ident() not in threads


def test_the_write_model_does_not_bring_django():
    code = "import sys, helpers.caching.writing; sys.exit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0
