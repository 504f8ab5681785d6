"""The scenes in which the lock of lesson 10 is tried: alone, beside a holder, just after one, after a dead one."""

from helpers.exercises.base import Incorrect
from helpers.exercises.grading import described
from helpers.exercises.patterns_shelf import Shelf


def noted(shelf, method, key):
    """Note how the lock was taken, and whether the value was stored without it."""
    shelf.added = getattr(shelf, "added", set())
    shelf.unlocked_set = getattr(shelf, "unlocked_set", False)
    if method == "add":
        shelf.added.add(key)
    if method == "set" and key == "page":
        shelf.unlocked_set |= "page:lock" not in shelf.values


class _Tried:
    """One try of an attempt: what it returned, how often it computed, and the shelf afterwards."""

    def __init__(self, shelf):
        self.shelf, self.computed, self.waited, self.returned = shelf, 0, 0, None


class _Patience(Exception):
    """The attempt has waited too often."""


def try_once(attempt, shelf, on_wait=lambda shelf, waited: None):
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


def expect(name, scene, tried, computed, advice=""):
    if tried.returned is _Patience:
        raise Incorrect(f"{name}, {scene}: still waiting after 20 times. {advice}".rstrip())
    if tried.computed != computed:
        words = f"{name}, {scene}: compute() ran {_times(tried.computed)}, expected {_times(computed)}."
        raise Incorrect(f"{words} {advice}".rstrip())
    if tried.returned != "new":
        raise Incorrect(f"{name}, {scene}: expected the value 'new', got {described(tried.returned)}.")
    if "page" not in tried.shelf.values:
        raise Incorrect(f"{name}, {scene}: the value was returned, and not stored: set it.")


def _times(number):
    return {0: "not at all", 1: "once"}.get(number, f"{number} times")


def held():
    """A shelf whose lock another process holds; it stores and lets go while the attempt waits for the second time."""
    shelf = Shelf()
    shelf.put("page:lock", True)

    def on_wait(shelf, waited):
        if waited == 2:
            shelf.put("page", "new")
            shelf.values.pop("page:lock", None)

    shelf.on_wait = on_wait
    return shelf


def late(shelf, method, key):
    """Another process stores its value at the very moment at which the attempt tries to take the lock."""
    if method == "add" and key == "page:lock":
        shelf.put("page", "new")


def lock_ends(shelf, waited):
    if waited == 2:
        shelf.values.pop("page:lock", None)


def fails():
    return 1 / 0
