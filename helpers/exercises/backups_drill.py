"""An exercise of lesson 16: what a restore drill has found, and which of it is a reason to shout."""

import datetime

from helpers.exercises.base import Exercise, mistake, solution
from helpers.exercises.grading import expect_call

LESSON = "16-backups"
NOW = datetime.datetime(2026, 3, 2, 6, 0)
EXPECTED = {"talk": 40, "rating": 2_000}
FINE = {"rows": dict(EXPECTED), "unapplied": [], "made": NOW - datetime.timedelta(hours=5), "status": 200}


class Failures(Exercise):
    """The names of the checks that failed, sorted: "rows", "migrations", "age", "page".

    `report` is a dict: "rows" (table → number), "unapplied" (a list of migrations), "made" (a
    datetime) and "status" (of a page). Older than 26 hours fails "age", and so does a moment in
    the future; a check whose finding is missing from the report has failed.
    """

    id = "backups-3-drill"
    name = "failures"

    def stub(report, expected_rows, now): ...

    hints = (
        "Ask with report.get(…), and compare with what is right, not with what is wrong: a finding that is missing is "
        "None, and None == expected_rows is False.",
        'For the age: made = report.get("made"); fine where made is not None and '
        "timedelta(0) <= now - made <= timedelta(hours=26).",
    )

    def check(attempt):
        for words, change, expected, nudge in _reports():
            report = {**FINE, "rows": dict(FINE["rows"]), **change}
            report = {name: found for name, found in report.items() if found is not ...}
            shown = f"{words}, expected_rows, now"
            expect_call(attempt, report, dict(EXPECTED), NOW, expected=expected, shown=shown, nudge=nudge)
        return "what is missing has failed, too: no news is not good news"

    @solution
    def what_is_right(report, expected_rows, now):
        from datetime import timedelta

        made = report.get("made")
        fine = {
            "rows": report.get("rows") == expected_rows,
            "migrations": report.get("unapplied") == [],
            "age": made is not None and timedelta(0) <= now - made <= timedelta(hours=26),
            "page": report.get("status") == 200,
        }
        return sorted(name for name, passed in fine.items() if not passed)

    @mistake("The report has nothing on it")
    def what_is_missing_is_fine(report, expected_rows, now):
        from datetime import timedelta

        found = []
        if report.get("made", now) < now - timedelta(hours=26) or report.get("made", now) > now:
            found.append("age")
        if report.get("unapplied"):
            found.append("migrations")
        if report.get("status", 200) != 200:
            found.append("page")
        if report.get("rows", expected_rows) != expected_rows:
            found.append("rows")
        return found

    @mistake("A dump cannot be made tomorrow")
    def the_future_is_young(report, expected_rows, now):
        from datetime import timedelta

        made = report.get("made")
        fine = {
            "rows": report.get("rows") == expected_rows,
            "migrations": report.get("unapplied") == [],
            "age": made is not None and now - made <= timedelta(hours=26),
            "page": report.get("status") == 200,
        }
        return sorted(name for name, passed in fine.items() if not passed)

    @mistake("days alone")
    def the_days_alone(report, expected_rows, now):
        from datetime import timedelta

        made = report.get("made")
        fine = {
            "rows": report.get("rows") == expected_rows,
            "migrations": report.get("unapplied") == [],
            "age": made is not None and timedelta(0) <= now - made and (now - made).days <= 1,
            "page": report.get("status") == 200,
        }
        return sorted(name for name, passed in fine.items() if not passed)

    @mistake("Each table counts for itself")
    def the_sum_of_all_rows(report, expected_rows, now):
        from datetime import timedelta

        made, rows = report.get("made"), report.get("rows") or {}
        fine = {
            "rows": sum(rows.values()) == sum(expected_rows.values()),
            "migrations": report.get("unapplied") == [],
            "age": made is not None and timedelta(0) <= now - made <= timedelta(hours=26),
            "page": report.get("status") == 200,
        }
        return sorted(name for name, passed in fine.items() if not passed)

    @mistake("no table is missing")
    def the_tables_that_came(report, expected_rows, now):
        from datetime import timedelta

        made, rows = report.get("made"), report.get("rows")
        fine = {
            "rows": rows is not None and all(expected_rows.get(name) == number for name, number in rows.items()),
            "migrations": report.get("unapplied") == [],
            "age": made is not None and timedelta(0) <= now - made <= timedelta(hours=26),
            "page": report.get("status") == 200,
        }
        return sorted(name for name, passed in fine.items() if not passed)

    @mistake("A page that sends you elsewhere")
    def any_answer_below_400(report, expected_rows, now):
        from datetime import timedelta

        made = report.get("made")
        fine = {
            "rows": report.get("rows") == expected_rows,
            "migrations": report.get("unapplied") == [],
            "age": made is not None and timedelta(0) <= now - made <= timedelta(hours=26),
            "page": (report.get("status") or 500) < 400,
        }
        return sorted(name for name, passed in fine.items() if not passed)

    @mistake("all that failed")
    def the_first_that_failed(report, expected_rows, now):
        from datetime import timedelta

        made = report.get("made")
        fine = {
            "age": made is not None and timedelta(0) <= now - made <= timedelta(hours=26),
            "migrations": report.get("unapplied") == [],
            "page": report.get("status") == 200,
            "rows": report.get("rows") == expected_rows,
        }
        return [name for name, passed in fine.items() if not passed][:1]


def _reports():
    """In words, what is changed in a report that is fine (… takes a finding out), what has failed, and a nudge."""
    ago = datetime.timedelta
    yield "a report where all is well", {}, [], "Nothing failed: an empty list."
    swapped = {"talk": 2_000, "rating": 40}
    yield "rows of two tables swapped", {"rows": swapped}, ["rows"], "Each table counts for itself."
    yield "a table is missing", {"rows": {"talk": 40}}, ["rows"], "Ask also that no table is missing."
    yield "no rows at all", {"rows": {"talk": 0, "rating": 0}}, ["rows"], "Zero rows are not the rows expected."
    yield "a migration is missing", {"unapplied": ["shop.0004"]}, ["migrations"], "The code wants one more."
    yield "a dump made 26 hours ago", {"made": NOW - ago(hours=26)}, [], "26 hours are still fine."
    told = "Compare with timedelta(hours=26), not the days alone."
    yield "a dump made 27 hours ago", {"made": NOW - ago(hours=27)}, ["age"], told
    yield "a dump made 49 hours ago", {"made": NOW - ago(hours=49)}, ["age"], told
    words = "A dump cannot be made tomorrow: some clock is wrong, and its age is not known."
    yield "a dump made tomorrow", {"made": NOW + ago(hours=20)}, ["age"], words
    yield "a page with status 500", {"status": 500}, ["page"], "Only 200 is a page."
    words = "A page that sends you elsewhere (302) is none: only 200."
    yield "a page with status 302", {"status": 302}, ["page"], words
    for name, check in (("rows", "rows"), ("unapplied", "migrations"), ("made", "age"), ("status", "page")):
        yield f"a report without {name!r}", {name: ...}, [check], "The report has nothing on it: that check has failed."
    both = {"unapplied": ["shop.0004"], "status": 500, "made": NOW - ago(days=9)}
    words = "Name all that failed, sorted."
    yield "an old dump, a migration missing, status 500", both, ["age", "migrations", "page"], words
