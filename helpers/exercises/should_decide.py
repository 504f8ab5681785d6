"""The exercises of lesson 08 that decide from a measured frame, and rebuild a library's cache from its loans."""

import pandas as pd

from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.cache_desk import RecordingCache
from helpers.exercises.grading import call, described, expect_call

LESSON = "08-should-you-cache-at-all"

AGAIN = "Run a second time, it must give the same: do not add to it, replace it."


class WorthCaching(Exercise):
    """The questions whose mean time a cache at this `hit_rate` at least halves, as a list.

    The one that saves most milliseconds a request comes first. A hit costs cache_ms; a miss
    costs cache_ms + database_ms + store_ms; without a cache, database_ms.
    """

    id = "should-3-worth-caching"
    name = "worth_caching"

    def stub(times, hit_rate): ...

    hints = (
        "Give the frame a column: cached_ms = cache_ms + (1 - hit_rate) * (database_ms + store_ms).",
        "Keep the rows where cached_ms is at most half of database_ms; sort them by database_ms - cached_ms, the "
        "largest first; the list is made of the column `question`.",
    )

    def check(attempt):
        times = pd.DataFrame(
            {
                "question": ["by key", "one talk", "all talks", "search", "report"],
                "cache_ms": [0.1, 0.1, 0.1, 0.2, 0.1],
                "store_ms": [0.1, 0.1, 0.1, 4.0, 30.0],
                "database_ms": [0.15, 2.0, 60.0, 8.0, 9.0],
            }
        )
        misses = "A miss costs the look into the cache, the database and the store."
        order = f"Saved milliseconds decide the order, the most first. {misses}"
        for hit_rate, expected, nudge in (
            (0.9, ["all talks", "search", "report", "one talk"], order),
            (0.6, ["all talks", "one talk"], misses),
            (0.56, ["all talks"], misses),
            (0.0, [], "At a hit rate of 0 every request is a miss: the cache only costs."),
        ):

            def advice(got, expected=expected, nudge=nudge):
                if isinstance(got, pd.DataFrame):
                    return "A list of the questions is wanted: take the column `question`, then .tolist()."
                if hasattr(got, "tolist"):
                    return "A list is wanted: .tolist() makes one of a column."
                if isinstance(got, list) and "by key" in got:
                    return "By key, the database is nearly as fast as the cache: at least half must be saved."
                if got == [] and expected:
                    return "hit_rate is a share: 0.9 means that nine requests in ten are hits."
                return nudge

            shown = f"times, {hit_rate}"
            expect_call(attempt, times.copy(), hit_rate, expected=expected, shown=shown, nudge=advice)
        half = pd.DataFrame({"question": ["film"], "cache_ms": [0.5], "store_ms": [1.0], "database_ms": [3.0]})
        shown = "a frame with one question, 0.75, where 3 ms become 1.5"
        expect_call(attempt, half, 0.75, expected=["film"], shown=shown, nudge="At least half: exactly half is enough.")
        return "right at hit rates of 90, 60, 56 and 0 %, and where exactly half is saved"

    @solution
    def half_or_less(times, hit_rate):
        cached_ms = times.cache_ms + (1 - hit_rate) * (times.database_ms + times.store_ms)
        kept = times.assign(saved=times.database_ms - cached_ms)[cached_ms <= times.database_ms / 2]
        return kept.sort_values("saved", ascending=False).question.tolist()

    @mistake("at least half must be saved")
    def whatever_saves_anything(times, hit_rate):
        cached_ms = times.cache_ms + (1 - hit_rate) * (times.database_ms + times.store_ms)
        saved = times.database_ms - cached_ms
        return times.assign(saved=saved)[saved > 0].sort_values("saved", ascending=False).question.tolist()

    @mistake("the database and the store")
    def the_store_is_forgotten(times, hit_rate):
        cached_ms = times.cache_ms + (1 - hit_rate) * times.database_ms
        kept = times.assign(saved=times.database_ms - cached_ms)[cached_ms <= times.database_ms / 2]
        return kept.sort_values("saved", ascending=False).question.tolist()

    @mistake("the most first")
    def in_the_frames_order(times, hit_rate):
        cached_ms = times.cache_ms + (1 - hit_rate) * (times.database_ms + times.store_ms)
        return times[cached_ms <= times.database_ms / 2].question.tolist()

    @mistake("the most first")
    def the_slowest_first(times, hit_rate):
        cached_ms = times.cache_ms + (1 - hit_rate) * (times.database_ms + times.store_ms)
        kept = times[cached_ms <= times.database_ms / 2]
        return kept.sort_values("database_ms", ascending=False).question.tolist()

    @mistake("the look into the cache")
    def a_miss_looks_for_nothing(times, hit_rate):
        cached_ms = hit_rate * times.cache_ms + (1 - hit_rate) * (times.database_ms + times.store_ms)
        kept = times.assign(saved=times.database_ms - cached_ms)[cached_ms <= times.database_ms / 2]
        return kept.sort_values("saved", ascending=False).question.tolist()

    @mistake("exactly half is enough")
    def more_than_half(times, hit_rate):
        cached_ms = times.cache_ms + (1 - hit_rate) * (times.database_ms + times.store_ms)
        kept = times.assign(saved=times.database_ms - cached_ms)[cached_ms < times.database_ms / 2]
        return kept.sort_values("saved", ascending=False).question.tolist()

    @mistake("hit_rate is a share")
    def in_percent(times, hit_rate):
        cached_ms = times.cache_ms + (1 - hit_rate / 100) * (times.database_ms + times.store_ms)
        kept = times.assign(saved=times.database_ms - cached_ms)[cached_ms <= times.database_ms / 2]
        return kept.sort_values("saved", ascending=False).question.tolist()

    @mistake(".tolist()")
    def a_column(times, hit_rate):
        cached_ms = times.cache_ms + (1 - hit_rate) * (times.database_ms + times.store_ms)
        kept = times.assign(saved=times.database_ms - cached_ms)[cached_ms <= times.database_ms / 2]
        return kept.sort_values("saved", ascending=False).question


class RebuildTheShelf(Exercise):
    """Fill `cache` anew: for each of `books` the key "out:<book>" holds how many copies are lent.

    `loans` has one dictionary a loan: {"book": 7, "returned": False}; it is the only truth.
    """

    id = "should-4-library"
    name = "rebuild"

    def stub(cache, books, loans): ...

    hints = (
        "What stands in the cache may be old, or gone: never read it. Count the loans that are not returned.",
        "Start from {book: 0 for book in books}, so that a book with no open loan gets its 0; then one cache.set_many.",
    )

    def check(attempt):
        books = [1, 2, 3]
        loans = [{"book": book, "returned": returned} for book, returned in ((1, False), (1, False), (1, True))]
        loans.append({"book": 2, "returned": True})
        for found, nudge in (
            ({}, "This cache was just emptied (flush_all): everything has to come from the loans."),
            ({1: 9, 2: 9, 3: 9}, "What the cache held was old: do not add to it, replace it."),
        ):
            cache = RecordingCache()
            cache.set_many({f"out:{book}": number for book, number in found.items()})
            shown = f"cache, books, loans, with a cache that held {described(found) if found else 'nothing'}"
            for again in (False, True):
                call(attempt, cache, list(books), [dict(each) for each in loans], shown=shown)
                got = {book: cache.get(f"out:{book}", "nothing") for book in books}
                if got != {1: 2, 2: 0, 3: 0}:
                    raise Incorrect(
                        f"rebuild({shown}): out:1, out:2, out:3 hold {', '.join(map(described, got.values()))}, "
                        f"expected 2, 0, 0. {_advice(got, AGAIN if again else nudge)}"
                    )
        return "the same numbers from an empty cache, from an old one, and a second time"

    @solution
    def counted_from_the_loans(cache, books, loans):
        out = {f"out:{book}": 0 for book in books}
        for loan in loans:
            if not loan["returned"]:
                out[f"out:{loan['book']}"] += 1
        cache.set_many(out, timeout=None)

    @mistake("has no open loan")
    def only_what_is_lent(cache, books, loans):
        from collections import Counter

        for book, number in Counter(loan["book"] for loan in loans if not loan["returned"]).items():
            cache.set(f"out:{book}", number, None)

    @mistake("came back")
    def every_loan_counts(cache, books, loans):
        for book in books:
            cache.set(f"out:{book}", sum(loan["book"] == book for loan in loans), None)

    @mistake("do not add to it")
    def added_to_what_is_there(cache, books, loans):
        for book in books:
            cache.add(f"out:{book}", 0, None)
        for loan in loans:
            if not loan["returned"]:
                cache.incr(f"out:{loan['book']}")

    @mistake("do not add to it")
    def only_what_is_missing(cache, books, loans):
        for book in books:
            lent = sum(loan["book"] == book and not loan["returned"] for loan in loans)
            cache.add(f"out:{book}", lent, None)

    @mistake("hand nothing back")
    def handed_back(cache, books, loans):
        return {f"out:{book}": sum(loan["book"] == book and not loan["returned"] for loan in loans) for book in books}

    @mistake("the loans that came back")
    def the_returned_ones(cache, books, loans):
        for book in books:
            cache.set(f"out:{book}", sum(loan["book"] == book and loan["returned"] for loan in loans), None)

    @mistake("raised ValueError")
    def trusts_that_the_key_is_there(cache, books, loans):
        for loan in loans:
            if not loan["returned"]:
                cache.incr(f"out:{loan['book']}")


def _advice(got, nudge):
    if all(number == "nothing" for number in got.values()):
        return 'Keep each number in `cache`, under "out:" and the book, as text; hand nothing back.'
    if got == {1: 1, 2: 1, 3: 0}:
        return "Those are the loans that came back: count the open ones."
    if any(isinstance(number, list) for number in got.values()):
        return "A number is wanted, not the loans themselves."
    if got[1] == 3:
        return "A loan that came back is not out: count the open ones."
    if "nothing" in got.values():
        return 'A book that has no open loan needs its 0: else "nothing" and "no copy is out" look alike.'
    return nudge
