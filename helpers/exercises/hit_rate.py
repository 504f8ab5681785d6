"""The exercises of the core of lesson 09: what a hit rate is, how many items fit, when it pays, which size to buy."""

import pandas as pd

from helpers.exercises.base import Exercise, mistake, solution
from helpers.exercises.grading import expect_call

LESSON = "09-hit-rate"


class Count(Exercise):
    """The hit rate, from the two counters of memcached; 0.0 for a cache that was never asked."""

    id = "hit-rate-count"
    name = "hit_rate"

    def stub(get_hits, get_misses): ...

    hints = (
        "A hit rate is a share of all answers: what are all answers?",
        "All answers are hits and misses together. Without any, there is nothing to divide by.",
    )

    def check(attempt):
        def nudge(got):
            if isinstance(got, (int, float)) and got > 1:
                return "A hit rate lies between 0 and 1: divide by all answers, hits and misses together."
            return "Divide the hits by all answers, hits and misses together."

        expect_call(attempt, 3, 1, expected=0.75, tolerance=1e-9, nudge=nudge)
        expect_call(attempt, 13, 7, expected=0.65, tolerance=1e-9, nudge=nudge)
        expect_call(attempt, 0, 5, expected=0.0, tolerance=1e-9, nudge=nudge)
        never = "A cache that was never asked has no answers to divide by: return 0.0 for it."
        expect_call(attempt, 0, 0, expected=0.0, tolerance=1e-9, nudge=never)
        return "right for a busy cache, for one that only misses, and for one that was never asked"

    @solution
    def share(get_hits, get_misses):
        answers = get_hits + get_misses
        return get_hits / answers if answers else 0.0

    @mistake("between 0 and 1")
    def hits_per_miss(get_hits, get_misses):
        return get_hits / get_misses if get_misses else 0.0

    @mistake("between 0 and 1")
    def in_percent(get_hits, get_misses):
        answers = get_hits + get_misses
        return 100 * get_hits / answers if answers else 0.0

    @mistake("ZeroDivisionError")
    def never_asked(get_hits, get_misses):
        return get_hits / (get_hits + get_misses)


class ItemsThatFit(Exercise):
    """How many items of one size fit; a megabyte has 1,048,576 bytes, chunk_size is in bytes."""

    id = "hit-rate-items-that-fit"
    name = "items_that_fit"

    def stub(memory_mb, chunk_size):
        page_bytes = 1_048_576
        return ... * (page_bytes // ...)

    hints = (
        "How many whole chunks does one page hold? No chunk lies across two pages.",
        "Whole chunks: // drops the rest. Then there are memory_mb pages.",
    )

    def check(attempt):
        def nudge(got):
            if isinstance(got, float):
                return "Only whole chunks hold an item: use //."
            return "No chunk lies across two pages: count the whole chunks of one page first."

        expect_call(attempt, 1, 1_048_576, expected=1, nudge=nudge)
        expect_call(attempt, 2, 1184, expected=1770, nudge=nudge)
        expect_call(attempt, 7, 600_000, expected=7, nudge=nudge)
        return "whole chunks in a page, times pages"

    @solution
    def pages_of_chunks(memory_mb, chunk_size):
        page_bytes = 1_048_576
        return memory_mb * (page_bytes // chunk_size)

    @mistake("use //")
    def part_of_a_chunk(memory_mb, chunk_size):
        return memory_mb * 1_048_576 / chunk_size + 0.5

    @mistake("across two pages")
    def one_big_page(memory_mb, chunk_size):
        return memory_mb * 1_048_576 // chunk_size


class BreakEven(Exercise):
    """The hit rate (0 to 1) above which the cache saves time; 1.0 where it never does.

    A hit costs cache_ms; a miss costs all three; without a cache, database_ms.
    """

    id = "hit-rate-break-even"
    name = "break_even"

    def stub(cache_ms, database_ms, store_ms): ...

    hints = (
        "A hit costs cache_ms. A miss costs cache_ms + database_ms + store_ms. Without a cache: database_ms.",
        "At hit rate h: cache_ms + (1 - h) * (database_ms + store_ms) = database_ms. Solve it for h.",
    )

    def check(attempt):
        def nudge(got):
            if isinstance(got, (int, float)) and got > 1:
                return "No hit rate is above 1: where the cache is too slow, return 1.0."
            return "A miss asks the cache, then the database, then stores: all three count."

        expect_call(attempt, 1, 10, 0, expected=0.1, tolerance=1e-9, nudge=nudge)
        expect_call(attempt, 1, 9, 1, expected=0.2, tolerance=1e-9, nudge=nudge)
        expect_call(attempt, 3, 2, 1, expected=1.0, tolerance=1e-9, nudge=nudge)
        return "right for a free store, for one that costs, and for a cache that is too slow"

    @solution
    def solved_for_h(cache_ms, database_ms, store_ms):
        return min(1.0, (cache_ms + store_ms) / (database_ms + store_ms))

    @mistake("all three count")
    def the_store_is_forgotten(cache_ms, database_ms, store_ms):
        return min(1.0, cache_ms / database_ms)

    @mistake("No hit rate is above 1")
    def more_than_always(cache_ms, database_ms, store_ms):
        return (cache_ms + store_ms) / (database_ms + store_ms)

    @mistake("all three count")
    def the_miss_rate_instead(cache_ms, database_ms, store_ms):
        return max(0.0, 1 - (cache_ms + store_ms) / (database_ms + store_ms))


class SmallestSize(Exercise):
    """The smallest capacity_items whose hit_rate is at least `wanted`; None if none is."""

    id = "hit-rate-smallest-size"
    name = "smallest_capacity"

    def stub(curve, wanted): ...

    hints = (
        "Keep the rows that are good enough, then look for the smallest of them.",
        "curve[curve.hit_rate >= wanted] may be empty: what do you return then?",
    )

    def check(attempt):
        curve = pd.DataFrame({"capacity_items": [400, 100, 300, 200], "hit_rate": [0.8, 0.5, 0.8, 0.7]})
        for wanted, expected, nudge in (
            (0.6, 200, "Of all sizes that are good enough, the smallest is wanted; the rows may stand in any order."),
            (0.8, 300, "A size that reaches exactly the wanted hit rate is good enough: use >=."),
            (0.9, None, "No size of this curve reaches it: return None."),
        ):
            expect_call(attempt, curve, wanted, expected=expected, shown=f"curve, {wanted}", nudge=nudge)
        return "right between two sizes, exactly at one, and beyond the last"

    @solution
    def first_good_enough(curve, wanted):
        enough = curve[curve.hit_rate >= wanted]
        return None if enough.empty else int(enough.capacity_items.min())

    @mistake("return None")
    def always_some_size(curve, wanted):
        enough = curve[curve.hit_rate >= wanted]
        return int(enough.capacity_items.min()) if len(enough) else 0

    @mistake("use >=")
    def strictly_above(curve, wanted):
        enough = curve[curve.hit_rate > wanted]
        return None if enough.empty else int(enough.capacity_items.min())

    @mistake("any order")
    def the_first_row(curve, wanted):
        enough = curve[curve.hit_rate >= wanted]
        return None if enough.empty else int(enough.capacity_items.iloc[0])
