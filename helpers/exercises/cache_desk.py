"""Caches for the checks of exercises: Django's own in memory with a record of what was asked, and one that raises."""

import itertools

from django.core.cache.backends.locmem import LocMemCache

_numbers = itertools.count(1)


class RecordingCache(LocMemCache):
    """A LocMemCache of its own; `timeouts` lists the timeout of every set, `calls` the names of what was called."""

    def __init__(self):
        super().__init__(f"exercise-{next(_numbers)}", {})
        self.timeouts, self.calls = [], []

    def get(self, key, default=None, version=None):
        self.calls.append("get")
        return super().get(key, default, version)

    def set(self, key, value, timeout="the default", version=None):
        self.calls.append("set")
        self.timeouts.append(timeout)
        super().set(key, value, 300 if timeout == "the default" else timeout, version)

    def add(self, key, value, timeout="the default", version=None):
        self.calls.append("add")
        self.timeouts.append(timeout)
        return super().add(key, value, 300 if timeout == "the default" else timeout, version)


class BrokenCache(RecordingCache):
    """A cache whose methods named in `failing` raise `error`, as a client's do when its server is gone.

    Where "set" fails, add fails too.
    """

    def __init__(self, failing=(), error=TimeoutError):
        super().__init__()
        self.failing, self.error = failing, error

    def get(self, key, default=None, version=None):
        self._fail("get")
        return super().get(key, default, version)

    def set(self, key, value, timeout="the default", version=None):
        self._fail("set")
        super().set(key, value, timeout, version)

    def add(self, key, value, timeout="the default", version=None):
        self._fail("set")
        return super().add(key, value, timeout, version)

    def _fail(self, name):
        if name in self.failing:
            # Not a ConnectionError: that would be taken for the environment's fault.
            raise self.error(f"{name}: no answer from the cache")
