"""The exercises of lesson 09 that decide from a measured frame: is writing back worth it, and which TTL."""

import pandas as pd

from helpers.exercises.base import Exercise, mistake, solution
from helpers.exercises.grading import expect_call

LESSON = "09-hit-rate"


class WriteBack(Exercise):
    """The capacities, in items, at which writing back pays, as a list, the smallest first.

    A database read costs as much as `read_cost` sets; each hit of the written-back cache costs
    one set.
    """

    id = "hit-rate-write-back"
    name = "sizes_worth_writing_back"

    def stub(runs, read_cost=4): ...

    hints = (
        "One row a size: pivot on setup. Saved reads are a difference of misses; the price is one set for every hit.",
        'wide = runs.pivot(index="capacity_items", columns="setup", values=["hits", "misses"]), then compare '
        'read_cost * (misses without - misses with) with the hits of "written back".',
    )

    def check(attempt):
        runs = pd.DataFrame(
            {
                "setup": ["no maintainer", "written back"] * 3,
                "capacity_items": [100, 100, 300, 300, 200, 200],
                "hits": [400, 600, 700, 760, 500, 630],
                "misses": [600, 400, 300, 240, 500, 370],
            }
        )
        for read_cost, expected, nudge in (
            (
                4,
                [100],
                "Count what is saved (reads) and what it costs (one set for every hit of the written-back cache).",
            ),
            (5, [100, 200], "The sizes are wanted as a list, the smallest first; the rows may stand in any order."),
            (2, [], "Where the price is higher than what is saved everywhere, the list is empty."),
        ):
            shown = f"runs, read_cost={read_cost}"
            expect_call(attempt, runs, read_cost, expected=expected, shown=shown, nudge=nudge)
        return "saved reads against the price of the sets, size by size"

    @solution
    def saved_against_spent(runs, read_cost=4):
        wide = runs.pivot(index="capacity_items", columns="setup", values=["hits", "misses"])
        saved = wide["misses", "no maintainer"] - wide["misses", "written back"]
        return sorted(wide.index[read_cost * saved > wide["hits", "written back"]])

    @mistake("one set for every hit")
    def wherever_it_hits_more(runs, read_cost=4):
        wide = runs.pivot(index="capacity_items", columns="setup", values="hits")
        return sorted(wide.index[wide["written back"] > wide["no maintainer"]])

    @mistake("one set for every hit")
    def the_sets_of_the_misses(runs, read_cost=4):
        wide = runs.pivot(index="capacity_items", columns="setup", values="misses")
        saved = wide["no maintainer"] - wide["written back"]
        return sorted(wide.index[read_cost * saved > wide["written back"]])


class ChooseTTL(Exercise):
    """The shortest ttl_s whose hit_rate is at least `wanted`; None if it is above `stale_s`."""

    id = "hit-rate-ttl"
    name = "choose_ttl"

    def stub(frame, wanted, stale_s): ...

    hints = (
        "Two conditions for a row: good enough, and not too old. A short TTL is fresher: take the smallest left.",
        "good = frame[(frame.hit_rate >= wanted) & (frame.ttl_s <= stale_s)], and good may be empty.",
    )

    def check(attempt):
        frame = pd.DataFrame({"ttl_s": [60, 1, 10, 300], "hit_rate": [0.9, 0.4, 0.8, 0.95]})
        for wanted, stale_s, expected, nudge in (
            (0.7, 600, 10, "Of those that are good enough the shortest is wanted: it is the freshest."),
            (0.9, 60, 60, "Exactly the wanted hit rate, and exactly the age that is allowed, are both good enough."),
            (0.9, 30, None, "No TTL is long enough for the hit rate and short enough for the age: return None."),
        ):
            expect_call(
                attempt, frame, wanted, stale_s, expected=expected, shown=f"frame, {wanted}, {stale_s}", nudge=nudge
            )
        return "the freshest that is good enough, or None"

    @solution
    def freshest_good_enough(frame, wanted, stale_s):
        good = frame[(frame.hit_rate >= wanted) & (frame.ttl_s <= stale_s)]
        return None if good.empty else good.ttl_s.min()

    @mistake("the shortest is wanted")
    def longest_allowed(frame, wanted, stale_s):
        good = frame[(frame.hit_rate >= wanted) & (frame.ttl_s <= stale_s)]
        return None if good.empty else good.ttl_s.max()

    @mistake("return None")
    def the_age_is_forgotten(frame, wanted, stale_s):
        good = frame[frame.hit_rate >= wanted]
        return None if good.empty else good.ttl_s.min()
