"""The second exercise of lesson 08: a value that is right whatever the cache does."""

from pymemcache.exceptions import MemcacheError

from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.cache_desk import BrokenCache, RecordingCache
from helpers.exercises.grading import described, expect_call

LESSON = "08-should-you-cache-at-all"


class NeverRely(Exercise):
    """The value of `key` as before, and right whatever the cache does.

    get and set may both raise. What make() raises goes through; make() runs once at most.
    """

    id = "should-2-never-rely"
    name = "never_rely"

    def stub(cache, key, make, timeout): ...

    hints = (
        "Two calls can fail, one before make() and one after it: each needs a try of its own.",
        "Keep make() outside of both: an error of the database is no error of the cache, and must be seen.",
    )

    def check(attempt):
        for failing, error, nudge in (
            ((), TimeoutError, "With a cache that works, keep what was made."),
            (("get",), TimeoutError, "Where get fails, the page is made without the cache."),
            (("set",), TimeoutError, "The value is there already when set fails: return it."),
            (("get", "set"), TimeoutError, "Both fail when the server is gone."),
            (("get", "set"), MemcacheError, "Each client has errors of its own: catch Exception."),
        ):
            cache, made = BrokenCache(failing, error), []

            def make(made=made):
                made.append(1)
                return "page"

            how = {0: "nothing raises", 1: f"{''.join(failing)} raises", 2: f"get and set raise {error.__name__}"}
            shown = f"cache, key, make, 60, where {how[len(failing)]}"
            _expect_page(attempt, cache, make, shown, nudge)
            if len(made) != 1:
                raise Incorrect(f"never_rely({shown}): make() ran {len(made)} times, expected 1: it costs the most.")
            if not failing:
                _expect_page(attempt, cache, make, shown, nudge)
                if len(made) != 1:
                    raise Incorrect(f"never_rely({shown}), called twice: make() ran twice. {nudge}")
        _make_fails(attempt)
        _as_before(attempt)
        return "right with a cache that works, without get, without set, without both"

    @solution
    def two_tries(cache, key, make, timeout):
        from contextlib import suppress

        missing = object()
        try:
            value = cache.get(key, missing)
        except Exception:
            value = missing
        if value is missing:
            value = make()
            with suppress(Exception):
                cache.set(key, value, timeout)
        return value

    @mistake("Where get fails")
    def only_set_is_guarded(cache, key, make, timeout):
        from contextlib import suppress

        value = cache.get(key)
        if value is None:
            value = make()
            with suppress(Exception):
                cache.set(key, value, timeout)
        return value

    @mistake("expected 1")
    def one_try_around_all(cache, key, make, timeout):
        try:
            value = cache.get(key)
            if value is None:
                value = make()
                cache.set(key, value, timeout)
            return value
        except Exception:
            return make()

    @mistake("error of make() was swallowed")
    def everything_is_swallowed(cache, key, make, timeout):
        from contextlib import suppress

        value = None
        try:
            value = cache.get(key)
            if value is None:
                value = make()
                cache.set(key, value, timeout)
        except Exception:
            if value is None:
                with suppress(Exception):
                    value = make()
        return value

    @mistake("make() ran twice")
    def no_cache_at_all(cache, key, make, timeout):
        return make()

    @mistake("catch Exception")
    def one_kind_of_error(cache, key, make, timeout):
        from contextlib import suppress

        value = missing = object()
        with suppress(OSError):
            value = cache.get(key, missing)
        if value is missing:
            value = make()
            with suppress(OSError):
                cache.set(key, value, timeout)
        return value

    @mistake("expected 1")
    def get_or_set_in_one_try(cache, key, make, timeout):
        try:
            return cache.get_or_set(key, make, timeout)
        except Exception:
            return make()

    @mistake("make() ran 2 times and raised")
    def made_inside_the_try(cache, key, make, timeout):
        from contextlib import suppress

        value = missing = object()
        with suppress(Exception):
            value = cache.get(key, missing)
        if value is missing:
            try:
                value = make()
                cache.set(key, value, timeout)
            except Exception:
                if value is missing:
                    value = make()
        return value

    @mistake("kept with timeout")
    def the_timeout_is_forgotten(cache, key, make, timeout):
        from contextlib import suppress

        value = missing = object()
        with suppress(Exception):
            value = cache.get(key, missing)
        if value is missing:
            value = make()
            with suppress(Exception):
                cache.set(key, value)
        return value

    @mistake("As before")
    def none_is_made_again(cache, key, make, timeout):
        from contextlib import suppress

        value = None
        with suppress(Exception):
            value = cache.get(key)
        if value is None:
            value = make()
            with suppress(Exception):
                cache.set(key, value, timeout)
        return value


def _expect_page(attempt, cache, make, shown, nudge):
    try:
        expect_call(attempt, cache, "talk:1", make, 60, expected="page", shown=shown, nudge=nudge)
    except Incorrect as error:
        if isinstance(error.__cause__, TimeoutError | MemcacheError):
            raise Incorrect(f"never_rely({shown}): the cache's error came through to the page. {nudge}") from error
        if isinstance(error.__cause__, UnboundLocalError):
            raise Incorrect(f"{error}. Give it a value before the try: an error skips the assignment.") from error
        raise


def _make_fails(attempt):
    class DatabaseIsDown(Exception):
        pass

    calls = []

    def make():
        calls.append(1)
        raise DatabaseIsDown

    try:
        got = attempt(RecordingCache(), "talk:2", make, 60)
    except DatabaseIsDown:
        if len(calls) > 1:
            raise Incorrect(
                f"never_rely(cache, key, make, 60), where make() raises: make() ran {len(calls)} times and raised each "
                "time. Keep it outside of both tries: it runs once at most."
            ) from None
        return
    raise Incorrect(
        f"never_rely(cache, key, make, 60), where make() raises: the error of make() was swallowed, and "
        f"{described(got)} came back. A page that cannot be made must not be guessed."
    )


def _as_before(attempt):
    for value in (0, None):
        cache, made = RecordingCache(), []

        def make(value=value, made=made):
            made.append(value)
            return value

        shown = f"cache, key, make, 60, where nothing raises and make() returns {described(value)}"
        for _ in range(2):
            expect_call(attempt, cache, "talk:3", make, 60, expected=value, shown=shown)
        if len(made) != 1:
            raise Incorrect(
                f"never_rely({shown}), called twice: make() ran {len(made)} times, expected 1. As before: 0 and None "
                "are values too, so tell a miss by a default of your own."
            )
        if cache.timeouts != [60]:
            raise Incorrect(
                f"never_rely({shown}): kept with timeout {described(cache.timeouts[0])}, expected 60: hand it on."
            )
