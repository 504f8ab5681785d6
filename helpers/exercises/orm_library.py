"""The last exercise of lesson 01: a library that lends books, where "not lent" meets rows that do not exist."""

from datetime import date

from helpers.exercises.base import Exercise, mistake, solution
from helpers.exercises.querysets import expect_queryset, expect_rows, within

LESSON = "01-the-orm"


class OnTheShelf(Exercise):
    """The books that are on the shelf: none of their loans is open. One query, each book once.

    `books`, `loans` are querysets; a loan has a `book`; `returned` is NULL while it is open.
    """

    id = "orm-9-library"
    name = "on_the_shelf"
    options = {"queries": 1}
    uses_database = True

    def stub(books, loans): ...

    hints = (
        "A book that was never lent has no loan at all: a join gives it NULL in `returned`, like an open loan.",
        'Ask whether an open loan exists: Exists(loans.filter(book=OuterRef("pk"), …)), and turn it round with ~.',
    )

    def check(attempt):
        Book, Loan = _library()
        never, back, out, again, worn = (
            Book.objects.create(title=title) for title in ("never", "back", "out", "again", "worn")
        )
        monday, friday = date(2011, 9, 5), date(2011, 9, 9)
        for book, returned in (
            (back, monday),
            (out, None),
            (again, monday),
            (again, None),
            (worn, monday),
            (worn, friday),
        ):
            Loan.objects.create(book=book, returned=returned)
        words = f"{attempt.__name__}(books, loans)"

        def nudge(rows):
            ids = [row.pk for row in rows]
            if never.pk not in ids:
                return "One of the books was never lent: it has no loan, so no join finds a returned one."
            if again.pk in ids:
                return "One book came back once and is out again: one loan that ended does not say that none is open."
            return "Three of the five books are on the shelf."

        got = within(1, expect_queryset, attempt, Book, Book.objects.all(), Loan.objects.all(), words=words)
        within(1, lambda: expect_rows(got, [never, back, worn], words, nudge), words=words)
        return "three of five: never lent, returned once, returned twice"

    @solution
    def no_open_loan_exists(books, loans):
        from django.db.models import Exists, OuterRef

        return books.filter(~Exists(loans.filter(book=OuterRef("pk"), returned__isnull=True)))

    @solution
    def not_among_the_lent(books, loans):
        return books.exclude(pk__in=loans.filter(returned__isnull=True).values("book"))

    @mistake("was never lent")
    def exclude_across_the_join(books, loans):
        return books.exclude(loans__returned__isnull=True)

    @mistake("came more than once")
    def some_loan_ended(books, loans):
        return books.filter(loans__returned__isnull=False)

    @mistake("is out again")
    def some_loan_ended_or_none(books, loans):
        from django.db.models import Q

        return books.filter(Q(loans__returned__isnull=False) | Q(loans=None)).distinct()

    @mistake("got a list")
    def one_book_at_a_time(books, loans):
        return [book for book in books if not loans.filter(book=book, returned__isnull=True).exists()]


def _library():
    """The models Book and Loan, with empty tables, in the copy that the check runs on."""
    from django.db import models

    from helpers.project.boot import clear_scratch, create_tables

    clear_scratch()

    class Book(models.Model):
        title = models.CharField(max_length=80)

        class Meta:
            app_label = "scratch"

    class Loan(models.Model):
        book = models.ForeignKey(Book, on_delete=models.CASCADE, related_name="loans")
        returned = models.DateField(null=True)

        class Meta:
            app_label = "scratch"

    create_tables(Book, Loan)
    return Book, Loan
