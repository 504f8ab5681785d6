"""Runs a notebook in a fresh kernel and keeps its outputs."""

import nbformat
from nbclient import NotebookClient

from helpers import paths


class LessonFailed(Exception):
    """A lesson cannot be stored as it ran: the message names the cell and what it printed."""


def execute(notebook: nbformat.NotebookNode, timeout_seconds: int = 180) -> nbformat.NotebookNode:
    """Run every cell of `notebook`, in a kernel of its own, where notebooks lie; store its outputs and return it.

    Raises LessonFailed, with the cell, for an error or a claim that does not hold.
    """
    paths.NOTEBOOKS.mkdir(exist_ok=True)
    where = {"metadata": {"path": str(paths.NOTEBOOKS)}}
    NotebookClient(
        notebook, timeout=timeout_seconds, kernel_name="python3", allow_errors=True, resources=where
    ).execute()
    refuse_failures(notebook)
    return notebook


def refuse_failures(notebook: nbformat.NotebookNode) -> None:
    """Raise LessonFailed for the first stored error, text on stderr, or line that begins with ✘."""
    for number, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                raise LessonFailed(f"cell {number} raised {output.ename}: {output.evalue}\n{cell.source}")
            if output.output_type == "stream" and output.name == "stderr":
                raise LessonFailed(f"cell {number} wrote to stderr: {output.text}\n{cell.source}")
            if any(line.startswith("✘") for line in output.get("text", "").splitlines()):
                raise LessonFailed(f"cell {number} printed {output.text}\n{cell.source}")
