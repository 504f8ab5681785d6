"""Makes an executed notebook the same on every machine: no times, no paths, outputs joined."""

import getpass
import re
import socket
from pathlib import Path

import nbformat

from helpers import paths
from helpers.building.execute import LessonFailed


def normalise(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Drop what differs on every run, so that a diff shows what changed; returns the same notebook.

    Raises LessonFailed when a path, the user's name or the machine's name is left in an output.
    """
    count = 0
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type != "code":
            continue
        count += 1
        cell.execution_count = count
        for output in cell.outputs:
            if "execution_count" in output:
                output.execution_count = count
            _refuse_private(output, cell)
    nbformat.validate(notebook)
    return notebook


def _refuse_private(output, cell):
    text = output.get("text", "") + "".join(
        str(value) for kind, value in output.get("data", {}).items() if kind.startswith("text/")
    )
    text = re.sub(r"base64,[A-Za-z0-9+/=]+", "", text)
    private = {str(paths.ROOT), str(Path.home()) + "/", "/tmp/", socket.gethostname(), getpass.getuser() + "@"}
    for word in sorted(private):
        if word and word in text:
            raise LessonFailed(f"an output holds {word!r}, which belongs to this machine:\n{cell.source}")
