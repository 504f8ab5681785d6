"""The exercise of lesson 07 about query strings: the address of a search, encoded."""

from urllib.parse import parse_qs, urlsplit

from django.http import QueryDict
from django.test import override_settings
from django.urls import reverse

from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.grading import call, described
from helpers.exercises.urls_addresses import mounts

LESSON = "07-urls"


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
        for _, urlconf in mounts():
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

    @mistake("nobody asked for amp;page")
    def written_as_in_html(words, page):
        address = reverse("conference:talk_list", query={"q": words})
        return address if page == 1 else f"{address}&amp;page={page}"

    @mistake("there is no q in it")
    def another_name(words, page):
        return reverse("conference:talk_list", query={"search": words})

    @mistake("with the host in front")
    def the_whole_address(words, page):
        return f"http://testserver{reverse('conference:talk_list', query={'q': words})}"

    @mistake("nobody asked for a second q")
    def the_words_twice(words, page):
        return f"{reverse('conference:talk_list', query={'q': words})}&q={words}"

    @mistake("nobody asked for #")
    def a_place_on_the_page(words, page):
        return reverse("conference:talk_list", query={"q": words}) + "#results"

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
    if parts.netloc:
        raise Incorrect(f"{called} is {described(got)}, with the host in front: {expected} and its query are enough.")
    if parts.path != expected:
        raise Incorrect(f"{called} leads to {parts.path or got}, and the talk list is at {expected} there.")
    values = parse_qs(parts.query, keep_blank_values=True)
    query = {name: given[-1] for name, given in values.items()}
    if "q" not in query:
        raise Incorrect(f"{called} is {described(got)}: there is no q in it.")
    if query.get("q") != words:
        raise Incorrect(f"{called} is {described(got)}: the view sees q = {query.get('q')!r}. Have the words encoded.")
    if page == 1 and "page" in query:
        raise Incorrect(f"{called} is {described(got)}: page 1 is not written.")
    others = sorted({*query, *(["#"] if parts.fragment else [])} - {"q", "page"})
    others += [f"a second {name}" for name, given in values.items() if len(given) > 1]
    if others:
        raise Incorrect(f"{called} is {described(got)}: nobody asked for {', '.join(others)}.")
    if page > 1 and query.get("page") != str(page):
        raise Incorrect(f"{called} is {described(got)}: the view sees page = {query.get('page')}.")
