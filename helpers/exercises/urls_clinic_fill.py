"""The clinic of lesson 07, patient four: a colleague who cannot build the database that everybody has."""

from django.db import connection, models
from django.db.migrations.state import ModelState, ProjectState

from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.grading import call, described, expect_letter

LESSON = "07-urls"
ROWS = (("Two Scoops", ""), ("Pro Django", "the-pro-book"), ("Spartan Forms", ""))
FILLED = ["two-scoops", "the-pro-book", "spartan-forms"]


class Four(Exercise):
    """Patient four: the letter of the cause."""

    id = "urls-clinic-four"
    kind = "value"
    hints = (
        "Every server ran the second migration before the third was written; the colleague runs them in one go.",
        "Who asks for `pages` before the migration that adds it? It must have seen today's model.",
    )

    def check(attempt):
        expect_letter(
            attempt,
            "a",
            {
                "b": "The servers ran it, and the colleague has their files.",
                "c": "Then a server would fail; here only a new database does.",
                "d": "There is one line of three migrations, and no branch.",
            },
        )
        return "a data migration imports its model, and gets the one of today"

    @solution
    def imported():
        return "a"

    @mistake("only a new database does")
    def faked():
        return "c"

    @mistake("as text")
    def a_number():
        return 1


class FourMend(Exercise):
    """For RunPython: fill each empty `slug` of the app shop's Book with its slugified title."""

    id = "urls-clinic-four-mend"
    name = "fill_slugs"
    uses_database = True

    def stub(apps, schema_editor):
        from django.utils.text import slugify

        Book = ...
        for book in Book.objects.filter(slug=""):
            book.slug = slugify(book.title)

    hints = (
        "`apps` is the registry as it was at that point of the history: ask it for the model.",
        'apps.get_model("shop", "Book"); and what was changed has to be saved.',
    )

    def check(attempt):
        state = ProjectState()
        fields = {"title": models.CharField(max_length=80), "slug": models.SlugField(default="")}
        fields = [("id", models.BigAutoField(primary_key=True)), *fields.items()]
        state.add_model(ModelState("shop", "Book", fields))
        Book = state.apps.get_model("shop", "Book")
        with connection.schema_editor() as editor:
            editor.create_model(Book)
        Book.objects.bulk_create(Book(title=title, slug=slug) for title, slug in ROWS)
        try:
            with connection.schema_editor() as editor:
                call(attempt, state.apps, editor, shown="apps, schema_editor")
        except Incorrect as error:
            if isinstance(error.__cause__, ImportError):
                raise Incorrect(f"{error}. An import brings the model of today: the old one is in `apps`.") from error
            if isinstance(error.__cause__, LookupError):
                raise Incorrect(
                    f"{error} Which `apps` is asked, and is the app named first, then the model?"
                ) from error
            raise
        got = list(Book.objects.order_by("id").values_list("slug", flat=True))
        if got == FILLED:
            return "two slugs filled on the table of that time, and the third left as it was"
        if got[1] != ROWS[1][1]:
            raise Incorrect(f"the slugs are {described(got)}: one was filled already, and is another now.")
        nudge = "Nothing is saved, or no book was found." if got == [slug for _, slug in ROWS] else ""
        raise Incorrect(f"the slugs are {described(got)}, expected {described(FILLED)}. {nudge}".rstrip())

    @solution
    def as_it_was(apps, schema_editor):
        from django.utils.text import slugify

        Book = apps.get_model("shop", "Book")
        for book in Book.objects.filter(slug=""):
            book.slug = slugify(book.title)
            book.save(update_fields=["slug"])

    @mistake("the old one is in `apps`")
    def imported(apps, schema_editor):
        from shop.models import Book

        Book.objects.count()

    @mistake("Nothing is saved")
    def not_saved(apps, schema_editor):
        from django.utils.text import slugify

        for book in apps.get_model("shop", "Book").objects.filter(slug=""):
            book.slug = slugify(book.title)

    @mistake("is another now")
    def all_of_them(apps, schema_editor):
        from django.utils.text import slugify

        for book in apps.get_model("shop", "Book").objects.all():
            book.slug = slugify(book.title)
            book.save()

    @mistake("Which `apps` is asked")
    def from_the_registry_of_today(apps, schema_editor):
        from django.apps import apps as today

        today.get_model("shop", "Book").objects.count()

    @mistake("raised ValueError")
    def without_its_app(apps, schema_editor):
        apps.get_model("Book").objects.update(slug="")

    @mistake("expected ['two-scoops'")
    def the_title_itself(apps, schema_editor):
        for book in apps.get_model("shop", "Book").objects.filter(slug=""):
            book.slug = book.title
            book.save()
