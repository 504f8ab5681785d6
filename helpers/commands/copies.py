"""The learner's copies of the notebooks: filled in, never overwritten, renewed on request."""

import datetime
import hashlib
import json
import os
from pathlib import Path

import nbformat

from helpers import paths


def originals(pattern: str = "") -> list[Path]:
    """The notebooks as shipped, in order; `pattern` keeps those whose name starts with it, as in "09"."""
    return [each for each in sorted(paths.NOTEBOOKS.glob("[0-9][0-9]-*.ipynb")) if each.stem.startswith(pattern)]


def fill() -> list[str]:
    """Copy every notebook that the learner does not have into `work()`, without outputs; returns sentences to print.

    The fingerprint of each original is kept, so that one that has changed since can be told and offered.
    Raises OSError where the folder cannot be written.
    """
    record, told = _read_record(), []
    for original in originals():
        copy, now = paths.work() / original.name, fingerprint(original)
        if not copy.exists():
            _give(original)
            record[original.name] = now
        elif record.setdefault(original.name, now) != now:
            told.append(
                f"✎ There is a newer {original.stem}. Yours stays as it is; `make reset LESSON={original.stem[:2]}` "
                "keeps it aside and gives you the new one."
            )
    _write_record(record)
    return told


def renew(pattern: str = "") -> list[tuple[str, str | None]]:
    """Give fresh copies of the lessons whose name starts with `pattern`; the learner's own are renamed, never deleted.

    Returns (file name, name under which the learner's own is kept, or None where there was none). Raises ValueError
    when no lesson starts so, OSError where the folder cannot be written.
    """
    chosen = originals(pattern)
    if not chosen:
        known = ", ".join(each.stem for each in originals())
        raise ValueError(f"no lesson starts with {pattern!r}: give a number, as in LESSON=09. There are {known}.")
    record, renewed = _read_record(), []
    for original in chosen:
        kept = set_aside(paths.work() / original.name)
        _give(original)
        record[original.name] = fingerprint(original)
        renewed.append((original.name, kept))
    _write_record(record)
    return renewed


def set_aside(path: Path) -> str | None:
    """Rename a learner's file to `name.mine-<date>.suffix`, with a number where that is taken; returns the new name."""
    if not path.exists():
        return None
    base = f"{path.stem}.mine-{datetime.date.today().isoformat()}"
    for number in range(1, 1000):
        aside = path.with_name(f"{base}{'' if number == 1 else f'-{number}'}{path.suffix}")
        if not aside.exists():
            path.rename(aside)
            return aside.name
    raise OSError(f"{base} has 999 copies already: move some of them away.")


def fingerprint(original: Path) -> str:
    """A hash of what a learner would get: the cells' text. New outputs alone do not make a new version."""
    cells = [[cell.cell_type, cell.source] for cell in nbformat.read(original, 4).cells]
    return hashlib.sha256(json.dumps(cells).encode()).hexdigest()


def _give(original: Path) -> None:
    notebook = nbformat.read(original, 4)
    for cell in notebook.cells:  # stored outputs would give away what the learner is asked to predict
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    _write_whole(paths.work() / original.name, nbformat.writes(notebook))


def _read_record() -> dict:
    try:
        record = json.loads((paths.work() / ".originals.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def _write_record(record: dict) -> None:
    _write_whole(paths.work() / ".originals.json", json.dumps(record, indent=1))


def _write_whole(path: Path, text: str) -> None:
    # A full disk or an interruption must not leave half a notebook under the learner's name.
    part = path.with_name(f".{path.name}.part")
    part.write_text(text, encoding="utf-8")
    os.replace(part, path)
