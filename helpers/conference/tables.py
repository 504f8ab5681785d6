"""The conference as tables: the columns of its CSV files, reading them and writing them (needs no Django)."""

import csv
from datetime import datetime
from pathlib import Path

from helpers.paths import DATA

FOLDER = DATA / "conference-2011"


def read(folder: Path = FOLDER) -> dict[str, list[tuple]]:
    """The rows of every CSV file in `folder`: table name → tuples in the order of `COLUMNS`, typed.

    Raises ValueError, naming file, line and column, where a file does not hold what its card says.
    """
    return {name: list(_rows(Path(folder) / f"{name}.csv", columns)) for name, columns in COLUMNS.items()}


def write(tables: dict[str, list[tuple]], folder: Path) -> None:
    """Write each table as `<name>.csv` into `folder`: UTF-8, LF, a header line, blank for None, times as ISO 8601."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    for name, columns in COLUMNS.items():
        with open(Path(folder) / f"{name}.csv", "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(columns)
            for row in tables[name]:
                writer.writerow([value.isoformat() if isinstance(value, datetime) else value for value in row])


def optional_integer(text: str) -> int | None:
    """The whole number in `text`, None where it is blank."""
    return int(text) if text else None


# Parents before children, so that a database can be filled in this order. All ids are the tables' own.
COLUMNS = {
    "rooms": {"id": int, "name": str, "slug": str, "seats": int, "origin": str},
    "speakers": {"id": int, "name": str, "slug": str, "bio": str, "origin": str},
    "profiles": {
        "speaker_id": int,
        "company": str,
        "website": str,
        "years_with_django": optional_integer,
        "origin": str,
    },
    "talks": {
        "id": int,
        "title": str,
        "slug": str,
        "abstract": str,
        "kind": str,
        "room_id": int,
        "starts_at": datetime.fromisoformat,
        "minutes": int,
        "origin": str,
    },
    "speaking": {"talk_id": int, "speaker_id": int, "order": int, "origin": str},
    "attendees": {"id": int, "name": str, "email": str, "registered_at": datetime.fromisoformat, "origin": str},
    "ratings": {
        "id": int,
        "talk_id": int,
        "attendee_id": int,
        "stars": int,
        "created": datetime.fromisoformat,
        "origin": str,
    },
}


def _rows(path, columns):
    with open(path, encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        header = next(reader, [])
        if header != list(columns):
            raise ValueError(
                f"{path.name} begins with the columns {', '.join(header) or '(none)'}, but its card promises "
                f"{', '.join(columns)}; restore the file (`git checkout data`)."
            )
        for row in reader:
            yield _typed(row, columns, f"{path.name}, line {reader.line_num}")


def _typed(row, columns, where):
    if len(row) != len(columns):
        raise ValueError(f"{where} has {len(row)} values for {len(columns)} columns; restore the file.")
    values = []
    for text, (name, kind) in zip(row, columns.items(), strict=True):
        try:
            values.append(kind(text))
        except ValueError:
            raise ValueError(f"{where}: {text!r} is no value for the column {name}; restore the file.") from None
    return tuple(values)
