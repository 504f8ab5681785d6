"""The exercise of lesson 04 that decides from a measured frame: which way of saving stands a race."""

import pandas as pd

from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.grading import call, described

LESSON = "04-forms"


class StandsTheRace(Exercise):
    """The ways, sorted, that may go live: the address is saved once, and nobody sees a 500.

    `race` has one row for each way: `way`, `rows` saved, visitors `told` so, `failed` by a 500.
    """

    id = "forms-race"
    name = "may_go_live"

    def stub(race): ...

    hints = (
        "Two conditions on a row, both columns of the frame: combine them with & and brackets.",
        "One way may save once and still give 500s; another gives none, and saves eight rows.",
    )

    def check(attempt):
        for rows, expected in (
            ({"form only": (8, 0, 0), "constraint": (1, 0, 7), "caught": (1, 7, 0)}, ["caught"]),
            ({"lock": (1, 4, 0), "form only": (2, 6, 0), "caught": (1, 7, 0)}, ["caught", "lock"]),
            ({"lost": (0, 8, 0), "constraint": (1, 6, 1)}, []),
        ):
            race = pd.DataFrame.from_dict(rows, orient="index", columns=["rows", "told", "failed"])
            race = race.rename_axis("way").reset_index()
            shown = "; ".join(f"{way}: {a} rows, {b} told, {c} failed" for way, (a, b, c) in rows.items())
            got = _called(attempt, race, shown)
            if got is None:
                raise Incorrect("may_go_live(race): nothing came back: is there a `return`?")
            if isinstance(got, pd.DataFrame) or not isinstance(got, (list, tuple, pd.Series)):
                raise Incorrect(
                    f"may_go_live(race): a list of ways is expected, got {described(type(got).__name__)}: take the "
                    "column `way` of the rows you keep."
                )
            if list(got) != expected:
                raise Incorrect(
                    f"may_go_live({shown}): expected {expected}, got {list(got)}.{_nudge(rows, expected, list(got))}"
                )
        return "three races: one, two and none of the ways may go live"

    @solution
    def both_conditions(race):
        return sorted(race.way[(race.rows == 1) & (race.failed == 0)])

    @mistake("somebody got a 500")
    def saved_once(race):
        return sorted(race.way[race.rows == 1])

    @mistake("is saved more than once")
    def nobody_failed(race):
        return sorted(race.way[(race.failed == 0) & (race.rows > 0)])

    @mistake("saves nothing at all")
    def at_most_once(race):
        return sorted(race.way[(race.rows <= 1) & (race.failed == 0)])

    @mistake("expected ['caught', 'lock'], got ['caught']. The others that saved once, without a 500, may too.")
    def by_those_who_were_told(race):
        return sorted(race.way[race.told == 7])

    @mistake("is no way of this race")
    def as_the_lesson_found(race):
        return ["unique, caught"]

    @mistake("& stands between two conditions")
    def with_and(race):
        return sorted(race.way[(race.rows == 1) and (race.failed == 0)])

    @mistake("got 'set'")
    def a_set_of_ways(race):
        return set(race.way[(race.rows == 1) & (race.failed == 0)])

    @mistake("a list of ways is expected")
    def whole_rows(race):
        return race[(race.rows == 1) & (race.failed == 0)]

    @mistake("in the order of the alphabet")
    def unsorted_ways(race):
        return list(race.way[(race.rows == 1) & (race.failed == 0)])


def _called(attempt, race, shown):
    try:
        return call(attempt, race, shown=shown)
    except Incorrect as error:
        if "truth value of a Series" not in str(error):
            raise
        raise Incorrect(f"{error} & stands between two conditions, each of them in brackets.") from error


def _nudge(rows, expected, got):
    for way in got:
        if way not in rows:
            return f" {described(way)} is no way of this race: take the ways from the frame that is handed in."
        saved, _, failed = rows[way]
        if failed:
            return f" With “{way}” somebody got a 500."
        if saved > 1:
            return f" With “{way}” the address is saved more than once."
        if saved == 0:
            return f" “{way}” saves nothing at all."
    if len(got) < len(expected):
        return " The others that saved once, without a 500, may too."
    return " Sorted means in the order of the alphabet."
