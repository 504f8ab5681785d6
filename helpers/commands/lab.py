"""`make lab`: fills the learner's folder and opens JupyterLab on it, with settings that suit a course."""

import argparse
import hashlib
import json
import os
import sys

import nbformat

from helpers import paths

_SETTINGS = {
    "@jupyterlab/apputils-extension/notification": {"checkForUpdates": False, "fetchNews": "false"},
    "@jupyterlab/docmanager-extension/plugin": {"autosaveInterval": 60},
}


def fill() -> list[str]:
    """Copy every notebook that the learner does not have into `work()`, without outputs; returns sentences to print.

    A copy is never overwritten. The hash of each original is kept, so that a changed original can be told.
    """
    record_path = paths.work() / ".originals.json"
    try:
        record = json.loads(record_path.read_text())
    except (OSError, ValueError):
        record = {}
    told = []
    for original in sorted(paths.NOTEBOOKS.glob("*.ipynb")):
        now = hashlib.sha256(original.read_bytes()).hexdigest()
        copy = paths.work() / original.name
        if not copy.exists():
            _copy(original, copy)
            record[original.name] = now
        elif record.get(original.name) not in (None, now):
            told.append(f"{original.stem} has changed since you began it: move your copy away to get the new one.")
    record_path.write_text(json.dumps(record, indent=1))
    return told


def settings() -> str:
    """Write JupyterLab's settings for the course into `work()/.jupyter` and return that folder."""
    folder = paths.work() / ".jupyter"
    for name, values in _SETTINGS.items():
        path = folder / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():  # a learner's own choice stays
            path.write_text(json.dumps(values))
    return str(folder)


def command(port: int | None, browser: bool) -> list[str]:
    """The command line that opens JupyterLab on the first lesson."""
    first = min(each.name for each in paths.work().glob("[0-9][0-9]-*.ipynb"))
    words = [sys.executable, "-m", "jupyterlab", "--ip=127.0.0.1", f"--ServerApp.root_dir={paths.work()}"]
    words += [f"--LabApp.default_url=/lab/tree/{first}", "--LabApp.news_url=None"]
    words += [f"--port={port}", "--ServerApp.port_retries=0"] if port else []
    words += [] if browser else ["--no-browser"]
    return words + (["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else [])


def _copy(original, copy):
    notebook = nbformat.read(original, 4)
    for cell in notebook.cells:  # stored outputs would give away what the learner is asked to predict
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    nbformat.write(notebook, copy)


def main() -> None:
    parser = argparse.ArgumentParser(prog="make lab")
    parser.add_argument("--port", type=int)
    parser.add_argument("--no-browser", action="store_true")
    options = parser.parse_args()
    for sentence in fill():
        print(sentence)
    os.environ["JUPYTERLAB_SETTINGS_DIR"] = settings()
    words = command(options.port, browser=not options.no_browser)
    os.execv(words[0], words)


if __name__ == "__main__":
    main()
