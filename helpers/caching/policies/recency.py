"""Policies that go by how long ago a key was asked for: LRU and segmented LRU."""

from collections import OrderedDict

from helpers.caching.policies.base import Policy


class LRU(Policy):
    """Least recently used: the key that nobody has asked for the longest goes first.

    Mattson, Gecsei, Slutz and Traiger, "Evaluation techniques for storage hierarchies", 1970.
    """

    name = "LRU"

    def __init__(self, capacity_items):
        super().__init__(capacity_items)
        self.keys = OrderedDict()

    def __len__(self):
        return len(self.keys)

    def request(self, key):
        if key in self.keys:
            self.keys.move_to_end(key)
            return True
        if len(self.keys) == self.capacity_items:
            self.keys.popitem(last=False)
        self.keys[key] = True
        return False


class SLRU(Policy):
    """Segmented LRU: a new key starts in the lowest segment, each hit lifts it by one, and only the lowest evicts.

    `shares` are the segments' parts of the cache, lowest first. A segment that is too full hands its least recently
    used key down. Karedla, Love and Wherry, "Caching strategies to improve disk system performance", 1994.
    """

    name = "SLRU"

    def __init__(self, capacity_items, shares=(0.2, 0.8)):
        super().__init__(capacity_items)
        self.segments = [OrderedDict() for _ in shares]
        self.limits = [int(share * self.capacity_items) for share in shares]

    def __len__(self):
        return sum(map(len, self.segments))

    def __contains__(self, key):
        return any(key in segment for segment in self.segments)

    def next_victim(self):
        return next(iter(self.segments[0]))

    def request(self, key):
        for level, segment in enumerate(self.segments):
            if key in segment:
                del segment[key]
                self._put(key, min(level + 1, len(self.segments) - 1))
                return True
        if len(self) == self.capacity_items:
            self.segments[0].popitem(last=False)
        self._put(key, 0)
        return False

    def _put(self, key, level):
        self.segments[level][key] = True
        while level and len(self.segments[level]) > self.limits[level]:
            lowered, _ = self.segments[level].popitem(last=False)
            level -= 1
            self.segments[level][lowered] = True
