"""The exercise of lesson 10 about generational keys: a family of keys that stays forgotten."""

from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.grading import call, described
from helpers.exercises.patterns_shelf import Shelf

LESSON = "10-caching-patterns"


class KeysOfAFamily(Exercise):
    """Keys of one family: key(name), until forget(); after it no value from before is found.

    Also if memcached loses whatever you keep in `cache`, and in a second Family of that name.
    """

    id = "patterns-family"
    name = "Family"
    kind = "class"

    def stub():
        class Family:
            def __init__(self, cache, name): ...

            def key(self, name): ...

            def forget(self): ...

        return Family

    hints = (
        "Keep the generation in `cache`, not in the object, and put it into each key.",
        "A generation that begins at 1 comes back after a loss. What never comes back? time.time_ns(), or uuid4().hex.",
    )

    def check(attempt):
        shelf = Shelf()
        family = call(attempt, shelf, "rooms", shown="cache, 'rooms'")
        first = _key(family, "list")
        if _key(family, "list") != first:
            raise Incorrect("key('list') twice, without a forget() between: expected the same key, got two.")
        if _key(family, "map") == first:
            raise Incorrect("key('list') and key('map') are the same: the name has to be in the key.")
        second = call(attempt, shelf, "rooms", shown="cache, 'rooms'")
        if _key(second, "list") != first:
            raise Incorrect(
                "a second Family(cache, 'rooms'), as another process makes it, has another key for 'list': "
                "the generation has to be in `cache`, where both find it."
            )
        other = call(attempt, shelf, "talks", shown="cache, 'talks'")
        if _key(other, "list") == first:
            raise Incorrect("Family(cache, 'rooms') and Family(cache, 'talks') share the key of 'list'.")
        talks = _key(other, "list")
        _forget(family, "forget()")
        if _key(family, "list") == first:
            raise Incorrect("after forget(), key('list') is the one from before: old values are found.")
        if _key(second, "list") == first:
            raise Incorrect(
                "after forget() in one process, the other still has the old key: read the generation from `cache` "
                "each time."
            )
        if _key(other, "list") != talks:
            raise Incorrect("forget() of 'rooms' changed the keys of 'talks': only its own family is meant.")
        seen = {first, _key(family, "list")}
        for _ in range(3):
            shelf.values.clear()
            if _key(family, "list") in seen:
                raise Incorrect(
                    "memcached lost everything, and key('list') is one from before: values that were forgotten come "
                    "back. The generation has begun again where it began the first time."
                )
            seen.add(_key(family, "list"))
        shelf.values.clear()
        _forget(family, "forget(), after memcached lost everything,")
        if _key(family, "list") in seen:
            raise Incorrect("forget() after a loss brought an old key back.")
        if any(timeout is not None for timeout in shelf.timeouts.values()):
            raise Incorrect("the generation ends after 300 seconds: all values are lost then. Use timeout=None.")
        return "forgotten in every process, and forgotten still after a loss"

    @solution
    def from_the_clock():
        import time

        class Family:
            def __init__(self, cache, name):
                self.cache, self.name = cache, name

            def key(self, name):
                generation = self.cache.get_or_set(f"{self.name}:generation", time.time_ns, None)
                return f"{self.name}:{generation}:{name}"

            def forget(self):
                self.cache.set(f"{self.name}:generation", time.time_ns(), None)

        return Family

    @solution
    def by_chance():
        from uuid import uuid4

        class Family:
            def __init__(self, cache, name):
                self.cache, self.name = cache, name

            def key(self, name):
                generation = self.cache.get_or_set(f"{self.name}:generation", lambda: uuid4().hex, None)
                return f"{self.name}:{generation}:{name}"

            def forget(self):
                self.cache.set(f"{self.name}:generation", uuid4().hex, None)

        return Family

    @mistake("begun again where it began")
    def from_one():
        class Family:
            def __init__(self, cache, name):
                self.cache, self.name = cache, name

            def key(self, name):
                return f"{self.name}:{self.cache.get_or_set(f'{self.name}:generation', 1, None)}:{name}"

            def forget(self):
                self.cache.get_or_set(f"{self.name}:generation", 1, None)
                self.cache.incr(f"{self.name}:generation")

        return Family

    @mistake("the other still has the old key")
    def kept_in_the_object():
        class Family:
            def __init__(self, cache, name):
                self.name, self.generation = name, 1

            def key(self, name):
                return f"{self.name}:{self.generation}:{name}"

            def forget(self):
                self.generation += 1

        return Family

    @mistake("only its own family is meant")
    def cleared():
        import time

        class Family:
            def __init__(self, cache, name):
                self.cache, self.name = cache, name

            def key(self, name):
                generation = self.cache.get_or_set(f"{self.name}:generation", time.time_ns, None)
                return f"{self.name}:{generation}:{name}"

            def forget(self):
                self.cache.clear()

        return Family

    @mistake("not found")
    def incr_of_what_is_lost():
        import time

        class Family:
            def __init__(self, cache, name):
                self.cache, self.name = cache, name

            def key(self, name):
                generation = self.cache.get_or_set(f"{self.name}:generation", time.time_ns, None)
                return f"{self.name}:{generation}:{name}"

            def forget(self):
                self.cache.incr(f"{self.name}:generation")

        return Family

    @mistake("Use timeout=None")
    def for_300_seconds():
        import time

        class Family:
            def __init__(self, cache, name):
                self.cache, self.name = cache, name

            def key(self, name):
                return f"{self.name}:{self.cache.get_or_set(f'{self.name}:generation', time.time_ns)}:{name}"

            def forget(self):
                self.cache.set(f"{self.name}:generation", time.time_ns())

        return Family


def _key(family, name):
    key = call(family.key, name)
    if not isinstance(key, str):
        raise Incorrect(f"key({name!r}): a text is expected, got {described(key)}.")
    return key


def _forget(family, words):
    try:
        family.forget()
    except ValueError as error:
        raise Incorrect(
            f"{words} raised ValueError: {error}. incr needs a number that is there; memcached may have lost it."
        ) from error
