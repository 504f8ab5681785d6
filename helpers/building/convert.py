"""Turns the source of a lesson (percent text) into a notebook without outputs."""

from pathlib import Path

import jupytext
import nbformat

from helpers import needs, paths


def notebook_path(source: Path) -> Path:
    """Where the notebook of a lesson's source lies."""
    return paths.NOTEBOOKS / f"{paths.lesson_name(source)}.ipynb"


def convert(source: Path) -> nbformat.NotebookNode:
    """The notebook of a lesson: its cells, ids that come from the lesson and the cell's position, no outputs.

    A cell that begins with `%%needs memcached` gets the tag `needs-memcached`; a heading tagged `collapsed` is folded,
    the source of a cell tagged `hidden-source` too.
    """
    notebook = jupytext.reads(source.read_text(encoding="utf-8"), fmt="py:percent")
    for position, cell in enumerate(notebook.cells):
        cell.id = f"{source.stem[:2]}-{position:03d}"
        tags = list(cell.metadata.get("tags", []))
        named = needs.named(cell.source) if cell.cell_type == "code" else None
        tags += [f"needs-{name}" for name in named or [] if f"needs-{name}" not in tags]
        cell.metadata = nbformat.from_dict({"tags": tags} if tags else {})
        if "collapsed" in tags:  # JupyterLab folds everything down to the next heading of this level
            cell.metadata["jp-MarkdownHeadingCollapsed"] = True
        if "hidden-source" in tags:  # a quiz would give its answers away
            cell.metadata["jupyter"] = nbformat.from_dict({"source_hidden": True})
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
    )
    return notebook
