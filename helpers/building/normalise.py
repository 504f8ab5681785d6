"""Makes an executed notebook the same on every machine: no times, no paths, no names."""

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
    private = _private_words()
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", []):
            _refuse(private, output, cell)
    nbformat.validate(notebook)
    return notebook


def _private_words() -> list[str]:
    words = {str(paths.ROOT), str(Path.home()) + "/", "/tmp/", socket.gethostname(), getpass.getuser() + "@"}
    return sorted(words - {""})


def _refuse(private, output, cell):
    text = output.get("text", "") + "".join(
        str(value) for kind, value in output.get("data", {}).items() if kind.startswith("text/")
    )
    text = re.sub(r"base64,[A-Za-z0-9+/=]+", "", text)
    for word in private:
        if word in text:
            raise LessonFailed(f"an output holds {word!r}, which belongs to this machine:\n{cell.source}")
