"""The exercise of lesson 10 about the herd: of all who miss a key at once, one computes."""

import contextlib

from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.grading import described
from helpers.exercises.patterns_lock_trial import expect, fails, held, late, lock_ends, noted, try_once
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
        calm = try_once(attempt, Shelf(noted))
        expect(name, "a cold key, no lock", calm, computed=1)
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
        if "page:lock" not in calm.shelf.added:
            raise Incorrect(
                f"{name}: the lock was taken by get and set: two can both find nothing, and both take it. cache.add "
                "asks and takes in one step."
            )
        if calm.shelf.unlocked_set:
            raise Incorrect(
                f"{name}: the lock went before the value was stored: in between another finds neither, and computes. "
                "Store first."
            )
        if "page:lock" in calm.shelf.values:
            raise Incorrect(f"{name}: the value is stored, and the lock is still there: let it go.")
        warm = Shelf()
        warm.put("page", "new")
        expect(name, "the value is there", try_once(attempt, warm), computed=0)
        patient = "Wait in a loop until the value is there, and let go only a lock that you took yourself."
        expect(name, "another holds the lock, and stores while you wait", try_once(attempt, held()), 0, patient)
        again = "The value came between your look and your lock: look again before you compute."
        expect(name, "another stored just before you won the lock", try_once(attempt, Shelf(late)), 0, again)
        dead = Shelf()
        dead.put("page:lock", True)
        after = "Once the lock is gone and nothing is stored, one of those who waited has to compute."
        expect(name, "the holder died, and its lock has ended", try_once(attempt, dead, lock_ends), 1, after)
        failing = Shelf()
        with contextlib.suppress(ZeroDivisionError):
            attempt(failing, "page", fails, lambda: None)
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

    @mistake("Store first")
    def stored_after_letting_go(cache, key, compute, wait):
        while (value := cache.get(key)) is None:
            if cache.add(f"{key}:lock", True, timeout=10):
                try:
                    value = cache.get(key) or compute()
                finally:
                    cache.delete(f"{key}:lock")
                cache.set(key, value)
            else:
                wait()
        return value

    @mistake("in one step")
    def a_lock_by_get_and_set(cache, key, compute, wait):
        while (value := cache.get(key)) is None:
            if cache.get(f"{key}:lock") is None:
                cache.set(f"{key}:lock", True, 10)
                try:
                    value = cache.get(key) or compute()
                    cache.set(key, value)
                finally:
                    cache.delete(f"{key}:lock")
            else:
                wait()
        return value

    @mistake("only a lock that you took")
    def lets_go_the_lock_of_another(cache, key, compute, wait):
        while (value := cache.get(key)) is None:
            try:
                if cache.add(f"{key}:lock", True, timeout=10):
                    value = cache.get(key) or compute()
                    cache.set(key, value)
                else:
                    wait()
            finally:
                cache.delete(f"{key}:lock")
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
