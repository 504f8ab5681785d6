"""The last exercise of lesson 11, in a library: which answers a shared cache may keep."""

from helpers.exercises.base import Exercise, mistake, solution
from helpers.exercises.grading import expect_call

LESSON = "11-publish-cache"


class MayShare(Exercise):
    """True if this HttpResponse may be kept and shown to any other reader of the library.

    That is: its status is 200, it sets no cookie, it does not vary by cookie,
    and its Cache-Control says none of private, no-store, no-cache, max-age=0.
    """

    id = "publish-5-library"
    name = "may_share"
    uses_database = True  # for Django, which has to run before a response can be made

    def stub(response): ...

    hints = (
        "Four conditions, all of them needed. A response knows status_code, cookies and headers; "
        "capital and small letters mean the same in headers.",
        "Split Cache-Control at its commas, strip and lower each part, and look whether any is in the forbidden set: "
        '"max-age=0" is not in "max-age=0600" then. has_vary_header(response, "Cookie") is in django.utils.cache.',
    )

    def check(attempt):
        for words, response, expected, nudge in _answers():
            expect_call(attempt, response, expected=expected, shown=words, nudge=nudge)
        return "catalogue and opening hours may be shared; loans, errors and cookies may not"

    @solution
    def four_conditions(response):
        from django.utils.cache import has_vary_header

        said = {part.strip().lower() for part in response.headers.get("Cache-Control", "").split(",")}
        personal = bool(response.cookies) or has_vary_header(response, "Cookie")
        forbidden = bool(said & {"private", "no-store", "no-cache", "max-age=0"})
        return response.status_code == 200 and not personal and not forbidden

    @mistake("whole parts")
    def looked_up_in_the_text(response):
        from django.utils.cache import has_vary_header

        said = response.headers.get("Cache-Control", "").lower()
        forbidden = ("private", "no-store", "no-cache", "max-age=0")
        fine = response.status_code == 200 and not response.cookies and not has_vary_header(response, "Cookie")
        return fine and not any(each in said for each in forbidden)

    @mistake("capital")
    def in_small_letters_only(response):
        from django.utils.cache import has_vary_header

        said = {part.strip() for part in response.headers.get("Cache-Control", "").split(",")}
        fine = response.status_code == 200 and not response.cookies and not has_vary_header(response, "Cookie")
        return fine and not said & {"private", "no-store", "no-cache", "max-age=0"}

    @mistake("cookie of one reader")
    def cookies_are_forgotten(response):
        from django.utils.cache import has_vary_header

        said = {part.strip().lower() for part in response.headers.get("Cache-Control", "").split(",")}
        fine = response.status_code == 200 and not has_vary_header(response, "Cookie")
        return fine and not said & {"private", "no-store", "no-cache", "max-age=0"}

    @mistake("An error")
    def the_status_is_forgotten(response):
        from django.utils.cache import has_vary_header

        said = {part.strip().lower() for part in response.headers.get("Cache-Control", "").split(",")}
        fine = not response.cookies and not has_vary_header(response, "Cookie")
        return fine and not said & {"private", "no-store", "no-cache", "max-age=0"}

    @mistake("see response.cookies")
    def cookies_looked_for_in_the_headers(response):
        from django.utils.cache import has_vary_header

        said = {part.strip().lower() for part in response.headers.get("Cache-Control", "").split(",")}
        personal = "Set-Cookie" in response.headers or has_vary_header(response, "Cookie")
        return (
            response.status_code == 200 and not personal and not said & {"private", "no-store", "no-cache", "max-age=0"}
        )

    @mistake("compare whole names")
    def cookie_somewhere_in_vary(response):
        said = {part.strip().lower() for part in response.headers.get("Cache-Control", "").split(",")}
        personal = bool(response.cookies) or "Cookie" in response.headers.get("Vary", "")
        return (
            response.status_code == 200 and not personal and not said & {"private", "no-store", "no-cache", "max-age=0"}
        )

    @mistake("only 200")
    def any_success(response):
        from django.utils.cache import has_vary_header

        said = {part.strip().lower() for part in response.headers.get("Cache-Control", "").split(",")}
        fine = response.status_code < 300 and not response.cookies and not has_vary_header(response, "Cookie")
        return fine and not said & {"private", "no-store", "no-cache", "max-age=0"}

    @mistake("Vary")
    def vary_is_forgotten(response):
        said = {part.strip().lower() for part in response.headers.get("Cache-Control", "").split(",")}
        return (
            response.status_code == 200
            and not response.cookies
            and not said & {"private", "no-store", "no-cache", "max-age=0"}
        )


def _answers():
    """In words, the response, whether it may be shared, and what to say to whoever is mistaken."""
    from django.http import HttpResponse

    def answer(status=200, **headers):
        return HttpResponse(
            "…", status=status, headers={name.replace("_", "-"): text for name, text in headers.items()}
        )

    yield "the catalogue", answer(), True, "Nothing forbids it."
    yield "the catalogue, Cache-Control: max-age=600", answer(Cache_Control="max-age=600"), True, "Nothing forbids it."
    for told in ("private", "no-store", "no-cache", "max-age=0", "max-age=0, private"):
        yield f"my loans, Cache-Control: {told}", answer(Cache_Control=told), False, "Cache-Control forbids it."
    words = "my loans, Cache-Control: Private"
    yield words, answer(Cache_Control="Private"), False, "Cache-Control may be written in capital letters too."
    words = "opening hours, Cache-Control: s-maxage=060, max-age=060"
    nudge = "max-age=060 is a minute, not 0: compare whole parts between the commas, not pieces of the text."
    yield words, answer(Cache_Control="s-maxage=060, max-age=060"), True, nudge
    welcome, told = answer(), "The cookie of one reader would be given to the next: see response.cookies, not headers."
    welcome.set_cookie("reader", "17")
    yield "the catalogue, with a Set-Cookie", welcome, False, told
    nudge = "Vary names Cookie: the answer depends on who asks."
    yield "the catalogue, Vary: Accept-Language, Cookie", answer(Vary="Accept-Language, Cookie"), False, nudge
    yield "the catalogue, Vary: Accept-Language", answer(Vary="Accept-Language"), True, "A language is no person."
    nudge = "Header names mean the same in small letters: compare whole names, in one case."
    yield "the catalogue, Vary: cookie", answer(Vary="cookie"), False, nudge
    yield "the catalogue, Vary: X-Cookie-Banner", answer(Vary="X-Cookie-Banner"), True, nudge
    for status in (404, 500, 302, 206):
        nudge = "An error, a way elsewhere or a part of a page is not kept: only 200."
        yield f"an answer with status {status}", answer(status), False, nudge
