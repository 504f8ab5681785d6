"""The last exercise of lesson 10: a library's desk, where a book comes back, and the cache may say so only then."""

from datetime import date

from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.grading import call, described
from helpers.exercises.patterns_shelf import GONE, Shelf

LESSON = "10-caching-patterns"


class GiveBack(Exercise):
    """The loan ends `today`, in the database; the cache says that its book is on the shelf.

    f"on-shelf:{loan.book_id}" becomes True, for ever, in place of False, once it is committed.
    """

    id = "patterns-library"
    name = "give_back"
    uses_database = True

    def stub(loan, today, cache): ...

    hints = (
        "The caller may be inside a transaction that fails later. What runs a function only after the commit?",
        "transaction.on_commit(partial(cache.set, key, True, None)), after loan.returned was saved.",
    )

    def check(attempt):
        from django.db import transaction

        today, name = date(2011, 9, 9), f"{attempt.__name__}(loan, today, cache)"

        def lent(book_id):
            loan, shelf = Loan.objects.create(book_id=book_id), Shelf()
            shelf.put(f"on-shelf:{book_id}", False)
            return loan, shelf

        Loan = _loans()
        loan, shelf = lent(11)
        call(attempt, loan, today, shelf, shown="loan, today, cache")
        if Loan.objects.get(pk=loan.pk).returned != today:
            raise Incorrect(f"{name}: the loan is still open in the database. Set `returned`, and save it.")
        _expect_on_shelf(shelf, 11, name)
        loan, shelf = lent(12)
        with transaction.atomic():
            call(attempt, loan, today, shelf, shown="loan, today, cache")
            if Loan.objects.get(pk=loan.pk).returned != today:
                raise Incorrect(
                    f"{name} inside the caller's transaction: the row is not saved in it. Save at once; only the cache "
                    "waits for the commit."
                )
            if shelf.get("on-shelf:12", GONE) is not False:
                raise Incorrect(
                    f"{name} inside the caller's transaction: the cache changed before the commit, while every other "
                    "connection still reads the old row."
                )
        _expect_on_shelf(shelf, 12, name)
        loan, shelf = lent(13)
        with transaction.atomic():
            call(attempt, loan, today, shelf, shown="loan, today, cache")
            transaction.set_rollback(True)
        if shelf.get("on-shelf:13", GONE) is not False:
            raise Incorrect(f"{name}, and the caller rolls back: the book is still lent, and the cache denies it.")
        return "on the shelf after the commit, not before it, and not after a rollback"

    @solution
    def told_after_the_commit(loan, today, cache):
        from functools import partial

        from django.db import transaction

        loan.returned = today
        loan.save(update_fields=["returned"])
        transaction.on_commit(partial(cache.set, f"on-shelf:{loan.book_id}", True, None))

    @mistake("before the commit")
    def told_at_once(loan, today, cache):
        loan.returned = today
        loan.save(update_fields=["returned"])
        cache.set(f"on-shelf:{loan.book_id}", True, None)

    @mistake("before the commit")
    def told_after_the_inner_block(loan, today, cache):
        from django.db import transaction

        with transaction.atomic():
            loan.returned = today
            loan.save(update_fields=["returned"])
        cache.set(f"on-shelf:{loan.book_id}", True, None)

    @mistake("replace it")
    def deleted(loan, today, cache):
        from functools import partial

        from django.db import transaction

        loan.returned = today
        loan.save(update_fields=["returned"])
        transaction.on_commit(partial(cache.delete, f"on-shelf:{loan.book_id}"))

    @mistake("for ever")
    def for_five_minutes(loan, today, cache):
        from functools import partial

        from django.db import transaction

        loan.returned = today
        loan.save(update_fields=["returned"])
        transaction.on_commit(partial(cache.set, f"on-shelf:{loan.book_id}", True))

    @mistake("still open in the database")
    def never_saved(loan, today, cache):
        from functools import partial

        from django.db import transaction

        loan.returned = today
        transaction.on_commit(partial(cache.set, f"on-shelf:{loan.book_id}", True, None))

    @mistake("made of loan.book_id")
    def the_number_of_the_loan(loan, today, cache):
        from functools import partial

        from django.db import transaction

        loan.returned = today
        loan.save(update_fields=["returned"])
        transaction.on_commit(partial(cache.set, f"on-shelf:{loan.pk}", True, None))

    @mistake("Save at once")
    def saved_after_the_commit(loan, today, cache):
        from django.db import transaction

        def both():
            type(loan).objects.filter(pk=loan.pk).update(returned=today)
            cache.set(f"on-shelf:{loan.book_id}", True, None)

        transaction.on_commit(both)


def _expect_on_shelf(shelf, book_id, name):
    key = f"on-shelf:{book_id}"
    held = shelf.get(key, GONE)
    if held is False:
        raise Incorrect(f"{name}: after the commit {key!r} is still False. Is the key made of loan.book_id?")
    if held is GONE:
        raise Incorrect(f"{name}: {key!r} is gone after the commit. A delete costs the next reader a miss: replace it.")
    if held is not True:
        raise Incorrect(f"{name}: after the commit {key!r} is {described(held)} in the cache, expected True.")
    if shelf.timeouts.get(key, GONE) is not None:
        raise Incorrect(
            f"{name}: {key!r} was set with timeout={described(shelf.timeouts.get(key))}; it is meant to stay for ever."
        )


def _loans():
    """The model Loan, with an empty table, in the copy that the check runs on."""
    from django.db import models

    from helpers.project.boot import clear_scratch, create_tables

    clear_scratch()

    class Loan(models.Model):
        book_id = models.IntegerField()
        returned = models.DateField(null=True)

        class Meta:
            app_label = "scratch"

    create_tables(Loan)
    return Loan
