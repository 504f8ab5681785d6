"""Trying a converter of lesson 07: has it what Django asks for, and what does it make of addresses, there and back?"""

import re
from datetime import time

from django.http import HttpResponse
from django.urls import NoReverseMatch, Resolver404, path, register_converter, resolve, reverse
from django.urls.converters import REGISTERED_CONVERTERS

from helpers.exercises.base import Incorrect
from helpers.exercises.grading import described, is_environment
from helpers.project import cells

NAME = "time_of_the_check"  # what it is registered as, for as long as the trial lasts
REFUSED = ("9-30", "09-3", "09-300", "0930", "09.30", "25-00", "09-75", "ab-cd")


def expect_converter(attempt: type) -> None:
    """Raise Incorrect unless the class has a regular expression, as text, and the two methods."""
    regex = getattr(attempt, "regex", None)
    if not isinstance(regex, str):
        raise Incorrect(f"regex is a text such as '[0-9]+', got {described(regex)}.")
    for name in ("to_python", "to_url"):
        if not callable(getattr(attempt, name, None)):
            raise Incorrect(f"a converter has two methods, and {name} is not there.")
    try:
        names = re.compile(regex).groupindex
    except re.error as error:
        raise Incorrect(f"regex = {regex!r} is no regular expression: {error}.") from error
    if names:
        raise Incorrect(
            f"regex = {regex!r} has names of its own: the pattern gives the whole a name, and to_python takes it apart."
        )


def expect_addresses(attempt: type) -> None:
    """Raise Incorrect unless 09-30 is half past nine, what is no time is a 404, and time(9, 5) is written 09-05."""
    try:
        register_converter(attempt, NAME)
        urlconf = cells.urls([path(f"at/<{NAME}:at>/", _page, name="at")], keep=False)
        _there(urlconf)
        _refused(urlconf)
        _back(urlconf)
    finally:
        REGISTERED_CONVERTERS.pop(NAME, None)


def _page(request, **given):
    return HttpResponse("a page")


def _there(urlconf):
    try:
        got = resolve("/at/09-30/", urlconf).kwargs["at"]
    except Resolver404:
        raise Incorrect(
            "/at/09-30/ is a 404: your pattern answers nothing. A converter's regex has no ^ and no $, and ValueError "
            "in to_python says: not mine."
        ) from None
    except Exception as error:
        if is_environment(error):
            raise
        raise Incorrect(f"/at/09-30/: to_python raised {type(error).__name__}: {error}.") from error
    if not isinstance(got, time) or got != time(9, 30):
        raise Incorrect(f"/at/09-30/: a datetime.time is expected, time(9, 30), got {described(got)}.")


def _refused(urlconf):
    for text in REFUSED:
        try:
            got = resolve(f"/at/{text}/", urlconf).kwargs["at"]
        except Resolver404:
            continue
        except Exception as error:
            raise Incorrect(
                f"/at/{text}/ should be a 404, and to_python raised {type(error).__name__}: only ValueError means 'not "
                "mine', any other error is a 500."
            ) from error
        raise Incorrect(f"/at/{text}/ should be a 404, and the view was called with {described(got)}.")


def _back(urlconf):
    try:
        got = reverse("at", urlconf, kwargs={"at": time(9, 5)})
    except NoReverseMatch as error:
        raise Incorrect(
            "reverse with time(9, 5) raised NoReverseMatch: what to_url wrote has no two digits, a hyphen and two "
            f"digits, so its own regex refuses it. {str(error).partition(' not found')[0]}."
        ) from error
    if got != "/at/09-05/":
        raise Incorrect(f"reverse with time(9, 5): expected '/at/09-05/', got {described(got)}.")
