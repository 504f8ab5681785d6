"""Runs a notebook in a fresh kernel and keeps its outputs."""

import os
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from helpers import paths


class LessonFailed(Exception):
    """A lesson cannot be stored as it ran: the message names the cell and what it printed."""


def execute(notebook: nbformat.NotebookNode, timeout_seconds: int = 180, folder: Path | None = None):
    """Run every cell of `notebook`, store its outputs in it, and return it.

    It runs in `folder` (default: where notebooks lie) in a kernel of its own. Raises LessonFailed, with the cell, for
    an error or a claim that does not hold.
    """
    where = str(folder or paths.NOTEBOOKS)
    os.makedirs(where, exist_ok=True)
    client = NotebookClient(
        notebook, timeout=timeout_seconds, kernel_name="python3", resources={"metadata": {"path": where}}
    )
    client.allow_errors = True
    client.execute()
    for number, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                raise LessonFailed(f"cell {number} raised {output.ename}: {output.evalue}\n{cell.source}")
            if output.output_type == "stream" and output.name == "stderr":
                raise LessonFailed(f"cell {number} wrote to stderr: {output.text}\n{cell.source}")
            if any(line.startswith("✘") for line in output.get("text", "").splitlines()):
                raise LessonFailed(f"cell {number} printed {output.text}\n{cell.source}")
    return notebook
