"""The frame around a page: what stands in it, what it says as text, and that nothing gets out of it in a browser."""

import html
import re
import shutil

import pytest

from helpers import framing
from helpers.project.boot import boot

HOSTILE = """<!doctype html><title>Hostile</title><p id="inside">still</p><script>
document.getElementById("inside").textContent = "script ran";
for (const attempt of [
  () => { parent.document.title = "taken" }, () => { parent.taken = true }, () => { top.location = "/taken" },
  () => { localStorage.setItem("taken", "1") }, () => { document.cookie = "taken=1" },
  () => { open("/opened") }, () => { fetch("/fetched") }, () => { new Image().src = "/fetched" },
  () => { document.forms[0].submit() },
]) { try { attempt() } catch (refused) {} }
</script><form action="/sent" method="post"><button>Go</button></form><img src="/fetched.png">
<link rel="stylesheet" href="/fetched.css"><iframe src="/fetched.html"></iframe>"""


@pytest.fixture(autouse=True)
def django():
    boot()


def document(bundle):
    return html.unescape(re.search(r'srcdoc="([^"]*)"', bundle["text/html"])[1])


def test_a_page_says_its_text_and_fields_and_no_hidden_ones():
    page = """<body><h1>Rate <b>it</b></h1><form><input type="hidden" name="secret" value="42"><label>Stars
    <input name="stars" value="3"></label><textarea name="note"> So &lt;so </textarea><select name="kind"><option>A
    <option selected>B</select><input type="checkbox" name="ok" checked><input type="radio" name="r">
    <button>Send it</button><input type="submit" value="Save"></form><script>x()</script></body>"""
    text = framing.as_text(page)
    for part in ("Rate", "[stars: 3]", "[note: So <so]", "[kind: B, of 2]", "[x]", "[ ]", "(Send it)", "(Save)"):
        assert part in text
    assert "secret" not in text and "x()" not in text


def test_the_page_cannot_leave_its_attribute_and_carries_no_token():
    bundle = framing.frame('<p>"</p><input name="csrfmiddlewaretoken" value="AbC123">', 'T"itle<')
    assert bundle["text/html"].count("<iframe") == 1 and 'title="T&quot;itle&lt;"' in bundle["text/html"]
    assert "AbC123" not in bundle["text/html"] and '<p>"</p>' in document(bundle)


def test_the_policy_comes_before_the_page_and_the_site_s_stylesheet_is_put_in():
    made = document(framing.frame("<!DOCTYPE html><html><head><title>x</title></head></html>", "x"))
    assert made.startswith("<!DOCTYPE html><meta http-equiv=")
    linked = (
        '<html><link href="/static/conference/site.css" rel="stylesheet"><link rel="stylesheet" href="/no.css"></html>'
    )
    made = document(framing.frame(linked, "x"))
    assert "<style>/* The look" in made and "<link" not in made
    assert "<style>/* The look" in document(framing.frame("<p>A piece</p>", "x"))


def test_height_is_estimated_within_bounds_or_taken_as_given():
    def height(*arguments):
        return int(re.search(r"height:(\d+)px", framing.frame(*arguments)["text/html"])[1])

    assert height("<p>x</p>", "x") == 90 and height("<p>x</p>" * 8, "x") == 272 and height("<p>x</p>" * 99, "x") == 640
    assert height("<p>x</p>", "x", 300) == 300


@pytest.mark.system_server("chromium")
@pytest.mark.parametrize("scripts", [False, True])
def test_nothing_gets_out_of_the_frame_in_a_browser(scripts):
    from playwright.sync_api import sync_playwright

    asked = []

    def answer(route):
        asked.append(route.request.url)
        page = (
            "<!doctype html><title>notebook</title>" + framing.frame(HOSTILE, "Hostile", scripts=scripts)["text/html"]
        )
        route.fulfill(body=page, content_type="text/html")

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        context = browser.new_context()
        context.route("**/*", answer)
        page = context.new_page()
        page.goto("http://127.0.0.1/notebook")
        inside = page.frame_locator("iframe").locator("#inside")
        inside.wait_for()
        page.frame_locator("iframe").first.locator("button").click()
        page.wait_for_timeout(300)
        assert inside.inner_text() == ("script ran" if scripts else "still")
        assert page.title() == "notebook" and page.evaluate("window.taken") is None
        assert page.url == "http://127.0.0.1/notebook" and len(context.pages) == 1
        assert page.evaluate("localStorage.length") == 0 and page.evaluate("document.cookie") == ""
        browser.close()
    assert asked == ["http://127.0.0.1/notebook"]
