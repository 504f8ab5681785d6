"""Templates and URL patterns made by cells: found first, replaced by a second run, wrong ones refused in a sentence."""

import pytest
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.test import Client, override_settings
from django.urls import include, path

from helpers.project import cells
from helpers.project.boot import boot


@pytest.fixture(autouse=True)
def django():
    boot()


def test_a_template_of_a_cell_is_found_first_and_a_second_run_replaces_it():
    before = render_to_string("conference/talk_list.html")
    cells.template("conference/talk_list.html", "one")
    try:
        assert render_to_string("conference/talk_list.html") == "one"
        cells.template("conference/talk_list.html", "two")
        assert render_to_string("conference/talk_list.html") == "two"
    finally:
        (cells.temporary.folder() / "templates/conference/talk_list.html").unlink()
        cells.autoreload.reset_loaders()
    assert render_to_string("conference/talk_list.html") == before


def test_settings_that_are_replaced_by_a_copy_keep_the_templates_of_the_cells():
    cells.template("kept.html", "kept")
    with override_settings(TEMPLATES=[{**each} for each in cells.settings.TEMPLATES]):
        assert render_to_string("kept.html") == "kept"


def test_a_template_that_does_not_compile_or_leaves_its_folder_is_not_written():
    cells.template("fine.html", "fine")
    with pytest.raises(
        ValueError, match=r"fine.html does not compile, and is not written: Invalid block tag on line 2"
    ):
        cells.template("fine.html", "\n{% endfor %}")
    assert render_to_string("fine.html") == "fine"
    for name in ("../out.html", "/tmp/out.html", "."):
        with pytest.raises(ValueError, match="leads out of the templates' folder"):
            cells.template(name, "x")


def test_the_patterns_of_a_cell_come_before_the_project_s_own():
    patterns = [path("talks/", lambda request: HttpResponse("mine"))]
    with override_settings(ROOT_URLCONF=cells.urls(patterns)):
        assert Client().get("/talks/").content == b"mine"
        assert Client().get("/").status_code == 200
    with override_settings(ROOT_URLCONF=cells.urls(patterns, keep=False)):
        assert Client().get("/").status_code == 404
    assert Client().get("/talks/").content != b"mine"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"a": 1}, "this is dict"),
        (path("a/", HttpResponse), "this is URLPattern"),
        ([path("a/", HttpResponse), HttpResponse], "entry 1 of urlpatterns is type"),
        ([("a/", HttpResponse)], "entry 0 of urlpatterns is tuple"),
    ],
)
def test_a_url_list_that_is_none_is_refused_in_a_sentence(wrong, words):
    with pytest.raises(TypeError, match=words):
        cells.urls(wrong)


def test_included_patterns_are_patterns():
    assert cells.urls([path("x/", include("helpers.conference.urls"))], keep=False).urlpatterns
