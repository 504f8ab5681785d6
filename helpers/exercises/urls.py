"""The exercise of lesson 07 about which pattern answers: the names whose address leads somewhere else."""

import functools

from django.http import HttpResponse
from django.urls import include, path, resolve

from helpers.exercises.base import Exercise, mistake, solution
from helpers.exercises.grading import expect_call
from helpers.project import cells

LESSON = "07-urls"


def _advice(nudge, expected, got):
    if got is None:
        return "Nothing came back: is there a `return`?"
    if isinstance(got, list) and len(got) > len(expected) and all(":" not in str(each) for each in got):
        return f"The project has other patterns. Are they asked in `urlconf`? {nudge}"
    return nudge


def _page(request, **given):
    return HttpResponse("a page")


def _other(request, **given):
    return HttpResponse("another page")


class Hidden(Exercise):
    """The names whose address another pattern answers, as a list.

    `addresses` is {name: address}, as reverse wrote them for this `urlconf`.
    """

    id = "urls-1-hidden"
    name = "hidden"
    uses_database = True

    def stub(addresses, urlconf):
        found = []
        for name, address in addresses.items():  # noqa: B007
            answered_by = ...
            if answered_by != name:
                found.append(name)
        return found

    hints = (
        "From an address to its pattern: that is resolve(address, urlconf). What it returns knows several names.",
        "Names in `addresses` have their namespace in front. The match has url_name and view_name: which has it, too?",
    )

    def check(attempt):
        new, detail = path("talks/new/", _other, name="new"), path("talks/<slug:slug>/", _page, name="detail")
        rooms = ([path("", _page, name="list"), path("<slug:slug>/", _page, name="room")], "rooms")
        one_view = [path("best/", _page, name="best"), path("<slug:slug>/", _page, name="any")]
        cases = (
            ([detail, new], {"new": "/talks/new/", "detail": "/talks/forms/"}, ["new"], "new stands below <slug>."),
            ([new, detail], {"new": "/talks/new/", "detail": "/talks/forms/"}, [], "new stands above <slug>."),
            (
                [path("rooms/", include(rooms)), path("", _page, name="home")],
                {"rooms:list": "/rooms/", "rooms:room": "/rooms/a/", "home": "/"},
                [],
                "Nothing is hidden there: names have their namespace in front.",
            ),
            (one_view[::-1], {"best": "/best/", "any": "/a/"}, ["best"], "One view stands there under two names."),
            (
                [path("", include(rooms)), path("about/", _page, name="about")],
                {"rooms:list": "/", "about": "/about/"},
                ["about"],
                "An include without a prefix takes about/ for a room.",
            ),
        )
        for patterns, addresses, expected, nudge in cases:
            urlconf = cells.urls(patterns, keep=False)
            told = functools.partial(_advice, nudge, expected)
            expect_call(attempt, addresses, urlconf, expected=expected, shown=f"{addresses}, urlconf", nudge=told)
        return f"{len(cases)} URLconfs, with and without namespaces"

    @solution
    def by_coming_back(addresses, urlconf):
        from django.urls import resolve

        found = []
        for name, address in addresses.items():
            answered_by = resolve(address, urlconf).view_name
            if answered_by != name:
                found.append(name)
        return found

    @mistake("have their namespace in front")
    def the_name_without_its_namespace(addresses, urlconf):
        return [name for name, address in addresses.items() if resolve(address, urlconf).url_name != name]

    @mistake("Are they asked in `urlconf`?")
    def in_the_projects_own_urls(addresses, urlconf):
        return [name for name, address in addresses.items() if resolve(address).view_name != name]

    @mistake("under two names")
    def by_the_view(addresses, urlconf):
        views = {name: entry for entry in urlconf.urlpatterns for name in [getattr(entry, "name", None)]}
        found = []
        for name, address in addresses.items():
            if name in views and resolve(address, urlconf).func is not views[name].callback:
                found.append(name)
        return found

    @mistake("is there a `return`")
    def nothing_comes_back(addresses, urlconf):
        for name, address in addresses.items():
            print(end="" if resolve(address, urlconf).view_name == name else "")

    @mistake("got 1")
    def how_many(addresses, urlconf):
        return len([name for name, address in addresses.items() if resolve(address, urlconf).view_name != name])
