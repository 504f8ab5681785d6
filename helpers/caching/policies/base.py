"""What all eviction policies share: a capacity in items, and the trace for those that must know it."""

from helpers.caching.trace import check_at_least


class Policy:
    """An empty cache for `capacity_items` items of one size; ValueError for less than one.

    A policy defines `name`, `request(key) -> bool`, and `__len__`, the number of items it holds.
    """

    name = "policy"

    def __init__(self, capacity_items: int):
        check_at_least("capacity_items", capacity_items, 1)
        self.capacity_items = int(capacity_items)

    @classmethod
    def for_trace(cls, capacity_items: int, trace):
        """An empty cache about to be asked for `trace`, which an online policy does not look at."""
        return cls(capacity_items)

    def request(self, key) -> bool:
        raise NotImplementedError(f"{type(self).__name__} has no request(key) yet: it returns True for a hit.")
