"""The checks of lesson 10: their shelf behaves as Django's own cache, and strange attempts get words."""

import threading

import pytest
from django.core.cache.backends.base import memcache_key_warnings
from django.core.cache.backends.locmem import LocMemCache

from helpers.exercises.desk import registry
from helpers.exercises.grading import grade
from helpers.exercises.patterns import Key
from helpers.exercises.patterns_lock import Lock
from helpers.exercises.patterns_shelf import Shelf

EXERCISES = [each for each in registry().values() if each.lesson() == "10-caching-patterns"]


def test_there_are_six():
    assert len(EXERCISES) == 6


@pytest.mark.parametrize("cache", [Shelf(), LocMemCache("patterns-shelf", {})], ids=lambda cache: type(cache).__name__)
def test_the_shelf_answers_as_the_local_memory_cache_does(cache):
    missing = object()
    assert cache.get("a") is None and cache.get("a", missing) is missing
    assert cache.add("a", None) is True and cache.add("a", 2) is False
    assert cache.get("a", missing) is None
    cache.set("a", [1])
    cache.get("a").append(2)
    assert cache.get("a") == [1]
    assert cache.get_or_set("b", lambda: 5) == 5 and cache.get_or_set("b", 6) == 5
    assert cache.incr("b") == 6 and cache.incr("b", 4) == 10
    assert "b" in cache and "c" not in cache
    assert cache.delete("b") is True and cache.delete("b") is False
    with pytest.raises(ValueError, match="not found"):
        cache.incr("b")
    cache.clear()
    assert "a" not in cache


@pytest.mark.parametrize("answer", Key.solutions, ids=lambda each: each.__name__)
def test_a_right_key_is_one_that_django_takes_for_memcached(answer):
    for texts in (("the orm", "a:b"), ("ü" * 300,), ("x" * 1000, "\n")):
        assert list(memcache_key_warnings(":1:" + answer(*texts))) == []


def test_the_right_lock_lets_one_of_thirty_threads_compute():
    cache, gate, computed = LocMemCache("patterns-lock", {}), threading.Barrier(30), []

    def compute():
        computed.append(1)
        threading.Event().wait(0.02)
        return "new"

    def reader():
        gate.wait()
        Lock.solutions[0](cache, "page", compute, lambda: threading.Event().wait(0.001))

    threads = [threading.Thread(target=reader) for _ in range(30)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert computed == [1] and cache.get("page") == "new" and cache.get("page:lock") is None


def raises(*arguments):
    raise KeyError("on purpose")


def a_list(*arguments):
    return [1]


@pytest.mark.parametrize("exercise", [each for each in EXERCISES if each.kind == "function"], ids=lambda each: each.id)
@pytest.mark.parametrize("attempt", [raises, a_list], ids=lambda each: each.__name__)
def test_strange_attempts_get_a_sentence(exercise, attempt):
    verdict = grade(exercise, attempt)
    assert verdict.state == "wrong" and verdict.words.startswith(exercise.id) and " at 0x" not in verdict.words
    assert grade(exercise, attempt) == verdict


def test_a_server_that_is_down_is_not_the_learners_fault():
    def find_speaker(cache, ask_database, slug):
        raise ConnectionRefusedError(111, "Connection refused")

    assert grade(registry()["patterns-dne"], find_speaker).state == "environment"


def test_a_loop_without_an_end_is_told():
    def one_computes(cache, key, compute, wait):
        while cache.get(key) is None:
            pass

    verdict = grade(Lock, one_computes, limit_seconds=0.3)
    assert verdict.state == "wrong" and "had not ended after 0.3 seconds" in verdict.words
