"""The clinic of lesson 07, patient one: votes that nobody counts."""

from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.grading import described, expect_letter
from helpers.exercises.querysets import expect_queryset, expect_rows, within

LESSON = "07-urls"


class One(Exercise):
    """Patient one: the letter of the cause."""

    id = "urls-clinic-one"
    kind = "value"
    hints = (
        "By hand five and five, from a file five and none: what do the two ways do differently?",
        "One way saves each row, the other writes all of them at once: who is told of that?",
    )

    def check(attempt):
        expect_letter(
            attempt,
            "b",
            {
                "a": "The second column counts in the same connection, and it sees the rows.",
                "c": "Another name would be an error, or wrong for the votes by hand as well.",
                "d": "A join would count wrongly in both rows, and none is wrong by hand.",
            },
        )
        return "bulk_create sends no post_save, and the page counts by a receiver"

    @solution
    def unheard():
        return "b"

    @mistake("it sees the rows")
    def not_committed():
        return "a"

    @mistake("as text")
    def a_number():
        return 2


class OneMend(Exercise):
    """All talks, as a queryset in one query, each with `votes`: how many ratings it has now."""

    id = "urls-clinic-one-mend"
    name = "talks_with_votes"
    uses_database = True

    def stub(): ...

    hints = (
        "A number that can be asked for need not be kept: then nobody can forget to count.",
        'annotate(votes=Count(…)), over the relation whose reverse name is "ratings".',
    )

    def check(attempt):
        from helpers.conference.models import Attendee, Rating, Talk

        talk = Talk.objects.order_by("id").first()
        strangers = Attendee.objects.exclude(rating__talk=talk).order_by("id")[:3]
        Rating.objects.bulk_create(Rating(talk=talk, attendee=each, stars=4) for each in strangers)
        expected = {each.pk: each.ratings.count() for each in Talk.objects.all()}
        talks = expect_queryset(attempt, Talk)
        nudge = "All talks are asked for, also those without a vote."
        expect_rows(talks.all(), Talk.objects.all(), "talks_with_votes()", nudge)
        for each in within(1, list, talks.all(), words="talks_with_votes()"):
            got = getattr(each, "votes", None)
            if got != expected[each.pk]:
                raise Incorrect(
                    f"{each.title!r} has {expected[each.pk]} ratings, and votes is {described(got)}. What is counted?"
                )
        return f"{len(expected)} talks and their votes in one query, three from a file among them"

    @solution
    def counted_when_asked():
        from django.db.models import Count

        from helpers.conference.models import Talk

        return Talk.objects.annotate(votes=Count("ratings"))

    @mistake("Cannot resolve keyword 'rating'")
    def the_default_name():
        from django.db.models import Count

        from helpers.conference.models import Talk

        return Talk.objects.annotate(votes=Count("rating"))

    @mistake("What is counted?")
    def the_stars():
        from django.db.models import Sum

        from helpers.conference.models import Talk

        return Talk.objects.annotate(votes=Sum("ratings__stars"))

    @mistake("also those without a vote")
    def only_rated_ones():
        from django.db.models import Count

        from helpers.conference.models import Talk

        return Talk.objects.filter(ratings__stars__gte=5).annotate(votes=Count("ratings"))

    @mistake("a queryset is expected")
    def a_loop():
        from helpers.conference.models import Talk

        return [(talk, talk.ratings.count()) for talk in Talk.objects.all()]
