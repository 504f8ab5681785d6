"""Checks that exercises about the ORM share: is it a queryset, of which model, with which rows, in how many queries?"""

from django.db.models import Manager, Model, QuerySet

from helpers import queries
from helpers.exercises.base import Incorrect
from helpers.exercises.grading import call, described


def expect_queryset(attempt, model: type[Model], *arguments, shown: str = "") -> QuerySet:
    """What `attempt(*arguments)` returns, if it is a queryset of `model` that gives objects; raises Incorrect if not.

    `shown` stands for the arguments in the words.
    """
    got = call(attempt, *arguments, shown=shown)
    words, wanted = f"{_name(attempt)}({shown})", model._meta.object_name
    if got is None:
        raise Incorrect(f"{words}: a queryset of {wanted} is expected, and nothing came back: is there a `return`?")
    if isinstance(got, Manager):
        raise Incorrect(
            f"{words}: a queryset is expected, got a manager: ask it for its rows with .all() or .filter()."
        )
    if isinstance(got, (list, tuple, set, dict)):
        raise Incorrect(
            f"{words}: a queryset is expected, got a {type(got).__name__}. It has already asked the database, and "
            "cannot be filtered, sliced or counted there any more: return the queryset itself."
        )
    if not isinstance(got, QuerySet):
        raise Incorrect(f"{words}: a queryset of {wanted} is expected, got {described(type(got).__name__)}.")
    if got.model is not model:
        raise Incorrect(
            f"{words}: a queryset of {wanted} is expected, got one of {got.model._meta.object_name}: "
            f"start from {wanted}.objects."
        )
    if got._fields is not None:
        raise Incorrect(
            f"{words}: {wanted} objects are expected; .values() and .values_list() give dictionaries and tuples, "
            "without methods or relations."
        )
    return got


def expect_rows(got: QuerySet, expected, words: str, nudge="") -> None:
    """Raise Incorrect unless the queryset has exactly the objects in `expected`, each once, in any order.

    `nudge` is a sentence, or a function of the list of objects that came.
    """
    rows, expected = list(got), list(expected)
    ids = [row.pk for row in rows]
    if sorted(ids) == sorted(each.pk for each in expected):
        return
    advice = nudge(rows) if callable(nudge) else nudge
    if len(ids) != len(set(ids)):
        twice = len(ids) - len(set(ids))
        advice = f"{twice} of them came more than once: a join gives one row for each match. {advice}"
    raise Incorrect(f"{words}: expected {len(expected)} rows, got {len(rows)}, or others. {advice}".rstrip())


def within(limit: int, use, *arguments, words: str, nudge: str = ""):
    """What `use(*arguments)` returns, if it ran at most `limit` queries; raises Incorrect, with both numbers, if not.

    `words` names what was asked, `nudge` is a sentence to add.
    """
    with queries.watch() as seen:
        got = use(*arguments)
    if seen.count > limit:
        allowed = "one query is" if limit == 1 else f"{limit} queries are"
        raise Incorrect(f"{words}: {allowed} enough, and this ran {seen.count}. {nudge}".rstrip())
    return got


def _name(attempt) -> str:
    return getattr(attempt, "__name__", "your answer")
