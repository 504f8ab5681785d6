"""Exercises of lesson 01 about asking seldom: one query for rows and number, two for a page with relations."""

from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.grading import call, described
from helpers.exercises.querysets import expect_queryset, within

LESSON = "01-the-orm"


class Once(Exercise):
    """The titles in the queryset `talks`, as a list, and how many they are, in one query."""

    id = "orm-1-once"
    name = "titles_and_number"
    options = {"queries": 1}
    uses_database = True

    def stub(talks):
        titles = [talk.title for talk in ...]
        return titles, ...

    hints = (
        "The loop asks the database. What it brought is in the list: does the number need another query?",
        "Loop over talks itself, then len(titles).",
    )

    def check(attempt):
        from helpers.conference.models import Talk

        talks = Talk.objects.filter(kind="talk")
        words = f"{attempt.__name__}(talks)"
        nudge = "Every new queryset asks again: .all(), .filter() and .count() on one that was not read yet."
        got = within(1, lambda: call(attempt, talks, shown="talks"), words=words, nudge=nudge)
        if not isinstance(got, tuple) or len(got) != 2:
            raise Incorrect(f"{words}: two things are expected, a list and a number, got {type(got).__name__}.")
        titles, number = got
        if not isinstance(titles, list):
            raise Incorrect(
                f"{words}: the titles are expected as a list, got {type(titles).__name__}: no query ran yet."
            )
        expected = list(Talk.objects.filter(kind="talk").values_list("title", flat=True))
        if titles != expected:
            raise Incorrect(f"{words}: expected {len(expected)} titles, got {len(titles)}, or others.")
        if number != len(expected):
            raise Incorrect(f"{words}: the number of titles is {len(expected)}, got {described(number)}.")
        return f"{number} titles and their number, 1 query"

    @solution
    def count_what_is_there(talks):
        titles = [talk.title for talk in talks]
        return titles, len(titles)

    @mistake("and this ran 2")
    def ask_for_the_number_first(talks):
        number = talks.count()
        return [talk.title for talk in talks], number

    @mistake("Every new queryset asks again")
    def a_new_queryset_each_time(talks):
        return [talk.title for talk in talks.all()], talks.all().count()

    @mistake("expected as a list")
    def still_a_promise(talks):
        return talks.values_list("title", flat=True), talks.count()

    @mistake("a list and a number")
    def the_number_is_forgotten(talks):
        return [talk.title for talk in talks]


class TalkList(Exercise):
    """All talks for a page that shows each one's room and speakers, in two queries."""

    id = "orm-2-talk-list"
    name = "talks_for_the_page"
    options = {"queries": 2}
    uses_database = True

    def stub():
        from helpers.conference.models import Talk

        return Talk.objects.select_related(...).prefetch_related(...)

    hints = (
        "One room for each talk, many speakers for each: which of them fits into the same row?",
        'A join for "room", a second query for "speakers".',
    )

    def check(attempt):
        from helpers.conference.models import Talk

        words = f"{attempt.__name__}(), used on a page with rooms and speakers"
        talks = expect_queryset(attempt, Talk)

        def page():
            return [(talk.room.name, [speaker.name for speaker in talk.speakers.all()]) for talk in talks]

        nudge = "The room can come with the talk, by a join; the speakers of all talks by one more query."
        lines = within(2, page, words=words, nudge=nudge)
        if len(lines) != Talk.objects.count():
            raise Incorrect(f"{words}: all {Talk.objects.count()} talks are expected, got {len(lines)}.")
        return f"{len(lines)} talks in 2 queries (was {1 + 2 * len(lines)})"

    @solution
    def join_and_second_query():
        from helpers.conference.models import Talk

        return Talk.objects.select_related("room").prefetch_related("speakers")

    @mistake("this ran 3")
    def two_second_queries():
        from helpers.conference.models import Talk

        return Talk.objects.prefetch_related("room", "speakers")

    @mistake("one more query")
    def only_the_join():
        from helpers.conference.models import Talk

        return Talk.objects.select_related("room")

    @mistake("got a list")
    def already_asked():
        from helpers.conference.models import Talk

        return list(Talk.objects.select_related("room").prefetch_related("speakers"))

    @mistake("FieldError")
    def a_join_to_many():
        from helpers.conference.models import Talk

        return Talk.objects.select_related("room", "speakers")

    @mistake("got one of Speaker")
    def from_the_other_end():
        from helpers.conference.models import Speaker

        return Speaker.objects.prefetch_related("talks__room")
