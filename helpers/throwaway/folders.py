"""Folders for throw-away projects: numbered, inside the kernel's temporary folder, gone with it."""

import itertools
import shutil
from pathlib import Path

from helpers.project import temporary

_numbers = itertools.count(1)


def copied(source: Path) -> Path:
    """A new folder with all that is in `source`."""
    target = empty_folder()
    shutil.copytree(source, target, dirs_exist_ok=True)
    return target


def empty_folder() -> Path:
    """A new folder with nothing in it."""
    folder = temporary.folder() / f"project-{next(_numbers)}"
    folder.mkdir()
    return folder
