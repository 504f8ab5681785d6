# %% [markdown]
# # 1. The ORM
#
# After this lesson you see the SQL behind every line of Python, and you know how many queries a page runs before it is slow.
#
# **Core:** 60 minutes · **deeper:** 120 minutes · **needs:** 00 · **helps:** 02, 03, 14 ·
# **starts:** PostgreSQL, on loopback
#
# Credit: the ORM heads Issac Kelly's list in "Teaching Django to comrades", DjangoCon 2011, as Rob Martin noted it in
# "DjangoCon, part four". The experiments are added by us.

# %% tags=["hidden-source"]
from helpers import lesson

lesson.recall(
    {
        "What does JOIN do?": "It puts the rows of two tables side by side where they belong together.",
        "What does GROUP BY make out of the rows of a group?": "One row, with counts, sums or means of the group.",
        "What does a claim with ✔ say?": "That the sentence was checked on this run, on your machine, and held.",
    }
)

# %% [markdown]
# ## Why it trips people up
#
# - "My page runs 801 queries. I only wrote one loop."
# - "`FieldError: Invalid field name(s) given in select_related`: but the field exists!"
# - "`annotate` with two `Count`s gives numbers that are far too large."
# - "I chained two filters and got rows that match neither of my wishes."
# - "Two people bought the last seat."

# %%
import time

import pandas as pd
from django.db.models import Count, Exists, F, OuterRef, Q, Subquery, Sum

from helpers import lesson, plots, plots_queries, queries
from helpers.lesson import claim, exercise
from helpers.project import boot, databases
from helpers.services import postgres

lesson.start("01-the-orm", size="medium")

# %% [markdown]
# ## 1. A queryset is a promise
#
# `queries.watch` shows the SQL that a block runs. The page below needs the keynotes, and how many there are. How many queries will its four
# questions run?

# %%
guess_page = ...  # for example: 1

# %%
from helpers.conference.models import Attendee, Profile, Rating, Room, Speaking, Talk

with queries.watch("only building") as building:
    talks = Talk.objects.filter(kind="talk").exclude(minutes=30)
    first_ten = talks.order_by("title")[:10]
with queries.watch("a page that asks at every line") as often:
    keynotes = Talk.objects.filter(kind="keynote")
    if keynotes.exists():
        print(keynotes.count(), "keynotes, the first:", keynotes[0])
    titles = [talk.title for talk in keynotes]
print(building)
lesson.compare(guess_page, often.count)
often

# %% [markdown]
# The same page, with a queryset that is read once. `if keynotes` reads it, and it keeps what came.

# %%
with queries.watch("a page that asks once") as once:
    keynotes = Talk.objects.filter(kind="keynote")
    if keynotes:
        print(len(keynotes), "keynotes, the first:", keynotes[0])
    titles = [talk.title for talk in keynotes]
asked = {"building": building.count, "at every line": often.count, "once": once.count}
once

# %%
claim(
    "Building, filtering, sorting and slicing a queryset runs no query.",
    asked["building"], equals=0,
)
claim(
    "exists(), count(), [0] and a loop on a queryset that was not read: 4 queries; read once: 1.",
    [asked["at every line"], asked["once"]], equals=[4, 1],
)

# %% [markdown]
# Which question asks, and what does it bring? Each one, on a new queryset and on one that was read before:

# %%
some_talk = Talk.objects.get(slug="teaching-django-to-comrades")
questions = {
    "bool(talks)": bool,
    "len(talks)": len,
    "some_talk in talks": lambda talks: some_talk in talks,
    "talks.exists()": lambda talks: talks.exists(),
    "talks.count()": lambda talks: talks.count(),
    "talks.contains(some_talk)": lambda talks: talks.contains(some_talk),
    "talks[0]": lambda talks: talks[0],
    "list(talks[:10])": lambda talks: list(talks[:10]),
    "list(talks.all())": lambda talks: list(talks.all()),
    "list(talks.filter(minutes=30))": lambda talks: list(talks.filter(minutes=30)),
}

# %%
rows = []
for words, question in questions.items():
    talks = Talk.objects.filter(kind="talk")
    with queries.watch() as new:
        question(talks)
    kept = len(talks._result_cache or [])
    list(talks)
    with queries.watch() as again:
        question(talks)
    row = {"question": words, "queries": new.count, "objects_kept": kept}
    rows.append({**row, "queries_if_read_before": again.count})
asking = pd.DataFrame(rows).set_index("question")
asking

# %%
claim(
    "Each of the ten questions asks a new queryset once; one that was read answers all but all() "
    "and filter() from what it has.",
    [asking["queries"].sum(), asking.queries_if_read_before.sum()], equals=[10, 2],
)
kept = asking.objects_kept
claim(
    "bool, len and `in` fetch every object to answer; exists, count and contains fetch none.",
    [kept.iloc[:3].min() == kept.max() > 0, kept.iloc[3:6].sum()], equals=[True, 0],
)

# %% [markdown]
# A queryset may also stand *inside* another one. Then it stays a promise, and the database gets one question with a question in it.

# %%
with queries.watch("a list inside") as with_list:
    Rating.objects.filter(talk__in=list(Talk.objects.filter(kind="panel"))).count()
with queries.watch("a queryset inside") as nested:
    panels = Talk.objects.filter(kind="panel").order_by()
    Rating.objects.filter(talk__in=panels).count()
inside = {"list": with_list.count, "queryset": nested.count}
print(queries.formatted(nested.queries[0].sql))

# %%
claim(
    "filter(talk__in=…) with a list: 2 queries; with a queryset: 1.",
    inside, equals={"list": 2, "queryset": 1},
)

# %% [markdown]
# One object, please: `get` keeps no promise, it asks at once, and it insists on exactly one row.

# %%
with lesson.expect(Talk.DoesNotExist):
    Talk.objects.get(slug="no-such-talk")
with lesson.expect(Talk.MultipleObjectsReturned):
    Talk.objects.get(kind="keynote")

# %%
because = "..."  # one sentence: when does a queryset ask the database?

# %% [markdown]
# **Why.** A queryset is a description of rows. `filter`, `order_by` and a slice only write on it. It asks when somebody needs the rows: a loop,
# `list`, `len`, `bool`, `in`. Then it keeps them, and every later question is answered from memory. `count` and `exists` send a smaller
# question and keep nothing, so they are right when you need *only* the number, and one query too many when the rows come anyway. `talks[0]` on
# an unread queryset fetches one row, and again one next time. `all` and `filter` make a new queryset, which knows nothing and asks
# again.
#
# **In your project:** in a view, decide once: rows needed? Then read them, and use `if talks` and `len(talks)`; in a template, `{% if talks %}` and `{{ talks|length }}`.
#
# ### Exercise: ask once
# Two blanks to fill.


# %%
@exercise("orm-1-once", queries=1)
def titles_and_number(talks):
    """The titles in the queryset `talks`, as a list, and how many they are, in one query."""
    titles = [talk.title for talk in ...]
    return titles, ...


# %% [markdown]
# ## 2. One loop, 201 queries?
#
# A page shows each talk with its room and its speakers. How many queries does it run for 100 talks?

# %%
guess_queries = ...  # for example: 3

# %%
def page(talks):
    lines = []
    for talk in talks:
        speakers = ", ".join(speaker.name for speaker in talk.speakers.all())
        lines.append(f"{talk.title} · {talk.room.name} · {speakers}")
    return lines


with queries.watch("100 talks") as naive:
    lines = page(Talk.objects.all()[:100])
lesson.compare(guess_queries, naive.count)
naive

# %% [markdown]
# This has a name: N+1. One query brings N talks, then each talk asks again. Two methods bring the rest along: `select_related` by a JOIN in the
# same query, `prefetch_related` by one more query for all talks together.

# %%
with queries.watch("100 talks, brought along") as mended:
    same_lines = page(
        Talk.objects.select_related("room").prefetch_related("speakers")[:100]
    )
print("the same page:", same_lines == lines)
mended

# %% [markdown]
# How does it grow? On two databases: SQLite, and a real PostgreSQL. To have 1,000 talks, the folded cell holds the conference three times.

# %% tags=["hidden-source"]
from datetime import timedelta


def two_more_years(alias):
    talks, speaking = Talk.objects.using(alias), Speaking.objects.using(alias)
    first, named = list(talks), list(speaking.values_list("talk", "speaker", "order"))
    for year in (1, 2):
        again = {}
        for talk in first:
            starts_at, slug = talk.starts_at + timedelta(364 * year), f"{talk.slug}-{2011 + year}"
            place = {"room_id": talk.room_id, "starts_at": starts_at}
            again[talk.id] = Talk(title=talk.title, slug=slug, **place)
        talks.bulk_create(again.values())
        speaking.bulk_create(
            Speaking(talk=again[talk], speaker_id=who, order=order) for talk, who, order in named
        )


# %%
server = postgres.start()
databases.add("postgres", server, size="medium")
boot.fresh()
aliases = {"SQLite": "default", "PostgreSQL": "postgres"}
for alias in aliases.values():
    two_more_years(alias)

# %%
helps = {
    "naive": lambda talks: talks,
    "select_related": lambda talks: talks.select_related("room"),
    "prefetch_related": lambda talks: talks.prefetch_related("room", "speakers"),
    "both": lambda talks: talks.select_related("room").prefetch_related("speakers"),
}


def milliseconds(work, *given):
    began = time.perf_counter()
    work(*given)
    return 1000 * (time.perf_counter() - began)


# %% [markdown]
# Each page is read twice, the four ways in turn; the better time counts:

# %%
measured = []
for database, alias in aliases.items():
    for length in (10, 30, 100, 300, 1000):
        talks = Talk.objects.using(alias)
        lists = {way: improved(talks)[:length] for way, improved in helps.items()}
        spent, asked = {way: [] for way in helps}, {}
        for way in [*helps] * 2:
            with queries.watch(database=alias) as seen:
                spent[way].append(milliseconds(page, lists[way].all()))
            asked[way] = seen.count
        measured += [
            {"database": database, "rows": length, "way": way, "queries": asked[way], "ms": min(ms)}
            for way, ms in spent.items()
        ]
pages = pd.DataFrame(measured)

# %%
pages.pivot(index=["database", "rows"], columns="way", values="queries")[list(helps)]

# %%
sqlite = pages[pages.database == "SQLite"].assign(source="measured")
formula = pd.DataFrame({"rows": [10, 1000], "queries": [21, 2001]})
formula = formula.assign(way="", source="1 + 2 × rows")
ax = plots_queries.queries(pd.concat([sqlite, formula]), guess=guess_queries)
ax.set_title("Without help the queries grow with the page; prefetched they do not")
lesson.show(
    ax,
    alt="Queries against rows, both logarithmic. The naive way lies on the line 1 + 2 × rows and"
    " reaches 2,001; select_related alone reaches 1,001; the two ways with prefetch_related stay"
    " level at 3 and 2.",
)

# %%
ax = plots_queries.milliseconds(pages)
ax.set_title("The time follows the queries, on both databases")
lesson.show(
    ax,
    alt="Milliseconds against rows for four ways, full points for SQLite and hollow points for "
    "PostgreSQL. The naive way rises steepest; the two prefetched ways lie lowest.",
)

# %%
alone, both = pages[pages.way == "naive"], pages[pages.way == "both"]
claim(
    "At every length from 10 to 1,000, on both databases, the naive page runs 1 + 2 × rows "
    "queries.",
    (alone["queries"] - 1 - 2 * alone["rows"]).abs().max(), equals=0,
)
claim(
    "select_related and prefetch_related together run 2 queries, at every length, on both.",
    both["queries"].tolist(), equals=[2] * 10,
)
longest = pages[pages["rows"] == 1000].pivot(index="database", columns="way", values="ms")
claim(
    "1,000 talks, best of two: the naive page takes over 1.5 times as long, on both databases.",
    (longest["naive"] / longest["both"]).min(), above=1.5,
)

# %%
because = "..."  # one sentence: why does the number of queries grow with the page?

# %% [markdown]
# **Why.** `talk.room` is no value that came with the talk: the row has `room_id`, and the attribute fetches the room when it is touched. In a loop
# it is touched once a row. The naive points lie on 1 + 2 × rows: one for the talks, one a talk for its room, one for its speakers.
# `select_related` removes the room's; the speakers' stay, so its points are half as high. With `prefetch_related` nothing grows. Each
# query costs a journey to the database and back, and Python's work for it. On loopback the journey is short, and SQLite, inside your process, has
# none: PostgreSQL's hollow points mostly lie higher. Over a network it is longer, and the naive page pays it 2,001 times.
#
# **In your project:** put `select_related` and `prefetch_related` into the view or the manager, `list_select_related` into the admin; and test the number with `assertNumQueries`.
#
# ### Exercise: the talk list
# Two blanks to fill.


# %%
@exercise("orm-2-talk-list", queries=2)
def talks_for_the_page():
    """All talks for a page that shows each one's room and speakers, in two queries."""
    from helpers.conference.models import Talk

    return Talk.objects.select_related(...).prefetch_related(...)


# %% [markdown]
# ## 3. Which of the two?
#
# Could one of them do it all? `select_related` for the speakers, and for the ratings:

# %%
from django.core.exceptions import FieldError

boot.fresh()  # the conference as it was, without the two more years
with lesson.expect(FieldError):
    list(Talk.objects.select_related("speakers"))
with lesson.expect(FieldError):
    list(Talk.objects.select_related("ratings"))

# %% [markdown]
# A JOIN puts one row beside each row. There is *one* room beside a talk; of speakers and ratings there are many. For many, only `prefetch_related` works; for
# one, both do. Both go deep, with `__`: ratings with their talks, and those with their rooms.

# %%
def shown(sql):
    return queries.formatted("SELECT … " + sql[sql.index(" FROM ") :])


by_id = Rating.objects.order_by("id")
with queries.watch() as joined:
    rooms = [rating.talk.room.name for rating in by_id.select_related("talk__room")[:400]]
with queries.watch() as fetched:
    same_rooms = [rating.talk.room.name for rating in by_id.prefetch_related("talk__room")[:400]]
depth = {"select_related": joined.count, "prefetch_related": fetched.count}
print(shown(joined.queries[0].sql))
for query in fetched.queries:
    print("\n" + "\n".join(shown(query.sql).splitlines()[:4]), "…")

# %%
claim(
    "Two steps deep, ratings to talks to rooms: select_related runs 1 query, prefetch_related 3.",
    depth, equals={"select_related": 1, "prefetch_related": 3},
)

# %% [markdown]
# What comes back has another shape. The folded cell counts rows and columns of each answer; here each is a rectangle:

# %% tags=["hidden-source"]
from django.db import connection


def shapes(seen, way, names):
    for query, what in zip(seen.queries, names, strict=True):
        with connection.cursor() as cursor:
            cursor.execute(query.sql, query.params)
            rows, columns = len(cursor.fetchall()), len(cursor.description)
        yield {"way": way, "what": what, "rows": rows, "columns": columns}


answers = [
    *shapes(joined, "select_related", ["all together"]),
    *shapes(fetched, "prefetch_related", ["ratings", "talks", "rooms"]),
]
shape = pd.DataFrame(answers)

# %%
ax = plots_queries.shapes(shape)
ax.set_title("One wide answer that repeats each talk, or three narrow ones")
lesson.show(
    ax,
    alt="Rectangles of rows times columns. select_related: one of 400 rows and all columns of "
    "ratings, talks and rooms. prefetch_related: one of 400 rows and few columns, and two very "
    "low ones for talks and rooms.",
)

# %%
values = (shape["rows"] * shape["columns"]).groupby(shape.way).sum()
claim(
    "For these 400 ratings the joined answer carries more than twice as many values.",
    values["select_related"] / values["prefetch_related"], above=2,
)

# %% [markdown]
# The repeated columns become repeated objects. The conference has 400 talks. How many `Talk` objects does `select_related` make for 10,000 ratings?

# %%
guess_objects = ...  # for example: 400

# %%
routes = {
    "select_related": by_id.select_related("talk__room"),
    "prefetch_related": by_id.prefetch_related("talk__room"),
}
made = {}
for way, ratings in routes.items():
    made[way] = len({id(talk) for talk in [rating.talk for rating in ratings[:10_000]]})
lesson.compare(guess_objects, made["select_related"])
made

# %% [markdown]
# So is too much joining slower? The best of five runs each, in turn, from one rating to 10,000. SQLite works inside this process, so its
# processor time is the whole answer, and other programs on a busy machine do not count:

# %% tags=["nbval-ignore-output"]
timed = []
for length in (1, 3, 10, 30, 100, 300, 1000, 3000, 10_000):
    spent = {way: [] for way in routes}
    for way in [*routes] * 5:
        began = time.thread_time()
        list(routes[way][:length])
        spent[way].append(1000 * (time.thread_time() - began))
    timed += [{"rows": length, "way": way, "ms": min(times)} for way, times in spent.items()]
best = pd.DataFrame(timed)
wide = best.pivot(index="rows", columns="way", values="ms")
slower = wide.index[wide.select_related > wide.prefetch_related]
print("prefetch_related was faster at:", slower.tolist() or "none of these lengths, here")
wide.round(2)

# %%
ax = plots_queries.milliseconds(best, xlabel="ratings")
ax.set_title("Few rows: one query is faster; many rows that share a talk: three are")
lesson.show(
    ax,
    alt="Milliseconds against ratings, both logarithmic. With few ratings the points of "
    "select_related lie lower, with thousands those of prefetch_related.",
)

# %%
few = wide.loc[[1, 3, 10]].sum()
claim(
    "10,000 ratings of 187 talks: 10,000 Talk objects by join, 187 by prefetch.",
    made, equals={"select_related": 10_000, "prefetch_related": 187},
)
claim(
    "On SQLite here, for 1 to 10 ratings the join is faster.",
    few["prefetch_related"] / few["select_related"], above=1,
)
claim(
    "On SQLite here, for 10,000 ratings of few talks prefetch_related is faster.",
    wide.select_related[10_000] / wide.prefetch_related[10_000], above=1,
)

# %%
because = "..."  # one sentence: what does a join repeat?

# %% [markdown]
# **Why.** A join answers in one journey, and repeats the talk's columns beside each of its ratings; Django makes an object of each repetition. `prefetch_related`
# collects the ids, asks once more for all of them, and hands the same object to all who need it. So the left points show the price of a query, the
# right ones that of repetition. Where they cross depends on the width of the parent, on how many rows share it, and on the distance to the database: over
# a network each query costs more, and the crossing moves right. When would this be untrue? Where each row has a parent of its own nothing is repeated, and the join wins.
#
# **In your project:** one for each row: `select_related`. Many for each row: `prefetch_related`. Long lists with few parents: measure both.

# %% [markdown]
# ## 4. Joins that multiply
#
# A talk has 2 speakers and 64 ratings. You ask for both counts in one `annotate`. What does the count of ratings say?

# %%
guess_count = ...  # for example: 64

# %%
talks = Talk.objects.annotate(speaker_count=Count("speakers"), rating_count=Count("ratings"))
talk = talks.filter(slug="mending-url-patterns-after-midnight").get()
said = {"speakers": talk.speaker_count, "ratings": talk.rating_count}
right = {"speakers": talk.speakers.count(), "ratings": talk.ratings.count()}
lesson.compare(guess_count, said["ratings"])
pd.DataFrame({"right": right, "that came": said})

# %%
claim(
    "Both counts of this talk are 2 × 64: two joins give a row for each pair of speaker and "
    "rating.",
    [said["speakers"], said["ratings"], right["speakers"] * right["ratings"]],
    equals=[128, 128, 128],
)

# %% [markdown]
# Three ways to count, for all 400 talks, beside the right numbers, which Python counts from the ratings themselves:

# %%
from collections import Counter

from django.db.models.functions import Coalesce

true_counts = Counter(Rating.objects.values_list("talk", flat=True))
of_this_talk = Rating.objects.order_by().filter(talk=OuterRef("pk")).values("talk")
counting = {
    "two joins": Count("ratings"),
    "distinct=True": Count("ratings", distinct=True),
    "Subquery": Coalesce(Subquery(of_this_talk.annotate(n=Count("pk")).values("n")), 0),
}

# %%
rows = []
for way, count in counting.items():
    talks = Talk.objects.annotate(
        speaker_count=Count("speakers", distinct=True), rating_count=count
    )
    for talk in talks:
        row = {"way": way, "speakers": talk.speaker_count, "right": true_counts[talk.id]}
        rows.append({**row, "counted": talk.rating_count})
counted = pd.DataFrame(rows)
counted.assign(wrong=counted.right != counted.counted).groupby("way", sort=False)[
    ["right", "counted", "wrong"]
].sum()

# %%
ax = plots_queries.counts(counted)
ax.set_title("Two joins multiply: every talk with 2, 3 or 4 speakers leaves the line")
lesson.show(
    ax,
    alt="Counted ratings against the right number, both logarithmic. distinct=True and Subquery "
    "lie on the diagonal; two joins lie on it for talks with one speaker, and on parallel lines "
    "above it for talks with two, three and four.",
)

# %%
joins = counted[counted.way == "two joins"]
others = counted[counted.way != "two joins"]
claim(
    "With two joins each count of ratings is the right one times the number of speakers.",
    (joins.counted - joins.right * joins.speakers.clip(lower=1)).abs().max(), equals=0,
)
claim(
    "distinct=True and Subquery are right for all 400 talks.",
    (others.counted - others.right).abs().max(), equals=0,
)

# %% [markdown]
# ### filter, filter is not filter
#
# One attendee gave five stars to 7 talks, and other stars to others. How many rows does `filter(…attendee).filter(…stars=5)` give?

# %%
guess_rows = ...  # for example: 7

# %%
fan = Attendee.objects.annotate(n=Count("rating")).order_by("-n", "id")[0]
together = Talk.objects.filter(ratings__attendee=fan, ratings__stars=5)
chained = Talk.objects.filter(ratings__attendee=fan).filter(ratings__stars=5)
loved = {rating.talk for rating in fan.rating_set.filter(stars=5).select_related("talk")}
join = 'INNER JOIN "conference_rating"'
found = pd.DataFrame(
    {
        "rows": [len(together), len(chained)], "talks": [len(set(together)), len(set(chained))],
        "talks_loved": [len(set(together) & loved), len(set(chained) & loved)],
        "joins": [str(each.query).count(join) for each in (together, chained)],
    },
    index=["filter(a, b)", "filter(a).filter(b)"],
)
lesson.compare(guess_rows, len(chained))
found

# %%
print(shown(str(chained.order_by().query)))

# %%
claim(
    "filter(a, b): 7 rows, the 7 talks with five stars from this attendee, by one join to "
    "ratings.",
    found.loc["filter(a, b)"].tolist(), equals=[7, 7, 7, 1],
)
claim(
    "filter(a).filter(b) joins the ratings twice: 1,003 rows of 19 talks, 12 of them not loved.",
    found.loc["filter(a).filter(b)"].tolist(), equals=[1003, 19, 7, 2],
)

# %%
because = "..."  # one sentence: what does one row of a join stand for?

# %% [markdown]
# **Why.** A join to many gives a row for each related object; two of them give a row for each *pair*. `Count` counts rows: 2 × 64. In the picture the parallel lines
# above the diagonal are talks with two, three and four speakers; with one, the wrong query is right, which is why nobody notices in tests. `distinct=True` counts
# different ids, though the database still makes all pairs; `Subquery` counts on its own. Filters join as well. One `filter` asks for *one* rating that fulfils all its
# conditions. A second one joins the ratings anew: a rating by the fan, and *some* rating with five stars, in every pair that fits: hence 1,003.
# "Each talk that has such a rating" is the business of `Exists` (section 8).
#
# **In your project:** two to-many relations in one `annotate`: `Subquery`, or two queries. Several conditions on one related row: one `filter`. Test with a row that has two of each.
#
# ### Exercise: two right counts


# %%
@exercise("orm-3-counts", queries=1)
def talks_with_counts():
    """All talks, each with `speaker_count` and `rating_count`, both right, in one query."""
    ...


# %% [markdown]
# ## 5. The lost update
#
# First `transaction.atomic`, in ten lines: all of the block, or nothing.

# %%
from django.db import connections, transaction

boot.fresh()
hall = Room.objects.order_by("id")[0]
this_hall = Room.objects.filter(id=hall.id)
seats = {"before": hall.seats}
with lesson.expect(RuntimeError), transaction.atomic():
    this_hall.update(seats=F("seats") - 10)
    seats["inside"] = this_hall.get().seats
    raise RuntimeError("the printer is out of paper")
seats["after the error"] = this_hall.get().seats
seats

# %% [markdown]
# Now eight ticket offices, eight threads on PostgreSQL. Each sells 25 seats of one hall: 200 in all. How many sales are lost when each reads, subtracts and saves?

# %%
guess_lost = ...  # for example: 5

# %%
import threading


def lost_sales(take_seat):
    rooms = Room.objects.using(aliases["PostgreSQL"])
    rooms.filter(id=hall.id).update(seats=420)
    together = threading.Barrier(8)

    def office():
        together.wait()
        for _ in range(25):
            take_seat(rooms)
        connections.close_all()  # a thread has connections of its own

    offices = [threading.Thread(target=office) for _ in range(8)]
    [each.start() for each in offices], [each.join() for each in offices]
    return 200 - (420 - rooms.get(id=hall.id).seats)


# %%
def read_and_save(rooms):
    room = rooms.get(id=hall.id)
    room.seats -= 1
    room.save()


def read_and_save_in_atomic(rooms):
    with transaction.atomic(using=aliases["PostgreSQL"]):
        read_and_save(rooms)


def save_with_f(rooms):
    room = rooms.get(id=hall.id)
    room.seats = F("seats") - 1
    room.save()


# %% tags=["nbval-ignore-output"]
selling = {
    "read, save": read_and_save,
    "the same in atomic()": read_and_save_in_atomic,
    "F() and save": save_with_f,
}
lost = pd.Series({name: lost_sales(way) for name, way in selling.items()}, name="lost")
lesson.compare(guess_lost, lost["read, save"])
lost.to_frame()

# %%
ax = plots.axes(height=2.6)
sales = lost.rename_axis("way").reset_index()
plots.dots(sales, "lost", "sales lost, of 200", name="way", ax=ax)
ax.set_xlim(left=-5)
ax.set_title("atomic() alone saves nothing; the database has to subtract")
lesson.show(
    ax,
    alt="Sales lost for three ways, as dots: many for reading and saving, many for the same in "
    "atomic, none for F() with save.",
)

# %%
claim(
    "An error inside atomic takes the ten seats back.",
    [seats["inside"] - seats["before"], seats["after the error"] - seats["before"]],
    equals=[-10, 0],
)
claim(
    "Eight threads, 200 sales on PostgreSQL: read, subtract, save loses some of them.",
    lost["read, save"], above=0,
)
claim("The same inside atomic() loses some as well.", lost["the same in atomic()"], above=0)
claim("With F() and save not one of 200 is lost.", lost["F() and save"], equals=0)

# %%
because = "..."  # one sentence: why does atomic() alone not help?

# %% [markdown]
# **Why.** Two offices read 420, both write 419: one sale is gone, and no error says so. `atomic` promises all or nothing; it does not promise that nobody reads in
# between (PostgreSQL's default is called READ COMMITTED). `F("seats") - 1` sends no number but a formula: the database subtracts from what is there at that moment, and holds
# the row until it is done. Where would this be untrue? With one worker and one thread nothing runs in between; in production that is not so. `save()` writes *all* columns, and
# so puts back what others have changed in them: a reason for `update_fields`.
#
# **In your project:** every counter, stock or balance: let the database add, by `F()`, in `save` or in `update(seats=F("seats") - 1)`. For a decision in Python, see section 9.

# %% [markdown]
# You may stop here.

# %% [markdown] tags=["collapsed"]
# ## Go deeper
#
# Seven more sections, in any order.

# %% [markdown]
# ### 6. Where the loop hides
#
# The loop is not always yours: a template has one, and the admin's list calls `__str__` for each row. How many queries does its list of 100 ratings run?

# %%
guess_admin = ...  # for example: 10

# %%
from django.contrib import admin
from django.contrib.auth.models import User
from django.template import engines
from django.test import RequestFactory

template = engines["django"].from_string("{% for talk in talks %}{{ talk.room }}, {% endfor %}")


class Mended(admin.ModelAdmin):
    list_select_related = ["talk"]  # without it, Rating.__str__ asks for each talk


def admin_page(kind):
    request = RequestFactory().get("/admin/conference/rating/")
    request.user = User(username="editor", is_superuser=True)
    return kind(Rating, admin.site).changelist_view(request).render()


talks, ratings = Talk.objects.all()[:100], Rating.objects.all()[:100]

# %%
places = {
    "a template": lambda: template.render({"talks": talks.all()}),
    "a template, mended": lambda: template.render({"talks": talks.select_related("room")}),
    "__str__": lambda: [str(rating) for rating in ratings.all()],
    "__str__, mended": lambda: [str(rating) for rating in ratings.select_related("talk")],
    "the admin": lambda: admin_page(admin.ModelAdmin),
    "the admin, mended": lambda: admin_page(Mended),
}
hidden = {}
for place, look in places.items():
    with queries.watch() as seen:
        look()
    hidden[place] = seen.count
lesson.compare(guess_admin, hidden["the admin"])
pd.Series(hidden, name="queries").to_frame()

# %%
claim(
    "In a template, in __str__ and in the admin's list, 100 rows hide 100 queries each.",
    [hidden[each] - hidden[f"{each}, mended"] for each in ("a template", "__str__", "the admin")],
    equals=[100, 100, 100],
)

# %%
because = "..."  # one sentence: who touched the foreign key?

# %% [markdown]
# **Why.** `{{ talk.room }}` is `talk.room` written elsewhere, and `Rating.__str__` names its talk: each touches a foreign key once a row. The admin adds three queries of its own, for the list and
# for two counts. None of this shows in the view's code; it shows when you count. The mending stands where the queryset is made, not where the loop is.
#
# **In your project:** `list_select_related` in the admin, no relation in `__str__` if you can spare it, and `assertNumQueries` in the test of each list page.

# %% [markdown]
# ### 7. Read less: only, defer, values
#
# You need the stars of 5,000 ratings. As objects they take some megabytes. What share of that do tuples take?

# %%
guess_share = ...  # for example: 0.5

# %%
import tracemalloc

columns = ("id", "stars")
readers = {
    "objects": lambda: list(by_id[:5_000]),
    "only": lambda: list(by_id.only("stars")[:5_000]),
    "values": lambda: list(by_id.values(*columns)[:5_000]),
    "values_list": lambda: list(by_id.values_list(*columns)[:5_000]),
    "values_list, flat=True": lambda: list(by_id.values_list("stars", flat=True)[:5_000]),
}


def peak_mb(read):
    tracemalloc.start()
    kept = read()  # still there when the peak is read
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


# %%
rows = []
for way, read in readers.items():
    best_of_three = min(milliseconds(read) for _ in range(3))
    rows.append({"way": way, "ms": best_of_three, "memory_mb": peak_mb(read)})
reading = pd.DataFrame(rows).set_index("way")

# %%
ax = plots.axes(height=2.8)
plots.dots(reading.reset_index(), "memory_mb", "peak memory (MB)", name="way", ax=ax)
ax.set_xlim(left=0)
ax.set_title("5,000 ratings: an object costs more than what you read from it")
lesson.show(
    ax,
    alt="Peak memory of five ways to read 5,000 ratings, as dots: whole objects need most, "
    "then only(), dictionaries, tuples, and single numbers least.",
)

# %% tags=["nbval-ignore-output"]
memory = reading.memory_mb
lesson.compare(guess_share, memory["values_list"] / memory["objects"])
reading.round(2)

# %%
claim(
    "5,000 ratings as tuples of two take less than a third of the memory of whole objects.",
    memory["values_list"] / memory["objects"], below=1 / 3,
)
claim(
    "Making whole objects takes more than three times as long as tuples.",
    reading.ms["objects"] / reading.ms["values_list"], above=3,
)

# %% [markdown]
# `defer` and `only` still make objects, which fetch what is missing when it is touched: each one for itself.

# %%
light = Talk.objects.defer("abstract")
with queries.watch("titles only") as titles_only:
    titles = [talk.title for talk in light[:100]]
with queries.watch("and the abstract") as touched:
    words = [len(talk.abstract.split()) for talk in light[:100]]
deferred = {"untouched": titles_only.count, "touched": touched.count}
touched

# %%
with lesson.expect(FieldError):
    list(Talk.objects.only("title").select_related("room"))

# %%
claim(
    "100 talks with a deferred abstract: 1 query while nobody looks at it, 101 when somebody "
    "does.",
    deferred, equals={"untouched": 1, "touched": 101},
)

# %%
because = "..."  # one sentence: what does an object carry besides its columns?

# %% [markdown]
# **Why.** A model object has a dictionary for its fields, a state, and a life of its own: building it runs Python code for every row. A tuple is what the driver
# delivers. That is the order of the dots: objects, objects with fewer fields, dictionaries, tuples, numbers. What you lose are methods, properties and relations. `only` and `defer`
# pay where a wide column is really left alone; touched in a loop they are an N+1 of their own, and a deferred foreign key cannot be joined: hence the FieldError.
#
# **In your project:** exports, choices of a form, sums in Python: `values_list`. Objects where methods are used. `defer` for a column of many kilobytes.
#
# #### Exercise: pairs


# %%
@exercise("orm-5-pairs", queries=1)
def titles_and_rooms():
    """(title, name of its room) of every talk, as a list of tuples: one query, no objects."""
    ...


# %% [markdown]
# ### 8. Sums, groups, and the ones that have none
#
# `distinct=True` mends a count. Does it mend a sum? One talk has 144 stars in all, from 64 ratings, and two speakers. What does `Sum("ratings__stars", distinct=True)` say beside a join of its speakers?

# %%
guess_sum = ...  # for example: 144

# %%
talk = Talk.objects.filter(slug="mending-url-patterns-after-midnight")
with_speakers = talk.annotate(speaker_count=Count("speakers", distinct=True))
stars = {
    "right": sum(talk.get().ratings.values_list("stars", flat=True)),
    "Sum": with_speakers.annotate(stars=Sum("ratings__stars")).get().stars,
    "Sum, distinct=True": with_speakers.annotate(
        stars=Sum("ratings__stars", distinct=True)
    ).get().stars,
}
lesson.compare(guess_sum, stars["Sum, distinct=True"])
stars

# %%
claim(
    "Beside a join of two speakers, Sum gives twice the right sum.",
    stars["Sum"] / stars["right"], equals=2,
)
claim(
    "Sum with distinct=True adds each different number of stars once: at most 15.",
    stars["Sum, distinct=True"], between=(1, 15),
)

# %% [markdown]
# One more surprise: the *order* of `values` and `annotate` decides what is grouped, and so does `order_by`. How many rows come?

# %%
groupings = {
    "values(kind).annotate(n)": Talk.objects.values("kind").annotate(n=Count("id")),
    "annotate(n).values(kind, n)": Talk.objects.annotate(n=Count("id")).values("kind", "n"),
    "values(kind).annotate(n).order_by(starts_at)": Talk.objects.values("kind")
    .annotate(n=Count("id"))
    .order_by("starts_at"),
}
groups = {words: len(grouping) for words, grouping in groupings.items()}
pd.Series(groups, name="rows").to_frame()

# %%
by_kind, by_talk, by_start = groups.values()
claim(
    "values before annotate: a row for each of the 5 kinds; after it: one for each of the 400 "
    "talks.",
    [by_kind, by_talk], equals=[5, 400],
)
claim(
    "order_by on another column splits the groups: more rows than kinds.",
    by_start - by_kind, above=0,
)

# %% [markdown]
# Now the opposite of section 4, the talks *not* loved? `exclude` with both conditions, and `~Exists`, which asks for a row that is not there:

# %%
five_from_fan = Rating.objects.filter(talk=OuterRef("pk"), attendee=fan, stars=5)
unloved = {
    "right, in Python": sum(talk not in loved for talk in Talk.objects.all()),
    "exclude(a, b)": Talk.objects.exclude(ratings__attendee=fan, ratings__stars=5).count(),
    "filter(~Exists(…))": Talk.objects.filter(~Exists(five_from_fan)).count(),
}
unloved

# %%
claim(
    "Of 400 talks 393 are not loved: ~Exists finds them; exclude(a, b) also throws out 12 that "
    "others gave five stars.",
    list(unloved.values()), equals=[393, 381, 393],
)

# %% [markdown]
# `Q` joins conditions by "or" and "not". Where a value is NULL, SQL answers neither yes nor no. Some profiles do not say how many years somebody has used Django.

# %%
profiles = Profile.objects.order_by()
few, many = Q(years_with_django__lt=3), Q(years_with_django__gte=3)
years = {
    "all": profiles.count(),
    "few": profiles.filter(few).count(),
    "many": profiles.filter(many).count(),
    "few | many": profiles.filter(few | many).count(),
    "~few": profiles.filter(~few).count(),
    "exclude(few)": profiles.exclude(few).count(),
    "NULL": profiles.filter(years_with_django=None).count(),
}
pd.Series(years, name="profiles").to_frame()

# %%
claim(
    "few | many finds fewer than all: the two NULLs are in neither.",
    [years["all"] - years["few | many"], years["NULL"]], equals=[2, 2],
)
claim(
    "~Q and exclude are the opposite of few, NULLs included: Django adds what SQL leaves out.",
    [years["~few"] - years["many"] - years["NULL"], years["exclude(few)"] - years["~few"]],
    equals=[0, 0],
)

# %% [markdown]
# Here it does not. Profiles whose years no keynote speaker has: one of the keynote speakers does not say.

# %%
keynote = Profile.objects.filter(speaker__talks__kind="keynote").order_by()
known = keynote.filter(years_with_django__isnull=False)
same_years = keynote.filter(years_with_django=OuterRef("years_with_django"))
taken = {profile.years_with_django for profile in known}
their, known_years = keynote.values("years_with_django"), known.values("years_with_django")
different = {
    "right, in Python": sum(profile.years_with_django not in taken for profile in profiles),
    "exclude(in …)": profiles.exclude(years_with_django__in=their).count(),
    "exclude(in …), no NULL": profiles.exclude(years_with_django__in=known_years).count(),
    "filter(~Exists(…))": profiles.filter(~Exists(same_years)).count(),
}
pd.Series(different, name="profiles").to_frame()

# %%
correct = different["right, in Python"]
claim(
    "One NULL in the list: exclude(… in a queryset) loses every profile that states its years.",
    different["exclude(in …)"] - years["NULL"], equals=0,
)
claim(
    "Without NULLs in the inner queryset, or with ~Exists, all are found.",
    [different["exclude(in …), no NULL"], different["filter(~Exists(…))"]],
    equals=[correct, correct],
)

# %%
because = "..."  # one sentence: what does SQL answer where a value is NULL?

# %% [markdown]
# **Why.** `distinct=True` looks at the values, not at the rows: of sixty-four numbers from 1 to 5 at most five are different. `values` before `annotate` names the groups; without it each
# object is its own group, and a column of `order_by` joins the names. `exclude(a, b)`
# looks for its two conditions separately, on any two ratings; `Exists` says exactly which row you mean, and repeats nothing. For NULL, SQL's `x NOT IN (1, 2, NULL)` is never true: NULL might be x. Django mends this for the outer column, but cannot
# for a queryset inside.
#
# **In your project:** a sum beside a second relation: `Subquery`. Grouping: end with an empty `order_by()` where the model has an ordering. "Has none": `~Exists`, never `exclude(in=…)` on a column that may be NULL.
#
# #### Exercise: five stars from one attendee


# %%
@exercise("orm-4-loved")
def loved_by(attendee):
    """The talks to which `attendee` gave five stars, each talk once."""
    ...


# %% [markdown]
# ### 9. Look, decide, write: locks
#
# With `F()` you never see the number. Where Python must look first, `select_for_update` locks the row until the transaction ends; without a transaction it refuses. `update(F())` costs one query a sale.
# How many does the lock cost?

# %%
guess_cost = ...  # for example: 1

# %%
def update_with_f(rooms):
    rooms.filter(id=hall.id).update(seats=F("seats") - 1)


def select_for_update(rooms):
    with transaction.atomic(using=aliases["PostgreSQL"]):
        read_and_save(rooms.select_for_update())


offered = Room.objects.using(aliases["PostgreSQL"])
with lesson.expect(transaction.TransactionManagementError):
    read_and_save(offered.select_for_update())

# %%
careful = {
    "F() and save": save_with_f,
    "update(F())": update_with_f,
    "select_for_update": select_for_update,
}
rows = []
for way, take_seat in careful.items():
    with queries.watch(database=aliases["PostgreSQL"]) as seen:
        take_seat(offered)
    rows.append({"way": way, "queries": seen.count, "lost": lost_sales(take_seat)})
safe = pd.DataFrame(rows).set_index("way")
print("… WHERE", seen.queries[0].sql.split(" WHERE ")[1])
lesson.compare(guess_cost, safe["queries"]["select_for_update"])
safe

# %% [markdown]
# What do the others see while the row is locked? `skip_locked=True` asks for rows that nobody holds:

# %%
from concurrent.futures import ThreadPoolExecutor


def look_around():
    rooms = Room.objects.using(aliases["PostgreSQL"]).filter(id=hall.id)
    with transaction.atomic(using=aliases["PostgreSQL"]):
        found = {"to read": len(rooms), "to lock": len(rooms.select_for_update(skip_locked=True))}
    connections.close_all()
    return found


with ThreadPoolExecutor(1) as office:
    with transaction.atomic(using=aliases["PostgreSQL"]):
        offered.select_for_update().get(id=hall.id)
        while_locked = office.submit(look_around).result()
    after_commit = office.submit(look_around).result()
pd.DataFrame({"while locked": while_locked, "after commit": after_commit})

# %%
claim(
    "With F() and save, with update(F()) and with select_for_update not one of 200 sales is lost.",
    safe.lost.tolist(), equals=[0, 0, 0],
)
claim(
    "A sale costs two queries with F() and save, one with update(F()), two with the lock.",
    safe["queries"].tolist(), equals=[2, 1, 2],
)
claim(
    "A locked row can be read by others, and locked by nobody else until the commit.",
    [*while_locked.values(), *after_commit.values()], equals=[1, 0, 1, 1],
)

# %% [markdown]
# And an object that does not notice: `hall` was read before its row changed.

# %%
hall.refresh_from_db()
held = {"read": hall.seats}
this_hall.update(seats=F("seats") - 10)
held["after update()"] = hall.seats
hall.refresh_from_db()
held["refreshed"] = hall.seats
held

# %%
claim(
    "After update() the object in your hands is old until refresh_from_db().",
    [held["after update()"] - held["read"], held["refreshed"] - held["read"]], equals=[0, -10],
)

# %%
because = "..."  # one sentence: how long is a locked row locked?

# %% [markdown]
# **Why.** `SELECT … FOR UPDATE` reads the row and locks it until the transaction ends: whoever wants to lock or change it waits, so what you read stays true while you decide. Plain readers do not wait. That
# is right when the decision needs Python, and slower when many wait; hold it for a moment only. `update()` is one statement: it locks, subtracts and is done, and knows nothing of the objects that you
# hold. A condition in its `filter` is checked at the same moment, and it returns how many rows it changed. SQLite has no row locks: there `select_for_update` does nothing.
#
# **In your project:** first `update()` with a condition; `select_for_update` where that does not say it; both around as little code as possible.
#
# #### Exercise: the last seat
# `rooms` is `Room.objects.all()`. No room may have less than one seat.


# %%
@exercise("orm-6-seat")
def take_seat(rooms, room_id):
    """Take one of the room's seats: True, or False where only one is left, which stays.

    It has to be right also when two offices ask at the same moment.
    """
    ...


# %% [markdown]
# ### 10. Many rows at once
#
# 200 new attendees. `save()` in a loop stores some hundred a second or some thousand, by machine. How many times as fast is `bulk_create`?

# %%
guess_times = ...  # for example: 3

# %%
def save_each(objects):
    for each in objects:
        each.save()


def save_each_in_atomic(objects):
    with transaction.atomic():
        save_each(objects)


def attendees():
    return [Attendee(name=f"Guest {n}", email=f"guest{n}@mail.example") for n in range(200)]


def some_ratings():
    return list(by_id[:200])


def bulk_update(ratings):
    Rating.objects.bulk_update(ratings, ["stars"])


def update(ratings):
    Rating.objects.filter(id__lte=200).update(stars=F("stars"))


# %%
jobs = {
    ("create", "save in a loop"): (attendees, save_each),
    ("create", "the loop in atomic()"): (attendees, save_each_in_atomic),
    ("create", "bulk_create"): (attendees, Attendee.objects.bulk_create),
    ("change", "save in a loop"): (some_ratings, save_each),
    ("change", "the loop in atomic()"): (some_ratings, save_each_in_atomic),
    ("change", "bulk_update"): (some_ratings, bulk_update),
    ("change", "update()"): (some_ratings, update),
}

# %%
rows = []
for (job, way), (make, store) in jobs.items():
    with boot.isolated_database():
        objects = make()
        with queries.watch() as seen:
            began = time.perf_counter()
            store(objects)
            spent = time.perf_counter() - began
    row = {"job": job, "way": way, "queries": seen.count}
    rows.append({**row, "rows_per_s": 200 / spent})
stored = pd.DataFrame(rows)
stored[["job", "way", "queries"]]

# %%
ax = plots.dots(stored, "rows_per_s", "rows a second", name="way", group="job")
ax.set_xscale("log")
ax.set_title("One transaction helps much; bulk_create and update() help more")
lesson.show(
    ax,
    alt="Rows a second, logarithmic, for five ways. save in a loop is slowest, the loop in one "
    "transaction is several times as fast, and bulk_create and update() are fastest.",
)

# %% tags=["nbval-ignore-output"]
speed = stored.set_index(["job", "way"]).rows_per_s
lesson.compare(guess_times, speed["create", "bulk_create"] / speed["create", "save in a loop"])
speed.unstack("job").round(-2)

# %%
ran = stored.set_index(["job", "way"])["queries"]
claim(
    "200 rows by save() are 200 queries; by bulk_create and bulk_update fewer than ten.",
    [ran["create", "save in a loop"], ran["change", "save in a loop"],
     ran["create", "bulk_create"] < 10, ran["change", "bulk_update"] < 10],
    equals=[200, 200, True, True],
)
claim(
    "On SQLite here bulk_create stores more than twice as many rows a second as save().",
    speed["create", "bulk_create"] / speed["create", "save in a loop"], above=2,
)

# %% [markdown]
# And reading many: `iterator` hands out rows as they come, and forgets them.

# %%
def total(ratings):
    return lambda: sum(rating.stars for rating in ratings)


peaks = {
    "a loop over the queryset": peak_mb(total(by_id[:5_000])),
    "iterator(chunk_size=500)": peak_mb(total(by_id[:5_000].iterator(chunk_size=500))),
}

# %%
claim(
    "Summing 5,000 ratings with iterator() needs less than a fifth of the memory.",
    peaks["iterator(chunk_size=500)"] / peaks["a loop over the queryset"], below=0.2,
)

# %%
because = "..."  # one sentence: what does each save() wait for?

# %% [markdown]
# **Why.** Outside a transaction each `save` is one of its own, and waits until the disk has it. One `atomic` around the loop waits once: the second dots. What is left is one statement, with its Python,
# for each row; `bulk_create` puts hundreds of rows into one. `bulk_update` saves queries more than time: Python
# builds a CASE for every row. The price: `bulk_create`, `bulk_update` and `update` call no `save()` and send no `pre_save` or `post_save` (lesson 06). `iterator` does not fill the
# queryset's memory, so a second loop asks again.
#
# **In your project:** imports: `bulk_create(batch_size=1000)`. Nightly jobs over whole tables: `iterator()`. The same change for many: `update()`.
#
# #### Exercise: register many


# %%
@exercise("orm-7-register", queries=3)
def register(people):
    """Register attendees from `people`, a list of (name, email), in at most three queries.

    Whoever is registered under that email stays as they are.
    """
    ...


# %% [markdown]
# ### 11. explain() and an index
#
# A table of visits, at three sizes. One visit is looked up by its email. With 300,000 rows, how many times as fast is it with an index?

# %%
guess_index = ...  # for example: 10

# %%
from django.db import models
from django.db.models.functions import Lower

boot.fresh()
boot.clear_scratch()


class Visit(models.Model):
    email = models.CharField(max_length=60)
    stars = models.PositiveSmallIntegerField()

    class Meta:
        app_label = "scratch"


# %%
def fill(size):
    numbers = range(Visit.objects.count(), size)
    rows = ((f"Guest{number}@mail.example", number % 5 + 1) for number in numbers)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany("INSERT INTO scratch_visit (email, stars) VALUES (%s, %s)", rows)


def add_index(index):
    with connection.schema_editor() as editor:
        editor.add_index(Visit, index)


def best_ms(query):
    return min(milliseconds(query.count) for _ in range(5))


# %%
index = models.Index(fields=["email"], name="visit_email")
one = Visit.objects.filter(email="Guest1234@mail.example")
rows, plans = [], []
boot.create_tables(Visit)
for size in (3_000, 30_000, 300_000):
    fill(size)
    for way in ("without an index", "with an index"):
        if way == "with an index":
            add_index(index)
        plans.append(one.explain().split()[3])
        rows.append({"rows": size, "way": way, "ms": best_ms(one)})
    with connection.schema_editor() as editor:
        editor.remove_index(Visit, index)
lookups = pd.DataFrame(rows).assign(plan=plans)
lookups[["rows", "way", "plan"]]

# %%
ax = plots_queries.milliseconds(lookups, xlabel="rows in the table")
ax.set_title("Without an index the time grows with the table")
lesson.show(
    ax,
    alt="Milliseconds of one lookup against rows in the table, both logarithmic. Without an index"
    " the points rise with the table; with one they stay level.",
)

# %% tags=["nbval-ignore-output"]
by_size = lookups.pivot(index="rows", columns="way", values="ms")
gain = by_size["without an index"] / by_size["with an index"]
lesson.compare(guess_index, gain[300_000])
by_size.assign(times_as_fast=gain).round(3)

# %%
claim(
    "At all three sizes the plan is SCAN without the index, SEARCH with it.",
    plans, equals=["SCAN", "SEARCH"] * 3,
)
claim(
    "In 300,000 rows the indexed lookup is more than five times as fast.",
    gain[300_000], above=5,
)

# %% [markdown]
# And when does it do nothing? 100,000 visits, the same index, six questions, and one more index on a column with five values. `explain` says who uses it:

# %%
by_stars = models.Index(fields=["stars"], name="visit_stars")
visits = Visit.objects.all()
asked_for = {
    "email =": one,
    "email in three": visits.filter(email__in=[f"Guest{n}@mail.example" for n in (1, 2, 3)]),
    "Lower(email) =": visits.annotate(low=Lower("email")).filter(low="guest1234@mail.example"),
    "email__iexact": visits.filter(email__iexact="guest1234@mail.example"),
    "email__endswith": visits.filter(email__endswith="1234@mail.example"),
    "email__contains": visits.filter(email__contains="1234"),
    "stars =": visits.filter(stars=5),
}

# %%
boot.create_tables(Visit)
fill(100_000)
rows = []
for words, query in asked_for.items():
    rows.append({"query": words, "scan_ms": best_ms(query)})
add_index(index)
add_index(by_stars)
for row, query in zip(rows, asked_for.values()):
    row.update(index_ms=best_ms(query), plan=query.explain().split()[3])
used = pd.DataFrame(rows)
used[["query", "plan"]]

# %% tags=["nbval-ignore-output"]
used.round(2)

# %%
plan = used.set_index("query").plan.to_dict()
claim(
    "On SQLite the index on email serves = and in, and neither a function on the column, "
    "iexact, nor a wildcard in front.",
    list(plan.values())[:6], equals=["SEARCH", "SEARCH", "SCAN", "SCAN", "SCAN", "SCAN"],
)

# %% [markdown]
# A function on the column wants an index on the function (to see the plan, an empty table will do):

# %%
boot.create_tables(Visit)
add_index(models.Index(Lower("email"), name="visit_email_low"))
low = asked_for["Lower(email) ="].explain().split()[3:]
print(*low)

# %%
claim(
    "With an index on Lower(email) the same question becomes a SEARCH.", low[:1],
    equals=["SEARCH"],
)

# %%
because = "..."  # one sentence: what is sorted in an index?

# %% [markdown]
# **Why.** An index is a sorted list of the column's values, each with the place of its row. Looking up one value is a handful of steps: the points with an index stay level. Without it every row is read:
# the other points grow with the table; on the left Django's own time hides the difference. Sorted by `email`, the list does not help to find `Lower(email)`, nor an end or a middle: hence SCAN. An index
# on `stars` is used, and a fifth of the table still has to be counted. Every index costs at each write. PostgreSQL decides in the same way, by statistics: a small table is scanned although an index is there.
#
# **In your project:** `Meta.indexes`, one for each frequent `filter` that finds few rows; `explain()` before and after, on data as large as production's.
#
# #### Exercise: which indexes pay?
# A decision from a measured frame, like the one above.


# %%
@exercise("orm-8-index")
def worth_an_index(frame):
    """The queries, as a list, whose index saves more time than it costs, the largest gain first.

    `frame`: one row a query, with scan_ms and index_ms of one reading, read_count, write_count
    (both in an hour) and write_ms, what each write costs more with the index.
    """
    ...


# %% [markdown]
# ### 12. Three small traps
#
# Does `save()` refuse an empty text in a field that is not `blank=True`? Write True or False.

# %%
guess_refused = ...  # for example: True

# %%
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError

boot.clear_scratch()


class Badge(models.Model):
    name = models.CharField(max_length=40)
    nickname = models.CharField(max_length=40, null=True, blank=True)
    valid_from = models.DateTimeField(null=True, blank=True)
    changed = models.DateTimeField(auto_now=True)

    class Meta:
        app_label = "scratch"


# %% [markdown]
# **Null or blank.** `null` is about the column, `blank` about validation, which `save` does not do.

# %%
boot.create_tables(Badge)
Badge.objects.create(name="", nickname="")
Badge.objects.create(name="Ada", nickname=None)
refused = not Badge.objects.filter(name="").exists()
lesson.compare(guess_refused, refused)
with lesson.expect(ValidationError):
    Badge(name="").full_clean()
with lesson.expect(IntegrityError), transaction.atomic():
    Badge.objects.create(name=None)
empty = {
    "no name": Badge.objects.filter(name="").count(),
    "nickname empty": Badge.objects.filter(nickname="").count(),
    "nickname NULL": Badge.objects.filter(nickname=None).count(),
}
empty

# %% [markdown]
# **auto_now.** It is set by `save()`, when the field is among those that are saved. Which of four changes moves `changed`?

# %%
def moves(change):
    badge = Badge.objects.get(name="Ada")
    before = badge.changed
    time.sleep(0.002)
    change(badge)
    badge.refresh_from_db()
    return badge.changed != before


# %%
boot.create_tables(Badge)
Badge.objects.create(name="Ada")
moved = {
    "save()": moves(lambda badge: badge.save()),
    "save(update_fields=…)": moves(lambda badge: badge.save(update_fields=["nickname"])),
    "update()": moves(lambda badge: Badge.objects.filter(id=badge.id).update(nickname="A.")),
    "bulk_update": moves(lambda badge: Badge.objects.bulk_update([badge], ["nickname"])),
}
pd.Series(moved, name="changed moved").to_frame()

# %% [markdown]
# **Naive datetimes.** Somebody in Portland writes eight in the evening, without a time zone:

# %%
import warnings
from zoneinfo import ZoneInfo

from django.utils import timezone

portland = ZoneInfo("America/Los_Angeles")
boot.create_tables(Badge)
with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    badge = Badge.objects.create(name="Bob", valid_from=datetime(2011, 9, 8, 20))
print(told[0].message)
badge.refresh_from_db()
meant = datetime(2011, 9, 8, 20, tzinfo=portland)
hours_off = (meant - badge.valid_from).total_seconds() / 3600
print("stored:", badge.valid_from, "· hours too early:", hours_off)

# %%
Badge.objects.filter(id=badge.id).update(valid_from=meant)
on_the_8th = Badge.objects.filter(valid_from__date="2011-09-08")
days = {"UTC": on_the_8th.count()}
with timezone.override(portland):
    days["Portland"] = on_the_8th.count()
days

# %%
claim(
    "save() stored an empty name: only full_clean(), which forms call, refuses it.",
    empty["no name"], equals=1,
)
claim(
    "An empty nickname and a NULL one are two things: each filter finds one.",
    [empty["nickname empty"], empty["nickname NULL"]], equals=[1, 1],
)

# %%
claim(
    "auto_now moves with save() alone: not with update_fields without it, update() or "
    "bulk_update.",
    list(moved.values()), equals=[True, False, False, False],
)
claim("A naive 20:00 meant in Portland is stored seven hours too early.", hours_off, equals=7)
claim(
    "Mended, it is on the 8th in Portland and not in UTC: __date asks in the current time zone.",
    days, equals={"UTC": 0, "Portland": 1},
)

# %%
because = "..."  # one sentence: who validates, and who does not?

# %% [markdown]
# **Why.** Validation belongs to forms and to `full_clean`; the database knows only NOT NULL and constraints. With `null=True` on text there are two empties, and each filter finds one of them. `auto_now` is a line of Python in
# `pre_save` of the field: whoever writes past it does not move it. A naive datetime is taken as if it were in `TIME_ZONE`; the warning is all you get. Stored is always UTC; `__date`, `__hour` and templates convert to the *current* zone.
#
# **In your project:** text: `blank=True` without `null`. `update(…, changed=timezone.now())`. `timezone.now()`, never `datetime.now()`; and turn the warning into an error in tests: `python -W error::RuntimeWarning manage.py test`.
#
# #### Exercise: a second domain
# A library lends books. Which are on the shelf? `books` is `Book.objects.all()`, `loans` is `Loan.objects.all()`, and `book.loans` are its loans.


# %%
@exercise("orm-9-library", queries=1)
def on_the_shelf(books, loans):
    """The books that are on the shelf: none of their loans is open. One query, each book once.

    `books`, `loans` are querysets; a loan has a `book`; `returned` is NULL while it is open.
    """
    ...


# %%
del aliases  # the set-up cell of section 2 makes them again
databases.remove("postgres")
server.stop()

# %% [markdown]
# ## There is a method for that
#
# | what people write | what exists |
# |---|---|
# | `len(Talk.objects.all())`, `if talks.count() > 0` | [`count`](https://docs.djangoproject.com/en/5.2/ref/models/querysets/#count), [`exists`](https://docs.djangoproject.com/en/5.2/ref/models/querysets/#exists) |
# | a loop that fetches each row's relation | [`select_related`](https://docs.djangoproject.com/en/5.2/ref/models/querysets/#select-related), [`prefetch_related`](https://docs.djangoproject.com/en/5.2/ref/models/querysets/#prefetch-related) |
# | counting in Python, or two `Count`s in one `annotate` | [`distinct=True`, `Subquery`](https://docs.djangoproject.com/en/5.2/topics/db/aggregation/#combining-multiple-aggregations) |
# | a list of ids, then `exclude(id__in=ids)` | [`Exists`](https://docs.djangoproject.com/en/5.2/ref/models/expressions/#exists-subqueries) |
# | read, add one, save | [`F()`](https://docs.djangoproject.com/en/5.2/ref/models/expressions/#f-expressions), [`select_for_update`](https://docs.djangoproject.com/en/5.2/ref/models/querysets/#select-for-update) |
# | `save()` in a loop | [`bulk_create`](https://docs.djangoproject.com/en/5.2/ref/models/querysets/#bulk-create), [`bulk_update`](https://docs.djangoproject.com/en/5.2/ref/models/querysets/#bulk-update) |
# | try to get, else create | [`get_or_create`](https://docs.djangoproject.com/en/5.2/ref/models/querysets/#get-or-create), [`update_or_create`](https://docs.djangoproject.com/en/5.2/ref/models/querysets/#update-or-create) |
# | all rows of a table in memory | [`iterator`](https://docs.djangoproject.com/en/5.2/ref/models/querysets/#iterator) |
#
# New and hard usually means done wrong: if a query takes you a screen of Python, look for the method.
#
# ## The Django way, and when to fight it
#
# - Build querysets in managers and views, evaluate once, and count the queries in a test.
# - Let the database count, add and lock: it is the one place where all workers meet.
# - Fight it, with raw SQL, only for a measured query that the ORM cannot say; keep it in one function.

# %% [markdown]
# ## Five questions

# %% tags=["hidden-source"]
lesson.quiz(
    "A view builds a queryset, filters it twice, and slices it. The template never uses it. How many queries run?",
    right={"None.": "Nobody needed the rows, so nobody asked."},
    wrong={
        "One.": "It would, at the first row that is needed. None was.",
        "Three, one for each step.": "The steps only write on the description.",
    },
)

# %% tags=["hidden-source"]
lesson.quiz(
    "A list of 50 orders shows each order's customer (a foreign key) and its items (many). What do you write?",
    right={'select_related("customer") and prefetch_related("items").': "One join for the one, one more query for the many: two in all."},
    wrong={
        'select_related("customer", "items").': "A join to many is refused with a FieldError.",
        'prefetch_related("items") alone.': "Then each customer is fetched on its own: 50 queries more.",
    },
)

# %% tags=["hidden-source"]
lesson.quiz(
    "annotate(a=Count('items'), b=Count('payments')) gives 12 and 12 for an order with 3 items. How many payments has it?",
    right={"Four.": "Both counts are the number of pairs: 3 × 4."},
    wrong={
        "Twelve.": "Twelve pairs were counted, of an item and a payment each.",
        "Nobody can tell.": "With 3 items, 12 pairs leave only one answer.",
    },
)

# %% tags=["hidden-source"]
lesson.quiz(
    "Two requests run balance = account.balance; account.balance = balance - 10; account.save(), inside atomic(). What can happen?",
    right={"One of the two withdrawals is lost.": "Both may read the same balance before either writes."},
    wrong={
        "Nothing: atomic() keeps them apart.": "It makes each all or nothing; it does not stop the other from reading.",
        "One of them raises an error.": "At the default isolation level nobody notices.",
    },
)

# %% tags=["hidden-source"]
lesson.quiz(
    "There is an index on email. Which of these uses it, on SQLite?",
    right={'filter(email="ada@mail.example").': "One value in a sorted list: a handful of steps."},
    wrong={
        'filter(email__endswith="@mail.example").': "The list is sorted by the beginning, not by the end.",
        'filter(email__iexact="ADA@mail.example").': "That compares something else than what the list is sorted by.",
    },
)

# %% [markdown]
# ## What you now know
#
# - A queryset asks when its rows are needed, keeps them, and a new one asks again.
# - A page of N rows that follows two relations runs 1 + 2N queries; with both methods, 2.
# - A join to one is for `select_related`; to many, `prefetch_related`; over many rows with few parents the second is faster.
# - Two to-many joins multiply counts; `distinct=True` or `Subquery` count right.
# - One `filter` looks at one related row, two filters at two; `~Exists` for "has none", also with NULLs.
# - Read, subtract, save loses updates, also in `atomic`; `F()` and `select_for_update` do not.
# - Tuples for reading much, bulk methods for writing much, an index for finding little.
#
# Next: lesson 02, reverse relations: how the same tables look from the other side.
