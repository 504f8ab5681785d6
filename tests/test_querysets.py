"""Answers of every wrong kind to an exercise about the ORM: each gets a sentence of its own."""

import pytest

from helpers.exercises import querysets
from helpers.exercises.base import Incorrect
from helpers.project.boot import boot, isolated_database


@pytest.fixture
def talks():
    boot()
    from helpers.conference.models import Talk

    with isolated_database():
        yield Talk


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda talks: None, "is there a `return`"),
        (lambda talks: talks, "got a manager"),
        (lambda talks: list(talks.all()), "got a list"),
        (lambda talks: talks.first(), "is expected, got"),
        (lambda talks: talks.count(), "got 'int'"),
        (lambda talks: talks.first().room.__class__.objects.all(), "got one of Room"),
        (lambda talks: talks.values("title"), "dictionaries and tuples"),
        (lambda talks: talks.get(slug="no-such-talk"), "raised DoesNotExist"),
        (lambda talks: 1 / 0, "raised ZeroDivisionError"),
    ],
)
def test_what_is_no_queryset_of_the_model_gets_a_sentence(talks, answer, words):
    with pytest.raises(Incorrect, match=words):
        querysets.expect_queryset(answer, talks, talks.objects, shown="talks")


def test_a_queryset_of_the_model_comes_back_unread(talks):
    got = querysets.expect_queryset(lambda: talks.objects.filter(kind="talk"), talks)
    assert got.model is talks and got._result_cache is None


def test_rows_are_compared_in_any_order_and_each_once(talks):
    first, second, third = talks.objects.order_by("id")[:3]
    both = talks.objects.filter(id__in=[first.id, second.id])
    querysets.expect_rows(both, [second, first], "answer()")
    with pytest.raises(Incorrect, match="expected 1 rows, got 2"):
        querysets.expect_rows(both, [third], "answer()")
    with pytest.raises(Incorrect, match="more than once"):
        rated = talks.objects.filter(ratings__stars__gt=0)
        querysets.expect_rows(rated, rated.distinct(), "answer()")
    with pytest.raises(Incorrect, match="expected 1 rows, got 2"):
        querysets.expect_rows(both, [first], "answer()")


def test_queries_are_counted_and_the_limit_is_told(talks):
    assert querysets.within(1, talks.objects.count, words="answer()") == talks.objects.count()
    with pytest.raises(Incorrect, match="one query is enough, and this ran 2"):
        querysets.within(1, lambda: [talks.objects.count(), talks.objects.exists()], words="answer()")
