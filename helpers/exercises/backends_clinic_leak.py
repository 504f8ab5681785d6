"""The third patient of lesson 12's clinic: a page that greets the wrong visitor."""

import itertools

from helpers.exercises.backends_clinic_cured import pages_of
from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.grading import call, described, expect_letter

LESSON = "12-backends-libraries-many-servers"
_numbers = itertools.count(1)


class Three(Exercise):
    """Patient three: the letter of the cause."""

    id = "backends-clinic-three"
    kind = "value"
    hints = (
        "What does the page depend on, and what does its key in the cache depend on?",
        "Both ask for the same address.",
    )

    def check(attempt):
        expect_letter(
            attempt,
            "a",
            {
                "b": "Then Bob would be greeted right by his own worker; here one process serves all.",
                "c": "A shorter time makes it rarer. It stays wrong.",
                "d": "The key is the address and the headers named in Vary: nothing clashes by chance.",
            },
        )
        return "the page depends on the cookie, and its key does not"

    @solution
    def vary_is_missing():
        return "a"

    @mistake("It stays wrong")
    def too_long():
        return "c"

    @mistake("as text")
    def nothing():
        return None


class ThreeMend(Exercise):
    """`view` behind cache_page(60), so that nobody is served another one's page."""

    id = "backends-clinic-three-mend"
    name = "safe_to_cache"
    uses_database = True  # not the view, but a check with it sets Django up

    def stub(view): ...

    hints = (
        "A response says by its Vary header what it depends on: django.views.decorators.vary.",
        "cache_page reads that header from what the view below it returns: which of the two is applied first?",
    )

    def check(attempt):
        from django.http import HttpResponse
        from django.test import override_settings
        from django.utils.cache import get_max_age

        ran = []

        def hello(request):
            ran.append(1)
            return HttpResponse(f"Hello {request.COOKIES['name']}")

        where = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": f"clinic-{next(_numbers)}"}
        with override_settings(CACHES={"default": where}):
            view = call(attempt, hello, shown="view")
            if not callable(view):
                raise Incorrect(f"safe_to_cache(view): a view is expected, got {described(view)}.")
            served = pages_of(view)
        of_bob = served[1].content.decode()
        if of_bob != "Hello Bob":
            raise Incorrect(
                f"Ann, then Bob, ask for the page: Bob is served {of_bob!r}. cache_page makes the key from the Vary "
                "header of the response that reaches it: set Vary below cache_page, and let it name what differs."
            )
        if len(ran) > 2:
            raise Incorrect("Ann comes back within the minute, and the view ran again: it has to be cached for her.")
        kept_s = get_max_age(served[0])
        if kept_s != 60:
            raise Incorrect(f"the page is kept for {kept_s} seconds: expected cache_page(60).")
        return "Bob is greeted as Bob, and Ann's second visit came from the cache"

    @solution
    def vary_below(view):
        from django.views.decorators.cache import cache_page
        from django.views.decorators.vary import vary_on_cookie

        return cache_page(60)(vary_on_cookie(view))

    @mistake("set Vary below cache_page")
    def without_vary(view):
        from django.views.decorators.cache import cache_page

        return cache_page(60)(view)

    @mistake("set Vary below cache_page")
    def wrong_order(view):
        from django.views.decorators.cache import cache_page
        from django.views.decorators.vary import vary_on_cookie

        return vary_on_cookie(cache_page(60)(view))

    @mistake("let it name what differs")
    def another_header(view):
        from django.views.decorators.cache import cache_page
        from django.views.decorators.vary import vary_on_headers

        return cache_page(60)(vary_on_headers("Accept-Language")(view))

    @mistake("kept for 3600 seconds")
    def an_hour(view):
        from django.views.decorators.cache import cache_page
        from django.views.decorators.vary import vary_on_cookie

        return cache_page(60 * 60)(vary_on_cookie(view))

    @mistake("called twice")
    def view_forgotten(view):
        from django.views.decorators.cache import cache_page

        return cache_page(60)

    @mistake("cached for her")
    def never_at_all(view):
        from django.views.decorators.cache import never_cache

        return never_cache(view)
