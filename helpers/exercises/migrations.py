"""The exercises of the core of lesson 03 that run operations: a required column in three steps, a data migration."""

from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.grading import call
from helpers.exercises.migrations_trial import Trial

LESSON = "03-migrations"


class ThreeSteps(Exercise):
    """The operations, in order, that give `book` a required `language`; `fill` is step two."""

    id = "migrations-three-steps"
    name = "operations"
    uses_database = True

    def stub(fill):
        from django.db import migrations, models

        may_be_null = models.CharField(max_length=2, null=True)  # noqa: F841 - the learner puts it in
        required = models.CharField(max_length=2)  # noqa: F841
        return [
            migrations.AddField("book", "language", ...),
            migrations.RunPython(fill, migrations.RunPython.noop),
            migrations.AlterField("book", "language", ...),
        ]

    hints = (
        "Before it is filled, the column has to allow NULL; afterwards it must not.",
        "The two fields are there already: may_be_null for step one, required for step three.",
    )

    def check(attempt):
        from django.db import IntegrityError, models

        def fill(apps, schema_editor):
            Book = apps.get_model("shop", "Book")
            for book in Book.objects.all():
                book.language = "en" if "Django" in book.title else "fr"
                book.save()

        titles = [{"title": title} for title in ("Pro Django", "Le Petit Prince", "Django Unleashed")]
        trial = Trial("Book", {"title": models.CharField(max_length=80)}, titles)
        operations = call(attempt, fill, shown="fill")
        try:
            trial.forwards(operations)
        except IntegrityError as error:
            raise Incorrect(
                f"on a table with three books it stops: {error}. A column that is required from the start has no value "
                "for the rows that are there: step one must allow NULL."
            ) from error
        if "language" not in trial.fields():
            raise Incorrect("the book has no language afterwards: step one adds the column.")
        values = trial.values("language")
        if values != ["en", "fr", "en"]:
            raise Incorrect(f"expected the languages ['en', 'fr', 'en'], got {values}: let `fill` write them.")
        if trial.fields()["language"].null:
            raise Incorrect("the column may still be NULL afterwards: step three makes it required.")
        trial.backwards()
        return "three books, each with its own language, and NULL is refused from now on"

    @solution
    def null_fill_required(fill):
        from django.db import migrations, models

        may_be_null = models.CharField(max_length=2, null=True)
        required = models.CharField(max_length=2)
        one = migrations.AddField("book", "language", may_be_null)
        two = migrations.RunPython(fill, migrations.RunPython.noop)
        return [one, two, migrations.AlterField("book", "language", required)]

    @mistake("step one must allow NULL")
    def required_at_once(fill):
        from django.db import migrations, models

        required = models.CharField(max_length=2, default=None)
        return [
            migrations.AddField("book", "language", required),
            migrations.RunPython(fill, migrations.RunPython.noop),
        ]

    @mistake("step three makes it required")
    def never_required(fill):
        from django.db import migrations, models

        may_be_null = models.CharField(max_length=2, null=True)
        return [
            migrations.AddField("book", "language", may_be_null),
            migrations.RunPython(fill, migrations.RunPython.noop),
        ]

    @mistake("let `fill` write them")
    def one_default_for_all(fill):
        from django.db import migrations, models

        return [migrations.AddField("book", "language", models.CharField(max_length=2, default="en"))]

    @mistake("a list of operations")
    def a_single_operation(fill):
        from django.db import migrations

        return migrations.RunPython(fill)


class Fill(Exercise):
    """Give each book of shop that has no slug one: "book-" and its pk. 60 books, four queries."""

    id = "migrations-fill"
    name = "fill_slugs"
    uses_database = True
    options = {"queries": 4}

    def stub(apps, schema_editor): ...

    hints = (
        'Book = apps.get_model("shop", "Book"); leave the books alone that have a slug: filter(slug=None).',
        'Set the slug of each book in a list, and write them together: Book.objects.bulk_update(books, ["slug"]).',
    )

    def check(attempt):
        from django.db import connection, models
        from django.test.utils import CaptureQueriesContext

        rows = [{"title": f"Book {number}", "slug": None} for number in range(60)] + [
            {"title": "Two Scoops", "slug": "two-scoops"}
        ]
        fields = {"title": models.CharField(max_length=80), "slug": models.SlugField(null=True)}
        trial = Trial("Book", fields, rows)
        with CaptureQueriesContext(connection) as seen, connection.schema_editor() as editor:
            try:
                attempt(trial.apps, editor)
            except ImportError as error:
                raise Incorrect(
                    f"{error}. A migration does not import its model, which will change: it asks "
                    'apps.get_model("shop", "Book") for the one of its own moment.'
                ) from error
        slugs = trial.values("slug")
        if slugs[-1] != "two-scoops":
            raise Incorrect(f"a book had the slug 'two-scoops', and has {slugs[-1]!r} now: fill only what is empty.")
        if None in slugs:
            raise Incorrect(f"{slugs.count(None)} of 60 books have no slug yet.")
        wrong = [slug for number, slug in enumerate(slugs[:60], 1) if slug != f"book-{number}"]
        if wrong:
            raise Incorrect(f"expected 'book-1' for the book with pk 1 and so on, got {wrong[0]!r}.")
        asked = [each["sql"] for each in seen.captured_queries if each["sql"].startswith(("SELECT", "UPDATE"))]
        if len(asked) > 4:
            raise Incorrect(
                f"all slugs are right, in {len(asked)} queries, and four are allowed. "
                "Write the books together, not one by one."
            )
        return f"60 books in {len(asked)} queries, and a slug that was there stays"

    @solution
    def in_bulk(apps, schema_editor):
        Book = apps.get_model("shop", "Book")
        books = list(Book.objects.filter(slug=None))
        for book in books:
            book.slug = f"book-{book.pk}"
        Book.objects.bulk_update(books, ["slug"], batch_size=300)

    @solution
    def in_the_database(apps, schema_editor):
        from django.db.models import CharField, F, Value
        from django.db.models.functions import Cast, Concat

        Book = apps.get_model("shop", "Book")
        slug = Concat(Value("book-"), Cast(F("pk"), CharField()), output_field=CharField())
        Book.objects.filter(slug=None).update(slug=slug)

    @mistake("not one by one")
    def one_by_one(apps, schema_editor):
        for book in apps.get_model("shop", "Book").objects.filter(slug=None):
            book.slug = f"book-{book.pk}"
            book.save()

    @mistake("does not import its model")
    def the_model_of_today(apps, schema_editor):
        from shop.models import Book

        Book.objects.filter(slug=None).update(slug="book")

    @mistake("fill only what is empty")
    def all_of_them(apps, schema_editor):
        Book = apps.get_model("shop", "Book")
        books = list(Book.objects.all())
        for book in books:
            book.slug = f"book-{book.pk}"
        Book.objects.bulk_update(books, ["slug"])

    @mistake("have no slug yet")
    def never_written(apps, schema_editor):
        for book in apps.get_model("shop", "Book").objects.filter(slug=None):
            book.slug = f"book-{book.pk}"
