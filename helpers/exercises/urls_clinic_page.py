"""The clinic of lesson 07, patient two: a form that comes back empty, without a word."""

import functools

from django import forms
from django.shortcuts import redirect, render

from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.forms_trial import answered_by, ask
from helpers.exercises.grading import expect_letter

LESSON = "07-urls"
PAGE = "clinic_form.html"
TEXT = """{% extends "conference/base.html" %}
{% block title %}Vote{% endblock %}
{% block main %}<form method="post">{% csrf_token %}{{ form }}<button>Send</button></form>{% endblock %}"""


class Vote(forms.Form):
    """What must be filled in: a first visit that is bound shows an error."""

    stars = forms.IntegerField(min_value=1, max_value=5)
    comment = forms.CharField(required=False)


class Remark(Vote):
    """What may be left empty: a POST without a word is valid."""

    stars = forms.IntegerField(required=False, min_value=1, max_value=5)


class Two(Exercise):
    """Patient two: the letter of the cause."""

    id = "urls-clinic-two"
    kind = "value"
    hints = (
        "The table says what was sent, and what a form made of it: where did the error go?",
        "The form that was checked has an error. The form on the page has none, and is empty: are they one?",
    )

    def check(attempt):
        expect_letter(
            attempt,
            "d",
            {
                "a": "Then nothing would have been checked, and the answer would be a 301.",
                "b": "The data came: the table shows it beside the field.",
                "c": "Then the answer would be a 403.",
            },
        )
        return "a second form is made after the check, and takes the first one's place"

    @solution
    def another_form():
        return "d"

    @mistake("a 301")
    def the_slash():
        return "a"

    @mistake("as text")
    def nothing():
        return None


class TwoMend(Exercise):
    """The view, mended: a valid POST redirects to "/thanks/"; an invalid one shows its errors.

    Its page is the template "clinic_form.html" with `form`, also for a first visit.
    """

    id = "urls-clinic-two-mend"
    name = "vote_page"
    uses_database = True

    def stub(request, form_class): ...

    hints = (
        "Two ways lead to the page: a first visit with a new form, an invalid POST with the form that was checked.",
        "Make the empty form in an `else` of `if request.method ==`; one render at the end serves both.",
    )

    def check(attempt):
        for form_class in (Vote, Remark):

            @functools.wraps(attempt)
            def view(request, form_class=form_class):
                return attempt(request, form_class)

            with answered_by(view, {PAGE: TEXT}):
                _first_visit(ask("get", "A first visit"))
                _invalid(ask("post", "A POST of 6 stars", {"stars": "6", "comment": "wonderful"}))
                data = {"stars": "5"} if form_class is Vote else {}
                _valid(ask("post", f"A POST of {data}", data), data)
        return "a first visit, an invalid post with its error and its words, two valid ones redirected"

    @solution
    def one_form_on_each_way(request, form_class):
        from django.shortcuts import redirect, render

        if request.method == "POST":
            form = form_class(request.POST)
            if form.is_valid():
                return redirect("/thanks/")
        else:
            form = form_class()
        return render(request, "clinic_form.html", {"form": form})

    @mistake("does not say what is wrong")
    def made_anew(request, form_class):
        if request.method == "POST" and form_class(request.POST).is_valid():
            return redirect("/thanks/")
        return render(request, PAGE, {"form": form_class()})

    @mistake("a reload would send it again")
    def no_redirect(request, form_class):
        form = form_class(request.POST) if request.method == "POST" else form_class()
        form.is_valid()
        return render(request, PAGE, {"form": form})

    @mistake("returned None")
    def a_way_without_an_answer(request, form_class):
        form = form_class(request.POST) if request.method == "POST" else form_class()
        if request.method == "GET":
            return render(request, PAGE, {"form": form})
        return redirect("/thanks/") if form.is_valid() else None

    @mistake("A POST with every field empty")
    def post_or_none(request, form_class):
        form = form_class(request.POST or None)
        if form.is_valid():
            return redirect("/thanks/")
        return render(request, PAGE, {"form": form})

    @mistake("was not typed by anybody yet")
    def always_bound(request, form_class):
        form = form_class(request.POST)
        if form.is_valid():
            return redirect("/thanks/")
        return render(request, PAGE, {"form": form})

    @mistake("redirects although")
    def not_asked(request, form_class):
        if request.method == "POST":
            return redirect("/thanks/")
        return render(request, PAGE, {"form": form_class()})


def _page(response, when):
    text = response.content.decode()
    if response.status_code != 200 or "<button>Send</button>" not in text or 'name="stars"' not in text:
        raise Incorrect(f'{when}: expected the page "{PAGE}" with `form`, got another (status {response.status_code}).')
    return text


def _first_visit(response):
    if response.status_code == 302:
        raise Incorrect("A first visit is redirected: only a POST is checked.")
    if "errorlist" in _page(response, "A first visit"):
        raise Incorrect("A first visit: the page shows an error in what was not typed by anybody yet.")


def _invalid(response):
    if response.status_code == 302:
        raise Incorrect("A POST of 6 stars redirects although the form is not valid: is `is_valid()` asked?")
    text = _page(response, "A POST of 6 stars")
    if "less than or equal to 5" not in text:
        raise Incorrect("A POST of 6 stars: the page does not say what is wrong. Which form does it show?")
    if "wonderful" not in text:
        raise Incorrect("A POST of 6 stars: the comment is gone from the page. Which form does it show?")


def _valid(response, data):
    words = f"A POST of {data}" if data else "A POST with every field empty, which this form allows"
    if response.status_code != 302:
        raise Incorrect(
            f"{words}: expected a redirect, got status {response.status_code}: "
            + ("a reload would send it again." if data else "is such a POST bound?")
        )
    if response.url != "/thanks/":
        raise Incorrect(f"{words}: expected a redirect to '/thanks/', got {response.url!r}.")
