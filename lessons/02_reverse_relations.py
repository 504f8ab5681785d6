# %% [markdown]
# # 2. Reverse relations
#
# Which name leads from a room back to its talks? You will read it off a map, and know what the way costs.
#
# **Core:** 60 minutes · **deeper:** 90 minutes · **needs:** 01 · **helps:** 03, 06 ·
# **starts:** PostgreSQL, on loopback, in section 10
#
# Credit: Issac Kelly, "Teaching Django to comrades", DjangoCon 2011, as Rob Martin noted it in "DjangoCon, part four".
# The experiments are added by us.

# %% tags=["hidden-source"]
from helpers import lesson

lesson.recall(
    {
        "When does a queryset ask the database?": "When its rows are needed: in a loop, a list, a bool, a print. Not before.",
        "What does select_related do, in SQL?": "A JOIN: one query brings the row and the one that it points to.",
        "Where do you see how many queries a block ran?": "with watch() as seen: … and then seen, or seen.count.",
    }
)

# %% [markdown]
# ## Why it trips people up
#
# - "Where does `talk_set` come from? I never wrote that."
# - `FieldError: Cannot resolve keyword 'talk_set' into field.`
# - `fields.E304: Reverse accessor … clashes with reverse accessor …`
# - `RelatedObjectDoesNotExist: Speaker has no profile.`
# - "I prefetched the ratings, and it still runs a query for every talk."
#
# All five are about the way *back* along a relation that was written down on the other side.

# %%
import time

import pandas as pd
from django.core.exceptions import FieldError, ObjectDoesNotExist

from helpers import plots, plots_relations
from helpers.lesson import claim, exercise
from helpers.project.boot import clear_scratch, create_tables
from helpers.queries import watch

lesson.start("02-reverse-relations", size="medium")

# %% [markdown]
# The conference is larger today. Models that a cell declares inherit from `Scratch`: it puts them into an app of
# their own.

# %%
from django.db import connection, models, transaction

from helpers.conference.models import Rating, Room, Speaker, Talk


class Scratch(models.Model):
    class Meta:
        abstract = True
        app_label = "scratch"


{model.__name__: model.objects.count() for model in (Room, Talk, Speaker, Rating)}

# %% [markdown]
# ## 1. Where does `talk_set` come from?
#
# A talk has the field `room`. In `Room` nobody wrote a word about talks, and yet a room knows its talks.
# By which name does an *instance* reach them, and by which name a *filter*? Write both.

# %%
guess_names = ...  # for example: ("talks", "talks")

# %% [markdown]
# First: which side holds the relation? Ask the database for the columns of both tables.

# %%
columns = {}
with connection.cursor() as cursor:
    for model in (Talk, Room):
        table = connection.introspection.get_table_description(cursor, model._meta.db_table)
        columns[model.__name__] = [column.name for column in table]
        print(f"{model.__name__}:", *columns[model.__name__])
holds_a_key = {
    "Talk": "room_id" in columns["Talk"],
    "Room": any("talk" in name for name in columns["Room"]),
}

# %%
claim(
    "The database holds the relation on one side only: in the column room_id of the talks.",
    holds_a_key, equals={"Talk": True, "Room": False},
)

# %% [markdown]
# The way back is Django's work, and it has two names. The wrong way: one of them everywhere.

# %%
room = Room.objects.get(slug="acorn-hall")
print(room, "has", room.talk_set.count(), "talks")
with lesson.expect(FieldError):
    Room.objects.filter(talk_set__kind="keynote")
with lesson.expect(AttributeError):
    print(room.talk)

# %% [markdown]
# `talk_set` is the **accessor**, for instances. In a filter stands the **lookup name**: `talk`. (Six times the same
# room? In a moment.)

# %%
Room.objects.filter(talk__kind="keynote")

# %% [markdown]
# You can choose the names. Four models point to a talk; each gives its names in another way.

# %%
clear_scratch()


class Note(Scratch):
    talk = models.ForeignKey(Talk, models.CASCADE)


class Slide(Scratch):
    talk = models.ForeignKey(Talk, models.CASCADE, related_name="slides")


class Video(Scratch):
    talk = models.ForeignKey(
        Talk, models.CASCADE, related_name="videos", related_query_name="video"
    )


class Summary(Scratch):
    talk = models.ForeignKey(Talk, models.CASCADE)

    class Meta(Scratch.Meta):
        default_related_name = "summaries"


# %%
names = plots_relations.relations([Note, Slide, Video, Summary])
lesson.compare(guess_names, ("talk_set", "talk"))
names["you give"] = [
    "nothing",
    "related_name",
    "related_name, related_query_name",
    "default_related_name (Meta)",
]
names[["you give", "model", "accessor", "lookup"]]

# %%
claim(
    "Without a name from you, the accessor is the model's name with _set, the lookup name is the "
    "model's name alone.",
    (names.accessor[0], names.lookup[0]), equals=("note_set", "note"),
)
claim(
    "With related_name (or default_related_name) alone, accessor and lookup name are the same "
    "word.",
    (names.accessor == names.lookup).tolist(), equals=[False, True, False, True],
)

# %% [markdown]
# One more surprise. Which rooms have at least one ordinary talk? Count what comes back.

# %%
with_talks = Room.objects.filter(talk__kind="talk")
returned = {
    "rows": len(with_talks),
    "different rooms": len(set(with_talks)),
    "rows with distinct()": len(with_talks.distinct()),
}
pd.Series(returned)

# %%
claim(
    "A filter across a to-many relation returns a room once for each of its talks.",
    returned["rows"] / returned["different rooms"], above=2,
)
claim(
    "With distinct() each room comes once.",
    returned["rows with distinct()"] - returned["different rooms"], equals=0,
)

# %%
because = "..."  # one sentence: why are there two names at all?

# %% [markdown]
# **Why.** When Django has loaded both models, it puts a descriptor on `Room`, the *accessor*: `talk_set`, since `talk`
# alone would promise one talk. A filter builds SQL, where a relation is a JOIN and "set" says nothing: there the model's
# name is used, the *lookup name*. `related_name` replaces both words. `related_query_name` replaces the second one, so that
# `talk.videos.all()` and `filter(video__…)` both read well. And a JOIN makes one row a pair of room and talk: a
# room stands in as many rows as it has such talks, until `distinct()` folds them.
#
# **In your project:** give each `ForeignKey` a plural `related_name` the day you write it: renaming later touches every
# template.
#
# ### Exercise: the critics


# %%
@exercise("reverse-critics")
def critics(stars):
    """A queryset of the attendees who gave a rating with so many `stars`, each of them once."""
    ...


# %% [markdown]
# ## 2. The map
#
# The conference has seven models. How many of its relations have *two different* names on their way back?

# %%
guess_two = ...  # for example: 2

# %% [markdown]
# The wrong way to find a name is to try one in a template. Somebody thought of `talks`:

# %%
from django.template import Context, Engine

context = Context({"room": room})
page = "{% for talk in room.talks.all %}{{ talk }} · {% empty %}No talks yet.{% endfor %}"
print(Engine().from_string(page).render(context))

# %% [markdown]
# No error, and a plausible page: but the room has 45 talks. The right way: do not guess, ask. Every model knows who points to it. In any shell:

# %%
for back in Room._meta.related_objects:
    print("accessor:", back.get_accessor_name(), "· lookup:", back.field.related_query_name())

# %% [markdown]
# The same for all models, as a table and as a map. Nobody drew it by hand: it is made from `_meta`.

# %%
from django.apps import apps

relations = plots_relations.relations(apps.get_app_config("conference").get_models())
relations

# %%
ax = plots_relations.relation_map(relations)
ax.set_title("Every relation of the conference: field, accessor and lookup name")
lesson.show(ax, alt=plots_relations.described(relations))

# %% [markdown]
# A map is worth something when its names work. Try each: the accessor on the class, the lookup name in a filter.

# %%
works, nameless = [], []
for row in relations.itertuples():
    target = apps.get_model("conference", row.to)
    found = target.objects.filter(**{f"{row.lookup}__isnull": False})
    works.append(hasattr(target, row.accessor) and found.exists())
    key = apps.get_model("conference", row.model)._meta.get_field(row.field)
    nameless.append(row.kind == "foreign key" and key.remote_field.related_name is None)
lesson.compare(guess_two, (relations.accessor != relations.lookup).sum())

# %%
claim("All seven accessors and all seven lookup names of the map work.", sum(works), equals=7)
differ = relations.accessor != relations.lookup
claim(
    "Three of the seven have two different names: the foreign keys that nobody named.",
    (differ.sum(), differ.tolist() == nameless), equals=(3, True),
)
two_names = relations[differ]
claim(
    "Their accessors are the lookup names with _set.",
    (two_names.accessor == two_names.lookup + "_set").tolist(), equals=[True] * 3,
)

# %%
because = "..."  # one sentence: why does the template not complain?

# %% [markdown]
# **Why.** A template looks `talks` up as a key, an attribute, an index; when all fail it takes "nothing", so that a page
# for visitors does not break over a detail: in `for` it is an empty list. The map reads what Django itself uses: `_meta` keeps, for each model, the relations
# that point to it. An arrow starts at the model that holds the key (or names the many-to-many) and ends where the way
# back begins. One-to-one has no `_set`: there is at most one.
#
# **In your project:** `plots_relations.relations(apps.get_models())`, or `manage.py shell` and the two lines above.

# %% [markdown]
# ## 3. Clashes
#
# A workshop has a lead and a chair, both of them speakers: two foreign keys to one model, without names. How many errors
# do Django's system checks report?

# %%
guess_errors = ...  # for example: 1

# %%
clear_scratch()


class Workshop(Scratch):
    lead = models.ForeignKey(Speaker, models.CASCADE)
    chair = models.ForeignKey(Speaker, models.CASCADE)


errors = Workshop.check()
for error in errors:
    print(f"{error.id}: {error.msg}\n")
lesson.compare(guess_errors, len(errors))

# %% [markdown]
# `runserver`, `migrate` and `test` stop here. A notebook does not, so look at what they protect you from: one workshop,
# led by the first speaker, chaired by the second.

# %%
create_tables(Workshop)
first, second = Speaker.objects.all()[:2]
Workshop.objects.create(lead=first, chair=second)
answers = {
    "workshops that `first` leads": Workshop.objects.filter(lead=first).count(),
    "first.workshop_set.count()": first.workshop_set.count(),
    "second.workshop_set.count()": second.workshop_set.count(),
}
pd.Series(answers)

# %%
claim(
    "Unmended, the accessor of the first key is gone: workshop_set finds by the chair alone.",
    list(answers.values()), equals=[1, 0, 1],
)

# %% [markdown]
# A clash has four numbers. This function declares the model with the names you give, and returns what the checks say.

# %%
def checked(lead, chair):
    clear_scratch()

    class Person(Scratch):
        name = models.CharField(max_length=80)

    class Workshop(Scratch):
        lead_person = models.ForeignKey(Person, models.CASCADE, related_name=lead)
        chair_person = models.ForeignKey(Person, models.CASCADE, related_name=chair)

    return " ".join(sorted({error.id for error in Workshop.check()}))


# %%
pairs = [(None, None), ("workshops", "workshops"), ("name", "chaired"), ("led", "chaired")]
pairs.append(("led", "+"))
rows = [(lead or "no name", chair or "no name", checked(lead, chair)) for lead, chair in pairs]
clashes = pd.DataFrame(rows, columns=["lead", "chair", "errors"])
clashes

# %%
claim(
    "No names: the accessors clash (E304). The same name twice: the lookup names too (E305).",
    clashes.errors[:2].tolist(), equals=["fields.E304", "fields.E304 fields.E305"],
)
claim(
    "The name of a field of the other model: E302 for the accessor, E303 for the lookup name.",
    clashes.errors[2], equals="fields.E302 fields.E303",
)
claim(
    "Two different names mend it, and so does '+' for one of them: nothing is reported.",
    [len(errors.split()) for errors in clashes.errors], equals=[1, 2, 2, 0, 0],
)

# %%
because = "..."  # one sentence: why can Django not simply choose two different names?

# %% [markdown]
# **Why.** The generated name is made of the *model's* name, and both keys stand in the same model: two descriptors want to be
# `Speaker.workshop_set`, and a class has one attribute of a name. The second one wins silently. Django could invent
# `workshop_set_2`, but which of the two would it be tomorrow, when you swap two lines? So it refuses, for accessor and
# lookup name apart: E302 and E303 clash with a field, E304 and E305 with another relation. `"+"` leaves the descriptor out: no name,
# no clash, and no way back either.
#
# **In your project:** in an abstract base model write `related_name="%(app_label)s_%(class)s_set"`: each child then gets a name of
# its own.
#
# ### Exercise: two keys, one model
# A workshop with a `lead` and a `chair`. Fill the two blanks.


# %%
@exercise("reverse-two-keys")
def two_keys():
    """Two foreign keys to Speaker: `lead` with two names for its way back, `chair` with no way.

    On an instance the way of `lead` is `speaker.led_workshops`, in a filter `led_workshop`.
    """
    from django.db import models

    from helpers.conference.models import Speaker

    lead = models.ForeignKey(
        Speaker, models.CASCADE, related_name="led_workshops", related_query_name=...
    )
    chair = models.ForeignKey(Speaker, models.CASCADE, related_name=...)
    return lead, chair


# %% [markdown]
# ## 4. The one that is missing
#
# A profile has a one-to-one to its speaker, so `speaker.profile` leads back. Not every speaker has one. The page wants
# the company of each of 600 speakers: how many queries does a loop run that asks each of them?

# %%
guess_queries = ...  # for example: 1

# %%
with lesson.expect(ObjectDoesNotExist):
    companies = [speaker.profile.company for speaker in Speaker.objects.all()]

# %% [markdown]
# A missing profile is an error, not a `None`. Which kind of error?

# %%
missing = Speaker.profile.RelatedObjectDoesNotExist
kinds = [f"{kind.__module__}.{kind.__qualname__}" for kind in missing.__mro__]
print(*kinds, sep="\n")

# %%
claim(
    "It is a Profile.DoesNotExist, and an AttributeError too: that is why hasattr works.",
    {"helpers.conference.models.Profile.DoesNotExist", "builtins.AttributeError"} <= set(kinds),
    equals=True,
)

# %% [markdown]
# The obvious repair is `hasattr` in the loop. Three others ask once: each has its place.

# %%
def one_by_one(speakers):
    return {each.slug: each.profile.company for each in speakers if hasattr(each, "profile")}


def look_before(speakers):
    return one_by_one(speakers.select_related("profile"))


def try_and_catch(speakers):
    companies = {}
    for speaker in speakers.select_related("profile"):
        try:
            companies[speaker.slug] = speaker.profile.company
        except Speaker.profile.RelatedObjectDoesNotExist:
            pass  # here a default would stand
    return companies


# %%
def let_the_database(speakers):
    with_one = speakers.filter(profile__isnull=False)
    return dict(with_one.values_list("slug", "profile__company"))


rows = []
for count in (10, 100, 600):
    for way in (one_by_one, look_before, try_and_catch, let_the_database):
        with watch() as seen:
            companies = way(Speaker.objects.filter(id__lte=count))
        rows.append({"way": way.__name__, "speakers": count, "queries": seen.count})
        rows[-1]["companies"] = len(companies)
profiles = pd.DataFrame(rows)
profiles.pivot(index="way", columns="speakers", values=["queries", "companies"])

# %%
ax = plots.axes(height=2.8)
plots.dots(profiles, "queries", "queries, logarithmic", name="way", group="speakers", ax=ax)
ax.set_xscale("log")
ax.xaxis.set_major_formatter("{x:g}")
ax.get_legend().set_title("speakers")
ax.set_title("hasattr alone asks once a speaker; the other three ask once")
lesson.show(
    ax,
    alt="Queries of four ways at 10, 100 and 600 speakers, on a logarithmic axis: one_by_one "
    "needs 11, 101 and 601, the other three need 1 each.",
)

# %%
naive = profiles.way == "one_by_one"
lesson.compare(guess_queries, profiles[naive].queries.max())
claim(
    "One by one, a list of n speakers costs n + 1 queries, whether they have a profile or not.",
    (profiles[naive].queries - profiles[naive].speakers).tolist(), equals=[1, 1, 1],
)
claim("The other three ways ask once each.", profiles[~naive].queries.max(), equals=1)
claim(
    "All four find the same number of companies, at each size.",
    profiles.groupby("speakers").companies.nunique().tolist(), equals=[1, 1, 1],
)

# %%
because = "..."  # one sentence: why can speaker.profile not be None without asking?

# %% [markdown]
# **Why.** The key is a column of the profile. The speaker's row does not know whether a profile points to it: only a
# query can tell, one for each speaker, also where the answer is no. `select_related` joins the profile on the same row (a LEFT
# JOIN, so speakers without one stay) and remembers "none" as well. An error and not `None`: a to-one accessor promises an
# object. It is an `AttributeError` for the sake of `hasattr`, and templates show nothing for it.
#
# **In your project:** `request.user.profile` in a view is this very line. Make the profile when the user is made, or catch the error.

# %% [markdown]
# ## 5. Prefetched, and asked again
#
# How many five-star ratings has each talk? The ratings are prefetched. Then, in the loop:
# `talk.ratings.filter(stars=5)`. How many queries for 100 talks?

# %%
guess_prefetched = ...  # for example: 2

# %%
def not_prefetched(talks):
    return {talk.pk: len(talk.ratings.filter(stars=5)) for talk in talks}


def prefetched_then_filtered(talks):
    return not_prefetched(talks.prefetch_related("ratings"))


with watch("prefetched, then filtered, 100 talks") as seen:
    prefetched_then_filtered(Talk.objects.filter(id__lte=100))
lesson.compare(guess_prefetched, seen.count)
seen

# %% [markdown]
# `filter` makes a new queryset, and a new queryset asks. Two right ways: filter what is there in Python, or prefetch just what
# you need, under a name of its own.

# %%
from django.db.models import Prefetch


def filtered_in_python(talks):
    talks = talks.prefetch_related("ratings")
    return {talk.pk: sum(each.stars == 5 for each in talk.ratings.all()) for talk in talks}


def prefetched_to_attr(talks):
    praise = Prefetch("ratings", Rating.objects.filter(stars=5), to_attr="praise")
    return {talk.pk: len(talk.praise) for talk in talks.prefetch_related(praise)}


# %% [markdown]
# Measured: queries, and how many ratings became Python objects. A signal that every new instance sends counts those.

# %%
def count_rating(sender, **_):
    loaded.append(1)


rows, loaded = [], []
models.signals.post_init.connect(count_rating, sender=Rating)
for count in (10, 30, 100, 300):
    talks = Talk.objects.filter(id__lte=count)
    for way in (not_prefetched, prefetched_then_filtered, filtered_in_python, prefetched_to_attr):
        loaded.clear()
        with watch() as seen:
            stars = sum(way(talks).values())
        row = {"way": way.__name__, "talks": count, "queries": seen.count, "five_stars": stars}
        rows.append({**row, "ratings_loaded": len(loaded)})
models.signals.post_init.disconnect(count_rating, sender=Rating)
prefetching = pd.DataFrame(rows)

# %%
prefetching[prefetching.talks == 300].set_index("way").drop(columns="talks")

# %%
ax = plots.axes()
for number, (way, points) in enumerate(prefetching.groupby("way", sort=False)):
    look = {"color": plots.COLOURS[number], "markersize": 10 - 2 * number}
    ax.plot(points.talks, points.queries, plots.MARKERS[number], label=way, **look)
ax.set(xscale="log", yscale="log", xlabel="talks", ylabel="queries", xlim=(1, 500), ylim=(1, 500))
ax.xaxis.set_major_formatter("{x:g}")
ax.yaxis.set_major_formatter("{x:g}")
ax.legend(frameon=False)
ax.set_title("filter() on what was prefetched asks for every talk; to_attr asks twice, always")
lesson.show(
    ax,
    alt="Queries against talks, both axes logarithmic from 1: not_prefetched and "
    "prefetched_then_filtered lie on one rising diagonal; filtered_in_python and "
    "prefetched_to_attr stay at 2 queries for 10, 30, 100 and 300 talks.",
)

# %%
by_way = prefetching.pivot(index="talks", columns="way", values="queries")
claim(
    "Prefetching and then filtering costs one query more than not prefetching at all.",
    (by_way.prefetched_then_filtered - by_way.not_prefetched).tolist(), equals=[1, 1, 1, 1],
)
claim(
    "With to_attr it is two queries, for 10 talks and for 300.",
    by_way.prefetched_to_attr.tolist(), equals=[2, 2, 2, 2],
)
rating_rows = prefetching.pivot(index="talks", columns="way", values="ratings_loaded")
claim(
    "At 300 talks, filtering in Python loads more than three times as many ratings as to_attr.",
    rating_rows.filtered_in_python[300] / rating_rows.prefetched_to_attr[300], above=3,
)

# %%
because = "..."  # one sentence: why does filter() not look at the ratings that are already there?

# %% [markdown]
# **Why.** What was prefetched is kept as the finished result of one queryset: `talk.ratings.all()`. `filter()` describes
# *another* question; Django will not answer SQL's questions in Python, where text
# compares and sorts in other ways. So it asks, once a talk: the two lines on the diagonal, one query apart. `Prefetch` moves the
# filter into the second query: two queries always, and only the rows you want are loaded. `to_attr` puts them into a plain list under a
# new name, so that `talk.ratings` keeps its meaning.
#
# **In your project:** look for `.filter(` and `.order_by(` below a `prefetch_related`, also in `SerializerMethodField` and in model
# methods that a template calls.
#
# ### Exercise: praise


# %%
@exercise("reverse-praise", queries=2)
def talks_with_praise():
    """All talks, each with a list `praise` of its five-star ratings, the newest rating first."""
    ...


# %% [markdown]
# You may stop here.

# %% [markdown] tags=["collapsed"]
# ## Go deeper
#
# Each section builds on the core and on none of the others: choose.

# %% [markdown]
# ### 6. A wrong name in a template
#
# `room.talks` gave an empty page in section 2. Templates have a switch against such silence, `string_if_invalid`. In how many of
# three tags does it show the wrong name: `for`, `if`, `{{ … }}`?

# %%
guess_shown = ...  # for example: 3

# %%
strict = Engine(string_if_invalid="[%s does not exist]")
tags = [page, "{% if room.talks.all %}talks{% else %}none{% endif %}", "{{ room.talks.count }}"]
rendered = [strict.from_string(each).render(context) for each in tags]
pages = pd.DataFrame({"tag": ["for", "if", "{{ … }}"], "rendered": rendered})
lesson.compare(guess_shown, pages.rendered.str.contains("does not exist").sum())
pages

# %%
claim(
    "string_if_invalid names a wrong accessor in {{ … }}; in for and in if it stays silent.",
    pages.rendered.str.contains("does not exist").tolist(), equals=[False, False, True],
)

# %%
because = "..."  # one sentence: why does the switch help in one tag only?

# %% [markdown]
# **Why.** What a template cannot find becomes "nothing". In `{{ … }}` something has to be printed, and there the switch puts its text in
# the place of nothing. `for` and `if` print nothing themselves: to them it is `None`, which is no row and not true. That is an answer like
# any other, so no switch can tell it from a room without talks.
#
# **In your project:** a test that looks for the title of a talk in the page finds what the switch cannot.

# %% [markdown]
# ### 7. Read off, or asked again
#
# Eight calls on the prefetched ratings of one talk. How many of them ask the database again?

# %%
guess_asking = ...  # for example: 2

# %%
calls = {
    "all()": lambda ratings: list(ratings.all()),
    "count()": lambda ratings: ratings.count(),
    "exists()": lambda ratings: ratings.exists(),
    "all()[0]": lambda ratings: ratings.all()[0],
    "filter()": lambda ratings: list(ratings.filter(stars=5)),
    "order_by()": lambda ratings: list(ratings.order_by("stars")),
    "values_list()": lambda ratings: list(ratings.values_list("stars")),
    "aggregate()": lambda ratings: ratings.aggregate(models.Avg("stars")),
}
talk = Talk.objects.prefetch_related("ratings").filter(ratings__stars=5).first()

# %%
asked = {}
for name, call in calls.items():
    with watch() as seen:
        call(talk.ratings)
    asked[name] = seen.count
lesson.compare(guess_asking, sum(asked.values()))
pd.Series(asked, name="queries").to_frame().T

# %% [markdown]
# And a trap: `Prefetch` with a filter but *without* `to_attr`. What does `count()` say then?

# %%
five = Prefetch("ratings", Rating.objects.filter(stars=5))
curbed = Talk.objects.prefetch_related(five).get(id=talk.id)
said = {"ratings": Rating.objects.filter(talk=talk).count(), "said": curbed.ratings.count()}
said

# %%
claim(
    "all(), count(), exists() and an index are answered without a query; filter(), order_by(), "
    "values_list() and aggregate() ask.",
    list(asked.values()), equals=[0, 0, 0, 0, 1, 1, 1, 1],
)
claim(
    "A filtered Prefetch without to_attr makes talk.ratings.count() wrong: ratings are missing.",
    said["ratings"] - said["said"], above=0,
)

# %%
because = "..."  # one sentence: why can count() be read off, and aggregate() not?

# %% [markdown]
# **Why.** `all()` on a prefetched manager is handed the finished result, and what Python can take from a full list is taken: its length,
# whether there is anything, an element. All the rest would need SQL's rules for comparing and sorting, so it goes to SQL. The filtered
# `Prefetch` puts its shorter list in the place of *all*: nobody can see later that it is not all, and `count()` counts what lies there.
# `hasattr(speaker, "profile")` after `select_related` is the same: what was joined is read off, "none" too.
#
# **In your project:** a filtered `Prefetch` without `to_attr` far away from the loop is hard to find: give it a `to_attr`.
#
# #### Exercise: everybody's company


# %%
@exercise("reverse-companies", queries=1)
def companies(speakers):
    """A dict: slug → company, "independent" without a profile; `speakers` is a queryset."""
    ...


# %% [markdown]
# ### 8. Many-to-many, and `through`
#
# A camp has guests and a crew, and each shift has its hours: a many-to-many with a table of its own, `through="Shift"`. Which
# signals does `camp.crew.add(person)` send?

# %%
guess_signals = ...  # for example: "post_save"

# %%
clear_scratch()


class Person(Scratch):
    name = models.CharField(max_length=80)
    friends = models.ManyToManyField("self")
    mentors = models.ManyToManyField("self", symmetrical=False, related_name="students")


class Camp(Scratch):
    guests = models.ManyToManyField(Person, related_name="visits")
    crew = models.ManyToManyField(Person, through="Shift", related_name="duties")


class Shift(Scratch):
    camp = models.ForeignKey(Camp, models.CASCADE)
    person = models.ForeignKey(Person, models.CASCADE)
    hours = models.PositiveSmallIntegerField()


# %%
shifts = plots_relations.relations([Person, Camp, Shift])
ax = plots_relations.relation_map(shifts)
ax.set_title("A symmetrical many-to-many has no way back: it is its own")
lesson.show(ax, alt=plots_relations.described(shifts))

# %% [markdown]
# The wrong way: `add` as if there were no hours. Then with `through_defaults`.

# %%
from django.db import IntegrityError

create_tables(Person, Camp, Shift)
ada, bo, cy = (Person.objects.create(name=name) for name in ("Ada", "Bo", "Cy"))
camp = Camp.objects.create()
with lesson.expect(IntegrityError), transaction.atomic():
    camp.crew.add(ada)
camp.crew.add(ada, through_defaults={"hours": 2})
camp.crew.clear()

# %% [markdown]
# Now each method on both, with a receiver that listens to everything about the two tables in between.

# %%
from django.db.models.signals import m2m_changed, post_delete, post_save

heard = []


def listen(signal, action=None, **_):
    heard.append(action or ("post_save" if signal is post_save else "post_delete"))


def told(call, *people, **more):
    heard.clear()
    with watch() as seen:
        call(*people, **more)
    return (seen.frame.sql != "BEGIN").sum(), " ".join(heard)


# %%
def tried(name, manager, **more):
    yield name, "add(ada, bo)", *told(manager.add, ada, bo, **more)
    yield name, "add(ada, bo) again", *told(manager.add, ada, bo, **more)
    yield name, "set([bo, cy])", *told(manager.set, [bo, cy], **more)
    yield name, "remove(cy)", *told(manager.remove, cy)
    yield name, "clear()", *told(manager.clear)


# %%
signals = (m2m_changed, post_save, post_delete)
both = [(signal, table) for signal in signals for table in (Camp.guests.through, Shift)]
for signal, table in both:
    signal.connect(listen, sender=table)
rows = [*tried("guests", camp.guests), *tried("crew", camp.crew, through_defaults={"hours": 2})]
rows.append(("crew", "Shift(…).save()", *told(Shift(camp=camp, person=cy, hours=1).save)))
for signal, table in both:
    signal.disconnect(listen, sender=table)
methods = pd.DataFrame(rows, columns=["relation", "call", "queries", "signals"])
print(methods.to_string(index=False))

# %%
sent = methods.set_index(["relation", "call"]).signals
lesson.compare(guess_signals, sent["crew", "add(ada, bo)"])
claim(
    "add() sends m2m_changed, before and after, and no post_save for the rows: not even for a "
    "through model of your own.",
    sent["crew", "add(ada, bo)"], equals="pre_add post_add",
)
claim(
    "Saving a Shift by hand sends post_save, and no m2m_changed.",
    sent["crew", "Shift(…).save()"], equals="post_save",
)

# %%
claim(
    "remove() sends post_delete for a Shift, and none for a row of the table that Django made.",
    methods[methods.call == "remove(cy)"].signals.str.contains("post_delete").tolist(),
    equals=[False, True],
)
claim(
    "Adding the same two again costs one query, with a through model or without: the look "
    "that finds them there.",
    methods[methods.call == "add(ada, bo) again"].queries.tolist(), equals=[1, 1],
)

# %% [markdown]
# And people to people: is a friendship one row or two? Whose mentor is whose?

# %%
ada.friends.add(bo)
ada.mentors.add(cy)
two_ways = {
    "rows of a friendship": Person.friends.through.objects.count(),
    "rows of a mentorship": Person.mentors.through.objects.count(),
    "Bo's friends": bo.friends.count(),
    "Cy's mentors": cy.mentors.count(),
    "Cy's students": cy.students.count(),
}
pd.Series(two_ways)

# %%
claim(
    "A symmetrical relation stores two rows, one for each direction; another one stores one, and "
    "its way back is the related_name.",
    list(two_ways.values()), equals=[2, 1, 1, 0, 1],
)

# %%
because = "..."  # one sentence: why does add() not save the rows one by one?

# %% [markdown]
# **Why.** `add` is a bulk operation: it looks which pairs are there, then stores the missing ones by `bulk_create`, and
# bulk operations send no `post_save`. What it sends is `m2m_changed`, once for all, with `pk_set`. `remove` and `clear`
# delete by a queryset; if somebody listens, Django loads those rows first, and sends `post_delete` for a model of yours, never for a
# table that it made itself. So whoever must hear of every shift needs receivers for both. `set` compares, removes, adds: it costs most. The map
# shows "none" for `friends`: symmetrical means that there is nothing to go back to.
#
# **In your project:** extra columns come sooner or later: `through` from the first day costs ten lines, changing later costs a
# migration with data.

# %% [markdown]
# ### 9. What a deletion takes with it
#
# A talk with more than a thousand ratings is deleted. How many SQL statements is that?

# %%
guess_statements = ...  # for example: 1001

# %% [markdown]
# First the five rules. A hall has two desks; the rule stands in the desk's key. What happens to hall and desks?

# %%
def delete_a_hall(rule):
    clear_scratch()

    class Hall(Scratch):
        pass

    class Desk(Scratch):
        hall = models.ForeignKey(Hall, getattr(models, rule), null=True)

    create_tables(Hall, Desk)
    hall = Hall.objects.create()
    Desk.objects.bulk_create([Desk(hall=hall), Desk(hall=hall)])
    with watch(rule) as seen:
        outcome = outcome_of(hall.delete)
    left = (Hall.objects.count(), Desk.objects.count(), Desk.objects.filter(hall=None).count())
    return outcome, seen, left


# %%
from django.db import IntegrityError


def outcome_of(delete):
    try:
        delete()
    except (models.ProtectedError, models.RestrictedError, IntegrityError) as error:
        return type(error).__name__
    return "deleted"


# %%
on_delete = ("CASCADE", "SET_NULL", "PROTECT", "RESTRICT", "DO_NOTHING")
halls = {rule: delete_a_hall(rule) for rule in on_delete}
rows = [[rule, outcome, *left] for rule, (outcome, _, left) in halls.items()]
rules = pd.DataFrame(rows, columns=["rule", "outcome", "halls", "desks", "without_hall"])
rules = rules.set_index("rule")
rules

# %% [markdown]
# And the SQL of the first two:

# %%
for rule in ("CASCADE", "SET_NULL"):
    print(halls[rule][1], "\n")

# %%
claim(
    "CASCADE takes the desks along; SET_NULL keeps them, without a hall.",
    rules.loc[["CASCADE", "SET_NULL"], ["halls", "desks", "without_hall"]].values.tolist(),
    equals=[[0, 0, 0], [0, 2, 2]],
)
claim(
    "PROTECT and RESTRICT refuse in Python; with DO_NOTHING the database itself refuses.",
    rules.outcome[2:].tolist(), equals=["ProtectedError", "RestrictedError", "IntegrityError"],
)

# %% [markdown]
# PROTECT and RESTRICT look alike. The difference: a festival has halls and bookings, a booking points to a hall by
# one of the two rules. Delete the *festival*, which takes both along.

# %%
def delete_a_festival(rule):
    clear_scratch()

    class Festival(Scratch):
        pass

    class Hall(Scratch):
        festival = models.ForeignKey(Festival, models.CASCADE)

    class Booking(Scratch):
        festival = models.ForeignKey(Festival, models.CASCADE)
        hall = models.ForeignKey(Hall, rule)

    create_tables(Festival, Hall, Booking)
    festival = Festival.objects.create()
    Booking.objects.create(festival=festival, hall=Hall.objects.create(festival=festival))
    return outcome_of(festival.delete)


# %%
festivals = {
    "PROTECT": delete_a_festival(models.PROTECT),
    "RESTRICT": delete_a_festival(models.RESTRICT),
}
outcomes = list(festivals.values())
festivals

# %%
claim(
    "RESTRICT gives way when the booking goes along anyway; PROTECT does not.",
    outcomes, equals=["ProtectedError", "deleted"],
)

# %% [markdown]
# And a key without a way back, `related_name="+"` from section 3: do its rows go along with the speaker all the same?

# %%
clear_scratch()


class Course(Scratch):
    lead = models.ForeignKey(Speaker, models.CASCADE, related_name="led_courses")
    chair = models.ForeignKey(Speaker, models.CASCADE, related_name="+")


create_tables(Course)
host, _ = Speaker.objects.get_or_create(name="A Host", slug="a-host")
guest, _ = Speaker.objects.get_or_create(name="A Guest", slug="a-guest")
Course.objects.create(lead=host, chair=guest)
with lesson.expect(AttributeError):
    print(guest.course_set)
_, gone = guest.delete()
pd.Series(gone)

# %%
claim(
    "A key with related_name='+' has no way back, and yet its rows go with their speaker.",
    gone["scratch.Course"], equals=1,
)

# %% [markdown]
# Back to the talk. Five talks, from few ratings to many; each is deleted twice, inside a transaction that is rolled
# back: once as it is, once with somebody listening for deleted ratings.

# %%
from django.db.models.signals import post_delete

mourned = []


def mourn(sender, **_):
    mourned.append(1)


def deleted(talk):
    mourned.clear()
    with transaction.atomic(), watch() as seen:
        Talk.objects.get(pk=talk.pk).delete()
        transaction.set_rollback(True)
    return {"ratings": talk.n, "statements": seen.count - 1, "signals": len(mourned)}  # - get()


# %%
by_count = list(Talk.objects.annotate(n=models.Count("ratings")).filter(n__gt=0).order_by("n"))
deleted_talks = [by_count[int(share * (len(by_count) - 1))] for share in (0, 0.3, 0.6, 0.9, 1)]
quiet = pd.DataFrame([deleted(talk) for talk in deleted_talks])
post_delete.connect(mourn, sender=Rating)
loud = pd.DataFrame([deleted(talk) for talk in deleted_talks])
post_delete.disconnect(mourn, sender=Rating)
loud

# %%
ax = plots.axes(height=3.2)
for number, (label, points) in enumerate({"nobody listens": quiet, "a receiver": loud}.items()):
    look = {"color": plots.COLOURS[number], "markersize": 7}
    ax.plot(points.ratings, points.statements, plots.MARKERS[number], label=label, **look)
ax.set(xscale="log", xlabel="ratings of the talk", ylabel="SQL statements")
ax.xaxis.set_major_formatter("{x:g}")
ax.set_yticks(range(0, 19, 3))
ax.legend(frameon=False)
ax.set_title("A receiver makes Django load every rating, and delete in portions")
lesson.show(
    ax,
    alt="SQL statements against ratings of the deleted talk: three statements at every size "
    "while nobody listens; with a receiver more, and growing for talks with many ratings.",
)

# %%
lesson.compare(guess_statements, quiet.statements.max())
claim(
    "While nobody listens, three statements delete a talk with all that hangs on it, whatever "
    "the number of ratings.",
    quiet.statements.tolist(), equals=[3] * 5,
)
claim(
    "With a receiver every single rating is loaded and announced.",
    (loud.signals / loud.ratings).tolist(), equals=[1.0] * 5,
)
claim(
    "Then the largest talk takes more than three times as many statements.",
    loud.statements.max() / quiet.statements.max(), above=3,
)

# %%
because = "..."  # one sentence: why does a receiver change the SQL?

# %% [markdown]
# **Why.** `on_delete` is carried out by Django, not by the database. Its `Collector` walks the map backwards, from the talk to all
# that points to it (by `_meta`, not by accessors: `"+"` hides nothing), and sorts: what may be deleted blindly goes in one `DELETE … WHERE talk_id IN (…)`; that is the flat line. If a receiver wants
# the object, or something points further, the rows must be loaded first, and are deleted in portions: the steps. The database only has the
# bare key: with `DO_NOTHING`, or raw SQL, it refuses (SQLite and PostgreSQL check). `RESTRICT` asks at the end, when it is known what goes
# along; `PROTECT` at once.
#
# **In your project:** the admin's confirmation page is the Collector's list. `PROTECT` is the kindest default for what people typed in.

# %% [markdown]
# ### 10. The latest of each group
#
# The newest rating of each talk, with its stars: 400 talks, 30,000 ratings. Five ways follow. Which one is the fastest?

# %%
guess_fastest = ...  # one of "loop", "all_rows", "subquery", "window", "sliced_prefetch"

# %% [markdown]
# The wrong way first: `Max` of the date, and the stars beside it.

# %%
from django.db.models import Max, OuterRef, Prefetch, Subquery, Window
from django.db.models.functions import RowNumber

NEWEST = ("-created", "-id")  # the id decides where two have the same time
mixed = Talk.objects.annotate(when=Max("ratings__created"), stars=Max("ratings__stars"))
mixed = {talk.pk: talk.stars for talk in mixed if talk.when}
latest_stars = {
    rating.talk_id: rating.stars for rating in Rating.objects.order_by("created", "id")
}
wrong = [mixed[talk] != latest_stars[talk] for talk in mixed]
print(f"{sum(wrong)} of {len(wrong)} talks have other stars than their newest rating says")

# %%
claim(
    "Max beside Max mixes two ratings: more than half of the talks get the stars of another "
    "one.",
    sum(wrong) / len(wrong), above=0.5,
)

# %% [markdown]
# Now five right ways. Each takes a queryset of talks, and returns talk → its newest rating.

# %%
def loop(talks):
    return {talk.pk: talk.ratings.order_by(*NEWEST).first() for talk in talks}


def all_rows(talks):
    oldest_first = Rating.objects.filter(talk__in=talks).order_by("created", "id")
    return {rating.talk_id: rating for rating in oldest_first}


def subquery(talks):
    newest = Rating.objects.filter(talk=OuterRef("pk")).order_by(*NEWEST).values("pk")[:1]
    wanted = talks.annotate(newest=Subquery(newest)).values("newest")
    return {rating.talk_id: rating for rating in Rating.objects.filter(pk__in=wanted)}


# %%
def window(talks):
    place = Window(RowNumber(), partition_by="talk", order_by=NEWEST)
    placed = Rating.objects.filter(talk__in=talks).annotate(place=place)
    return {rating.talk_id: rating for rating in placed.filter(place=1)}


def sliced_prefetch(talks):
    newest = Prefetch("ratings", Rating.objects.order_by(*NEWEST)[:1], to_attr="newest")
    return {talk.pk: rating for talk in talks.prefetch_related(newest) for rating in talk.newest}


# %% [markdown]
# First what each does, then how long it takes: three rounds, and of each way its best time.

# %%
def done(way, count):
    loaded.clear()
    with watch() as seen:
        newest = way(Talk.objects.order_by().filter(pk__lte=count))
    ids = [rating.pk for rating in newest.values() if rating]
    return [way.__name__, count, seen.count, len(loaded), sum(ids)]


def spent_ms(way, count):
    began = time.perf_counter()
    way(Talk.objects.order_by().filter(pk__lte=count))
    return 1000 * (time.perf_counter() - began)


# %% tags=["nbval-ignore-output"]
ways = (loop, all_rows, subquery, window, sliced_prefetch)
cases = [(way, count) for count in (25, 100, 400) for way in ways]
models.signals.post_init.connect(count_rating, sender=Rating)
rows = [done(*case) for case in cases]
models.signals.post_init.disconnect(count_rating, sender=Rating)
rounds = pd.DataFrame([[spent_ms(*case) for case in cases] for _ in range(3)])
latest = pd.DataFrame(rows, columns=["way", "talks", "queries", "rows", "sum_of_ids"])
latest = latest.assign(ms=rounds.min())
lesson.compare(guess_fastest, latest[latest.talks == 400].set_index("way").ms.idxmin())
latest[latest.talks == 400].set_index("way").round(1)

# %%
ax = plots.axes(height=3.4)
plots.dots(latest, "ms", "time (ms), logarithmic", name="way", group="talks", ax=ax)
ax.set_xscale("log")
ax.xaxis.set_major_formatter("{x:g}")
ax.get_legend().set_title("talks")
ax.set_title("At 400 talks the loop and the load of all rows take longest")
lesson.show(
    ax,
    alt="Time of five ways at 25, 100 and 400 talks, on a logarithmic axis: at 400 talks the loop"
    " and all_rows take longest; subquery, window and sliced_prefetch take less.",
)

# %%
full = latest[latest.talks == 400].set_index("way")
claim(
    "All five find the same ratings, at each size.",
    latest.groupby("talks").sum_of_ids.nunique().tolist(), equals=[1, 1, 1],
)

# %%
claim(
    "The loop asks once a talk and once more; the other four ask once or twice.",
    (full.queries["loop"], full.queries.drop("loop").max()), equals=(401, 2),
)
claim(
    "all_rows makes all 30,000 ratings into objects to keep fewer than 400 of them.",
    full.rows["all_rows"] / full.rows["subquery"], above=75,
)

# %%
slow, quick = full.ms[["loop", "all_rows"]], full.ms.drop(["loop", "all_rows"])
claim(
    "Here, at 400 talks, best of three: the loop takes more than twice as long as the subquery.",
    full.ms["loop"] / full.ms["subquery"], above=2,
)
claim(
    "The loop and all_rows each take longer than each of the other three.",
    slow.min() / quick.max(), above=1,
)

# %% [markdown]
# One query is not always fast. This one is in many answers on the web: "ratings that are the newest of *their* talk".

# %% tags=["nbval-ignore-output"]
def newest_of_their_talk(talks):
    newest = Rating.objects.filter(talk=OuterRef("talk")).order_by(*NEWEST).values("pk")[:1]
    wanted = Rating.objects.filter(talk__in=talks, pk=Subquery(newest))
    return {rating.talk_id: rating for rating in wanted}


times_ms = {"loop": [], "newest_of_their_talk": []}
for _ in range(3):
    for way in (loop, newest_of_their_talk):
        times_ms[way.__name__].append(spent_ms(way, 100))
print(Rating.objects.filter(talk__lte=100).count(), "ratings of 100 talks, best of three, ms:")
best_ms = {way: min(times) for way, times in times_ms.items()}
pd.Series(best_ms).round(1)

# %%
claim(
    "On SQLite, at 100 talks, that one query takes longer than the loop with its 101 queries "
    "(best of three).",
    best_ms["newest_of_their_talk"] / best_ms["loop"], above=1,
)

# %% [markdown]
# PostgreSQL has a word for the whole thing: `DISTINCT ON`. SQLite does not. Mind `talk_id`: ordering by `talk` would mean
# the order of the *talks*.

# %%
from django.db import NotSupportedError

on_sqlite = {talk: rating.pk for talk, rating in subquery(Talk.objects.order_by()).items()}
first_of_each = Rating.objects.order_by("talk_id", *NEWEST).distinct("talk_id")
with lesson.expect(NotSupportedError):
    list(first_of_each)

# %% tags=["nbval-ignore-output"]
# %%needs postgres
from helpers.project import databases
from helpers.services import postgres

with postgres.start() as server:
    databases.add("postgres", server, size="medium")
    with watch(database="postgres") as seen:
        began = time.perf_counter()
        on_postgres = {rating.talk_id: rating.pk for rating in first_of_each.using("postgres")}
        postgres_ms = 1000 * (time.perf_counter() - began)
    databases.remove("postgres")
asked_there = seen.count
print(f"DISTINCT ON: {asked_there} query, {postgres_ms:.1f} ms, {len(on_postgres)} talks")

# %%
# %%needs postgres
claim(
    "DISTINCT ON on PostgreSQL finds the same ratings as the subquery on SQLite, in one query.",
    (on_postgres == on_sqlite, asked_there), equals=(True, 1),
)

# %%
because = "..."  # one sentence: what does the database save by finding the newest itself?

# %% [markdown]
# **Why.** The loop pays the way to the database 400 times. `all_rows` pays for 30,000 Python objects and throws nearly all
# away. The subquery stands on the *talks*: for each of 400 the index on `talk_id` leads to its own ratings, the newest stays.
# The window numbers all ratings within their talk: it must sort them all, once. The sliced prefetch is a window, written by Django, and the
# handiest on a page. The slow one puts the same subquery on the *ratings*: it is answered again for each of thousands.
# Same words, other side.
#
# **In your project:** an index on `(talk, -created)` spares the subquery the other ratings of each talk; lesson 01 reads
# plans.
#
# #### Exercise: which way to take?
# Decide from a frame such as `latest`.


# %%
@exercise("reverse-decide")
def way_to_take(measured, most_rows):
    """The `way` with the least `ms` at the largest number of `talks`; None if none is left.

    Left out are ways whose `queries` grow with the talks, or that load more than `most_rows`.
    """
    ...


# %% [markdown]
# #### Exercise: a second domain
# A library lends books. `Loan` points to its `book` (`related_name="loans"`) and to its `member`, who has a `name`, and
# says the day: `lent_on`.


# %%
@exercise("reverse-library", queries=1)
def with_last_borrower(books, loans):
    """The queryset `books`, each book with `last_borrower`: who borrowed it last, by name.

    None for a book that was never lent. `loans` is the queryset of all loans. One query.
    """
    ...


# %% [markdown]
# ## There is a method for that
#
# | what people write | what exists |
# |---|---|
# | `Talk.objects.filter(room=room)` in every view | [`room.talk_set`](https://docs.djangoproject.com/en/5.2/topics/db/queries/#following-relationships-backward), or the name you gave it |
# | guesses at the name of the way back | [`related_name`](https://docs.djangoproject.com/en/5.2/ref/models/fields/#django.db.models.ForeignKey.related_name), [`related_query_name`](https://docs.djangoproject.com/en/5.2/ref/models/fields/#django.db.models.ForeignKey.related_query_name), [`_meta.related_objects`](https://docs.djangoproject.com/en/5.2/ref/models/meta/) |
# | a set() around the rows of a filter | [`distinct()`](https://docs.djangoproject.com/en/5.2/ref/models/querysets/#distinct) |
# | a filter in a loop over talks | [`Prefetch(…, to_attr=…)`](https://docs.djangoproject.com/en/5.2/ref/models/querysets/#prefetch-objects) |
# | a table of pairs, kept by hand | [`ManyToManyField(through=…)`](https://docs.djangoproject.com/en/5.2/ref/models/fields/#django.db.models.ManyToManyField.through) and `through_defaults` |
# | deletes the children first, in a loop | [`on_delete`](https://docs.djangoproject.com/en/5.2/ref/models/fields/#django.db.models.ForeignKey.on_delete) |
# | the newest of each, in a loop | [`Subquery`](https://docs.djangoproject.com/en/5.2/ref/models/expressions/#subquery-expressions), a sliced `Prefetch`, [`distinct("field")`](https://docs.djangoproject.com/en/5.2/ref/models/querysets/#distinct) on PostgreSQL |
#
# New and hard usually means done wrong: if the way back takes you more than one line, look for the method.
#
# ## The Django way, and when to fight it
#
# - Write the relation once, on the side that holds the key, and name its way back there.
# - One name for accessor and lookup is enough, unless a filter reads badly with a plural.
# - Fight it with `"+"` where nobody may go back: a log, a history, an app that must not leak into others.

# %% [markdown]
# ## Five questions

# %% tags=["hidden-source"]
lesson.quiz(
    "speaker = ForeignKey(Speaker, related_name='slots'): how do you filter speakers by the day of a slot?",
    right={"Speaker.objects.filter(slots__day=1)": "related_name alone sets both names: accessor and lookup."},
    wrong={
        "Speaker.objects.filter(slot__day=1)": "That would need related_query_name='slot', or no related_name and a model Slot.",
        "Speaker.objects.filter(slots_set__day=1)": "No name ends in _set once you have named it, and no lookup name ever does.",
    },
)

# %% tags=["hidden-source"]
lesson.quiz(
    "A page says 'No talks yet', and there are talks. No error, nothing in the log. What do you look at first?",
    right={"The accessor's name in the template's for.": "A wrong name is an empty list there, and string_if_invalid does not show it."},
    wrong={
        "The cache.": "Possible, but look at the name first: it costs ten seconds.",
        "string_if_invalid in the settings.": "It works in {{ … }}; for and if stay silent.",
    },
)

# %% tags=["hidden-source"]
lesson.quiz(
    "speaker.profile raises RelatedObjectDoesNotExist on a page with 600 speakers. Which repair keeps it at one query?",
    right={"select_related('profile'), then hasattr(speaker, 'profile').": "The join has told already who has none; hasattr asks nobody."},
    wrong={
        "hasattr(speaker, 'profile') alone.": "Right, and slow: one query for each speaker.",
        "if speaker.profile is not None": "It raises before it compares.",
    },
)

# %% tags=["hidden-source"]
lesson.quiz(
    "After prefetch_related('ratings'), which line in the loop asks the database again?",
    right={"talk.ratings.order_by('-stars')[0]": "A new order is a new queryset; sort the list in Python, or order inside a Prefetch."},
    wrong={
        "len(talk.ratings.all())": "That is read off what was prefetched.",
        "talk.ratings.count()": "Also read off: the rows are there, so they are counted in Python.",
    },
)

# %% tags=["hidden-source"]
lesson.quiz(
    "A second foreign key to User brings fields.E304. What is the mend?",
    right={"A related_name on one of the two keys, or on both.": "The two accessors then differ, and the lookup names with them."},
    wrong={
        "SILENCED_SYSTEM_CHECKS = ['fields.E304']": "Then one of the two accessors is silently the other's.",
        "Rename the second field.": "The generated name is made of the model's name, not of the field's.",
    },
)

# %% [markdown]
# ## What you now know
#
# - The key is on one side; the way back has an accessor and a lookup name, and the map shows both.
# - A filter across a to-many relation returns a row once a match: `distinct()`.
# - Templates are silent about a wrong accessor.
# - Two keys to one model need names; unmended, one accessor is the other's.
# - A missing one-to-one raises; three ways live with it in one query.
# - `filter()` on what was prefetched asks again; `Prefetch(to_attr=…)` does not.
# - `add()` sends no `post_save`; a receiver changes the SQL of a deletion.
# - The newest of each: let the database find it, on the right side.
#
# Next: lesson 03, migrations: how a model becomes a table, and stays one when it changes.
