"""The last exercise of lesson 14, in a library: the last copy of a book, and two readers who want it."""

from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.grading import call, described
from helpers.exercises.loads_library_trial import bob_comes_between, fill, library

LESSON = "14-higher-loads"


class Lend(Exercise):
    """Lend the book with this number to `reader`: True if it was done, False if it cannot be.

    Done: Book.copies is one less and there is a Loan (book, reader); otherwise neither. It
    cannot be without a copy, or twice to one reader (a constraint of Loan says so). Others
    lend at the same moment. This database is SQLite, which has no locks for rows.
    """

    id = "loads-6-library"
    name = "lend"
    uses_database = True

    def stub(Book, Loan, number, reader): ...

    hints = (
        "Whoever reads copies first and writes later writes what is no longer true: let one UPDATE both ask and "
        'subtract: Book.objects.filter(pk=number, copies__gt=0).update(copies=F("copies") - 1) says how many it '
        "changed.",
        "Put the UPDATE and Loan.objects.create(…) into one transaction.atomic(), and catch IntegrityError outside it.",
    )

    def check(attempt):
        with library() as (Book, Loan):
            for copies, loans, number, expected, nudge in (
                (2, [], 1, True, ""),
                (1, [], 1, True, "The last copy may be lent."),
                (0, [], 1, False, "There is no copy left."),
                (2, ["Ada"], 1, False, "She has it already; the copy has to stay: both writes, or neither."),
                (2, [], 2, False, "There is no book of this number."),
            ):
                fill(Book, Loan, copies, loans)
                words = f"{copies} copies, {len(loans)} of them lent to Ada before" if loans else f"{copies} copies"
                words = f"{words}: lend(Book, Loan, {number}, 'Ada')"
                got = call(attempt, Book, Loan, number, "Ada", shown=f"Book, Loan, {number}, 'Ada'")
                left, lent = Book.objects.get(pk=1).copies, Loan.objects.count()
                wanted = (copies - expected, len(loans) + expected)
                if (left, lent) != wanted:
                    raise Incorrect(
                        f"{words}: expected {wanted[0]} copies and {wanted[1]} loans afterwards, got {left} and "
                        f"{lent}. {nudge}".rstrip()
                    )
                if got is not expected:
                    raise Incorrect(f"{words}: expected {expected}, got {described(got)}. {nudge}".rstrip())
            fill(Book, Loan, 1, [])
            with bob_comes_between(Book, Loan):
                got = call(attempt, Book, Loan, 1, "Ada", shown="Book, Loan, 1, 'Ada'")
            left, loans = Book.objects.get(pk=1).copies, sorted(Loan.objects.values_list("reader", flat=True))
            if left < 0 or left + len(loans) != 1 or got is not ("Ada" in loans):
                raise Incorrect(
                    f"1 copy, and Bob takes it after your first look: got {described(got)}, {left} copies left, lent "
                    f"to {' and '.join(loans)}. A look is old when you write: let the UPDATE itself ask for a copy."
                )
        return "both writes or neither, and the last copy goes to one reader"

    @solution
    def one_update_decides(Book, Loan, number, reader):
        from django.db import IntegrityError, transaction
        from django.db.models import F

        try:
            with transaction.atomic():
                there = Book.objects.filter(pk=number, copies__gt=0)
                done = there.update(copies=F("copies") - 1) == 1
                if done:
                    Loan.objects.create(book_id=number, reader=reader)
        except IntegrityError:
            done = False
        return done

    @mistake("let the UPDATE itself ask")
    def looks_first(Book, Loan, number, reader):
        from django.db import IntegrityError, transaction

        try:
            with transaction.atomic():
                book = Book.objects.filter(pk=number).first()
                if book is None or book.copies < 1:
                    return False
                book.copies -= 1
                book.save()
                Loan.objects.create(book=book, reader=reader)
        except IntegrityError:
            return False
        return True

    @mistake("let the UPDATE itself ask")
    def looks_first_and_lets_the_database_subtract(Book, Loan, number, reader):
        from django.db import IntegrityError, transaction
        from django.db.models import F

        try:
            with transaction.atomic():
                if not Book.objects.filter(pk=number, copies__gt=0).exists():
                    return False
                Book.objects.filter(pk=number).update(copies=F("copies") - 1)
                Loan.objects.create(book_id=number, reader=reader)
        except IntegrityError:
            return False
        return True

    @mistake("let the UPDATE itself ask")
    def with_a_lock_that_sqlite_has_not(Book, Loan, number, reader):
        from django.db import IntegrityError, transaction

        try:
            with transaction.atomic():
                book = Book.objects.select_for_update().filter(pk=number, copies__gt=0).first()
                if book is None:
                    return False
                book.copies -= 1
                book.save()
                Loan.objects.create(book=book, reader=reader)
        except IntegrityError:
            return False
        return True

    @mistake("both writes, or neither")
    def without_a_transaction(Book, Loan, number, reader):
        from django.db import IntegrityError
        from django.db.models import F

        try:
            done = Book.objects.filter(pk=number, copies__gt=0).update(copies=F("copies") - 1) == 1
            if done:
                Loan.objects.create(book_id=number, reader=reader)
        except IntegrityError:
            return False
        return done

    @mistake("There is no copy left")
    def never_asks(Book, Loan, number, reader):
        from django.db import IntegrityError, transaction
        from django.db.models import F

        try:
            with transaction.atomic():
                done = Book.objects.filter(pk=number).update(copies=F("copies") - 1) == 1
                if done:
                    Loan.objects.create(book_id=number, reader=reader)
        except IntegrityError:
            return False
        return done

    @mistake("raised IntegrityError")
    def lets_the_error_through(Book, Loan, number, reader):
        from django.db import transaction
        from django.db.models import F

        with transaction.atomic():
            done = Book.objects.filter(pk=number, copies__gt=0).update(copies=F("copies") - 1) == 1
            if done:
                Loan.objects.create(book_id=number, reader=reader)
        return done

    @mistake("expected True, got 1")
    def says_how_many(Book, Loan, number, reader):
        from django.db import IntegrityError, transaction
        from django.db.models import F

        try:
            with transaction.atomic():
                done = Book.objects.filter(pk=number, copies__gt=0).update(copies=F("copies") - 1)
                if done:
                    Loan.objects.create(book_id=number, reader=reader)
        except IntegrityError:
            return False
        return done
