"""The clinic of lesson 07, patient three: a list of links that breaks overnight."""

from functools import partial

from django.test import override_settings
from django.urls import include, path

from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.grading import call, described, expect_letter
from helpers.exercises.querysets import within
from helpers.project import cells

LESSON = "07-urls"


class Three(Exercise):
    """Patient three: the letter of the cause."""

    id = "urls-clinic-three"
    kind = "value"
    hints = (
        "Read the end of the sentence: was the name found? And which argument was given?",
        "The argument is '': what is `speaker.talks.first.slug` where there is no first?",
    )

    def check(attempt):
        expect_letter(
            attempt,
            "c",
            {
                "a": "One pattern was tried, so the name was found, with its namespace.",
                "b": "Then the message would show that slug; it shows ''.",
                "d": "Then no speaker would have had a link yesterday.",
            },
        )
        return "a speaker without a talk: in a template, nothing's slug is ''"

    @solution
    def nothing_there():
        return "c"

    @mistake("the name was found")
    def namespace():
        return "a"

    @mistake("as text")
    def a_list():
        return ["c"]


class ThreeMend(Exercise):
    """A list of (name, address of the first talk) for the queryset `speakers`, in two queries.

    Who has no talk has None for an address.
    """

    id = "urls-clinic-three-mend"
    name = "first_pages"
    uses_database = True
    options = {"queries": 2}

    def stub(speakers): ...

    hints = (
        "The talks of all speakers come in one more query: prefetch_related, with the reverse name.",
        "list(speaker.talks.all()) reads what was fetched; an empty list is false. talk.get_absolute_url() writes.",
    )

    def check(attempt):
        from helpers.conference.models import Speaker

        Speaker.objects.create(name="Nobody Yet", slug="nobody-yet")
        mounted = cells.urls([path("2011/", include("helpers.conference.urls"))], keep=False)
        with override_settings(ROOT_URLCONF=mounted):
            firsts = [(each.name, [*each.talks.all()][:1]) for each in Speaker.objects.prefetch_related("talks")]
            expected = [(name, found[0].get_absolute_url() if found else None) for name, found in firsts]
            run, nudge = partial(call, attempt, shown="speakers"), "Does each speaker ask again for the talks?"
            got = within(2, run, Speaker.objects.all(), words="first_pages(speakers)", nudge=nudge)
        if not isinstance(got, list) or not all(isinstance(each, tuple) and len(each) == 2 for each in got):
            raise Incorrect(
                f"first_pages(speakers): a list of pairs (name, address) is expected, got {described(got)}."
            )
        if len(got) != len(expected):
            raise Incorrect(f"first_pages(speakers): {len(expected)} speakers, and {len(got)} pairs: who is left out?")
        for ours, theirs in zip(expected, got, strict=True):
            if ours != theirs:
                by_hand = f"/2011{theirs[1]}" == ours[1]
                nudge = " The conference is under /2011/ there: no address is written by hand." if by_hand else ""
                raise Incorrect(f"first_pages(speakers): expected {described(ours)}, got {described(theirs)}.{nudge}")
        return f"{len(got)} speakers in two queries, {sum(link is None for _, link in got)} of them without a talk"

    @solution
    def fetched_along(speakers):
        pairs = []
        for speaker in speakers.prefetch_related("talks"):
            talks = list(speaker.talks.all())
            pairs.append((speaker.name, talks[0].get_absolute_url() if talks else None))
        return pairs

    @mistake("2 queries are enough")
    def each_asks_again(speakers):
        pairs = []
        for speaker in speakers:
            talk = speaker.talks.first()
            pairs.append((speaker.name, talk.get_absolute_url() if talk else None))
        return pairs

    @mistake("raised AttributeError")
    def everybody_has_one(speakers):
        found = speakers.prefetch_related("talks")
        return [(speaker.name, speaker.talks.first().get_absolute_url()) for speaker in found]

    @mistake("who is left out")
    def left_out(speakers):
        found = speakers.prefetch_related("talks")
        return [(each.name, each.talks.all()[0].get_absolute_url()) for each in found if each.talks.all()]

    @mistake("expected (")
    def the_last_one(speakers):
        pairs = []
        for speaker in speakers.prefetch_related("talks"):
            talks = list(speaker.talks.all())
            pairs.append((speaker.name, talks[-1].slug if talks else None))
        return pairs

    @mistake("no address is written by hand")
    def by_hand(speakers):
        pairs = []
        for speaker in speakers.prefetch_related("talks"):
            talks = list(speaker.talks.all())
            pairs.append((speaker.name, f"/talks/{talks[0].slug}/" if talks else None))
        return pairs

    @mistake("a list of pairs")
    def a_dictionary(speakers):
        return {speaker.name: None for speaker in speakers}
