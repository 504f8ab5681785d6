"""The last exercise of lesson 02: the latest of each group again, in a library that lends books."""

from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.reverse_checks import nudging

LESSON = "02-reverse-relations"


class LastBorrower(Exercise):
    """The queryset `books`, each book with `last_borrower`: who borrowed it last, by name.

    None for a book that was never lent. `loans` is the queryset of all loans. One query.
    """

    id = "reverse-library"
    name = "with_last_borrower"
    uses_database = True
    options = {"queries": 1}

    def stub(books, loans): ...

    hints = (
        "The latest loan of each book: the third way of this section, with a book where the talk was.",
        'loans.filter(book=OuterRef("pk")), newest first, then .values("member__name")[:1] in a Subquery.',
    )

    def check(attempt):
        from helpers.exercises import querysets

        Book, Loan = _library()
        words = "with_last_borrower(books, loans)"

        def read():
            books = Book.objects.all()
            rows = list(querysets.expect_queryset(attempt, Book, books, Loan.objects.all(), shown="books, loans"))
            if any(not hasattr(row, "last_borrower") for row in rows):
                raise Incorrect(f"{words}: a book has no `last_borrower`: annotate the books.")
            return sorted((row.title, row.last_borrower) for row in rows)

        with nudging({"loan_set": "loan_set would be the accessor; the library's models say related_name='loans'."}):
            got = querysets.within(1, read, words=words, nudge="Let the database look for the latest loan.")
        _judge_borrowers(got)
        return "the latest loan of each book, in one query, and no book was lost"

    @solution
    def newest_loan(books, loans):
        from django.db.models import OuterRef, Subquery

        newest = loans.filter(book=OuterRef("pk")).order_by("-lent_on", "-id")
        return books.annotate(last_borrower=Subquery(newest.values("member__name")[:1]))

    @mistake("last in the alphabet")
    def the_largest_name(books, loans):
        from django.db.models import Max

        return books.annotate(last_borrower=Max("loans__member__name"))

    @mistake("never lent")
    def lent_books_only(books, loans):
        from django.db.models import OuterRef, Subquery

        newest = loans.filter(book=OuterRef("pk")).order_by("-lent_on", "-id")
        books = books.filter(loans__isnull=False).distinct()
        return books.annotate(last_borrower=Subquery(newest.values("member__name")[:1]))

    @mistake("the first borrower")
    def the_oldest_loan(books, loans):
        from django.db.models import OuterRef, Subquery

        oldest = loans.filter(book=OuterRef("pk")).order_by("lent_on")
        return books.annotate(last_borrower=Subquery(oldest.values("member__name")[:1]))

    @mistake("typed in last")
    def the_last_row(books, loans):
        from django.db.models import OuterRef, Subquery

        newest = loans.filter(book=OuterRef("pk")).order_by("-id")
        return books.annotate(last_borrower=Subquery(newest.values("member__name")[:1]))

    @mistake("already asked the database")
    def a_loop(books, loans):
        books = list(books)
        for book in books:
            newest = loans.filter(book=book).order_by("-lent_on", "-id").first()
            book.last_borrower = newest.member.name if newest else None
        return books


def _library():
    """The library's models, declared anew, with three books: one lent three times, one once, one never."""
    from datetime import date

    from django.db import models

    from helpers.scratch import declared

    declared.clear()

    def declare(name, /, **fields):
        meta = type("Meta", (), {"app_label": declared.LABEL})
        return type(name, (models.Model,), {"__module__": __name__, "Meta": meta, **fields})

    book = declare("Book", title=models.CharField(max_length=80))
    member = declare("Member", name=models.CharField(max_length=80))
    keys = [models.ForeignKey(to, models.CASCADE, related_name="loans") for to in (book, member)]
    loan = declare("Loan", book=keys[0], member=keys[1], lent_on=models.DateField())
    declared.create_tables(book, member, loan)
    titles = {title: book.objects.create(title=title) for title in ("Atlas", "Bees", "Clocks")}
    people = {name: member.objects.create(name=name) for name in ("Ada", "Mo", "Zoe", "Kim")}
    for title, name, day in (("Atlas", "Mo", 9), ("Atlas", "Zoe", 2), ("Bees", "Ada", 5), ("Atlas", "Kim", 4)):
        loan.objects.create(book=titles[title], member=people[name], lent_on=date(2011, 9, day))
    return book, loan


def _judge_borrowers(got):
    expected = [("Atlas", "Mo"), ("Bees", "Ada"), ("Clocks", None)]
    if got == expected:
        return
    titles = [title for title, _ in got]
    if "Clocks" not in titles:
        raise Incorrect("with_last_borrower(books, loans): Clocks is missing; it was never lent, and stays with None.")
    if sorted(set(titles)) != titles:
        raise Incorrect("with_last_borrower(books, loans): a book comes more than once: a JOIN makes a row a loan.")
    told = {
        "Zoe": "Zoe is last in the alphabet, and the first borrower too: neither is what was asked for.",
        "Kim": "Kim's loan was typed in last, but Mo borrowed it on a later day: lent_on decides.",
    }
    who = dict(got).get("Atlas")
    raise Incorrect(
        f"with_last_borrower(books, loans): Atlas was borrowed last by 'Mo', got {who!r}. {told.get(who, '')}".rstrip()
    )
