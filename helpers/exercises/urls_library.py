"""The exercise of lesson 07 in a library: after the login, back to where the reader was, and nowhere else."""

from django.http import HttpResponseRedirect
from django.shortcuts import redirect
from django.test import RequestFactory, override_settings
from django.utils.http import url_has_allowed_host_and_scheme

from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.grading import call, described

LESSON = "07-urls"
HOST = "library.example"
SHELF = "/shelf/"
# (what `next` is, whether the request came by https, where the reader should land)
CASES = (
    (None, False, SHELF),
    ("", False, SHELF),
    ("/books/pro-django/", False, "/books/pro-django/"),
    ("/books/?page=2", True, "/books/?page=2"),
    ("?page=2", False, "?page=2"),
    (f"http://{HOST}/books/", False, f"http://{HOST}/books/"),
    (f"https://{HOST}/books/", True, f"https://{HOST}/books/"),
    (f"http://{HOST}/books/", True, SHELF),
    ("https://evil.example/", False, SHELF),
    ("//evil.example/", False, SHELF),
    (r"/\evil.example/", True, SHELF),
    ("///evil.example/", False, SHELF),
    ("javascript:alert(1)", False, SHELF),
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
        with override_settings(ALLOWED_HOSTS=[HOST]):
            for target, secure, expected in CASES:
                data = {} if target is None else {"next": target}
                request = RequestFactory().get("/login/", data, secure=secure, headers={"host": HOST})
                came = f"by {'https' if secure else 'http'}, " + (
                    "without next" if target is None else f"next={target!r}"
                )
                _judge(_answer(attempt, request, came, target), came, expected)
        return f"{len(CASES)} readers landed where they should"

    @solution
    def judged_by_django(request):
        from django.http import HttpResponseRedirect
        from django.utils.http import url_has_allowed_host_and_scheme

        target, host = request.GET.get("next"), {request.get_host()}
        safe = url_has_allowed_host_and_scheme(target, host, require_https=request.is_secure())
        return HttpResponseRedirect(target if safe else "/shelf/")

    @mistake("this host is library.example, and that is another one")
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

    @mistake("this host is library.example, and that is another one")
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


def _judge(got, came, expected):
    if got is None:
        raise Incorrect(f"{came}: a redirect is expected, and nothing came back: is there a `return` on every way?")
    if not isinstance(got, HttpResponseRedirect):
        raise Incorrect(f"{came}: a redirect is expected, got {described(type(got).__name__)}.")
    if got.url == expected:
        return
    if expected != SHELF:
        raise Incorrect(f"{came} leads to this host: expected {expected}, got {got.url}.")
    why = f"this host is {HOST}, and that is another one"
    if got.url.startswith(f"http://{HOST}"):
        why = "who came by https is never sent on to http"
    if got.url.startswith("javascript"):
        why = "that is a script, and no address of this host"
    raise Incorrect(f"{came}: expected {SHELF}, got {got.url or 'an empty address'}: {why}.")
