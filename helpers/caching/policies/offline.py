"""The policy that knows the future: Belady's MIN, the bound for all others."""

import heapq

from helpers.caching.policies.base import Policy
from helpers.caching.trace import check_trace


class Belady(Policy):
    """Evicts the key whose next request lies furthest ahead: no policy that takes in every missed key hits more.

    This is plain MIN: it cannot turn a key away either. It must be asked for exactly the requests of `trace`, in order.
    Belady, "A study of replacement algorithms for a virtual-storage computer", 1966.
    """

    name = "Belady"

    def __init__(self, capacity_items, trace):
        super().__init__(capacity_items)
        self.to_come = _with_next_use(check_trace(trace).tolist())
        self.keys, self.furthest = set(), []  # a heap of (−next use, key)

    @classmethod
    def for_trace(cls, capacity_items, trace):
        return cls(capacity_items, trace)

    def __len__(self):
        return len(self.keys)

    def request(self, key):
        expected, next_use = next(self.to_come, (None, None))
        if key != expected:
            raise ValueError(f"Belady was asked for {key}, and its trace says {expected}: it must know what comes.")
        hit = key in self.keys
        if not hit and len(self.keys) == self.capacity_items:
            # a use that is past lies nearer than any to come: what is left of it in the heap never gets to the top
            self.keys.remove(heapq.heappop(self.furthest)[1])
        self.keys.add(key)
        heapq.heappush(self.furthest, (-next_use, key))
        return hit


def _with_next_use(keys):
    """Pairs of a request's key and the number of the next request for it; infinity where there is none."""
    next_uses, coming = [], {}
    for number in reversed(range(len(keys))):
        next_uses.append(coming.get(keys[number], float("inf")))
        coming[keys[number]] = number
    return zip(keys, reversed(next_uses), strict=True)
