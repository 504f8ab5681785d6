"""What the answers of lesson 15 are tried on: accounts, payments and orders, and somebody who comes between."""

import contextlib


@contextlib.contextmanager
def bank():
    """Account and Payment with tables in the copy of the database that the check has to itself."""
    from django.db import models

    from helpers.scratch import declared

    with declared.kept():
        declared.clear()

        class Account(models.Model):
            balance = models.IntegerField(default=1_000)

            class Meta:
                app_label = "scratch"
                constraints = [models.CheckConstraint(condition=models.Q(balance__gte=0), name="never_below_zero")]

        class Payment(models.Model):
            key = models.CharField(max_length=40, unique=True)

            class Meta:
                app_label = "scratch"

        declared.create_tables(Account, Payment)
        yield Account, Payment


@contextlib.contextmanager
def shop():
    """Order, whose address is never NULL, with its table."""
    from django.db import models

    from helpers.scratch import declared

    with declared.kept():
        declared.clear()

        class Order(models.Model):
            address = models.CharField(max_length=40)

            class Meta:
                app_label = "scratch"

        declared.create_tables(Order)
        yield Order


@contextlib.contextmanager
def after_a_look_at(model, *statements):
    """Run these statements once, as somebody else's, once the table of `model` is read; yields whether they were."""
    from django.db import connection

    come = []

    def watch(execute, sql, params, many, context):
        result = execute(sql, params, many, context)
        if not come and sql.lstrip().upper().startswith("SELECT") and model._meta.db_table in sql:
            come.append(True)
            with contextlib.closing(connection.connection.cursor()) as own:  # past the wrapper, past Django
                for statement in statements:
                    own.execute(statement)
        return result

    with connection.execute_wrapper(watch):
        yield come
