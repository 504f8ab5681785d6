"""The first exercise of lesson 04: the one shape of a view with a form."""

import functools

from django import forms

from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.forms_trial import answered_by, ask

LESSON = "04-forms"
PAGE = "{% if form.is_bound %}bound{% else %}unbound{% endif %}<form>{{ form }}</form>"


class OneShape(Exercise):
    """One view for a GET, for a POST with errors, and for a POST that is saved.

    When saved, go to "conference:schedule". A POST without a body is a POST.
    """

    id = "forms-view"
    name = "register"
    uses_database = True

    def stub(request, form_class):
        form = form_class(...)
        if ...:
            form.save()
            return ...
        return render(request, "register.html", {"form": form})  # noqa: F821 - the notebook imports it

    hints = (
        "A form is bound by data that are not None, and should be for a POST alone: ask request.method.",
        "An unbound form is never valid: one `if` is enough for both methods.",
        "After saving, redirect(…) takes the name of a URL.",
    )

    def check(attempt):
        from helpers.conference.models import Attendee

        people = forms.modelform_factory(Attendee, fields=["name", "email"])
        before, ada = Attendee.objects.count(), {"name": "Ada Trial", "email": "ada@trial.example"}
        with answered_by(_view(attempt, people), {"register.html": PAGE}):
            page = ask("get", "a GET").content.decode()
            if "unbound" not in page or "errorlist" in page:
                raise Incorrect("a GET: the form is bound, and shows errors to somebody who has sent nothing yet.")
            ask("get", "a GET with ?name=…", address="/trial/?name=Ada&email=ada@trial.example")
            if Attendee.objects.count() != before:
                raise Incorrect("a GET with ?name=…&email=… saved a row: a GET must change nothing.")
            page = ask("post", "a POST with email=no", {**ada, "email": "no"}).content.decode()
            if "errorlist" not in page or "Ada Trial" not in page:
                raise Incorrect(
                    "a POST with email=no: the page has lost the error, or the words that were sent. Both live in the "
                    "form that was checked: render that one."
                )
            response = ask("post", "a POST that is fine", ada)
        saved = Attendee.objects.count() - before
        if saved != 1:
            raise Incorrect(f"a POST that is fine: expected 1 new row, got {saved}. Is form.save() reached?")
        _expect_schedule(response)
        _expect_empty_post(attempt)
        return "GET, errors, saved, and an empty POST: four answers of one view"

    @solution
    def by_the_method(request, form_class):
        from django.shortcuts import redirect, render

        form = form_class(request.POST if request.method == "POST" else None)
        if form.is_valid():
            form.save()
            return redirect("conference:schedule")
        return render(request, "register.html", {"form": form})

    @solution
    def in_two_branches(request, form_class):
        from django.shortcuts import redirect, render

        if request.method == "POST":
            form = form_class(data=request.POST)
            if form.is_valid():
                form.save()
                return redirect("conference:schedule")
        else:
            form = form_class()
        return render(request, "register.html", {"form": form})

    @mistake("empty POST")
    def or_none(request, form_class):
        from django.shortcuts import redirect, render

        form = form_class(request.POST or None)
        if form.is_valid():
            form.save()
            return redirect("conference:schedule")
        return render(request, "register.html", {"form": form})

    @mistake("has sent nothing yet")
    def always_bound(request, form_class):
        from django.shortcuts import redirect, render

        form = form_class(request.POST)
        if form.is_valid():
            form.save()
            return redirect("conference:schedule")
        return render(request, "register.html", {"form": form})

    @mistake("saves it again")
    def no_redirect(request, form_class):
        from django.shortcuts import render

        form = form_class(request.POST if request.method == "POST" else None)
        if form.is_valid():
            form.save()
        return render(request, "register.html", {"form": form})

    @mistake("has lost the error")
    def made_again(request, form_class):
        from django.shortcuts import redirect, render

        if request.method == "POST":
            form = form_class(request.POST)
            if form.is_valid():
                form.save()
                return redirect("conference:schedule")
        return render(request, "register.html", {"form": form_class()})

    @mistake("HttpResponseRedirect wants the address itself")
    def a_name_for_an_address(request, form_class):
        from django.http import HttpResponseRedirect
        from django.shortcuts import render

        form = form_class(request.POST if request.method == "POST" else None)
        if form.is_valid():
            form.save()
            return HttpResponseRedirect("conference:schedule")
        return render(request, "register.html", {"form": form})

    @mistake("is_valid(), with its brackets")
    def a_method_that_is_not_called(request, form_class):
        from django.shortcuts import redirect, render

        form = form_class(request.POST if request.method == "POST" else None)
        if form.is_valid:
            form.save()
            return redirect("conference:schedule")
        return render(request, "register.html", {"form": form})

    @mistake("didn't validate")
    def unchecked(request, form_class):
        from django.shortcuts import redirect, render

        form = form_class(request.POST if request.method == "POST" else None)
        if request.method == "POST":
            form.save()
            return redirect("conference:schedule")
        return render(request, "register.html", {"form": form})

    @mistake("returned None")  # noqa: RET503 - that is the mistake
    def a_way_without_a_response(request, form_class):
        from django.shortcuts import redirect, render

        if request.method != "POST":
            return render(request, "register.html", {"form": form_class()})
        form = form_class(request.POST)
        if form.is_valid():
            form.save()
            return redirect("conference:schedule")

    @mistake("a GET must change nothing")
    def from_the_address_too(request, form_class):
        from django.shortcuts import redirect, render

        form = form_class(request.POST or request.GET or None)
        if form.is_valid():
            form.save()
            return redirect("conference:schedule")
        return render(request, "register.html", {"form": form})


def _view(attempt, form_class):
    @functools.wraps(attempt)
    def view(request):
        return attempt(request, form_class)

    return view


def _expect_schedule(response):
    from django.urls import reverse

    if response.status_code == 200:
        raise Incorrect(
            "a POST that is fine got a page (200): a reload of it saves it again. Return a redirect: is `return` there?"
        )
    if response.status_code == 400:
        raise Incorrect(
            "a POST that is fine: Django refused the address of the redirect. The name of a URL is for redirect(…); "
            "HttpResponseRedirect wants the address itself."
        )
    if response.status_code != 302 or response.headers["Location"] != reverse("conference:schedule"):
        where = response.headers.get("Location", "no redirect")
        raise Incorrect(
            f"a POST that is fine: expected a redirect to the schedule, got {response.status_code}, {where}."
        )


def _expect_empty_post(attempt):
    saved = []

    class Switches(forms.Form):
        news = forms.BooleanField(required=False)

        def save(self):
            saved.append(self.cleaned_data)

    with answered_by(_view(attempt, Switches), {"register.html": PAGE}):
        ask("post", "an empty POST", {})
    if saved != [{"news": False}]:
        raise Incorrect(
            "an empty POST, of a form whose only field is an unchecked box: expected it to be saved, and the form was "
            "not asked to. An empty request.POST is false, and still data."
        )
