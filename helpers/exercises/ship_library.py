"""The last exercise of lesson 15, in a library: which refused mail is tried again, and when."""

from helpers.exercises.base import Exercise, mistake, solution
from helpers.exercises.grading import expect_call

LESSON = "15-ship-it-off"


class NextTry(Exercise):
    """What becomes of a reminder after try number `tries` (1, 2, …) was answered with `code`.

    "sent" for 2xx; "give up" for 5xx, which will not change, and after the 10th try; else the
    seconds until the next try: 60, then twice as long each time, and never more than 3,600.
    `code` is None where the mail server gave no answer at all: that may change.
    """

    id = "ship-5-library"
    name = "next_try"

    def stub(code, tries): ...

    hints = (
        "Success first, whatever the try; then the two reasons to give up; what is left waits.",
        "`code // 100` is the first digit; ask for None before. The wait is min(3_600, 60 * 2 ** (tries - 1)).",
    )

    def check(attempt):
        for code, tries, expected, nudge in (
            (250, 1, "sent", "2xx is success."),
            (251, 3, "sent", "All of 2xx is success."),
            (451, 1, 60, "The first wait is 60 seconds."),
            (421, 2, 120, "Twice as long each time."),
            (450, 5, 960, "Twice as long each time: 60, 120, 240, 480, 960."),
            (451, 7, 3_600, "It would be 3,840: never more than 3,600."),
            (452, 9, 3_600, "Never more than 3,600."),
            (550, 1, "give up", "5xx will not change: a reader who has moved stays away."),
            (552, 4, "give up", "5xx will not change: a reader who has moved stays away."),
            (451, 10, "give up", "The 10th try was the last."),
            (451, 12, "give up", "The 10th try was the last."),
            (250, 10, "sent", "The 10th try was a success."),
            (None, 1, 60, "No answer may change: the server is being restarted, perhaps."),
            (None, 10, "give up", "The 10th try was the last, answer or not."),
        ):
            expect_call(attempt, code, tries, expected=expected, nudge=nudge)
        return "fourteen answers: sent, given up, or tried again, later each time"

    @solution
    def by_the_first_digit(code, tries):
        kind = code // 100 if code is not None else 4
        if kind == 2:
            return "sent"
        if kind == 5 or tries >= 10:
            return "give up"
        return min(3_600, 60 * 2 ** (tries - 1))

    @mistake("5xx will not change")
    def tried_for_ever(code, tries):
        if code is not None and code < 300:
            return "sent"
        return "give up" if tries >= 10 else min(3_600, 60 * 2 ** (tries - 1))

    @mistake("The first wait is 60")
    def one_doubling_too_many(code, tries):
        kind = code // 100 if code is not None else 4
        if kind == 2:
            return "sent"
        return "give up" if kind == 5 or tries >= 10 else min(3_600, 60 * 2**tries)

    @mistake("never more than 3,600")
    def without_a_limit(code, tries):
        kind = code // 100 if code is not None else 4
        if kind == 2:
            return "sent"
        return "give up" if kind == 5 or tries >= 10 else 60 * 2 ** (tries - 1)

    @mistake("Twice as long")
    def a_minute_more(code, tries):
        kind = code // 100 if code is not None else 4
        if kind == 2:
            return "sent"
        return "give up" if kind == 5 or tries >= 10 else min(3_600, 60 * (tries if tries < 3 else tries - 1))

    @mistake("The 10th try was the last")
    def never_given_up(code, tries):
        kind = code // 100 if code is not None else 4
        if kind == 2:
            return "sent"
        return "give up" if kind == 5 else min(3_600, 60 * 2 ** (tries - 1))

    @mistake("was a success")
    def given_up_first(code, tries):
        kind = code // 100 if code is not None else 4
        if kind == 5 or tries >= 10:
            return "give up"
        return "sent" if kind == 2 else min(3_600, 60 * 2 ** (tries - 1))

    @mistake("No answer may change")
    def no_answer_is_the_end(code, tries):
        if code is None:
            return "give up"
        if code // 100 == 2:
            return "sent"
        return "give up" if code // 100 == 5 or tries >= 10 else min(3_600, 60 * 2 ** (tries - 1))

    @mistake("raised TypeError")
    def no_answer_is_forgotten(code, tries):
        if code // 100 == 2:
            return "sent"
        return "give up" if code // 100 == 5 or tries >= 10 else min(3_600, 60 * 2 ** (tries - 1))

    @mistake("All of 2xx")
    def one_code_alone(code, tries):
        if code == 250:
            return "sent"
        kind = code // 100 if code is not None else 4
        return "give up" if kind == 5 or tries >= 10 else min(3_600, 60 * 2 ** (tries - 1))
