"""The exercises of lesson 07 about writing addresses: three calls of reverse to mend, and a link to a search."""

from urllib.parse import parse_qs, urlsplit

from django.http import QueryDict
from django.test import override_settings
from django.urls import include, path, reverse

from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.grading import call, described, expect_call
from helpers.project import cells

LESSON = "07-urls"


def _mounts():
    """The conference at the root, and under 2011/: a URLconf for each."""
    for prefix in ("", "2011/"):
        yield prefix, cells.urls([path(prefix, include("helpers.conference.urls"))], keep=False)


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
        from helpers.conference.models import Talk

        talk = Talk.objects.exclude(speakers=None).order_by("id").first()
        first = talk.speakers.order_by("name").first()
        for prefix, urlconf in _mounts():
            expected = [f"/{prefix}talks/", f"/{prefix}talks/{talk.slug}/", f"/{prefix}speakers/{first.slug}/"]
            nudge = f"The conference is under /{prefix} there: no address is written by hand." if prefix else ""
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

    @mistake("no address is written by hand")
    def by_hand(talk):
        first = talk.speakers.order_by("name").first()
        return ["/talks/", f"/talks/{talk.slug}/", f"/speakers/{first.slug}/"]


class Link(Exercise):
    """The address of page `page` of "conference:talk_list", with a search for `words`.

    The names in the query string are `q` and `page`; page 1 is not written.
    """

    id = "urls-4-link"
    name = "link_to"
    uses_database = True

    def stub(words, page): ...

    hints = (
        "reverse(…, query={…}) encodes the words for you.",
        "Make the dictionary first, with q alone, and put page in only where it is not 1.",
    )

    def check(attempt):
        name = getattr(attempt, "__name__", "your answer")
        for _, urlconf in _mounts():
            with override_settings(ROOT_URLCONF=urlconf):
                for words, page in (("forms", 1), ("forms", 3), ("Q&A", 2), ("C++ #1 100%", 1), ("Zürich", 2)):
                    got = call(attempt, words, page)
                    _judge(got, words, page, f"{name}({words!r}, {page})")
        return "five searches arrive as they were typed, wherever the conference is mounted"

    @solution
    def with_a_query(words, page):
        from django.urls import reverse

        query = {"q": words}
        if page > 1:
            query["page"] = page
        return reverse("conference:talk_list", query=query)

    @solution
    def with_urlencode(words, page):
        from urllib.parse import urlencode

        from django.urls import reverse

        query = {"q": words, "page": page} if page > 1 else {"q": words}
        return f"{reverse('conference:talk_list')}?{urlencode(query)}"

    @mistake("the view sees q = 'Q'")
    def f_string(words, page):
        address = f"{reverse('conference:talk_list')}?q={words}"
        return address if page == 1 else f"{address}&page={page}"

    @mistake("page 1 is not written")
    def every_page(words, page):
        return reverse("conference:talk_list", query={"q": words, "page": page})

    @mistake("page=None")
    def none_for_page_1(words, page):
        return reverse("conference:talk_list", query={"q": words, "page": page if page > 1 else None})

    @mistake("leads to /talks/")
    def by_hand(words, page):
        query = QueryDict(mutable=True)
        query.update({"q": words} if page == 1 else {"q": words, "page": page})
        return f"/talks/?{query.urlencode()}"

    @mistake("an address is expected, as text")
    def a_redirect(words, page):
        from django.shortcuts import redirect

        return redirect(reverse("conference:talk_list", query={"q": words}))

    @mistake("is there a `return`")
    def nothing(words, page):
        reverse("conference:talk_list", query={"q": words})

    @mistake("the view sees page = None")
    def page_forgotten(words, page):
        return reverse("conference:talk_list", query={"q": words})


def _judge(got, words, page, called):
    if got is None:
        raise Incorrect(f"{called}: an address is expected, and nothing came back: is there a `return`?")
    if not isinstance(got, str):
        raise Incorrect(f"{called}: an address is expected, as text, got {described(type(got).__name__)}.")
    parts, expected = urlsplit(got), reverse("conference:talk_list")
    if parts.path != expected or parts.netloc:
        raise Incorrect(f"{called} leads to {parts.path or got}, and the talk list is at {expected} there.")
    query = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
    if query.get("q") != words:
        raise Incorrect(f"{called} is {described(got)}: the view sees q = {query.get('q')!r}. Have the words encoded.")
    if page == 1 and "page" in query:
        raise Incorrect(f"{called} is {described(got)}: page 1 is not written.")
    if page > 1 and query.get("page") != str(page):
        raise Incorrect(f"{called} is {described(got)}: the view sees page = {query.get('page')}.")
    others = sorted(set(query) - {"q", "page"})
    if others:
        raise Incorrect(f"{called} is {described(got)}: nobody asked for {', '.join(others)}.")
