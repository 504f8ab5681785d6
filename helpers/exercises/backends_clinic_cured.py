"""How the clinic of lesson 12 finds out whether a patient is cured."""

from helpers.exercises.base import Incorrect
from helpers.exercises.grading import described

_PRIVATE = ("locmem", "dummy")
_STEP_BY_STEP = ("filebased", "db.")
_COUNT_ALIKE = [f"django.core.cache.backends.memcached.{name}" for name in ("PyMemcacheCache", "PyLibMCCache")]


def counted_alike(caches) -> None:
    """Raise Incorrect unless these CACHES are a default cache on memcached, at the address that was given."""
    if not isinstance(caches, dict):
        raise Incorrect(f"a dict is expected, as in settings.py, got {described(caches)}.")
    if not isinstance(caches.get("default"), dict):
        raise Incorrect(f'these CACHES have no "default": {described(caches)}. Each alias has a dict of its own.')
    backend = str(caches["default"].get("BACKEND", ""))
    if any(each in backend for each in _PRIVATE):
        raise Incorrect(f"{backend}: each worker has a memory of its own, or none. Nothing is shared.")
    if any(each in backend for each in _STEP_BY_STEP):
        raise Incorrect(f"{backend} is shared, but its incr is get and set: two workers lose each other's steps.")
    if backend not in _COUNT_ALIKE:
        raise Incorrect(f"BACKEND is {backend!r}: a backend for memcached is expected, by its whole path.")
    given = caches["default"].get("LOCATION")
    if given not in ("127.0.0.1:11211", ["127.0.0.1:11211"], ("127.0.0.1:11211",)):
        raise Incorrect(f"LOCATION is {described(given)}: memcached does not listen there, but at the url.")


def pages_of(cached):
    """What Ann, Bob and Ann again are served by the view `cached`, as responses; Incorrect where it returns none."""
    from django.http import HttpResponseBase
    from django.test import RequestFactory

    served = []
    for name in ("Ann", "Bob", "Ann"):
        request = RequestFactory().get("/hello/", headers={"cookie": f"name={name}"})
        response = cached(request)
        if not isinstance(response, HttpResponseBase):
            raise Incorrect(
                f"safe_to_cache(view) is called with a request: expected a response, got a {type(response).__name__}. "
                "A decorator with arguments is called twice: decorator(60)(view)."
            )
        served.append(response)
    return served
