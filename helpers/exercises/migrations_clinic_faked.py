"""The third patient of lesson 03's clinic: a migration that is noted as run and never ran."""

import contextlib
import functools
import io
import shlex

from helpers import throwaway
from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.grading import described, expect_letter

LESSON = "03-migrations"
_NAMES = ("0001_initial", "0002_pages")
_TITLES = [("Two Scoops",), ("Pro Django",), ("Spartan Forms",)]
_BOOK = """
from django.db import models


class Book(models.Model):
    title = models.CharField(max_length=80)
"""
_PAGES = "    pages = models.IntegerField(null=True)\n"


class Three(Exercise):
    """Patient three: the letter of the cause."""

    id = "migrations-clinic-three"
    kind = "value"
    hints = (
        "Compare what showmigrations says with the columns of the table.",
        "Noted as run, and the column is not there: which command writes the note alone?",
    )

    def check(attempt):
        expect_letter(
            attempt,
            "d",
            {
                "a": "Then showmigrations would not list it: the file is there.",
                "b": "There is one line of two migrations, and no branch.",
                "c": "The query names the column, so Django knows the model.",
            },
        )
        return "somebody ran migrate --fake, and the table knows nothing of it"

    @solution
    def faked():
        return "d"

    @mistake("the file is there")
    def not_committed():
        return "a"

    @mistake("as text")
    def nothing():
        return None


class ThreeMend(Exercise):
    """The lines for `manage.py` that mend patient three, in order, as a list of texts."""

    id = "migrations-clinic-three-mend"
    kind = "value"
    uses_database = True  # that of a project of its own
    hints = (
        "The note is wrong: first take it back, without touching the table.",
        "`--fake` works in both directions: migrate shop 0001 --fake takes the note back. Then let it run for real.",
    )

    def check(attempt):
        if not isinstance(attempt, (list, tuple)) or not all(isinstance(line, str) for line in attempt):
            raise Incorrect(f'a list of texts is expected, such as ["migrate shop"], got {described(attempt)}.')
        patient = _patient().copy()
        for line in attempt:
            words = _words(line)
            with contextlib.redirect_stdout(io.StringIO()):  # what came is told in the words below
                ran = patient.manage(*words, quiet=True)
            if ran.status:
                raise Incorrect(f"{line!r} stops: {_last_line(ran.text)}. {_advice(ran.text)}".rstrip())
        try:
            table = patient.rows("SELECT * FROM shop_book")
        except throwaway.Refused:
            raise Incorrect("these lines drop the table, with all its books.") from None
        if len(table) != len(_TITLES):
            raise Incorrect(f"of three books {len(table)} are left: on the way these lines drop the table.")
        if "pages" not in table:
            raise Incorrect("the table has no column `pages` after these lines: the migration has to run, unfaked.")
        noted = set(patient.rows("SELECT name FROM django_migrations WHERE app = 'shop'").name)
        if noted != set(_NAMES):
            raise Incorrect(f"the column is there, but noted as run are only: {', '.join(sorted(noted)) or 'none'}.")
        return "run on a copy of the patient: the column is there, noted as run, and so are all three books"

    @solution
    def take_the_note_back():
        return ["migrate shop 0001 --fake", "migrate shop"]

    @solution
    def both_notes_back():
        return ["migrate shop zero --fake", "migrate shop --fake-initial"]

    @mistake("is not in the table")
    def really_back():
        return ["migrate shop 0001", "migrate shop"]

    @mistake("has to run, unfaked")
    def simply_again():
        return ["migrate shop"]

    @mistake("a second time")
    def all_notes_gone():
        return ["migrate shop zero --fake", "migrate shop"]

    @mistake("all its books")
    def only_the_table_dropped():
        return ["migrate shop 0001 --fake", "migrate shop zero"]

    @mistake("books 0 are left")
    def from_nothing():
        return ["migrate shop 0001 --fake", "migrate shop zero", "migrate shop"]

    @mistake("noted as run are only")
    def note_taken_back_again():
        return ["migrate shop 0001 --fake", "migrate shop", "migrate shop 0001 --fake"]

    @mistake("is no line for this patient")
    def another_command():
        return ["flush --noinput", "migrate shop"]

    @mistake("a list of texts")
    def one_text():
        return "migrate shop"


@functools.cache
def _patient():
    """The project of the lesson's third patient, made once; each check runs its lines on a copy."""
    made = throwaway.start("shop")
    for number, name in enumerate(_NAMES):
        made.write("shop/models.py", _BOOK + _PAGES * number)
        made.manage(f"makemigrations shop --name {name[5:]}", quiet=True)
    made.manage("migrate shop 0001", quiet=True)
    made.manage("migrate shop --fake", quiet=True)
    made.execute("INSERT INTO shop_book (title) VALUES (?)", _TITLES)
    return made


def _words(line):
    """The words of one line for manage.py; raises Incorrect for what is no `migrate` of shop."""
    try:
        words = shlex.split(line)
    except ValueError:
        words = []
    words = words[words.index("manage.py") + 1 :] if "manage.py" in words else words
    names = [word for word in words if not word.startswith("-")]
    if names[:1] != ["migrate"] or names[1:2] not in ([], ["shop"]):
        raise Incorrect(f'{line!r} is no line for this patient: write it as in "migrate shop 0001".')
    return words


def _last_line(text):
    return text.splitlines()[-1].strip().rstrip(".").rpartition("exceptions.")[2] if text else "it printed nothing"


def _advice(text):
    if "no such column" in text:
        return "Going back for real drops the column `pages`, which is not in the table."
    if "already exists" in text:
        return "It makes the table a second time: its note was taken back, too."
    return ""
