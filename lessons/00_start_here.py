# %% [markdown]
# # 0. Start here
#
# In twenty minutes you can run these notebooks, read their instruments, and choose your way through the lessons.
#
# **Core:** 20 minutes · **needs:** none · **helps:** all · **starts:** memcached, on loopback
#
# Credit: the list of things that trip people up is Issac Kelly's, "Teaching Django to comrades", DjangoCon 2011, as Rob
# Martin noted it in "DjangoCon, part four". This lesson is added by us.

# %%
from helpers import lesson
from helpers.caching import replay
from helpers.lesson import answer, claim, exercise
from helpers.services import memcached

lesson.start("00-start-here")

# %% [markdown]
# ## 1. Run, stop, start again
#
# Above and below are cells. Click into one and press **Shift + Enter**: it runs, and the next one is chosen. The number in
# brackets says in which order cells ran. The cell above comes first in every lesson.

# %%
6 * 7

# %% [markdown]
# Django now runs in this notebook, with a database of its own. Whatever you do to it, nothing else is harmed, and a restart brings a fresh one.
#
# **Interrupt:** set `patience = 60` in the next cell, run it, and press the ■ in the toolbar. You get one sentence, and nothing is lost.

# %%
import time

patience = 0
for second in range(patience):
    time.sleep(1)
print("waited", patience, "seconds")

# %% [markdown]
# **Restart:** *Kernel ▸ Restart Kernel* forgets all names and ends all servers; your text stays. Then *Run ▸ Run All Above Selected Cell*.
#
# **Your copy:** you work in the folder `work`. `make reset LESSON=00` gives you a fresh copy and keeps yours aside.

# %% [markdown]
# ## 2. A guess, a claim, an exercise
#
# Guess first: a wrong guess is remembered longer than a sentence that was read. How many talks has the conference in your database?

# %%
guess = ...  # for example: 25

# %%
from helpers.conference.models import Talk

talks = Talk.objects.count()
lesson.compare(guess, talks)

# %% [markdown]
# A **claim** is a sentence that a cell has just checked, on this run. ✔ says that it held. Change the number behind `equals=` and run the cell
# again: the sentence turns to ✘ and shows what was measured. Nothing breaks.

# %%
claim("The conference has 40 talks.", talks, equals=40)

# %% [markdown]
# An **exercise** answers when you run its cell. This one has one blank, the dots. Fill it wrongly once, to see what happens.
# `lesson.hint("start-hours")` gives a hint; `lesson.solution("start-hours")` shows a solution after two attempts.


# %%
@exercise("start-hours")
def hours(minutes):
    """How many hours that many minutes are, as a number that may have a fraction."""
    return minutes / ...


# %% [markdown]
# ## 3. Reading the instruments
#
# ### A DataFrame
#
# Measurements come as tables: one row for each observation, a name for each column. Ask the table, do not read it by eye.

# %%
import pandas as pd

columns = ("title", "kind", "minutes", "room__name")
frame = pd.DataFrame(Talk.objects.values(*columns)).rename(columns={"room__name": "room"})
frame.head(3)

# %%
frame.groupby("kind", as_index=False).minutes.agg(["count", "mean"]).round(1)

# %% [markdown]
# ### JOIN and GROUP BY
#
# What pandas just did, a database does in SQL. `JOIN` puts the rows of two tables side by side where they belong together; `GROUP BY` makes one row out of
# each group. Here: the talks of each room.

# %%
from django.db import connection

sql = """
SELECT room.name, COUNT(*) AS talks, SUM(talk.minutes) AS minutes
FROM conference_talk AS talk JOIN conference_room AS room ON room.id = talk.room_id
GROUP BY room.name ORDER BY talks DESC, room.name
"""
with connection.cursor() as cursor:
    cursor.execute(sql)
    by_room = pd.DataFrame(cursor.fetchall(), columns=[column[0] for column in cursor.description])
by_room

# %%
claim(
    "Each talk is counted once: the rooms' talks add up to all talks.",
    by_room.talks.sum() - talks, equals=0,
)

# %% [markdown]
# ### An HTTP status and its headers
#
# A browser sends a request, a server answers with a **status**, some **headers**, and a body. Django has a client that does this without a browser.

# %%
from django.test import Client

browser = Client()
rows = []
for path in ("/", "/talks", "/talks/", "/talks/no-such-talk/"):
    response = browser.get(path)
    headers = response.headers
    row = {"path": path, "status": response.status_code, "type": headers["Content-Type"]}
    rows.append({**row, "location": headers.get("Location", "")})
answers = pd.DataFrame(rows)
answers

# %%
status = answers.set_index("path").status
claim(
    "Here a page is 200, a page that does not exist is 404, and a missing slash at the end is "
    "moved, 301.",
    [status["/talks/"], status["/talks/no-such-talk/"], status["/talks"]], equals=[200, 404, 301],
)

# %% [markdown]
# 2xx is fine, 3xx says go elsewhere, 4xx says that you asked wrongly, 5xx that the server failed. Headers come with each: `Location` says where to go.
#
# Which status does the path `/talks` give? Put the number in place of the dots.

# %%
answer("start-status", ...)

# %% [markdown]
# ### p50, p99, and a log axis
#
# The same thing takes another time each time. **p50**, the median, is the time that half of the measurements do not exceed; **p99** is the time that ninety-nine of a hundred
# do not exceed: what your unlucky visitors see. How many times slower than one look into a cache is a whole page? Guess.

# %%
guess_times = ...  # for example: 5

# %% tags=["nbval-ignore-output"]
server = memcached.start(memory_mb=2)
cache = replay.connect(server)
cache.set("talk:1", b"ORM")
things = {
    "one value from memcached": lambda: cache.get("talk:1"),
    "one row from the database": lambda: Talk.objects.get(id=1),
    "a whole page": lambda: browser.get("/talks/"),
}
times = []
for name, thing in things.items():
    for _ in range(100):
        began = time.perf_counter()
        thing()
        times.append({"thing": name, "ms": 1000 * (time.perf_counter() - began)})

# %% tags=["nbval-ignore-output"]
times = pd.DataFrame(times)
quantiles = times.groupby("thing").ms.quantile([0.5, 0.99]).unstack()
quantiles = quantiles.rename(columns={0.5: "p50", 0.99: "p99"})
p50 = quantiles.p50
lesson.compare(guess_times, p50["a whole page"] / p50["one value from memcached"])
quantiles.round(3)

# %% [markdown]
# Such times lie so far apart that on a usual axis the small ones would all sit at zero. On a **log axis** each step is ten times the one before.

# %%
from helpers import plots

long = quantiles.melt(ignore_index=False, var_name="quantile", value_name="ms").reset_index()
axis = "time (ms), each step ten times the one before"
ax = plots.axes(height=2.8)
plots.dots(long, "ms", axis, name="thing", group="quantile", ax=ax)
ax.set_xscale("log")
ax.xaxis.set_major_formatter("{x:g}")
ax.set_title("A page costs many rows, a row many cached values")
lesson.show(
    ax,
    alt="Dots on a log axis for three things, p50 and p99 each: one value from memcached is the "
    "fastest, one row from the database is slower, a whole page is the slowest.",
)

# %%
server.stop()
claim(
    "Here one row from the database takes at least twice as long as one value from memcached "
    "(p50).",
    quantiles.p50["one row from the database"] / quantiles.p50["one value from memcached"],
    above=2,
)
claim(
    "The unlucky one in a hundred waits longer than the usual one, for each of the three.",
    (quantiles.p99 / quantiles.p50).min(), above=1,
)

# %% [markdown]
# ### Decide from a frame
# Two pages, measured. The one whose p99 is larger deserves your afternoon, whatever its mean says.


# %%
@exercise("start-slowest")
def slowest_for_the_unlucky(times):
    """The `page` whose 99th percentile of `ms` is the largest; `times` has one row a request."""
    ...


# %% [markdown]
# ## 4. What this machine has
#
# Some lessons start servers of the system. Here is what was found. A missing one is no fault: its cells say so and are left out.

# %% tags=["nbval-ignore-output"]
from helpers.commands import doctor

checked = doctor.table()
checked

# %%
fine = checked.state.str.startswith(("✔", "✎"))
claim(
    "Nothing that the core of the workshop needs is missing on this machine.",
    fine.sum() - len(checked), equals=0,
)

# %% [markdown]
# ## 5. The map
#
# All lessons with their minutes: core, and deeper for those who stay. Those marked as coming are not written yet.

# %%
from helpers import curriculum

curriculum.lessons().astype(object).fillna("")

# %% [markdown]
# Two routes through them, for a day each: a beginner's day, which ends with a clinic, and a day on caching.

# %%
curriculum.routes().pivot(index="route", columns="step", values="title")

# %% [markdown]
# And your own way so far:

# %%
lesson.progress()

# %% [markdown]
# You may stop here.

# %% [markdown]
# ## There is a method for that
#
# | what people write | what exists |
# |---|---|
# | loops over rows to count and add | [`groupby`](https://pandas.pydata.org/docs/user_guide/groupby.html) in pandas, [`annotate`](https://docs.djangoproject.com/en/5.2/topics/db/aggregation/) in Django |
# | clicking through a site to see whether it works | [`django.test.Client`](https://docs.djangoproject.com/en/5.2/topics/testing/tools/#the-test-client) |
# | sorting times and picking one by hand | [`quantile`](https://pandas.pydata.org/docs/reference/api/pandas.DataFrame.quantile.html) |
#
# ## The Django way, and when to fight it
#
# - There is a Django way of doing most things; the lessons show it beside the other one.
# - Do not fight it until you have measured that you win.
# - When something is new and hard, it is usually done wrong: look for the method first.

# %% [markdown]
# ## What you now know
#
# - How to run, interrupt and restart, and that nothing is lost.
# - What a guess, a claim and an exercise are for.
# - How to read a table, a status, p50 and p99, and a log axis.
#
# Next: choose a route above, among the lessons that are ready.
