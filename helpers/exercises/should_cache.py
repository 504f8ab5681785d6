"""The first exercise of lesson 08: cache-aside that keeps every value, also 0 and None."""

from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.cache_desk import RecordingCache
from helpers.exercises.grading import call, described, expect_call

LESSON = "08-should-you-cache-at-all"

VALUES = (
    ("4.2", ""),
    (0, "0 is a value too: ask whether the key is missing, not whether the value is true."),
    ("", '"" is a value too: tell a miss by a default that is like nothing else.'),
    (None, "None is a value too: tell a miss by a default that is like nothing else."),
)


class CacheAside(Exercise):
    """The value of `key`: from `cache` if it is there, else from make(), and then kept.

    It is kept for `timeout` seconds. make() may also return 0, "" or None: each is a value,
    and is made once.
    """

    id = "should-1-cache-aside"
    name = "cached"

    def stub(cache, key, make, timeout): ...

    hints = (
        "cache.get(key) is None for a miss, and also for a None that was kept: give it a default of your own.",
        "missing = object() is like nothing else: value = cache.get(key, missing), and then `if value is missing`.",
    )

    def check(attempt):
        cache = RecordingCache()
        for number, (value, nudge) in enumerate(VALUES, start=1):
            made = []

            def make(value=value, made=made):
                made.append(value)
                return value

            def advice(got, number=number, nudge=nudge):
                if number > 1 and got == VALUES[number - 2][0]:
                    return "That is the value of another key: hand `key` on to get and to set."
                return nudge or ("On a miss too: return what make() gave." if got is None else "")

            key = f"talk:{number}"
            words = f'cache, "{key}", make, 60, where make() returns {described(value)}'
            for _ in range(2):
                expect_call(attempt, cache, key, make, 60, expected=value, shown=words, nudge=advice)
            if len(made) != 1:
                kept = nudge or "Was it kept, and is the cache asked before make() runs?"
                raise Incorrect(f"cached({words}), called twice: make() ran {len(made)} times, expected 1. {kept}")
            if cache.timeouts[number - 1 :] != [60]:
                raise Incorrect(
                    f"cached({words}): kept with timeout {described(cache.timeouts[-1])}, expected 60. Hand it on to "
                    "cache.set; without it the default of the settings holds."
                )
        _expires_between(attempt)
        return 'text, 0, "" and None were each made once, and kept for 60 seconds'

    @solution
    def by_a_default_of_its_own(cache, key, make, timeout):
        missing = object()
        value = cache.get(key, missing)
        if value is missing:
            value = make()
            cache.set(key, value, timeout)
        return value

    @solution
    def there_is_a_method_for_that(cache, key, make, timeout):
        return cache.get_or_set(key, make, timeout)

    @mistake("0 is a value too")
    def if_not_value(cache, key, make, timeout):
        value = cache.get(key)
        if not value:
            value = make()
            cache.set(key, value, timeout)
        return value

    @mistake("None is a value too")
    def if_value_is_none(cache, key, make, timeout):
        value = cache.get(key)
        if value is None:
            value = make()
            cache.set(key, value, timeout)
        return value

    @mistake("expected 60")
    def the_timeout_is_forgotten(cache, key, make, timeout):
        missing = object()
        value = cache.get(key, missing)
        if value is missing:
            value = make()
            cache.set(key, value)
        return value

    @mistake("Was it kept")
    def never_kept(cache, key, make, timeout):
        value = cache.get(key)
        return make() if value is None else value

    @mistake('"" is a value too')
    def an_empty_text_for_a_miss(cache, key, make, timeout):
        value = cache.get(key, "")
        if value == "":
            value = make()
            cache.set(key, value, timeout)
        return value

    @mistake("between `in` and get")
    def asked_twice(cache, key, make, timeout):
        if key in cache:
            return cache.get(key)
        value = make()
        cache.set(key, value, timeout)
        return value

    @mistake("the value of another key")
    def one_key_for_all(cache, key, make, timeout):
        missing = object()
        value = cache.get("key", missing)
        if value is missing:
            value = make()
            cache.set("key", value, timeout)
        return value

    @mistake("On a miss too")
    def kept_but_not_returned(cache, key, make, timeout):
        value = cache.get(key)
        if value is None:
            cache.set(key, make(), timeout)
        return value


class _Expiring(RecordingCache):
    """A cache whose entry is gone right after `key in cache` has said yes, as it may be on a busy server."""

    def has_key(self, key, version=None):
        found = super().has_key(key, version)
        self.delete(key, version)
        return found


def _expires_between(attempt):
    cache = _Expiring()
    cache.set("talk:9", "4.2", 60)
    got = call(attempt, cache, "talk:9", lambda: "4.2", 60, shown='cache, "talk:9", make, 60')
    if got != "4.2":
        raise Incorrect(
            f'cached(cache, "talk:9", make, 60): the entry expired between `in` and get, and {described(got)} came '
            "back. Ask once, with cache.get(key, missing)."
        )
