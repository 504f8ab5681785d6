"""The conference's CSV files: as the generator makes them, whole, and honest about what is real."""

import csv
import re
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import paths
from helpers.conference import generator, named, tables

SCRIPT = paths.DATA / "generators" / "conference.py"
CARD = (tables.FOLDER / "README.md").read_text(encoding="utf-8")


def as_records(rows):
    return {name: [dict(zip(tables.COLUMNS[name], row, strict=True)) for row in rows[name]] for name in tables.COLUMNS}


@pytest.fixture(scope="module", params=generator.SIZES)
def conference(request):
    """All three sizes as dictionaries; the small one as it is on the disk."""
    small = request.param == "small"
    return request.param, as_records(tables.read() if small else generator.conference(request.param))


def test_the_generator_makes_the_files_byte_for_byte(tmp_path):
    subprocess.run([sys.executable, SCRIPT, tmp_path], check=True, timeout=60)
    made = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    stored = {file.name: file.read_bytes() for file in tables.FOLDER.glob("*.csv")}
    assert len(made) == len(tables.COLUMNS) == 7
    assert made == stored


def test_reading_gives_back_what_was_generated():
    assert tables.read() == generator.conference("small")


def test_files_are_small_tidy_utf8():
    total = 0
    for file in tables.FOLDER.glob("*.csv"):
        content = file.read_bytes()
        total += len(content)
        assert b"\r" not in content and content.endswith(b"\n") and not content.startswith(b"\xef\xbb\xbf")
        rows = list(csv.reader(content.decode("utf-8").splitlines()))
        assert {len(row) for row in rows} == {len(rows[0])}
    assert 0 < total < 1_000_000


def test_row_counts_are_those_of_the_size(conference):
    size, rows = conference
    wanted = generator.SIZES[size]
    counted = (wanted.rooms, wanted.speakers, wanted.talks, wanted.attendees, wanted.ratings)
    assert counted == tuple(len(rows[name]) for name in ("rooms", "speakers", "talks", "attendees", "ratings"))


def test_every_reference_has_its_row(conference):
    _, rows = conference
    references = [
        ("profiles", "speaker_id", "speakers"),
        ("talks", "room_id", "rooms"),
        ("speaking", "talk_id", "talks"),
        ("speaking", "speaker_id", "speakers"),
        ("ratings", "talk_id", "talks"),
        ("ratings", "attendee_id", "attendees"),
    ]
    for table, column, target in references:
        assert {row[column] for row in rows[table]} <= {row["id"] for row in rows[target]}, (table, column)


def test_what_the_card_calls_unique_is_unique(conference):
    _, rows = conference
    keys = [
        *((name, ("id",)) for name in ("rooms", "speakers", "talks", "attendees", "ratings")),
        *((name, ("slug",)) for name in ("rooms", "speakers", "talks")),
        ("rooms", ("name",)),
        ("profiles", ("speaker_id",)),
        ("talks", ("room_id", "starts_at")),
        ("speaking", ("talk_id", "speaker_id")),
        ("speaking", ("talk_id", "order")),
        ("attendees", ("email",)),
        ("ratings", ("talk_id", "attendee_id")),
    ]
    for table, columns in keys:
        counts = Counter(tuple(row[column] for column in columns) for row in rows[table])
        assert counts and max(counts.values()) == 1, (table, columns)


def test_values_lie_where_the_card_says(conference):
    _, rows = conference
    ends = {talk["id"]: talk["starts_at"] + timedelta(minutes=talk["minutes"]) for talk in rows["talks"]}
    assert all(1 <= row["stars"] <= 5 for row in rows["ratings"])
    assert {row["stars"] for row in rows["ratings"]} == {1, 2, 3, 4, 5}
    assert all(ends[row["talk_id"]] <= row["created"] <= ends[row["talk_id"]] + timedelta(3) for row in rows["ratings"])
    assert [row["created"] for row in rows["ratings"]] == sorted(row["created"] for row in rows["ratings"])
    assert all(10 <= row["minutes"] <= 60 for row in rows["talks"])
    assert {row["kind"] for row in rows["talks"]} == {"keynote", "talk", "panel", "tutorial", "lightning"}
    assert all(row["starts_at"].hour == 9 for row in rows["talks"] if row["kind"] == "keynote")
    assert all(row["registered_at"] < generator.FIRST_DAY for row in rows["attendees"])
    assert all(row["years_with_django"] in (None, *range(6)) for row in rows["profiles"])
    orders = {}
    for row in rows["speaking"]:
        orders.setdefault(row["talk_id"], []).append(row["order"])
    assert all(order == list(range(1, len(order) + 1)) for order in orders.values())


def test_nobody_speaks_in_two_rooms_at_once(conference):
    _, rows = conference
    start = {talk["id"]: talk["starts_at"] for talk in rows["talks"]}
    busy = Counter((row["speaker_id"], start[row["talk_id"]]) for row in rows["speaking"])
    assert max(busy.values()) == 1


def test_the_gaps_that_lessons_need_are_there(conference):
    _, rows = conference
    talks, speakers = {row["id"] for row in rows["talks"]}, {row["id"] for row in rows["speakers"]}
    assert talks - {row["talk_id"] for row in rows["ratings"]}, "talks without ratings"
    assert talks - {row["talk_id"] for row in rows["speaking"]}, "a talk without a speaker"
    assert speakers - {row["speaker_id"] for row in rows["speaking"]}, "speakers without a talk"
    assert speakers - {row["speaker_id"] for row in rows["profiles"]}, "speakers without a profile"


def test_people_and_talks_of_the_source_are_there_and_marked_real(conference):
    _, rows = conference
    spoke = {
        "Why does Django hate Python": ["Glyph Lefkowitz"],
        "Advanced Django Forms": ["Daniel Greenfeld", "Miguel Araujo"],
        "Teaching Django to comrades": ["Issac Kelly"],
        "Deployment, daemons, and datacenters": ["Andrew Godwin"],
        "Content ain't a thing: web scraping": [],
        "Cache rules everything around me": ["Jacob Burch", "Noah Silas"],
        "Keynote by Jacob Kaplan-Moss": ["Jacob Kaplan-Moss"],
    }
    name = {row["id"]: row["name"] for row in rows["speakers"]}
    real_talks = {row["id"]: row["title"] for row in rows["talks"] if row["origin"] == "real"}
    found = {title: [] for title in real_talks.values()}
    for row in rows["speaking"]:
        if row["talk_id"] in real_talks:
            assert row["origin"] == "real"
            found[real_talks[row["talk_id"]]].append(name[row["speaker_id"]])
    assert found == spoke
    real_speakers = {row["name"] for row in rows["speakers"] if row["origin"] == "real"}
    assert real_speakers == {each for names in spoke.values() for each in names}
    days = {
        row["starts_at"].date() for row in rows["talks"] if row["origin"] == "real" and "Keynote by" not in row["title"]
    }
    assert days == {datetime(2011, 9, 8, tzinfo=UTC).date()}


def test_nothing_invented_is_put_on_real_people(conference):
    _, rows = conference
    real_talks = {row["id"] for row in rows["talks"] if row["origin"] == "real"}
    real_speakers = {row["id"] for row in rows["speakers"] if row["origin"] == "real"}
    assert not [row for row in rows["ratings"] if row["talk_id"] in real_talks]
    assert {row["talk_id"] for row in rows["speaking"] if row["speaker_id"] in real_speakers} <= real_talks
    assert {row["speaker_id"] for row in rows["profiles"] if row["origin"] == "real"} <= real_speakers
    assert {row["speaker_id"] for row in rows["profiles"] if row["origin"] != "real"}.isdisjoint(real_speakers)


def test_every_row_says_where_it_comes_from(conference):
    _, rows = conference
    for name, records in rows.items():
        origins = {row["origin"] for row in records}
        mixed = name in ("speakers", "profiles", "talks", "speaking")
        assert origins == ({"real", "generated"} if mixed else {"generated"}), name


def test_generated_addresses_belong_to_nobody(conference):
    _, rows = conference
    assert all(row["email"].endswith(".example") for row in rows["attendees"])
    assert all(re.fullmatch(r"(https://[a-z-]+\.example/)?", row["website"]) for row in rows["profiles"])


def test_the_sizes_share_their_real_rows():
    sizes = [generator.conference(size) for size in ("small", "medium")]
    for name in ("speakers", "profiles", "speaking"):
        small, medium = ([row for row in rows[name] if row[-1] == "real"] for rows in sizes)
        assert small == medium and small


def test_the_card_describes_every_file_and_column():
    described, table = {}, None
    for line in CARD.split("## Columns")[1].split("##")[0].splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 4 and cells[1] not in ("column", "---"):
            table = cells[0] or table
            described.setdefault(table, []).extend(cells[1].split(", "))
    assert {name: [*columns, "origin"] for name, columns in described.items()} == {
        name: list(columns) for name, columns in tables.COLUMNS.items()
    }
    for name, rows in tables.read().items():
        what = "rows of speaking" if name == "speaking" else name
        assert f"{len(rows):,} {what}" in CARD
    for word in ("Licence", "CC BY 4.0", "Rob Martin", "seed 2011", "generators/conference.py"):
        assert word in CARD


def test_every_company_and_talk_belongs_to_a_named_speaker():
    assert set(named.COMPANIES) <= set(named.SPEAKERS)
    assert {name for _, _, names, _ in named.TALKS for name in names} == set(named.SPEAKERS)


@given(st.text(max_size=60))
def test_slugs_hold_only_what_a_slug_may(text):
    assert re.fullmatch(r"([a-z0-9]+(-[a-z0-9]+)*)?", generator.slug(text))


def test_a_damaged_file_is_named_with_its_line(tmp_path):
    tables.write(tables.read(), tmp_path)
    ratings = tmp_path / "ratings.csv"
    whole = ratings.read_text(encoding="utf-8")
    ratings.write_text(whole.replace("stars", "points", 1), encoding="utf-8")
    with pytest.raises(ValueError, match=r"ratings\.csv begins with the columns id, talk_id, attendee_id, points"):
        tables.read(tmp_path)
    lines = whole.splitlines()
    lines[4] = lines[4].replace(",generated", "")
    ratings.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(ValueError, match=r"ratings\.csv, line 5 has 5 values for 6 columns"):
        tables.read(tmp_path)
    lines[4] = "4,one,1,5,2011-09-06T10:10:04+00:00,generated"
    ratings.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(ValueError, match=r"ratings\.csv, line 5: 'one' is no value for the column talk_id"):
        tables.read(tmp_path)
