"""The exercise of lesson 07 about converters: a time of day in an address, there and back."""

from datetime import time

from helpers.exercises import urls_converter_trial
from helpers.exercises.base import Exercise, mistake, solution

LESSON = "07-urls"


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
        urls_converter_trial.expect_converter(attempt)
        urls_converter_trial.expect_addresses(attempt)
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

    @mistake("/at/09.30/ should be a 404")
    def any_letter_between():
        class TimeOfDay(_right()):
            regex = r"\d{2}.\d{2}"

            def to_python(self, text):
                return time(int(text[:2]), int(text[3:]))

        return TimeOfDay

    @mistake("has names of its own")
    def named_groups():
        class TimeOfDay(_right()):
            regex = r"(?P<hour>\d{2})-(?P<minute>\d{2})"

            def to_python(self, text):
                return time(*map(int, text.split("-")))

        return TimeOfDay

    @mistake("/at/09-30/: to_python raised TypeError")
    def text_for_numbers():
        class TimeOfDay(_right()):
            def to_python(self, text):
                return time(*text.split("-"))

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
