"""The exercise of lesson 10 about what does not exist: the database is asked once for it, too."""

from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.grading import call, described
from helpers.exercises.patterns_shelf import Shelf

LESSON = "10-caching-patterns"


class Missing(Exercise):
    """The speaker, or None; ask_database(slug) is called once, also if it returns None.

    What is missing is remembered for at most 60 seconds. Key: f"speaker:{slug}".
    """

    id = "patterns-dne"
    name = "find_speaker"

    def stub(cache, ask_database, slug): ...

    hints = (
        "cache.get(key) is None both for a miss and for a stored None: give it a default that nobody stores.",
        "Either store None and ask with cache.get(key, MISSING), or store a text such as '!!!DNE!!!' and return None "
        "for it. And a second timeout: at most 60 for what is missing.",
    )

    def check(attempt):
        shelf, asked = Shelf(), []
        known = {"ada": {"name": "Ada"}}

        def ask_database(slug):
            asked.append(slug)
            return known.get(slug)

        for slug, expected in (("ada", {"name": "Ada"}), ("ada", {"name": "Ada"}), ("nobody", None), ("nobody", None)):
            shown = f"cache, ask_database, {slug!r}"
            got = call(attempt, shelf, ask_database, slug, shown=shown)
            if got != expected:
                nudge = "What stands for a missing speaker in the cache is nothing for a visitor: return None."
                raise Incorrect(
                    f"{attempt.__name__}({shown}): expected {described(expected)}, got {described(got)}. "
                    + (nudge if expected is None else "The speaker is wanted, as the database gave it.")
                )
        if asked.count("ada") != 1:
            raise Incorrect(f"two requests for a speaker who exists asked the database {asked.count('ada')} times.")
        if asked.count("nobody") != 1:
            raise Incorrect(
                "two requests for a speaker who does not exist asked the database twice: the second one did not "
                "recognise the entry, or there was none."
            )
        if "speaker:nobody" not in shelf.timeouts:
            raise Incorrect(
                "nothing is kept under 'speaker:nobody', where a new speaker's entry is replaced: the key is "
                'f"speaker:{slug}".'
            )
        timeout = shelf.timeouts["speaker:nobody"]
        if not isinstance(timeout, (int, float)) or not 0 < timeout <= 60:
            raise Incorrect(
                f"what is missing was remembered with timeout={described(timeout)}: at most 60 seconds are allowed, "
                "so that a speaker who is created meanwhile is found soon."
            )
        shelf = _Expiring()
        shelf.put("speaker:ada", known["ada"])
        shown = "cache, ask_database, 'ada'"
        if call(attempt, shelf, ask_database, "ada", shown=shown) != known["ada"]:
            raise Incorrect(
                f"{attempt.__name__}({shown}): the entry expired between `in` and get, and a speaker who exists was "
                "missing. Ask once: get with a default of your own."
            )
        return "asked once for a speaker who exists, once for one who does not, and forgotten within a minute"

    @solution
    def stored_none(cache, ask_database, slug):
        missing = object()
        speaker = cache.get(f"speaker:{slug}", missing)
        if speaker is missing:
            speaker = ask_database(slug)
            cache.set(f"speaker:{slug}", speaker, 60 if speaker is None else 300)
        return speaker

    @solution
    def a_text_for_it(cache, ask_database, slug):
        speaker = cache.get(f"speaker:{slug}")
        if speaker is None:
            speaker = ask_database(slug) or "!!!DNE!!!"
            cache.set(f"speaker:{slug}", speaker, 30 if speaker == "!!!DNE!!!" else 300)
        return None if speaker == "!!!DNE!!!" else speaker

    @mistake("did not recognise the entry")
    def none_never_recognised(cache, ask_database, slug):
        speaker = cache.get(f"speaker:{slug}")
        if speaker is None:
            speaker = ask_database(slug)
            cache.set(f"speaker:{slug}", speaker, 60)
        return speaker

    @mistake("nothing for a visitor")
    def the_entry_itself(cache, ask_database, slug):
        speaker = cache.get(f"speaker:{slug}")
        if speaker is None:
            speaker = ask_database(slug) or "!!!DNE!!!"
            cache.set(f"speaker:{slug}", speaker, 60)
        return speaker

    @mistake("at most 60 seconds")
    def one_timeout_for_all(cache, ask_database, slug):
        return cache.get_or_set(f"speaker:{slug}", lambda: ask_database(slug))

    @mistake("at most 60 seconds")
    def for_ever(cache, ask_database, slug):
        missing = object()
        speaker = cache.get(f"speaker:{slug}", missing)
        if speaker is missing:
            speaker = ask_database(slug)
            cache.set(f"speaker:{slug}", speaker, None)
        return speaker

    @mistake("2 times")
    def not_cached_at_all(cache, ask_database, slug):
        return ask_database(slug)

    @mistake("the key is")
    def a_key_of_its_own(cache, ask_database, slug):
        missing = object()
        speaker = cache.get(slug, missing)
        if speaker is missing:
            speaker = ask_database(slug)
            cache.set(slug, speaker, 60)
        return speaker

    @mistake("between `in` and get")
    def asked_twice(cache, ask_database, slug):
        if f"speaker:{slug}" in cache:
            return cache.get(f"speaker:{slug}")
        speaker = ask_database(slug)
        cache.set(f"speaker:{slug}", speaker, 60)
        return speaker


class _Expiring(Shelf):
    """An entry goes right after `key in cache` has said yes, as it may on a busy server."""

    def __contains__(self, key):
        return self.delete(key)
