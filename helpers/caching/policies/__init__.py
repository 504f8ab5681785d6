"""Eviction policies: short classes to read, one interface; each says which paper it comes from.

`Policy(capacity_items)` is an empty cache. `request(key)` returns True for a hit and False for a miss, and a miss takes
the key in, evicting another one where the cache is full. `name` is what plots call it. No policy here turns a key away:
whatever was asked for last is in the cache, and among such policies none can beat Belady's.
"""

from helpers.caching.policies.adaptive import ARC
from helpers.caching.policies.base import Policy
from helpers.caching.policies.frequency import LFU, WTinyLFU
from helpers.caching.policies.offline import Belady
from helpers.caching.policies.queues import FIFO, S3FIFO, SIEVE
from helpers.caching.policies.recency import LRU, SLRU

ALL = (FIFO, LRU, SLRU, LFU, ARC, S3FIFO, SIEVE, WTinyLFU, Belady)

__all__ = ["ALL", "ARC", "Belady", "FIFO", "LFU", "LRU", "Policy", "S3FIFO", "SIEVE", "SLRU", "WTinyLFU"]
