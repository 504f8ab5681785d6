"""The exercises of lesson 00: one blank, one status, one decision from a frame."""

import numpy as np
import pandas as pd

from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.grading import described, expect_call

LESSON = "00-start-here"


class Hours(Exercise):
    """How many hours that many minutes are, as a number that may have a fraction."""

    id = "start-hours"
    name = "hours"

    def stub(minutes):
        return minutes / ...

    hints = ("How many minutes does one hour have?", "Sixty: minutes / 60.")

    def check(attempt):
        def nudge(got):
            if isinstance(got, int) and not isinstance(got, bool):
                return "The fraction is wanted too: divide with /, not with //."
            return "How many minutes make one hour?"

        expect_call(attempt, 120, expected=2, nudge=nudge)
        expect_call(attempt, 90, expected=1.5, nudge=nudge)
        return "right for whole hours and for an hour and a half"

    @solution
    def divided(minutes):
        return minutes / 60

    @mistake("make one hour")
    def by_a_hundred(minutes):
        return minutes / 100

    @mistake("not with //")
    def whole_hours_only(minutes):
        return minutes // 60


class Status(Exercise):
    """The status that the path /talks gives, as a number."""

    id = "start-status"
    kind = "value"
    hints = (
        "Look at the row of /talks, without a slash at its end.",
        "Its first digit is 3: go elsewhere, to /talks/.",
    )

    def check(attempt):
        if isinstance(attempt, bool) or not isinstance(attempt, (int, np.integer)):
            raise Incorrect(f"a whole number is expected, got {described(attempt)}: write it without quotes.")
        nudges = {200: "That is the status of /talks/, with the slash.", 404: "That is the page that does not exist."}
        if attempt != 301:
            nudge = nudges.get(int(attempt), "Read it off the table above.")
            raise Incorrect(f"expected the status of /talks, got {described(attempt)}. {nudge}")
        return "moved for ever, to the address in the header Location"

    @solution
    def moved():
        return 301

    @mistake("with the slash")
    def the_page_itself():
        return 200

    @mistake("without quotes")
    def as_text():
        return "404"


class Slowest(Exercise):
    """The `page` whose 99th percentile of `ms` is the largest; `times` has one row a request."""

    id = "start-slowest"
    name = "slowest_for_the_unlucky"

    def stub(times): ...

    hints = (
        "One number for each page: group by page, then take a quantile of ms.",
        'times.groupby("page").ms.quantile(0.99), and idxmax() says where it is the largest.',
    )

    def check(attempt):
        steady, spiky = np.full(200, 30.0), np.where(np.arange(200) < 195, 5.0, 400.0)
        once = np.where(np.arange(200) < 199, 6.0, 9_000.0)
        pages = {"/steady/": steady, "/spiky/": spiky, "/once/": once}
        times = pd.concat([pd.DataFrame({"page": page, "ms": ms}) for page, ms in pages.items()], ignore_index=True)

        def nudge(got):
            if got == "/once/":
                return "One single request in 200 was that slow: p99 is not the maximum, and the mean hides it too."
            return "The 99th percentile is asked for, not the median."

        expect_call(attempt, times, expected="/spiky/", shown="times", nudge=nudge)
        return "the page that makes one in fifty wait"

    @solution
    def by_quantile(times):
        return times.groupby("page").ms.quantile(0.99).idxmax()

    @mistake("p99 is not the maximum")
    def by_the_maximum(times):
        return times.groupby("page").ms.max().idxmax()

    @mistake("not the median")
    def by_the_median(times):
        return times.groupby("page").ms.median().idxmax()
