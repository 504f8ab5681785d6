"""The pages of lesson 04 in a real browser: a row is added, a picture runs its script, a German date is not shown."""

import shutil

import nbformat
import pytest
from django import forms

from helpers import paths
from helpers.project.boot import boot

pytestmark = pytest.mark.system_server("chromium")


class Topic(forms.Form):
    title = forms.CharField(max_length=40)
    minutes = forms.IntegerField(min_value=5, initial=15)


def frame_titled(title):
    """The iframe that the lesson shows under `title`, as it is stored."""
    notebook = nbformat.read(paths.NOTEBOOKS / "04-forms.ipynb", 4)
    outputs = [each for cell in notebook.cells for each in cell.get("outputs", [])]
    found = [each.data["text/html"] for each in outputs if f'<iframe title="{title}"' in str(each.get("data", {}))]
    assert len(found) == 1
    return found[0]


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        yield found
        found.close()


def opened(browser, title):
    page = browser.new_page()
    page.set_content(frame_titled(title))
    return page.frame_locator("iframe")


def test_rows_that_the_button_adds_are_counted_and_a_formset_takes_them(browser):
    frame = opened(browser, "rows added in the browser")
    for _ in range(2):
        frame.get_by_role("button", name="One more topic").click()
    titles = frame.locator("#rows input[name$=title]")
    names = [titles.nth(place).get_attribute("name") for place in range(titles.count())]
    assert names == ["form-0-title", "form-1-title", "form-2-title"]
    for place, words in enumerate("ABC"):
        titles.nth(place).fill(words)
    sent = frame.locator("form").evaluate("form => Object.fromEntries(new FormData(form))")
    assert sent["form-TOTAL_FORMS"] == "3" and not [name for name in sent if "__prefix__" in name]
    boot()
    topics = forms.formset_factory(Topic)(sent)
    assert topics.is_valid() and [row["title"] for row in topics.cleaned_data] == ["A", "B", "C"]


def test_the_picture_runs_its_script_in_the_page(browser):
    words = opened(browser, "Your account").locator("#words").text_content()
    assert words == "This picture ran a script in the page: Your account"


def test_a_date_that_is_not_iso_is_not_shown(browser):
    inputs = opened(browser, "one date, two ways to write it").locator("input[type=date]")
    written = [inputs.nth(place).get_attribute("value") for place in range(2)]
    shown = [inputs.nth(place).input_value() for place in range(2)]
    assert (written, shown) == (["08.09.2011", "2011-09-08"], ["", "2011-09-08"])
