"""The exercises of lesson 11's first half: the order of the middlewares, and a page that is shown to nobody else."""

import itertools

from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.grading import call, described

LESSON = "11-publish-cache"
UPDATE = "django.middleware.cache.UpdateCacheMiddleware"
FETCH = "django.middleware.cache.FetchFromCacheMiddleware"
SESSION, COMMON = "django.contrib.sessions.middleware.SessionMiddleware", "django.middleware.common.CommonMiddleware"
USUAL = [
    "django.middleware.security.SecurityMiddleware",
    SESSION,
    COMMON,
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
_numbers = itertools.count(1)


class Order(Exercise):
    """A new list: `middleware` with the two of the page cache where they belong, each once.

    They may already be in it, also in wrong places; `middleware` itself stays as it is.
    """

    id = "publish-1-order"
    name = "with_page_cache"

    def stub(middleware): ...

    hints = (
        "On the way out the list is read backwards: whoever is to touch the answer last stands first.",
        "Take the two out first, if they are there: "
        "others = [each for each in middleware if each not in (UPDATE, FETCH)].",
    )

    def check(attempt):
        for given, nudge in (
            (USUAL, "Update sees the answer last when it stands first; Fetch looks once all is known."),
            ([FETCH, SESSION, UPDATE, FETCH, COMMON], "The two were in it already: each is wanted once."),
            ([], "An empty list becomes the two alone."),
        ):
            given = list(given)
            kept, others = list(given), [each for each in given if each not in (UPDATE, FETCH)]
            shown = _short(given)
            got = call(attempt, given, shown=shown)
            if given != kept:
                raise Incorrect(
                    f"with_page_cache({shown}) changed the list that it was given: the settings of the whole site. "
                    "Return a new list."
                )
            if got is None:
                raise Incorrect(f"with_page_cache({shown}): nothing came back. Is there a `return`?")
            strangers = (
                [each for each in got if each not in {UPDATE, FETCH, *given}] if isinstance(got, (list, tuple)) else []
            )
            if strangers:
                raise Incorrect(
                    f"with_page_cache({shown}): {described(strangers[0])} is not the whole name of a middleware: the "
                    "two lie in django.middleware.cache."
                )
            if not isinstance(got, (list, tuple)) or list(got) != [UPDATE, *others, FETCH]:
                expected = _short([UPDATE, *others, FETCH])
                told = _short(got) if isinstance(got, (list, tuple)) else described(got)
                raise Incorrect(f"with_page_cache({shown}): expected {expected}, got {told}. {nudge}")
        return "Update first, Fetch last, each once, and the list given is untouched"

    @solution
    def around_the_others(middleware):
        update = "django.middleware.cache.UpdateCacheMiddleware"
        fetch = "django.middleware.cache.FetchFromCacheMiddleware"
        others = [each for each in middleware if each not in (update, fetch)]
        return [update, *others, fetch]

    @mistake("stands first")
    def in_the_order_of_their_names(middleware):
        others = [each for each in middleware if each not in (UPDATE, FETCH)]
        return [FETCH, *others, UPDATE]

    @mistake("each is wanted once")
    def without_a_look(middleware):
        return [UPDATE, *middleware, FETCH]

    @mistake("the whole name")
    def short_names(middleware):
        others = [each for each in middleware if each not in (UPDATE, FETCH)]
        return ["UpdateCacheMiddleware", *others, "FetchFromCacheMiddleware"]

    @mistake("stands first")
    def through_a_set(middleware):
        return [UPDATE, *sorted(set(middleware) - {UPDATE, FETCH}), FETCH]

    @mistake("each is wanted once")
    def removed_once(middleware):
        others = list(middleware)
        for each in (UPDATE, FETCH):
            if each in others:
                others.remove(each)
        return [UPDATE, *others, FETCH]

    @mistake("stands first")
    def both_in_front(middleware):
        return [UPDATE, FETCH, *(each for each in middleware if each not in (UPDATE, FETCH))]

    @mistake("Return a new list")
    def in_place(middleware):
        middleware.insert(0, UPDATE)
        middleware.append(FETCH)
        return middleware


def _short(names):
    return "[" + ", ".join(str(each).rsplit(".", 1)[-1].removesuffix("Middleware") for each in names) + "]"


class NoLeak(Exercise):
    """`view`, kept for 60 seconds for each cookie apart: fast for a visitor, shown to no other.

    The view reads request.COOKIES, and does not say so.
    """

    id = "publish-2-no-leak"
    name = "published"
    uses_database = True  # for Django, which has to run before a view can be asked

    def stub(view): ...

    hints = (
        "Two decorators are needed. The page cache reads `Vary` at the moment at which it keeps the answer.",
        "A decorator on the outside sees the answer after the one inside: "
        "cache_page has to be outside of vary_on_cookie.",
    )

    def check(attempt):
        from django.http import HttpResponse
        from django.test import RequestFactory, override_settings
        from django.utils.cache import get_max_age

        made = []

        def seat(request):
            made.append(request.COOKIES.get("visitor"))
            return HttpResponse(f"the seat of {made[-1]}")

        memory = {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "LOCATION": f"publish-exercise-{next(_numbers)}",
        }
        with override_settings(CACHES={"default": memory}):
            view = call(attempt, seat, shown="view")
            if not callable(view):
                raise Incorrect(f"published(view): expected a view, got {described(view)}. Return the decorated view.")
            for name in ("ada", "bob", "ada"):
                answer = call(view, RequestFactory(HTTP_COOKIE=f"visitor={name}").get("/seat/"), shown="request")
                if getattr(answer, "content", b"").decode() != f"the seat of {name}":
                    told = getattr(answer, "content", b"").decode() or described(answer)
                    raise Incorrect(
                        f"view = published(view), asked by ada, then by bob: {name} was shown “{told}”. The page cache "
                        "has to know, when it keeps the page, that it varies by cookie: which decorator is inside?"
                    )
        if made != ["ada", "bob"]:
            raise Incorrect(
                f"view = published(view), asked by ada, bob and ada again: the page was made for {', '.join(made)}, "
                "expected ada, bob. Ada's second visit is meant to come from the cache."
            )
        if get_max_age(answer) != 60:
            kept = answer.headers.get("Cache-Control", "nothing")
            raise Incorrect(f"the answer says {kept} to browsers: 60 seconds are wanted, so max-age=60.")
        return "each visitor has a page of their own, and the second visit is free"

    @solution
    def vary_inside(view):
        from django.views.decorators.cache import cache_page
        from django.views.decorators.vary import vary_on_cookie

        return cache_page(60)(vary_on_cookie(view))

    @mistake("which decorator is inside")
    def cache_page_alone(view):
        from django.views.decorators.cache import cache_page

        return cache_page(60)(view)

    @mistake("which decorator is inside")
    def vary_outside(view):
        from django.views.decorators.cache import cache_page
        from django.views.decorators.vary import vary_on_cookie

        return vary_on_cookie(cache_page(60)(view))

    @mistake("meant to come from the cache")
    def never_kept(view):
        from django.views.decorators.cache import never_cache

        return never_cache(view)

    @mistake("60 seconds are wanted")
    def for_ten_minutes(view):
        from django.views.decorators.cache import cache_page
        from django.views.decorators.vary import vary_on_cookie

        return cache_page(600)(vary_on_cookie(view))
