"""Policies that go by how often a key was asked for: LFU and W-TinyLFU."""

from collections import OrderedDict, defaultdict

from helpers.caching.policies.base import Policy
from helpers.caching.policies.recency import SLRU


class LFU(Policy):
    """Least frequently used: of the keys asked for least often since they came in, the first to get there goes first.

    A key that comes back starts again at one. Shah, Mitra and Matani, "An O(1) algorithm for implementing the LFU cache
    eviction scheme", 2010.
    """

    name = "LFU"

    def __init__(self, capacity_items):
        super().__init__(capacity_items)
        self.frequency, self.keys_asked = {}, defaultdict(OrderedDict)  # key → times, times → keys in order
        self.least = 1

    def __len__(self):
        return len(self.frequency)

    def request(self, key):
        times = self.frequency.get(key, 0)
        if times:
            del self.keys_asked[times][key]
            if times == self.least and not self.keys_asked[times]:
                self.least += 1
        else:
            if len(self.frequency) == self.capacity_items:
                evicted, _ = self.keys_asked[self.least].popitem(last=False)
                del self.frequency[evicted]
            self.least = 1
        self.frequency[key] = times + 1
        self.keys_asked[times + 1][key] = True
        return times > 0


class WTinyLFU(Policy):
    """A small LRU window, and behind it an SLRU that takes in only keys asked for more often than its next victim.

    The counts stop at 15, and are halved after ten requests for each item of capacity. Here they are exact; a cache in
    earnest keeps them in a sketch, a few bits a key. The window is 1 % of the cache, and at least one item. Einziger,
    Friedman and Manes, "TinyLFU: A highly efficient cache admission policy", 2017.
    """

    name = "W-TinyLFU"

    def __init__(self, capacity_items):
        super().__init__(capacity_items)
        self.window_items = max(1, self.capacity_items // 100)
        self.window, self.main = OrderedDict(), SLRU(max(1, self.capacity_items - self.window_items))
        self.counts, self.counted = {}, 0

    def __len__(self):
        return len(self.window) + len(self.main)

    def request(self, key):
        self._count(key)
        if key in self.main:
            return self.main.request(key)
        if key in self.window:
            self.window.move_to_end(key)
            return True
        self.window[key] = True
        if len(self.window) > self.window_items:
            candidate, _ = self.window.popitem(last=False)
            if len(self) < self.capacity_items or self._beats_victim(candidate):
                self.main.request(candidate)
        return False

    def _beats_victim(self, candidate):
        count = self.counts.get
        return len(self.main) > 0 and count(candidate, 0) > count(self.main.next_victim(), 0)

    def _count(self, key):
        self.counts[key] = min(self.counts.get(key, 0) + 1, 15)
        self.counted += 1
        if self.counted == 10 * self.capacity_items:
            self.counts = {key: count // 2 for key, count in self.counts.items() if count > 1}
            self.counted = 0
