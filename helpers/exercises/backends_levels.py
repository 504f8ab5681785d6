"""The exercise of lesson 12 about two levels: a small cache of this process in front of the shared one."""

import contextlib

from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.cache_desk import BrokenCache, RecordingCache
from helpers.exercises.grading import call, described

LESSON = "12-backends-libraries-many-servers"


class Levels(Exercise):
    """get(key) asks `near`, then `far`; what `far` had is kept in `near` for near_s seconds.

    set(key, value) keeps it in `far` for ever, then in `near` for near_s seconds. What
    neither has is None, and is not kept.
    """

    id = "backends-two-levels"
    name = "TwoLevels"
    kind = "class"

    def stub():
        class TwoLevels:
            def __init__(self, near, far, near_s): ...

            def get(self, key): ...

            def set(self, key, value): ...

        return TwoLevels

    hints = (
        "`is None` is the test for a miss: 0 and an empty list are values.",
        "Both get and set end with near.set(key, value, self.near_s); for ever is a timeout of None.",
    )

    def check(attempt):
        near, far = RecordingCache(), RecordingCache()
        levels = call(attempt, near, far, 5, shown="near, far, 5")
        for value in (17, 0):
            far.set("seats", value, None)
            near.clear()
            got = call(levels.get, "seats")
            if got != value or got is None:
                raise Incorrect(f"get('seats'): far holds {value}, got {described(got)}.")
            if near.get("seats") != value:
                raise Incorrect(f"get('seats') found {value} in far: expected it in near afterwards, got nothing.")
            if near.timeouts[-1:] != [5]:
                raise Incorrect(
                    f"near keeps it with the timeout {described(near.timeouts[-1])}: expected near_s, here 5."
                )
        far.calls.clear()
        call(levels.get, "seats")
        if "get" in far.calls:
            raise Incorrect("get('seats') a second time: near holds it, and far was asked all the same. 0 is a value.")
        if call(levels.get, "nothing") is not None or "nothing" in near or "nothing" in far:
            raise Incorrect("get('nothing'): neither has it. Expected None, and nothing kept.")
        call(levels.set, "seats", 30)
        if far.get("seats") != 30:
            raise Incorrect("set('seats', 30): far still holds the old value, and every other worker reads it.")
        if far.timeouts[-1] is not None:
            raise Incorrect(f"far keeps it with the timeout {described(far.timeouts[-1])}: expected None, for ever.")
        if near.get("seats") != 30:
            raise Incorrect("set('seats', 30): near still holds the old value, and this worker reads it.")
        if near.timeouts[-1] != 5:
            raise Incorrect("set('seats', 30): near has to forget it after near_s, or it hides what others write.")
        near = RecordingCache()
        levels = call(attempt, near, BrokenCache(failing=("set",)), 5, shown="near, far, 5")
        with contextlib.suppress(TimeoutError):
            levels.set("seats", 40)
        if near.get("seats") == 40:
            raise Incorrect(
                "set('seats', 40) while far does not answer: near holds 40 now, and no other worker has heard of it. "
                "First far, then near."
            )
        return "near first, far second, near_s in near, for ever in far, and 0 is a value"

    @solution
    def near_then_far():
        class TwoLevels:
            def __init__(self, near, far, near_s):
                self.near, self.far, self.near_s = near, far, near_s

            def get(self, key):
                value = self.near.get(key)
                if value is None:
                    value = self.far.get(key)
                    if value is not None:
                        self.near.set(key, value, self.near_s)
                return value

            def set(self, key, value):
                self.far.set(key, value, None)
                self.near.set(key, value, self.near_s)

        return TwoLevels

    @mistake("0 is a value")
    def truth_for_none():
        class TwoLevels(_Right):
            def get(self, key):
                value = self.near.get(key) or self.far.get(key)
                if value is not None:
                    self.near.set(key, value, self.near_s)
                return value

        return TwoLevels

    @mistake("expected near_s")
    def near_for_ever():
        class TwoLevels(_Right):
            def keep(self, key, value):
                self.near.set(key, value, None)

        return TwoLevels

    @mistake("every other worker")
    def far_forgotten():
        class TwoLevels(_Right):
            def set(self, key, value):
                self.keep(key, value)

        return TwoLevels

    @mistake("this worker reads it")
    def near_forgotten():
        class TwoLevels(_Right):
            def set(self, key, value):
                self.far.set(key, value, None)

        return TwoLevels

    @mistake("for ever")
    def far_with_the_default():
        class TwoLevels(_Right):
            def set(self, key, value):
                self.far.set(key, value)
                self.keep(key, value)

        return TwoLevels

    @mistake("nothing kept")
    def a_miss_is_kept():
        class TwoLevels(_Right):
            def get(self, key):
                value = self.near.get(key)
                if value is None:
                    value = self.far.get(key)
                    self.keep(key, value)
                return value

        return TwoLevels

    @mistake("nothing kept")
    def a_miss_is_kept_by_get_or_set():
        class TwoLevels(_Right):
            def get(self, key):
                return self.near.get_or_set(key, lambda: self.far.get(key), self.near_s)

        return TwoLevels

    @mistake("First far, then near")
    def near_before_far():
        class TwoLevels(_Right):
            def set(self, key, value):
                self.keep(key, value)
                self.far.set(key, value, None)

        return TwoLevels


class _Right:
    """What the mistakes are made from."""

    def __init__(self, near, far, near_s):
        self.near, self.far, self.near_s = near, far, near_s

    def get(self, key):
        value = self.near.get(key)
        if value is None:
            value = self.far.get(key)
            if value is not None:
                self.keep(key, value)
        return value

    def set(self, key, value):
        self.far.set(key, value, None)
        self.keep(key, value)

    def keep(self, key, value):
        self.near.set(key, value, self.near_s)
