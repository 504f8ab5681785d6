"""The first exercise of lesson 08: cache-aside that keeps every value, also 0 and None."""

from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.cache_desk import RecordingCache
from helpers.exercises.grading import described, expect_call

LESSON = "08-should-you-cache-at-all"


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
        for value, nudge in (
            ("4.2", ""),
            (0, "0 is a value too: ask whether the key is missing, not whether the value is true."),
            (None, "None is a value too: tell a miss by a default that is like nothing else."),
        ):
            cache, made = RecordingCache(), []

            def make(value=value, made=made):
                made.append(value)
                return value

            words = f'cache, "talk:1", make, 60, where make() returns {described(value)}'
            for _ in range(2):
                expect_call(attempt, cache, "talk:1", make, 60, expected=value, shown=words, nudge=nudge)
            if len(made) != 1:
                kept = "Was it kept, and is the cache asked first?" if value == "4.2" else nudge
                raise Incorrect(f"cached({words}), called twice: make() ran {len(made)} times, expected 1. {kept}")
            if cache.timeouts != [60]:
                raise Incorrect(
                    f"cached({words}): kept with timeout {described(cache.timeouts[0])}, expected 60. Hand it on to "
                    "cache.set; without it the default of the settings holds."
                )
        return "text, 0 and None were each made once, and kept for 60 seconds"

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
