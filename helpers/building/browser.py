"""Runs a notebook as a learner does: in JupyterLab, in a headless Chromium, by the menu Run ▸ Run All Cells.

`python -m helpers.building.browser notebooks/09-hit-rate.ipynb FOLDER [dark]` leaves the executed notebook, and a
picture of every screen, in FOLDER. It says which cell failed, if one did.
"""

import contextlib
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import nbformat

from helpers.building.execute import LessonFailed, refuse_failures
from helpers.commands import lab

THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
_PANEL = ".jp-NotebookPanel:not(.lm-mod-hidden)"
_BUSY = f"[...document.querySelectorAll('{_PANEL} .jp-InputPrompt')].filter(e => e.textContent.includes('*')).length"


def run_in_lab(notebook: Path, pictures: Path | None = None, theme: str = "light", limit_seconds: float = 300):
    """Open a copy of `notebook`, without outputs, in JupyterLab; run all cells; return what was saved, as a notebook.

    With `pictures`, a folder, every screen of the page is stored there as PNG, folded parts too. Raises RuntimeError
    where JupyterLab does not start, asks something, or is not done after `limit_seconds`. The learner's own folder is
    not touched.
    """
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory(prefix="troublespots-lab-") as folder:
        copy = Path(folder) / "work" / notebook.name
        copy.parent.mkdir()
        document = nbformat.read(notebook, 4)
        for cell in document.cells:  # stored outputs would make a run that never happened look like one
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
            if pictures:
                cell.metadata.pop("jp-MarkdownHeadingCollapsed", None)
        nbformat.write(document, copy)
        with _jupyterlab(Path(folder), theme) as (address, token), sync_playwright() as playwright:
            options = ["--no-sandbox", "--disable-background-networking", "--disable-component-update"]
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=options)
            page = browser.new_page(viewport={"width": 1280, "height": 1400})
            page.goto(f"{address}/lab/tree/{copy.name}?token={token}&reset")
            page.locator(f"{_PANEL} .jp-Cell").first.wait_for(timeout=60_000)
            _run_all(page, address, token, limit_seconds)
            page.keyboard.press("Control+s")
            _until(lambda: page.locator(".lm-TabBar-tab.lm-mod-current.jp-mod-dirty").count() == 0, 20)
            if pictures:
                _picture(page, pictures)
            browser.close()
        return nbformat.read(copy, 4)


@contextlib.contextmanager
def _jupyterlab(folder, theme):
    before = os.environ.get("TROUBLESPOTS_WORK")
    os.environ["TROUBLESPOTS_WORK"] = str(folder / "work")
    try:
        variables, words = lab.environment(), lab.command(browser=False)
    finally:
        if before is None:
            del os.environ["TROUBLESPOTS_WORK"]
        else:
            os.environ["TROUBLESPOTS_WORK"] = before
    settings = Path(variables["JUPYTERLAB_SETTINGS_DIR"]) / "@jupyterlab"
    for name, values in (
        ("apputils-extension/themes", {"theme": THEMES[theme]}),
        # Cells that were never on the screen run all the same, but a page of them cannot be pictured.
        ("notebook-extension/tracker", {"windowingMode": "none", "kernelShutdown": True}),
    ):
        (settings / name).parent.mkdir(parents=True, exist_ok=True)
        (settings / f"{name}.jupyterlab-settings").write_text(json.dumps(values))
    token, runtime = secrets.token_hex(16), folder / "runtime"
    private = {"JUPYTER_RUNTIME_DIR": str(runtime), "JUPYTER_DATA_DIR": str(folder / "data")}
    with open(folder / "lab.log", "w") as log:
        server = subprocess.Popen(
            [*words, f"--IdentityProvider.token={token}"],
            env={**os.environ, **variables, **private, "TROUBLESPOTS_WORK": str(folder / "work")},
            stdout=log,
            stderr=log,
        )
    try:
        _until(lambda: server.poll() is not None or _known(runtime), 60)
        if server.poll() is not None:
            raise RuntimeError(f"JupyterLab did not start:\n{(folder / 'lab.log').read_text()[-2000:]}")
        yield _known(runtime), token
    finally:
        server.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(15)
        server.kill()


def _known(runtime):
    """The address that the server has written down once it listens."""
    for file in runtime.glob("jpserver-*.json"):
        with contextlib.suppress(ValueError, KeyError):
            return json.loads(file.read_text())["url"].rstrip("/")
    return None


def _run_all(page, address, token, limit_seconds):
    def kernel_waits():
        with urllib.request.urlopen(f"{address}/api/sessions?token={token}", timeout=5) as answer:
            sessions = json.load(answer)
        kernel = sessions[0]["kernel"] if sessions else {"execution_state": "", "connections": 0}
        return kernel["execution_state"] == "idle" and kernel["connections"] > 0

    _until(kernel_waits, 60)  # the indicator on the page says so before there is a kernel
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.locator('[data-command="runmenu:run-all"]:visible').click()
    time.sleep(1)

    waiting = 0

    def done():
        nonlocal waiting
        if page.locator(".jp-Dialog").count():
            raise RuntimeError(f"JupyterLab asks: {page.locator('.jp-Dialog').first.inner_text()}")
        # A folded cell shows no star, and between two cells the kernel waits for a moment: ask for eight moments.
        waiting = waiting + 1 if page.evaluate(_BUSY) == 0 and kernel_waits() else 0
        return waiting == 8

    _until(done, limit_seconds)


def _picture(page, folder):
    folder.mkdir(parents=True, exist_ok=True)
    outer = f"{_PANEL} .jp-WindowedPanel-outer"
    height = page.evaluate(f"document.querySelector('{outer}').scrollHeight")
    for number, top in enumerate(range(0, height, 1200)):
        page.evaluate(f"document.querySelector('{outer}').scrollTop = {top}")
        page.wait_for_timeout(250)
        page.screenshot(path=folder / f"screen-{number:02d}.png")


def _until(true, seconds):
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise RuntimeError(f"JupyterLab was not ready after {seconds:g} seconds")
        time.sleep(0.25)


if __name__ == "__main__":
    chosen, target = Path(sys.argv[1]), Path(sys.argv[2])
    ran = run_in_lab(chosen, target, *sys.argv[3:4])
    nbformat.write(ran, target / chosen.name)
    try:
        refuse_failures(ran)
    except LessonFailed as error:
        sys.exit(f"✘ {chosen.stem}: {error}")
