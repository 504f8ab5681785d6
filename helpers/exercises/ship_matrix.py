"""An exercise of lesson 15: which part to double first, decided from the matrix of faults and pages."""

import pandas as pd

from helpers.exercises.base import Exercise, mistake, solution
from helpers.exercises.grading import expect_call

LESSON = "15-ship-it-off"


class DoubleFirst(Exercise):
    """The fault that costs most visits, and how many: ("nginx", 1600).

    `frame` has fault, page, status; `visits` maps a page to its visits a day, and a page
    that is not in it has none. A visit is lost unless the status is "200". The fault
    "none" does not count; of equals take the first in the frame. Nothing lost: (None, 0).
    """

    id = "ship-4-double-first"
    name = "double_first"

    def stub(frame, visits): ...

    hints = (
        'Keep the rows with status != "200" and fault != "none", and give each its visits: '
        "row.page.map(visits).fillna(0).",
        'Then .groupby("fault", sort=False).visits.sum(): idxmax() takes the first of equals, and an empty frame has '
        "none: (None, 0).",
    )

    def check(attempt):
        rows = [
            *(["none", page, status] for page, status in (("file", "200"), ("list", "200"), ("basket", "500"))),
            *(["valkey", page, status] for page, status in (("file", "200"), ("list", "200"), ("basket", "500"))),
            *(["database", page, status] for page, status in (("file", "200"), ("list", "503"), ("basket", "502"))),
            *(["nginx", page, "no answer"] for page in ("file", "list", "basket")),
            *(["app", page, status] for page, status in (("file", "200"), ("list", "200"), ("basket", "404"))),
        ]
        frame = pd.DataFrame(rows, columns=["fault", "page", "status"])
        without = frame[frame.fault != "nginx"]
        alone = frame[frame.fault == "valkey"]
        every, rare = {"file": 900, "list": 600, "basket": 100}, {"file": 0, "list": 1, "basket": 50}

        def whole(got):
            if got == ("nginx", 3):
                return "Count the visits of its pages, not the pages."
            return '"no answer" is lost as well: whatever is not "200".'

        for shown, given, visits, expected, nudge in (
            (f"frame, {every}", frame, every, ("nginx", 1_600), whole),
            (f"frame without nginx, {every}", without, every, ("database", 700), "502 and 503 are lost like 500."),
            (f"valkey alone, {every}", alone, every, ("valkey", 100), "Count the visits of its pages, not the pages."),
            (
                f"frame without nginx, {rare}",
                without,
                rare,
                ("database", 51),
                "Count the visits of its pages, not the pages.",
            ),
            (
                "valkey and app, {'basket': 100}",
                frame[frame.fault.isin(["app", "valkey"])],
                {"basket": 100},
                ("valkey", 100),
                "Of equals the first in the frame.",
            ),
            (
                "app and none, {'basket': 100}",
                frame[frame.fault.isin(["app", "none"])],
                {"basket": 100},
                ("app", 100),
                'The fault "none" is an ordinary day: leave it out.',
            ),
            (
                "frame, {'basket': 100}",
                frame,
                {"basket": 100},
                ("valkey", 100),
                "A page that is not in visits has none of them.",
            ),
            ("valkey alone, {'file': 900}", alone, {"file": 900}, (None, 0), "No visit is lost: there is no fault."),
            (f"no row at all, {every}", frame[:0], every, (None, 0), "Nothing was lost: (None, 0)."),
        ):
            expect_call(attempt, given.copy(), visits, expected=expected, shown=shown, nudge=nudge)
        return "nine matrices, with visits as weights"

    @solution
    def weighted(frame, visits):
        lost = frame[(frame.status != "200") & (frame.fault != "none")]
        lost = lost.assign(visits=lost.page.map(visits).fillna(0))
        by_fault = lost.groupby("fault", sort=False).visits.sum()
        if by_fault.sum() == 0:
            return None, 0
        return by_fault.idxmax(), int(by_fault.max())

    @mistake("not the pages")
    def pages_are_counted(frame, visits):
        lost = frame[(frame.status != "200") & (frame.fault != "none")]
        by_fault = lost.groupby("fault", sort=False).size()
        return (by_fault.idxmax(), int(by_fault.max())) if len(by_fault) else (None, 0)

    @mistake("is lost as well")
    def only_numbers(frame, visits):
        lost = frame[frame.status.str.startswith("5") & (frame.fault != "none")]
        by_fault = lost.assign(visits=lost.page.map(visits).fillna(0)).groupby("fault", sort=False).visits.sum()
        return (by_fault.idxmax(), int(by_fault.max())) if by_fault.sum() else (None, 0)

    @mistake("Of equals")
    def in_the_order_of_names(frame, visits):
        lost = frame[(frame.status != "200") & (frame.fault != "none")]
        by_fault = lost.assign(visits=lost.page.map(visits).fillna(0)).groupby("fault").visits.sum()
        return (by_fault.idxmax(), int(by_fault.max())) if by_fault.sum() else (None, 0)

    @mistake("an ordinary day")
    def the_usual_too(frame, visits):
        lost = frame[frame.status != "200"]
        by_fault = lost.assign(visits=lost.page.map(visits).fillna(0)).groupby("fault", sort=False).visits.sum()
        return (by_fault.idxmax(), int(by_fault.max())) if by_fault.sum() else (None, 0)

    @mistake("No visit is lost")
    def a_fault_at_any_price(frame, visits):
        lost = frame[(frame.status != "200") & (frame.fault != "none")]
        by_fault = lost.assign(visits=lost.page.map(visits).fillna(0)).groupby("fault", sort=False).visits.sum()
        return (by_fault.idxmax(), int(by_fault.max())) if len(by_fault) else (None, 0)

    @mistake("not in visits")
    def a_page_without_visits_counts_one(frame, visits):
        lost = frame[(frame.status != "200") & (frame.fault != "none")]
        weight = [visits.get(page, 1) for page in lost.page]
        by_fault = lost.assign(visits=weight).groupby("fault", sort=False).visits.sum()
        return (by_fault.idxmax(), int(by_fault.max())) if by_fault.sum() else (None, 0)
