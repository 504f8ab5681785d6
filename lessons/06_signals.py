# %% [markdown]
# # 6. Signals
#
# After this lesson you can say of any signal who hears it, when, and which changes of a row it never tells.
#
# **Core:** 60 minutes · **deeper:** 70 minutes · **needs:** 01, 02 · **helps:** 10, 15 ·
# **starts:** PostgreSQL, on loopback, in section 4
#
# Credit: signals stand on Issac Kelly's list, "Teaching Django to comrades", DjangoCon 2011, as Rob Martin noted it in
# "DjangoCon, part four". The experiments are added by us.

# %% tags=["hidden-source"]
from helpers import lesson

lesson.recall(
    {
        "A talk is deleted, and its ratings with it (CASCADE): who finds those ratings, Django or the database?": "Django: its Collector looks for them and sends the DELETEs itself (lesson 02).",
        "Why does a data migration ask apps.get_model() for its model?": "It gets the model as it was then; the imported one may have other fields by now (lesson 03).",
        "What does Talk.objects.filter(…).update(minutes=30) load into Python?": "Nothing: it is one UPDATE in the database, and no Talk object is made (lesson 01).",
    }
)

# %% [markdown]
# ## Why it trips people up
#
# - "My receiver is never called, and there is no error."
# - "`post_save` runs twice for one save."
# - "`bulk_create` does not send `post_save`: is that a bug?"
# - "`Attendee matching query does not exist` in the worker, and when I try again it works."
# - "`RecursionError: maximum recursion depth exceeded`, from a receiver that saves."

# %%
import inspect
import textwrap
import time
from collections import Counter
from functools import partial

import pandas as pd
from django.db import connection, connections, models, transaction
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_delete, pre_save
from django.dispatch import Signal, receiver

from helpers import complexity, lesson, plots, plots_signals
from helpers.lesson import claim, exercise
from helpers.project.boot import clear_scratch
from helpers.queries import watch

lesson.start("06-signals")

# %% [markdown]
# ## 1. Why did my receiver never run?
#
# A signal is a list of functions, its **receivers**. Django calls each of them when something happens: `post_save` after a row was
# saved. Four receivers are connected here, and none gives an error. Then one rating is saved. How many of the four run?

# %%
guess_ran = ...  # for example: 4

# %%
from helpers.conference.models import Attendee, Rating, Room, Speaker, Talk

ran = Counter()


def of_this_cell(**kwargs):
    ran["function of this cell"] += 1


class Board:
    def note(self, **kwargs):
        ran["method of an object"] += 1


# %%
def connect_all():
    def inner(**kwargs):
        ran["function in a function"] += 1

    post_save.connect(of_this_cell, sender=Rating)
    post_save.connect(inner, sender=Rating)
    post_save.connect(Board().note, sender=Rating)
    post_save.connect(lambda **kwargs: ran.update(["lambda"]), sender=Rating)


ran.clear()
connect_all()
Rating.objects.order_by("id").first().save()
gone = post_save.disconnect(of_this_cell, sender=Rating)

# %%
kinds = ["function of this cell", "function in a function", "method of an object", "lambda"]
times_run = pd.Series({kind: ran[kind] for kind in kinds}, name="times run")
lesson.compare(guess_ran, int(times_run.sum()))
times_run.to_frame()

# %% [markdown]
# The signal holds its receivers **weakly**: what nobody else holds is gone. A function of a module stays as long as the module. What you make in
# passing stays with `weak=False`.

# %%
ran.clear()
kept = {"sender": Rating, "weak": False, "dispatch_uid": "06-kept"}
post_save.connect(lambda **kwargs: ran.update(["lambda, weak=False"]), **kept)
Rating.objects.order_by("id").first().save()
gone = post_save.disconnect(sender=Rating, dispatch_uid="06-kept")
kept_run = ran["lambda, weak=False"]
kept_run

# %%
claim(
    "Of four connected receivers only one ran: the function that a name still holds.",
    times_run.tolist(), equals=[1, 0, 0, 0],
)
claim("A lambda that was connected with weak=False runs.", kept_run, equals=1)

# %% [markdown]
# The second cause is the **sender**, the class whose signal you want. `Praise` is a proxy: another class, the same table.

# %%
clear_scratch()


class Praise(Rating):
    class Meta:
        app_label, proxy = "scratch", True


senders = {
    "sender=Rating": Rating,
    'sender="conference.Rating"': "conference.Rating",
    "sender=Praise": Praise,
    "sender=Talk": Talk,
    "no sender": None,
}

# %%
heard = []
for how, sender in senders.items():
    def note(sender, how=how, **kwargs):
        heard.append({"connected with": how, "saved": sender.__name__})

    post_save.connect(note, sender=sender, weak=False, dispatch_uid=how)
for model in (Rating, Praise, Talk):
    model.objects.order_by("id").first().save()
for how, sender in senders.items():
    post_save.disconnect(sender=sender, dispatch_uid=how)
heard = pd.DataFrame(heard)
by_sender = pd.crosstab(heard["connected with"], heard["saved"])[["Rating", "Praise", "Talk"]]
by_sender

# %%
claim(
    "A receiver of Rating does not hear a rating that was saved through its proxy.",
    by_sender.loc["sender=Rating"].tolist(), equals=[1, 0, 0],
)
claim(
    "Without a sender a receiver hears every model.",
    by_sender.loc["no sender"].tolist(), equals=[1, 1, 1],
)

# %% [markdown]
# The third cause: nobody imports the file. Here is an app with a receiver in `signals.py`, and two versions of its `apps.py`: the second
# has a `ready()`, which Django calls when all models are loaded.

# %%
from helpers.project import boot, temporary

site = temporary.folder() / "site"
(site / "shouts").mkdir(parents=True, exist_ok=True)
(site / "shouts" / "signals.py").write_text('''
from django.db.models.signals import post_save
from django.dispatch import receiver
@receiver(post_save, sender="conference.Rating")
def shout(instance, **kwargs):
    print("the receiver ran")
''')
(site / "settings_with_shouts.py").write_text('''
from helpers.project.settings import *
INSTALLED_APPS += ["shouts"]
''')
(site / "shouts" / "__init__.py").touch()

# %%
silent_app = '''
from django.apps import AppConfig
class Shouts(AppConfig):
    name = "shouts"
'''
ready_app = silent_app + '''
    def ready(self):
        from shouts import signals
'''

# %%
import subprocess
import sys

from helpers import paths

save_one = """import django; django.setup()
from helpers.conference.models import Rating
Rating.objects.order_by("id").first().save()"""
command = [sys.executable, "-c", save_one]
project = {"DJANGO_SETTINGS_MODULE": "settings_with_shouts"}
project["PYTHONPATH"] = f"{site}:{paths.ROOT}"
environment, runs_of = {**boot.child_environment(), **project}, {}
for name, apps_file in {"without ready()": silent_app, "with ready()": ready_app}.items():
    (site / "shouts" / "apps.py").write_text(apps_file)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    runs_of[name] = done.stdout.count("the receiver ran")
runs_of

# %%
claim(
    "An installed app whose signals.py nobody imports hears nothing; imported in ready(), it "
    "does.",
    [runs_of["without ready()"], runs_of["with ready()"]], equals=[0, 1],
)

# %%
because = "..."  # one sentence: why is a receiver that is lost no error?

# %% [markdown]
# **Why.** Connecting appends to a list, sending walks through it: a signal does not know who ought to be there. The list holds weak
# references, so that an object that listens can go when nobody needs it; a lambda, an inner function and a method of a passing object
# go at once. The sender is compared by identity: a proxy is another class than its model, and a parent's receiver does not hear its
# children. And a file that nobody imports is text: `connect` in it never runs. Django imports `models.py` of every
# app, and not `signals.py`.
#
# **In your project:** `signals.py` beside `models.py`, functions with `@receiver(…, sender=…)`, one import in `AppConfig.ready()`.
#
# ### Exercise: stay connected


# %%
@exercise("signals-stay-connected")
def listen(model, heard):
    """Write the stars of each saved `model` into the list `heard`, as long as Python runs."""

    def note(instance, **kwargs):
        heard.append(instance.stars)

    post_save.connect(note, sender=..., weak=...)


# %% [markdown]
# ## 2. Why does it run twice?
#
# The same file is imported under two names, as happens when both a folder and its parent are on the path. Its receiver counts on the
# instance that was saved. How often does it run for one save?

# %%
guess_twice = ...  # for example: 1

# %%
receiver_file = '''
from django.db.models.signals import post_save
from django.dispatch import receiver

@receiver(post_save, sender="conference.Rating"{uid})
def shout(instance, **kwargs):
    instance.shouts = getattr(instance, "shouts", 0) + 1
'''
uid = ', dispatch_uid="shouts.shout"'
(site / "shouts" / "plain.py").write_text(receiver_file.format(uid=""))
(site / "shouts" / "unique.py").write_text(receiver_file.format(uid=uid))
folders = [str(site), str(site / "shouts")]

# %%
import importlib


def shouts():
    rating = Rating.objects.order_by("id").first()
    rating.save()
    return rating.shouts


def import_twice(file):
    sys.path[:0] = folders
    importlib.invalidate_caches()
    both = [importlib.import_module(name) for name in (f"shouts.{file}", file)]
    del sys.path[:2], sys.modules[f"shouts.{file}"], sys.modules[file]
    return [module.shout for module in both]


# %%
plain = import_twice("plain")
twice = {"one file, two imports": shouts()}
for each in plain:
    post_save.disconnect(each, sender=Rating)
unique = import_twice("unique")
twice["the same, with a dispatch_uid"] = shouts()
post_save.disconnect(sender=Rating, dispatch_uid="shouts.shout")
lesson.compare(guess_twice, twice["one file, two imports"])
pd.Series(twice, name="runs for one save").to_frame()

# %%
claim(
    "A file imported under two names runs its receiver twice a save; with a dispatch_uid once.",
    list(twice.values()), equals=[2, 1],
)

# %%
because = "..."  # one sentence: how does a signal know that it has a receiver already?

# %% [markdown]
# **Why.** A signal tells receivers apart by their address in memory and their sender. A second import runs the file again and makes a
# second function, with another address: both are called. A `dispatch_uid`, any text you choose, takes the address's place: what comes second
# under the same text is left out, without a word.
#
# **In your project:** one way to import each app, and `dispatch_uid` where running twice would cost money or a second mail.

# %% [markdown]
# ## 3. Which changes send nothing?
#
# Three ratings are changed by one `update()`. How many `post_save` signals are sent?

# %%
guess_update = ...  # for example: 3

# %%
signal_names = {pre_save: "pre_save", post_save: "post_save", pre_delete: "pre_delete"}
signal_names |= {post_delete: "post_delete", m2m_changed: "m2m_changed"}


def signals_of(operation):
    """Run `operation`, count the rows that SQLite changed and the signals sent, and undo it."""
    sent = dict.fromkeys(signal_names.values(), 0)

    def note(signal, **kwargs):
        sent[signal_names[signal]] += 1

    for signal in signal_names:
        signal.connect(note)  # weakly: note goes when signals_of has ended
    with transaction.atomic():
        before = connection.connection.total_changes
        operation()
        rows = connection.connection.total_changes - before
        transaction.set_rollback(True)
    return {"rows": rows, **sent}


# %%
talk = Rating.objects.order_by("id").first().talk
first_ids = talk.ratings.order_by("id").values_list("id", flat=True)[:3]
three = talk.ratings.filter(id__in=list(first_ids)).order_by("id")
strangers = list(Attendee.objects.exclude(rating__talk=talk).order_by("id")[:3])
speaker = Speaker.objects.exclude(talks=talk).exclude(profile=None).exclude(talks=None).first()


def new_ratings():
    return [Rating(talk=talk, attendee=each, stars=4) for each in strangers]


def by_hand():
    with connection.cursor() as cursor:
        marks = [each.id for each in three]
        cursor.execute("UPDATE conference_rating SET stars = 5 WHERE id IN (%s, %s, %s)", marks)


# %%
rated = {"attendee": three[0].attendee, "defaults": {"stars": 1}}
operations = {
    "rating.save()": lambda: three[0].save(),
    "create()": lambda: talk.ratings.create(attendee=strangers[0], stars=4),
    "update_or_create(), found": lambda: talk.ratings.update_or_create(**rated),
    "get_or_create(), found": lambda: talk.ratings.get_or_create(**rated),
    "bulk_create() of 3": lambda: Rating.objects.bulk_create(new_ratings()),
    "bulk_update() of 3": lambda: Rating.objects.bulk_update(three, ["stars"]),
    "update() of 3": lambda: three.update(stars=5),
    "SQL, UPDATE of 3": by_hand,
    "rating.delete()": lambda: three[0].delete(),
    "delete() of 3": lambda: three.delete(),
    "speaker.delete(), cascade": lambda: Speaker.objects.get(pk=speaker.pk).delete(),
    "talk.speakers.add()": lambda: talk.speakers.add(speaker, through_defaults={"order": 9}),
}

# %%
sent = pd.DataFrame({"operation": name, **signals_of(run)} for name, run in operations.items())
lesson.compare(guess_update, int(sent.set_index("operation").post_save["update() of 3"]))
sent

# %%
told = sent.post_save + sent.post_delete
both = {"rows changed": sent.rows, "post_save and post_delete sent": told}
long = pd.concat([sent.assign(number=each, what=what) for what, each in both.items()])
ax = plots.axes(height=4.8)
plots.dots(long, "number", "rows, or signals", name="operation", group="what", ax=ax)
ax.lines[0].set(markersize=11, alpha=0.45)
ax.set_xticks(range(4))
ax.set_title("Where the two dots part, rows change and no receiver hears of it")
lesson.show(
    ax,
    alt="Rows changed and signals sent, for twelve operations. The two agree for save, create, "
    "update_or_create and every delete; bulk_create, bulk_update, update, SQL and "
    "speakers.add change rows and send no post_save.",
)

# %%
table = sent.set_index("operation")
silent = ["bulk_create() of 3", "bulk_update() of 3", "update() of 3", "SQL, UPDATE of 3"]
claim(
    "bulk_create, bulk_update, update and SQL changed 3 rows each; not one signal was sent.",
    table.loc[silent].sum().tolist(), equals=[12, 0, 0, 0, 0, 0],
)
deletes = ["rating.delete()", "delete() of 3", "speaker.delete(), cascade"]
claim(
    "delete() sends pre_delete and post_delete for every row, also on a queryset and in a "
    "cascade.",
    (table.pre_delete + table.post_delete - 2 * table.rows)[deletes].tolist()
    + [int(table.rows[deletes].min() > 0)], equals=[0, 0, 0, 1],
)

# %%
because = "..."  # one sentence: why can update() send no post_save?

# %% [markdown]
# **Why.** `post_save` hands over an object. `update()`, `bulk_update()` and SQL have none: the database changes rows that Python never
# sees, and loading them would cost what these methods save. `bulk_create()` has objects, and skips `save()` to stay one query.
# `delete()` differs: Django must find out what a cascade takes along, so it has the objects, or fetches them
# when a receiver asks for them. `get_or_create()` sends nothing where nothing changed.
# `speakers.add()` writes a row of the table between, in bulk: only `m2m_changed` tells of it, before and after.
#
# **In your project:** search for `bulk_` and `.update(` before you trust a receiver with a total, a search index or a cache.
#
# ### Exercise: who heard nothing?
# Decide from a frame such as `sent`.


# %%
@exercise("signals-unheard")
def unheard(sent):
    """The operations, sorted, that changed more rows than post_save and post_delete told of."""
    ...


# %% [markdown]
# ## 4. Why does the worker not find the row?
#
# A receiver tells a worker about each new attendee, by number. The worker has a connection of its own, as Celery has, and looks the
# row up. The request goes on for 20 ms inside its transaction (lesson 01: all or nothing, at the end). How many of ten rows
# does the worker find? Write a share.

# %%
guess_found = ...  # for example: 0.8

# %%
from concurrent.futures import ThreadPoolExecutor, wait

from helpers.project import databases
from helpers.services import postgres

asked = []  # what the worker was asked, and will answer


def look_up(pk):
    return Attendee.objects.using("postgres").filter(pk=pk).exists()


def tell_now(instance, **kwargs):
    asked.append(worker.submit(look_up, instance.pk))


def tell_after_commit(instance, using, **kwargs):
    transaction.on_commit(partial(tell_now, instance), using=using)


# %%
def ten_requests(way, tell, rest_ms, fails=False):
    asked.clear()
    post_save.connect(tell, sender=Attendee)
    try:
        for number in range(10):
            email = f"{way}-{rest_ms}-{fails}-{number}@example.org"
            with transaction.atomic(using="postgres"):
                Attendee.objects.using("postgres").create(name="Ada", email=email)
                time.sleep(rest_ms / 1000)  # the rest of the request
                transaction.set_rollback(fails, using="postgres")
            wait(asked)  # until the worker has answered
    finally:
        post_save.disconnect(tell, sender=Attendee)
    found = sum(each.result() for each in asked)
    return {"way": way, "rest_ms": rest_ms, "told": len(asked), "found": found}


# %% [markdown]
# Ten requests for each way and each length of the rest; then ten whose transaction is rolled back. The worker is a thread.

# %% tags=["nbval-ignore-output"]
ways = {"told in post_save": tell_now, "told by on_commit": tell_after_commit}
plan = [(*way, rest_ms) for way in ways.items() for rest_ms in (0, 2, 5, 10, 20, 50)]
with postgres.start() as server, ThreadPoolExecutor(1) as worker:
    databases.add("postgres", server)
    found = pd.DataFrame(ten_requests(*each) for each in plan)
    undone = pd.DataFrame(ten_requests(*way, 0, fails=True) for way in ways.items())
    worker.submit(lambda: connections["postgres"].close()).result()
    databases.remove("postgres")
counts = found.pivot(index="rest_ms", columns="way", values="found")
lesson.compare(guess_found, counts.loc[20, "told in post_save"] / 10)
counts

# %%
shares = found.assign(found=found.found / 10)
ax = plots_signals.found(shares, guess=guess_found)
ax.set_title("Told in post_save, the worker comes too early; told after the commit, never")
lesson.show(
    ax,
    alt="Share of rows that the worker found against the rest of the transaction in ms. "
    "Told by on_commit it is 100 percent everywhere; told in post_save it is near 0 as soon as "
    "the transaction goes on.",
)

# %%
by_rest = found.pivot(index="rest_ms", columns="way", values="found")
claim(
    "With 50 ms to come, told in post_save the worker finds fewer than half of what it finds "
    "by on_commit.",
    by_rest.loc[50, "told in post_save"] / by_rest.loc[50, "told by on_commit"], below=0.5,
)
claim(
    "Told by on_commit, it finds all ten, however long the transaction takes.",
    by_rest["told by on_commit"].tolist(), equals=[10] * 6,
)

# %% [markdown]
# And what was the worker told of the transactions that were rolled back?

# %%
told_of_undone = undone.set_index("way").told
told_of_undone.to_frame()

# %%
claim(
    "Of ten transactions rolled back, post_save told of ten rows that never came; on_commit of "
    "none.",
    told_of_undone.tolist(), equals=[10, 0],
)

# %% [markdown]
# And in tests? `TestCase` runs each test in a transaction that it never commits.

# %%
import io
import unittest

from django.test import TestCase

told_in = Counter()


class AfterCommit(TestCase):
    def test_as_it_is(self):
        transaction.on_commit(partial(told_in.update, ["as it is"]))

    def test_captured(self):
        with self.captureOnCommitCallbacks(execute=True):
            transaction.on_commit(partial(told_in.update, ["captured"]))


tests = unittest.defaultTestLoader.loadTestsFromTestCase(AfterCommit)
outcome = unittest.TextTestRunner(stream=io.StringIO()).run(tests)
told_in_tests = {way: told_in[way] for way in ("as it is", "captured")}
told_in_tests

# %%
claim(
    "In a TestCase on_commit never runs its function, unless captureOnCommitCallbacks does.",
    list(told_in_tests.values()), equals=[0, 1],
)

# %%
because = "..."  # one sentence: who can see a row before its transaction is committed?

# %% [markdown]
# **Why.** `post_save` means "the INSERT was sent", not "the row is there for all". Until the commit only this connection sees it. With no
# rest the worker and the commit race, and the left points are as luck has it; the longer the rest, the surer the
# worker loses. If the transaction fails, it was told of nothing. `on_commit` keeps the function until the commit
# and throws it away on a rollback: its points lie at 100 %.
#
# When would this be untrue? Without a transaction each save commits at once, and telling in `post_save` works: on your desk. The admin
# opens a transaction always, `ATOMIC_REQUESTS` for every view.
#
# **In your project:** `transaction.on_commit(partial(task.delay, instance.pk))`, for mail, queues, search indexes and caches.
#
# ### Exercise: after the commit


# %%
@exercise("signals-after-commit")
def register_all(attendees, tell):
    """Save each attendee, and call tell(attendee.pk) for each, after the commit.

    If the transaction is rolled back, nobody is told.
    """
    ...


# %% [markdown]
# ## 5. When is a signal the wrong tool?
#
# The task: when a talk moves to another room, write its title down, for a notice to its speakers. Four ways, each on a proxy of `Talk`.
#
# The first hears every save. How many queries does it add to ten saves that move nothing?

# %%
guess_extra = ...  # for example: 0

# %%
clear_scratch()
notices = []


class HeardTalk(Talk):
    class Meta:
        app_label, proxy = "scratch", True


@receiver(pre_save, sender=HeardTalk, dispatch_uid="06-remember-room")
def remember_room(instance, raw, update_fields, **kwargs):
    instance.room_before = None
    if raw or instance.pk is None:
        return
    if update_fields is None or "room" in update_fields:
        before = HeardTalk.objects.filter(pk=instance.pk).values_list("room_id", flat=True)
        instance.room_before = before.first()


# %%
@receiver(post_save, sender=HeardTalk, dispatch_uid="06-tell-if-moved")
def tell_if_moved(instance, created, raw, **kwargs):
    if raw or created:
        return
    if instance.room_before is not None and instance.room_before != instance.room_id:
        notices.append(instance.title)


# %% [markdown]
# The second overrides `save()`. It needs the old room as well, and knows a little more: it is the one who saves.

# %%
class SavedTalk(Talk):
    class Meta:
        app_label, proxy = "scratch", True

    def save(self, *args, **kwargs):
        before = None
        if self.pk is not None:
            rooms = SavedTalk.objects.filter(pk=self.pk).values_list("room_id", flat=True)
            before = rooms.first()
        super().save(*args, **kwargs)
        if before is not None and before != self.room_id:
            notices.append(self.title)


# %% [markdown]
# The third is a method of the manager, for many talks at once; the fourth is a function. Both *say* what happens: a move.

# %%
class Moving(models.QuerySet):
    def move_to(self, room):
        moved = self.exclude(room=room)
        notices.extend(moved.values_list("title", flat=True))
        return moved.update(room=room)


class MovedTalk(Talk):
    objects = Moving.as_manager()

    class Meta:
        app_label, proxy = "scratch", True


def move_talk(talk, room):
    if talk.room_id != room.pk:
        talk.room = room
        talk.save(update_fields=["room"])
        notices.append(talk.title)


# %%
model_of = {"signals": HeardTalk, "save() overridden": SavedTalk}
model_of |= {"manager method": MovedTalk, "function": Talk}


def set_and_save(talks, field, value):
    for talk in talks.all():  # asked afresh
        setattr(talk, field, value)
        talk.save()


def move_all(way, talks, room):
    if way == "manager method":
        talks.move_to(room)
    elif way == "function":
        for talk in talks.all():
            move_talk(talk, room)
    else:
        set_and_save(talks, "room", room)


# %%
firsts = Talk.objects.order_by().values("starts_at").annotate(first=models.Min("id"))
ids = sorted(firsts.values_list("first", flat=True))[:10]  # ten talks, at ten hours


def retitle(talks, room):
    set_and_save(talks, "title", "Signals!")


def update_room(talks, room):
    talks.update(room=room)


def counted(action, talks):
    notices.clear()
    with transaction.atomic():
        room = Room.objects.create(name="Annex", slug="annex", seats=30)
        with watch() as seen:
            action(talks, room)
        transaction.set_rollback(True)
    return seen.count, len(notices)


# %%
rows = []
for way, model in model_of.items():
    talks = model.objects.filter(id__in=ids)
    retitled, none = counted(retitle, talks)
    moved, told = counted(partial(move_all, way), talks)
    _, past = counted(update_room, talks)
    queries = {"queries, 10 new titles": retitled, "queries, 10 moves": moved}
    told_of = {"notices, 10 moves": told, "10 new titles": none, "update()": past}
    rows.append({"way": way, **queries, **told_of})
behaviour = pd.DataFrame(rows).set_index("way")
titles = behaviour["queries, 10 new titles"]
lesson.compare(guess_extra, int(titles["signals"] - titles["function"]))
behaviour

# %% [markdown]
# All four write ten notices for ten moves, none for new titles, and none for a plain `update()`. Now: how hard is each to read? The number of
# lines, of conditionals, and the cyclomatic complexity, one and one more for each decision (McCabe, 1976).

# %%
written = {
    "signals": [remember_room, tell_if_moved], "save() overridden": [SavedTalk.save],
    "manager method": [Moving.move_to], "function": [move_talk],
}
sources = {
    way: "\n".join(textwrap.dedent(inspect.getsource(each)) for each in functions)
    for way, functions in written.items()
}
reading = complexity.compare(sources).set_index("name")
reading

# %%
words = {"lines": "lines", "conditionals": "conditionals", "complexity": "cyclomatic complexity"}
long = reading.rename(columns=words)[list(words.values())].melt(
    var_name="measure", value_name="number", ignore_index=False
)
ax = plots.axes(height=3)
plots.dots(long.reset_index(), "number", "number of each", name="name", group="measure", ax=ax)
ax.set_title("The same feature four ways: a method or a function is shortest")
ax.set_xlim(left=-0.5)
lesson.show(
    ax,
    alt="Lines, conditionals and cyclomatic complexity of the four ways. All three are largest "
    "for signals, then for the overridden save; the manager method and the function have least.",
)

# %%
claim(
    "Each way writes 10 notices for 10 moves, 0 for 10 new titles, and 0 for a plain update().",
    behaviour[["notices, 10 moves", "10 new titles", "update()"]].to_numpy().tolist(),
    equals=[[10, 0, 0]] * 4,
)
claim(
    "Signals and the overridden save() ask the database once more for every save, moved or not.",
    (titles - titles["function"])[["signals", "save() overridden"]].tolist(), equals=[10, 10],
)

# %%
claim(
    "Here the signals need more than twice the lines, and more than twice the conditionals, of "
    "the function.",
    (reading.loc["signals"] / reading.loc["function"])[["lines", "conditionals"]].min(), above=2,
)

# %%
because = "..."  # one sentence: what does the function know that a receiver has to find out?

# %% [markdown]
# **Why.** A receiver sees *that* a row was saved, and must find out *what* was meant: was it new, from a fixture, did it save the room, which
# was the old one? Each question is a conditional, and the last a query. An overridden `save()` asks nearly the same. A method or a
# function called `move` knows. So its dots lie on the left, and a reader finds it by its name.
#
# None of them hears a plain `update()`: no tool sees everything, but a name says which door to take. The manager method moves ten talks
# with the fewest queries.
#
# When would this be untrue? When the sender is not yours: another app's models, a login, a migration. There a signal is the only door.
#
# **In your project:** your own models: a function in `services.py`, or a method. Foreign models: a signal.

# %% [markdown]
# You may stop here.

# %% [markdown] tags=["collapsed"]
# ## Go deeper
#
# Each section stands alone: choose.

# %% [markdown]
# ### 6. Other ways to run twice, or never
#
# A notebook cell defines a function and connects it. You run the cell three times. How many of the three functions run for one signal?

# %%
guess_again = ...  # for example: 3

# %%
def three_runs(**options):
    """Do three times what the cell does: a new function under the old name, connected."""
    signal, ran = Signal(), []
    for _ in range(3):
        def shout(**kwargs):
            ran.append("shout")
        signal.connect(shout, **options)
    signal.send(sender=None)
    return len(ran)


def answers_of(*receivers, **options):
    signal = Signal()
    for each in receivers:
        signal.connect(each, **options)
    return [each.__name__ for each, _ in signal.send(sender=None)]


# %%
def shout(**kwargs): ...


def whisper(**kwargs): ...


copied = answers_of(shout, whisper, dispatch_uid="06-copied")
again = {
    "a cell, run three times": three_runs(),
    "the same, weak=False": three_runs(weak=False),
    "the same, weak=False and a dispatch_uid": three_runs(weak=False, dispatch_uid="06-shout"),
    "one function, connected twice": len(answers_of(shout, shout)),
    "two functions, one copied dispatch_uid": len(copied),
}
lesson.compare(guess_again, again["a cell, run three times"])
pd.Series(again, name="receivers that ran").to_frame()

# %%
claim(
    "After three runs of a cell one receiver is left; with weak=False three; with a "
    "dispatch_uid too, one.",
    list(again.values())[:3], equals=[1, 3, 1],
)
claim(
    "Of two receivers that share a dispatch_uid only the first is called; nothing says so.",
    copied, equals=["shout"],
)

# %%
because = "..."  # one sentence: why does the same function, connected twice, run once?

# %% [markdown]
# **Why.** Each run of the cell makes a new function, and the name `shout` lets the old one go: held weakly, it dies. `weak=False` keeps
# all three. With a `dispatch_uid` as well the *first* stays: what you changed in the cell since then is not heard before the kernel starts
# anew. The same function connected again has the same address, so nothing is added. And a `dispatch_uid` that was copied
# with its line loses a receiver.
#
# **In your project:** write the path of the function into its `dispatch_uid`: nobody copies that without seeing it.
#
# #### Exercise: connect once


# %%
@exercise("signals-once")
def connect_once(signal, receiver):
    """Connect `receiver`, weakly, so that a copy of it, from another import, does not run too.

    A copy has the same `__qualname__` and another `__module__`; a receiver with another
    `__qualname__` is not a copy, and has to run.
    """
    ...


# %% [markdown]
# ### 7. What does a listener cost a `delete()`?
#
# A queryset of three ratings is deleted: one query. Now a receiver that does nothing listens to `post_delete`. How many queries?

# %%
guess_delete = ...  # for example: 1

# %%
def ignore(**kwargs):
    pass


def queries_of_a_delete(label):
    with transaction.atomic(), watch(label) as seen:
        three.delete()
        transaction.set_rollback(True)
    return seen


nobody = queries_of_a_delete("nobody listens")
post_delete.connect(ignore, sender=Rating)
somebody = queries_of_a_delete("a receiver on post_delete")
gone = post_delete.disconnect(ignore, sender=Rating)
somebody

# %%
delete_queries = [nobody.count, somebody.count]
loaded = int(somebody.frame.sql.str.startswith("SELECT").sum())
lesson.compare(guess_delete, delete_queries[1])

# %%
claim(
    "With one receiver on post_delete the same delete() needs 2 queries, not 1: it loads the "
    "rows.",
    [*delete_queries, loaded], equals=[1, 2, 1],
)

# %%
because = "..."  # one sentence: what does delete() need for a receiver, and not without one?

# %% [markdown]
# **Why.** A receiver is handed an object for each row. With nobody listening, and no relation to follow, Django sends one DELETE and
# never sees the rows; as soon as somebody listens, it has to load all of them first: memory for each row of a large
# table, for a receiver that may need none of it.
#
# **In your project:** before you connect to `post_delete`, ask how many rows the largest `delete()` takes.

# %% [markdown]
# ### 8. Does a signal run in the background?
#
# Four receivers of `post_save` need 20 ms each, for a mail, say. How many milliseconds does one save take?

# %%
guess_ms = ...  # for example: 20

# %%
def save_ms(receivers):
    slow = [lambda **kwargs: time.sleep(0.02) for _ in range(receivers)]
    rating, spent = Rating.objects.order_by("id").first(), []
    for each in slow:
        post_save.connect(each, sender=Rating)
    with transaction.atomic():  # one commit for all: the disk is not what we measure
        for _ in range(5):
            began = time.perf_counter()
            rating.save()
            spent.append(1000 * (time.perf_counter() - began))
    for each in slow:
        post_save.disconnect(each, sender=Rating)
    return min(spent)


# %%
import asyncio
from concurrent.futures import ThreadPoolExecutor


async def slow_too(**kwargs):
    await asyncio.sleep(0.02)


def asend_ms(receivers):
    signal = Signal()
    kept = [partial(slow_too) for _ in range(receivers)]
    for each in kept:
        signal.connect(each)
    began = time.perf_counter()
    with ThreadPoolExecutor(1) as pool:  # the notebook's own event loop runs this cell
        pool.submit(asyncio.run, signal.asend(sender=None)).result()
    return 1000 * (time.perf_counter() - began)


# %% tags=["nbval-ignore-output"]
saves = pd.DataFrame({"receivers": n, "ms": save_ms(n)} for n in (0, 1, 2, 4))
four_async_ms = min(asend_ms(4) for _ in range(5))
lesson.compare(guess_ms, saves.ms.iloc[-1])
print(f"four receivers written with async, by asend: {four_async_ms:.0f} ms")
saves.round(1)

# %%
ax = plots.axes(height=3.4)
ax.plot(saves.receivers, saves.ms, "o", color=plots.BLUE, label="save(), measured")
ax.plot([4], [four_async_ms], "s", color=plots.VERMILION, label="asend(), four async receivers")
ax.plot([0, 4], [0, 80], "-", color=plots.BLACK, label="20 ms for each receiver")
ax.set(xlabel="receivers of 20 ms each", ylabel="time (ms)", xticks=[0, 1, 2, 4])
ax.legend(frameon=False)
ax.set_title("save() waits for every receiver, one after the other")
lesson.show(
    ax,
    alt="Time of a save against the number of receivers of 20 ms: four points on or above a line "
    "of 20 ms for each. One point for four async receivers sent by asend lies far below, near 20 ms.",
)

# %%
by_count = saves.set_index("receivers").ms
claim(
    "Four receivers of 20 ms make the quickest of five saves take 80 ms or more.",
    by_count[4], above=80,
)
claim(
    "Without them the quickest of five takes less than half of that.",
    by_count[0] / by_count[4], between=(0, 0.5),
)
claim(
    "asend() lets four async receivers wait together: less than 80 ms, at best of five.",
    four_async_ms, between=(20, 80),
)

# %% [markdown]
# What if a receiver fails? A new attendee is saved, the first receiver raises, a second one stands behind it.

# %%
import contextlib
import unittest

later = []


def broken(**kwargs):
    raise ValueError("the mail server is away")


def behind(**kwargs):
    later.append("ran")


# %%
def save_with_broken(way, around):
    later.clear()
    for each in (broken, behind):
        post_save.connect(each, sender=Attendee)
    error = None
    try:
        with around():
            Attendee.objects.create(name="Ada", email="broken@example.org")
    except ValueError as raised:
        error = type(raised).__name__
    finally:
        for each in (broken, behind):
            post_save.disconnect(each, sender=Attendee)
    rows, _ = Attendee.objects.filter(email="broken@example.org").delete()
    return {"way": way, "error": error, "rows": rows, "receivers behind it": len(later)}


# %%
ways = {"no transaction": contextlib.nullcontext, "in atomic": transaction.atomic}
failing = pd.DataFrame(save_with_broken(*way) for way in ways.items())
failing

# %%
of_way = failing.set_index("way")
claim(
    "A receiver that raises stops those behind it, and its error reaches whoever called save().",
    [*of_way.error, *of_way["receivers behind it"]], equals=["ValueError", "ValueError", 0, 0],
)
claim(
    "Without a transaction the row is there all the same; inside atomic it is rolled back.",
    of_way.rows[["no transaction", "in atomic"]].tolist(), equals=[1, 0],
)

# %% [markdown]
# A signal of your own can be sent with `send_robust`: it hands errors back, and logs them.

# %%
own = Signal()
own.connect(broken)
own.connect(behind)
later.clear()
with lesson.expect(ValueError):
    own.send(sender=None)
ran_after_send = len(later)
with unittest.TestCase().assertLogs("django.dispatch", "ERROR") as log:
    handed_back = own.send_robust(sender=None)
returned = [type(answer).__name__ for _, answer in handed_back]
print(returned, "·", log.records[0].getMessage())

# %%
claim(
    "After send the receiver behind has not run; send_robust runs it and returns the error.",
    [ran_after_send, len(later), returned], equals=[0, 1, ["ValueError", "NoneType"]],
)

# %%
because = "..."  # one sentence: what would have to be true for a receiver to run later?

# %% [markdown]
# **Why.** `send` is a loop of function calls in this thread: the points lie on the line, or above it by the save itself. What one receiver
# raises leaves the loop, so those behind never run, and goes on through `save()`. The row was written before; outside a transaction it
# is committed already, and the caller sees an error for a row that exists. The signals of models are always sent with `send`.
#
# `asend` awaits async receivers together: they wait side by side, in one thread. That helps waiting, not computing, and the caller still waits
# for the slowest.
#
# **In your project:** a slow receiver hands the work to a queue, after the commit. Lesson 15 runs one.

# %% [markdown]
# ### 9. Recursion, and what a receiver is told
#
# A receiver of `post_save` tidies a title, and saves the talk. One `talk.save()`: how many saves are that?

# %%
guess_saves = ...  # for example: 2

# %%
tidied = []


def tidy_and_save(instance, **kwargs):
    tidied.append(instance.pk)
    instance.title = instance.title.strip()
    instance.save()


talk = Rating.objects.order_by("id").first().talk

# %% tags=["nbval-ignore-output"]
tidied.clear()
post_save.connect(tidy_and_save, sender=Talk)
with transaction.atomic(), lesson.expect(RecursionError):
    talk.save()
gone = post_save.disconnect(tidy_and_save, sender=Talk)
recursion = len(tidied)
lesson.compare(guess_saves, recursion)

# %%
claim(
    "One save became more than 20, and ended in a RecursionError.",
    recursion, above=20,
)

# %% [markdown]
# Three cures: save again only if there was something to tidy; `update()`, which sends nothing; or `pre_save`, before the row is written.

# %%
def save_if_untidy(instance, **kwargs):
    if instance.title != instance.title.strip():
        instance.title = instance.title.strip()
        instance.save(update_fields=["title"])


def update_it(instance, **kwargs):
    instance.title = instance.title.strip()
    Talk.objects.filter(pk=instance.pk).update(title=instance.title)


def tidy_before(instance, **kwargs):
    instance.title = instance.title.strip()


# %%
def cure(signal, receiver_of_talk):
    talk.title, saves = "  Signals  ", []

    def count(**kwargs):
        saves.append(1)

    signal.connect(receiver_of_talk, sender=Talk)
    post_save.connect(count, sender=Talk)
    with transaction.atomic(), watch() as seen:
        talk.save()
        stored = Talk.objects.values_list("title", flat=True).get(pk=talk.pk)
        transaction.set_rollback(True)
    signal.disconnect(receiver_of_talk, sender=Talk)
    post_save.disconnect(count, sender=Talk)
    writes = int(seen.frame.sql.str.startswith("UPDATE").sum())
    return {"saves": len(saves), "updates": writes, "stored": stored}


# %%
cures = {
    "post_save, guarded": cure(post_save, save_if_untidy),
    "post_save, update()": cure(post_save, update_it),
    "pre_save": cure(pre_save, tidy_before),
}
cures = pd.DataFrame(cures).T
cures

# %%
claim(
    "All three store the tidy title; pre_save does it in one UPDATE, the others need two.",
    [*cures.stored, *cures.updates], equals=["Signals"] * 3 + [2, 2, 1],
)

# %% [markdown]
# What does a receiver know? `created`, `update_fields`, and `raw`, which says that a fixture is being loaded.

# %%
from django.core import serializers
from django.core.management import call_command

rating = Rating.objects.order_by("id").first()
fixture = serializers.serialize("json", [rating])
file = temporary.folder() / "rating.json"
by_pk = {"pk": rating.pk, "defaults": {"stars": 5}}
stranger = Attendee.objects.exclude(rating__talk=rating.talk).order_by("id").first()
calls = {
    "create()": lambda: rating.talk.ratings.create(attendee=stranger, stars=4),
    "save()": rating.save,
    'save(update_fields=["stars"])': lambda: rating.save(update_fields=["stars"]),
    "update_or_create(), found": lambda: Rating.objects.update_or_create(**by_pk),
    "loaddata": lambda: call_command("loaddata", file, verbosity=0),
}

# %%
arguments = []


def write_down(created, raw, update_fields, **kwargs):
    fields = sorted(update_fields) if update_fields else []
    arguments.append({"created": created, "raw": raw, "update_fields": fields})


file.write_text(fixture)
post_save.connect(write_down, sender=Rating)
for call in calls.values():
    with transaction.atomic():
        call()
        transaction.set_rollback(True)
gone = post_save.disconnect(write_down, sender=Rating)
told_of = pd.DataFrame(arguments, index=pd.Index(calls, name="call"))
told_of

# %% [markdown]
# Why `raw`? In a fixture a row may come before the row that it points to. The first receiver looks that up too early; the second has a guard.

# %%
def thank(instance, **kwargs):
    thanked.append(f"Thank you, {instance.attendee.name}")


def thank_guarded(instance, raw, **kwargs):
    if raw:
        return
    thank(instance)


thanked, attendee = [], f'"attendee": {rating.attendee_id}'
too_early = fixture.replace(attendee, '"attendee": 999999')


def load_too_early():
    [row] = serializers.deserialize("json", too_early)
    row.save()


# %%
with transaction.atomic():
    post_save.connect(thank, sender=Rating)
    with lesson.expect(Attendee.DoesNotExist), transaction.atomic():
        load_too_early()
    post_save.disconnect(thank, sender=Rating)
    post_save.connect(thank_guarded, sender=Rating)
    load_too_early()
    post_save.disconnect(thank_guarded, sender=Rating)
    guarded_rows = Rating.objects.filter(pk=rating.pk, attendee_id=999999).count()
    transaction.set_rollback(True)
loaded_and_thanked = [guarded_rows, len(thanked)]

# %%
claim(
    "Of these five calls only create() says created, and only loaddata says raw.",
    [told_of.index[told_of.created].tolist(), told_of.index[told_of.raw].tolist()],
    equals=[["create()"], ["loaddata"]],
)
claim(
    "With `if raw: return` the early row is loaded, and nobody is looked up.",
    loaded_and_thanked, equals=[1, 0],
)

# %% [markdown]
# Many-to-many relations have a signal of their own, sent before and after each change. `pk_set` holds the other side.

# %%
actions = []


def note_action(instance, action, reverse, pk_set, **kwargs):
    size = "None" if pk_set is None else str(len(pk_set))
    model = type(instance).__name__
    actions.append({"instance": model, "action": action, "reverse": reverse, "pk_set": size})


free = list(Speaker.objects.exclude(talks=talk).order_by("id")[:2])
eighth, ninth = {"through_defaults": {"order": 8}}, {"through_defaults": {"order": 9}}
changes = {
    "talk.speakers.add(a)": lambda: talk.speakers.add(free[0], **eighth),
    "add(a) again": lambda: talk.speakers.add(free[0], **eighth),
    "talk.speakers.set([b])": lambda: talk.speakers.set([free[1]], **ninth),
    "b.talks.remove(talk)": lambda: free[1].talks.remove(talk),
    "talk.speakers.clear()": lambda: talk.speakers.clear(),
}

# %%
from helpers.conference.models import Speaking

changes["Speaking.objects.create()"] = lambda: Speaking.objects.create(talk=talk, speaker=free[0])
actions.clear()
m2m_changed.connect(note_action, sender=Talk.speakers.through)
with transaction.atomic():
    for name, change in changes.items():
        before = len(actions)
        change()
        actions[before:] = [{"change": name, **each} for each in actions[before:]]
    transaction.set_rollback(True)
gone = m2m_changed.disconnect(note_action, sender=Talk.speakers.through)
m2m = pd.DataFrame(actions)
m2m

# %%
sizes = m2m.groupby("change").pk_set.first()[["add(a) again", "talk.speakers.clear()"]].tolist()
untold = [name for name in changes if name not in set(m2m.change)]

# %%
claim(
    "Adding a speaker again is told with an empty pk_set, and clear() with None.",
    sizes, equals=["0", "None"],
)
claim(
    "A row of the through table made by hand is not told by m2m_changed.",
    untold, equals=["Speaking.objects.create()"],
)

# %%
because = "..."  # one sentence: why does pre_save need no guard?

# %% [markdown]
# **Why.** `save()` in a receiver of `post_save` sends `post_save`: a circle. A guard ends it after one more round, `update()` sends nothing,
# and `pre_save` comes before the row is written, so the change goes along: one UPDATE.
#
# `raw` is there because a fixture is loaded as it is, row by row, related rows perhaps later: a receiver that looks further,
# or writes other rows, should return at once. `m2m_changed` is sent by the relation's own methods alone: `set` is a remove and an add,
# `clear` does not say whom it takes away, and `reverse` says from which side it came. Rows of the through model have `post_save`.
#
# **In your project:** `if raw: return` as the first line of any receiver of `post_save` that touches other rows.

# %% [markdown]
# ### 10. Your own signal; and who is listening?
#
# How many receivers listen in this project, all signals together, before you connect any? (Leave out `setting_changed`, which tests send.)

# %%
guess_listeners = ...  # for example: 3

# %%
import sys
from weakref import ReferenceType

from django.apps import apps


def all_signals():
    for module in list(sys.modules.values()):
        for name, value in list(getattr(module, "__dict__", {}).items()):
            if issubclass(type(value), Signal) and module.__name__ != "__main__":
                yield value, name


# %%
def listeners():
    senders = {id(model): model.__name__ for model in apps.get_models()} | {id(None): "any"}
    senders |= {id(config): f"app {config.label}" for config in apps.get_app_configs()}
    rows = []
    for signal, name in {signal: name for signal, name in all_signals()}.items():
        for (_, sender), reference, _ in signal.receivers:
            function = reference() if isinstance(reference, ReferenceType) else reference
            if function is not None:
                row = {"signal": name, "sender": senders.get(sender, "another")}
                where = {"receiver": function.__qualname__, "module": function.__module__}
                rows.append({**row, **where})
    return pd.DataFrame(rows).sort_values(["signal", "module"], ignore_index=True)


# %% tags=["nbval-ignore-output"]
everybody = listeners()
foreign = everybody[everybody.module.str.startswith(("django.", "helpers."))]
foreign = foreign[foreign.signal != "setting_changed"].reset_index(drop=True)
lesson.compare(guess_listeners, len(foreign))
foreign

# %%
per_signal = foreign.groupby("signal").receiver.agg(list)
claim(
    "When somebody logs in, one receiver listens: update_last_login.",
    per_signal.get("user_logged_in"), equals=["update_last_login"],
)
claim(
    "After migrate two listen: create_contenttypes and create_permissions.",
    sorted(per_signal.get("post_migrate", [])),
    equals=["create_contenttypes", "create_permissions"],
)

# %% [markdown]
# The last login, the content types and the permissions are written by receivers. Nobody listens to a save of this project's models.
#
# Django uses signals where it does not know who will listen. A signal of your own serves the same: the mover of a talk knows neither the
# board nor the mail.

# %%
talk_moved = Signal()  # sent with talk and room_before
board, mails = [], []


@receiver(talk_moved, dispatch_uid="06-board")
def change_board(talk, room_before, **kwargs):
    board.append(f"{room_before} → {talk.room}")


@receiver(talk_moved, dispatch_uid="06-mails")
def mail_speakers(talk, **kwargs):
    mails.extend(talk.speakers.values_list("name", flat=True))


# %%
def move(talk, room):
    room_before, talk.room = talk.room, room
    talk.save(update_fields=["room"])
    tell = partial(talk_moved.send_robust, sender=Talk, talk=talk, room_before=room_before)
    transaction.on_commit(tell)


moved = Talk.objects.prefetch_related("speakers").order_by("id")[1]
speakers, home = moved.speakers.count(), moved.room
annex, _ = Room.objects.get_or_create(name="Annex", slug="annex", seats=30)
board.clear(), mails.clear()
move(moved, annex)
told_there = [len(board), len(mails) - speakers]
move(moved, home)
annex.delete()
board

# %% [markdown]
# The commonest mistake: a receiver without `**kwargs`. With DEBUG off, the first `send` fails; with DEBUG on, `connect` refuses it.

# %%
from django.test import override_settings


def narrow(talk):
    return talk.title


with_one = Signal()
with_one.connect(narrow)
with lesson.expect(TypeError):
    with_one.send(sender=Talk, talk=moved)
with override_settings(DEBUG=True), lesson.expect(ValueError):
    Signal().connect(narrow)

# %%
claim(
    "One send reached both receivers: one line on the board, one mail for each speaker.",
    [*told_there, speakers > 0], equals=[1, 0, True],
)

# %%
because = "..."  # one sentence: when is a signal of your own better than a call?

# %% [markdown]
# **Why.** A call names who is called, and needs an import of it; a signal turns the arrow round: whoever is interested imports the signal. That is
# worth it when the sender is a library, or when several apps listen that should not know each other. Inside one app it only hides a call,
# from you and from your editor. `**kwargs` is the price: the sender may hand over more, one day.
#
# The table is how you find out what a save sets going, in any project: paste the two functions, with their imports, into `manage.py shell`.
#
# **In your project:** a `signals.py` that only defines signals, with their arguments in a comment.
#
# #### Exercise: a second domain
# A library tells whoever wants to know that a book is back: the reader who waits, the shelf, the statistics.


# %%
@exercise("signals-library")
def give_back(book, book_returned):
    """Tell every listener of `book_returned` that `book` is back; return how many of them failed.

    The sender is the class of the book. A listener that fails must not stop the others.
    """
    ...


# %% [markdown]
# ## There is a method for that
#
# | what people write | what exists |
# |---|---|
# | `post_save.connect(lambda …)` | a function in `signals.py` and [`AppConfig.ready()`](https://docs.djangoproject.com/en/5.2/ref/applications/#django.apps.AppConfig.ready) |
# | a flag "already connected" | [`dispatch_uid`](https://docs.djangoproject.com/en/5.2/topics/signals/#preventing-duplicate-signals) |
# | `time.sleep(1)` in the worker, or "try again" | [`transaction.on_commit`](https://docs.djangoproject.com/en/5.2/topics/db/transactions/#performing-actions-after-commit) |
# | a test that commits by hand | [`captureOnCommitCallbacks`](https://docs.djangoproject.com/en/5.2/topics/testing/tools/#django.test.TestCase.captureOnCommitCallbacks) |
# | a receiver that fills in a field | [`save()` overridden](https://docs.djangoproject.com/en/5.2/topics/db/models/#overriding-predefined-model-methods), or a default |
# | `try` and `except` around each receiver | [`send_robust`](https://docs.djangoproject.com/en/5.2/topics/signals/#sending-signals) |
#
# New and hard usually means done wrong: if you need to know in which order receivers run, you want a function that calls them.
#
# ## The Django way, and when to fight it
#
# - Signals are for apps that do not know each other: listen to Django's and to other people's.
# - For your own models say it by name: a method, a manager method, a function.
# - Fight it where a foreign app saves: there a receiver, with `raw` guarded and work after the commit.

# %% [markdown]
# ## Five questions

# %% tags=["hidden-source"]
lesson.quiz(
    "A receiver in signals.py works in the tests, which import it, and not on the server. What is likeliest?",
    right={"On the server nobody imports signals.py.": "Import it in AppConfig.ready(); a file that nobody imports connects nothing."},
    wrong={
        "Signals are switched off when DEBUG is off.": "DEBUG changes only what connect() checks.",
        "The server runs several processes.": "Each process imports the same apps, and connects its own receivers.",
    },
)

# %% tags=["hidden-source"]
lesson.quiz(
    "You keep a total in a column by post_save. Which line makes it wrong?",
    right={"Rating.objects.bulk_create(ratings)": "It writes the rows and sends no signal at all."},
    wrong={
        "rating.save(update_fields=['stars'])": "That sends post_save, with update_fields.",
        "Rating.objects.create(…)": "create() calls save(), which sends it.",
    },
)

# %% tags=["hidden-source"]
lesson.quiz(
    "A Celery task says `DoesNotExist`, once in a while, for a row that is there when you look. What helps?",
    right={"Start the task by transaction.on_commit.": "The task then starts after the commit, when every connection sees the row."},
    wrong={
        "A retry after one second.": "It hides the race, and a rolled-back row still never comes.",
        "Sending the whole object to the task.": "Then the worker knows a row that may never exist.",
    },
)

# %% tags=["hidden-source"]
lesson.quiz(
    "A receiver of post_save raises an error, in the middle of a view without a transaction. What is true?",
    right={"The row is saved, and the view fails.": "save() had written the row; the error goes on to whoever called save()."},
    wrong={
        "The row is not saved.": "That needs a transaction around both.",
        "Nobody notices: Django logs it.": "send_robust does that; signals of models use send.",
    },
)

# %% tags=["hidden-source"]
lesson.quiz(
    "When a talk of your own app is cancelled, its speakers get a mail. Where does that belong?",
    right={"In a function cancel(talk), which mails after the commit.": "It knows what is meant, and a reader finds it by its name."},
    wrong={
        "In a receiver of post_save that compares states.": "It costs a query for every save, and update() passes it by.",
        "In Talk.__init__, which keeps the old state.": "Then every talk that is loaded pays for the few that are cancelled.",
    },
)

# %% [markdown]
# ## What you now know
#
# - A signal holds its receivers weakly, compares the sender by identity, and cannot miss a file that nobody imported.
# - Two imports make two receivers; a `dispatch_uid` makes one; a copied `dispatch_uid` loses one.
# - `bulk_create`, `bulk_update`, `update` and SQL send nothing; `delete` sends for every row, and loads them to do so.
# - `post_save` comes before the commit: tell others by `on_commit`.
# - A receiver has to find out what was meant; a method or a function is told.
# - Receivers run at once, one after the other, in the caller's time and transaction.
#
# Next: lesson 07, URLs: which pattern answers, and why it is not the one you wrote.
