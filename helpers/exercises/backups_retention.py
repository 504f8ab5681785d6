"""An exercise of lesson 16: which copies may go, when only those that came back count; with its property test."""

import datetime
import random

from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.grading import call, described

LESSON = "16-backups"
DAY = datetime.timedelta(days=1)
START = datetime.date(2024, 1, 1)


class ToKeep(Exercise):
    """The set of dates to keep: the section's rule, applied to the copies that passed their drill.

    `dates` are all copies, `passed` those of them that passed. Copies newer than the newest that
    passed wait for their drill, and stay. Where none has passed, all stay.
    """

    id = "backups-4-retention"
    name = "to_keep"

    def stub(dates, passed, days=7, weeks=5, months=12): ...

    hints = (
        "Three steps: nothing passed, then set(dates); the section's rule on `passed` instead of on `dates`; and the "
        "copies that still wait: {date for date in dates if date > max(passed)}.",
        "The rule is four pieces put together: the last `days` of the sorted list, and the first of each week, month "
        "and year. setdefault keeps the first date of a period; a week is date.isocalendar()[:2], a month "
        "(date.year, date.month): a month's number alone comes again every year.",
    )

    def check(attempt):
        ten = [START + DAY * number for number in range(10)]
        kept = _asked(attempt, ten, ten, "10 days in a row, all passed, 3, 1, 1", 3, 1, 1)
        _expect(kept, {ten[0], *ten[7:]}, "10 days in a row, all passed, 3, 1, 1", "The last 3, and the first of all.")
        kept = _asked(attempt, ten, [], "10 days, none passed")
        _expect(kept, set(ten), "10 days, none passed", "None has passed: all stay, until one has.")
        words = "10 days, those of odd place passed, 2, 1, 1"
        kept = _asked(attempt, ten, ten[1:7:2], words, 2, 1, 1)
        wanted = {ten[1], ten[3], ten[5], *ten[6:]}
        nudge = "The last two *that passed*, the first of them, and the four that are newer and wait for a drill."
        _expect(kept, wanted, words, nudge)
        years = [START + DAY * number for number in range(3 * 366)]
        words = "three years, all passed"
        nudge = "The first of each of the last 5 weeks, of the last 12 months, of every year, and the last 7 days."
        _expect(_asked(attempt, years, years, words), _rule(years, years), words, nudge)
        _properties(attempt)
        return "the newest good copy stays in 60 random histories, and no run wants what an earlier one deleted"

    @solution
    def by_four_pieces(dates, passed, days=7, weeks=5, months=12):
        def firsts(period):
            first = {}
            for date in sorted(passed):
                first.setdefault(period(date), date)
            return list(first.values())

        if not passed:
            return set(dates)
        last = sorted(set(passed))[-days:]
        weekly = firsts(lambda date: date.isocalendar()[:2])[-weeks:]
        monthly = firsts(lambda date: (date.year, date.month))[-months:]
        yearly = firsts(lambda date: date.year)
        waiting = [date for date in dates if date > max(passed)]
        return {*last, *weekly, *monthly, *yearly, *waiting}

    @mistake("none passed")
    def nothing_passed_nothing_kept(dates, passed, days=7, weeks=5, months=12):
        return _rule(dates, passed, days, weeks, months) if passed else set()

    @mistake("wait for a drill")
    def the_waiting_are_deleted(dates, passed, days=7, weeks=5, months=12):
        return _rule(passed, passed, days, weeks, months) if passed else set(dates)

    @mistake("*that passed*")
    def as_if_all_had_passed(dates, passed, days=7, weeks=5, months=12):
        return _rule(dates, dates, days, weeks, months) if passed else set(dates)

    @mistake("12 months")
    def months_without_their_year(dates, passed, days=7, weeks=5, months=12):
        if not passed:
            return set(dates)
        kept = set(sorted(passed)[-days:]) | {date for date in dates if date > max(passed)}
        for number, period in (
            (weeks, lambda date: date.isocalendar()[:2]),
            (months, lambda date: date.month),
            (999, lambda date: date.year),
        ):
            kept |= set(_firsts(passed, period)[-number:])
        return kept

    @mistake("of every year")
    def without_the_years(dates, passed, days=7, weeks=5, months=12):
        if not passed:
            return set(dates)
        kept = set(sorted(passed)[-days:]) | {date for date in dates if date > max(passed)}
        kept |= set(_firsts(passed, lambda date: date.isocalendar()[:2])[-weeks:])
        return kept | set(_firsts(passed, lambda date: (date.year, date.month))[-months:])

    @mistake("The last two *that passed*")
    def days_counted_from_the_newest(dates, passed, days=7, weeks=5, months=12):
        import datetime

        if not passed:
            return set(dates)
        kept = _rule(dates, passed, 1, weeks, months)
        return kept | {date for date in passed if date > max(passed) - datetime.timedelta(days=days)}

    @mistake("a set is expected")
    def a_list(dates, passed, days=7, weeks=5, months=12):
        return sorted(_rule(dates, passed, days, weeks, months)) if passed else list(dates)

    @mistake("deleted earlier")
    def first_and_middle_of_the_month(dates, passed, days=7, weeks=5, months=12):
        if not passed:
            return set(dates)
        kept = _rule(dates, passed, days, weeks, months)
        good = sorted(set(passed))
        spread = len(good) // 40 * 20  # right for short histories: it moves when there are more copies
        return kept | set(good[spread : spread + 1] if len(good) < 500 else [])


def _asked(attempt, dates, passed, shown, *numbers):
    given, good = list(dates), list(passed)
    kept = call(attempt, given, good, *numbers, shown=shown)
    if kept is None:
        raise Incorrect(f"to_keep({shown}): nothing came back. Is there a `return`?")
    if not isinstance(kept, (set, frozenset)):
        raise Incorrect(f"to_keep({shown}): a set is expected, got {described(type(kept).__name__)}.")
    if given != list(dates) or good != list(passed):
        raise Incorrect(f"to_keep({shown}) changed a list that it was given: sort copies, with sorted().")
    return set(kept)


def _expect(kept, wanted, shown, nudge):
    if kept == wanted:
        return
    missing, extra = sorted(wanted - kept), sorted(kept - wanted, key=str)
    told = f"{missing[0]} is to be kept, and is not" if missing else f"{extra[0]} is kept, and may go"
    raise Incorrect(f"to_keep({shown}): {told}. {nudge}")


def _properties(attempt):
    """What holds for every history: random ones, with gaps, in any order, half of the copies damaged."""
    draw = random.Random(16)
    for number in range(60):
        days = draw.sample(range(900), draw.randint(1, 60))
        dates = [START + DAY * each for each in days]
        passed = [date for date in dates if draw.random() < 0.5]
        shown = f"random history {number + 1}"
        kept = _asked(attempt, dates, passed, shown)
        if strangers := kept - set(dates):
            raise Incorrect(f"to_keep({shown}): {min(strangers)} is kept, and there is no such copy.")
        if passed and max(passed) not in kept:
            raise Incorrect(f"to_keep({shown}): the newest copy that passed, perhaps the only good one, is deleted.")
        again = _asked(attempt, sorted(kept), [date for date in passed if date in kept], f"{shown}, pruned already")
        if again != kept:
            raise Incorrect(
                f"to_keep({shown}): run twice, it deletes {min(kept - again)} the second time, though nothing has "
                "changed. What is wanted once has to stay wanted."
            )
        _expect(kept, _rule(dates, passed), shown, "Gaps are no days: count copies, not days.")
    for seed in range(4):
        _day_by_day(attempt, random.Random(seed))


def _day_by_day(attempt, draw):
    held, good, everything = set(), set(), []
    for number in range(120):
        if draw.random() < 0.2:
            continue
        date = START + DAY * number
        everything.append(date)
        held.add(date)
        good.add(date)
        if number % 10 == 0:
            held = _asked(attempt, sorted(held), sorted(good & held), "a history, pruned as it grows")
    held = _asked(attempt, sorted(held), sorted(good & held), "a history, pruned as it grows")
    once = _asked(attempt, everything, everything, "the same history, pruned once")
    if once != held:
        lost = sorted(once ^ held)[0]
        raise Incorrect(
            f"to_keep: a history that is pruned as it grows and the same one pruned at the end differ at {lost}: the "
            "rule wants what it has deleted earlier."
        )


def _firsts(dates, period):
    first = {}
    for date in sorted(dates):
        first.setdefault(period(date), date)
    return list(first.values())


def _rule(dates, passed, days=7, weeks=5, months=12):
    if not passed:
        return set(dates)
    kept = set(sorted(set(passed))[-days:]) | {date for date in dates if date > max(passed)}
    kept |= set(_firsts(passed, lambda date: date.isocalendar()[:2])[-weeks:])
    kept |= set(_firsts(passed, lambda date: (date.year, date.month))[-months:])
    return kept | set(_firsts(passed, lambda date: date.year))
