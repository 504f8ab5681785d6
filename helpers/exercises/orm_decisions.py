"""Exercises of lesson 01 about judging: many rows at once, indexes that pay, and books that are on the shelf."""

import pandas as pd

from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.grading import call, expect_call
from helpers.exercises.querysets import within

LESSON = "01-the-orm"


class Register(Exercise):
    """Register attendees from `people`, a list of (name, email), in at most three queries.

    Whoever is registered under that email stays as they are.
    """

    id = "orm-7-register"
    name = "register"
    options = {"queries": 3}
    uses_database = True

    def stub(people): ...

    hints = (
        "Make the objects without saving them, then hand all of them over at once.",
        "bulk_create has an option for rows that break a unique constraint: ignore_conflicts.",
    )

    def check(attempt):
        from helpers.conference.models import Attendee

        known = Attendee.objects.order_by("id")[0]
        people = [(f"Guest {number}", f"guest{number}@mail.example") for number in range(100)]
        before = Attendee.objects.count()
        words, nudge = f"{attempt.__name__}(people)", "A list of objects can go into the database at once."
        everyone = [*people, ("Somebody Else", known.email)]
        within(3, lambda: call(attempt, everyone, shown="people"), words=words, nudge=nudge)
        if Attendee.objects.count() != before + 100:
            raise Incorrect(
                f"{words}: 100 of 101 were new, and {Attendee.objects.count() - before} attendees came to be."
            )
        if Attendee.objects.get(email=known.email).name != known.name:
            raise Incorrect(
                f"{words}: {known.name} was registered already and got another name: leave such rows alone."
            )
        return "100 new attendees, the known one as before, at most 3 queries"

    @solution
    def ignoring_conflicts(people):
        from helpers.conference.models import Attendee

        attendees = [Attendee(name=name, email=email) for name, email in people]
        Attendee.objects.bulk_create(attendees, ignore_conflicts=True)

    @solution
    def looking_first(people):
        from helpers.conference.models import Attendee

        emails = [email for _, email in people]
        known = set(Attendee.objects.filter(email__in=emails).values_list("email", flat=True))
        Attendee.objects.bulk_create(Attendee(name=name, email=email) for name, email in people if email not in known)

    @mistake("can go into the database at once")
    def one_by_one(people):
        from helpers.conference.models import Attendee

        for name, email in people:
            Attendee.objects.get_or_create(email=email, defaults={"name": name})

    @mistake("IntegrityError")
    def nobody_is_known(people):
        from helpers.conference.models import Attendee

        Attendee.objects.bulk_create(Attendee(name=name, email=email) for name, email in people)

    @mistake("leave such rows alone")
    def overwriting(people):
        from helpers.conference.models import Attendee

        Attendee.objects.bulk_create(
            [Attendee(name=name, email=email) for name, email in people],
            update_conflicts=True,
            unique_fields=["email"],
            update_fields=["name"],
        )


class Index(Exercise):
    """The queries, as a list, whose index saves more time than it costs, the largest gain first.

    `frame`: one row a query, with scan_ms and index_ms of one reading, read_count, write_count
    (both in an hour) and write_ms, what each write costs more with the index.
    """

    id = "orm-8-index"
    name = "worth_an_index"

    def stub(frame): ...

    hints = (
        "What is saved in an hour: read_count times what one reading saves. What it costs: write_count times write_ms.",
        "gain = saved - cost; keep the rows where it is above 0, sort by it, and take the column query as a list.",
    )

    def check(attempt):
        frame = pd.DataFrame(
            {
                "query": ["stars = 5", "email = ?", "title ends with ?", "day = ?"],
                "scan_ms": [4.0, 3.0, 2.0, 3.0],
                "index_ms": [3.9, 0.1, 2.0, 0.2],
                "read_count": [100, 1_000, 5_000, 2_000],
                "write_count": [9_000, 500, 50, 500],
                "write_ms": [0.05, 0.05, 0.05, 0.05],
            }
        )

        def nudge(got):
            if not isinstance(got, list):
                return "The names of the queries are expected, as a list."
            if sorted(map(str, got)) == ["day = ?", "email = ?"]:
                return "The largest gain comes first."
            if "stars = 5" in got:
                return "Each write pays for the index too: take that off what the readings save."
            return "An index that saves nothing is not worth its writes."

        expect_call(attempt, frame, expected=["day = ?", "email = ?"], shown="frame", nudge=nudge)
        many = frame.assign(write_count=10_000_000)
        none = "Where every index costs more than it saves, the list is empty."
        expect_call(attempt, many, expected=[], shown="frame with many writes", nudge=none)
        return "two of four pay, the larger gain first; with very many writes none does"

    @solution
    def gain_of_an_hour(frame):
        saved = frame.read_count * (frame.scan_ms - frame.index_ms)
        gain = saved - frame.write_count * frame.write_ms
        order = gain[gain > 0].sort_values(ascending=False).index
        return frame["query"][order].tolist()

    @mistake("Each write pays for the index too")
    def readings_only(frame):
        return frame["query"][frame.scan_ms > frame.index_ms].tolist()

    @mistake("The largest gain comes first")
    def in_the_order_of_the_frame(frame):
        gain = frame.read_count * (frame.scan_ms - frame.index_ms) - frame.write_count * frame.write_ms
        return frame["query"][gain > 0].tolist()

    @mistake("as a list")
    def a_series(frame):
        gain = frame.read_count * (frame.scan_ms - frame.index_ms) - frame.write_count * frame.write_ms
        return gain[gain > 0]
