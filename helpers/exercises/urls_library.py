"""The exercise of lesson 07 in a library: after the login, back to where the reader was, and nowhere else."""

from django.http import HttpResponseRedirect
from django.shortcuts import redirect
from django.test import RequestFactory, override_settings
from django.utils.http import url_has_allowed_host_and_scheme

from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.grading import call, described

LESSON = "07-urls"
HOST, BRANCH = "library.example", "branch.library.example"
SHELF = "/shelf/"
# (what `next` is, the request's scheme and host, where the reader should land)
CASES = (
    (None, "http", HOST, SHELF),
    ("", "http", HOST, SHELF),
    ("/books/pro-django/", "http", HOST, "/books/pro-django/"),
    ("/books/?page=2", "https", HOST, "/books/?page=2"),
    ("?page=2", "http", HOST, "?page=2"),
    (f"http://{HOST}/books/", "http", HOST, f"http://{HOST}/books/"),
    (f"https://{HOST}/books/", "https", HOST, f"https://{HOST}/books/"),
    (f"https://{BRANCH}/books/", "https", BRANCH, f"https://{BRANCH}/books/"),
    (f"http://{HOST}/books/", "https", HOST, SHELF),
    ("https://evil.example/", "http", HOST, SHELF),
    ("//thief.example/", "http", HOST, SHELF),
    (r"/\thief.example/", "https", HOST, SHELF),
    ("///thief.example/", "http", HOST, SHELF),
    (f"http://{HOST}.thief.example/", "http", HOST, SHELF),
    (f"http://{HOST}@thief.example/", "http", HOST, SHELF),
    ("javascript:alert(1)", "http", HOST, SHELF),
    (f"https://{HOST}/books/", "https", BRANCH, SHELF),
)


class AfterLogin(Exercise):
    """Redirect to the address in `next`, from GET, if it leads to this host; else to "/shelf/".

    A request that came by https is never sent on to http.
    """

    id = "urls-5-library"
    name = "after_login"
    uses_database = True

    def stub(request): ...

    hints = (
        "url_has_allowed_host_and_scheme(…, allowed_hosts={request.get_host()}) judges; it has an argument for https.",
        "redirect() takes a text without a slash, as ?page=2, for a name: HttpResponseRedirect takes it as it is.",
    )

    def check(attempt):
        with override_settings(ALLOWED_HOSTS=[HOST, BRANCH]):
            for target, scheme, host, expected in CASES:
                data = {} if target is None else {"next": target}
                request = RequestFactory().get("/login/", data, secure=scheme == "https", headers={"host": host})
                came = f"{scheme}://{host}, " + ("without next" if target is None else f"next={target!r}")
                _judge(_answer(attempt, request, came, target), came, expected, request)
        return f"{len(CASES)} readers landed where they should"

    @solution
    def judged_by_django(request):
        from django.http import HttpResponseRedirect
        from django.utils.http import url_has_allowed_host_and_scheme

        target, host = request.GET.get("next"), {request.get_host()}
        safe = url_has_allowed_host_and_scheme(target, host, require_https=request.is_secure())
        return HttpResponseRedirect(target if safe else "/shelf/")

    @mistake("To a browser that is not an address of library.example")
    def begins_with_a_slash(request):
        target = request.GET.get("next") or SHELF
        if f"://{request.get_host()}/" in target and not (request.is_secure() and target.startswith("http:")):
            return HttpResponseRedirect(target)
        return HttpResponseRedirect(target if target.startswith(("/", "?")) else SHELF)

    @mistake("sent on to http")
    def scheme_forgotten(request):
        target = request.GET.get("next")
        safe = url_has_allowed_host_and_scheme(target, {request.get_host()})
        return HttpResponseRedirect(target if safe else SHELF)

    @mistake("leads to this host")
    def no_hosts(request):
        target = request.GET.get("next")
        safe = url_has_allowed_host_and_scheme(target, None, require_https=request.is_secure())
        return HttpResponseRedirect(target if safe else SHELF)

    @mistake("takes a text without a slash for a name")
    def with_the_shortcut(request):
        target = request.GET.get("next")
        safe = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
        return redirect(target if safe else SHELF)

    @mistake("is it written into the answer")
    def a_host_by_hand(request):
        target = request.GET.get("next")
        safe = url_has_allowed_host_and_scheme(target, {HOST}, require_https=request.is_secure())
        return HttpResponseRedirect(target if safe else SHELF)

    @mistake("To a browser that is not an address of library.example")
    def this_host_in_front(request):
        target = request.GET.get("next") or SHELF
        ours = f"{request.scheme}://{request.get_host()}"
        local = target.startswith(("/", "?")) and not target.startswith(("//", "/\\"))
        return HttpResponseRedirect(target if local or target.startswith(ours) else SHELF)

    @mistake("To a browser that is not an address of library.example")
    def a_list_of_thieves(request):
        target = request.GET.get("next") or SHELF
        bad = "evil" in target or "javascript" in target or request.is_secure() and target.startswith("http:")
        return HttpResponseRedirect(SHELF if bad else target)

    @mistake("has a slash at its end")
    def another_shelf(request):
        target = request.GET.get("next")
        safe = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
        return HttpResponseRedirect(target if safe else "/shelf")

    @mistake("Without `next` the shelf is left")
    def an_empty_address(request):
        target = request.GET.get("next") or ""
        safe = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
        return HttpResponseRedirect(target if safe else "")

    @mistake("To a browser that is not an address of library.example")
    def whatever_it_says(request):
        target = request.GET.get("next") or SHELF
        if request.is_secure() and target.startswith("http:"):
            target = SHELF
        return HttpResponseRedirect(target)

    @mistake("a redirect is expected")
    def only_the_address(request):
        target = request.GET.get("next")
        safe = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
        return target if safe else SHELF

    @mistake("is there a `return` on every way")
    def no_shelf(request):
        target = request.GET.get("next")
        safe = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
        return HttpResponseRedirect(target) if safe else None


def _answer(attempt, request, came, target):
    try:
        return call(attempt, request, shown="request")
    except Incorrect as error:
        if type(error.__cause__).__name__ == "NoReverseMatch":
            raise Incorrect(
                f"{came}: NoReverseMatch. redirect() takes a text without a slash for a name, and {target!r} is none."
            ) from error
        raise Incorrect(f"{came}: {error}") from error


def _judge(got, came, expected, request):
    if got is None:
        raise Incorrect(f"{came}: a redirect is expected, and nothing came back: is there a `return` on every way?")
    if not isinstance(got, HttpResponseRedirect):
        raise Incorrect(f"{came}: a redirect is expected, got {described(type(got).__name__)}.")
    if got.url != expected:
        where = got.url or "an empty address"
        raise Incorrect(f"{came}: expected {expected}, got {where}. {_why(got.url, expected, request)}")


def _why(got, expected, request):
    host, target = request.get_host(), request.GET.get("next")
    if expected != SHELF and host == BRANCH:
        return "This host is another one now: is it written into the answer?"
    if expected != SHELF:
        return "That leads to this host."
    if not target and not got:
        return "Without `next` the shelf is left."
    if got == SHELF.rstrip("/"):
        return "The shelf's address has a slash at its end."
    if got.startswith("javascript"):
        return "That is a script, and no address of this host."
    if target == f"http://{host}/books/":
        return "Who came by https is never sent on to http."
    if "\\" in (target or ""):
        return "A browser reads \\ as a slash: to it, what came is another host."
    return f"To a browser that is not an address of {host}."
