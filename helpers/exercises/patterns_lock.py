"""The exercise of lesson 10 about the herd: of all who miss a key at once, one computes."""

import contextlib

from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.grading import described
from helpers.exercises.patterns_shelf import GONE, Shelf

LESSON = "10-caching-patterns"


class Lock(Exercise):
    """The value of `key`; of all who miss it at once, one calls `compute()` and stores it.

    The others call `wait()` and look again. The lock is f"{key}:lock"; it goes when its
    holder is done, or has failed, and by itself after some time. No value is None.
    """

    id = "patterns-lock"
    name = "one_computes"

    def stub(cache, key, compute, wait): ...

    hints = (
        "cache.add(f'{key}:lock', True, timeout=…) is True for one only. Who loses waits and begins anew, in a loop.",
        "Look a second time once you hold the lock: the last holder may have stored in between. `finally` lets it go.",
    )

    def check(attempt):
        name = f"{attempt.__name__}(cache, 'page', compute, wait)"
        calm = _try(attempt, Shelf())
        _expect(name, "a cold key, no lock", calm, computed=1)
        timeout = calm.shelf.timeouts.get("page:lock", GONE)
        if timeout is GONE:
            raise Incorrect(
                f"{name}: nobody took the lock 'page:lock' with cache.add, so all who miss it at once compute."
            )
        if not isinstance(timeout, (int, float)) or timeout <= 0:
            raise Incorrect(
                f"{name}: the lock was taken with timeout={described(timeout)}. If its holder is killed, everybody "
                "waits for ever: give it an end."
            )
        if "page:lock" in calm.shelf.values:
            raise Incorrect(f"{name}: the value is stored, and the lock is still there: let it go.")
        warm = Shelf()
        warm.put("page", "new")
        _expect(name, "the value is there", _try(attempt, warm), computed=0)
        _expect(name, "another holds the lock, and stores while you wait", _try(attempt, _held()), computed=0)
        again = "The value came between your look and your lock: look again before you compute."
        _expect(name, "another stored just before you won the lock", _try(attempt, Shelf(_late)), 0, again)
        dead = Shelf()
        dead.put("page:lock", True)
        after = "Once the lock is gone and nothing is stored, one of those who waited has to compute."
        _expect(name, "the holder died, and its lock has ended", _try(attempt, dead, _lock_ends), 1, after)
        failing = Shelf()
        with contextlib.suppress(ZeroDivisionError):
            attempt(failing, "page", _fails, lambda: None)
        if "page:lock" in failing.values:
            raise Incorrect(f"{name} where compute() raises: the lock is still there, and all others wait for it.")
        return "one computes: alone, beside a holder, just after one, after a dead one; and errors let the lock go"

    @solution
    def look_lock_look_again(cache, key, compute, wait):
        while (value := cache.get(key)) is None:
            if cache.add(f"{key}:lock", True, timeout=10):
                try:
                    value = cache.get(key)
                    if value is None:
                        value = compute()
                        cache.set(key, value)
                finally:
                    cache.delete(f"{key}:lock")
                return value
            wait()
        return value

    @mistake("nobody took the lock")
    def get_or_set(cache, key, compute, wait):
        return cache.get_or_set(key, compute)

    @mistake("look again before you compute")
    def no_second_look(cache, key, compute, wait):
        while (value := cache.get(key)) is None:
            if cache.add(f"{key}:lock", True, timeout=10):
                try:
                    value = compute()
                    cache.set(key, value)
                finally:
                    cache.delete(f"{key}:lock")
                return value
            wait()
        return value

    @mistake("give it an end")
    def a_lock_for_ever(cache, key, compute, wait):
        while (value := cache.get(key)) is None:
            if cache.add(f"{key}:lock", True, timeout=None):
                value = cache.get(key) or compute()
                cache.set(key, value)
                cache.delete(f"{key}:lock")
            else:
                wait()
        return value

    @mistake("all others wait for it")
    def no_finally(cache, key, compute, wait):
        while (value := cache.get(key)) is None:
            if cache.add(f"{key}:lock", True, timeout=10):
                value = cache.get(key) or compute()
                cache.set(key, value)
                cache.delete(f"{key}:lock")
            else:
                wait()
        return value

    @mistake("let it go")
    def never_released(cache, key, compute, wait):
        while (value := cache.get(key)) is None:
            if cache.add(f"{key}:lock", True, timeout=10):
                value = cache.get(key) or compute()
                cache.set(key, value)
            else:
                wait()
        return value

    @mistake("one of those who waited has to compute")
    def waits_for_the_value_only(cache, key, compute, wait):
        if (value := cache.get(key)) is None and cache.add(f"{key}:lock", True, timeout=10):
            try:
                value = cache.get(key) or compute()
                cache.set(key, value)
            finally:
                cache.delete(f"{key}:lock")
        while value is None:
            wait()
            value = cache.get(key)
        return value


class _Tried:
    """One try of an attempt: what it returned, how often it computed, and the shelf afterwards."""

    def __init__(self, shelf):
        self.shelf, self.computed, self.waited, self.returned = shelf, 0, 0, None


class _Patience(Exception):
    """The attempt has waited too often."""


def _try(attempt, shelf, on_wait=lambda shelf, waited: None):
    tried = _Tried(shelf)

    def compute():
        tried.computed += 1
        return "new"

    def wait():
        tried.waited += 1
        if tried.waited > 20:
            raise _Patience
        (shelf.on_wait if hasattr(shelf, "on_wait") else on_wait)(shelf, tried.waited)

    try:
        tried.returned = attempt(shelf, "page", compute, wait)
    except _Patience:
        tried.returned = _Patience
    return tried


def _expect(name, scene, tried, computed, advice=""):
    if tried.returned is _Patience:
        raise Incorrect(f"{name}, {scene}: still waiting after 20 times. {advice}".rstrip())
    if tried.computed != computed:
        words = f"{name}, {scene}: expected compute() to run {computed} times, it ran {tried.computed} times."
        raise Incorrect(f"{words} {advice}".rstrip())
    if tried.returned != "new":
        raise Incorrect(f"{name}, {scene}: expected the value 'new', got {described(tried.returned)}.")
    if "page" not in tried.shelf.values:
        raise Incorrect(f"{name}, {scene}: the value was returned, and not stored: set it.")


def _held():
    """A shelf whose lock another process holds; it stores and lets go while the attempt waits for the second time."""
    shelf = Shelf()
    shelf.put("page:lock", True)

    def on_wait(shelf, waited):
        if waited == 2:
            shelf.put("page", "new")
            shelf.values.pop("page:lock", None)

    shelf.on_wait = on_wait
    return shelf


def _late(shelf, method, key):
    """Another process stores its value at the very moment at which the attempt tries to take the lock."""
    if method == "add" and key == "page:lock":
        shelf.put("page", "new")


def _lock_ends(shelf, waited):
    if waited == 2:
        shelf.values.pop("page:lock", None)


def _fails():
    return 1 / 0
