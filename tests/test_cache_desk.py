"""The caches that exercises are checked with: a record of what was asked, and errors where they are wanted."""

import pytest

from helpers.exercises.cache_desk import BrokenCache, RecordingCache


def test_two_recording_caches_share_nothing():
    one, other = RecordingCache(), RecordingCache()
    one.set("key", 1, 60)
    assert (one.get("key"), other.get("key"), one.timeouts) == (1, None, [60])


def test_get_or_set_is_recorded_with_its_timeout_and_keeps_none():
    cache, made = RecordingCache(), []
    for _ in range(2):
        assert cache.get_or_set("key", lambda: made.append(1), 60) is None
    assert (cache.timeouts, made) == ([60], [1])


@pytest.mark.parametrize("failing", ["get", "set"])
def test_only_what_is_named_raises(failing):
    cache = BrokenCache((failing,))
    calls = {"get": lambda: cache.get("key"), "set": lambda: cache.set("key", 1)}
    with pytest.raises(TimeoutError, match=f"{failing}: no answer"):
        calls.pop(failing)()
    for call in calls.values():
        assert call() is None


def test_where_set_fails_add_fails_too_and_with_the_error_that_was_wanted():
    with pytest.raises(KeyError, match="set: no answer"):
        BrokenCache(("set",), error=KeyError).add("key", 1)
    assert BrokenCache(("get",)).add("key", 1)
