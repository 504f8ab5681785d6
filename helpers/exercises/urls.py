"""The exercise of lesson 07 about which pattern answers: the names whose address leads somewhere else."""

import functools

from django.http import HttpResponse
from django.test import override_settings
from django.urls import NoReverseMatch, Resolver404, include, path, resolve

from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.grading import expect_call
from helpers.project import cells

LESSON = "07-urls"


def _advice(nudge, expected, addresses, got):
    if got is None:
        return "Nothing came back: is there a `return`?"
    if not isinstance(got, list):
        return "A list of names is expected."
    if any(each in addresses.values() for each in got):
        return "Those are addresses, and their names are asked for."
    if got == [name for name, address in addresses.items() if _in_the_project(address) != name]:
        return f"The project has other patterns. Are they asked in `urlconf`? {nudge}"
    if len(expected) > 1 and got == expected[:1]:
        return "One is found, and more are hidden: is the loop left too early?"
    return nudge


def _in_the_project(address):
    try:
        return resolve(address).view_name
    except Resolver404:
        return None


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

    @override_settings(ROOT_URLCONF="helpers.project.urls")
    def check(attempt):
        own = {"conference:schedule": "/", "conference:talk_list": "/talks/"}
        new, detail = path("talks/new/", _other, name="new"), path("talks/<slug:slug>/", _page, name="detail")
        rooms = ([path("", _page, name="list"), path("<slug:slug>/", _page, name="room")], "rooms")
        one_view = [path("best/", _page, name="best"), path("<slug:slug>/", _page, name="any")]
        cases = (
            (
                [path("", include("helpers.conference.urls"))],
                own,
                [],
                "None is hidden there. Names have their namespace in front: what they are compared with must be such a "
                "name, as text.",
            ),
            ([detail, new], {"new": "/talks/new/", "detail": "/talks/forms/"}, ["new"], "new stands below <slug>."),
            ([new, detail], {"new": "/talks/new/", "detail": "/talks/forms/"}, [], "new stands above <slug>."),
            (
                [path("rooms/", include(rooms)), path("", _page, name="home")],
                {"rooms:list": "/rooms/", "rooms:room": "/rooms/a/", "home": "/"},
                [],
                "Nothing is hidden there.",
            ),
            (one_view[::-1], {"best": "/best/", "any": "/a/"}, ["best"], "One view stands there under two names."),
            (
                [path("", include(rooms)), path("about/", _page, name="about"), path("help/", _page, name="help")],
                {"rooms:list": "/", "about": "/about/", "help": "/help/"},
                ["about", "help"],
                "An include without a prefix takes about/ and help/ for rooms.",
            ),
        )
        for patterns, addresses, expected, nudge in cases:
            urlconf = cells.urls(patterns, keep=False)
            told = functools.partial(_advice, nudge, expected, addresses)
            try:
                expect_call(attempt, addresses, urlconf, expected=expected, shown=f"{addresses}, urlconf", nudge=told)
            except Incorrect as error:
                if isinstance(error.__cause__, Resolver404 | NoReverseMatch):
                    raise Incorrect(f"{error}. From an address to a name it is resolve(address, …).") from error
                raise
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

    @mistake("must be such a name, as text")
    def the_match_itself(addresses, urlconf):
        return [name for name, address in addresses.items() if resolve(address, urlconf) != name]

    @mistake("is the loop left too early")
    def only_the_first(addresses, urlconf):
        for name, address in addresses.items():
            if resolve(address, urlconf).view_name != name:
                return [name]
        return []

    @mistake("their names are asked for")
    def their_addresses(addresses, urlconf):
        return [address for name, address in addresses.items() if resolve(address, urlconf).view_name != name]

    @mistake("From an address to a name")
    def the_name_resolved(addresses, urlconf):
        return [name for name in addresses if resolve(name, urlconf).view_name != name]

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

    @mistake("A list of names is expected")
    def how_many(addresses, urlconf):
        return len([name for name, address in addresses.items() if resolve(address, urlconf).view_name != name])
