# %% [markdown]
# # 8. Should you cache at all?
#
# You measure four warnings, and know when to cache all the same.
#
# **Core:** 60 minutes · **deeper:** 60 minutes · **needs:** 01 · **helps:** 09, 10 ·
# **starts:** memcached, PostgreSQL and gunicorn, on loopback
#
# Credit: warnings and rules are from Jacob Burch and Noah Silas, "Cache Rules Everything Around Me", DjangoCon 2011, in Rob Martin's notes
# ("DjangoCon, part four"). Experiments and sections 1, 6, 8, 9, 11: added by us.

# %% tags=["hidden-source"]
from helpers import lesson

lesson.recall(
    {
        "What does a queryset do when it is only built?": "Nothing: it asks the database when it is read.",
        "What is N+1?": "One query for a list, and one more for each row of it.",
        "What does p99 mean?": "Ninety-nine of a hundred measured values are not larger.",
    }
)

# %% [markdown]
# ## Why it trips people up
#
# - "The site is slow, so let us put a cache in front of it."
# - "`ConnectionRefusedError: [Errno 111] Connection refused`, and it is not even the database."
# - "I changed the price an hour ago, and some visitors still see the old one."
# - "`MemcacheError: All servers seem to be down right now`. But it runs again!"
# - "After the restart of memcached the database fell over."

# %%
import itertools
import logging
import os
import signal
import threading
import time

import numpy as np
import pandas as pd
from django.core.cache import cache, caches
from django.test import Client, override_settings

from helpers import complexity, load, plots, plots_costs, queries
from helpers.caching import latency, replay, traffic
from helpers.lesson import claim, exercise
from helpers.services import memcached

lesson.start("08-should-you-cache-at-all", size="medium")

# %% [markdown]
# The price list of section 5 needs half a minute of real time, so it starts here: a small Django project in a process of its own.
# Its cells are folded; section 5 prints them. You go on reading.

# %% tags=["hidden-source"]
PROJECT = """
import json, random, sys, time
import django
from django.conf import settings
settings.configure(**json.loads(sys.argv[1]))
django.setup()
from django.core.cache import caches
from django.db import connection, models
from pymemcache import Client
"""

# %% tags=["hidden-source"]
PRICES = """
class Price(models.Model):
    item = models.PositiveSmallIntegerField(primary_key=True)
    cents = models.PositiveIntegerField()

    class Meta:
        app_label = "shop"


def change(item):
    committed[item] += 50
    Price.objects.filter(item=item).update(cents=committed[item])  # committed at once
    caches["TTL 30 s, deleted on write"].delete(f"price:{item}")
"""

# %% tags=["hidden-source"]
READ = """

def read(way, item):
    cents = caches[way].get(f"price:{item}")
    if cents is None:
        cents = Price.objects.values_list("cents", flat=True).get(item=item)
        caches[way].set(f"price:{item}", cents, timeout=TTLS[way])
    return cents
"""

# %% tags=["hidden-source"]
SCHEDULE = """
with connection.schema_editor() as editor:
    editor.create_model(Price)
committed = {item: 1000 + item for item in range(ITEMS)}
Price.objects.bulk_create(Price(item=item, cents=cents) for item, cents in committed.items())
schedule, draw = [], random.Random(8)
for way, rate in [("write", WRITES_PER_S), *((way, READS_PER_S) for way in TTLS)]:
    moment = draw.expovariate(rate * ITEMS)
    while moment < SECONDS:
        schedule.append((moment, way, draw.randrange(ITEMS)))
        moment += draw.expovariate(rate * ITEMS)
schedule.sort()
"""

# %% tags=["hidden-source"]
TRADE = """
clock = Client(settings.CACHES["default"]["LOCATION"])
tick = clock.stats()[b"time"]
while clock.stats()[b"time"] == tick:  # memcached's clock moves once a second: begin with it
    time.sleep(0.01)
began = time.perf_counter()
for moment, way, item in schedule:
    time.sleep(max(0, began + moment - time.perf_counter()))
    if way == "write":
        change(item)
    else:
        wrong = read(way, item) != committed[item]
        print(time.perf_counter() - began, way, int(wrong), sep=";", flush=True)
"""

# %% tags=["hidden-source"]
AT_THE_END = """
wrong = sum(price.cents != committed[price.item] for price in Price.objects.all())
print(max(SECONDS, time.perf_counter() - began), "database", wrong, sep=";", flush=True)
"""
SECONDS, ITEMS, READS_PER_S, WRITES_PER_S = 32, 50, 3.0, 0.1
TTLS = {"TTL 1 s": 1, "TTL 5 s": 5, "TTL 30 s": 30, "TTL 30 s, deleted on write": 30}
RATES = f"""
SECONDS, ITEMS, READS_PER_S, WRITES_PER_S = {SECONDS}, {ITEMS}, {READS_PER_S}, {WRITES_PER_S}
TTLS = {TTLS}
"""

# %% tags=["hidden-source"]
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from helpers.project import temporary

MEMCACHED = "django.core.cache.backends.memcached.PyMemcacheCache"


def several(server, ways):
    """CACHES with one alias a way, all on this memcached, each with keys of its own."""
    entry, each = {"BACKEND": MEMCACHED, "LOCATION": server.url}, {}
    for number, (way, options) in enumerate(ways.items()):
        each[way] = {**entry, "KEY_PREFIX": f"way{number}", "OPTIONS": options}
    return {"default": entry, **each}


# %% tags=["hidden-source"]
if "shop" in globals():  # this cell runs again: one shop is enough
    shop.kill()
server_5 = memcached.start(memory_mb=64)
shop_folder = Path(tempfile.mkdtemp(prefix="shop-", dir=temporary.folder()))
answers_of_shop = shop_folder / "answers.csv"
answers_of_shop.write_text("moment;setup;wrong\n")
sqlite = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(shop_folder / "shop.sqlite3")}
of_shop = {"DATABASES": {"default": sqlite}, "CACHES": several(server_5, dict.fromkeys(TTLS, {}))}
program = PROJECT + RATES + PRICES + READ + SCHEDULE + TRADE + AT_THE_END
with answers_of_shop.open("a") as answers, (shop_folder / "log").open("w") as log:
    words = [sys.executable, "-c", program, json.dumps(of_shop)]
    shop = subprocess.Popen(words, stdout=answers, stderr=log, start_new_session=True)

# %% [markdown]
# ## 1. Your first cached view
#
# This is a page of the conference. Twenty visitors ask for a few talks, most of them for the popular ones.

# %%
from helpers.conference import views
from helpers.conference.models import Rating, Talk

slugs = list(Talk.objects.order_by("id").values_list("slug", flat=True)[:40])
visits = [slugs[number] for number in traffic.zipf(requests=20, keys=8, alpha=0.9, seed=8)]
browser = Client()
with queries.watch("without a cache") as without:
    plain = [browser.get(f"/talks/{slug}/").content for slug in visits]
without

# %% [markdown]
# How many queries are left once the pages are kept in memcached?

# %%
guess_queries = ...  # for example: 10

# %% [markdown]
# The set-up is one entry in the settings, and a memcached. A `with` block replaces the notebook's settings for as long as it lasts.

# %%
MEMCACHED = "django.core.cache.backends.memcached.PyMemcacheCache"  # the backend: a class
server_1 = memcached.start(memory_mb=64)
first = override_settings(
    CACHES={"default": {"BACKEND": MEMCACHED, "LOCATION": server_1.url, "TIMEOUT": 300}}
)

# %% [markdown]
# And this is a cached view: *get*; on a miss make the page and *set*.

# %%
from django.http import HttpResponse


def talk_page(request, slug):
    page = cache.get(f"talk:{slug}")
    if page is None:
        page = views.talk_detail(request, slug).content
        cache.set(f"talk:{slug}", page, timeout=60)
    return HttpResponse(page)


# %% [markdown]
# It needs an address. `urls` replaces the project's list of addresses for this notebook; a second address takes the cache's name.

# %%
from django.urls import include, path


class urls:
    urlpatterns = [
        path("cached/<slug:slug>/", talk_page),
        path("", include("helpers.conference.urls")),
    ]


with first, override_settings(ROOT_URLCONF=urls), queries.watch("with a cache") as watched:
    kept = [browser.get(f"/cached/{slug}/").content for slug in visits]
    counted = replay.connect(server_1).stats()
watched

# %% tags=["hidden-source"]
hits, misses = int(counted[b"get_hits"]), int(counted[b"get_misses"])
lesson.compare(guess_queries, watched.count)
first_view = pd.DataFrame(
    {"queries": [without.count, watched.count], "hits": [0, hits], "misses": [0, misses]},
    index=["without", "with a cache"],
)
first_view["hit_rate"] = first_view.hits / len(visits)
first_view

# %%
claim(
    "The cached view asks the database for each talk once: queries fall to the share of misses.",
    first_view.queries["with a cache"] / first_view.queries["without"]
    - first_view.misses["with a cache"] / 20,
    equals=0,
)
claim(
    "Every cached page is, byte for byte, the one that the database gives.",
    sum(one == other for one, other in zip(plain, kept, strict=True)) - hits - misses, equals=0,
)

# %% [markdown]
# How long is an entry kept? People write 0 and mean "for ever". Five are set; two are asked for at once, all of them 1.1 seconds later.

# %%
timeouts = {"timeout=None": None, "timeout=60": 60, "timeout=1": 1, "timeout=0": 0}
timeouts["timeout=-1"] = -1
with first:
    for words, timeout in timeouts.items():
        cache.set(words, "here", timeout=timeout)
    at_once = {words: cache.get(words, "gone") for words in ("timeout=None", "timeout=0")}
    time.sleep(1.1)
    later = {words: cache.get(words, "gone") for words in timeouts}
pd.DataFrame({"at once": at_once, "after 1.1 s": later}).reindex(timeouts).fillna("")

# %%
gone = pd.Series({words: found == "gone" for words, found in later.items()})
at_once_gone = [at_once["timeout=0"], at_once["timeout=None"]]
claim(
    "timeout=None keeps for ever, timeout=0 does not keep at all.",
    at_once_gone, equals=["gone", "here"],
)
claim(
    "After 1.1 seconds None and 60 are there; 1, 0 and -1 are gone.",
    gone.tolist(), equals=[False, False, True, True, True],
)

# %% [markdown]
# A key that memcached cannot take is refused by Django before it is sent:

# %%
from django.core.cache.backends.base import InvalidCacheKey

with first, lesson.expect(InvalidCacheKey):
    cache.get("talk:Advanced Django forms")

# %%
because = "..."  # one sentence: when does the view ask the database?

# %% [markdown]
# **Why.** The view looks into the cache first; `None` means a miss, so it makes the page and keeps it. The database is asked
# once for each talk: the misses. The *hit rate* is hits over all answers; lesson 09 is about nothing else. `timeout` is in
# seconds: `None` is "as long as there is room", `0` "not at all" (in memcached's own protocol 0 means for ever: Django
# translates). Without one, `TIMEOUT` of the settings holds, 300 if nobody wrote any. The keys get a prefix and a version, as in
# `:1:talk:…`, and may hold neither spaces nor control characters, nor be longer than 250.
#
# **In your project:** `CACHES` in the settings, and `from django.core.cache import cache` in the view.
#
# ### Exercise: keep every value


# %%
@exercise("should-1-cache-aside")
def cached(cache, key, make, timeout):
    """The value of `key`: from `cache` if it is there, else from make(), and then kept.

    It is kept for `timeout` seconds. make() may also return 0, "" or None: each is a value,
    and is made once.
    """
    ...


# %% [markdown]
# ## 2. Warning one: complexity
#
# "Caching adds complexity. Don't do it." How much? Three versions of the same view: plain, cached, and cached so that it survives a
# memcached that is down. How many *different situations* must the tests of the last one go through?

# %%
guess_situations = ...  # for example: 4

# %%
def plain_page(request, slug):
    return HttpResponse(views.talk_detail(request, slug).content)


def guarded_page(request, slug):
    try:
        page = cache.get(f"talk:{slug}")
    except Exception:
        page = None
    if page is None:
        page = views.talk_detail(request, slug).content
        try:
            cache.set(f"talk:{slug}", page, timeout=60)
        except Exception:
            logging.getLogger("cache").info("not kept")
    return HttpResponse(page)


# %% [markdown]
# A situation is what the view can meet: the entry is missing, right or old, or the server is down; the talk exists, or was deleted. Here
# is each of them, made for real.

# %% tags=["hidden-source"]
entries, talks = ["missing", "right", "old", "server down"], ["exists", "deleted"]
versions = {"plain": plain_page, "cached": talk_page, "cached and guarded": guarded_page}
true_page = dict(zip(visits, plain, strict=True))[visits[0]]


def prepare(entry, slug):
    cache.delete(f"talk:{slug}")
    if entry in ("right", "old"):
        cache.set(f"talk:{slug}", true_page if entry == "right" else b"last year's page")


def meet(view, slug):
    try:
        answer = view(None, slug).content
    except Exception as error:
        answer = type(error).__name__
    return answer == (true_page if slug == visits[0] else "Http404"), answer


# %% tags=["hidden-source"]
server_down = memcached.start(memory_mb=2)
down = override_settings(CACHES={"default": {"BACKEND": MEMCACHED, "LOCATION": server_down.url}})
server_down.kill()

rows = []
for version, view in versions.items():
    for entry, talk in itertools.product(entries[: 1 if version == "plain" else 4], talks):
        slug = visits[0] if talk == "exists" else "a-deleted-talk"
        with down if entry == "server down" else first:
            if entry != "server down":
                prepare(entry, slug)
            right, answer = meet(view, slug)
        rows.append({"version": version, "entry": entry, "talk": talk, "right": right})
situations = pd.DataFrame(rows)
situations.pivot_table(index=["entry", "talk"], columns="version", values="right", sort=False)

# %% [markdown]
# 1 is a right answer, 0 a wrong one, and the plain view has no entry to be wrong about. Lines and branches are counted in the source.

# %% tags=["hidden-source"]
import inspect

sources = {version: inspect.getsource(view) for version, view in versions.items()}
counted_in_source = complexity.compare(sources).set_index("name")[["lines", "complexity"]]
by_version = situations.groupby("version", sort=False).right
wrong = by_version.size() - by_version.sum()
tests = pd.DataFrame({"situations": by_version.size(), "of these wrong": wrong})
costs = counted_in_source.join(tests).rename(columns={"complexity": "paths through the code"})
lesson.compare(guess_situations, costs.situations.iloc[-1])
costs

# %% tags=["hidden-source"]
long = costs.rename_axis("version").melt(ignore_index=False, var_name="what", value_name="count")
ax = plots.dots(long.reset_index(), "count", "count", name="version", group="what")
for line, aside in zip(ax.get_lines(), (0.12, 0.04, -0.04, -0.12), strict=True):
    line.set_ydata(line.get_ydata() + aside)  # where two counts are equal, both are seen
ax.legend(loc="upper center", bbox_to_anchor=(0.4, -0.14), ncols=4, frameon=False)
ax.set_title("Cached, then guarded: more lines, more paths, four times the situations")
lesson.show(
    ax,
    alt="Dots for three versions of a view: plain, cached, guarded. Lines and paths grow from "
    "each to the next; situations are two, eight, eight; wrong answers none, five, three.",
)

# %%
claim(
    "The guarded view has six times the lines of the plain one, and four times its situations.",
    (costs.iloc[2] / costs.iloc[0])[["lines", "situations"]].tolist(), equals=[6, 4],
)
claim(
    "Of eight situations the cached view answers five wrong; guarded against a missing server, "
    "three.",
    [int(each) for each in costs["of these wrong"].iloc[1:]], equals=[5, 3],
)

# %%
because = "..."  # one sentence: which three situations stay wrong, and what would mend them?

# %% [markdown]
# **Why.** The plain view has one source, so it can only be right or say that there is none. A cache is a second copy, and every state of the
# copy multiplies with every state of the truth. Guards against a missing server are the easy part: two of the wrong ones go. The three that
# stay are copies that nobody took back: an old page, and two pages of a talk that is gone. That is invalidation, section 5. The counts are
# those of this small view; with two caches, languages, or a lock against a stampede (lesson 10), each multiplies again.
#
# **In your project:** put get, set and guards into *one* function, not into every view.

# %% [markdown]
# ## 3. Warning two: one more thing that can fail
#
# The same page under traffic: 60 requests a second to gunicorn, a real web server with two processes. After a second memcached is killed; two and a half seconds later it is started
# again, empty. Django has no special options. What share of the pages is an error 500 while memcached is down?

# %%
guess_errors = ...  # for example: 1.0

# %% [markdown]
# Three ways at once, each with its own keys: Django as it comes, one option, and the guard of section 2.

# %%
ways = {"as it comes": {}, "ignore_exc": {"ignore_exc": True}, "guarded view": {}}


# %%
def plain_fetch(cache, key, make):
    page = cache.get(key)
    if page is None:
        page = make()
        cache.set(key, page, timeout=60)
    return page


def guarded_fetch(cache, key, make):
    page = None
    with suppress(Exception):
        page = cache.get(key)
    if page is None:
        page = make()
        with suppress(Exception):
            cache.set(key, page, timeout=60)
    return page


# %% [markdown]
# The folded cells make a site of this, ask it over HTTP, and compare each answer with the page from the database. Kill and restart are tied to the
# number of a request, not to a clock.

# %% tags=["hidden-source"]
def page_by(request, way, slug):
    made = []
    make = lambda: made.append(views.talk_detail(request, slug).content) or made[0]
    fetch = guarded_fetch if way == "guarded view" else plain_fetch
    page = fetch(caches[way], f"talk:{slug}", make)
    source = "from the database" if made else "from the cache"
    return HttpResponse(page, headers={"X-Source": source})


IMPORTS = """
from contextlib import suppress
from django.core.cache import caches
from django.http import HttpResponse
from django.urls import include, path
from helpers.conference import views
"""

# %% tags=["hidden-source"]
import http.client
from urllib.parse import quote

from helpers.project import site

ADDRESSES = """
conference = path("", include("helpers.conference.urls"))
urlpatterns = [path("by/<way>/<slug:slug>/", page_by), conference]
"""


def over_http(address):
    """Status, source and page of one request to the gunicorn."""
    connection = http.client.HTTPConnection(site_3.host, site_3.port, timeout=20)
    connection.request("GET", quote(address))
    answer = connection.getresponse()
    found = answer.status, answer.headers["X-Source"], answer.read()
    connection.close()
    return found


# %% tags=["hidden-source"]
truth = {slug: Client().get(f"/talks/{slug}/").content for slug in slugs}


def visit(request):
    """The phase, and what came: from the cache, from the database, error 500, or wrong."""
    way, slug, event = request
    if event:
        event()
    began_in = phase[0]
    status, came, page = send(f"/by/{way}/{slug}/")
    if status != 200:
        came = f"error {status}"
    elif page != truth[slug]:
        came = "wrong"
    return f"{began_in if phase[0] == began_in else 'at the turn'}: {came}"


# %% tags=["hidden-source"]
def plan(ways, total, events, seed):
    """`total` requests, the ways in turn, popular talks more often; `events` by number."""
    names, keys = list(ways), traffic.zipf(requests=total, keys=40, alpha=1.0, seed=seed).tolist()
    return [(names[n % len(names)], slugs[key], events.get(n)) for n, key in enumerate(keys)]


def turn(call, then):
    """An event: `call`, and afterwards the phase is `then`."""

    def event():
        phase[0] = "at the turn"
        call()
        phase[0] = then

    return event


# %%
KILL, BACK = 60, 210
phase, send, server_3 = ["before"], over_http, memcached.start(memory_mb=64)
events = {KILL: turn(server_3.kill, "during"), BACK: turn(server_3.restart, "after")}
planned = plan(ways, 330, events, seed=8)
functions = map(inspect.getsource, (plain_fetch, guarded_fetch, page_by))
pages = {"outage.py": "\n".join([IMPORTS, *functions, ADDRESSES])}
options = {"CACHES": several(server_3, ways), "ROOT_URLCONF": "outage"}
with site.start(workers=2, settings=options, files=pages) as site_3:
    outage = load.open_loop(visit, planned, rate_per_s=60, workers=4, seconds=60, seed=8)
server_3.stop()

# %% [markdown]
# "Before", "during" and "after" are the answers that began and ended in that phase; the few others stand "at the turn".

# %% tags=["hidden-source"]
def in_phases(outage, planned, first, last):
    """The frame with its columns way, phase and outcome; and the moments of both events."""
    both = outage.outcome.str.split(": ", n=1, expand=True)
    way = [planned[number][0] for number in outage.request]
    start = outage.set_index("request").start_s
    moments = {"killed": start[first], "back": start[last]}
    return outage.assign(way=way, phase=both[0], outcome=both[1]), moments


outage, moments = in_phases(outage, planned, KILL, BACK)

# %% tags=["hidden-source"]
ax = plots_costs.answers(outage, marks=moments)
ax.set_title("Without memcached some pages fail, unless a failure is made a miss")
lesson.show(
    ax,
    alt="Every answer as a dot over time, three bands. In the outage all pages come from the "
    "database; as it comes, some are errors; with ignore_exc and in the guarded view, none.",
)

# %% tags=["hidden-source", "nbval-ignore-output"]
which = outage[outage.phase != "at the turn"].assign(which=outage.phase + ", " + outage.way)
times = load.quantiles(which, by="which")
times = times.pivot(index="which", columns="quantile", values="latency_ms")
answers = which.groupby(["which", "outcome"]).size().unstack(fill_value=0)
answers.join(times.rename(columns={0.5: "p50 (ms)", 0.99: "p99 (ms)"}).round(1))

# %% tags=["hidden-source", "nbval-ignore-output"]
share = pd.crosstab([outage.phase, outage.way], outage.outcome, normalize="index")
share = share.reindex(columns=list(plots_costs.OUTCOMES), fill_value=0.0)
FINE = ["from the cache", "from the database"]
lesson.compare(guess_errors, share["error 500"]["during", "as it comes"])

# %%
claim(
    "As it comes, pages fail with an error 500 while memcached is down.",
    share["error 500"]["during", "as it comes"], above=0,
)
claim(
    "With ignore_exc, and with the guarded view, every page is right: before, during, after.",
    outage[outage.way != "as it comes"].outcome.isin(FINE).mean(), equals=1,
)
claim(
    "While it is down not one page comes from the cache; before, some of each way did.",
    [share["from the cache"]["during"].max() == 0, share["from the cache"]["before"].min() > 0],
    equals=[True, True],
)

# %%
because = "..."  # one sentence: why are only some of the pages errors?

# %% [markdown]
# **Why.** Django's `PyMemcacheCache` uses pymemcache's `HashClient`, one for each thread of each process. As it comes, a refused connection is an exception, and
# your page a 500. For the next second that client answers "miss" without asking: the page is right, only slower. So a busy site shows a few errors, a quiet one
# fails on every page. `ignore_exc=True` makes every failure a miss. The guarded view does so for any backend. Never rely on the cache: every page right, at every moment.
#
# There is a second trap. After four failures in a row the server is *dead* to that client: `MemcacheError: All servers seem to be down right now`, or only misses with
# `ignore_exc`, for `dead_timeout` seconds, 60 unless you say otherwise, also when memcached is back. Section 6 measures it.
#
# When would this be untrue? Where the database cannot carry all requests: then "slower" becomes "down".
#
# **In your project:** `"OPTIONS": {"ignore_exc": True, "dead_timeout": 1}` in `CACHES`; section 6 adds timeouts.
#
# ### Exercise: never rely on it
# Not every backend has such an option (Redis has none). The rule is for your own code too.


# %%
@exercise("should-2-never-rely")
def never_rely(cache, key, make, timeout):
    """The value of `key` as before, and right whatever the cache does.

    get and set may both raise. What make() raises goes through; make() runs once at most.
    """
    ...


# %% [markdown]
# ## 4. Warning three: the database is stupidly fast
#
# "Modern databases are stupidly optimized. Maybe you don't even need to cache." For a row by its primary key: from which hit rate on does
# a cache save any time? Write a share between 0 and 1.

# %%
guess_even = ...  # for example: 0.2

# %% [markdown]
# The databases get enough to do: some 200,000 more ratings, in the notebook's SQLite and in a PostgreSQL, by the same line of SQL (folded).

# %% tags=["hidden-source"]
from django.db import connections

from helpers.project import databases
from helpers.services import postgres

in_haste = ["-c", "fsync=off", "-c", "session_replication_role=replica"]  # only to fill it sooner
server_4 = postgres.start(options=in_haste)
databases.add("postgres", server_4, size="medium")
more = """INSERT INTO conference_rating (talk_id, attendee_id, stars, created)
          SELECT t.id, a.id, 1 + (t.id * 7 + a.id * 13) % 5, CURRENT_TIMESTAMP
          FROM conference_talk t, conference_attendee a WHERE (t.id * 31 + a.id * 17) % 6 = 0
          ON CONFLICT DO NOTHING"""
for alias in ("default", "postgres"):
    with connections[alias].cursor() as cursor:
        cursor.execute(more)
        cursor.execute("ANALYZE")
rows_rated = [Rating.objects.using(alias).count() for alias in ("default", "postgres")]

# %% tags=["hidden-source"]
claim(
    "Both databases hold the same number of ratings, more than 200,000.",
    [min(rows_rated) > 200_000, rows_rated[0] - rows_rated[1]], equals=[True, 0],
)

# %% [markdown]
# Four questions, from one row to all rows, asked in turn of both databases, and of a memcached that has the answer.

# %%
talk_ids = list(Talk.objects.values_list("id", flat=True))


def bare(alias, number):
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT title FROM conference_talk WHERE id = %s", [talk_ids[number]])
        return cursor.fetchone()[0]


def one_talk(alias, number):
    return Talk.objects.using(alias).get(pk=talk_ids[number])


def mean_of_one(alias, number):
    rated = Rating.objects.using(alias).filter(talk=talk_ids[number])
    return rated.aggregate(Avg("stars"))


# %%
from django.db.models import Avg, Count


def mean_of_all(alias, number):
    rated = Rating.objects.using(alias).values("talk").annotate(stars=Avg("stars"), n=Count("id"))
    return list(rated.order_by("-stars", "talk")[:10])


# %% tags=["hidden-source"]
questions = {
    "one title by primary key, bare SQL": (bare, 200),
    "one talk by primary key, ORM": (one_talk, 200),
    "mean of one talk's ratings, by index": (mean_of_one, 100),
    "the ten best talks, of all ratings": (mean_of_all, 4),
}
server_cache = memcached.start(memory_mb=64)
timed = []


def measure(question, where, call, number):
    began = time.perf_counter()
    answer = call(number)
    spent_ms = 1000 * (time.perf_counter() - began)
    timed.append({"question": question, "where": where, "ms": spent_ms})
    return answer


# %%
with override_settings(CACHES={"default": {"BACKEND": MEMCACHED, "LOCATION": server_cache.url}}):
    for question, (ask, times_asked) in questions.items():
        for number in range(times_asked):
            answer = measure(question, "SQLite", lambda n, ask=ask: ask("default", n), number)
            measure(question, "PostgreSQL", lambda n, ask=ask: ask("postgres", n), number)
            measure(question, "set", lambda n, answer=answer: cache.set(f"q{n}", answer), number)
            measure(question, "memcached, cache.get", lambda n: cache.get(f"q{n}"), number)
timed = pd.DataFrame(timed)

# %% tags=["hidden-source"]
ax = plots_costs.spans(timed[timed["where"] != "set"], "time of one answer (ms): median, and the middle 90 %")
ax.set_title("One row by its key: times are close. All ratings: they are far apart")
lesson.show(
    ax,
    alt="Times of four questions on a logarithmic axis for SQLite, PostgreSQL and memcached. "
    "memcached's stay near a tenth of a millisecond; the databases' grow from there "
    "to tens or hundreds of milliseconds for the question over all ratings.",
)

# %% [markdown]
# The break-even, from the quickest tenth of each: what the work takes when no other program is in the way.

# %% tags=["hidden-source", "nbval-ignore-output"]
quick = timed.groupby(["question", "where"], sort=False).ms.quantile(0.1).unstack()
even = pd.DataFrame(index=quick.index)
for database in ("SQLite", "PostgreSQL"):
    spent = zip(quick["memcached, cache.get"], quick[database], quick["set"], strict=True)
    even[database] = [latency.break_even(*three) for three in spent]
by_key, best = "one talk by primary key, ORM", "the ten best talks, of all ratings"
lesson.compare(guess_even, even.loc[by_key].round(2).to_dict())

# %% tags=["hidden-source", "nbval-ignore-output"]
quick.join(even.add_prefix("break-even hit rate, ")).round(3)

# %%
claim(
    "For one title in bare SQL from SQLite, a cache saves no time below a hit rate of 60 %.",
    even["SQLite"].iloc[0], above=0.6,
)
claim(
    "For one talk through the ORM the break-even lies above 10 %, in both databases.",
    even.loc[by_key].min(), above=0.1,
)
claim(
    "For the ten best of all ratings it lies below 5 %, in both databases.",
    even.loc[best].max(), below=0.05,
)

# %% [markdown]
# The formula behind it: break-even is (get + set) / (database + set). Does it hold? Read talks by key through a cache at five hit rates.

# %%
at_rates = []
with override_settings(CACHES={"default": {"BACKEND": MEMCACHED, "LOCATION": server_cache.url}}):
    cache.set_many({f"warm:{n}": Talk.objects.get(pk=talk_ids[n]) for n in range(100)})
    for number, hit_rate in itertools.product(range(200), (0, 0.25, 0.5, 0.75, 1)):
        hit = number % 4 < 4 * hit_rate
        key = f"warm:{number % 100}" if hit else f"cold:{hit_rate}:{number}"
        times = [time.perf_counter()]
        if cache.get(key) is None:
            times.append(time.perf_counter())
            talk = Talk.objects.get(pk=talk_ids[number])
            times.append(time.perf_counter())
            cache.set(key, talk)
        times.append(time.perf_counter())
        no_more = [np.nan] * (4 - len(times))  # a hit has no database and no set
        at_rates.append([hit_rate, times[-1] - times[0], *np.diff(times), *no_more])

# %% tags=["hidden-source"]
columns = ["hit_rate", "latency_ms", "get", "database", "set"]
steps = pd.DataFrame(at_rates, columns=columns)
steps[columns[1:]] *= 1000
mean_times = steps.groupby("hit_rate", as_index=False).latency_ms.mean().assign(source="measured")
get_ms, sqlite_ms, set_ms = steps[columns[2:]].mean()

# %% tags=["hidden-source"]
h = np.array([0, 0.25, 0.5, 0.75, 1])
with_cache = latency.effective_latency(h, get_ms, sqlite_ms, set_ms)
theory = {"get + (1 − h) × (database + set)": with_cache, "without a cache": sqlite_ms}
lines = [pd.DataFrame({"hit_rate": h, "latency_ms": ms, "source": name})
         for name, ms in theory.items()]
crossing = latency.break_even(get_ms, sqlite_ms, set_ms)
ax = plots.latency(pd.concat([mean_times, *lines]), break_even=crossing)
ax.legend(loc="lower left", frameon=False)
ax.set_title("A talk by its key, SQLite: below the break-even the cache only costs")
lesson.show(
    ax,
    alt="Mean time against hit rate: five measured points near a falling line; a level line for "
    "the database alone; they cross at the break-even hit rate.",
)

# %%
by_rate = mean_times.set_index("hit_rate").latency_ms
claim(
    "Reading a talk by key through a cache, hit rate 0 takes at least half as long again as 1.",
    by_rate[0] / by_rate[1], above=1.5,
)

# %%
because = "..."  # one sentence: why does it matter so much what the question is?

# %% [markdown]
# **Why.** A cache answers every question in about the same time: one trip to another process, and unpickling. For one row by its key a database does hardly
# more; SQLite does not even leave the process, and PostgreSQL's own cache holds the page in memory. The ORM's share, making the query and
# the object, is often larger than the database's. So at a low hit rate the misses cost more than the hits save: that is the crossing. A question that
# reads every row is another matter: there a few hits pay for all.
#
# When would this be untrue? With a database far away, or so loaded that requests wait for each other, the line moves up: a cache
# also spares *load*, and this formula counts time only.
#
# **In your project:** time your slowest ten queries before you choose what to cache. Section 9 tries what is cheaper.
#
# ### Exercise: what is worth it?


# %%
@exercise("should-3-worth-caching")
def worth_caching(times, hit_rate):
    """The questions whose mean time a cache at this `hit_rate` at least halves, as a list.

    The one that saves most milliseconds a request comes first. A hit costs cache_ms; a miss
    costs cache_ms + database_ms + store_ms; without a cache, database_ms.
    """
    ...


# %% [markdown]
# ## 5. Warning four: invalidation
#
# The price list that has been running since you began has 50 items. Each price changes now and then, ten seconds apart on average; each is read three times a second. Prices are cached
# for 1, 5 or 30 seconds: their *time to live*, TTL. What share of the answers is *wrong* with 5 seconds?

# %%
guess_wrong = ...  # for example: 0.05

# %% [markdown]
# This is the shop's code. Each `change` is a commit in its database; then, for the fourth way only, the key is deleted.

# %%
print(PRICES + READ)

# %% tags=["hidden-source"]
def watched(seconds):
    """The shop's answers in its first `seconds`; waits until they are over."""
    while True:
        ended = shop.poll() is not None
        rows = pd.read_csv(answers_of_shop, sep=";")
        if rows.moment.max() >= seconds:
            return rows[rows.moment < seconds], rows
        if ended:
            raise RuntimeError("The shop ended too early: run the cell that starts it again.")
        time.sleep(0.2)


# %% [markdown]
# A read is wrong if it returns another price than the one last committed. Here are the first twelve seconds. An entry of 30 seconds outlives
# them: it is fetched once. Section 11 shows the whole half minute.

# %%
reads, _ = watched(seconds=12)

# %% [markdown]
# A theory: an entry is fetched at the first read after it expired (rate λ), and is wrong at age *a* if the price has changed since (rate μ): 1 − exp(−μ·a).

# %%
def theory_wrong(second, ttl, reads_per_s=READS_PER_S, writes_per_s=WRITES_PER_S):
    """The chance that a read is wrong, `second % ttl` seconds after the entry expired."""
    since = second % ttl
    no_read, no_write = np.exp(-reads_per_s * since), np.exp(-writes_per_s * since)
    return 1 - no_read - reads_per_s / (reads_per_s - writes_per_s) * (no_write - no_read)


# %% tags=["hidden-source"]
def by_second(reads, seconds):
    """The share of wrong answers in each second, measured and by the theory."""
    fine = pd.DataFrame({"second": np.arange(0.025, seconds, 0.05)})
    parts = [fine.assign(setup=way, wrong=theory_wrong(fine.second, ttl), source="theory")
             for way, ttl in list(TTLS.items())[:3]]
    measured = reads.rename(columns={"moment": "second"}).assign(source="measured")
    both = pd.concat([*(measured[measured.setup == way] for way in TTLS), *parts])
    windows = both.assign(second=both.second // 1 + 0.5)
    return windows.groupby(["setup", "source", "second"], sort=False).wrong.mean().reset_index()


windows = by_second(reads, seconds=12)

# %% tags=["hidden-source"]
ax = plots_costs.over_seconds(windows, "wrong", "wrong answers (share)")
ax.set_title("The longer the TTL, the more answers are wrong; a delete on write: none")
lesson.show(
    ax,
    alt="Share of wrong answers in each second. TTL 1 s stays near a few percent; TTL 5 s rises "
    "and falls like a saw; TTL 30 s rises to the end; deleted on write stays at zero. Lines of "
    "the theory run through the points.",
)

# %% tags=["hidden-source", "nbval-ignore-output"]
def totals_of(reads, windows):
    totals = reads.groupby("setup").wrong.agg(reads="size", wrong="sum").loc[list(TTLS)]
    totals["share"] = totals.wrong / totals.reads
    totals["theory"] = windows[windows.source == "theory"].groupby("setup").wrong.mean()
    return totals


totals = totals_of(reads, windows)
lesson.compare(guess_wrong, round(totals.share["TTL 5 s"], 2))
totals.round(3)

# %%
claim(
    "With a TTL of 5 s at least three times as many answers are wrong as with 1 s.",
    totals.share["TTL 5 s"] / totals.share["TTL 1 s"], above=3,
)
claim(
    "With 30 s more than a quarter of the answers in these twelve seconds is wrong.",
    totals.share["TTL 30 s"], above=0.25,
)

# %%
claim(
    "The theory, which knows only the rates, is within ten points of each measured share.",
    (totals.share - totals.theory).iloc[:3].abs().max(), below=0.1,
)
claim(
    "Deleted after each commit, not one answer is wrong, in more than 1,000 reads.",
    [totals.wrong.iloc[3], totals.reads.iloc[3] > 1_000], equals=[0, True],
)

# %%
because = "..."  # one sentence: what does a TTL promise, and what does it not?

# %% [markdown]
# **Why.** A TTL promises one thing: no answer is older than that. How many are *wrong* depends on how often the truth changes: at age *a* a share of
# 1 − exp(−μ·a). With 1 s the entries are young; with 5 s they age together and are fetched anew together, hence the saw (the teeth slip by and by); with 30 s nothing is fetched
# twice in twelve seconds, so the line climbs on. Deleting the key when the price is committed ends it: here readers and writers take turns in
# one thread. With several at once a reader can put the old price back after the delete: lesson 10 provokes and closes that race.
#
# When would this be untrue? Where every write goes past your code (raw SQL, another program), nobody deletes: then the TTL is all you have.
#
# **In your project:** `transaction.on_commit(lambda: cache.delete(key))` where the model is saved, and a TTL as a second net.

# %% [markdown]
# You may stop here.

# %% [markdown] tags=["collapsed"]
# ## Go deeper
#
# A server that is slow, full or new; where a page's time goes; what is cheaper than a cache; the one source.

# %% [markdown]
# ### 6. Slow is worse than dead
#
# A dead server refuses at once. A stopped one (SIGSTOP) takes the question and never answers. How many seconds does a page wait?

# %%
guess_wait = ...  # for example: 5

# %%
server_6 = memcached.start(memory_mb=16)
answered = []
with override_settings(CACHES=several(server_6, {"as it comes": {}})):
    ask = lambda: answered.append(caches["as it comes"].get("talk:1", "a miss"))
    os.kill(server_6.pid, signal.SIGSTOP)
    waiting = threading.Thread(target=ask)
    waiting.start()
    waiting.join(0.5)
    still_waiting = waiting.is_alive()
    os.kill(server_6.pid, signal.SIGCONT)
    waiting.join()
lesson.compare(guess_wait, "for ever: it waited until the server went on")

# %%
claim("As it comes, a page still waits after half a second.", still_waiting, equals=True)
claim("It is answered only when the server goes on.", answered, equals=["a miss"])

# %% [markdown]
# And a dead one? The client spares a failing server for a second (`retry_timeout`). After the fourth failure in a row it calls it dead for 60 (`dead_timeout`):
# section 3 told of it. Here it is, without the seconds of waiting.

# %%
from pymemcache.exceptions import MemcacheError


def ask_once(cache):
    try:
        return cache.get("talk:1", "a miss")
    except (OSError, MemcacheError) as error:
        return type(error).__name__


def aliases(server, ways):
    """Settings with one alias a way, all on this memcached."""
    return override_settings(CACHES=several(server, ways))


# %%
server_dead = memcached.start(memory_mb=2)
at_once = {"retry_timeout": 0}
patient = {"as it comes": at_once, "look again": {**at_once, "dead_timeout": 0.2}}
with aliases(server_dead, patient):
    server_dead.kill()
    down_for = {way: [ask_once(caches[way]) for _ in range(5)] for way in patient}
    server_dead.restart()
    time.sleep(0.5)
    back_again = {way: [ask_once(caches[way]) for _ in range(5)] for way in patient}
server_dead.stop()
pd.concat([pd.DataFrame(down_for), pd.DataFrame(back_again)], keys=["down", "back"])

# %%
claim(
    "Half a second after the restart, the client as it comes still refuses all five requests.",
    back_again["as it comes"], equals=["MemcacheError"] * 5,
)
claim(
    "With a dead_timeout of 0.2 seconds it has found memcached again.",
    back_again["look again"], equals=["a miss"] * 5,
)

# %% [markdown]
# For a stopped one a timeout is needed. But 0.1 seconds are paid three times by *every* page: get, set, and the delete that Django sends after a failed set.
# A *circuit breaker* remembers: after a failure it is open, and nobody asks; after a rest one may try again.

# %%
class Breaker:
    def __init__(self, rest_s=1.0):
        self.rest_s, self.again_at, self.lock = rest_s, 0.0, threading.Lock()

    def __call__(self, call):
        with self.lock:
            if time.monotonic() < self.again_at:
                return None  # open
            if self.again_at:
                self.again_at = time.monotonic() + self.rest_s  # half open: this one tries
        try:
            answer, self.again_at = call(), 0.0  # closed
            return answer
        except (OSError, MemcacheError):
            self.again_at = time.monotonic() + self.rest_s


# %% [markdown]
# Three ways at once: a timeout alone; pymemcache's own memory (`dead_timeout`), which each thread has for itself; one breaker for all threads.

# %%
short = {"timeout": 0.1, "connect_timeout": 0.1, "retry_attempts": 0}
slow_ways = {
    "timeout": {**short, "ignore_exc": True, "dead_timeout": 0},
    "timeout, dead_timeout=1": {**short, "ignore_exc": True, "dead_timeout": 1},
    "timeout, one breaker": {**short, "dead_timeout": 0},
}
waits = []


def waited(way, call):
    """What `call` returns; how long it took is kept in `waits`."""
    began = time.perf_counter()
    try:
        return breaker(call) if way == "timeout, one breaker" else call()
    finally:
        waits.append({"way": way, "waited_ms": 1000 * (time.perf_counter() - began)})


# %%
def slow_page(request, way, slug):
    key, source = f"talk:{slug}", "from the cache"
    page = waited(way, lambda: caches[way].get(key))
    if page is None:
        page, source = views.talk_detail(request, slug).content, "from the database"
        waited(way, lambda: caches[way].set(key, page, timeout=60))
    return HttpResponse(page, headers={"X-Source": source})


class urls_slow:
    urlpatterns = [path("by/<way>/<slug:slug>/", slow_page), *urls.urlpatterns]


# %%
def in_process(address):
    """As `over_http`, by Django's test client: the breaker lives in this process."""
    answer = Client(raise_request_exception=False).get(address)
    return answer.status_code, answer.headers.get("X-Source"), answer.content


logging.getLogger("django.request").setLevel("CRITICAL")  # else a traceback for each error 500

# %%
STOP, GO = 36, 120
truth = {slug: Client().get(f"/talks/{slug}/").content for slug in slugs}  # more ratings by now
waits.clear()
breaker = Breaker()
phase, send = ["before"], in_process
events = {STOP: turn(lambda: os.kill(server_6.pid, signal.SIGSTOP), "during"),
          GO: turn(lambda: os.kill(server_6.pid, signal.SIGCONT), "after")}
planned_6 = plan(slow_ways, 156, events, seed=6)
with aliases(server_6, slow_ways), override_settings(ROOT_URLCONF=urls_slow):
    slow = load.open_loop(visit, planned_6, rate_per_s=60, workers=8, seconds=60, seed=6)
server_6.stop()
slow, moments_6 = in_phases(slow, planned_6, STOP, GO)

# %%
ax = plots.axes()
for number, (way, rows) in enumerate(slow.groupby("way", sort=False)):
    ax.plot(rows.start_s, rows.latency_ms, plots.MARKERS[number], color=plots.COLOURS[number],
            label=way, fillstyle="none")
for second in moments_6.values():
    ax.axvline(second, color="0.45", linewidth=1, linestyle=":")
ax.set(xlabel="time (s)", ylabel="time of one page (ms)", yscale="log")
ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=3, frameon=False)
ax.set_title("memcached stopped, between the dotted lines: one breaker pays the timeout least")
lesson.show(
    ax,
    alt="Time of each page on a logarithmic axis. While memcached is stopped, pages with a "
    "timeout alone take a third of a second; with dead_timeout some are slow; with one breaker "
    "a few.",
)

# %% tags=["nbval-ignore-output"]
paid = pd.DataFrame(waits, columns=["way", "waited_ms"])
paid = paid.assign(paid=paid.waited_ms > 90).groupby("way").paid.sum().reindex(list(slow_ways), fill_value=0)
times_6 = load.quantiles(slow.assign(which=slow.phase + ", " + slow.way), by="which")
print(times_6.pivot(index="which", columns="quantile", values="latency_ms").round(0))
paid

# %%
claim(
    "The timeout alone is paid most often, one breaker for all threads least often.",
    [paid.iloc[0] > paid.iloc[1], paid.iloc[1] > paid.iloc[2]], equals=[True, True],
)
claim(
    "No page is an error and none is wrong, stopped server or not.",
    slow.outcome.isin(FINE).mean(), equals=1,
)

# %%
because = "..."  # one sentence: why does the breaker of a thread learn less than one for all?

# %% [markdown]
# **Why.** `timeout` and `connect_timeout` are `None` as it comes: wait for ever. With eight threads, eight such requests stop the whole site, although the
# database is well. A timeout alone bounds each page, and every page pays it in full. A breaker pays once, then answers "miss" for a while, and then lets *one* request try.
# pymemcache's `dead_timeout` is such a breaker, but each thread of each process has its own, and learns by itself. Ours is one for a process. (Nygard, "Release It!", 2007.)
#
# When would this be untrue? A timeout shorter than memcached's slowest honest answer makes misses out of hits: look at p99 first.
#
# **In your project:** `"OPTIONS": {"timeout": 0.1, "connect_timeout": 0.1, "ignore_exc": True, "dead_timeout": 1}`.

# %% [markdown]
# ### 7. Full, new, refused
#
# 400 pages of 8 kB: 64 MB have room for all, 2 MB have not. In the middle of the run memcached is restarted, empty. Which share of the requests
# reaches the database in the 250 after the restart, with 64 MB?

# %%
guess_cold = ...  # for example: 0.1

# %%
def make_page(key):
    return Talk.objects.values_list("title", flat=True).get(id=talk_ids[key]).ljust(8_000)


def fetch(key):
    made = []
    page = cache.get_or_set(f"talk:{key}", lambda: made.append(make_page(key)) or made[0])
    return page, not made


# %%
trace = traffic.zipf(requests=4_000, keys=400, alpha=0.9, seed=7)
in_truth = {key: make_page(key) for key in range(400)}
rows = []
for memory_mb in (64, 2):
    with memcached.start(memory_mb=memory_mb) as server_7, aliases(server_7, {}):
        for number, key in enumerate(trace.tolist()):
            if number == 2_000:
                cache.close()  # as Django does after each request
                server_7.restart()
            page, hit = fetch(key)
            rows.append((f"{memory_mb} MB", number, hit, page == in_truth[key]))

# %%
seen = pd.DataFrame(rows, columns=["setup", "number", "hit", "right"])
seen["requests_seen"] = (seen.number // 250 + 1) * 250
hit_windows = seen.groupby(["setup", "requests_seen"], sort=False).hit.mean()
frame = hit_windows.rename("hit_rate").reset_index()
ax = plots.over_time(frame, marks={"restarted, empty": 2_000})
for line in ax.get_lines():
    line.set_fillstyle("none")  # where both are equal, both are seen
ax.legend(frameon=False)
ax.set_title("Full means fewer hits; new means few hits for a while; neither is an error")
lesson.show(
    ax,
    alt="Hit rate in windows of 250 requests, for 64 MB and 2 MB: both rise, fall back at the "
    "restart to where they began, and rise again; 64 MB ends higher.",
)

# %%
large = hit_windows["64 MB"]
lesson.compare(guess_cold, round(1 - large[2_250], 2))
claim(
    "After the restart at least twice as many requests reach the database as just before it.",
    (1 - large[2_250]) / (1 - large[2_000]), above=2,
)
claim(
    "Full at 2 MB, the cache hits less in the last quarter than with 64 MB.",
    large.iloc[-4:].mean() - hit_windows["2 MB"].iloc[-4:].mean(), above=0.03,
)
claim("Every one of the 8,000 pages is right.", seen.right.sum(), equals=8_000)

# %% [markdown]
# What memcached *refuses* is another matter: one item may have a megabyte at most, and a value must be something that pickle can take apart.

# %%
from pymemcache.exceptions import MemcacheServerError

film = "x" * 2_000_000
server_8 = memcached.start(memory_mb=64)
with aliases(server_8, {"ignore_exc": {"ignore_exc": True}}):
    with lesson.expect(MemcacheServerError):
        cache.set("film", film)
    with lesson.expect(TypeError):
        cache.set("talks", (talk for talk in ["one", "two"]))
    caches["ignore_exc"].set("film", film)
    silently = [cache.get("film", "a miss"), caches["ignore_exc"].get("film", "a miss")]
server_8.stop()

# %%
claim(
    "Two megabytes are not kept, either way; with ignore_exc nothing says so.",
    silently, equals=["a miss"] * 2,
)

# %%
because = "..."  # one sentence: why is an empty cache a danger to the database?

# %% [markdown]
# **Why.** A full memcached throws out what was long not asked for: no error, fewer hits, and `evictions` in `stats` counts them. A new one misses everything
# once, so the database gets all requests at the very moment when all visitors are there: that is how a restart of the cache takes a site down. Both are harmless to the *answers*.
# An item over the limit is an exception as it comes, and memcached has dropped the old value by then (lesson 10). With `ignore_exc`
# the page is right and made anew each time; only the hit rate shows it.
#
# **In your project:** size the *database* for the minutes after a restart, or let traffic in slowly.

# %% [markdown]
# ### 8. Benchmark first
#
# Before you cache a page, ask what it spends its time on: SQL, the template, or Python in between. What share of the list of talks, fifty on a page,
# is SQL?

# %%
guess_sql = ...  # for example: 0.8

# %%
from unittest.mock import patch

from django.template.backends.django import Template

render = Template.render


def timed_render(in_template):
    """Template.render that notes its milliseconds, without the SQL inside it."""

    def timed(self, *arguments, **named):
        with queries.watch() as inside:
            began = time.perf_counter()
            text = render(self, *arguments, **named)
            in_template.append(1000 * (time.perf_counter() - began) - inside.frame.ms.sum())
        return text

    return timed


# %%
def profile(address, times):
    """Mean milliseconds of a page in SQL, template and other Python."""
    in_template, began = [], time.perf_counter()
    with patch.object(Template, "render", timed_render(in_template)), queries.watch() as seen_all:
        for _ in range(times):
            Client().get(address)
    whole = 1000 * (time.perf_counter() - began)
    found = pd.Series({"SQL": seen_all.frame.ms.sum(), "template": sum(in_template)})
    return pd.concat([found, pd.Series({"Python": whole - found.sum()})]) / times


# %% [markdown]
# Two pages of the conference, and two of our own: one asks once for each row (N+1), one adds up all ratings.

# %%
def n_plus_one(request):
    lines = [f"{talk.title}: {talk.room.name}" for talk in Talk.objects.all()[:100]]
    return HttpResponse("\n".join(lines))


def ten_best(request):
    best = mean_of_all("default", None)
    return HttpResponse("\n".join(f"{row['talk']}: {row['stars']:.2f}" for row in best))


class urls_profiled:
    urlpatterns = [path("plus/", n_plus_one), path("best/", ten_best), *urls.urlpatterns]


# %% tags=["nbval-ignore-output"]
addresses = {"list of talks": ("/talks/", 8), "one talk": (f"/talks/{slugs[0]}/", 8)}
addresses |= {"N+1": ("/plus/", 3), "ten best": ("/best/", 2)}
with override_settings(ROOT_URLCONF=urls_profiled):
    profiled = pd.DataFrame({name: profile(*each) for name, each in addresses.items()}).T
of_page = profiled.div(profiled.sum(axis=1), axis=0)
lesson.compare(guess_sql, round(of_page.SQL["list of talks"], 2))

# %%
names = {name: f"{name}: {ms:.0f} ms" for name, ms in profiled.sum(axis=1).items()}
ax = plots_costs.parts(100 * of_page.rename(names), "share of the page's time (%)")
ax.set_title("Only one of four pages waits mainly for its SQL")
lesson.show(
    ax,
    alt="Four bars of 100 percent, in parts SQL, template and Python. The ten best are nearly "
    "all SQL; the list of talks is mostly template.",
)

# %%
claim(
    "The list of talks spends less than half of its time in SQL.",
    of_page.SQL["list of talks"], below=0.5,
)
claim(
    "The ten best of all ratings are SQL, for more than three quarters.",
    of_page.SQL["ten best"], above=0.75,
)

# %%
because = "..."  # one sentence: which of the four would a cache of query results help?

# %% [markdown]
# **Why.** A cache of query results saves the SQL part at most. The list of talks is rendering and making objects: only a cache of the whole page, or of a part of it, saves that
# (lesson 11), or fewer rows. The N+1 page has a hundred quick queries, and its Python is the ORM building each of them: there is a cheaper cure than a cache. The ten best wait for one query.
#
# When would this be untrue? Far from the database each query costs a trip, and the SQL part grows with their *number*.
#
# **In your project:** `queries.watch` is ours; django-debug-toolbar and `connection.queries` show the same, `cProfile` the Python part.

# %% [markdown]
# ### 9. Cheaper than a cache
#
# Four cures that never go stale by themselves: an index, `select_related`, a table of sums (rollup), and telling the browser. By which factor does an
# index on `created` speed up "the ten newest ratings" of 200,000?

# %%
guess_factor = ...  # for example: 3

# %%
from django.db import models

from helpers.project.boot import clear_scratch, create_tables

clear_scratch()


class Rollup(models.Model):
    talk = models.PositiveIntegerField(primary_key=True)
    total, number = models.PositiveIntegerField(), models.PositiveIntegerField()
    mean = models.FloatField(db_index=True)

    class Meta:
        app_label = "scratch"


create_tables(Rollup)
newest = Rating.objects.order_by("-created", "-id")[:10]
plans = [newest.explain()]

# %% [markdown]
# Before and after, each with its number of queries and the better of two times:

# %%
def timed_best(call):
    spent = []
    for _ in range(2):
        with queries.watch() as seen_here:
            began = time.perf_counter()
            answer = call()
            spent.append(1000 * (time.perf_counter() - began))
    return {"ms": min(spent), "queries": seen_here.count, "answer": answer}


def rooms(talks):
    return [talk.room.name for talk in talks[:100]]


def best_of_all():
    return [row["talk"] for row in mean_of_all("default", None)]


# %%
cures = {
    ("index", "before"): timed_best(lambda: [row.pk for row in newest.all()]),
    ("select_related", "before"): timed_best(lambda: rooms(Talk.objects.all())),
    ("select_related", "after"): timed_best(lambda: rooms(Talk.objects.select_related("room"))),
    ("rollup", "before"): timed_best(best_of_all),
}

# %%
from django.db import transaction
from django.db.models import Sum

with transaction.atomic():
    sums = Rating.objects.order_by().values("talk").annotate(
        total=Sum("stars"), number=Count("id"), mean=Avg("stars"))
    Rollup.objects.bulk_create(Rollup(talk=row.pop("talk"), **row) for row in sums)
by_mean = Rollup.objects.order_by("-mean", "talk")[:10]
cures["rollup", "after"] = timed_best(lambda: list(by_mean.values_list("talk", flat=True)))
with connections["default"].cursor() as cursor:  # in a project: Meta.indexes and a migration
    cursor.execute("CREATE INDEX newest_first ON conference_rating (created DESC, id DESC)")
plans.append(newest.explain())
cures["index", "after"] = timed_best(lambda: [row.pk for row in newest.all()])
with connections["default"].cursor() as cursor:
    cursor.execute("DROP INDEX newest_first")
plans

# %% [markdown]
# And the browser: with an ETag it asks "is this still the page?" and gets 304 with nothing in it. `max-age` saves even the question.

# %%
from django.views.decorators.cache import cache_control
from django.views.decorators.http import condition


@cache_control(max_age=60)
@condition(etag_func=lambda request: f'"{Rating.objects.order_by().count()}"')
def best_with_tag(request):
    return ten_best(request)


class urls_tagged:
    urlpatterns = [path("best/", best_with_tag)]


# %%
with override_settings(ROOT_URLCONF=urls_tagged):
    full = Client().get("/best/")
    tag = {"If-None-Match": full["ETag"]}
    again = Client().get("/best/", headers=tag)
    cures["ETag", "before"] = timed_best(lambda: Client().get("/best/").content)
    cures["ETag", "after"] = timed_best(lambda: Client().get("/best/", headers=tag).content)
asked = [again.status_code, len(again.content)]
print(len(full.content), "bytes, then", *asked, again["Cache-Control"])

# %%
cure = pd.DataFrame(cures).T.rename_axis(["question", "where"])
answers = cure.answer.unstack().loc[["index", "select_related", "rollup"]]
same = [row.before == row.after for row in answers.itertuples()]
factor = cure.ms.unstack()["before"].astype(float) / cure.ms.unstack()["after"].astype(float)

# %% tags=["nbval-ignore-output"]
lesson.compare(guess_factor, round(factor["index"]))

# %%
ax = plots_costs.spans(cure.reset_index().astype({"ms": float}), "better time of two (ms)")
ax.set_title("Four cures, each faster than before, and no cache on the server")
lesson.show(
    ax,
    alt="Times before and after on a logarithmic axis, for an index, select_related, a rollup "
    "table and an ETag: after is faster for each, for index and rollup at least five times.",
)

# %%
claim("Index, select_related and rollup give the same answers as before.", sum(same), equals=3)
claim(
    "Index and rollup are at least five times as fast as what they replace.",
    factor[["index", "rollup"]].min(), above=5,
)
claim(
    "select_related needs one query in place of 101.",
    cure.queries["select_related"].tolist(), equals=[101, 1],
)
claim(
    "A page that has not changed is answered with 304, and no byte of it.",
    asked, equals=[304, 0],
)

# %%
because = "..."  # one sentence: why can an index not be stale?

# %% [markdown]
# **Why.** An index, too, is a second copy. But the database keeps it, in the same transaction as the row: it cannot be stale. The same holds for the rollup if you change it in the
# transaction that adds the rating; forget it once and it is a cache with a wrong price. `select_related` has no copy at all. The ETag leaves the browser's copy where it is and asks
# whether it still holds: our tag is a count, so a rating that *changes* goes unnoticed; take a time of the last change. `max-age=60` is a TTL in somebody else's cache, which you cannot delete.
#
# When would this be untrue? Each index makes writes slower and takes room.
#
# **In your project:** `Meta.indexes` and `explain()` first; lesson 11 goes on with ETags.

# %% [markdown]
# ### 10. One canonical source
#
# "You should have one canonical data source, and it is not your cache." The test is one command: `flush_all`. Forty pages and a counter of visits are in memcached. How many
# of 200 visits does the counter know of after it?

# %%
guess_left = ...  # for example: 200

# %% [markdown]
# The counter in the cache alone is the wrong way. Beside it the same count in the database.

# %%
clear_scratch()


class Visits(models.Model):
    number = models.PositiveIntegerField(default=0)

    class Meta:
        app_label = "scratch"


create_tables(Visits)
Visits.objects.create(pk=1)


def counted_visit(slug):
    cache.add("visits", 0, timeout=None)
    cache.incr("visits")
    Visits.objects.filter(pk=1).update(number=models.F("number") + 1)
    return browser.get(f"/cached/{slug}/").content


# %%
truth = {slug: Client().get(f"/talks/{slug}/").content for slug in slugs}


def state():
    """What is known: pages that are right, and both counters."""
    held = {slug: cache.get(f"talk:{slug}") for slug in slugs}
    in_database = Visits.objects.get(pk=1).number
    return [sum(held[slug] == truth[slug] for slug in slugs), cache.get("visits", 0), in_database]


# %%
server_10 = memcached.start(memory_mb=64)
states = {}
with aliases(server_10, {}), override_settings(ROOT_URLCONF=urls):
    for number in range(200):
        counted_visit(slugs[number % 40])
    states["after 200 visits"] = state()
    cache.clear()  # flush_all
    states["after flush_all"] = state()
    rebuilt = [browser.get(f"/cached/{slug}/").content == truth[slug] for slug in slugs]
    states["after one more visit to each"] = state()
server_10.stop()
what = ["right pages in the cache", "counter in the cache", "counter in the database"]
known = pd.DataFrame(states, index=what)
known

# %%
lesson.compare(guess_left, known["after flush_all"]["counter in the cache"])
claim(
    "All forty pages come back from the database, byte for byte; nothing of them is lost.",
    [known["after one more visit to each"].iloc[0], sum(rebuilt)], equals=[40, 40],
)
claim(
    "The counter in the cache alone has lost all 200 visits; the one in the database none.",
    [int(each) for each in known["after flush_all"].iloc[1:]], equals=[0, 200],
)

# %%
because = "..."  # one sentence: what in your project would flush_all destroy?

# %% [markdown]
# **Why.** The pages were copies, so emptying the cache cost time and nothing else. The counter was no copy: memcached was its only home, and memcached promises nothing, neither to keep an entry
# nor to survive. That is what "canonical" means: the place from which everything else can be made again. Sessions, rate limits and locks in the cache are
# such sole homes too: decide what their loss costs before you put them there (lesson 10 for counters, lesson 11 for sessions).
#
# **In your project:** run `cache.clear()` on the staging system in working hours. If that frightens you, you know where to look.
#
# #### Exercise: a second domain
# A library shows on its web page how many copies of each book are out. The numbers are cached; memcached was restarted.


# %%
@exercise("should-4-library")
def rebuild(cache, books, loans):
    """Fill `cache` anew: for each of `books` the key "out:<book>" holds how many copies are lent.

    `loans` has one dictionary a loan: {"book": 7, "returned": False}; it is the only truth.
    """
    ...


# %% [markdown]
# ### 11. The whole half minute
#
# Section 5 saw twelve seconds of the shop; by now it has traded for more than thirty. With a TTL of 30 seconds: what share of the answers is wrong in second 29, just
# before the entries expire?

# %%
guess_last = ...  # for example: 0.5

# %%
all_reads, with_end = watched(SECONDS)
whole = by_second(all_reads, SECONDS)
server_5.stop()

# %% tags=["hidden-source"]
ax = plots_costs.over_seconds(whole, "wrong", "wrong answers (share)")
ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=2, frameon=False)
ax.set_title("Half a minute: with TTL 30 s nearly all is wrong, until it expires")
lesson.show(
    ax,
    alt="Share of wrong answers in each of 32 seconds. TTL 30 s climbs from zero to above three "
    "quarters and falls steeply at second 30; TTL 5 s is a saw; TTL 1 s and deleted on write "
    "stay near zero. Lines of the theory run through the points.",
)

# %% tags=["nbval-ignore-output"]
by_ttl = whole[whole.source == "measured"].set_index(["setup", "second"]).wrong["TTL 30 s"]
lesson.compare(guess_last, round(by_ttl[29.5], 2))
totals_11 = totals_of(all_reads, whole)
in_database = with_end[with_end.setup == "database"].wrong
totals_11.round(3)

# %%
claim(
    "In the worst second before they expire, more than 75 % are wrong.",
    by_ttl[by_ttl.index < 30].max(), above=0.75,
)
claim(
    "In the best second after that, fewer than 35 %.",
    by_ttl[by_ttl.index > 30].min(), below=0.35,
)

# %%
claim(
    "Over the whole half minute more than half of the answers is wrong with a TTL of 30 s.",
    totals_11.share["TTL 30 s"], above=0.5,
)
claim(
    "The theory is within ten points of each measured share.",
    (totals_11.share - totals_11.theory).iloc[:3].abs().max(), below=0.1,
)
claim(
    "Deleted on write, none is wrong; nor is one of the fifty prices in the database at the end.",
    [totals_11.wrong.iloc[3], in_database.sum(), len(in_database)], equals=[0, 0, 1],
)

# %%
databases.remove("postgres")
server_4.stop()

# %%
because = "..."  # one sentence: when are all entries of the price list fetched anew?

# %% [markdown]
# **Why.** Nearly all entries came in the first second, so nearly all expire together, at second 30, and are fetched anew: the line begins again from zero. Over a whole life of an entry
# the mean share is 1 − (1 − exp(−μT)) / (μT), for T = 30 s and μ = 0.1 a second about two thirds. And the expiry has a price of its own: fifty misses in hardly more than a second. With a popular page and
# many readers that is a stampede (lesson 10).
#
# When would this be untrue? Entries that came at different moments expire at different moments: the mean stays, the cliff goes.
#
# **In your project:** vary the timeout a little from key to key, as in `timeout=300 + random.randrange(60)`.

# %% [markdown]
# ## There is a method for that
#
# | what people write | what exists |
# |---|---|
# | get, test for None, compute, set | [`cache.get_or_set`](https://docs.djangoproject.com/en/5.2/topics/cache/#basic-usage) |
# | `timeout=10**9` for "for ever" | [`timeout=None`](https://docs.djangoproject.com/en/5.2/topics/cache/#basic-usage) |
# | try and except in every view | [`OPTIONS`](https://docs.djangoproject.com/en/5.2/topics/cache/#memcached): `ignore_exc`, `timeout`, `connect_timeout`, `dead_timeout` |
# | a cache around one query for each row | [`select_related`](https://docs.djangoproject.com/en/5.2/ref/models/querysets/#select-related), `prefetch_related` |
# | a cache around a slow filter | [`Meta.indexes`](https://docs.djangoproject.com/en/5.2/ref/models/indexes/), and [`explain()`](https://docs.djangoproject.com/en/5.2/ref/models/querysets/#explain) |
# | delete the key in the middle of a transaction | [`transaction.on_commit`](https://docs.djangoproject.com/en/5.2/topics/db/transactions/#performing-actions-after-commit) |
# | send the same page again | [`@condition`](https://docs.djangoproject.com/en/5.2/topics/conditional-view-processing/), `ConditionalGetMiddleware` |
#
# New and hard usually means done wrong: if a page needs a cache to be bearable, look at its queries first.
#
# ## The Django way, and when to fight it
#
# - One `CACHES` entry, its `OPTIONS` written out, one function for get and set: every view uses that.
# - The ORM first: `select_related`, an index, `explain()`. Then a cache, with a hit rate that you know.
# - Fight it where one breaker for all threads is worth more than one for each: wrap the backend once, not each view.

# %% [markdown]
# ## Five questions

# %% tags=["hidden-source"]
lesson.quiz(
    "memcached is killed. Django has no OPTIONS. What do the pages do?",
    right={"A few fail at once, most are made from the database; after repeated failures all fail for a minute.": "The client raises, then spares the server for a second, and calls it dead after the fourth failure in a row."},
    wrong={
        "All are right, only slower.": "That takes ignore_exc, or a guard of your own.",
        "All wait until it is back.": "A refused connection is an answer. They would wait for a stopped one.",
    },
)

# %% tags=["hidden-source"]
lesson.quiz(
    "cache.set(key, value, timeout=0): how long is it kept?",
    right={"Not at all.": "For ever is timeout=None; memcached's own 0 means for ever, and Django translates."},
    wrong={
        "For ever.": "In memcached's own protocol, yes. Django's 0 is 'not at all'.",
        "For the default of the settings.": "That holds where no timeout is given.",
    },
)

# %% tags=["hidden-source"]
lesson.quiz(
    "A row by its primary key takes 0.2 ms, get and set 0.05 ms each. Where is the break-even hit rate?",
    right={"At 40 %.": "(get + set) / (database + set) = 0.1 / 0.25."},
    wrong={
        "At 25 %.": "get / database forgets that a miss also stores.",
        "A cache always pays.": "At hit rate 0 a request takes 0.3 ms in place of 0.2.",
    },
)

# %% tags=["hidden-source"]
lesson.quiz(
    "A TTL of 5 seconds. What does it promise?",
    right={"No answer is older than five seconds.": "How many are wrong depends on how often the truth changes."},
    wrong={
        "At most one in twenty answers is wrong.": "With a truth that changes each second, most of them are.",
        "A change is seen at once.": "Only if somebody deletes or replaces the entry.",
    },
)

# %% tags=["hidden-source"]
lesson.quiz(
    "What may live in the cache and nowhere else?",
    right={"Only what may be gone the next moment.": "flush_all, an eviction or a restart takes it without a word."},
    wrong={
        "Counters, they are only numbers.": "The 200 visits of section 10 were numbers too.",
        "Anything with timeout=None.": "None means: as long as there is room and a server.",
    },
)

# %% [markdown]
# ## What you now know
#
# - A cached view is get, make, set; `None` is for ever, `0` not at all.
# - A second copy multiplies what must be tested: two situations became eight.
# - As it comes, Django lets a dead memcached fail some pages, a stopped one hang them. `ignore_exc` and timeouts make both a miss.
# - By its key a row is as fast from the database; the break-even hit rate says where a cache begins to pay.
# - A TTL bounds the age of an answer, not the number of wrong ones. Deleting on commit does.
# - An index, `select_related` and a rollup are cheaper than a cache, and keep right by themselves or in the transaction.
# - One canonical source, and it is not the cache.
#
# Next: lesson 09, the hit rate: how much memory does a cache need?
