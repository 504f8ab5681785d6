"""The exercises of lesson 09 about LRU itself: write one, then find one on a library's shelf."""

from collections import OrderedDict

import numpy as np

from helpers.caching import simulate, traffic
from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.grading import call, expect_call

LESSON = "09-hit-rate"


class WriteLRU(Exercise):
    """An LRU cache of `capacity_items` keys; request(key) is True for a hit, and keeps the key."""

    id = "hit-rate-lru"
    name = "LRU"
    kind = "class"

    def stub():
        class LRU:
            def __init__(self, capacity_items): ...

            def request(self, key): ...

        return LRU

    hints = (
        "Keep the keys in the order in which they were last asked for: an OrderedDict can move a key to its end.",
        "On a hit, move_to_end(key). On a miss, add the key, and popitem(last=False) when there are too many.",
    )

    def check(attempt):
        cache = call(attempt, 2)
        answers = [call(cache.request, key) for key in (1, 2, 1, 3, 1, 2)]
        expected = [False, False, True, False, True, False]
        if answers != expected:
            advice = "Each answer is True for a hit and False for a miss."
            if answers == [False, False, True, False, False, False]:
                advice = "A hit moves its key to the front: this threw out the oldest key, as FIFO does."
            elif answers[-1] is True:
                advice = "No more than capacity_items keys may be kept."
            raise Incorrect(f"LRU(2), asked for 1 2 1 3 1 2: expected {expected}, got {answers}. {advice}")
        trace = traffic.zipf(3_000, 400, 0.9, seed=1)
        curve = simulate.lru_curve(trace).set_index("capacity_items").hit_rate
        for capacity in (1, 40):
            cache = attempt(capacity)
            hits = sum(cache.request(key) for key in trace.tolist())
            exact = round(curve[capacity] * trace.size)
            if hits != exact:
                raise Incorrect(f"LRU({capacity}) on 3,000 requests: expected {exact} hits, got {hits}.")
        return "equal to the exact curve, hit for hit, at two sizes"

    @solution
    def ordered():
        from collections import OrderedDict

        class LRU:
            def __init__(self, capacity_items):
                self.capacity_items, self.keys = capacity_items, OrderedDict()

            def request(self, key):
                hit = key in self.keys
                self.keys[key] = True
                self.keys.move_to_end(key)
                if len(self.keys) > self.capacity_items:
                    self.keys.popitem(last=False)
                return hit

        return LRU

    @mistake("as FIFO does")
    def first_in_first_out():
        class LRU:
            def __init__(self, capacity_items):
                self.capacity_items, self.keys = capacity_items, OrderedDict()

            def request(self, key):
                hit = key in self.keys
                self.keys[key] = True
                if len(self.keys) > self.capacity_items:
                    self.keys.popitem(last=False)
                return hit

        return LRU

    @mistake("No more than capacity_items")
    def never_full():
        class LRU:
            def __init__(self, capacity_items):
                self.keys = set()

            def request(self, key):
                hit = key in self.keys
                self.keys.add(key)
                return hit

        return LRU


class LibraryShelf(Exercise):
    """How many books the shelf needs so that `wanted` (a share) of the loans are found on it.

    None if no size is enough.
    """

    id = "hit-rate-library"
    name = "shelf_size"

    def stub(loans, wanted): ...

    hints = (
        "The shelf holds the books that came back last: it is an LRU cache, and `loans` is its trace.",
        "curve = simulate.lru_curve(loans) has every size at once; the first loan of a book is never on the shelf.",
    )

    def check(attempt):
        for loans, wanted, expected, nudge in (
            ([1, 2, 1, 2, 1, 2, 1, 2], 0.7, 2, "Ask for the smallest size whose hit rate is good enough."),
            ([1, 1, 2, 2, 3, 3, 4, 4], 0.5, 1, "Exactly the wanted share is good enough."),
            ([1, 2, 3, 4], 0.1, None, "Books that are lent once are never found on the shelf: return None."),
        ):
            shown = f"np.array({loans}), {wanted}"
            expect_call(attempt, np.array(loans), wanted, expected=expected, shown=shown, nudge=nudge)
        return "the shelf is an LRU cache, and one curve answers for every size"

    @solution
    def read_from_the_curve(loans, wanted):
        from helpers.caching import simulate

        curve = simulate.lru_curve(loans)
        enough = curve[curve.hit_rate >= wanted]
        return None if enough.empty else int(enough.capacity_items.min())

    @mistake("smallest size whose hit rate")
    def room_for_every_book(loans, wanted):
        curve = simulate.lru_curve(loans)
        return int(curve.capacity_items.max()) + 1 if len(set(loans.tolist())) < 4 else None

    @mistake("lent once")
    def always_some_shelf(loans, wanted):
        curve = simulate.lru_curve(loans)
        enough = curve[curve.hit_rate >= wanted]
        return int(curve.capacity_items.max()) if enough.empty else int(enough.capacity_items.min())
