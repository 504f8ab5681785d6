"""The clinic at the end of lesson 12: three patients from lessons 08 to 12, a diagnosis and a mend for each."""

from helpers.exercises.backends_clinic_cured import counted_alike
from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.cache_desk import RecordingCache
from helpers.exercises.grading import call, described, expect_letter

LESSON = "12-backends-libraries-many-servers"


class One(Exercise):
    """Patient one: the letter of the cause."""

    id = "backends-clinic-one"
    kind = "value"
    hints = ("Which numbers come in order, and who says them?", "There are two rows of numbers, and two workers.")

    def check(attempt):
        expect_letter(
            attempt,
            "c",
            {
                "a": "An expired counter starts at 1 again; these go on, each in its own row.",
                "b": "A lost count would never come back; here the sum is right.",
                "d": "Then the counter would be gone, not lower by some.",
            },
        )
        return "each worker counts for itself"

    @solution
    def two_memories():
        return "c"

    @mistake("starts at 1")
    def expired():
        return "a"

    @mistake("as text")
    def number_for_a_letter():
        return 3


class OneMend(Exercise):
    """The setting CACHES with which all workers count alike; memcached listens at `url`."""

    id = "backends-clinic-one-mend"
    name = "shared_caches"

    def stub(url): ...

    hints = (
        'A dict of dicts: {"default": {"BACKEND": "...", "LOCATION": url}}.',
        "The backend's class is PyMemcacheCache in django.core.cache.backends.memcached.",
    )

    def check(attempt):
        counted_alike(call(attempt, "127.0.0.1:11211"))
        return "every worker asks the same server"

    @solution
    def on_memcached(url):
        return {"default": {"BACKEND": "django.core.cache.backends.memcached.PyMemcacheCache", "LOCATION": url}}

    @mistake("a memory of its own")
    def local_memory(url):
        return {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": url}}

    @mistake('no "default"')
    def without_an_alias(url):
        return {"BACKEND": "django.core.cache.backends.memcached.PyMemcacheCache", "LOCATION": url}

    @mistake("get and set")
    def in_files(url):
        return {"default": {"BACKEND": "django.core.cache.backends.filebased.FileBasedCache", "LOCATION": url}}

    @mistake("by its whole path")
    def class_without_its_path(url):
        return {"default": {"BACKEND": "PyMemcacheCache", "LOCATION": url}}

    @mistake("by its whole path")
    def path_without_its_module(url):
        return {"default": {"BACKEND": "django.core.cache.backends.PyMemcacheCache", "LOCATION": url}}

    @mistake("does not listen there")
    def address_forgotten(url):
        return {"default": {"BACKEND": "django.core.cache.backends.memcached.PyMemcacheCache"}}


class Two(Exercise):
    """Patient two: the letter of the cause."""

    id = "backends-clinic-two"
    kind = "value"
    hints = (
        "Which of the two pages is asked for again and again?",
        "What does find return for it, and what is a miss?",
    )

    def check(attempt):
        expect_letter(
            attempt,
            "b",
            {
                "a": "Then the talk that exists would be asked for again and again, as well.",
                "c": "Both keys are short, and without a space.",
                "d": "Nothing was thrown out: the other entry is still found.",
            },
        )
        return "None is stored, and read as a miss"

    @solution
    def none_twice_over():
        return "b"

    @mistake("as well")
    def timeout():
        return "a"

    @mistake("as text")
    def a_word():
        return "None"


class TwoMend(Exercise):
    """What `find(slug)` returns, kept in `cache` for a minute under `slug`, even if None."""

    id = "backends-clinic-two-mend"
    name = "find_cached"

    def stub(cache, slug, find): ...

    hints = (
        "cache.get(key, default) returns your own default on a miss: something that find never returns.",
        "missing = object() is equal to nothing else; compare with `is`. Keep None itself.",
    )

    def check(attempt):
        cache, asked = RecordingCache(), []

        def find(slug):
            asked.append(slug)
            return {"orm": "The ORM", "empty": ""}.get(slug)

        for slug, expected in (("orm", "The ORM"), ("none", None), ("empty", "")):
            for _ in range(3):
                got = call(attempt, cache, slug, find, shown=f"cache, {slug!r}, find")
                if got != expected:
                    raise Incorrect(f"find_cached(cache, {slug!r}, find): expected {expected!r}, got {described(got)}.")
            if asked.count(slug) != 1:
                raise Incorrect(
                    f"find_cached(cache, {slug!r}, find), three times: find was asked {asked.count(slug)} times, once "
                    f"is enough. It returned {expected!r}, which is an answer, not a miss."
                )
            if slug not in cache:
                raise Incorrect(
                    f"find_cached(cache, {slug!r}, find): expected an entry {slug!r} in cache, it has none."
                )
        if set(cache.timeouts) != {60}:
            raise Incorrect(f"kept for {described(set(cache.timeouts))} seconds: expected a minute, 60.")
        return "each slug was looked up once, also those that do not exist"

    @solution
    def own_default(cache, slug, find):
        missing = object()
        found = cache.get(slug, missing)
        if found is missing:
            found = find(slug)
            cache.set(slug, found, 60)
        return found

    @mistake("an answer, not a miss")
    def none_is_a_miss(cache, slug, find):
        found = cache.get(slug)
        if found is None:
            found = find(slug)
            cache.set(slug, found, 60)
        return found

    @mistake("returned ''")
    def nothing_is_a_miss(cache, slug, find):
        found = cache.get(slug, "")
        if found == "":
            found = find(slug)
            cache.set(slug, found, 60)
        return found

    @mistake("expected None, got '!!!DNE!!!'")
    def the_mark_comes_out(cache, slug, find):
        found = cache.get(slug)
        if found is None:
            found = find(slug)
            found = "!!!DNE!!!" if found is None else found
            cache.set(slug, found, 60)
        return found

    @mistake("expected an entry 'orm'")
    def another_key(cache, slug, find):
        missing = object()
        found = cache.get(f"talk:{slug}", missing)
        if found is missing:
            found = find(slug)
            cache.set(f"talk:{slug}", found, 60)
        return found

    @mistake("expected a minute")
    def for_ever(cache, slug, find):
        missing = object()
        found = cache.get(slug, missing)
        if found is missing:
            found = find(slug)
            cache.set(slug, found, None)
        return found
