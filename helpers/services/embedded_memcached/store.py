"""What the embedded memcached holds: items under a hard limit of bytes, the least recently used evicted first."""

import time
from collections import OrderedDict

from helpers.services.embedded_memcached.numbers import unsigned

MEGABYTE = 1024 * 1024
ITEM_OVERHEAD = 48 + 8 + 1 + 2  # as memcached counts them: header, cas unique, the key's end, the value's line end
LONGEST_RELATIVE = 60 * 60 * 24 * 30  # seconds; a longer exptime is a moment in Unix time

COUNTERS = (
    *("cmd_set", "cmd_flush", "get_hits", "get_misses", "get_expired", "touch_hits", "touch_misses"),
    *("delete_hits", "delete_misses", "incr_hits", "incr_misses", "decr_hits", "decr_misses"),
    *("cas_hits", "cas_misses", "cas_badval", "store_too_large", "total_items", "evictions", "reclaimed"),
)


class Item:
    """A value, its client's flags, the second in which it expires (0: never), and the number of its last change."""

    __slots__ = ("value", "flags", "expires", "unique")

    def __init__(self, value, flags, expires, unique):
        self.value, self.flags, self.expires, self.unique = value, flags, expires, unique


class Store:
    """Items by key. Every access that finds an item makes it the most recently used: exact LRU.

    `limit_bytes` bounds the sum of all items, each counted as key + value + memcached's own overhead (Python itself
    takes about 300 bytes more for each); an item is at most `max_item_bytes`. `clock` and `wall` give seconds (steady,
    and Unix time). Time has steps of one second, as in memcached, so that an item with a TTL of n seconds lives between
    n − 1 and n of them. An item that has expired leaves when it is asked for, or when it is the least recently used and
    room is needed.
    """

    def __init__(self, limit_bytes, max_item_bytes=MEGABYTE, clock=time.monotonic, wall=time.time):
        self.limit_bytes, self.max_item_bytes = limit_bytes, max_item_bytes
        self.items: OrderedDict[bytes, Item] = OrderedDict()
        self.bytes = self.unique = 0
        self._clock, self._began = clock, clock() - 2  # the seconds 0 and 1 are always past
        self._unix_began = int(wall()) - 2
        self._flush_at = 0
        self.reset_counters()

    def reset_counters(self):
        """Set all that `stats` counts to zero; the items stay."""
        self.counts = dict.fromkeys(COUNTERS, 0)

    def now(self) -> int:
        """The current second, counted from the start."""
        return int(self._clock() - self._began)

    def deadline(self, exptime: int) -> int:
        """The second in which an item with this exptime expires: 0 for never, 1 for at once."""
        if exptime <= 0:
            return 1 if exptime else 0
        if exptime > LONGEST_RELATIVE:
            return max(1, exptime - self._unix_began)
        return self.now() + exptime

    def seconds_left(self, key) -> int:
        """Seconds until the item of `key` expires; −1 for never, or for none."""
        item = self.items.get(key)
        return item.expires - self.now() if item is not None and item.expires else -1

    def unix_time(self, second: int) -> int:
        """The second counted from the start as Unix time; 0 for never."""
        return second + self._unix_began if second else 0

    def find(self, key) -> Item | None:
        """The living item of `key`, from now on the most recently used; counts nothing but expiries."""
        if self._flush_at:
            self._flush_if_due()
        item = self.items.get(key)
        if item is None:
            return None
        if item.expires and item.expires <= self.now():
            self._drop(key)
            self.counts["get_expired"] += 1
            return None
        self.items.move_to_end(key)
        return item

    def get(self, key) -> Item | None:
        """`find`, counted as a hit or a miss."""
        item = self.find(key)
        self.counts["get_misses" if item is None else "get_hits"] += 1
        return item

    def touch(self, key, exptime: int) -> Item | None:
        """`find`, and a new exptime for what was found, counted."""
        item = self.find(key)
        self.counts["touch_misses" if item is None else "touch_hits"] += 1
        if item is not None:
            item.expires = self.deadline(exptime)  # also a moment that has passed: this once it is still returned
        return item

    def store(self, verb: bytes, key, value, flags=0, exptime=0, unique=None) -> bytes:
        """Carry out set, add, replace, append or prepend, only on the version `unique` if given; memcached's answer.

        As in memcached, add does not look at `unique`.
        """
        self.counts["cmd_set"] += 1
        if verb == b"set" and unique is None:
            self._put(key, value, flags, self.deadline(exptime))
            return b"STORED"
        item = self.find(key)
        if item is None and verb in (b"append", b"prepend"):
            return b"NOT_STORED"
        if unique is not None and verb != b"add":
            outcome = "cas_misses" if item is None else "cas_hits" if item.unique == unique else "cas_badval"
            self.counts[outcome] += 1
            if outcome != "cas_hits":
                return b"NOT_FOUND" if item is None else b"EXISTS"
        if verb != b"set" and (item is None) != (verb == b"add"):
            return b"NOT_STORED"
        if verb in (b"append", b"prepend"):
            value = item.value + value if verb == b"append" else value + item.value
            if self.too_large(key, len(value), item.flags):
                return b"NOT_STORED"
            self._put(key, value, item.flags, item.expires)
        else:
            self._put(key, value, flags, self.deadline(exptime))
        return b"STORED"

    def increment(self, verb: bytes, key, delta: int) -> bytes:
        """Carry out incr (64 bits, then from 0 again) or decr (it stops at 0); memcached's answer."""
        item = self.find(key)
        name = verb.decode()
        if item is None:
            self.counts[f"{name}_misses"] += 1
            return b"NOT_FOUND"
        number = unsigned(item.value)
        if number is None:
            return b"CLIENT_ERROR cannot increment or decrement non-numeric value"
        self.counts[f"{name}_hits"] += 1
        text = b"%d" % ((number + delta) % 2**64 if verb == b"incr" else max(0, number - delta))
        if len(text) > len(item.value):
            self._put(key, text, item.flags, item.expires)
        else:
            self.unique += 1
            item.value, item.unique = text.ljust(len(item.value)), self.unique  # the length stays, as in memcached
        return text

    def delete(self, key, unique=None) -> bytes:
        """Remove the item of `key`, only its version `unique` if given; memcached's answer."""
        item = self.find(key)
        if item is not None and unique is not None and item.unique != unique:
            return b"EXISTS"
        self.counts["delete_misses" if item is None else "delete_hits"] += 1
        if item is None:
            return b"NOT_FOUND"
        self._drop(key)
        return b"DELETED"

    def flush(self, exptime: int = 0) -> None:
        """Remove all items, those that will have been stored by then if `exptime` is a moment to come."""
        self.counts["cmd_flush"] += 1
        self._flush_at = self.deadline(exptime) - 1 if exptime > 0 else 0
        if exptime <= 0:
            self._clear()

    def resize(self, limit_bytes: int) -> None:
        """Set the limit of bytes, and evict what lies above it."""
        self.limit_bytes = limit_bytes
        self._make_room()

    def too_large(self, key, value_bytes: int, flags: int) -> bool:
        """True for an item that may not be stored."""
        return item_bytes(key, value_bytes, flags) > self.max_item_bytes

    def discard(self, key) -> None:
        """Remove the item of `key` if there is one, and count nothing."""
        if key in self.items:
            self._drop(key)

    def _put(self, key, value, flags, expires):
        if self._flush_at:
            self._flush_if_due()
        self.unique += 1
        self.counts["total_items"] += 1
        item = self.items.get(key)
        if item is None:
            self.items[key] = Item(value, flags, expires, self.unique)
        else:
            self.bytes -= item_bytes(key, len(item.value), item.flags)
            item.value, item.flags, item.expires, item.unique = value, flags, expires, self.unique
            self.items.move_to_end(key)
        self.bytes += item_bytes(key, len(value), flags)
        if self.bytes > self.limit_bytes:
            self._make_room()

    def _make_room(self):
        now = self.now()
        while self.bytes > self.limit_bytes:
            key = next(iter(self.items))
            expires = self.items[key].expires
            self.counts["reclaimed" if expires and expires <= now else "evictions"] += 1
            self._drop(key)

    def _drop(self, key):
        item = self.items.pop(key)
        self.bytes -= item_bytes(key, len(item.value), item.flags)

    def _clear(self):
        self.items.clear()
        self.bytes = 0

    def _flush_if_due(self):
        now = self.now()
        if now >= self._flush_at:
            self._clear()  # memcached also takes what is stored within that very second
        if now > self._flush_at:
            self._flush_at = 0


def item_bytes(key, value_bytes: int, flags: int) -> int:
    """The size of an item as memcached counts it."""
    return ITEM_OVERHEAD + len(key) + value_bytes + (4 if flags else 0)
