"""Turns the source of a lesson (percent text) into a notebook without outputs."""

import re
from pathlib import Path

import jupytext
import nbformat

from helpers import paths


def lessons(pattern: str = "") -> list[Path]:
    """The sources of all lessons, in order; `pattern` keeps those whose name starts with it, as in "09"."""
    return [each for each in sorted(paths.LESSONS.glob("[0-9][0-9]_*.py")) if each.stem.startswith(pattern)]


def notebook_path(source: Path) -> Path:
    """Where the notebook of a lesson's source lies."""
    return paths.NOTEBOOKS / (source.stem.replace("_", "-") + ".ipynb")


def convert(source: Path) -> nbformat.NotebookNode:
    """The notebook of a lesson: its cells, ids that come from the lesson and the cell's position, no outputs.

    A cell that begins with `%%needs memcached` gets the tag `needs-memcached`.
    """
    notebook = jupytext.reads(source.read_text(encoding="utf-8"), fmt="py:percent")
    for position, cell in enumerate(notebook.cells):
        cell.id = f"{source.stem[:2]}-{position:03d}"
        tags = list(cell.metadata.get("tags", []))
        tags += [f"needs-{name}" for name in servers_needed(cell) if f"needs-{name}" not in tags]
        cell.metadata = nbformat.from_dict({"tags": tags} if tags else {})
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
    )
    return notebook


def servers_needed(cell) -> list[str]:
    """The servers that a code cell names in its `%%needs` line."""
    found = re.match(r"%%needs[ \t]+(.+)", cell.source) if cell.cell_type == "code" else None
    return found.group(1).split() if found else []
