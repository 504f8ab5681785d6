"""The exercises of lesson 06 about what a receiver is told, and when: after the commit, by a signal of one's own."""

import contextlib
from functools import partial

from django.db import transaction
from django.dispatch import Signal

from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.grading import call, described
from helpers.exercises.signals_quiet import no_log, quiet

LESSON = "06-signals"


class TellAfterCommit(Exercise):
    """Save each attendee, and call tell(attendee.pk) for each, after the commit.

    If the transaction is rolled back, nobody is told.
    """

    id = "signals-after-commit"
    name = "register_all"
    uses_database = True

    def stub(attendees, tell): ...

    hints = (
        "transaction.on_commit(function) keeps a function, without calling it, until the transaction is committed.",
        "A lambda in a loop looks its variable up when it runs, after the loop: partial(tell, attendee.pk) keeps it.",
    )

    @quiet()
    def check(attempt):
        from helpers.conference.models import Attendee

        class Undone(Exception):
            pass

        def attendees():
            return [Attendee(name=name, email=f"{name.lower()}@example.org") for name in ("Ada", "Grace", "Mary")]

        told, three = [], attendees()
        with transaction.atomic():
            call(attempt, three, told.append, shown="three attendees, tell")
            early = list(told)
        if early:
            raise Incorrect(
                f"tell ran {len(early)} times inside the transaction: expected none before the commit. "
                "No other connection can see the rows yet."
            )
        saved = [each.pk for each in three]
        if None in saved:
            raise Incorrect("expected three saved attendees: an attendee was not saved. Call attendee.save() for each.")
        if told != saved:
            nudge = "Is tell called for each of them?"
            if len(told) == 3 and len(set(told)) == 1:
                nudge = "Three times the last one: a lambda reads the loop's variable only when it runs."
            raise Incorrect(
                f"after the commit: expected tell for {_places(saved, saved)}, got {_places(told, saved)}. {nudge}"
            )
        with contextlib.suppress(Undone), transaction.atomic():
            Attendee.objects.all().delete()
            call(attempt, attendees(), told.append, shown="three attendees, tell")
            raise Undone
        if len(told) > 3:
            raise Incorrect("tell ran for a transaction that was rolled back: those rows do not exist.")
        return "told three times, after the commit, and never for what was rolled back"

    @solution
    def kept_for_later(attendees, tell):
        from functools import partial

        from django.db import transaction

        for attendee in attendees:
            attendee.save()
            transaction.on_commit(partial(tell, attendee.pk))

    @mistake("inside the transaction")
    def at_once(attendees, tell):
        for attendee in attendees:
            attendee.save()
            tell(attendee.pk)

    @mistake("the last one")
    def read_too_late(attendees, tell):
        for attendee in attendees:
            attendee.save()
            transaction.on_commit(lambda: tell(attendee.pk))  # noqa: B023 - that is the mistake

    @mistake("callback must be a callable")
    def called_instead_of_kept(attendees, tell):
        for attendee in attendees:
            attendee.save()
            transaction.on_commit(tell(attendee.pk))

    @mistake("was not saved")
    def before_it_is_saved(attendees, tell):
        for attendee in attendees:
            transaction.on_commit(partial(tell, attendee.pk))


class BookReturned(Exercise):
    """Tell every listener of `book_returned` that `book` is back; return how many of them failed.

    The sender is the class of the book. A listener that fails must not stop the others.
    """

    id = "signals-library"
    name = "give_back"

    def stub(book, book_returned): ...

    hints = (
        "A signal has two ways to send; one of them catches what a receiver raises, and hands it back.",
        "send_robust returns pairs (receiver, answer); the answer of a receiver that failed is its exception.",
    )

    @quiet()
    def check(attempt):
        class Book:
            title = "Two Scoops"

        class Journal(Book):
            pass

        heard, book_returned = [], Signal()

        def shelve(book, **kwargs):
            heard.append(f"shelve {book.title}")

        def remind(book, **kwargs):
            raise KeyError("no reader waits")

        def count(book, **kwargs):
            heard.append("count")
            return 7

        def journals(book, **kwargs):
            heard.append("journals")

        for receiver, sender in ((shelve, Book), (remind, Book), (count, None), (journals, Journal)):
            book_returned.connect(receiver, sender=sender)
        with no_log():
            failed = call(attempt, Book(), book_returned, shown="book, book_returned")
        if heard == ["count"]:
            raise Incorrect(
                "only a listener without a sender heard it: the sender is the class of the book, type(book)."
            )
        if heard != ["shelve Two Scoops", "count"]:
            raise Incorrect(f"expected the listeners shelve and count to hear of the book, heard: {described(heard)}.")
        if isinstance(failed, bool) or failed != 1:
            raise Incorrect(
                f"one of three listeners failed: expected 1, got {described(failed)}. Only an exception is a failure; "
                "a listener may well return None, or 7."
            )
        return "three heard it, one failed, and nobody was stopped"

    @solution
    def robustly(book, book_returned):
        answers = book_returned.send_robust(sender=type(book), book=book)
        return sum(isinstance(answer, Exception) for _, answer in answers)

    @mistake("raised KeyError")
    def until_one_fails(book, book_returned):
        answers = book_returned.send(sender=type(book), book=book)
        return sum(isinstance(answer, Exception) for _, answer in answers)

    @mistake("class of the book")
    def the_book_as_sender(book, book_returned):
        answers = book_returned.send_robust(sender=book, book=book)
        return sum(isinstance(answer, Exception) for _, answer in answers)

    @mistake("Only an exception")
    def whoever_answered(book, book_returned):
        answers = book_returned.send_robust(sender=type(book), book=book)
        return sum(answer is not None for _, answer in answers)


def _places(told, saved):
    """Which of the attendees were told, by their place: their keys are another story on every database."""
    return [saved.index(each) + 1 if each in saved else described(each) for each in told]
