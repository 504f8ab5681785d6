"""The lessons of the workshop, in order: titles, minutes, which exist, and two routes through them."""

import re

import pandas as pd

from helpers import paths

TITLES = {
    "00": "Start here",
    "01": "The ORM",
    "02": "Reverse relations",
    "03": "Migrations",
    "04": "Forms",
    "05": "Advanced forms",
    "06": "Signals",
    "07": "URLs",
    "08": "Should you cache at all?",
    "09": "The hit rate",
    "10": "Caching patterns",
    "11": "Publish Cache",
    "12": "Backends, libraries, many servers",
    "13": "The standard stack",
    "14": "Higher loads",
    "15": "Ship it off, loosely coupled",
    "16": "Backups",
    "17": "Python all the way",
}
ROUTES = {
    "a beginner's day": ("00", "01", "02", "07", "04"),
    "a caching day": ("00", "08", "09", "10", "11"),
}
_MINUTES = re.compile(r"\*\*Core:\*\* (\d+) minutes(?: · \*\*deeper:\*\* (\d+) minutes)?")


def lessons() -> pd.DataFrame:
    """One row a lesson: `lesson` ("09"), `title`, `core_minutes`, `deeper_minutes` (<NA> where it is coming), `state`.

    The minutes are those that the lesson's own first lines name.
    """
    sources = {source.stem[:2]: source for source in paths.lessons()}
    rows = [
        {
            "lesson": number,
            "title": title,
            **_minutes(sources.get(number)),
            "state": "ready" if number in sources else "coming",
        }
        for number, title in TITLES.items()
    ]
    return pd.DataFrame(rows).astype({"core_minutes": "Int64", "deeper_minutes": "Int64"})


def routes() -> pd.DataFrame:
    """One row a lesson of each route: `route`, `step` (from 1), `lesson`, `title`, `state`."""
    known = lessons().set_index("lesson")
    rows = [
        {"route": route, "step": step, "lesson": number, "title": TITLES[number], "state": known.state[number]}
        for route, numbers in ROUTES.items()
        for step, number in enumerate(numbers, 1)
    ]
    return pd.DataFrame(rows)


def _minutes(source):
    found = _MINUTES.search(" ".join(source.read_text(encoding="utf-8")[:1500].split())) if source else None
    core, deeper = found.groups() if found else (None, None)
    return {"core_minutes": int(core) if core else None, "deeper_minutes": int(deeper) if deeper else None}
