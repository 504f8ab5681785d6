"""The exercise of lesson 07 about writing addresses: three calls of reverse to mend."""

import functools

from django.test import override_settings
from django.urls import include, path, reverse

from helpers.exercises.base import Exercise, mistake, solution
from helpers.exercises.grading import expect_call
from helpers.project import cells

LESSON = "07-urls"


def mounts():
    """The conference at the root, and under 2011/: a URLconf for each."""
    for prefix in ("", "2011/"):
        yield prefix, cells.urls([path(prefix, include("helpers.conference.urls"))], keep=False)


def _advice(prefix, expected, talk, got):
    if not isinstance(got, list):
        return "A list is expected." if got is not None else "Nothing came back: is there a `return`?"
    if len(got) != len(expected):
        return "Three addresses are asked for."
    if f"/{prefix}talks/{talk.pk}/" in got:
        return "The talk's page is found by its slug, not by its number."
    if got[:2] == expected[:2] and f"/{prefix}speakers/" in str(got[2]):
        return "That is another speaker: the first by name is asked for."
    return f"The conference is under /{prefix} there: no address is written by hand."


class Mend(Exercise):
    """The addresses of the list of talks, of `talk`, and of its first speaker by name: a list."""

    id = "urls-3-mend"
    name = "addresses"
    uses_database = True

    def stub(talk):
        first = talk.speakers.order_by("name").first()
        return [
            reverse("talk_list"),
            reverse("conference:talk_detail", args=[...]),
            reverse("conference:speaker_detail", kwargs={"pk": first.pk}),
        ]

    hints = (
        "Each call has one of the six causes: a namespace left out, a value to fill in, another name for the argument.",
        "The patterns of talk and speaker take a `slug`. An address written by hand does not move with the site.",
    )

    def check(attempt):
        from helpers.conference.models import Speaker, Speaking, Talk

        talk = Talk.objects.exclude(speakers=None).order_by("id").first()
        early = Speaker.objects.create(name="Aaron Ahead", slug="aaron-ahead")
        Speaking.objects.create(talk=talk, speaker=early, order=99)  # the last to speak, and the first by name
        first = talk.speakers.order_by("name").first()
        for prefix, urlconf in mounts():
            expected = [f"/{prefix}talks/", f"/{prefix}talks/{talk.slug}/", f"/{prefix}speakers/{first.slug}/"]
            nudge = functools.partial(_advice, prefix, expected, talk)
            with override_settings(ROOT_URLCONF=urlconf):
                expect_call(attempt, talk, expected=expected, shown="talk", nudge=nudge)
        return "the three addresses, at the root and under /2011/"

    @solution
    def by_reverse(talk):
        from django.urls import reverse

        first = talk.speakers.order_by("name").first()
        talks, page = reverse("conference:talk_list"), reverse("conference:talk_detail", args=[talk.slug])
        return [talks, page, reverse("conference:speaker_detail", kwargs={"slug": first.slug})]

    @solution
    def asking_the_models(talk):
        from django.urls import reverse

        first = talk.speakers.order_by("name").first()
        return [reverse("conference:talk_list"), talk.get_absolute_url(), first.get_absolute_url()]

    @mistake("'talk_list' is not a valid view function or pattern name")
    def without_a_namespace(talk):
        first = talk.speakers.order_by("name").first()
        return [reverse("talk_list"), talk.get_absolute_url(), first.get_absolute_url()]

    @mistake("with keyword arguments '{'pk':")
    def another_argument(talk):
        first = talk.speakers.order_by("name").first()
        speaker = reverse("conference:speaker_detail", kwargs={"pk": first.pk})
        return [reverse("conference:talk_list"), talk.get_absolute_url(), speaker]

    @mistake("pattern(s) tried")
    def the_title_for_a_slug(talk):
        first = talk.speakers.order_by("name").first()
        page = reverse("conference:talk_detail", args=[talk.title])
        return [reverse("conference:talk_list"), page, first.get_absolute_url()]

    @mistake("not by its number")
    def the_number_for_a_slug(talk):
        first = talk.speakers.order_by("name").first()
        page = reverse("conference:talk_detail", args=[talk.pk])
        return [reverse("conference:talk_list"), page, first.get_absolute_url()]

    @mistake("the first by name is asked for")
    def another_speaker(talk):
        last = talk.speakers.order_by("name").last()
        return [reverse("conference:talk_list"), talk.get_absolute_url(), last.get_absolute_url()]

    @mistake("A list is expected")
    def a_tuple(talk):
        first = talk.speakers.order_by("name").first()
        return reverse("conference:talk_list"), talk.get_absolute_url(), first.get_absolute_url()

    @mistake("no address is written by hand")
    def by_hand(talk):
        first = talk.speakers.order_by("name").first()
        return ["/talks/", f"/talks/{talk.slug}/", f"/speakers/{first.slug}/"]
