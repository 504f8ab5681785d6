"""The exercises of lesson 02 about names: a filter across the way back, and two keys to one model."""

from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.grading import call, described
from helpers.exercises.reverse_checks import nudging

LESSON = "02-reverse-relations"


class Critics(Exercise):
    """A queryset of the attendees who gave a rating with so many `stars`, each of them once."""

    id = "reverse-critics"
    name = "critics"
    uses_database = True

    def stub(stars): ...

    hints = (
        "Start from Attendee. The map shows the lookup name of the arrow from Rating.attendee; two underscores, "
        "then the field of the rating.",
        "Whoever gave two such ratings stands in two rows of the JOIN. One method of a queryset folds equal rows.",
    )

    def check(attempt):
        from helpers.conference.models import Attendee, Rating
        from helpers.exercises import querysets

        accessor = "rating_set is the accessor, for one attendee; a filter wants the lookup name: look at the map."
        for stars in (1, 5):
            with nudging({"'rating_set'": accessor}):
                rows = list(querysets.expect_queryset(attempt, Attendee, stars, shown=str(stars)))
            ids = [each.pk for each in rows]
            expected = set(Rating.objects.filter(stars=stars).values_list("attendee", flat=True))
            words = f"critics({stars}): expected {len(expected)} attendees, got {len(set(ids))}"
            if len(ids) > len(set(ids)) and set(ids) == expected:
                raise Incorrect(
                    f"{words}, but in {len(ids)} rows: a JOIN makes a row a rating, so some come more than once."
                )
            if set(ids) != expected:
                nudge = "Exactly so many stars are asked for." if set(ids) > expected else "Somebody is missing."
                raise Incorrect(f"{words}. {nudge}")
        return "each critic once, found by the lookup name"

    @solution
    def by_lookup_name(stars):
        from helpers.conference.models import Attendee

        return Attendee.objects.filter(rating__stars=stars).distinct()

    @mistake("is the accessor")
    def by_the_accessor(stars):
        from helpers.conference.models import Attendee

        return Attendee.objects.filter(rating_set__stars=stars).distinct()

    @mistake("more than once")
    def once_a_rating(stars):
        from helpers.conference.models import Attendee

        return Attendee.objects.filter(rating__stars=stars)

    @mistake("one of Rating")
    def the_ratings(stars):
        from helpers.conference.models import Rating

        return Rating.objects.filter(stars=stars)

    @mistake("already asked the database")
    def collected(stars):
        from helpers.conference.models import Rating

        return list({rating.attendee for rating in Rating.objects.filter(stars=stars)[:5]})

    @mistake("Exactly so many stars")
    def at_least(stars):
        from helpers.conference.models import Attendee

        return Attendee.objects.filter(rating__stars__lte=5).distinct()

    @mistake("is there a `return`")
    def nothing_returned(stars):
        from helpers.conference.models import Attendee

        Attendee.objects.filter(rating__stars=stars).distinct()


class TwoKeys(Exercise):
    """Two foreign keys to Speaker: `lead` with two names for its way back, `chair` with no way.

    On an instance the way of `lead` is `speaker.led_workshops`, in a filter `led_workshop`.
    """

    id = "reverse-two-keys"
    name = "two_keys"
    uses_database = True

    def stub():
        from django.db import models

        from helpers.conference.models import Speaker

        lead = models.ForeignKey(Speaker, models.CASCADE, related_name="led_workshops", related_query_name=...)
        chair = models.ForeignKey(Speaker, models.CASCADE, related_name=...)
        return lead, chair

    hints = (
        "related_query_name is the word in a filter: the task names it. Which related_name leaves the way back out?",
        'A name that ends in a plus sign closes the way back; the shortest is "+".',
    )

    def check(attempt):
        from django.db import models

        from helpers.scratch import declared

        keys = call(attempt, shown="")
        if not (isinstance(keys, tuple) and len(keys) == 2 and all(isinstance(k, models.ForeignKey) for k in keys)):
            raise Incorrect(
                f"two_keys(): expected two foreign keys, lead and chair, got {described(type(keys).__name__)}."
            )
        lead, chair = keys
        declared.clear()
        meta = type("Meta", (), {"app_label": declared.LABEL})
        body = {"__module__": __name__, "Meta": meta, "lead": lead, "chair": chair}
        workshop = type("Workshop", (models.Model,), body)
        errors = sorted({error.id for error in workshop.check()})
        if errors:
            raise Incorrect(f"a Workshop with your two keys: the checks report {' and '.join(errors)}: they clash.")
        if not chair.remote_field.hidden:
            name = chair.remote_field.get_accessor_name()
            raise Incorrect(f"`chair` still has a way back: speaker.{name}. No accessor at all is asked for.")
        names = (lead.remote_field.get_accessor_name(), lead.related_query_name())
        if names[0] != "led_workshops":
            raise Incorrect(
                f"on an instance the way back of `lead` is speaker.{names[0]}: leave led_workshops as it was."
            )
        if names[1] != "led_workshop":
            raise Incorrect(f"in a filter the way back of `lead` is {names[1]!r}, and led_workshop is asked for.")
        return "no clash, two names for one way back, none for the other"

    @solution
    def named_and_closed():
        from django.db import models

        from helpers.conference.models import Speaker

        lead = models.ForeignKey(
            Speaker, models.CASCADE, related_name="led_workshops", related_query_name="led_workshop"
        )
        chair = models.ForeignKey(Speaker, models.CASCADE, related_name="+")
        return lead, chair

    @mistake("they clash")
    def the_same_name_twice():
        from django.db import models

        from helpers.conference.models import Speaker

        lead = models.ForeignKey(
            Speaker, models.CASCADE, related_name="led_workshops", related_query_name="led_workshop"
        )
        chair = models.ForeignKey(Speaker, models.CASCADE, related_name="led_workshops")
        return lead, chair

    @mistake("still has a way back")
    def left_to_django():
        from django.db import models

        from helpers.conference.models import Speaker

        lead = models.ForeignKey(
            Speaker, models.CASCADE, related_name="led_workshops", related_query_name="led_workshop"
        )
        chair = models.ForeignKey(Speaker, models.CASCADE, related_name=None)
        return lead, chair

    @mistake("in a filter the way back")
    def one_word_for_both():
        from django.db import models

        from helpers.conference.models import Speaker

        lead = models.ForeignKey(Speaker, models.CASCADE, related_name="led_workshops", related_query_name=None)
        chair = models.ForeignKey(Speaker, models.CASCADE, related_name="+")
        return lead, chair
