"""Lesson 05's sources: six versions of a view that answer alike, a measured way down, and an audit that is fresh."""

import importlib
import re
import runpy

import pandas as pd
import pytest
from django.db import transaction
from django.test import override_settings
from django.urls import path

from helpers import complexity, pages, paths, registration
from helpers.audit import audit
from helpers.project import cells
from helpers.project.boot import boot
from helpers.services import installing

PAGE = "<form method='post'>{% csrf_token %}{{ form }}</form>"
GENERATOR = paths.DATA / "generators" / "accessibility.py"
FOLDER = paths.DATA / "accessibility"


@pytest.fixture(autouse=True)
def django():
    boot()
    cells.template("register.html", PAGE)


def answer(step, **changes):
    from helpers.conference.models import Profile, Room, Speaker, Speaking, Talk

    view = importlib.import_module(f"helpers.registration.{registration.STEPS[step]}").register
    written = (Speaker, Profile, Talk, Speaking)
    good = {"name": "Ada Byron", "title": "Notes on forms", "kind": "talk", "minutes": "30", "rules": "on"}
    good |= {"room": Room.objects.first().slug, "starts_at": "2011-09-09 18:00", "website": "", "years": ""}
    with override_settings(ROOT_URLCONF=cells.urls([path("register/", view)])), transaction.atomic():
        before = [each.objects.count() for each in written]
        sent = {name: value for name, value in (good | changes).items() if value is not None}
        response = pages.post("/register/", sent)
        added = [each.objects.count() - count for each, count in zip(written, before, strict=True)]
        transaction.set_rollback(True)
    complaints = sorted(re.findall(r'<ul class="errorlist" id="(\w+)"><li>(.*?)</li>', response.content.decode()))
    return response.status_code, response.headers.get("Location"), added, complaints


@pytest.mark.parametrize("step", registration.STEPS)
class TestVersion:
    def test_a_good_post_writes_its_rows_and_redirects(self, step):
        assert answer(step) == (302, "/talks/notes-on-forms/", [1, 0, 1, 1], [])

    def test_a_profile_is_written_where_there_is_something_for_it(self, step):
        assert answer(step, website="https://ada.example", years="3")[2] == [1, 1, 1, 1]

    @pytest.mark.parametrize(
        ("changes", "complaint"),
        [
            ({"title": ""}, ("id_title_error", "This field is required.")),
            ({"website": "ftp://ada.example"}, ("id_website_error", "Enter a valid URL.")),
            ({"kind": "keynote"}, ("id_kind_error", "Only the staff registers a keynote.")),
            ({"kind": "tutorial"}, ("id_minutes_error", "This kind takes 60 to 240 minutes.")),
            ({"starts_at": "soon"}, ("id_starts_at_error", "Enter a valid date/time.")),
            ({"rules": ""}, ("id_rules_error", "This field is required.")),
        ],
    )
    def test_a_fault_is_told_once_and_nothing_is_written(self, step, changes, complaint):
        assert answer(step, **changes) == (200, None, [0, 0, 0, 0], [complaint])

    @pytest.mark.parametrize("value", ["", None], ids=["nothing filled in", "nothing sent"])
    def test_a_post_without_a_value_is_told_what_is_missing(self, step, value):
        needed = ("kind", "minutes", "name", "room", "rules", "starts_at", "title")
        complaints = [(f"id_{name}_error", "This field is required.") for name in needed]
        assert answer(step, **dict.fromkeys([*needed, "website", "years"], value)) == (200, None, [0] * 4, complaints)

    def test_a_get_shows_the_form_without_a_complaint(self, step):
        view = importlib.import_module(f"helpers.registration.{registration.STEPS[step]}").register
        with override_settings(ROOT_URLCONF=cells.urls([path("register/", view)])):
            page = pages.get("/register/").content.decode()
        assert 'name="starts_at"' in page and "errorlist" not in page

    def test_a_taken_room_is_told_even_where_the_kind_is_none(self, step):
        from helpers.conference.models import Talk

        busy = Talk.objects.select_related("room").first()
        faults = {"kind": "poem", "room": busy.room.slug, "starts_at": f"{busy.starts_at:%Y-%m-%d %H:%M}"}
        told = [name for name, _ in answer(step, **faults)[3]]
        assert told == ["id_kind_error", "id_starts_at_error"]


def test_the_first_version_is_as_bad_as_the_lesson_says_and_the_last_as_good():
    first, last = (complexity.measure(registration.source(step)) for step in ("one view", "class-based"))
    assert len(first) == 1 and first.lines[0] > 100 and first.nesting[0] >= 5 and first.complexity[0] >= 20
    assert last.complexity.max() < 6 and last.nesting.max() <= 1


def test_a_piece_is_cut_out_by_its_words_and_unknown_words_are_refused():
    piece = registration.piece("save", "def register(", "return redirect").splitlines()
    assert piece[0] == "def register(request):" and len(piece) == 6
    assert registration.piece("clean", "class ", "class ").startswith("class WebField")
    with pytest.raises(ValueError, match="no line of 'save' holds"):
        registration.piece("save", "def forget(", "return")
    with pytest.raises(ValueError, match="no line of 'save' after"):
        registration.piece("save", "def register(", "def forget(")
    with pytest.raises(ValueError, match="there is no step 'poem': the steps are one view, early return"):
        registration.source("poem")


@pytest.mark.system_server("chromium")
def test_a_browser_shows_a_date_input_empty_unless_its_value_is_iso():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=installing.find("Chromium"), args=["--no-sandbox"])
        page = browser.new_context(offline=True).new_page()
        page.set_content("<input type='date' value='06.09.2011'><input type='date' value='2011-09-06'>")
        shown = page.evaluate("[...document.querySelectorAll('input')].map(each => each.value)")
        browser.close()
    assert shown == ["", "2011-09-06"]


@pytest.mark.system_server("chromium")
@pytest.mark.parametrize(("name", "rules"), [("faulty", 6), ("sound", 0)])
def test_a_fresh_audit_equals_the_stored_finding(name, rules):
    found = audit(runpy.run_path(str(GENERATOR))["page"](name))
    stored = pd.read_csv(FOLDER / f"{name}.csv", keep_default_na=False)
    assert len(stored) == rules
    assert found.astype(str).to_numpy().tolist() == stored.astype(str).to_numpy().tolist()
    assert found.columns.tolist() == stored.columns.tolist()


def test_the_card_counts_the_rows_of_its_files():
    card = (FOLDER / "README.md").read_text(encoding="utf-8")
    for name, words in (("faulty", "6 rows"), ("sound", "none")):
        content = (FOLDER / f"{name}.csv").read_bytes()
        assert b"\r" not in content and content.endswith(b"\n")
        assert f"`{name}.csv` ({words}" in card
