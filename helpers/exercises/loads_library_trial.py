"""What the library of lesson 14 is tried on: books, loans, and a reader who is faster."""

import contextlib


@contextlib.contextmanager
def library():
    """Book and Loan with tables in the copy of the database that the check has to itself."""
    from django.db import models

    from helpers.scratch import declared

    with declared.kept():
        declared.clear()

        class Book(models.Model):
            copies = models.IntegerField()

            class Meta:
                app_label = "scratch"

        class Loan(models.Model):
            book = models.ForeignKey(Book, models.CASCADE)
            reader = models.CharField(max_length=40)

            class Meta:
                app_label = "scratch"
                constraints = [models.UniqueConstraint(fields=["book", "reader"], name="once_a_reader")]

        declared.create_tables(Book, Loan)
        yield Book, Loan


def fill(Book, Loan, copies, loans):
    """One book, number 1, with so many copies, lent to these readers."""
    Loan.objects.all().delete()
    Book.objects.all().delete()
    Book.objects.create(pk=1, copies=copies)
    for reader in loans:
        Loan.objects.create(book_id=1, reader=reader)


@contextlib.contextmanager
def bob_comes_between(Book, Loan):
    """Bob borrows the last copy as soon as anybody has looked at the books."""
    from django.db import connection

    come = []

    def watch(execute, sql, params, many, context):
        result = execute(sql, params, many, context)
        if not come and sql.lstrip().upper().startswith("SELECT") and Book._meta.db_table in sql:
            come.append("Bob")
            with contextlib.closing(connection.connection.cursor()) as own:  # past the wrapper, past Django
                own.execute(f"UPDATE {Book._meta.db_table} SET copies = 0 WHERE id = 1")
                own.execute(f"INSERT INTO {Loan._meta.db_table} (book_id, reader) VALUES (1, 'Bob')")
        return result

    with connection.execute_wrapper(watch):
        yield
