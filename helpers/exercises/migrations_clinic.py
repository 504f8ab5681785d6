"""The clinic at the end of lesson 03: three patients from lessons 01 to 03, a diagnosis and a mend for each."""

from helpers.exercises.base import Exercise, mistake, solution
from helpers.exercises.grading import expect_letter
from helpers.exercises.querysets import expect_queryset, expect_rows, within

LESSON = "03-migrations"


class One(Exercise):
    """Patient one: the letter of the cause."""

    id = "migrations-clinic-one"
    kind = "value"
    hints = ("How do the queries grow with the talks?", "Two more for every talk: what does a talk ask for in `page`?")

    def check(attempt):
        expect_letter(
            attempt,
            "b",
            {
                "a": "A missing index makes each query slower; here it is their number that grows.",
                "c": "Twice evaluated would be two queries instead of one, at any number of talks.",
                "d": "Columns make rows wider; the number of queries would stay one.",
            },
        )
        return "N+1, twice over: a room and its speakers for every talk"

    @solution
    def asks_again():
        return "b"

    @mistake("their number that grows")
    def no_index():
        return "a"

    @mistake("as text")
    def the_place_of_it():
        return 2


class OneMend(Exercise):
    """All talks, as a queryset for `page`, so that the whole page takes two queries."""

    id = "migrations-clinic-one-mend"
    name = "talks_for_the_page"
    uses_database = True
    options = {"queries": 2}

    def stub(): ...

    hints = (
        "The room is one for each talk, the speakers are many: two different methods.",
        'select_related("room") joins the one; prefetch_related("speakers") fetches the many in one more query.',
    )

    def check(attempt):
        from helpers.conference.models import Talk

        talks = expect_queryset(attempt, Talk)
        expect_rows(talks.all(), Talk.objects.all(), "talks_for_the_page()", "The page wants all talks.")

        def page():
            return [(talk.room.name, [str(each) for each in talk.speakers.all()]) for talk in talks.all()]

        nudge = "Who is still asked for again and again: the rooms, or the speakers?"
        shown = within(2, page, words="the page of talks_for_the_page()", nudge=nudge)
        return f"{len(shown)} talks in two queries"

    @solution
    def joined_and_prefetched():
        from helpers.conference.models import Talk

        return Talk.objects.select_related("room").prefetch_related("speakers")

    @mistake("2 queries are enough")
    def only_the_rooms():
        from helpers.conference.models import Talk

        return Talk.objects.select_related("room")

    @mistake("again and again")
    def only_the_speakers():
        from helpers.conference.models import Talk

        return Talk.objects.prefetch_related("speakers")

    @mistake("a queryset is expected")
    def a_list():
        from helpers.conference.models import Talk

        return list(Talk.objects.select_related("room").prefetch_related("speakers"))


class Two(Exercise):
    """Patient two: the letter of the cause."""

    id = "migrations-clinic-two"
    kind = "value"
    hints = ("What have the speakers in common who got two letters?", "They have two such talks: look at the join.")

    def check(attempt):
        expect_letter(
            attempt,
            "c",
            {
                "a": "The slug is unique, so nobody is there twice.",
                "b": "The model sets related_name, so the lookup is `talks` as well; a wrong name raises FieldError.",
                "d": "That would write to fewer speakers, but still twice to some.",
            },
        )
        return "one row a talk, so one letter a talk"

    @solution
    def the_join():
        return "c"

    @mistake("nobody is there twice")
    def rows_twice():
        return "a"

    @mistake("as text")
    def a_word():
        return "join"


class TwoMend(Exercise):
    """The speakers with a talk of at least that many `minutes`, each once, as a queryset."""

    id = "migrations-clinic-two-mend"
    name = "speakers_to_write_to"
    uses_database = True

    def stub(minutes): ...

    hints = (
        "The rows of the join differ only in the talk, which you do not select.",
        "distinct() makes one row of equal ones; Exists(…) asks without a join.",
    )

    def check(attempt):
        from helpers.conference.models import Speaker, Talk

        for minutes in (20, 45):
            speakers = expect_queryset(attempt, Speaker, minutes, shown=str(minutes))
            named = Talk.objects.filter(minutes__gte=minutes).values("speakers")
            nudge = "Each speaker once, with at least that many minutes: gte, in any of the talks."
            expect_rows(speakers, Speaker.objects.filter(pk__in=named), f"speakers_to_write_to({minutes})", nudge)
        return "each speaker once, for 20 minutes and for 45"

    @solution
    def distinct_rows(minutes):
        from helpers.conference.models import Speaker

        return Speaker.objects.filter(talks__minutes__gte=minutes).distinct()

    @solution
    def without_a_join(minutes):
        from django.db.models import Exists, OuterRef

        from helpers.conference.models import Speaker, Talk

        return Speaker.objects.filter(Exists(Talk.objects.filter(speakers=OuterRef("pk"), minutes__gte=minutes)))

    @mistake("came more than once")
    def one_row_a_talk(minutes):
        from helpers.conference.models import Speaker

        return Speaker.objects.filter(talks__minutes__gte=minutes)

    @mistake("at least that many")
    def more_than(minutes):
        from helpers.conference.models import Speaker

        return Speaker.objects.filter(talks__minutes__gt=minutes).distinct()

    @mistake("a queryset is expected")
    def a_set(minutes):
        from helpers.conference.models import Speaker

        return set(Speaker.objects.filter(talks__minutes__gte=minutes))
