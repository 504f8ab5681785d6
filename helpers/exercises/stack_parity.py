"""An exercise of lesson 13: what differs between two environments, the worst first."""

from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.grading import call, described, expect_call

LESSON = "13-the-standard-stack"


class Parity(Exercise):
    """A list of (area, name) that differ between two environments, the worst area first.

    `one` and `other` are {area: {name: value}}; an area or a name may be missing on one side.
    `rank` lists areas, the worst first; others come last, by name. Within an area: by name.
    Names in `may_differ` are left out.
    """

    id = "stack-3-parity"
    name = "differing"

    def stub(one, other, rank, may_differ): ...

    hints = (
        "The names of both sides: set(one.get(area, {})) | set(other.get(area, {})); areas the same way.",
        "A value may be None on one side and missing on the other: ask `name in side` too. Sort by "
        "(rank.index(area) if area in rank else len(rank), area, name).",
    )

    def check(attempt):
        one = {
            "packages": {"django": "5.2", "gunicorn": "27", "old": "1"},
            "settings": {"DEBUG": True, "SECRET_KEY": "a", "ADMINS": None, "TIME_ZONE": "UTC"},
            "migrations": {"talks.0001": "applied", "talks.0002": "applied"},
            "cron": {"backup": "0 4 * * *"},
        }
        other = {
            "packages": {"django": "5.1", "gunicorn": "27", "new": "2"},
            "settings": {"DEBUG": False, "SECRET_KEY": "b", "TIME_ZONE": "UTC"},
            "migrations": {"talks.0001": "applied"},
            "beats": {"backup": "daily"},
        }
        expected = [
            ("migrations", "talks.0002"), ("settings", "ADMINS"), ("settings", "DEBUG"), ("packages", "django"),
            ("packages", "new"), ("packages", "old"), ("beats", "backup"), ("cron", "backup"),
        ]  # fmt: skip
        rank, may_differ = ["migrations", "settings", "packages"], ["SECRET_KEY"]
        got = call(attempt, one, other, rank, may_differ, shown="staging, production, rank, may_differ")
        if not isinstance(got, list) or not all(isinstance(each, tuple) and len(each) == 2 for each in got):
            raise Incorrect(f"differing(…): a list of (area, name) is expected, got {described(got)}.")
        extra = [each for each in got if each not in expected]
        if extra:
            raise Incorrect(f"differing(…): {extra[0]} is in the list, and it is equal on both sides or may differ.")
        nudges = {
            ("settings", "ADMINS"): "None on one side and missing on the other are different.",
            ("packages", "new"): "It is missing on the first side: look at the names of both.",
            ("packages", "old"): "It is missing on the second side: look at the names of both.",
            ("beats", "backup"): "A whole area is missing on one side, or is not in `rank`: it counts all the same.",
            ("cron", "backup"): "A whole area is missing on one side, or is not in `rank`: it counts all the same.",
        }
        for each in expected:
            if each not in got:
                raise Incorrect(f"differing(…): {each} is not in the list. {nudges.get(each, 'Its values differ.')}")
        if got != expected:
            raise Incorrect(
                f"differing(…): all is there, in another order: {described([area for area, _ in got])}. The worst area "
                "first, others last by name; within an area by name."
            )
        expect_call(attempt, one, one, rank, may_differ, expected=[], shown="production, production, rank, may_differ")
        return "eight differences, the worst first, and none between an environment and itself"

    @solution
    def names_of_both_sides(one, other, rank, may_differ):
        found = []
        for area in set(one) | set(other):
            left, right = one.get(area, {}), other.get(area, {})
            for name in set(left) | set(right):
                same = name in left and name in right and left[name] == right[name]
                if not same and name not in may_differ:
                    found.append((area, name))
        return sorted(found, key=lambda each: (rank.index(each[0]) if each[0] in rank else len(rank), *each))

    @mistake("missing on the first side")
    def names_of_the_first(one, other, rank, may_differ):
        return [
            (area, name)
            for area in [*rank, "beats", "cron"]
            for name in sorted(one.get(area, {}))
            if (name not in other.get(area, {}) or one[area][name] != other[area][name]) and name not in may_differ
        ]

    @mistake("are different")
    def none_is_missing(one, other, rank, may_differ):
        return [
            (area, name)
            for area in [*rank, "beats", "cron"]
            for name in sorted(set(one.get(area, {})) | set(other.get(area, {})))
            if one.get(area, {}).get(name) != other.get(area, {}).get(name) and name not in may_differ
        ]

    @mistake("not in `rank`")
    def areas_of_the_rank(one, other, rank, may_differ):
        missing = object()
        return [
            (area, name)
            for area in rank
            for name in sorted(set(one.get(area, {})) | set(other.get(area, {})))
            if one.get(area, {}).get(name, missing) != other.get(area, {}).get(name, missing) and name not in may_differ
        ]

    @mistake("in another order")
    def by_name(one, other, rank, may_differ):
        missing = object()
        return [
            (area, name)
            for area in sorted(set(one) | set(other))
            for name in sorted(set(one.get(area, {})) | set(other.get(area, {})))
            if one.get(area, {}).get(name, missing) != other.get(area, {}).get(name, missing) and name not in may_differ
        ]

    @mistake("may differ")
    def secrets_too(one, other, rank, may_differ):
        return [
            (area, name)
            for area in [*rank, "beats", "cron"]
            for name in sorted(set(one.get(area, {})) | set(other.get(area, {})))
            if one.get(area, {}).get(name, "-") != other.get(area, {}).get(name, "-")
        ]
