"""The exercises of lesson 02 about asking once: a one-to-one that may be missing, and what to prefetch."""

import functools

from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.grading import call, described
from helpers.exercises.reverse_checks import nudging

LESSON = "02-reverse-relations"


class Companies(Exercise):
    """A dict: slug → company, "independent" without a profile; `speakers` is a queryset."""

    id = "reverse-companies"
    name = "companies"
    uses_database = True
    options = {"queries": 1}

    def stub(speakers): ...

    hints = (
        "Bring the profiles along in the same query: a one-to-one can be joined, also on its way back.",
        'After select_related("profile"), hasattr(speaker, "profile") asks nobody, and tells the two cases apart.',
    )

    def check(attempt):
        from helpers.conference.models import Profile, Speaker
        from helpers.exercises import querysets

        unnamed = Profile.objects.first()
        Profile.objects.filter(pk=unnamed.pk).update(company="")
        known = dict(Profile.objects.values_list("speaker__slug", "company"))
        nudges = {
            "has no profile": "Some speakers have none: the way back of a one-to-one raises where it leads nowhere."
        }
        for some in (Speaker.objects.all(), Speaker.objects.filter(origin="real")):
            slugs = list(some.values_list("slug", flat=True))
            expected = {slug: known.get(slug, "independent") for slug in slugs}
            with nudging(nudges):
                asked = {"words": "companies(speakers)", "nudge": "Bring the profiles along in the first one."}
                got = querysets.within(1, functools.partial(call, attempt, some, shown="speakers"), **asked)
            if not isinstance(got, dict):
                raise Incorrect(f"companies(speakers): a dict is expected, slug → company, got {described(got)}.")
            _compare(got, expected, unnamed.speaker.slug)
        return "every speaker has an entry, and one query brought them all"

    @solution
    def joined(speakers):
        return {
            each.slug: each.profile.company if hasattr(each, "profile") else "independent"
            for each in speakers.select_related("profile")
        }

    @solution
    def with_a_default(speakers):
        from django.db.models import Value
        from django.db.models.functions import Coalesce

        company = Coalesce("profile__company", Value("independent"))
        return dict(speakers.values_list("slug", company))

    @mistake("has no profile")
    def everybody_has_one(speakers):
        return {each.slug: each.profile.company for each in speakers.select_related("profile")}

    @mistake("Bring the profiles along")
    def one_by_one(speakers):
        return {each.slug: each.profile.company if hasattr(each, "profile") else "independent" for each in speakers}

    @mistake("left out")
    def only_those_with_a_profile(speakers):
        return dict(speakers.filter(profile__isnull=False).values_list("slug", "profile__company"))

    @mistake("None")
    def what_the_join_says(speakers):
        return dict(speakers.values_list("slug", "profile__company"))

    @mistake("has a profile, whose company is empty")
    def empty_is_none(speakers):
        return {slug: company or "independent" for slug, company in speakers.values_list("slug", "profile__company")}


def _compare(got, expected, unnamed):
    lost, strangers = expected.keys() - got.keys(), got.keys() - expected.keys()
    if lost:
        raise Incorrect(
            f"companies(speakers): {len(lost)} of {len(expected)} speakers were left out: they need an entry."
        )
    if strangers:
        raise Incorrect(f"companies(speakers): {len(strangers)} entries are of speakers that were not handed in.")
    for slug in sorted(expected):
        if got[slug] != expected[slug]:
            why = " That speaker has a profile, whose company is empty." if slug == unnamed else ""
            raise Incorrect(
                f"companies(speakers)[{slug!r}]: expected {expected[slug]!r}, got {described(got[slug])}.{why}"
            )


class Praise(Exercise):
    """All talks, each with a list `praise` of its five-star ratings, the newest rating first."""

    id = "reverse-praise"
    name = "talks_with_praise"
    uses_database = True
    options = {"queries": 2}

    def stub(): ...

    hints = (
        "prefetch_related takes a Prefetch too: which relation, which ratings, and under which name to keep them.",
        'Prefetch("ratings", queryset=…, to_attr="praise"); the queryset filters, and says the order.',
    )

    def check(attempt):
        from helpers.conference.models import Rating, Talk
        from helpers.exercises import querysets

        expected = {pk: [] for pk in Talk.objects.values_list("pk", flat=True)}
        for talk, rating in Rating.objects.filter(stars=5).order_by("-created", "-id").values_list("talk", "pk"):
            expected[talk].append(rating)
        name = "talks_with_praise()"

        def read():
            talks = call(attempt, shown="")
            if talks is None or not hasattr(talks, "__iter__"):
                raise Incorrect(f"{name}: talks are expected, got {described(talks)}: is there a `return`?")
            talks = list(talks)
            if strangers := [each for each in talks if not isinstance(each, Talk)]:
                raise Incorrect(f"{name}: talks are expected, and a {type(strangers[0]).__name__} came among them.")
            if any(not hasattr(talk, "praise") for talk in talks):
                raise Incorrect(f"{name}: a talk has no `praise`: say under which name the ratings are to be kept.")
            return [(talk.pk, [getattr(each, "pk", None) for each in talk.praise]) for talk in talks]

        read_talks = querysets.within(2, read, words=name, nudge="A filter in the loop asks again for every talk.")
        got = dict(read_talks)
        if len(read_talks) != len(expected) or got.keys() != expected.keys():
            raise Incorrect(
                f"{name}: expected each of {len(expected)} talks once, got {len(read_talks)} rows of {len(got)} talks. "
                "A talk without praise has an empty list; the filter belongs to the ratings, not to the talks."
            )
        for pk, ids in expected.items():
            if set(got[pk]) != set(ids) or len(got[pk]) != len(ids):
                raise Incorrect(f"{name}: a talk has {len(ids)} five-star ratings; its praise holds {len(got[pk])}.")
            if got[pk] != ids:
                raise Incorrect(f"{name}: the ratings are right, their order is not: the newest comes first.")
        return "two queries, and only five-star ratings were loaded"

    @solution
    def prefetched():
        from django.db.models import Prefetch

        from helpers.conference.models import Rating, Talk

        best = Rating.objects.filter(stars=5).order_by("-created", "-id")
        return Talk.objects.prefetch_related(Prefetch("ratings", best, to_attr="praise"))

    @mistake("asks again for every talk")
    def filtered_in_the_loop():
        from helpers.conference.models import Talk

        talks = list(Talk.objects.prefetch_related("ratings"))
        for talk in talks:
            talk.praise = list(talk.ratings.filter(stars=5))
        return talks

    @mistake("has no `praise`")
    def under_the_old_name():
        from django.db.models import Prefetch

        from helpers.conference.models import Rating, Talk

        return Talk.objects.prefetch_related(Prefetch("ratings", Rating.objects.filter(stars=5)))

    @mistake("the filter belongs to the ratings")
    def praised_talks_only():
        from django.db.models import Prefetch

        from helpers.conference.models import Rating, Talk

        best = Prefetch("ratings", Rating.objects.filter(stars=5), to_attr="praise")
        return Talk.objects.filter(ratings__stars=5).distinct().prefetch_related(best)

    @mistake("the newest comes first")
    def the_oldest_first():
        from django.db.models import Prefetch

        from helpers.conference.models import Rating, Talk

        best = Rating.objects.filter(stars=5).order_by("created")
        return Talk.objects.prefetch_related(Prefetch("ratings", best, to_attr="praise"))

    @mistake("five-star ratings; its praise holds")
    def all_ratings():
        from django.db.models import Prefetch

        from helpers.conference.models import Talk

        return Talk.objects.prefetch_related(Prefetch("ratings", to_attr="praise"))
