"""The last exercise of lesson 16, in a library: a copy for developers, in which no reader can be found again."""

from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.grading import call, described

LESSON = "16-backups"
READERS = [
    {"id": 7, "name": "Ada Byron", "email": "ada@example.org", "card": "L-0007", "joined": 2019},
    {"id": 9, "name": "Bob Byron", "email": "bob@example.org", "card": "L-0009", "joined": 2021},
    {"id": 12, "name": "Ada Byron", "email": "ada.b@example.org", "card": "L-0012", "joined": 2019},
]
LOANS = [
    {"id": 1, "reader": 7, "book": "Emma", "note": "ask Ada Byron, 0151 1234"},
    {"id": 2, "reader": 12, "book": "Dune", "note": ""},
    {"id": 3, "reader": 7, "book": "Dune", "note": "lost"},
]
FREE_TEXT, PRIVATE = ("note",), ("name", "email", "card")


class Sanitised(Exercise):
    """(readers, loans) for developers: new dicts, as many, in the same order and with the same keys.

    A reader's name, email and card become "reader-<id>", "reader-<id>@example.invalid" and
    "card-<id>"; the note of a loan becomes "". All else stays, so that loans still find readers.
    """

    id = "backups-5-library"
    name = "sanitised"

    def stub(readers, loans): ...

    hints = (
        "{**row, 'note': ''} is a new dict: the old row with one value replaced.",
        'For a reader: {**row, "name": f"reader-{row[\'id\']}", …}, with the email and the card likewise. Return two '
        "lists: (new_readers, new_loans).",
    )

    def check(attempt):
        readers, loans = [dict(each) for each in READERS], [dict(each) for each in LOANS]
        got = call(attempt, readers, loans, shown="readers, loans")
        told = "sanitised(readers, loans)"
        if readers != READERS or loans != LOANS:
            raise Incorrect(f"{told} changed the rows that it was given: they are production's. Make new dicts.")
        if not isinstance(got, tuple) or len(got) != 2 or not all(isinstance(each, list) for each in got):
            raise Incorrect(f"{told}: two lists are expected, as (readers, loans), got {described(got)}.")
        for before, after, kind in ((READERS, got[0], "readers"), (LOANS, got[1], "loans")):
            if len(after) != len(before):
                raise Incorrect(f"{told}: {len(after)} {kind} came back of {len(before)}: a copy has all of them.")
            for old, new in zip(before, after, strict=True):
                _one(old, new, told, kind[:-1])
        return "three readers whom nobody finds again, and every loan still has one"

    @solution
    def new_rows(readers, loans):
        new_readers = [
            {
                **row,
                "name": f"reader-{row['id']}",
                "email": f"reader-{row['id']}@example.invalid",
                "card": f"card-{row['id']}",
            }
            for row in readers
        ]
        return new_readers, [{**row, "note": ""} for row in loans]

    @mistake("the note")
    def notes_are_forgotten(readers, loans):
        return Sanitised.new_rows(readers, loans)[0], [dict(row) for row in loans]

    @mistake("the card")
    def the_card_is_forgotten(readers, loans):
        rows = Sanitised.new_rows(readers, loans)[0]
        return [{**row, "card": old["card"]} for row, old in zip(rows, readers, strict=True)], [
            {**row, "note": ""} for row in loans
        ]

    @mistake("changed the rows")
    def in_place(readers, loans):
        for row in readers:
            row.update(
                name=f"reader-{row['id']}", email=f"reader-{row['id']}@example.invalid", card=f"card-{row['id']}"
            )
        for row in loans:
            row["note"] = ""
        return readers, loans

    @mistake("expected 'reader-7'")
    def numbered_anew(readers, loans):
        rows = [
            {**row, "name": f"reader-{n}", "email": f"reader-{n}@example.invalid", "card": f"card-{n}"}
            for n, row in enumerate(readers)
        ]
        return rows, [{**row, "note": ""} for row in loans]

    @mistake("expected 'reader-7'")
    def a_hash_of_the_name(readers, loans):
        import hashlib

        rows, kept = Sanitised.new_rows(readers, loans)
        return [
            {**row, "name": hashlib.sha256(old["name"].encode()).hexdigest()[:8]}
            for row, old in zip(rows, readers, strict=True)
        ], kept

    @mistake("the reader of a loan")
    def loans_without_readers(readers, loans):
        return Sanitised.new_rows(readers, loans)[0], [{**row, "note": "", "reader": None} for row in loans]

    @mistake("2 loans came back of 3")
    def loans_with_notes_are_left_out(readers, loans):
        return Sanitised.new_rows(readers, loans)[0], [dict(row) for row in loans if not row["note"]] + [
            {**loans[0], "note": ""}
        ]


def _one(old, new, told, kind):
    if not isinstance(new, dict) or list(new) != list(old):
        raise Incorrect(f"{told}: a {kind} has the keys {list(old)}, got {described(new)}.")
    number = old["id"]
    private = {
        "name": f"reader-{number}",
        "email": f"reader-{number}@example.invalid",
        "card": f"card-{number}",
        "note": "",
    }
    for name, value in old.items():
        wanted = private.get(name, value)
        if new[name] != wanted or type(new[name]) is not type(wanted):
            raise Incorrect(
                f"{told}: the {name} of {'a reader' if kind == 'reader' else 'a loan'} with id {number}: expected "
                f"{wanted!r}, got {described(new[name])}."
            )
