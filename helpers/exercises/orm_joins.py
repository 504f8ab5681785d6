"""Exercises of lesson 01 about joins to many: two counts that are both right, and two conditions on one row."""

from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.querysets import expect_queryset, expect_rows, within

LESSON = "01-the-orm"


class Counts(Exercise):
    """All talks, each with `speaker_count` and `rating_count`, both right, in one query."""

    id = "orm-3-counts"
    name = "talks_with_counts"
    options = {"queries": 1}
    uses_database = True

    def stub(): ...

    hints = (
        "Two to-many joins give one row for each pair of a speaker and a rating. What should be counted only once?",
        'Both: Count("speakers", distinct=True), and the same for the ratings; or a subquery for each.',
    )

    def check(attempt):
        from helpers.conference.models import Rating, Speaking, Talk

        words = f"{attempt.__name__}()"
        talks = within(1, lambda: list(expect_queryset(attempt, Talk)), words=words)
        speakers = _numbers(Speaking.objects)
        ratings = _numbers(Rating.objects)
        for name, right in (("speaker_count", speakers), ("rating_count", ratings)):
            if talks and not hasattr(talks[0], name):
                raise Incorrect(f"{words}: the talks have no {name}: name the annotation so.")
            wrong = [talk for talk in talks if getattr(talk, name) != right.get(talk.pk, 0)]
            if wrong:
                got, expected = getattr(wrong[0], name), right.get(wrong[0].pk, 0)
                advice = "None is no number: where nothing is found, 0 is expected." if got is None else ""
                if got and got > expected:
                    advice = "It was multiplied by the rows of the other join."
                raise Incorrect(
                    f"{words}: {name} of “{wrong[0].title}” is {got}, expected {expected}, and {len(wrong)} talks are "
                    f"wrong in this way. {advice}".rstrip()
                )
        if len(talks) != Talk.objects.count():
            raise Incorrect(f"{words}: all {Talk.objects.count()} talks are expected, got {len(talks)}.")
        return f"{len(talks)} talks, both counts right in each, 1 query"

    @solution
    def distinct():
        from django.db.models import Count

        from helpers.conference.models import Talk

        speakers, ratings = Count("speakers", distinct=True), Count("ratings", distinct=True)
        return Talk.objects.annotate(speaker_count=speakers, rating_count=ratings)

    @mistake("multiplied by the rows of the other join")
    def two_joins():
        from django.db.models import Count

        from helpers.conference.models import Talk

        return Talk.objects.annotate(speaker_count=Count("speakers"), rating_count=Count("ratings"))

    @mistake("rating_count of")
    def distinct_once():
        from django.db.models import Count

        from helpers.conference.models import Talk

        return Talk.objects.annotate(speaker_count=Count("speakers", distinct=True), rating_count=Count("ratings"))

    @mistake("have no speaker_count")
    def other_names():
        from django.db.models import Count

        from helpers.conference.models import Talk

        return Talk.objects.annotate(speakers_of_it=Count("speakers"), ratings_of_it=Count("ratings"))


def _numbers(rows):
    from collections import Counter

    return Counter(rows.order_by().values_list("talk", flat=True))


class Loved(Exercise):
    """The talks to which `attendee` gave five stars, each talk once."""

    id = "orm-4-loved"
    name = "loved_by"
    uses_database = True

    def stub(attendee): ...

    hints = (
        "Two conditions on one and the same rating: whose it is, and how many stars it has.",
        "Both conditions belong into one filter(), or into one Exists() on Rating.",
    )

    def check(attempt):
        from helpers.conference.models import Attendee, Rating, Talk

        ada = Attendee.objects.create(name="Ada", email="ada@mail.example")
        bob = Attendee.objects.create(name="Bob", email="bob@mail.example")
        loved, liked, other, *_ = Talk.objects.order_by("id")
        for talk, attendee, stars in (
            (loved, ada, 5),
            (liked, ada, 3),
            (liked, bob, 5),
            (other, bob, 5),
            (loved, bob, 5),
        ):
            Rating.objects.create(talk=talk, attendee=attendee, stars=stars)

        def nudge(rows):
            if any(row.pk == other.pk for row in rows):
                return "One of these has five stars from somebody else only: look for this attendee's ratings."
            if any(row.pk == liked.pk for row in rows):
                return "Whose five stars? Both conditions have to hold for one and the same rating."
            return "Ada gave five stars to one talk, three to another; Bob five to three."

        words = f"{attempt.__name__}(ada)"
        expect_rows(expect_queryset(attempt, Talk, ada, shown="ada"), [loved], words, nudge)
        expect_rows(expect_queryset(attempt, Talk, bob, shown="bob"), [loved, liked, other], f"{attempt.__name__}(bob)")
        return "right for one who gave five and three stars, and for one who gave fives only"

    @solution
    def one_filter(attendee):
        from helpers.conference.models import Talk

        return Talk.objects.filter(ratings__attendee=attendee, ratings__stars=5)

    @solution
    def exists(attendee):
        from django.db.models import Exists, OuterRef

        from helpers.conference.models import Rating, Talk

        return Talk.objects.filter(Exists(Rating.objects.filter(talk=OuterRef("pk"), attendee=attendee, stars=5)))

    @mistake("one and the same rating")
    def two_filters(attendee):
        from helpers.conference.models import Talk

        return Talk.objects.filter(ratings__attendee=attendee).filter(ratings__stars=5).distinct()

    @mistake("came more than once")
    def two_filters_with_duplicates(attendee):
        from helpers.conference.models import Talk

        return Talk.objects.filter(ratings__attendee=attendee).filter(ratings__stars=5)

    @mistake("from somebody else only")
    def anybodys_stars(attendee):
        from helpers.conference.models import Talk

        return Talk.objects.filter(ratings__stars=5).distinct()
