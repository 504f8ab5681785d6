# %% [markdown]
# # 3. Migrations
#
# A model is a wish, a table is a fact. After this lesson you bring one to the other, with rows in it, and back.
#
# **Core:** 60 minutes · **deeper:** 120 minutes · **needs:** 01, 02 · **helps:** 13, 14, 16 ·
# **starts:** PostgreSQL, on loopback
#
# Credit: "migrations" stand in Issac Kelly's list of trouble spots, "Teaching Django to Comrades", DjangoCon 2011, as Rob
# Martin noted it in "DjangoCon, part four". The experiments are added by us.

# %% tags=["hidden-source"]
from helpers import lesson

lesson.recall(
    {
        "Which side of a foreign key holds the column?": "The model that declares the ForeignKey. The other side has only an accessor, such as talk_set.",
        "What does select_related do, in SQL?": "It joins the other table, so that one query brings both rows.",
        "What does a transaction promise?": "All of its statements count, or none of them.",
    }
)

# %% [markdown]
# ## Why it trips people up
#
# - "`no such column: shop_book.pages`. But it *is* in my model!"
# - "`makemigrations` says `No changes detected`."
# - "It is impossible to add a non-nullable field without specifying a default. What do I type?"
# - "`Conflicting migrations detected; multiple leaf nodes in the migration graph`."
# - "It works here. On the server: `InconsistentMigrationHistory`."

# %%
import itertools
import threading
import time

import pandas as pd
import psycopg

from helpers import plots_migrations, throwaway
from helpers.lesson import answer, claim, exercise
from helpers.services import postgres

lesson.start("03-migrations")

# %% [markdown]
# ## 1. From a class to a table
#
# A book shop, in a real project of its own: made by `startproject` and `startapp`, thrown away when the kernel ends.
# You will make one text column longer, from 80 to 120 characters. How many SQL statements is that on SQLite?

# %%
guess_statements = ...  # for example: 1

# %%
BOOK = """
from django.db import models


class Book(models.Model):
    title = models.CharField(max_length=80)
"""
in_haste = ["-c", "fsync=off", "-c", "autovacuum=off"]  # nothing here has to last
server = postgres.start(in_haste)
project = throwaway.start("shop", databases={"postgres": server.settings()})
project.write("shop/models.py", BOOK)
project.manage("makemigrations shop")
print(project.read("shop/migrations/0001_initial.py"))

# %% [markdown]
# A migration is a Python file: what has to be done, and which migration must come before. `sqlmigrate` shows the SQL without running it,
# `migrate` runs it and remembers that. Two databases: SQLite is the project's `default`, PostgreSQL is named `postgres`.

# %%
for alias in ("default", "postgres"):  # back to no table, should you run this cell again
    project.manage(f"migrate shop zero --database {alias}", quiet=True)
project.manage("sqlmigrate shop 0001")
project.manage("sqlmigrate shop 0001 --database postgres")
too_early = project.manage("shell", "-c", "print(Book.objects.count())", fails=True)
project.manage("migrate shop")
project.manage("migrate shop --database postgres", quiet=True)
titles = [("Two Scoops",), ("Pro Django",), ("Spartan Forms",)]
project.execute("INSERT INTO shop_book (title) VALUES (?)", titles)
project.execute("INSERT INTO shop_book (title) VALUES (%s)", titles, database="postgres")
project.rows("SELECT app, name FROM django_migrations WHERE app = 'shop'")

# %% [markdown]
# The wrong way first: write a new field, and use it at once.

# %%
PAGES = "    pages = models.IntegerField(null=True)\n"
project.write("shop/models.py", BOOK + PAGES)
project.manage("shell", "-c", "print(Book.objects.count(), 'books')")
unmigrated = project.manage("shell", "-c", "print(list(Book.objects.all()))", fails=True)

# %% [markdown]
# `count` works, the list does not: only the list asks for the new column. Read "no such column" and "no such table" as
# one sentence: *this database has not run the migration that makes it*, because nobody wrote it, committed it or ran it.
#
# The right way, for three changes, one after the other, and what each database is told:

# %%
LANGUAGE = '    language = models.CharField(max_length=2, default="en")\n'
changes = {
    "add a column that may be NULL": BOOK + PAGES,
    "add a column with a default": BOOK + PAGES + LANGUAGE,
    "make a column wider": BOOK.replace("80", "120") + PAGES + LANGUAGE,
}
told = {}
for number, (change, text) in enumerate(changes.items(), 2):
    project.write("shop/models.py", text)
    project.manage("makemigrations", "shop", "--name", f"change_{number}", quiet=True)
    for alias in ("default", "postgres"):
        shown = project.manage(f"sqlmigrate shop 000{number} --database {alias}", quiet=True)
        lines = [line for line in shown.text.splitlines() if line.endswith(";")]
        told[change, alias] = [line for line in lines if line not in ("BEGIN;", "COMMIT;")]

# %%
print(*told["make a column wider", "default"], "", sep="\n")
print(*told["make a column wider", "postgres"], "", sep="\n")
statements = pd.Series({key: len(sql) for key, sql in told.items()}).unstack().loc[list(changes)]
statements = statements.rename(columns={"default": "SQLite", "postgres": "PostgreSQL"})
lesson.compare(guess_statements, statements.SQLite["make a column wider"])
statements

# %%
kept = {}
for alias in ("default", "postgres"):
    project.manage(f"migrate shop --database {alias}", quiet=True)
    survived = project.rows("SELECT title, pages, language FROM shop_book", database=alias)
    kept[alias] = len(survived)
symptoms = [each.text.splitlines()[-1].split(": ")[1] for each in (too_early, unmigrated)]
kept

# %%
claim(
    "To widen a column Django tells SQLite four things (new table, copy, drop, rename), and "
    "PostgreSQL one.",
    list(statements.loc["make a column wider", ["SQLite", "PostgreSQL"]]), equals=[4, 1],
)
claim(
    "All three books came through three changes on both databases.",
    list(kept.values()), equals=[3, 3],
)
claim(
    "A query whose migration has not run: 'no such table' for a new model, 'no such column' for "
    "a new field.",
    symptoms, equals=["no such table", "no such column"],
)

# %%
because = "..."  # one sentence: why does SQLite get a new table?

# %% [markdown]
# **Why.** `makemigrations` compares your models with what the migration *files* add up to; it never looks at the database.
# `migrate` compares the files with the table `django_migrations`; it never looks at your models. So three things can
# disagree: model, files, database. SQLite cannot change a column in place, so Django makes a new table, copies every row,
# drops the old one and renames: correct, but as slow as the table is long. PostgreSQL changes its catalogue. Both do it in
# one transaction: the `BEGIN` and `COMMIT` around it.
#
# **In your project:** read `sqlmigrate` before you run a migration on a large table, with the database that production has.

# %% [markdown]
# ## 2. "No changes detected"
#
# You wrote a model, and Django sees nothing. These are five usual causes. On how many of the five does
# `manage.py check` complain?

# %%
guess_complaints = ...  # for example: 3

# %%
SETTINGS, MODELS = "mysite/settings.py", "shop/models.py"
AUTHOR = "\n\nclass Author(models.Model):\n    name = models.CharField(max_length=80)\n"
base = throwaway.start("shop")
base.write(MODELS, BOOK)
base.manage("makemigrations shop", quiet=True)
installed, wish = base.read(SETTINGS), BOOK + AUTHOR
not_installed = {SETTINGS: installed.replace('    "shop",\n', ""), MODELS: wish}
abstract = {MODELS: wish + "\n    class Meta:\n        abstract = True\n"}
elsewhere = {"shop/authors.py": "from django.db import models\n" + AUTHOR}
no_brackets = {MODELS: BOOK + "    pages = models.IntegerField\n"}

# %% [markdown]
# Each cause stands with the files that go wrong and the ones that mend it (`None`: no such file).

# %%
package = "shop/migrations/__init__.py"
causes = {
    "the app is not in INSTALLED_APPS": (not_installed, {SETTINGS: installed}),
    "migrations/ has no __init__.py": ({MODELS: wish, package: None}, {package: ""}),
    "nothing imports the model's module": (
        elsewhere, {MODELS: BOOK + "\n\nfrom .authors import Author\n"},
    ),
    "the model is abstract": (abstract, {MODELS: wish}),
    "a field without its brackets": (no_brackets, {MODELS: BOOK + PAGES}),
}

# %%
rows = []
for cause, (wrong, mended) in causes.items():
    one, row = base.copy(), {"cause": cause}
    for state, files in (("wrong", wrong), ("mended", mended)):
        for path, text in files.items():
            one.delete(path) if text is None else one.write(path, text)
        if state == "wrong":
            row["check"] = one.manage("check", quiet=True).status
        ran = one.manage("makemigrations", quiet=True)
        row[state] = ran.text.splitlines()[-1].strip()
    rows.append(row)
said = pd.DataFrame(rows).set_index("cause")
lesson.compare(guess_complaints, int((said["check"] > 0).sum()))
said

# %%
claim(
    "Each of the five says 'No changes detected', and each mend of one file makes a migration.",
    [(said.wrong == "No changes detected").sum(), said.mended.str.startswith("+").sum()],
    equals=[5, 5],
)
claim(
    "`manage.py check` finds nothing wrong with any of the five.",
    said["check"].sum(), equals=0,
)

# %%
because = "..."  # one sentence: what does Django compare, and why does it miss these?

# %% [markdown]
# **Why.** `makemigrations` asks the app registry for models: classes that were imported, are not abstract, and belong to
# an installed app. What is not in the registry does not exist, and that is no error. A field without brackets, or
# with a comma behind it, is a class or a tuple, so an ordinary attribute. Without `__init__.py` the app counts as one
# without migrations, and is passed over. A sixth cause is the oldest: the file was not saved, or it is another project.
# Naming the app helps: `makemigrations shop` says `No installed app with label 'shop'` for the first cause.
#
# **In your project:** `manage.py makemigrations --check` in CI fails when a model has no migration. It cannot see what the
# registry does not hold.

# %% [markdown]
# ## 3. A required column, and 200 books
#
# Every book gets a `slug`, unique and never NULL. The table has 200 rows, and Django asks what to put into them. You type an
# empty text. How many of the 200 have a slug of their own after `migrate`?

# %%
guess_own = ...  # for example: 200

# %%
shop = throwaway.start("shop")
shop.write(MODELS, BOOK)
shop.manage("makemigrations shop", quiet=True)
shop.manage("migrate shop", quiet=True)
shop.execute("INSERT INTO shop_book (title) VALUES (?)", [(f"Book {n}",) for n in range(200)])
hasty = shop.copy()
hasty.write(MODELS, BOOK + "    slug = models.SlugField(unique=True)\n")
hasty.manage("makemigrations shop --noinput", fails=True)

# %%
hasty.manage("makemigrations shop", answers=[1, '""'])
hasty.manage("migrate shop", fails=True)
columns = list(hasty.rows("SELECT * FROM shop_book").columns)
lesson.compare(guess_own, 0 if "slug" not in columns else 200)
columns

# %% [markdown]
# One value for 200 rows cannot be unique. Nothing is lost: the migration is one transaction. Without `unique` it would
# have worked, and 200 books would carry a value that somebody invented at a prompt.
#
# The right way has three steps: **1** the column may be NULL, **2** fill it, **3** make it required.

# %%
FILL = """
from django.db import migrations
from django.utils.text import slugify


def fill(apps, schema_editor):
    Book = apps.get_model("shop", "Book")
    for book in Book.objects.filter(slug=None).iterator():
        book.slug = f"{slugify(book.title)}-{book.pk}"
        book.save(update_fields=["slug"])


class Migration(migrations.Migration):
    dependencies = [("shop", "0002_slug_may_be_null")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
"""

# %%
MAY_BE_NULL = BOOK + "    slug = models.SlugField(unique=True, null=True)\n"
REQUIRED = BOOK + "    slug = models.SlugField(unique=True)\n"
shop.write(MODELS, MAY_BE_NULL)
shop.manage("makemigrations shop --name slug_may_be_null")
shop.manage("makemigrations shop --empty --name fill_slug")
shop.write("shop/migrations/0003_fill_slug.py", FILL)
shop.write(MODELS, REQUIRED)
shop.manage("makemigrations shop --name slug_required", answers=[2])

# %% [markdown]
# Answer 2 says: I have filled it myself. Now step by step. After each, can yesterday's code, which is still running on some
# server, add a book without a slug? (Tried on a copy.)

# %%
def old_code_can_write(project):
    try:
        project.copy().execute("INSERT INTO shop_book (title) VALUES ('by the old code')")
    except throwaway.Refused as error:
        return str(error)
    return "yes"


rows, live = [], shop.copy()
for step in ("0002", "0003", "0004"):
    live.manage(f"migrate shop {step}", quiet=True)
    row = live.rows("SELECT count(*) AS books, count(slug) AS filled FROM shop_book").squeeze()
    rows.append({"after": step, **row, "old code can write": old_code_can_write(live)})
steps = pd.DataFrame(rows).set_index("after")
steps

# %%
can_write = list(steps["old code can write"] == "yes")
claim(
    "Three steps: all 200 books have a slug at the end.",
    list(steps.filled), equals=[0, 200, 200],
)
claim(
    "Old code can write after steps one and two, and no longer after the third.",
    can_write, equals=[True, True, False],
)

# %%
because = "..."  # one sentence: why are these three migrations, and not one?

# %% [markdown]
# **Why.** A new version is never everywhere at once: for some seconds, or days, old and new code share one table. A column
# that may be NULL disturbs neither. Filling takes time, and disturbs nobody who does not need the column. Only when all
# running code writes a slug may the table insist on it. So step three belongs to a *later* deployment, and step two is
# repeated just before it, for the rows that old code has added meanwhile.
#
# One-off defaults are right where a true value exists for every row: `0` for a counter that starts now.
# `db_default` (since Django 5.0) keeps the default in the database, so that old code can go on writing.
#
# **In your project:** three migrations in at least two deployments, for every required column on a table that is in use.
#
# ### Exercise: two blanks
# A book gets a required `language`; `fill` knows each book's language.


# %%
@exercise("migrations-three-steps")
def operations(fill):
    """The operations, in order, that give `book` a required `language`; `fill` is step two."""
    from django.db import migrations, models

    may_be_null = models.CharField(max_length=2, null=True)
    required = models.CharField(max_length=2)
    return [
        migrations.AddField("book", "language", ...),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AlterField("book", "language", ...),
    ]


# %% [markdown]
# ## 4. The migration that breaks a year later
#
# A data migration needs the model. `from shop.models import Book` is what one writes first. It runs. A year later `Book`
# has one more field, and a new colleague builds a database from nothing. Will it run there?

# %%
guess_year = ...  # True or False

# %%
today = throwaway.start("shop")
today.write(MODELS, BOOK)
today.manage("makemigrations shop", quiet=True)
today.write(MODELS, MAY_BE_NULL)
today.manage("makemigrations shop --name slug_may_be_null", quiet=True)
imported = FILL.replace('Book = apps.get_model("shop", "Book")', "from shop.models import Book")
today.write("shop/migrations/0003_fill_slug.py", imported)
today.manage("migrate shop")

# %% [markdown]
# A year later:

# %%
today.write(MODELS, MAY_BE_NULL + PAGES)
today.manage("makemigrations shop --name pages", quiet=True)
here = today.manage("migrate shop", quiet=True)
colleague = today.copy()
colleague.delete("db.sqlite3")
there = colleague.manage("migrate shop", fails=True)

# %% [markdown]
# `from shop.models` is the model of *today*, and asks for `pages`, which comes one migration later. The right way:
# `apps.get_model` gives the model as it was at that point of the history.

# %%
careful = today.copy()
careful.write("shop/migrations/0003_fill_slug.py", FILL)
careful.delete("db.sqlite3")
mended = careful.manage("migrate shop")
year_later = {"imported, old database": here.status, "imported, new database": there.status}
year_later["apps.get_model, new database"] = mended.status
lesson.compare(guess_year, there.status == 0)
pd.Series(year_later, name="exit status").to_frame()

# %%
claim(
    "The migration that imports its model works where it ran a year ago, and fails in a new "
    "database.",
    [year_later["imported, old database"], year_later["imported, new database"]], equals=[0, 1],
)
claim(
    "With apps.get_model it runs in the new database.",
    year_later["apps.get_model, new database"], equals=0,
)

# %% [markdown]
# How does one fill *many* rows? `save` in a loop, or in batches: `bulk_update` writes many rows in one statement. Here on
# 2,000 rows of a model declared in this notebook.

# %%
from django.db import models, transaction

from helpers.project.boot import clear_scratch, create_tables
from helpers.queries import watch

clear_scratch()


class Book(models.Model):
    title = models.CharField(max_length=80)
    slug = models.SlugField(null=True)

    class Meta:
        app_label = "scratch"


create_tables(Book)

# %%
def fill_in_batches(size):
    books = Book.objects.filter(slug=None).only("title").iterator(chunk_size=size)
    while batch := list(itertools.islice(books, size)):
        for book in batch:
            book.slug = f"book-{book.pk}"
        Book.objects.bulk_update(batch, ["slug"]) if size > 1 else batch[0].save()


queries = {}
for size in (1, 20, 100):
    Book.objects.all().delete()
    Book.objects.bulk_create(Book(title=f"Book {number}") for number in range(2_000))
    with transaction.atomic(), watch(f"batches of {size}") as seen:  # as in a migration
        fill_in_batches(size)
    queries[size] = int(seen.frame.sql.str.startswith("UPDATE").sum())
pd.Series(queries, name="UPDATE statements").rename_axis("rows in a batch").to_frame()

# %%
claim(
    "Batches of 100 fill 2,000 rows in 20 statements; save in a loop takes 2,000.",
    [queries[100], queries[1]], equals=[20, 2_000],
)

# %%
because = "..."  # one sentence: which Book does apps.get_model give?

# %% [markdown]
# **Why.** Migrations are replayed, in order, in every new database: a colleague's, the test database, a restored server. So each
# has to work on the tables of *its* moment. `apps.get_model` rebuilds the model from the files before it: fields only,
# without your methods, your `save` and your properties; copy what you need into the migration. Signals bound to your class stay
# silent, too. The second argument of `RunPython` is the way back: without it the migration cannot be undone.
# `elidable=True` says that a squash may leave it out.
#
# A batch needs one statement for all of its rows, and memory for no more than these.
#
# **In your project:** never import your models in a migration. If SQL can compute the value, one `update()` is better than any batch.
#
# ### Exercise: on your own


# %%
@exercise("migrations-fill", queries=4)
def fill_slugs(apps, schema_editor):
    """Give each book of shop that has no slug one: "book-" and its pk. 60 books, four queries."""
    ...


# %% [markdown]
# ## 5. Two branches
#
# Ada adds `pages` on her branch, Bo adds `language` on his. Both start from `0001` and both make an `0002`. Git merges without
# a conflict: two new files. What does `migrate` do: run both, run one, or refuse?

# %%
guess_branches = ...  # "both", "one" or "refuse"

# %%
ada = throwaway.start("shop")
ada.write(MODELS, BOOK)
ada.manage("makemigrations shop", quiet=True)
ada.manage("migrate shop", quiet=True)
bo = ada.copy()
ada.write(MODELS, BOOK + PAGES)
ada.manage("makemigrations shop --name pages", quiet=True)
bo.write(MODELS, BOOK + LANGUAGE)
bo.manage("makemigrations shop --name language", quiet=True)

# %% [markdown]
# The merge by Git: Ada's folder gets Bo's file, and `models.py` has both fields.

# %%
ada.write(MODELS, BOOK + PAGES + LANGUAGE)
ada.write("shop/migrations/0002_language.py", bo.read("shop/migrations/0002_language.py"))
refused = ada.manage("migrate shop", fails=True)
lesson.compare(guess_branches, "refuse" if refused.status else "both")
before = ada.graph()
ax = plots_migrations.graph(before)
ax.set_title("Two leaves: Django does not guess which of them comes last")
lesson.show(
    ax,
    alt="Migration graph: 0001_initial, applied, with arrows to 0002_language and 0002_pages, "
    "both not applied and both leaves.",
)

# %%
ada.manage("makemigrations shop --merge --name both", answers=["y"])
after = ada.graph()
ada.manage("migrate shop")
ax = plots_migrations.graph(ada.graph())
ax.set_title("The merge migration does nothing: it needs both, and is the only leaf")
lesson.show(
    ax,
    alt="Migration graph: 0001_initial, then 0002_language and 0002_pages side by side, and "
    "arrows from both to 0003_both, which is the only leaf; all are applied.",
)

# %%
leaves = [int(before.leaf.sum()), int(after.leaf.sum())]
claim("Before the merge the app has two leaves, after it one.", leaves, equals=[2, 1])

# %% [markdown]
# When is a merge wrong? When both branches change the *same* thing. Ada makes the title 40 characters long, Bo 120. Both have
# run their own migration before the other's arrives.

# %%
ada, bo = base.copy(), base.copy()
wide = {"ada": BOOK.replace("80", "40"), "bo": BOOK.replace("80", "120")}
for name, one in {"ada": ada, "bo": bo}.items():
    one.write(MODELS, wide[name])
    one.manage(f"makemigrations shop --name {name}", quiet=True)
    one.manage("migrate shop", quiet=True)
for one, other, name in ((ada, bo, "bo"), (bo, ada, "ada")):
    one.write(f"shop/migrations/0002_{name}.py", other.read(f"shop/migrations/0002_{name}.py"))
    one.write(MODELS, wide["bo"])  # Git's conflict, solved in favour of 120
    one.manage("makemigrations shop --merge --noinput --name both", quiet=True)
    one.manage("migrate shop", quiet=True)

# %%
history = "SELECT name FROM django_migrations WHERE app = 'shop' ORDER BY name"
same_history = ada.rows(history).equals(bo.rows(history))
longest = {}
for name, one in {"Ada": ada, "Bo": bo}.items():
    table = one.rows("SELECT name, type FROM pragma_table_info('shop_book')")
    longest[name] = table.set_index("name").type["title"]
print("the same migrations applied:", same_history)
longest

# %%
claim(
    "After a merge of two changes to one column, two databases with the same applied migrations "
    "have different columns.",
    [same_history, len(set(longest.values()))], equals=[True, 2],
)

# %%
because = "..."  # one sentence: what does a merge migration promise, and what not?

# %% [markdown]
# **Why.** Arrows are the only order there is; the numbers are names. Two leaves leave the last state open, so Django refuses. A
# merge migration has no operations: it says that both may run in *either* order. That is true for two different columns,
# and false for one column, or for a data migration that reads what the other branch changes. Each database then keeps
# what came last *there*.
#
# Instead of merging, the second one to arrive may delete their own migration and make it anew on top of the other: one
# line, one order. But only while no other database has run it.
#
# **In your project:** `makemigrations --check` in CI also fails on two leaves. Look at both files before you answer y.

# %% [markdown]
# You may stop here.

# %% [markdown] tags=["collapsed"]
# ## Go deeper
#
# Choose; each section begins with a shop of its own. Sections 8, 9 and 11 use what section 6 defines. First an exercise on section 5.
#
# ### Exercise: the leaves
# Find the leaves yourself in a frame such as `before`, from the columns `migration` and `needs` alone.


# %%
@exercise("migrations-leaves")
def leaves_of(graph):
    """The names of the migrations that no other one needs, as a sorted list."""
    ...

# %% [markdown]
# ### 6. Who waits while a migration runs?
#
# Section 3 once more, on PostgreSQL, with 200,000 books, while somebody keeps writing. A `code` for every book, by three ways: all
# in **one migration**, in **three migrations** that fill in batches, or with **a constant default**. Which makes a
# writer wait longest?

# %%
guess_wait = ...  # for example: "three migrations"

# %%
def big_shop(name, books=200_000):
    for words in (f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", f"CREATE DATABASE {name}"):
        project.execute(words, database="postgres")
    one = throwaway.start("shop", databases={"default": server.settings(name)})
    one.write(MODELS, BOOK)
    one.manage("makemigrations shop", quiet=True)
    one.manage("migrate shop", quiet=True)
    numbers = f"generate_series(1, {books}) AS number"
    one.execute(f"INSERT INTO shop_book (title) SELECT 'Book ' || number FROM {numbers}")
    return one


# %%
ADD = 'migrations.AddField("book", "code", models.CharField(max_length=20, null=True))'
FILL_ALL = """migrations.RunSQL("UPDATE shop_book SET code = 'book-' || id", "")"""
REQUIRE = 'migrations.AlterField("book", "code", models.CharField(max_length=20))'
ADD_PAGES = 'migrations.AddField("book", "pages", models.IntegerField(null=True))'
CONSTANT = 'migrations.AddField("book", "code", models.CharField(max_length=20, default="none"))'


def migration(needs, *operations, atomic=True, before=""):
    return (
        f"from django.db import migrations, models\n\n{before}\n\n"
        "class Migration(migrations.Migration):\n"
        f"    atomic = {atomic}\n"
        f'    dependencies = [("shop", "{needs}")]\n'
        f"    operations = [{', '.join(operations)}]\n"
    )


# %% [markdown]
# Step two in batches: `atomic = False` lets each `UPDATE` be a transaction of its own, so that its locks end with it.

# %%
IN_BATCHES = """
def fill(apps, schema_editor):
    batch = "UPDATE shop_book SET code = 'book-' || id WHERE id BETWEEN %s AND %s"
    with schema_editor.connection.cursor() as cursor:
        for first in range(1, 200_001, 4_000):
            cursor.execute(batch, [first, first + 3_999])
"""
RUN_FILL = "migrations.RunPython(fill, migrations.RunPython.noop)"

# %%
ways = {
    "one migration": [migration("0001_initial", ADD, FILL_ALL, REQUIRE)],
    "three migrations": [
        migration("0001_initial", ADD),
        migration("0002_code", RUN_FILL, atomic=False, before=IN_BATCHES),
        migration("0003_code", REQUIRE),
    ],
    "a constant default": [migration("0001_initial", CONSTANT)],
}

# %% [markdown]
# The writer: a second connection that changes one book after the other, and notes how long each change took.
#
# A condition of all times below: this server was started with `fsync=off` and `autovacuum=off`. It waits for no disk, and no
# cleaning disturbs it. A server that has to keep its data waits for its disk as well, in all three ways.

# %%
def write_until(stop, entry, waits):
    names = {"HOST": "host", "PORT": "port", "USER": "user", "PASSWORD": "password"}
    where = {ours: entry[theirs] for theirs, ours in names.items()}
    with psycopg.connect(dbname=entry["NAME"], autocommit=True, **where) as connection:
        for number in itertools.count():
            began = time.perf_counter()
            book = 1 + number * 997 % 100_000
            connection.execute("UPDATE shop_book SET title = 'read' WHERE id = %s", [book])
            waits.append((began, 1000 * (time.perf_counter() - began)))
            if stop.wait(0.004):
                return


# %%
def migrate_while_writing(one, way):
    stop, waits = threading.Event(), []
    thread = threading.Thread(target=write_until, args=(stop, one.databases["default"], waits))
    thread.start()
    began = time.perf_counter()
    ran = one.manage("migrate shop", quiet=True)
    seconds = time.perf_counter() - began
    stop.set()
    thread.join()
    writes = pd.DataFrame(waits, columns=["second", "wait_ms"]).assign(way=way)
    row = {"way": way, "status": ran.status, "seconds": seconds}
    return writes.assign(second=writes.second - began), row


# %% tags=["nbval-ignore-output"]
frames, rows = [], []
for number, (way, texts) in enumerate(ways.items()):
    one = big_shop(f"lock_{number}")
    for step, text in enumerate(texts, 2):
        one.write(f"shop/migrations/000{step}_code.py", text)
    seen, row = migrate_while_writing(one, way)
    frames.append(seen)
    rows.append({**row, "writes": len(seen), "longest_wait_ms": seen.wait_ms.max()})
writes, timed = pd.concat(frames, ignore_index=True), pd.DataFrame(rows)
timed.round(2)

# %%
ax = plots_migrations.waits(writes)
ax.set_title("One migration locks the table to its end; batches let the writer in between")
lesson.show(
    ax,
    alt="Wait of each write, log scale, against time. With one migration a single write waits for"
    " nearly the whole run; with three migrations the writes go on, each waiting briefly; with a "
    "constant default the run is short.",
)

# %%
longest = timed.set_index("way").longest_wait_ms
share = longest["one migration"] / 1000 / timed.set_index("way").seconds["one migration"]
lesson.compare(guess_wait, longest.idxmax())
claim(
    "In one migration over 200,000 rows, a writer waits for more than half of the whole run.",
    share, between=(0.5, 1),
)
claim(
    "The longest wait beside three migrations in batches is less than half of that.",
    longest["three migrations"] / longest["one migration"], between=(0, 0.5),
)

# %%
because = "..."  # one sentence: what does the first ALTER TABLE take, and when is it given back?

# %% [markdown]
# **Why.** `ALTER TABLE` takes PostgreSQL's strongest lock (`ACCESS EXCLUSIVE`: not even reading is allowed) and keeps it until its
# *transaction* ends. Alone that is a moment. In one migration it is the first of three statements, so it is held while
# 200,000 rows are filled: the one lonely point at the top. In three migrations each lock lasts as long as its own
# statement; the batches hold the locks of their rows only. They need not be quicker in all, but nobody stands still. A constant default
# is only noted in the catalogue (since PostgreSQL 11): quick on any table, if one value is true for every row.
#
# When would this be untrue? On a table of some hundred rows all three are quick. A long `SELECT` in front of an `ALTER
# TABLE` makes everybody behind it wait too.
#
# **In your project:** `SET lock_timeout` before a migration on a busy table: better the migration gives up than the site.
#
# #### Exercise: decide from the measured frame


# %%
@exercise("migrations-choose-way")
def choose_way(timed, allowed_ms):
    """The quickest `way` whose `longest_wait_ms` is at most `allowed_ms`; None if there is none.

    `timed` is a frame such as the one above; a way with a status other than 0 has failed.
    """
    ...


# %% [markdown]
# ### 7. Going back, and pretending
#
# Two books have slugs that an editor chose by hand. The migration that added `slug` is undone, then run again. How many
# chosen slugs are left?

# %%
guess_chosen = ...  # for example: 2

# %%
back = throwaway.start("shop")
for text, name in ((BOOK, "initial"), (MAY_BE_NULL, "slug_may_be_null")):
    back.write(MODELS, text)
    back.manage(f"makemigrations shop --name {name}", quiet=True)
back.write("shop/migrations/0003_fill_slug.py", FILL.replace(", migrations.RunPython.noop", ""))
back.manage("migrate shop", quiet=True)
chosen = [("Pro Django", "pro"), ("Two Scoops", "scoops"), ("Unread", None)]
back.execute("INSERT INTO shop_book (title, slug) VALUES (?, ?)", chosen)
back.manage("migrate shop 0002", fails=True)

# %% [markdown]
# `RunPython` without a second function has no way back. `noop` says: nothing to undo. `--plan` shows first what would happen.

# %%
back.write("shop/migrations/0003_fill_slug.py", FILL)
back.manage("migrate shop 0001 --plan")
back.manage("migrate shop 0001", quiet=True)
back.manage("migrate shop", quiet=True)
slugs = back.rows("SELECT title, slug FROM shop_book")
left = int(slugs.slug.isin(["pro", "scoops"]).sum())
lesson.compare(guess_chosen, left)
slugs

# %% [markdown]
# Two checks for CI, by exit status: does every model have its migration, has this database run them all? And two ways to
# pretend: `--fake` notes a migration as run without running it; `--fake-initial` does so for a first migration whose
# table is there.

# %%
gates, one = {}, back.copy()
for situation, command, text, fails in (
    ("as committed", "makemigrations --check", MAY_BE_NULL, False),
    ("a field was added", "makemigrations --check", MAY_BE_NULL + PAGES, True),
    ("its migration has not run", "migrate --check", MAY_BE_NULL + PAGES, True),
    ("after migrate --fake", "migrate --check", MAY_BE_NULL + PAGES, False),
):
    one.write(MODELS, text)
    if command == "migrate --check":
        one.manage("makemigrations shop --name pages", quiet=True)
        _ = fails or one.manage("migrate --fake", quiet=True)
    gates[situation, command] = one.manage(command, quiet=True, fails=fails).status
faked = one.manage("shell", "-c", "print(list(Book.objects.all()))", fails=True)
pd.Series(gates, name="exit status").to_frame()

# %%
legacy = base.copy()
legacy.execute("CREATE TABLE shop_book (id INTEGER PRIMARY KEY, name TEXT)")  # no column title
legacy.manage("migrate shop --fake-initial")
blind = legacy.manage("shell", "-c", "print(list(Book.objects.all()))", fails=True)
errors = [each.text.splitlines()[-1].split(": ")[1] for each in (faked, blind)]

# %%
statuses = list(gates.values())
claim(
    "Undone and done again, the column is back, and what people wrote into it is not.",
    [left, len(slugs)], equals=[0, 3],
)
claim(
    "makemigrations --check fails on a forgotten migration; migrate --check on one that has not "
    "run, and is content after --fake.",
    statuses, equals=[0, 1, 1, 0],
)

# %%
claim(
    "After --fake, and after --fake-initial on a table without the column, the list of books "
    "fails.",
    errors, equals=["no such column", "no such column"],
)

# %%
because = "..."  # one sentence: what does --fake change, and what not?

# %% [markdown]
# **Why.** Going back runs each operation's reverse, last one first. The reverse of `AddField` drops the column with all that
# is in it. So "we can always migrate back" is true for the schema and false for the data. Dropping a column or a model
# *forwards* can be reversed too, and brings back an empty one.
#
# `--fake` writes a row into `django_migrations`, and nothing else. It is right when the table already is as the
# migration would leave it, and a lie otherwise. `--fake-initial` looks at the name of a new table only, not at its columns.
#
# **In your project:** CI runs `makemigrations --check`; the deployment runs `migrate --check` before new code takes over.
# A way back in production is a new migration forwards.

# %% [markdown]
# ### 8. Sixty migrations
#
# An old app has sixty migrations: one makes the table, one is a data migration, 58 change the length of a title. `squashmigrations`
# makes one of them. How many operations are left in it?

# %%
guess_left = ...  # for example: 60

# %%
old = base.copy()
old.write(MODELS, BOOK.replace("80", "160"))
names = ["0001_initial", *(f"{number:04}_step" for number in range(2, 61))]
for number, needs in enumerate(names[:-1], 2):
    longer = f"models.CharField(max_length={100 + number})"
    operation = f'migrations.AlterField("book", "title", {longer})'
    if number == 30:
        operation = f"migrations.RunPython({'migrations.RunPython.noop, ' * 2}elidable=True)"
    old.write(f"shop/migrations/{number:04}_step.py", migration(needs, operation))
half = old.copy()
half.manage("migrate shop 0030", quiet=True)  # a server that was asleep for a year
half.execute("INSERT INTO shop_book (title) VALUES ('Pro Django')")
old.manage("makemigrations --check")

# %%
LOAD = """
import time
from django.apps import apps
from django.db.migrations.loader import MigrationLoader
apps.set_installed_apps(["shop"])  # without the migrations of Django's own apps
began = time.perf_counter()
loader = MigrationLoader(None)
loader.project_state()
spent = 1000 * (time.perf_counter() - began)
print(spent, sum(len(each.operations) for each in loader.graph.nodes.values()))
"""
SQUASHED = "shop/migrations/0001_all.py"


def load(one):
    runs = [one.manage("shell", "-c", LOAD, quiet=True).text.split() for _ in range(3)]
    return {"load_ms": min(float(ms) for ms, _ in runs), "operations": int(runs[0][1])}


# %% [markdown]
# The squashed file *replaces* the others while they are still there. Later they go, and with them the line `replaces`.

# %%
def remove_the_replaced(one):
    for name in one.files("shop/migrations"):
        if name[:4].isdigit() and not SQUASHED.endswith(name):
            one.delete(f"shop/migrations/{name}")
    lines = one.read(SQUASHED).splitlines(keepends=True)
    one.write(SQUASHED, "".join(each for each in lines if "replaces = " not in each))


sixty, new = load(old), old.copy()
ran = new.manage("squashmigrations shop 0001 0060 --squashed-name all --noinput", quiet=True)
print(*ran.text.splitlines()[61:], sep="\n")
remove_the_replaced(new)
loaded = pd.DataFrame({"60 migrations": sixty, "1 migration": load(new)}).T

# %% tags=["nbval-ignore-output"]
loaded.round(1)

# %%
lesson.compare(guess_left, int(loaded.operations["1 migration"]))
claim(
    "Sixty migrations squash into one with a single operation, when the data migration is "
    "elidable.",
    list(loaded.operations), equals=[60, 1],
)
claim(
    "Loading the sixty takes more than three times as long as loading the one.",
    loaded.load_ms["60 migrations"] / loaded.load_ms["1 migration"], above=3,
)

# %% [markdown]
# When may the old files go? The sleeping server has run thirty of sixty. Two ways to bring it the new code:

# %%
hasty, patient = half.copy(), half.copy()
for one in (hasty, patient):
    one.manage("squashmigrations shop 0001 0060 --squashed-name all --noinput", quiet=True)
patient.manage("migrate shop", quiet=True)  # both kinds are there: it finishes the old ones
outcome = {}
for name, one in {"removed at once": hasty, "run first, then removed": patient}.items():
    remove_the_replaced(one)
    ran = one.manage("migrate shop", fails=one is hasty)
    books = len(one.rows("SELECT id FROM shop_book"))
    outcome[name] = {"status": ran.status, "books": books}
squashed = pd.DataFrame(outcome).T
squashed

# %%
claim(
    "Old files removed before every database has run them: migrate fails where half of them ran.",
    squashed.status["removed at once"], equals=1,
)
claim(
    "Run first, removed afterwards: it succeeds, and the book is still there.",
    list(squashed.loc["run first, then removed"]), equals=[0, 1],
)

# %%
because = "..."  # one sentence: when may the replaced files be removed?

# %% [markdown]
# **Why.** Django loads every migration file at every `migrate`, `makemigrations` and test run, and replays its operations in
# memory. The squash lets operations swallow each other: 58 changes of one column end in the `CreateModel`. A `RunPython`
# in the middle is a wall that nothing passes, unless it is `elidable`.
#
# A database that has run all the replaced ones takes the squashed one as run; one that has run none runs only the squashed
# one; one that has run some goes on with the old files. So they have to stay until *every* database is through: servers,
# colleagues, backups.
#
# **In your project:** two releases: squash in one, remove in a later one. `migrate --prune shop` clears the names of removed files from
# `django_migrations`.

# %% [markdown]
# ### 9. Half a migration, and a history that cannot be
#
# A migration adds a column, then fails in its second operation. Is the column there afterwards? It depends. On how many of four: SQLite
# or PostgreSQL, `atomic = True` (the default) or `False`?

# %%
guess_there = ...  # for example: 1

# %%
BOOM = """
def boom(apps, schema_editor):
    raise RuntimeError("out of memory")
"""
broken = {}
for alias, atomic in itertools.product(("SQLite", "PostgreSQL"), (True, False)):
    one = big_shop(f"half_{atomic}".lower(), books=3) if alias == "PostgreSQL" else base.copy()
    one.manage("migrate shop 0001", quiet=True)
    two = [ADD_PAGES, "migrations.RunPython(boom)"]
    text = migration("0001_initial", *two, atomic=atomic, before=BOOM)
    one.write("shop/migrations/0002_pages.py", text)
    one.manage("migrate shop", quiet=True, fails=True)
    broken[alias, atomic] = one, "pages" in one.rows("SELECT * FROM shop_book")
there = pd.Series({key: column for key, (_, column) in broken.items()}).unstack()

# %%
there = there.rename(columns={True: "atomic", False: "not atomic"})
lesson.compare(guess_there, int(there.to_numpy().sum()))
there

# %% [markdown]
# Half of it is done, and nothing of it is noted. Run again, it trips over its own first half. How to mend it without losing a row: undo by
# hand what was done, then run the whole once more.

# %%
one = broken["SQLite", False][0].copy()
one.execute("INSERT INTO shop_book (title) VALUES (?)", titles)
whole = migration("0001_initial", ADD_PAGES, "migrations.RunPython(migrations.RunPython.noop)")
one.write("shop/migrations/0002_pages.py", whole)
again = one.manage("migrate shop", fails=True)
books_before = len(one.rows("SELECT id FROM shop_book"))
one.execute("ALTER TABLE shop_book DROP COLUMN pages")
mended = one.manage("migrate shop")
books_kept = len(one.rows("SELECT pages FROM shop_book"))

# %%
claim(
    "A migration that fails leaves nothing behind on SQLite or PostgreSQL while it is atomic, "
    "and half of itself where it is not.",
    [int(there["atomic"].sum()), int(there["not atomic"].sum())], equals=[0, 2],
)
claim(
    "Three books before the repair, three after it, with the new column.",
    [books_before, books_kept], equals=[3, 3],
)

# %% [markdown]
# Now a history that cannot be. A site has run for a year, with three users; then somebody sets `AUTH_USER_MODEL` to a
# model of their own.

# %%
site = throwaway.start("shop")
site.manage("migrate", quiet=True)
names = ["ada", "bo", "cyd"]
site.manage("shell", "-c", f"for name in {names}: User.objects.create(username=name)", quiet=True)
users_before = len(site.rows("SELECT id FROM auth_user"))
USER = """
from django.contrib.auth.models import AbstractUser


class User(AbstractUser):
    class Meta:
        db_table = "auth_user"
"""
site.write(MODELS, USER)
site.write(SETTINGS, site.read(SETTINGS) + '\nAUTH_USER_MODEL = "shop.User"\n')
site.manage("makemigrations shop", quiet=True)
inconsistent = site.manage("migrate", fails=True)

# %% [markdown]
# The admin's first migration needs the user model's first, and only the former was run. The table is there, though: our model took
# the old one's name, `User`, and its table. So the truth is that its first migration *has* run. Write that down:

# %%
values = "('shop', '0001_initial', CURRENT_TIMESTAMP)"
site.execute(f"INSERT INTO django_migrations (app, name, applied) VALUES {values}")
consistent = site.manage("migrate")
site.manage("shell", "-c", "print(sorted(User.objects.values_list('username', flat=True)))")
users_kept = len(site.rows("SELECT id FROM auth_user"))
told_before_and_after = [
    each.text.count("InconsistentMigrationHistory") for each in (inconsistent, consistent)
]

# %%
claim(
    "A custom user model in mid-project: InconsistentMigrationHistory; one row in "
    "django_migrations mends it.",
    told_before_and_after, equals=[1, 0],
)
claim("Three users before, three after it.", [users_before, users_kept], equals=[3, 3])

# %% [markdown]
# What if an *applied* migration is edited, or deleted? Edited: 80 becomes 120 in `0001`, and in the model.

# %%
edited, first = base.copy(), "shop/migrations/0001_initial.py"
edited.manage("migrate shop", quiet=True)
edited.write(first, base.read(first).replace("80", "120"))
edited.write(MODELS, BOOK.replace("80", "120"))
silent = [edited.manage(each).status for each in ("makemigrations --check", "migrate shop")]
table = edited.rows("SELECT name, type FROM pragma_table_info('shop_book')")
kind = dict(table.itertuples(index=False)).get("title")
kind

# %% [markdown]
# Deleted, or made by a colleague and never committed: the column is there, its file is not. Django writes the file anew.

# %%
deleted = base.copy()
deleted.write(MODELS, BOOK + PAGES)
deleted.manage("makemigrations shop --name pages", quiet=True)
deleted.manage("migrate shop", quiet=True)
deleted.delete("shop/migrations/0002_pages.py")
deleted.manage("makemigrations shop --name once_more", quiet=True)
once_more = deleted.manage("migrate shop", fails=True).status

# %%
claim(
    "An applied migration that is edited changes nothing in the database, and no check "
    "complains.",
    [*silent, int(kind == "varchar(80)")], equals=[0, 0, 1],
)
claim("One that is deleted is made anew, and fails: its column exists.", once_more, equals=1)

# %%
because = "..."  # one sentence: what does Django remember about a migration that has run?

# %% [markdown]
# **Why.** Django remembers a name and a moment, not the content. So an edited file is never run again, and a deleted one leaves a name
# behind while other databases lack the table. SQLite and PostgreSQL can undo `ALTER TABLE`, so an atomic migration is all or
# nothing; MySQL cannot, and `atomic = False` gives it up everywhere. The consistency check looks only at the arrows: nothing
# may have run before what it needs. `--fake` would be stopped by the same check, hence the row by hand. Rows of
# `django_content_type` still name `auth.user`; generic relations and permissions want a data migration of their own.
#
# **In your project:** begin every new project with a user model of your own. A backup before you touch `django_migrations`.

# %% [markdown]
# ### 10. Renames
#
# You rename the field `title` to `name`. Django sees one field less and one more, and asks whether that is a rename. On copies with three
# books: how many titles are left after a `y`, how many after an `n`?

# %%
guess_titles = ...  # for example: (3, 3)

# %%
RENAMED = BOOK.replace("title", "name")
VOLUME = BOOK.replace("Book", "Volume")
TABLE = BOOK + '\n    class Meta:\n        db_table = "books"\n'
NAMED = "SELECT count(DISTINCT nullif({}, '')) AS n FROM {}"
renames = {
    "field: y": (RENAMED, ["y"], NAMED.format("name", "shop_book")),
    "field: n": (RENAMED, ["n", 1, '""'], NAMED.format("name", "shop_book")),
    "model: y": (VOLUME, ["y"], NAMED.format("title", "shop_volume")),
    "model: n": (VOLUME, ["n"], NAMED.format("title", "shop_volume")),
    "table: not asked": (TABLE, [], NAMED.format("title", "books")),
}

# %%
whole = base.copy()
whole.manage("migrate shop", quiet=True)
whole.execute("INSERT INTO shop_book (title) VALUES (?)", titles)
rows = []
for change, (text, answers, query) in renames.items():
    one = whole.copy()
    one.write(MODELS, text)
    ran = one.manage("makemigrations shop", answers=answers, quiet=change != "field: n")
    one.manage("migrate shop", quiet=True)
    lines = [line.strip() for line in ran.text.splitlines()]
    operations = "; ".join(line for line in lines if line[:2] in ("+ ", "- ", "~ "))
    left_over = int(one.rows(query).n.sum())
    rows.append({"change": change, "left": left_over, "operations": operations})
renamed = pd.DataFrame(rows).set_index("change")

# %%
lesson.compare(guess_titles, tuple(renamed.left.tolist()[:2]))
pd.set_option("display.max_colwidth", 80)  # whole lines in this table
renamed

# %%
claim(
    "Answered y, a rename keeps all three titles; answered n, it keeps none: of a field and of a "
    "model.",
    list(renamed.left[["field: y", "model: y", "field: n", "model: n"]]), equals=[3, 3, 0, 0],
)
claim(
    "Another table name for the same model keeps them, unasked.",
    renamed.left["table: not asked"], equals=3,
)

# %%
because = "..."  # one sentence: why does Django have to ask?

# %% [markdown]
# **Why.** From two snapshots nobody can tell a rename from a farewell and a welcome. If the new field has the same type, Django asks;
# if you change name *and* type in one go, it does not even ask: it removes and adds. With `--noinput` the answer is no.
# `AlterModelTable` and `AlterField(db_column=…)` go by name, so nothing is in doubt.
#
# A rename moves no row, and breaks old code that still runs. Without downtime it is the three steps again: a new column, both
# written, the old one removed later. Or keep the column: `name = models.CharField(db_column="title", …)` renames it in Python only.
#
# **In your project:** read the operations before `migrate`: a `- Remove field` that you did not mean is your data.
#
# #### Exercise: a second domain
# A library notes in `loan.back` whether a book came back, as text: "yes" or "no".


# %%
@exercise("migrations-library")
def loan_operations():
    """Operations that turn `loan.back` ("yes" or "no") into `loan.returned` (True or False).

    Nothing may be lost, and there has to be a way back; `back` is gone at the end.
    """
    ...


# %% [markdown]
# ### 11. SQL of your own
#
# A large table gets an index, while somebody writes. `CREATE INDEX` lets nobody write until it is done. PostgreSQL can
# also build it `CONCURRENTLY`. Can Django's `AddIndexConcurrently` run in a migration as makemigrations writes it?

# %%
guess_concurrently = ...  # True or False

# %%
INDEX = '"book", models.Index(fields=["title"], name="book_title")'
SECOND = "shop/migrations/0002_index.py"
plain_shop, index_shop = big_shop("plain", 100_000), big_shop("concurrent", 100_000)
plain_shop.write(SECOND, migration("0001_initial", f"migrations.AddIndex({INDEX})"))

# %%
CONCURRENT = "from django.contrib.postgres.operations import AddIndexConcurrently"
operation = f"AddIndexConcurrently({INDEX})"
index_shop.write(SECOND, migration("0001_initial", operation, before=CONCURRENT))
atomic_ran = index_shop.manage("migrate shop", fails=True)
index_shop.write(SECOND, migration("0001_initial", operation, atomic=False, before=CONCURRENT))
refusals = atomic_ran.text.count("NotSupportedError")
lesson.compare(guess_concurrently, atomic_ran.status == 0)

# %% [markdown]
# Each kind of index is built three times, in turn, and taken back before; in the best of three, how long did a writer wait?

# %%
runs = []
for attempt in range(3):
    for way, one in (("AddIndex", plain_shop), ("AddIndexConcurrently", index_shop)):
        one.manage("migrate shop 0001", quiet=True)
        runs.append(migrate_while_writing(one, way)[0].assign(attempt=attempt))
index_writes = pd.concat(runs, ignore_index=True)
ax = plots_migrations.waits(index_writes[index_writes.attempt == 2])
ax.set_title("CREATE INDEX stops the writer; CONCURRENTLY does not")
lesson.show(
    ax,
    alt="Wait of each write, log scale, against time. With AddIndex one write waits for as long "
    "as the index takes; with AddIndexConcurrently all writes stay short.",
)

# %% tags=["nbval-ignore-output"]
index_wait = index_writes.groupby(["way", "attempt"]).wait_ms.max().groupby("way").min()
index_wait.round(1)

# %%
claim("AddIndexConcurrently is refused in an atomic migration.", refusals, equals=1)
claim(
    "On 100,000 rows, best of three, the longest wait of a writer is shorter with "
    "AddIndexConcurrently.",
    index_wait["AddIndexConcurrently"] / index_wait["AddIndex"], between=(0, 1),
)

# %% [markdown]
# `RunSQL` runs what you write. But Django does not read SQL: its picture of the models (the *state*) stays as it was, and
# the next `makemigrations` adds the column again. `state_operations` says what the SQL means.

# %%
ALTER = "ALTER TABLE shop_book {} COLUMN pages"
THERE, BACK = ALTER.format("ADD") + " integer", ALTER.format("DROP")
state = {"RunSQL": "", "with state_operations": f", state_operations=[{ADD_PAGES}]"}
outcome = {}
for way, more in state.items():
    one = base.copy()
    one.write(MODELS, BOOK + PAGES)
    operation = f"migrations.RunSQL({THERE!r}, {BACK!r}{more})"
    one.write("shop/migrations/0002_pages.py", migration("0001_initial", operation))
    made = one.manage("makemigrations shop", quiet=True).text.splitlines()[-1].strip()
    ran = one.manage("migrate shop", quiet=True, fails=way == "RunSQL")
    outcome[way] = {"makemigrations says": made, "migrate": ran.status}
own_sql = pd.DataFrame(outcome).T
own_sql

# %%
claim(
    "A column added by plain RunSQL is added a second time by makemigrations, and migrate fails; "
    "with state_operations it is not.",
    list(own_sql["migrate"]), equals=[1, 0],
)

# %% [markdown]
# `SeparateDatabaseAndState` holds both lists apart. A model moves from `shop` to a new app, `library`, and keeps its table: for the
# state a farewell and a welcome, for the database nothing. We let Django write both migrations, then make them "state only".

# %%
MOVED = BOOK + '\n    class Meta:\n        db_table = "shop_book"\n'
LIBRARY = ("library/__init__.py", "library/migrations/__init__.py")
ONLY = "operations = [migrations.SeparateDatabaseAndState(state_operations=["


def move_to_library(one):
    for path, text in {**dict.fromkeys(LIBRARY, ""), MODELS: "", "library/models.py": MOVED}.items():
        one.write(path, text)
    one.write(SETTINGS, one.read(SETTINGS).replace('"shop",', '"shop", "library",'))
    one.manage("makemigrations shop library --name moved", quiet=True)


def state_only(one, path):
    text = one.read(path).rstrip().removesuffix("]").replace("operations = [", ONLY)
    one.write(path, text + "])]\n")


# %%
shelf = base.copy()
shelf.manage("migrate", quiet=True)
shelf.execute("INSERT INTO shop_book (title) VALUES (?)", titles)
outcome = {}
for way in ("as Django writes it", "state only"):
    one = shelf.copy()
    move_to_library(one)
    if way == "state only":
        state_only(one, "library/migrations/0001_moved.py")
        state_only(one, "shop/migrations/0002_moved.py")
    ran = one.manage("migrate", quiet=way == "state only", fails=way != "state only")
    books = len(one.rows("SELECT id FROM shop_book"))
    outcome[way] = {"migrate": ran.status, "books": books}
moved = pd.DataFrame(outcome).T
moved

# %%
claim(
    "A model moved to another app: migrate fails on Django's own two migrations, and succeeds "
    "when they change the state only.",
    list(moved["migrate"]), equals=[1, 0],
)
claim("The three books stay in their table.", moved.books["state only"], equals=3)

# %%
because = "..."  # one sentence: what is the state, and who changes it?

# %% [markdown]
# **Why.** Every operation does two things: it changes the *state*, Django's picture of the models, and it changes the *database*. `RunSQL`
# does only the second. `SeparateDatabaseAndState` takes two lists, one for each: either may stay empty.
#
# An ordinary index build locks the table against writes: the single high point. `CONCURRENTLY` reads the table twice, lets
# writers pass, and cannot be part of a transaction; hence `atomic = False`, alone in its migration. If it fails, an
# invalid index stays behind: drop it, and run again.
#
# **In your project:** `AddIndexConcurrently` (PostgreSQL) for any table that is written to all day; give every `RunSQL` its
# reverse, and `state_operations` when it changes columns.

# %% [markdown]
# ## The clinic
#
# Three patients from lessons 01 to 03. No topic is named. Look at the symptom, name the cause by its letter, then mend it.
#
# **Patient one.** "With a handful of talks our page is fine. Since the big conference it crawls."

# %%
from helpers.conference.models import Speaker, Talk


def page(talks):
    return [
        f"{talk.title}, {talk.room.name}: {', '.join(str(each) for each in talk.speakers.all())}"
        for talk in talks
    ]


crawl = {}
for size in (5, 10, 20):
    with watch() as seen:
        page(Talk.objects.all()[:size])
    crawl[size] = seen.count
pd.Series(crawl, name="queries").rename_axis("talks").to_frame()

# %%
claim(
    "Twice the talks on this page are about twice the queries: 11, 21, 41.",
    list(crawl.values()), equals=[11, 21, 41],
)

# %% [markdown]
# - **a** The table has no index on `starts_at`.
# - **b** Every talk asks again for what belongs to it.
# - **c** The queryset is evaluated twice.
# - **d** Too many columns are fetched.

# %%
answer("migrations-clinic-one", ...)


# %%
@exercise("migrations-clinic-one-mend", queries=2)
def talks_for_the_page():
    """All talks, as a queryset for `page`, so that the whole page takes two queries."""
    ...


# %% [markdown]
# **Patient two.** "We wrote to every speaker with a talk of 20 minutes or more. Some got the letter twice, one three times."

# %%
letters = list(Speaker.objects.filter(talks__minutes__gte=20).values_list("slug", flat=True))
received = pd.Series(letters).value_counts()
received.value_counts().rename_axis("letters received").rename("speakers").to_frame()

# %%
claim("There are more letters than speakers who got one.", len(letters) - len(received), above=0)

# %% [markdown]
# - **a** Some speakers are in the table twice.
# - **b** `talks` is the accessor; in a lookup it has to be `talk`.
# - **c** The join brings one row for each talk of a speaker.
# - **d** `gte` should be `gt`.

# %%
answer("migrations-clinic-two", ...)


# %%
@exercise("migrations-clinic-two-mend")
def speakers_to_write_to(minutes):
    """The speakers with a talk of at least that many `minutes`, each once, as a queryset."""
    ...


# %% [markdown]
# **Patient three.** "On one of four servers, the list of books is an error page. We deployed the same code, and `migrate`
# there says that all is done."

# %% tags=["hidden-source"]
sick = base.copy()
sick.write(MODELS, BOOK + PAGES)
sick.manage("makemigrations shop --name pages", quiet=True)
sick.manage("migrate shop 0001", quiet=True)
sick.manage("migrate shop --fake", quiet=True)  # the cause: look here last
sick.execute("INSERT INTO shop_book (title) VALUES (?)", titles)

# %%
sick.manage("shell", "-c", "print(list(Book.objects.all()))", fails=True)
sick.manage("showmigrations shop")
sick.manage("migrate shop")
sick.rows("SELECT * FROM shop_book").columns.to_list()

# %% [markdown]
# - **a** The migration was never committed.
# - **b** Two branches were merged in the wrong order.
# - **c** The model is not imported.
# - **d** The migration is noted as run, and never ran.

# %%
answer("migrations-clinic-three", ...)

# %% [markdown]
# The mend: a list of lines for `manage.py`, as in `["migrate shop zero", "migrate shop"]`. The check
# runs them on a copy of this patient; no book may be lost. Try them on `sick.copy()` first.

# %%
answer("migrations-clinic-three-mend", ...)

# %%
server.stop()

# %% [markdown]
# ## There is a method for that
#
# | what people write | what exists |
# |---|---|
# | `ALTER TABLE` by hand, on every server | [`makemigrations` and `migrate`](https://docs.djangoproject.com/en/5.2/topics/migrations/) |
# | "what would this do?" tried on a copy of production | [`sqlmigrate`](https://docs.djangoproject.com/en/5.2/ref/django-admin/#sqlmigrate), [`migrate --plan`](https://docs.djangoproject.com/en/5.2/ref/django-admin/#migrate) |
# | a script that fills a column after deployment | [`RunPython`](https://docs.djangoproject.com/en/5.2/ref/migration-operations/#runpython) with `apps.get_model` |
# | a default in Python only, and old code that fails | [`db_default`](https://docs.djangoproject.com/en/5.2/ref/models/fields/#db-default) |
# | "did anybody forget a migration?" | [`makemigrations --check`](https://docs.djangoproject.com/en/5.2/ref/django-admin/#makemigrations) in CI |
# | deleting all migrations and starting anew | [`squashmigrations`](https://docs.djangoproject.com/en/5.2/topics/migrations/#migration-squashing) |
# | an index at night, with the site closed | [`AddIndexConcurrently`](https://docs.djangoproject.com/en/5.2/ref/contrib/postgres/operations/#concurrent-index-operations) |
#
# New and hard usually means done wrong: who edits `django_migrations` every month has skipped a step before.
#
# ## The Django way, and when to fight it
#
# - Change the model, let Django write the migration, read it, commit both together.
# - Small steps: one change, one migration; code that lives with the table before *and* after it.
# - Fight it with SQL of your own only where the database can do more, and tell the state what you did.

# %% [markdown]
# ## Five questions

# %% tags=["hidden-source"]
lesson.quiz(
    "`no such column: shop_book.pages`. What do you look at first?",
    right={"Whether this database has run the migration: `showmigrations shop`.": "The model asks for a column that this table does not have."},
    wrong={
        "Whether the field has a default.": "A default fills rows. It makes no column.",
        "Whether the model is registered in the admin.": "The admin reads the same table, and fails the same way.",
    },
)

# %% tags=["hidden-source"]
lesson.quiz(
    "What does `makemigrations` compare?",
    right={"The models in the registry with what the migration files add up to.": "The database is not asked; only `migrate` writes and reads `django_migrations`."},
    wrong={
        "The models with the tables.": "That is what one expects, and why a faked migration goes unnoticed.",
        "The files with the table django_migrations.": "That is what `migrate` does.",
    },
)

# %% tags=["hidden-source"]
lesson.quiz(
    "Why does a data migration use `apps.get_model`?",
    right={"It runs again in every new database, on the tables of its own moment.": "Your model is that of today, and asks for columns that come later."},
    wrong={
        "Importing the model would be slower.": "It would be as fast, and break a year later.",
        "Models cannot be imported in migrations.": "They can. That is the trap.",
    },
)

# %% tags=["hidden-source"]
lesson.quiz(
    "`makemigrations --merge` asks whether to merge two branches. When is `y` wrong?",
    right={"When both branches change the same field, or one reads what the other changes.": "The merge promises that either order is right, and here it is not."},
    wrong={
        "When both branches have the same number.": "Numbers are names. The arrows count.",
        "When there are more than two leaves.": "A merge may need three; the question is what they change.",
    },
)

# %% tags=["hidden-source"]
lesson.quiz(
    "A field was renamed, and you answered `n`. You notice it before `migrate`. What is lost?",
    right={"Nothing yet: delete the new file and run makemigrations again.": "Only `migrate` touches the rows. That is why one reads the file first."},
    wrong={
        "All values of the field.": "They go when the migration runs, and it has not run.",
        "The history of the app.": "The old files are untouched.",
    },
)

# %% [markdown]
# ## What you now know
#
# - Model, files and database are three things; `makemigrations` compares the first two, `migrate` the last two.
# - SQLite gets a new table where PostgreSQL gets one line.
# - "No changes detected" has five causes, and no check complains about them.
# - A required column takes three steps, in at least two deployments; batches keep the locks short.
# - A data migration asks `apps.get_model`, or breaks a year later.
# - A merge promises that the order does not matter.
# - Going back brings the column, not what was in it; `--fake` brings nothing.
# - Replaced files go when every database has run them.
#
# Next: lesson 04, forms: what a visitor types, and what of it reaches the model.
