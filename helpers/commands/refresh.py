"""`make refresh [LESSON=09]`: builds notebooks from lessons, runs them, stores outputs, and the README's picture."""

import base64
import os
import re
import sys
import tempfile
from unittest import mock

import nbformat

from helpers import paths
from helpers.building.convert import convert, notebook_path
from helpers.building.execute import LessonFailed, execute
from helpers.building.normalise import normalise

PICTURE = paths.ROOT / "docs" / "hit-rate.png"
_PICTURED = re.compile(r'<img alt="Hit rate against items that fit\. The exact LRU[^>]*base64,([A-Za-z0-9+/=]+)')


def refresh(pattern: str = "") -> int:
    """Build the notebooks of the lessons whose name starts with `pattern`; returns how many were refused.

    A notebook that is refused leaves the stored one as it was.
    """
    sources = paths.lessons(pattern)
    if not sources:
        print(f"✘ no lesson starts with {pattern!r}: give its number, as in LESSON=09.")
        return 1
    # What this developer has solved is not to stand in a learner's notebook.
    with tempfile.TemporaryDirectory(prefix="troublespots-refresh-", ignore_cleanup_errors=True) as work:
        with mock.patch.dict(os.environ, TROUBLESPOTS_WORK=work):
            return sum(not _refreshed(source) for source in sources)


def _refreshed(source) -> bool:
    try:
        built = normalise(execute(convert(source)))
    except LessonFailed as error:
        print(f"✘ {source.stem} was not stored: {error}")
        return False
    nbformat.write(built, notebook_path(source))
    if picture := readme_picture(built):
        PICTURE.write_bytes(picture)
    print(f"✔ {notebook_path(source).name}: {len(built.cells)} cells")
    return True


def readme_picture(notebook: nbformat.NotebookNode) -> bytes | None:
    """The figure of lesson 09 that the README shows, as PNG; None where `notebook` has no such figure."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if found := _PICTURED.search(output.get("data", {}).get("text/html", "")):
                return base64.b64decode(found[1])
    return None


if __name__ == "__main__":
    sys.exit(1 if sum(refresh(pattern) for pattern in sys.argv[1:] or [""]) else 0)
