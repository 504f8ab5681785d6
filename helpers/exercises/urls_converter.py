"""The exercise of lesson 07 about converters: a time of day in an address, there and back."""

import re
from datetime import time

from django.http import HttpResponse
from django.urls import NoReverseMatch, Resolver404, path, register_converter, resolve, reverse
from django.urls.converters import REGISTERED_CONVERTERS

from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.grading import described
from helpers.project import cells

LESSON = "07-urls"


def _page(request, **given):
    return HttpResponse("a page")


class TimeOfDay(Exercise):
    """A converter for times like 09-30: two digits, a hyphen, two digits, nothing else.

    A time that no clock shows, as 25-00, is not its address.
    """

    id = "urls-2-time"
    name = "TimeOfDay"
    kind = "class"
    uses_database = True

    def stub():
        class TimeOfDay:
            regex = ...

            def to_python(self, text): ...

            def to_url(self, value): ...

        return TimeOfDay

    hints = (
        r"The regex says how it looks, \d{2}-\d{2}, without ^ and $: Django puts it between the others.",
        'time(25, 0) raises the ValueError that you need; f"{value:%H-%M}" writes two digits each.',
    )

    def check(attempt):
        if not isinstance(getattr(attempt, "regex", None), str):
            raise Incorrect(f"regex is a text such as '[0-9]+', got {described(getattr(attempt, 'regex', None))}.")
        for name in ("to_python", "to_url"):
            if not callable(getattr(attempt, name, None)):
                raise Incorrect(f"a converter has two methods, and {name} is not there.")
        try:
            re.compile(attempt.regex)
        except re.error as error:
            raise Incorrect(f"regex = {attempt.regex!r} is no regular expression: {error}.") from error
        try:
            register_converter(attempt, "time_of_the_check")
            urlconf = cells.urls([path("at/<time_of_the_check:at>/", _page, name="at")], keep=False)
            _there(urlconf)
            _refused(urlconf)
            _back(urlconf)
        finally:
            REGISTERED_CONVERTERS.pop("time_of_the_check", None)
        return "09-30 is half past nine, 25-00 is nobody's address, and five past nine is written 09-05"

    @solution
    def with_time():
        class TimeOfDay:
            regex = r"\d{2}-\d{2}"

            def to_python(self, text):
                from datetime import time

                hour, minute = text.split("-")
                return time(int(hour), int(minute))

            def to_url(self, value):
                return f"{value:%H-%M}"

        return TimeOfDay

    @mistake("a datetime.time is expected")
    def stays_text():
        class TimeOfDay:
            regex = r"\d{2}-\d{2}"

            def to_python(self, text):
                return text

            def to_url(self, value):
                return f"{value:%H-%M}"

        return TimeOfDay

    @mistake("no two digits")
    def zeros_lost():
        class TimeOfDay(_right()):
            def to_url(self, value):
                return f"{value.hour}-{value.minute}"

        return TimeOfDay

    @mistake("/at/9-30/ should be a 404")
    def any_digits():
        class TimeOfDay(_right()):
            regex = r"\d+-\d+"

            def to_python(self, text):
                return time(*map(int, text.split("-")))

        return TimeOfDay

    @mistake("/at/25-00/ should be a 404")
    def none_for_what_no_clock_shows():
        class TimeOfDay(_right()):
            def to_python(self, text):
                hour, minute = map(int, text.split("-"))
                return time(hour, minute) if hour < 24 else None

        return TimeOfDay

    @mistake("to_python raised KeyError")
    def another_error():
        class TimeOfDay(_right()):
            def to_python(self, text):
                hour, minute = map(int, text.split("-"))
                return time({each: each for each in range(24)}[hour], minute)

        return TimeOfDay

    @mistake("answers nothing")
    def with_anchors():
        class TimeOfDay(_right()):
            regex = r"^\d{2}-\d{2}$"

            def to_python(self, text):
                return time(*map(int, text.split("-")))

        return TimeOfDay

    @mistake("is no regular expression")
    def a_bracket_left_open():
        class TimeOfDay(_right()):
            regex = r"[0-9{2}-[0-9"

            def to_python(self, text):
                return time(*map(int, text.split("-")))

        return TimeOfDay

    @mistake("regex is a text")
    def regex_left_out():
        class TimeOfDay(_right()):
            regex = None

            def to_python(self, text):
                return time(*map(int, text.split("-")))

        return TimeOfDay


def _right():
    return TimeOfDay.solutions[0]()


def _there(urlconf):
    try:
        got = resolve("/at/09-30/", urlconf).kwargs["at"]
    except Resolver404:
        raise Incorrect(
            "/at/09-30/ is a 404: your pattern answers nothing. A converter's regex has no ^ and no $, and ValueError "
            "in to_python says: not mine."
        ) from None
    if not isinstance(got, time) or got != time(9, 30):
        raise Incorrect(f"/at/09-30/: a datetime.time is expected, time(9, 30), got {described(got)}.")


def _refused(urlconf):
    for text in ("9-30", "09-3", "09-300", "0930", "25-00", "09-75", "ab-cd"):
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
