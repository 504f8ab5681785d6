"""An exercise of lesson 15: a payment that is delivered at least once is booked exactly once."""

from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.grading import call, described
from helpers.exercises.ship_trial import after_a_look_at, bank

LESSON = "15-ship-it-off"


class Once(Exercise):
    """Add `cents` to the balance of account `pk`, once for each `key`. True if it was done now.

    Payment(key) has a unique constraint. A payment that came before: False, and nothing
    changes. If anything fails in between, neither row is written, and the error goes on.
    Others pay into the account, or deliver the same key, at the same moment.
    """

    id = "ship-1-once"
    name = "book"
    uses_database = True

    def stub(Account, Payment, key, pk, cents): ...

    hints = (
        "Two rows, both or neither: one transaction.atomic() around them. Whether the key is new, "
        "Payment.objects.get_or_create(key=key) says in its second value, also when two come at once.",
        'If it is new: Account.objects.filter(pk=pk).update(balance=F("balance") + cents). Catch nothing.',
    )

    def check(attempt):
        from django.db import IntegrityError

        with bank() as (Account, Payment):
            for key, cents, expected, balance, nudge in (
                ("p-1", 500, True, 1_500, ""),
                ("p-1", 500, False, 1_500, "The second delivery changes nothing."),
                ("p-2", 500, True, 2_000, "Another key is another payment, also of the same amount."),
                ("p-1", 900, False, 2_000, "The key decides, not the amount."),
                ("p-3", 0, True, 2_000, "A payment of 0 is a payment: booked, and known from then on."),
                ("p-3", 0, False, 2_000, "A payment of 0 is a payment: booked, and known from then on."),
            ):
                Account.objects.get_or_create(pk=1)
                shown = f"Account, Payment, '{key}', 1, {cents}"
                got = call(attempt, Account, Payment, key, 1, cents, shown=shown)
                _look(shown, got, expected, Account, balance, nudge)
            shown = "Account, Payment, 'p-4', 1, -9000"
            try:
                got = attempt(Account, Payment, "p-4", 1, -9_000)
            except IntegrityError:
                pass
            except Exception as error:
                raise Incorrect(
                    f"book({shown}): a balance below 0 is refused by the database, with an IntegrityError; "
                    f"that one has to go on to the caller, got {type(error).__name__}."
                ) from error
            else:
                raise Incorrect(
                    f"book({shown}): the database refused it, the caller got {described(got)}: a failure that looks "
                    "like a payment that came before. Let the error go on."
                )
            if Payment.objects.filter(key="p-4").exists():
                raise Incorrect(
                    f"book({shown}): the balance was refused and Payment 'p-4' was kept, so the next delivery would do "
                    "nothing and the money is lost: both rows in one transaction."
                )
            _between(attempt, Account, Payment)
        return "each key is booked once, both rows or neither, also when two come at once"

    @solution
    def created_or_known(Account, Payment, key, pk, cents):
        from django.db import transaction
        from django.db.models import F

        with transaction.atomic():
            payment, is_new = Payment.objects.get_or_create(key=key)
            if is_new:
                Account.objects.filter(pk=pk).update(balance=F("balance") + cents)
        return is_new

    @solution
    def a_savepoint_around_the_key(Account, Payment, key, pk, cents):
        from django.db import IntegrityError, transaction
        from django.db.models import F

        with transaction.atomic():
            try:
                with transaction.atomic():
                    Payment.objects.create(key=key)
            except IntegrityError:
                return False
            Account.objects.filter(pk=pk).update(balance=F("balance") + cents)
        return True

    @mistake("The second delivery changes nothing")
    def without_a_key(Account, Payment, key, pk, cents):
        from django.db.models import F

        Account.objects.filter(pk=pk).update(balance=F("balance") + cents)
        return True

    @mistake("both rows in one transaction")
    def two_transactions(Account, Payment, key, pk, cents):
        from django.db.models import F

        _, is_new = Payment.objects.get_or_create(key=key)
        if is_new:
            Account.objects.filter(pk=pk).update(balance=F("balance") + cents)
        return is_new

    @mistake("Let the error go on")
    def every_refusal_is_a_repetition(Account, Payment, key, pk, cents):
        from django.db import IntegrityError, transaction
        from django.db.models import F

        try:
            with transaction.atomic():
                Payment.objects.create(key=key)
                Account.objects.filter(pk=pk).update(balance=F("balance") + cents)
        except IntegrityError:
            return False
        return True

    @mistake("at the same moment")
    def looks_first(Account, Payment, key, pk, cents):
        from django.db import transaction
        from django.db.models import F

        with transaction.atomic():
            if Payment.objects.filter(key=key).exists():
                return False
            Payment.objects.create(key=key)
            Account.objects.filter(pk=pk).update(balance=F("balance") + cents)
        return True

    @mistake("let the UPDATE add")
    def adds_in_python(Account, Payment, key, pk, cents):
        from django.db import transaction

        with transaction.atomic():
            _, is_new = Payment.objects.get_or_create(key=key)
            if is_new:
                account = Account.objects.get(pk=pk)
                account.balance += cents
                account.save()
        return is_new

    @mistake("A payment of 0")
    def by_what_was_added(Account, Payment, key, pk, cents):
        from django.db import transaction
        from django.db.models import F

        with transaction.atomic():
            _, is_new = Payment.objects.get_or_create(key=key)
            if is_new:
                Account.objects.filter(pk=pk).update(balance=F("balance") + cents)
        return bool(is_new and cents)


def _look(shown, got, expected, Account, balance, nudge):
    found = Account.objects.get(pk=1).balance
    if found != balance:
        raise Incorrect(f"book({shown}): expected a balance of {balance}, got {found}. {nudge}".rstrip())
    if got is not expected:
        raise Incorrect(f"book({shown}): expected {expected}, got {described(got)}. {nudge}".rstrip())


def _between(attempt, Account, Payment):
    payments, accounts = Payment._meta.db_table, Account._meta.db_table
    shown, before = "Account, Payment, 'p-5', 1, 100", Account.objects.get(pk=1).balance
    twin = (f"INSERT INTO {payments} (key) VALUES ('p-5')", f"UPDATE {accounts} SET balance = balance + 100")
    with after_a_look_at(Payment, *twin) as came:
        try:
            got = attempt(Account, Payment, "p-5", 1, 100)
        except Exception as error:
            raise Incorrect(
                f"book({shown}), and the same key comes to another worker at the same moment, after your look: "
                f"{type(error).__name__}. A look is old when you write: get_or_create, or what your own create says."
            ) from error
    _look(shown, got, not came, Account, before + 100, "Another worker booked the same key after your look.")
    with after_a_look_at(Account, f"UPDATE {accounts} SET balance = balance + 40") as came:
        call(attempt, Account, Payment, "p-6", 1, 100, shown="Account, Payment, 'p-6', 1, 100")
    if Account.objects.get(pk=1).balance != before + 200 + 40 * bool(came):
        raise Incorrect(
            "book(Account, Payment, 'p-6', 1, 100): somebody else paid 40 in after your look at the account, and your "
            "save wrote over it. A look is old when you write: let the UPDATE add."
        )
