"""An exercise of lesson 15: messages that leave after the commit, each with its own number."""

from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.grading import call, described
from helpers.exercises.ship_trial import shop

LESSON = "15-ship-it-off"


class PlaceAll(Exercise):
    """Create an Order(address) for each address: all of them, or none if one fails.

    enqueue(pk) is called once for each, in their order, when all are committed; never
    when they are not. The error goes on to the caller, who may have a transaction too.
    """

    id = "ship-2-on-commit"
    name = "place_all"
    uses_database = True

    def stub(Order, addresses, enqueue): ...

    hints = (
        "One transaction.atomic() around the whole loop, and in it, for each order, transaction.on_commit(…) with a "
        "function without arguments.",
        "A lambda looks its names up when it is called, after the loop: partial(enqueue, order.pk) from functools "
        "keeps the number of this moment.",
    )

    def check(attempt):
        from django.db import IntegrityError, connection, transaction

        with shop() as Order:
            told = []

            def enqueue(pk):
                told.append((pk, connection.in_atomic_block))

            words = "place_all(Order, ['ada', 'bob', 'eve'], enqueue)"
            call(attempt, Order, ["ada", "bob", "eve"], enqueue, shown="Order, ['ada', 'bob', 'eve'], enqueue")
            made = list(Order.objects.order_by("pk").values_list("pk", "address"))
            if [address for _, address in made] != ["ada", "bob", "eve"]:
                raise Incorrect(f"{words}: expected three orders, got {described([each for _, each in made])}.")
            _compare(words, told, [pk for pk, _ in made])
            told.clear()
            words = "place_all(Order, ['dan', None], enqueue), which the database refuses"
            try:
                attempt(Order, ["dan", None], enqueue)
            except IntegrityError:
                pass
            except Exception as error:
                raise Incorrect(f"{words}: its IntegrityError is to go on, got {type(error).__name__}.") from error
            else:
                raise Incorrect(f"{words}: the caller was told nothing of it. Let the error go on.")
            if told:
                raise Incorrect(f"{words}: enqueue was called all the same, for an order that there is not.")
            if Order.objects.count() != 3:
                raise Incorrect(f"{words}: dan's order was kept: all of them, or none. One transaction for all.")
            words = "place_all(Order, ['dan'], enqueue) in a transaction of the caller"
            with transaction.atomic():
                call(attempt, Order, ["dan"], enqueue, shown="Order, ['dan'], enqueue")
                early = bool(told)
                transaction.set_rollback(True)
            if early or told:
                raise Incorrect(
                    f"{words}, which is rolled back: enqueue was called before that one ended. After your own atomic() "
                    "block nothing is certain yet; transaction.on_commit waits for the outermost."
                )
        return "three messages after the commit, each its own number; none for what was rolled back"

    @solution
    def partial_on_commit(Order, addresses, enqueue):
        from functools import partial

        from django.db import transaction

        with transaction.atomic():
            for address in addresses:
                order = Order.objects.create(address=address)
                transaction.on_commit(partial(enqueue, order.pk))

    @solution
    def one_callback(Order, addresses, enqueue):
        from django.db import transaction

        with transaction.atomic():
            orders = [Order.objects.create(address=address) for address in addresses]
            transaction.on_commit(lambda: [enqueue(order.pk) for order in orders])

    @mistake("before the commit")
    def at_once(Order, addresses, enqueue):
        from django.db import transaction

        with transaction.atomic():
            for address in addresses:
                enqueue(Order.objects.create(address=address).pk)

    @mistake("looks its names up")
    def a_lambda_in_a_loop(Order, addresses, enqueue):
        from django.db import transaction

        with transaction.atomic():
            for address in addresses:
                order = Order.objects.create(address=address)
                transaction.on_commit(lambda: enqueue(order.pk))  # noqa: B023

    @mistake("waits for the outermost")
    def after_its_own_block(Order, addresses, enqueue):
        from django.db import transaction

        with transaction.atomic():
            orders = [Order.objects.create(address=address) for address in addresses]
        for order in orders:
            enqueue(order.pk)

    @mistake("for an order that there is not")
    def without_a_transaction(Order, addresses, enqueue):
        from functools import partial

        from django.db import transaction

        for address in addresses:
            order = Order.objects.create(address=address)
            transaction.on_commit(partial(enqueue, order.pk))

    @mistake("all of them, or none")
    def rows_without_a_transaction(Order, addresses, enqueue):
        from django.db import transaction

        orders = [Order.objects.create(address=address) for address in addresses]
        transaction.on_commit(lambda: [enqueue(order.pk) for order in orders])

    @mistake("Let the error go on")
    def swallowed(Order, addresses, enqueue):
        from functools import partial

        from django.db import IntegrityError, transaction

        try:
            with transaction.atomic():
                for address in addresses:
                    order = Order.objects.create(address=address)
                    transaction.on_commit(partial(enqueue, order.pk))
        except IntegrityError:
            pass

    @mistake("its number, order.pk")
    def the_object_itself(Order, addresses, enqueue):
        from functools import partial

        from django.db import transaction

        with transaction.atomic():
            for address in addresses:
                transaction.on_commit(partial(enqueue, Order.objects.create(address=address)))


def _compare(words, told, pks):
    got = [pk for pk, _ in told]
    if any(inside for _, inside in told):
        raise Incorrect(f"{words}: enqueue was called before the commit, when no worker can see the order yet.")
    if any(hasattr(pk, "pk") for pk in got):
        raise Incorrect(f"{words}: enqueue was given the order itself: hand over its number, order.pk.")
    if len(got) == len(pks) > 1 and set(got) == {pks[-1]}:
        raise Incorrect(
            f"{words}: enqueue was called three times with the last number. A lambda looks its names up when it is "
            "called, after the loop."
        )
    if got != pks:
        raise Incorrect(f"{words}: expected enqueue for the numbers {pks}, in this order, got {described(got)}.")
