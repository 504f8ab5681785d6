"""`make refresh [LESSON=09]`: builds notebooks from lessons, runs them, stores their outputs."""

import sys

import nbformat

from helpers import paths
from helpers.building.convert import convert, notebook_path
from helpers.building.execute import LessonFailed, execute
from helpers.building.normalise import normalise


def refresh(pattern: str = "") -> int:
    """Build the notebooks of the lessons whose name starts with `pattern`; returns how many were refused.

    A notebook that is refused leaves the stored one as it was.
    """
    sources = paths.lessons(pattern)
    if not sources:
        print(f"✘ no lesson starts with {pattern!r}: give its number, as in LESSON=09.")
        return 1
    refused = 0
    for source in sources:
        try:
            built = normalise(execute(convert(source)))
        except LessonFailed as error:
            refused += 1
            print(f"✘ {source.stem} was not stored: {error}")
            continue
        nbformat.write(built, notebook_path(source))
        print(f"✔ {notebook_path(source).name}: {len(built.cells)} cells")
    return refused


if __name__ == "__main__":
    sys.exit(1 if refresh(*sys.argv[1:]) else 0)
