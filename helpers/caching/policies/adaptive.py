"""Policies that learn while they run whether recency or frequency counts: ARC."""

from collections import OrderedDict

from helpers.caching.policies.base import Policy


class ARC(Policy):
    """Adaptive replacement cache: keys asked for once and again share it; a miss that a ghost knows moves the border.

    Megiddo and Modha, "ARC: A self-tuning, low overhead replacement cache", 2003. There the four queues are T1, T2, B1
    and B2 (a ghost is a key without its item), and the target, the size that `once` should have, is p.
    """

    name = "ARC"

    def __init__(self, capacity_items):
        super().__init__(capacity_items)
        self.once, self.again, self.once_ghosts, self.again_ghosts = (OrderedDict() for _ in range(4))
        self.target = 0

    def __len__(self):
        return len(self.once) + len(self.again)

    def request(self, key):
        if key in self.once or key in self.again:
            self.once.pop(key, None)
            self.again[key] = True
            self.again.move_to_end(key)
            return True
        was_once, was_again = key in self.once_ghosts, key in self.again_ghosts
        if was_once:
            self.target = min(self.target + max(1, len(self.again_ghosts) / len(self.once_ghosts)), self.capacity_items)
        elif was_again:
            self.target = max(self.target - max(1, len(self.once_ghosts) / len(self.again_ghosts)), 0)
        if len(self) == self.capacity_items:
            over = len(self.once) - self.target
            from_once = over > 0 or (over == 0 and was_again and self.once) or not self.again
            queue, ghosts = (self.once, self.once_ghosts) if from_once else (self.again, self.again_ghosts)
            ghosts[queue.popitem(last=False)[0]] = True
        self.once_ghosts.pop(key, None) or self.again_ghosts.pop(key, None)
        (self.again if was_once or was_again else self.once)[key] = True
        if len(self.once) + len(self.once_ghosts) > self.capacity_items:
            self.once_ghosts.popitem(last=False)
        elif len(self) + len(self.once_ghosts) + len(self.again_ghosts) > 2 * self.capacity_items:
            self.again_ghosts.popitem(last=False)
        return False
