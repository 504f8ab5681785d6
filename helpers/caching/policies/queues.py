"""Policies made of queues, in which a hit moves nothing: FIFO, S3-FIFO and SIEVE."""

from collections import OrderedDict, deque

from helpers.caching.policies.base import Policy


class FIFO(Policy):
    """First in, first out: the key that came first goes first, however often it was asked for since.

    Belady, "A study of replacement algorithms for a virtual-storage computer", 1966.
    """

    name = "FIFO"

    def __init__(self, capacity_items):
        super().__init__(capacity_items)
        self.queue, self.keys = deque(), set()

    def __len__(self):
        return len(self.keys)

    def request(self, key):
        if key in self.keys:
            return True
        if len(self.keys) == self.capacity_items:
            self.keys.remove(self.queue.popleft())
        self.queue.append(key)
        self.keys.add(key)
        return False


class S3FIFO(Policy):
    """Three queues: a tenth of the cache on trial, the main queue, and the names of those who failed the trial.

    Yang, Zhang, Qiu, Yue and Rashmi, "FIFO queues are all you need for cache eviction", 2023.
    """

    name = "S3-FIFO"

    def __init__(self, capacity_items):
        super().__init__(capacity_items)
        self.small, self.main, self.ghosts = deque(), deque(), OrderedDict()
        self.small_items = max(1, self.capacity_items // 10)
        self.hits = {}  # of every key in the cache, since it entered its queue; 3 at most

    def __len__(self):
        return len(self.hits)

    def request(self, key):
        if key in self.hits:
            self.hits[key] = min(self.hits[key] + 1, 3)
            return True
        queue = self.main if key in self.ghosts else self.small
        self.ghosts.pop(key, None)
        while len(self.hits) == self.capacity_items:
            self._evict()
        queue.append(key)
        self.hits[key] = 0
        return False

    def _evict(self):
        if len(self.small) < self.small_items:
            while self.hits[self.main[0]]:
                self.hits[self.main[0]] -= 1
                self.main.rotate(-1)  # the oldest becomes the newest
            del self.hits[self.main.popleft()]
            return
        while self.small:
            key = self.small.popleft()
            if self.hits[key] < 2:
                del self.hits[key]
                self.ghosts[key] = True
                if len(self.ghosts) > self.capacity_items - self.small_items:
                    self.ghosts.popitem(last=False)
                return
            self.main.append(key)
            self.hits[key] = 0


class SIEVE(Policy):
    """FIFO with a hand that moves from the oldest key to the newest, spares each visited key once, and stays there.

    Zhang, Yang, Yue, Vigfusson and Rashmi, "SIEVE is simpler than LRU: an efficient turn-key eviction algorithm for web
    caches", 2024.
    """

    name = "SIEVE"

    def __init__(self, capacity_items):
        super().__init__(capacity_items)
        self.newer = {None: None}  # a ring: None → the oldest key → … → the newest key → None
        self.newest = self.hand = None  # the hand stands behind the key that it looks at next
        self.visited = set()

    def __len__(self):
        return len(self.newer) - 1

    def request(self, key):
        if key in self.newer:
            self.visited.add(key)
            return True
        if len(self) == self.capacity_items:
            self._evict()
        self.newer[self.newest], self.newer[key] = key, None
        self.newest = key
        return False

    def _evict(self):
        while (key := self.newer[self.hand]) is None or key in self.visited:
            self.visited.discard(key)
            self.hand = key
        self.newer[self.hand] = self.newer.pop(key)
        if key == self.newest:
            self.newest, self.hand = self.hand, None
