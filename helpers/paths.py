"""Where things lie: the folders of the workshop, found from this file and from TROUBLESPOTS_WORK."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "data"
LESSONS = ROOT / "lessons"
NOTEBOOKS = ROOT / "notebooks"


def lessons(pattern: str = "") -> list[Path]:
    """The sources of all lessons, in order; `pattern` keeps those whose name starts with it, as in "09"."""
    return [each for each in sorted(LESSONS.glob("[0-9][0-9]_*.py")) if each.stem.startswith(pattern)]


def lesson_name(source: Path) -> str:
    """What a lesson's source is called everywhere else, as in "09-hit-rate"."""
    return source.stem.replace("_", "-")


def work() -> Path:
    """The learner's own folder: `TROUBLESPOTS_WORK` where it is set (the tests do), else `work/`; made if absent."""
    folder = Path(os.environ.get("TROUBLESPOTS_WORK") or ROOT / "work")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def cache() -> Path:
    """A folder inside `work()` for what can be made again at any time (database templates); made if absent."""
    folder = work() / ".cache"
    folder.mkdir(exist_ok=True)
    return folder
