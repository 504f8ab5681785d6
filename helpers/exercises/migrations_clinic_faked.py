"""The third patient of lesson 03's clinic: a migration that is noted as run and never ran."""

import shlex

from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.grading import described
from helpers.exercises.migrations_clinic import _letter

LESSON = "03-migrations"
_NAMES = ("0001_initial", "0002_pages")


class Three(Exercise):
    """Patient three: the letter of the cause."""

    id = "migrations-clinic-three"
    kind = "value"
    hints = (
        "Compare what showmigrations says with the columns of the table.",
        "Noted as run, and the column is not there: which command writes the note alone?",
    )

    def check(attempt):
        _letter(
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
    hints = (
        "The note is wrong: first take it back, without touching the table.",
        "`--fake` works in both directions: migrate shop 0001 --fake takes the note back. Then let it run for real.",
    )

    def check(attempt):
        if not isinstance(attempt, (list, tuple)) or not all(isinstance(line, str) for line in attempt):
            raise Incorrect(f'a list of texts is expected, such as ["migrate shop"], got {described(attempt)}.')
        noted, column = 2, False  # how many migrations are noted as run, and whether the table has the column
        for line in attempt:
            target, fake = _read(line)
            if target == noted:
                continue
            if not fake and target < 2 <= noted:
                raise Incorrect(f"{line!r} would drop the column, which is not there: it stops with an error.")
            if not fake and target < 1:
                raise Incorrect(f"{line!r} would drop the table with all its books.")
            if not fake and noted < 1 <= target:
                raise Incorrect(f"{line!r} would make the table a second time: its note was taken back, too.")
            column = column or (not fake and target == 2)
            noted = target
        if not column:
            raise Incorrect("the table has no column `pages` after these lines: the migration has to run, unfaked.")
        if noted != 2:
            raise Incorrect("the column is there, but its note is not.")
        return "the note taken back, then the migration run for real; no book touched"

    @solution
    def take_the_note_back():
        return ["migrate shop 0001 --fake", "migrate shop"]

    @mistake("which is not there")
    def really_back():
        return ["migrate shop 0001", "migrate shop"]

    @mistake("has to run, unfaked")
    def simply_again():
        return ["migrate shop"]

    @mistake("a second time")
    def all_notes_gone():
        return ["migrate shop zero --fake", "migrate shop"]

    @mistake("a list of texts")
    def one_text():
        return "migrate shop"


def _read(line):
    """The number of migrations that are noted after `migrate` with these words, and whether it only notes."""
    words = shlex.split(line)
    words = words[words.index("manage.py") + 1 :] if "manage.py" in words else words
    fake = "--fake" in words
    names = [word for word in words if not word.startswith("-")]
    if names[:1] != ["migrate"] or names[1:2] not in ([], ["shop"]) or len(names) > 3:
        raise Incorrect(f'{line!r} is no line for this patient: write it as in "migrate shop 0001".')
    if len(names) < 3:
        return 2, fake
    if names[2] == "zero":
        return 0, fake
    found = [number for number, name in enumerate(_NAMES, 1) if name.startswith(names[2])]
    if len(found) != 1:
        raise Incorrect(f"{line!r} names no migration of shop: there are {' and '.join(_NAMES)}.")
    return found[0], fake
