"""A page looked over by axe-core in a real browser: which rules of WCAG 2.2 AA and Section 508 it breaks, and where.

axe-core (Deque Systems) finds only what a machine can tell; the rest takes a person, a keyboard and a screen reader.
"""

from concurrent.futures import ThreadPoolExecutor

import pandas as pd

from helpers import framing
from helpers.services import installing

COLUMNS = ["rule", "impact", "elements", "help", "where"]
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "section508", "best-practice"]
IMPACTS = ["critical", "serious", "moderate", "minor"]


def audit(page: str, title: str = "a piece of a page") -> pd.DataFrame:
    """One row for each rule that the page breaks, the gravest first; an empty frame for a page without a finding.

    `page` is HTML as text, whole or a piece (see `framing.document`). `rule` is axe's name, `impact` one of IMPACTS,
    `elements` how many break it, `help` what to do, `where` the CSS selector of the first. The page is loaded without
    a network. Raises RuntimeError, with what to install, where no Chromium is found.
    """
    program = installing.find("Chromium")
    if program is None:
        raise RuntimeError(f"No Chromium on this machine, and an audit needs one. {installing.words('Chromium')}")
    # In a thread of its own: Playwright refuses to work inside the event loop that a kernel runs.
    with ThreadPoolExecutor(1) as thread:
        found = thread.submit(_violations, program, framing.document(page, title)).result()
    rows = [
        [each["id"], each["impact"], len(each["nodes"]), each["help"], " ".join(map(str, each["nodes"][0]["target"]))]
        for each in sorted(found, key=lambda each: (IMPACTS.index(each["impact"]), each["id"]))
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _violations(program, document):
    from axe_playwright_python.sync_playwright import Axe
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        try:
            context = browser.new_context(offline=True)
            page = context.new_page()
            page.set_content(document)
            return Axe().run(page, options={"runOnly": STANDARDS}).response["violations"]
        finally:
            browser.close()
