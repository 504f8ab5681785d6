"""Pages in a notebook: requests through the whole cycle, exchanges as frames, errors in a sentence."""

import logging

import pytest
from django import forms
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import FileResponse, HttpResponse
from django.shortcuts import redirect, render
from django.test import Client, override_settings
from django.urls import path

from helpers import pages
from helpers.project import cells
from helpers.project.boot import boot


class Rate(forms.Form):
    stars = forms.IntegerField(max_value=5)
    note = forms.CharField(required=False)
    photo = forms.FileField(required=False)

    def clean(self):
        if self.cleaned_data.get("stars") == 0:
            raise forms.ValidationError("Not zero.")


def rate(request):
    form = Rate(request.POST or None, request.FILES or None)
    if form.is_valid():
        return redirect("/talks/?rated=1")
    return render(request, "rate.html", {"form": form})


def two(request):
    first, second = Rate(request.POST, prefix="a"), Rate(request.POST, prefix="b")
    return HttpResponse(f"{first.is_valid()} {second.is_valid()}")


def nothing(request):
    return None


def raising(request):
    raise ValueError("something else")


@pytest.fixture(autouse=True)
def site():
    boot()
    cells.template("rate.html", "<title>Rate it</title><form method='post'>{% csrf_token %}{{ form }}</form>")
    patterns = [
        path("rate/", rate),
        path("two/", two),
        path("nothing/", nothing),
        path("raising/", raising),
        path("text/", lambda request: "saved"),
        path("mistyped/", lambda request: request.cleaned),
        path("broken/", lambda request: render(request, "broken.html")),
    ]
    with override_settings(ROOT_URLCONF=cells.urls(patterns)):
        yield


def shown(monkeypatch, *arguments, **options):
    seen = []
    monkeypatch.setattr(pages, "display", lambda bundle, raw: seen.append(bundle))
    pages.show(*arguments, **options)
    return seen[0]


def test_an_invalid_post_is_laid_side_by_side_with_every_sent_name_and_every_field():
    frame = pages.exchange(pages.post("/rate/", {"stars": "9", "is_staff": "on"}))
    assert list(frame.index) == ["stars", "is_staff", "note", "photo", "(response)"]
    assert list(frame.columns) == ["sent", "data", "files", "cleaned_data", "errors", "came_back"]
    assert frame.loc["stars", ["sent", "data", "cleaned_data"]].tolist() == ["9", "9", ""]
    assert "less than or equal to 5" in frame.loc["stars", "errors"]
    assert frame.loc["is_staff", ["sent", "data", "errors"]].tolist() == ["on", "", ""]
    assert frame.loc["(response)", "came_back"] == "200"


def test_a_valid_post_shows_what_the_form_saw_although_only_a_redirect_came_back():
    frame = pages.exchange(pages.post("/rate/", {"stars": "3", "note": "Fine"}))
    assert frame.loc["stars", "cleaned_data"] == "3" and frame.loc["note", "cleaned_data"] == "'Fine'"
    assert frame.loc["(response)", "came_back"] == "302 → /talks/?rated=1"


def test_an_error_of_the_whole_form_has_a_row_and_a_file_is_known_by_its_name():
    photo = SimpleUploadedFile("me.png", b"png")
    frame = pages.exchange(pages.post("/rate/", {"stars": "0", "photo": photo}))
    assert frame.loc["(no field)", "errors"] == "Not zero."
    assert frame.loc["photo", ["sent", "data", "files"]].tolist() == ["me.png", "", "me.png"]


def test_two_forms_in_one_view_keep_their_prefixes():
    frame = pages.exchange(pages.post("/two/", {"a-stars": "1"}))
    assert frame.loc["a-stars", ["data", "cleaned_data"]].tolist() == ["1", "1"]
    assert "required" in frame.loc["b-stars", "errors"]


def test_a_client_brings_its_checks_along_and_get_sees_no_form():
    assert pages.post("/rate/", {"stars": "3"}, client=Client(enforce_csrf_checks=True)).status_code == 403
    assert pages.get("/rate/").forms_seen == []


def test_what_a_learner_gets_wrong_is_said_in_a_sentence_and_not_in_the_log(caplog, monkeypatch):
    monkeypatch.setattr(logging.getLogger("django"), "propagate", True)
    with pytest.raises(ValueError, match="The view `nothing` returned None, and Django needs a response"):
        pages.post("/nothing/")
    with pytest.raises(ValueError, match="The view returned str .'saved'., and Django needs a response: wrap text"):
        pages.post("/text/")
    with pytest.raises(AttributeError, match="no attribute 'cleaned'"):
        pages.get("/mistyped/")
    assert not caplog.records
    with pytest.raises(ValueError, match="something else"):
        pages.get("/raising/")
    assert pages.get("/raising/", client=Client(raise_request_exception=False)).status_code == 500
    assert caplog.records  # here the log is all there is
    with pytest.raises(TypeError, match=r"what pages\.post\(…\) returned"):
        pages.exchange(Client().get("/talks/"))


def test_a_template_that_does_not_compile_is_said_in_a_sentence(monkeypatch):
    cells.template("broken.html", "fine")
    broken = next(folder for folder in cells.settings.TEMPLATES[0]["DIRS"] if folder.endswith("templates"))
    with open(f"{broken}/broken.html", "w") as file:
        file.write("{% endfor %}")
    with pytest.raises(ValueError, match="A template of this page does not compile: Invalid block tag"):
        pages.get("/broken/")


def test_a_response_a_form_and_a_piece_of_html_are_shown(monkeypatch):
    bundle = shown(monkeypatch, pages.get("/rate/"))
    assert bundle["text/plain"].startswith("Page: Rate it\n") and 'title="Rate it"' in bundle["text/html"]
    assert "[stars: ]" in shown(monkeypatch, Rate(), title="Bare")["text/plain"]
    assert "[form-0-stars: ]" in shown(monkeypatch, forms.formset_factory(Rate)())["text/plain"]
    assert shown(monkeypatch, "<p>Hello</p>")["text/plain"] == "Page: a piece of a page\nHello"


def test_what_is_no_page_is_refused_in_a_sentence():
    with pytest.raises(TypeError, match=r"Rate is a class: show\(\) takes a form made from it, as in Rate\(\)"):
        pages.show(Rate)
    with pytest.raises(ValueError, match="Form has no fields"):
        pages.show(forms.Form())
    with pytest.raises(TypeError, match="this is int"):
        pages.show(3)
    with pytest.raises(TypeError, match="is a stream"):
        pages.show(FileResponse(iter([b"x"])))
