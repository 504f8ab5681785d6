# %% [markdown]
# # 11. Publish Cache
#
# Which whole pages may be kept, for whom, and what has to go when a row changes? Count it.
#
# **Core:** 60 minutes · **deeper:** 50 minutes · **needs:** 08, 09 · **helps:** 12, 14 ·
# **starts:** memcached and gunicorn, on loopback
#
# Credit: the pattern comes from Jacob Burch and Noah Silas, "Cache Rules Everything Around Me", DjangoCon 2011, as told in
# "DjangoCon, part four". Sections 2 and 5–8 and all experiments are added by us.

# %% tags=["hidden-source"]
from helpers import lesson

lesson.recall(
    {
        "Who answers when a cache is empty or gone?": "The database: every page must be right without the cache.",
        "Why does a hit rate need a “since when”?": "A cold cache misses every first request, so the rate rises while you count.",
        "When does transaction.on_commit(f) run f?": "After the outermost transaction has committed; never if it is rolled back.",
    }
)

# %% [markdown]
# ## Why it trips people up
#
# - "Hello Ada? My name is Bob."
# - "We fixed the title an hour ago, and the list still has the old one."
# - "`CSRF verification failed`, but only for some visitors."
# - "Our pages are cached. Why is the hit rate 3 %?"
# - "memcached was restarted, and everybody was logged out."

# %% tags=["hidden-source"]
import logging
import re
import time
from hashlib import sha256
from unittest import mock
from urllib.request import Request, urlopen

import numpy as np
import pandas as pd
from django.conf import settings
from django.core.cache import cache
from django.test import Client, RequestFactory, override_settings
from django.utils import translation

from helpers import plots, plots_pages, queries
from helpers.caching import traffic
from helpers.lesson import claim, exercise

# %%
from helpers.project import site
from helpers.services import memcached

lesson.start("11-publish-cache")
pd.set_option("display.max_colwidth", 80)  # whole headers in the tables
server = memcached.start(memory_mb=64)  # one for the whole lesson
memcache = "django.core.cache.backends.memcached.PyMemcacheCache"
CACHES = {"default": {"BACKEND": memcache, "LOCATION": server.url}}
UPDATE = "django.middleware.cache.UpdateCacheMiddleware"
FETCH = "django.middleware.cache.FetchFromCacheMiddleware"

# %% [markdown]
# One function for all visits: through Django's real request cycle, with all its middleware, and with the queries counted. (Folded
# cells import, log people in or draw. A click on the bar opens them.)

# %%
quiet = mock.patch.object(logging.getLogger("django.request"), "disabled", True)


def visit(path, cookies=None, **headers):
    client = Client(raise_request_exception=False)  # a new one knows the settings of this moment
    client.cookies = cookies or client.cookies
    with queries.watch() as seen:
        answer = client.get(path, headers=headers)
    answer.queries, answer.seen = seen.count, seen
    answer.hit = "Age" in answer.headers  # Django says how old a page from the cache is
    return answer


# %% [markdown]
# ## 1. Which order do the two middlewares want?
#
# `FetchFromCacheMiddleware` looks for a page, `UpdateCacheMiddleware` keeps it. The schedule names its days in the visitor's
# language. Fetch seems to come first and Update last. An English and a German visitor come in turn, twice.
# How many of the four visits show the wrong language?

# %%
guess_wrong = ...  # for example: 0

# %%
LOCALE = "django.middleware.locale.LocaleMiddleware"
inner = [*settings.MIDDLEWARE[:2], LOCALE, *settings.MIDDLEWARE[2:]]
orders = {
    "Fetch first, Update last": [FETCH, *inner, UPDATE],
    "Update and Fetch first": [UPDATE, FETCH, *inner],
    "Update first, Fetch last": [UPDATE, *inner, FETCH],
}

# %%
rows = []
for order, middleware in orders.items():
    fresh_thread = translation.override("en-us")  # no visitor has left a language in it
    with fresh_thread, override_settings(CACHES=CACHES, MIDDLEWARE=middleware):
        cache.clear()
        for number, language in enumerate(["en", "de", "en", "de"]):
            page = visit("/", accept_language=language)
            got = "de" if "Dienstag" in page.text else "en"
            rows.append([order, number + 1, language, got, page.queries])
order_visits = pd.DataFrame(rows, columns=["order", "visit", "asked", "got", "queries"])
order_visits["wrong"] = order_visits.asked != order_visits.got
by_order = order_visits.groupby("order", sort=False)[["wrong", "queries"]].sum()
lesson.compare(guess_wrong, by_order.wrong["Fetch first, Update last"])
by_order

# %%
claim(
    "With Fetch first and Update last, the German visitor reads the English page, both times.",
    by_order.wrong["Fetch first, Update last"], equals=2,
)
claim(
    "With Update first and Fetch last nobody does, and two of the four visits ran no query.",
    [by_order.wrong.iloc[2], (order_visits.queries[8:] == 0).sum()], equals=[0, 2],
)

# %% [markdown]
# Three names steer the two: `CACHE_MIDDLEWARE_SECONDS`, for how long; `CACHE_MIDDLEWARE_ALIAS`, in which of `CACHES`; and
# `CACHE_MIDDLEWARE_KEY_PREFIX`, in which set of pages: another prefix for each release, and none begins with old pages. Here
# "pages" is a second memcached. For one view alone there is `cache_page(seconds)`: the same two, around that view.

# %%
pages_server = memcached.start(memory_mb=16)
two_caches = {**CACHES, "pages": {"BACKEND": memcache, "LOCATION": pages_server.url}}
cached = [UPDATE, *settings.MIDDLEWARE, FETCH]
prefixed, aliased = {"CACHE_MIDDLEWARE_KEY_PREFIX": "two"}, {"CACHE_MIDDLEWARE_ALIAS": "pages"}
brief = {"CACHE_MIDDLEWARE_SECONDS": 30, "CACHE_MIDDLEWARE_KEY_PREFIX": "three"}
flushed, rows = 4, []
for number, named in enumerate([{}, {}, prefixed, aliased, {}, aliased, brief]):
    with override_settings(CACHES=two_caches, MIDDLEWARE=cached, **named):
        if number in (0, flushed):
            cache.clear()  # the default one alone
        page = visit("/talks/?named")
    name = ", ".join(f"{setting}={value}" for setting, value in named.items()) or "as usual"
    rows.append([name, number >= flushed, page.hit, page.queries, page["Cache-Control"]])
steered = pd.DataFrame(rows, columns=["settings", "flushed", "found", "queries", "browsers told"])
steered

# %%
claim(
    "Another key prefix is another set of pages: made, found, and under a new one made anew.",
    steered.found.tolist()[:3], equals=[False, True, False],
)
claim(
    "With an alias the pages lie in the other cache: a flush of the default one leaves them.",
    steered.found.tolist()[3:6], equals=[False, False, True],
)
claim(
    "CACHE_MIDDLEWARE_SECONDS is told to browsers too: 30 in place of the usual 600.",
    steered["browsers told"].tolist()[5:], equals=["max-age=600", "max-age=30"],
)

# %% [markdown]
# What does it save? Three pages, 15 visits each, made anew and from the cache.

# %%
one_talk = "/talks/keynote-by-jacob-kaplan-moss/"
pages_1 = {"list of talks": "/talks/", "schedule": "/", "one talk": one_talk}
rows = []
for way, middleware in {"made": settings.MIDDLEWARE, "from the cache": cached}.items():
    with override_settings(CACHES=CACHES, MIDDLEWARE=middleware):
        for name, path in pages_1.items():
            visit(path)  # the first fills the cache
            for _ in range(15):
                began = time.perf_counter()
                page = visit(path)
                spent_ms = 1000 * (time.perf_counter() - began)
                rows.append([name, way, spent_ms, page.queries])
timed_rows = rows

# %% tags=["nbval-ignore-output", "hidden-source"]
timed = pd.DataFrame(timed_rows, columns=["page", "way", "ms", "queries"])
medians = timed.groupby(["page", "way"], as_index=False)[["ms", "queries"]].median()
medians.pivot(index="page", columns="way").round(2)

# %% tags=["hidden-source"]
ax = plots.axes(height=2.8)
plots.dots(medians, "ms", "time of one visit, median of 15 (ms)", "page", "way", ax=ax)
ax.legend(loc="upper center", bbox_to_anchor=(0.4, -0.2), ncols=2, frameon=False)
ax.set_xlim(left=0)
ax.set_title("From the cache all pages take about the same time; made, each its own")
lesson.show(
    ax,
    alt="Median times of three pages: the list of talks takes longest to make and a single talk"
    " is quick; from the cache all three take about the same short time.",
)

# %%
spent = medians.set_index(["page", "way"])
claim(
    "From the cache none of the three pages runs a query.",
    spent.queries.xs("from the cache", level="way").sum(), equals=0,
)
claim(
    "The list of talks is made at least twice as slowly as it is fetched, in this run.",
    spent.ms["list of talks", "made"] / spent.ms["list of talks", "from the cache"], above=2,
)

# %%
because = "..."  # one sentence: why must Update stand first, although it works last?

# %% [markdown]
# **Why.** A middleware sees the request on the way in and the answer on the way out; the way out is the list read backwards.
# Update works on the way out, so *first in the list* means *last to touch the answer*: by then the language, the `Vary` and the
# cookies are all in it. Fetch works on the way in: last in the list, it knows the language when it looks. Swapped, it looks
# before anybody has asked for the language, and finds what the last language left.
#
# When is it not worth it? Where making the page is quick already: one talk gains least, and needs the same care.
#
# **In your project:** `MIDDLEWARE` in `settings.py`; read it twice, once downwards, once upwards.
#
# ### Exercise: put them where they belong


# %%
@exercise("publish-1-order")
def with_page_cache(middleware):
    """A new list: `middleware` with the two of the page cache where they belong, each once.

    They may already be in it, also in wrong places; `middleware` itself stays as it is.
    """
    ...


# %% [markdown]
# ## 2. Who else is shown my page?
#
# A page greets its visitor by name. Four ways to cache it, under one gunicorn with two workers,
# on one memcached:

# %%
PERSONAL = '''
from django.http import HttpResponse
from django.urls import path
from django.views.decorators.cache import cache_control, cache_page
from django.views.decorators.vary import vary_on_cookie

def hello(request):
    return HttpResponse(f"Hello {request.user}")

urlpatterns = [
    path("cache_page/", cache_page(60)(hello)),
    path("vary_on_cookie/", cache_page(60)(vary_on_cookie(hello))),
    path("private/", cache_page(60)(cache_control(private=True)(hello))),
    path("middleware/", hello),
]'''

# %% [markdown]
# Five people log in, for real: each has a row in the table of sessions, and a cookie. Each visits each page four times, in turn.
# That is 20 visits a page. (`greeted`, folded below, asks as one of them.) How many of the 20 are greeted with somebody else's name by the first, plain `cache_page`?

# %%
guess_leaked = ...  # for example: 0

# %% tags=["hidden-source"]
from django.contrib.auth.models import User

names = ["ada", "bob", "cleo", "dan", "eve"]
visitors = {}
for name in names:
    client = Client()
    client.force_login(User.objects.get_or_create(username=name)[0])
    visitors[name] = client.cookies


def greeted(url, name):
    cookie = "sessionid=" + visitors[name]["sessionid"].value
    with urlopen(Request(url, headers={"Cookie": cookie}), timeout=20) as answer:
        return answer.read().decode(), "Age" in answer.headers


# %%
rows = []
options = {"CACHES": CACHES, "MIDDLEWARE": cached, "ROOT_URLCONF": "personal"}
options["CACHE_MIDDLEWARE_KEY_PREFIX"] = f"personal-{time.time_ns()}"  # none of an earlier run
with site.start(workers=2, settings=options, files={"personal.py": PERSONAL}) as running:
    for way in ("cache_page", "vary_on_cookie", "private", "middleware"):
        for name in names * 4:
            text, hit = greeted(f"{running.url}/{way}/", name)
            rows.append([way, name, text, hit, text != f"Hello {name}"])
greetings = pd.DataFrame(rows, columns=["way", "visitor", "text", "hit", "wrong"])
by_way = greetings.groupby("way", sort=False)[["wrong", "hit"]].sum()
lesson.compare(guess_leaked, by_way.wrong["cache_page"])
by_way

# %% tags=["hidden-source"]
long = by_way.rename(columns={"wrong": "somebody else's page", "hit": "from the cache"})
long = long.rename_axis("way").reset_index().melt("way", var_name="of 20", value_name="visits")
ax = plots_pages.counts(long, "visits", "visits, of 20 for each way", "way", "of 20")
ax.set(xlim=(-0.5, 20.5), xticks=range(0, 21, 4))
ax.set_title("The best hit rate belongs to the page that leaks")
lesson.show(
    ax,
    alt="Of 20 visits each: plain cache_page has 19 hits and 16 wrong pages; vary_on_cookie and "
    "the middleware have 15 hits and none wrong; private has no hits and none wrong.",
)

# %%
claim(
    "Plain cache_page showed 16 of 20 visits somebody else's page: all but the first visitor's.",
    by_way.wrong["cache_page"], equals=16,
)
claim(
    "vary_on_cookie inside cache_page, Cache-Control: private, or the middleware: none of 60.",
    by_way.wrong[["vary_on_cookie", "private", "middleware"]].sum(), equals=0,
)

# %% [markdown]
# The leak is closed, and the hit rate went down: a copy a visitor. How far down can it go? 40 pages of talks, 400 visits. The answer
# varies with the language and with a cookie: `languages × cookies` variants of each page, up to a tracking cookie of everybody's own.
# (`play_variants`, folded, sends the visits.) Which hit rate is left with 256?

# %%
guess_variants = ...  # for example: 0.5

# %% tags=["hidden-source"]
from helpers.conference.models import Talk

slugs = list(Talk.objects.order_by("id").values_list("slug", flat=True))
trace = traffic.zipf(requests=400, keys=len(slugs), alpha=0.9, seed=11).tolist()


def play_variants(languages, cookies, seed=4):
    draw, hits = np.random.default_rng(seed), 0
    for talk in trace:
        headers = {"accept_language": ["en", "de", "fr", "es"][draw.integers(languages)]}
        headers["cookie"] = f"visitor={draw.integers(cookies)}"
        hits += visit(f"/talks/{slugs[talk]}/", **headers).hit
    return hits / len(trace)


# %% [markdown]
# Room is not short here, so only the first visit to each variant misses. Of *n* visits to a page with popularity *p*, in *v* equal
# variants, 1 − (1 − p/v)ⁿ variants are expected to be seen at all, each. That is the line.

# %%
from django.urls import include, path
from django.views.decorators.vary import vary_on_cookie

from helpers.conference import views

varying = (
    path("talks/<slug:slug>/", vary_on_cookie(views.talk_detail)),
    path("", include("helpers.conference.urls")),
)
with_locale = orders["Update first, Fetch last"]
measured = []
all_varying = override_settings(CACHES=CACHES, MIDDLEWARE=with_locale, ROOT_URLCONF=varying)
with all_varying, translation.override("en-us"):
    for languages, cookies in [(1, 1), (2, 2), (4, 4), (4, 16), (4, 64)]:
        cache.clear()
        measured.append([languages * cookies, play_variants(languages, cookies), "measured"])

# %% tags=["hidden-source"]
chance = traffic.popularity(keys=len(slugs), alpha=0.9)
counts = [2**power for power in range(9)]
firsts = [(v * (1 - (1 - chance / v) ** 400)).sum() / 400 for v in counts]
lines = pd.DataFrame({"variants": counts, "hit_rate": 1 - np.array(firsts), "source": "theory"})
columns = ["variants", "hit_rate", "source"]
variants = pd.concat([pd.DataFrame(measured, columns=columns), lines])

# %% tags=["hidden-source"]
ax = plots.against(variants, "variants", "variants of each page", guess=guess_variants)
ax.set_xscale("log", base=2)
ax.set_xticks(counts, counts)
ax.set_title("Each variant starts cold: a cookie for everyone leaves almost nothing")
lesson.show(
    ax,
    alt="Hit rate against the number of variants, 1 to 256: five measured points on a falling "
    "line, from about 90 % to a few percent.",
)

# %%
points = variants[variants.source == "measured"].set_index("variants").hit_rate
theory_at = variants[variants.source == "theory"].set_index("variants").hit_rate
claim(
    "At every measured number of variants the hit rate is within five points of the line.",
    (points - theory_at[points.index]).abs().max(), below=0.05,
)
claim(
    "With 256 variants less than a quarter is left of the hit rate with one.",
    points[256] / points[1], below=0.25,
)

# %% [markdown]
# The address counts too, with its query string, letter by letter. One page, four addresses:

# %%
links = ["/talks/?page=1&from=mail", "/talks/?from=mail&page=1", "/talks/?utm=1", "/talks/?utm=2"]
with override_settings(CACHES=CACHES, MIDDLEWARE=cached):
    cache.clear()
    link_pages = [visit(link) for link in links]
made_anew = [not page.hit for page in link_pages]
different = len({page.text for page in link_pages})
print("made anew:", sum(made_anew), "· different pages:", different)

# %%
claim(
    "Four addresses of one and the same page were made and kept four times.",
    sum(made_anew) / different, equals=4,
)

# %%
because = "..."  # one sentence: why did cache_page not see the Vary of the session?

# %% [markdown]
# **Why.** A page's key holds the address and the request headers that the answer's `Vary` names. Reading `request.user` makes the
# *session middleware* add `Vary: Cookie`, on the way out, and `cache_page` sits inside it: it kept the page before that. So either
# say it yourself *inside* `cache_page`, or forbid keeping, or keep outermost. Every header in `Vary` multiplies the copies. A
# session cookie is one copy a person; a tracking cookie makes one of strangers, too.
#
# **In your project:** search for `cache_page(` and read each view under it: does it, or a context processor, touch `request.user`,
# the session, a cookie?
#
# ### Exercise: close the leak


# %%
@exercise("publish-2-no-leak")
def published(view):
    """`view`, kept for 60 seconds for each cookie apart: fast for a visitor, shown to no other.

    The view reads request.COOKIES, and does not say so.
    """
    ...


# %% [markdown]
# ## 3. The title changes. Which pages must go?
#
# All pages of the conference, and a feed of all talks, are kept for a year (`every_page`, folded below). Now somebody corrects one talk's title.
# On how many of the stored pages does that title stand?

# %%
guess_pages = ...  # for example: 1

# %% tags=["hidden-source"]
from django.contrib.syndication.views import Feed

from helpers.conference.models import Speaker


class TalkFeed(Feed):
    title, link, description = "Talks", "/talks/", "All talks of the conference"

    def items(self):
        return Talk.objects.order_by("starts_at")


with_feed = (path("feed/", TalkFeed()), path("", include("helpers.conference.urls")))
days = [f"/?day={day:%Y-%m-%d}" for day in Talk.objects.dates("starts_at", "day")]
one_each = [row.get_absolute_url() for model in (Talk, Speaker) for row in model.objects.all()]
every_page = ["/", *days, "/talks/", "/feed/", *one_each]
print(len(every_page), "pages in all")

# %% [markdown]
# Which page depends on which row? Let Django tell: it sends `post_init` for every object that is made from a row. Each page is made
# once, and writes down what it read.

# %%
from django.db.models.signals import post_init


def rows_read(page):
    read = set()

    def note(sender, instance, **kwargs):
        read.add((sender.__name__, instance.pk))

    post_init.connect(note)
    visit(page)
    post_init.disconnect(note)
    return [[page, model, pk] for model, pk in sorted(read)]


# %%
with override_settings(ROOT_URLCONF=with_feed):
    recorded = [row for page in every_page for row in rows_read(page)]
depends = pd.DataFrame(recorded, columns=["page", "model", "pk"])
rows_by_model = depends.groupby("model").size().reindex(["Talk", "Rating"], fill_value=0)
talk = Talk.objects.get(slug="keynote-by-jacob-kaplan-moss")
true_title = "Keynote by Jacob Kaplan-Moss"
concerned = depends.page[(depends.model == "Talk") & (depends.pk == talk.pk)].tolist()
concerned

# %% tags=["hidden-source"]
others = [page for page in every_page if page not in concerned]
chosen = [*concerned, *others[:2], *others[-2:]]
ax = plots_pages.dependencies(depends[depends.page.isin(chosen)], pages=chosen, marked=concerned)
title = f"{len(concerned)} of {len(every_page)} pages read the talk: the marked ones"
ax.set_title(title, loc="right")
lesson.show(
    ax,
    alt="A table of pages and models with the number of rows read. Six marked pages read the "
    "talk: its own, the list, the feed, its day, the start page, its speaker. Others do not.",
)

# %%
claim(
    "Every talk's page shows an average of ratings, and no page's record holds a single Rating.",
    rows_by_model["Rating"], equals=0,
)

# %% [markdown]
# Five ways to publish. Each begins with all pages in the cache, then the title changes. `drop` deletes one page by Django's own key.

# %%
from django.utils.cache import get_cache_key


def drop(pages):
    for page in pages:
        key = get_cache_key(RequestFactory().get(page))
        if key is not None:
            cache.delete(key)


def replace(pages):
    for page in pages:
        drop([page])
        visit(page)  # made at once, so that no visitor has to wait for it


# %%
ways = {
    "do nothing": lambda: None,
    "drop its own page": lambda: drop([talk.get_absolute_url()]),
    "drop what depends on it": lambda: drop(concerned),
    "replace what depends on it": lambda: replace(concerned),
    "clear the cache": lambda: cache.clear(),
}
YEAR = 365 * 24 * 3600
year_site = override_settings(
    CACHES=CACHES, MIDDLEWARE=cached, ROOT_URLCONF=with_feed, CACHE_MIDDLEWARE_SECONDS=YEAR
)

# %%
rows = []
with year_site:
    cache.clear()
    for page in every_page:
        visit(page)
    for number, (way, publish) in enumerate(ways.items()):
        Talk.objects.filter(pk=talk.pk).update(title=f"Old title {number}")
        replace(concerned)
        Talk.objects.filter(pk=talk.pk).update(title=true_title)
        publish()
        after = [visit(page) for page in every_page]
        stale = sum(f"Old title {number}" in page.text for page in after)
        rows.append([way, stale, sum(not page.hit for page in after)])
published_rows = rows

# %% tags=["hidden-source"]
columns = ["way", "stale pages", "visitors who waited"]
published_by = pd.DataFrame(published_rows, columns=columns)
lesson.compare(guess_pages, published_by["stale pages"][0])
published_by

# %% tags=["hidden-source"]
long = published_by.melt("way", var_name="after publishing", value_name="pages")
ax = plots_pages.counts(long, "pages", f"pages, of {len(every_page)}", "way", "after publishing")
ax.set_title("Only replacing leaves neither old pages nor waiting visitors")
lesson.show(
    ax,
    alt="Stale pages and visitors who waited, for five ways: doing nothing leaves six stale "
    "pages, clearing makes every visitor wait, replacing leaves none of both.",
)

# %%
by_publishing = published_by.set_index("way")
stale_pages = by_publishing["stale pages"]
claim(
    "Dropping the talk's own page leaves all but one of the stale pages.",
    stale_pages["do nothing"] - stale_pages["drop its own page"], equals=1,
)
claim(
    "Replacing the pages that the table names leaves no stale page, and nobody waits.",
    by_publishing.loc["replace what depends on it"].sum(), equals=0,
)
claim(
    "Clearing the cache leaves no stale page, and makes every single page anew.",
    by_publishing["visitors who waited"]["clear the cache"], equals=len(every_page),
)

# %%
because = "..."  # one sentence: which change of a page does the table not know?

# %% [markdown]
# **Why.** A page is a function of rows. Writing the rows down while it is made gives the list of what to replace, and the talk's own
# page is the least of it. What the table cannot know: *new* rows (no page has read them yet), and rows of which only a number was
# read. The rating shown on a talk's page is an average, no `Rating` object is made, and none is in the table. For such pages name the
# table, not the row, or give them a short time. `update()` sends no signal (lesson 06): publish by hand after it (section 8).
#
# **In your project:** begin with `get_absolute_url` and the lists that you know; record to find those that you forgot.
#
# ### Exercise: which pages go?


# %%
@exercise("publish-3-which-pages")
def pages_to_replace(depends, changed):
    """The pages, each once and sorted, that read any of the rows in `changed`.

    `depends` has one row for each row that a page read: page, model, pk;
    `changed` is a list of (model, pk).
    """
    ...


# %% [markdown]
# ## 4. One line of the page is personal. Is all lost?
#
# The list of talks is the same for all, only "Hello Ada" on top is not. `{% cache %}` keeps a piece of a template, and someone
# keeps the greeting too. Five visitors, four visits each: how many of the 20 read a wrong name?

# %%
guess_fragment = ...  # for example: 0

# %%
from django.http import HttpResponse
from django.template import RequestContext, Template

HELLO = "<p>Hello {{ request.user }}</p>"
LIST = "{% for talk in talks %}<li>{{ talk.title }}, {{ talk.room }}</li>{% endfor %}"


def page_of(text):
    template = Template("{% load cache %}" + text)

    def view(request):
        talks = Talk.objects.select_related("room")  # lazy: read only where the template asks
        return HttpResponse(template.render(RequestContext(request, {"talks": talks})))

    return view


# %%
fragments = (
    path("forgotten/", page_of("{% cache 600 hello %}" + HELLO + "{% endcache %}")),
    path("named/", page_of("{% cache 600 hello request.user.pk %}" + HELLO + "{% endcache %}")),
)
wrong_names = {"/forgotten/": 0, "/named/": 0}
with override_settings(CACHES=CACHES, ROOT_URLCONF=fragments):
    cache.clear()
    for page in wrong_names:
        for name in names * 4:
            wrong_names[page] += f"Hello {name}<" not in visit(page, visitors[name]).text
lesson.compare(guess_fragment, wrong_names["/forgotten/"])
wrong_names

# %%
claim(
    "A fragment that does not name what it depends on shows 16 of 20 visits a wrong name.",
    wrong_names["/forgotten/"], equals=16,
)
claim(
    "Named, as in {% cache 600 hello request.user.pk %}, it shows none.",
    wrong_names["/named/"], equals=0,
)

# %% [markdown]
# Better: keep the list, not the greeting. Where are the two put together? In the template; after the cache, by a middleware
# (servers before Django do the same and call it ESI, edge side includes); or in the browser, by a second small request.

# %%
from django.utils.cache import patch_cache_control


class Includes:
    """Puts the greeting into what comes out of the cache."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        if b"<!--hello-->" in response.content:
            hello = f"<p>Hello {request.user}</p>".encode()
            response.content = response.content.replace(b"<!--hello-->", hello)
            response.headers["Content-Length"] = str(len(response.content))
            patch_cache_control(response, private=True, max_age=0)  # no longer for everyone
        return response


# %%
from django.views.decorators.cache import cache_page, never_cache

keep = cache_page(600)
views_4 = {
    "made each time": [page_of(HELLO + LIST)],
    "a copy a visitor": [keep(vary_on_cookie(page_of(HELLO + LIST)))],
    "fragment": [page_of(HELLO + "{% cache 600 talks %}" + LIST + "{% endcache %}")],
    "include after the cache": [keep(page_of("<!--hello-->" + LIST))],
    "fetch from the browser": [keep(page_of(LIST)), never_cache(page_of(HELLO))],
}
tours, routes = {}, []
for way, parts in views_4.items():
    tours[way] = [f"/{way.replace(' ', '-')}/{part}/" for part in range(len(parts))]
    routes += [path(page[1:], view) for page, view in zip(tours[way], parts, strict=True)]
dynamic = tuple(routes)

# %%
middleware_4 = [f"{__name__}.Includes", *settings.MIDDLEWARE]
rows = []
with override_settings(CACHES=CACHES, MIDDLEWARE=middleware_4, ROOT_URLCONF=dynamic):
    for way, tour in tours.items():
        cache.clear()
        for name in names * 4:
            got = [visit(page, visitors[name]) for page in tour]
            wrong = f"Hello {name}<" not in "".join(page.text for page in got)
            sql = [each for page in got for each in page.seen.frame.sql]
            lists = sum("conference_talk" in each for each in sql)
            rows.append([way, wrong, len(got), len(sql), lists])
columns = ["way", "wrong name", "requests", "queries", "lists made"]
by_tour = pd.DataFrame(rows, columns=columns).groupby("way", sort=False).sum()
by_tour

# %% tags=["hidden-source"]
long = by_tour.reset_index().melt("way", ["queries", "lists made", "requests"], "count", "number")
ax = plots_pages.counts(long, "number", "number, for 20 visits by five people", "way", "count")
ax.set_title("Three ways make the list once; knowing the visitor costs queries")
lesson.show(
    ax,
    alt="Queries, lists made and requests for five ways: made each time has 60 queries and 20 "
    "lists; a copy a visitor 15 and 5; the other three 41 queries and one list; the browser asks "
    "twice.",
)

# %%
claim(
    "All five ways greet all 20 visits by the right name.",
    by_tour["wrong name"].sum(), equals=0,
)
claim(
    "Fragment, include and fetch from the browser make the list once; a copy a visitor five "
    "times.",
    by_tour["lists made"].tolist()[1:], equals=[5, 1, 1, 1],
)

# %% [markdown]
# And the price of one visit, once the cache is warm? All five ways in turn, 25 times, the best time of each. The bytes are those of
# the answers; *bytes again* are those that a browser still asks for which keeps what `max-age` lets it keep.

# %%
from django.utils.cache import get_max_age

rows = []
with override_settings(CACHES=CACHES, MIDDLEWARE=middleware_4, ROOT_URLCONF=dynamic):
    for number in range(26):  # the first fills the cache
        for way, tour in tours.items():
            began = time.perf_counter()
            got = [visit(page, visitors["ada"]) for page in tour]
            spent_ms = 1000 * (time.perf_counter() - began)
            size = [len(page.content) for page in got]
            again = np.dot(size, [not get_max_age(page) for page in got])
            ran = sum(page.queries for page in got)
            rows.append([number, way, ran, spent_ms, sum(size), again])
warm = pd.DataFrame(rows, columns=["number", "way", "queries", "ms", "bytes", "bytes again"])
warm = warm[warm.number > 0]

# %% tags=["nbval-ignore-output", "hidden-source"]
one_visit = warm.groupby("way", sort=False)[["queries", "ms", "bytes", "bytes again"]].min()
one_visit.round(2)

# %% tags=["hidden-source"]
units = {"queries": "queries", "ms": "best time (ms)", "bytes again": "sent again (bytes)"}
figure = plots_pages.panels(one_visit.reset_index(), units, "way")
figure.suptitle("Knowing who asks costs two queries; the fetch lets browsers keep the list")
lesson.show(
    figure,
    alt="One warm visit, five ways, side by side. Queries: three made each time, none for a copy "
    "a visitor, two for the others. Best time: longest made each time. Bytes sent again: none "
    "for a copy a visitor, sixteen for the fetch, the whole page for the others.",
)

# %%
claim(
    "Warm, a visit runs three queries made each time, none as a copy a visitor, else two.",
    one_visit.queries.tolist(), equals=[3, 0, 2, 2, 2],
)
claim(
    "Of the ways that make the list once, only the fetch sends less than 1 % of it again.",
    (one_visit["bytes again"] / one_visit.bytes < 0.01).tolist()[2:], equals=[False, False, True],
)

# %% [markdown]
# Two more personal things hide in pages: the CSRF token of a form, and messages. Ada opens the form first, then Bob opens it and
# sends it. With which status is he answered?

# %%
from django.views.decorators.csrf import csrf_protect

FORM = page_of('<form method="post">{% csrf_token %}</form>')
forms = (path("kept/", keep(FORM)), path("protected/", keep(csrf_protect(FORM))))


def bob_sends(page):
    bob = Client(enforce_csrf_checks=True)
    Client().get(page)  # Ada
    form = bob.get(page)
    given, token = "csrftoken" in bob.cookies, re.search(r'value="(\w+)"', form.text)[1]
    status = bob.post(page, {"csrfmiddlewaretoken": token}).status_code
    return [page, "Age" in form.headers, given, status]


with override_settings(CACHES=CACHES, ROOT_URLCONF=forms):
    cache.clear()
    rows = [bob_sends(page) for page in ("/kept/", "/protected/")]
bob_forms = pd.DataFrame(rows, columns=["form", "from the cache", "cookie given", "status"])
bob_forms

# %% [markdown]
# And a message: "You gave 5 stars", told to Ada on the next page she sees. Here with both middlewares in the right order.

# %%
from django.contrib import messages
from django.shortcuts import redirect


def rate(request):
    messages.success(request, "You gave 5 stars")
    return redirect("/list/")


TOLD = "{% for message in messages %}{{ message }}{% endfor %}"
telling = (path("rate/", rate), path("list/", page_of(TOLD + LIST)))
bob_reads = {}
for storage in ("cookie.CookieStorage", "session.SessionStorage"):
    told = {"MESSAGE_STORAGE": f"django.contrib.messages.storage.{storage}"}
    with override_settings(CACHES=CACHES, MIDDLEWARE=cached, ROOT_URLCONF=telling, **told):
        cache.clear()
        Client().get("/rate/", follow=True)  # Ada
        bob_reads[storage] = "You gave 5 stars" in Client().get("/list/").text
bob_reads

# %%
claim(
    "Bob's form, kept by cache_page, is refused: it holds Ada's token, and he was given no "
    "cookie.",
    bob_forms.iloc[0, 1:].tolist(), equals=[True, False, 403],
)
claim(
    "With csrf_protect inside cache_page his is accepted: it is made anew, with a cookie.",
    bob_forms.iloc[1, 1:].tolist(), equals=[False, True, 200],
)
claim(
    "Ada's message in a cookie is kept with the page, for Bob; in her session it is not.",
    list(bob_reads.values()), equals=[True, False],
)

# %%
because = "..."  # one sentence: why does the fetch from the browser run as many queries?

# %% [markdown]
# **Why.** Cut the page where "for all" ends. The list was made once in three ways; what remains is to find out *who* is asking: session
# and user, two queries a visit (section 7 halves that). Only a copy a visitor saves those, for a list a visitor, and the browser
# keeps the name, too, even after a log-out. The fetch costs a second request; but its page may be kept by all, browsers and servers in
# front as well.
#
# A token or a message in a page makes it personal without a word in your view. `csrf_protect` inside sets cookie and
# `Vary`, and Django does not keep such an answer for a visitor without cookies. Cookie messages set no `Vary`: the leak stays open.
#
# **In your project:** the base template: greeting, messages and log-out form stand on every page.

# %% [markdown]
# You may stop here.

# %% [markdown] tags=["collapsed"]
# ## Go deeper
#
# Each section stands alone: choose.

# %% [markdown]
# ### 5. What if the browser has the page already?
#
# A browser that kept a page asks with its `ETag`: "still this one?" `304` says yes, without a body. `ConditionalGetMiddleware` does
# it for all. Ten pages are read four times, and change once. By which share does the middleware lower the *queries*?

# %%
guess_saved = ...  # for example: 0.5

# %%
from django.db.models import F
from django.views.decorators.http import condition

ten = Talk.objects.filter(minutes__lt=200).order_by("id")[:10]
ten_pks = [each.pk for each in ten]
ten_pages = [each.get_absolute_url() for each in ten]


# %%
def browse():
    """Ten pages, four rounds, one browser; all ten change before the third round."""
    etags, rows = dict.fromkeys(ten_pages, ""), []
    for number in range(4):
        if number == 2:
            Talk.objects.filter(pk__in=ten_pks).update(minutes=F("minutes") + 5)
            cache.clear()  # published
        for page in ten_pages:
            answer = visit(page, if_none_match=etags[page])
            etags[page] = answer.headers.get("ETag", "")
            rows.append([number, answer.status_code, len(answer.content), answer.queries])
    Talk.objects.filter(pk__in=ten_pks).update(minutes=F("minutes") - 5)
    return pd.DataFrame(rows, columns=["round", "status", "bytes", "queries"])


# %% [markdown]
# `@condition` asks a function of yours for the ETag *before* the view runs. One of these two functions is forgetful.

# %%
def title_only(request, slug):
    shown = Talk.objects.values_list("title").get(slug=slug)
    return f'"{sha256(repr(shown).encode()).hexdigest()}"'


def all_that_is_shown(request, slug):
    columns = ("title", "abstract", "room__name", "starts_at", "minutes", "ratings__stars")
    shown = list(Talk.objects.filter(slug=slug).order_by("ratings__id").values_list(*columns))
    return f'"{sha256(repr(shown).encode()).hexdigest()}"'


def site_with(etag_func):
    detail = condition(etag_func=etag_func)(views.talk_detail)
    return (path("talks/<slug:slug>/", detail), path("", include("helpers.conference.urls")))


# %%
CONDITIONAL = "django.middleware.http.ConditionalGetMiddleware"
usual = {"MIDDLEWARE": settings.MIDDLEWARE, "ROOT_URLCONF": "helpers.project.urls"}
answering = {
    "no ETag": {},
    "ConditionalGetMiddleware": {"MIDDLEWARE": [CONDITIONAL, *settings.MIDDLEWARE]},
    "@condition, all that is shown": {"ROOT_URLCONF": site_with(all_that_is_shown)},
    "@condition, the title only": {"ROOT_URLCONF": site_with(title_only)},
    "middleware, outside the page cache": {"MIDDLEWARE": [CONDITIONAL, *cached]},
}

# %%
runs_5 = []
for way, changed in answering.items():
    with override_settings(CACHES=CACHES, **{**usual, **changed}):
        cache.clear()
        runs_5.append(browse().assign(way=way))
browsed = pd.concat(runs_5)

# %%
browsed["stale"] = (browsed["round"] == 2) & (browsed.status == 304)  # all ten had changed
browsed["not modified"] = browsed.status == 304
wanted = ["bytes", "queries", "not modified", "stale"]
by_answering = browsed.groupby("way", sort=False)[wanted].sum()
spent_5 = by_answering.queries
saved_queries = 1 - spent_5["ConditionalGetMiddleware"] / spent_5["no ETag"]
lesson.compare(guess_saved, saved_queries)
by_answering

# %% tags=["hidden-source"]
shares = by_answering[["bytes", "queries"]] / by_answering[["bytes", "queries"]].iloc[0]
long = shares.reset_index().melt("way", var_name="of", value_name="share")
long = long.assign(share=100 * long.share)
ax = plots_pages.counts(long, "share", "left, of a site without ETags (%)", "way", "of")
ax.set_xlim(left=0)
ax.set_title("A 304 saves bytes; queries only where no page is made")
lesson.show(
    ax,
    alt="Bytes and queries left, in percent, for five ways: the middleware halves the bytes but "
    "not the queries; @condition saves some queries; the page cache with the middleware halves "
    "both.",
)

# %%
claim(
    "ConditionalGetMiddleware alone halves the bytes of this run, and saves not one query.",
    [shares.bytes["ConditionalGetMiddleware"], saved_queries], equals=[0.5, 0],
)
claim(
    "The page cache inside it halves the queries too.",
    shares.queries["middleware, outside the page cache"], equals=0.5,
)
claim(
    "An ETag of the title alone said “not modified” of all ten pages that were.",
    by_answering.stale["@condition, the title only"] - by_answering.stale.iloc[2], equals=10,
)

# %% [markdown]
# `Last-Modified` does the same with a date, in whole seconds. A row is saved twice within one second. And one reader opens a form
# with `{% csrf_token %}` three times: how many ETags?

# %%
from datetime import UTC, datetime

moments = [datetime(2011, 9, 8, 10, 0, 0, part, tzinfo=UTC) for part in (100_000, 900_000)]
dated = condition(last_modified_func=lambda request, number: moments[number])(
    lambda request, number: HttpResponse(f"save {number}")
)
with override_settings(CACHES=CACHES, ROOT_URLCONF=(path("<int:number>/", dated),)):
    kept_since = visit("/0/").headers["Last-Modified"]
    second_save = visit("/1/", if_modified_since=kept_since).status_code
conditional = [CONDITIONAL, *settings.MIDDLEWARE]
with override_settings(CACHES=CACHES, MIDDLEWARE=conditional, ROOT_URLCONF=(path("", FORM),)):
    reader = Client()
    form_etags = {reader.get("/").headers["ETag"] for _ in range(3)}
{"status after a second save": second_save, "ETags of the form": len(form_etags)}

# %%
claim(
    "Of two saves within one second, Last-Modified does not see the second.",
    second_save, equals=304,
)
claim(
    "A form with its CSRF token had another ETag at each of three visits by one reader.",
    len(form_etags), equals=3,
)

# %%
because = "..."  # one sentence: why can the middleware not save a query?

# %% [markdown]
# **Why.** The middleware hashes the finished page: it has to be made first. It cannot be wrong, and saves only the way through the
# net. `@condition` decides before the view runs: quick, and as right as your function. A function that forgets a field says "still the
# same" for ever; and one that reads as much as the page saves nothing. With the page cache inside, the finished page costs no
# query, and the hash of it is cheap. A form with `{% csrf_token %}` changes at every visit, so its ETag never fits.
#
# **In your project:** `ConditionalGetMiddleware` above the page cache; `last_modified_func` where a row has a date.

# %% [markdown]
# ### 6. Compressed, for how long, and what never?
#
# `GZipMiddleware` inside or outside the page cache: 20 visits to the list of talks, by browsers that read gzip. How often is the
# page compressed if it stands *outside* (above Update)?

# %%
guess_compressed = ...  # for example: 1

# %%
from django.utils import text

GZIP = "django.middleware.gzip.GZipMiddleware"
orders_6 = {
    "no compression": [UPDATE, *settings.MIDDLEWARE, FETCH],
    "gzip outside the cache": [GZIP, UPDATE, *settings.MIDDLEWARE, FETCH],
    "gzip inside the cache": [UPDATE, GZIP, *settings.MIDDLEWARE, FETCH],
}

# %%
rows = []
counted = {"side_effect": text.compress_string}
for order, middleware in orders_6.items():
    with override_settings(CACHES=CACHES, MIDDLEWARE=middleware):
        cache.clear()
        with mock.patch("django.middleware.gzip.compress_string", **counted) as compress:
            got = [visit("/talks/", accept_encoding="gzip") for _ in range(20)]
        old_browser = visit("/talks/").content.startswith(b"<!doctype")
        sent = sum(len(page.content) for page in got)
        rows.append([order, compress.call_count, sent, old_browser])
gzip_rows = rows

# %% tags=["nbval-ignore-output", "hidden-source"]
gzipped = pd.DataFrame(gzip_rows, columns=["order", "compressed", "bytes", "plain without gzip"])
gzipped = gzipped.set_index("order")
lesson.compare(guess_compressed, gzipped.compressed["gzip outside the cache"])
gzipped

# %%
claim(
    "Outside the cache the page is compressed for each of 20 visits, inside once.",
    gzipped.compressed.tolist(), equals=[0, 20, 1],
)
claim(
    "Either way less than half of the bytes are sent.",
    gzipped.bytes.iloc[1:].max() / gzipped.bytes.iloc[0], below=0.5,
)

# %% [markdown]
# Now ten kinds of answers, each visited twice without cookies. Which of them does Django keep?

# %%
kinds = {
    "a page": {},
    "error 404": {"status": 404},
    "error 500": {"status": 500},
    "redirect": {"status": 302, "headers": {"Location": "/"}},
    "private": {"headers": {"Cache-Control": "private"}},
    "max-age=0": {"headers": {"Cache-Control": "max-age=0"}},
    "no-store": {"headers": {"Cache-Control": "no-store"}},
    "never_cache": {},
    "Set-Cookie": {},
    "Set-Cookie, Vary: Cookie": {"headers": {"Vary": "Cookie"}},
}


# %%
def answer_of(request, kind):
    response = HttpResponse(kind, **kinds[kind])
    if kind.startswith("Set-Cookie"):
        response.set_cookie("visitor", str(time.time_ns()))
    return response


# %%
nobody_keeps = path("never_cache/", never_cache(answer_of), {"kind": "never_cache"})
answers_6 = (nobody_keeps, path("<str:kind>/", answer_of))
rows = []
with quiet, override_settings(CACHES=CACHES, MIDDLEWARE=cached, ROOT_URLCONF=answers_6):
    cache.clear()
    for kind in kinds:
        first, second = visit(f"/{kind}/"), visit(f"/{kind}/")
        given = second.cookies.get("visitor")
        same = given is not None and given.value == first.cookies["visitor"].value
        rows.append([kind, second.hit, same, first.headers.get("Cache-Control", "")])
columns = ["answer", "kept", "same cookie for both", "Cache-Control"]
kept = pd.DataFrame(rows, columns=columns).set_index("answer")
kept

# %%
errors = ["error 404", "error 500", "redirect"]
refused = [*errors, "private", "max-age=0", "no-store", "never_cache"]
claim(
    "Errors, redirects, and what says private, no-store or max-age=0 are not kept by Django.",
    kept.kept[refused].sum(), equals=0,
)
claim(
    "never_cache says private, no-store and max-age=0 at once.",
    [word in kept["Cache-Control"]["never_cache"] for word in ("private", "no-store", "max-age=0")],
    equals=[True] * 3,
)
claim(
    "An answer with Set-Cookie and no Vary: Cookie is kept: two visitors get one cookie.",
    kept["same cookie for both"].tolist()[-2:], equals=[True, False],
)

# %% [markdown]
# `cache_page(600)` also tells *browsers* 600 seconds, and no `drop` of yours reaches them. Shared caches in front of you (a CDN, say)
# follow `s-maxage` where there is one, browsers only `max-age` (RFC 9111). Whom does Django's own page cache follow? Look again after three
# seconds.

# %%
from django.views.decorators.cache import cache_control

plain = page_of(LIST)
brief = cache_control(max_age=1)(plain)
both = cache_control(max_age=1, s_maxage=600)(plain)
shared = cache_control(s_maxage=1)(plain)
ages = {
    "cache_page(600)": (settings.MIDDLEWARE, keep(plain)),
    "cache_page(600), max_age inside": (settings.MIDDLEWARE, keep(brief)),
    "cache_page(600), both inside": (settings.MIDDLEWARE, keep(both)),
    "cache_page(-5)": (settings.MIDDLEWARE, cache_page(-5)(plain)),
    "both, the middlewares": (cached, both),
    "s_maxage, the middlewares": (cached, shared),
}


# %%
def visit_all():
    pages = []
    for number, (chain, view) in enumerate(ages.values()):
        routes = (path(f"{number}/", view),)
        with override_settings(CACHES=CACHES, MIDDLEWARE=chain, ROOT_URLCONF=routes):
            pages.append(visit(f"/{number}/"))
    return pages


with override_settings(CACHES=CACHES):
    cache.clear()
first_seen = visit_all()
time.sleep(3)
seen_later = visit_all()

# %% tags=["hidden-source"]
rows = []
for way, page, later in zip(ages, first_seen, seen_later, strict=True):
    header = page.headers["Cache-Control"]
    shared_s = re.search(r"s-maxage=(\d+)", header)
    shared_s = int(shared_s[1]) if shared_s else get_max_age(page)
    rows.append([way, header, get_max_age(page), shared_s, later.hit])
columns = ["answer", "Cache-Control", "browsers (s)", "shared (s)", "Django has it after 3 s"]
kept_for = pd.DataFrame(rows, columns=columns).set_index("answer")
kept_for

# %%
browsers_s, shared_caches_s = kept_for["browsers (s)"], kept_for["shared (s)"]
still_there = kept_for["Django has it after 3 s"]
claim(
    "max_age=1 inside cache_page(600): browsers keep it 1 s, the server keeps on.",
    [browsers_s.iloc[1], bool(still_there.iloc[1])], equals=[1, True],
)
claim(
    "cache_page(-5) raises nothing: no cache keeps the page, and browsers are told max-age=0.",
    [browsers_s["cache_page(-5)"], bool(still_there["cache_page(-5)"])], equals=[0, False],
)

# %%
claim(
    "The middlewares follow max-age, not s-maxage: gone after 3 s, shared caches keep on.",
    [shared_caches_s["both, the middlewares"], bool(still_there["both, the middlewares"])],
    equals=[600, False],
)
claim(
    "To a lone s-maxage=1 Django adds max-age=600: browsers keep what shared caches must not.",
    [shared_caches_s.iloc[-1], browsers_s.iloc[-1]], equals=[1, 600],
)

# %%
because = "..."  # one sentence: why is a page with Set-Cookie kept?

# %% [markdown]
# **Why.** What stands *inside* the page cache is done once and kept, so compress inside; GZip adds `Vary: Accept-Encoding`, and
# browsers without gzip get a copy of their own. Django keeps what has status 200, unless `Cache-Control` forbids it; `never_cache`
# says all of it at once. A cookie alone forbids nothing: without `Vary: Cookie` it is kept and handed on.
#
# `max-age` speaks to browsers, `s-maxage` to shared caches in front of you. Django 5.2 reads and fills in the first alone: only
# `cache_page(seconds)` parts your server's time from the browsers'. What you publish explicitly should live long on your server, where you can replace it, and shortly in browsers.
#
# **In your project:** `curl -I` each kind of page; read `Cache-Control`, `Vary` and `Set-Cookie` together.

# %% [markdown]
# ### 7. Who is logged out when memcached dies?
#
# Twenty people are logged in. Sessions lie in the database, in the cache, or in both (`cached_db`). memcached is killed, then
# started again, empty. How many of the 20 are logged in after that, with sessions in the cache alone?

# %%
guess_logged_in = ...  # for example: 20

# %%
backends = "django.contrib.sessions.backends."
asking = (path("me/", lambda request: HttpResponse(str(request.user))),)
twenty = [User.objects.get_or_create(username=f"reader{number}")[0] for number in range(20)]


def count_logged_in(cookies):
    got = [visit("/me/", each) for each in cookies]
    known = sum(page.text == user.username for page, user in zip(got, twenty, strict=True))
    return known, sum(page.status_code == 500 for page in got), sum(page.queries for page in got)


def log_in(user):
    client = Client()
    client.force_login(user)
    return client.cookies


# %%
rows = []
for engine in ("db", "cached_db", "cache"):
    sessions_server = memcached.start(memory_mb=16)
    own = {"default": {"BACKEND": memcache, "LOCATION": sessions_server.url}}
    asked = override_settings(CACHES=own, ROOT_URLCONF=asking, SESSION_ENGINE=backends + engine)
    with asked:
        cookies = [log_in(user) for user in twenty]
        rows.append([engine, "before", *count_logged_in(cookies)])
        sessions_server.kill()
        rows.append([engine, "memcached is gone", *count_logged_in(cookies)])
    sessions_server.restart()
    with asked:  # a new client: the old one would take the server for dead, for a minute
        rows += [[engine, when, *count_logged_in(cookies)] for when in ("back, empty", "again")]
    sessions_server.stop()
session_rows = rows

# %% tags=["hidden-source"]
columns = ["sessions in", "moment", "logged in", "error 500", "queries"]
sessions_kept = pd.DataFrame(session_rows, columns=columns).set_index(["sessions in", "moment"])
lesson.compare(guess_logged_in, sessions_kept["logged in"]["cache", "back, empty"])
sessions_kept

# %% tags=["hidden-source"]
dots_7 = sessions_kept.reset_index()
dots_7 = dots_7[dots_7.moment != "again"]
ax = plots_pages.counts(dots_7, "logged in", "logged in, of 20 people", "sessions in", "moment")
ax.set(xlim=(-0.5, 20.5), xticks=range(0, 21, 5))
ax.set_title("Sessions in the cache alone are gone with it")
lesson.show(
    ax,
    alt="People logged in of 20, for sessions in db, cached_db and cache, before memcached was "
    "killed, while it was gone and after: twenty each time, but with sessions in the cache alone "
    "none from the kill on.",
)

# %%
logged_in = sessions_kept["logged in"].unstack()
session_queries = sessions_kept["queries"].unstack()
claim(
    "With sessions in the cache alone, all 20 are logged out by a restart of memcached.",
    logged_in.loc["cache", "before"] - logged_in.loc["cache", "again"], equals=20,
)
claim(
    "With cached_db nobody is logged out, not even while memcached is gone.",
    logged_in.loc["cached_db"].min(), equals=20,
)
claim(
    "cached_db saves one query of two a visit, and reads each session once after the restart.",
    session_queries.loc["cached_db", ["before", "back, empty", "again"]].tolist(),
    equals=[20, 40, 20],
)

# %% [markdown]
# Sessions are careful with a memcached that is gone. Is the page cache? The last server is stopped by now. And what of a page that no
# memcached takes, because it is larger than a megabyte?

# %%
gone = {}
with quiet, override_settings(CACHES=own, MIDDLEWARE=cached):
    gone["page cache"] = visit("/talks/").status_code
with override_settings(CACHES=own, MIDDLEWARE=settings.MIDDLEWARE):
    gone["no page cache"] = visit("/talks/").status_code
large = {"ROOT_URLCONF": (path("large/", lambda request: HttpResponse("x" * 2_000_000)),)}
for way, middleware in {"page cache": cached, "no page cache": settings.MIDDLEWARE}.items():
    with quiet, override_settings(CACHES=CACHES, MIDDLEWARE=middleware, **large):
        gone[f"2 MB, {way}"] = visit("/large/").status_code
lenient = {"default": {**CACHES["default"], "OPTIONS": {"ignore_exc": True}}}
with override_settings(CACHES=lenient, MIDDLEWARE=cached, **large):
    gone["2 MB, page cache, ignore_exc"] = visit("/large/").status_code
gone

# %%
claim(
    "Without its memcached the page cache answers error 500 for a page that Django could make.",
    list(gone.values())[:2], equals=[500, 200],
)
claim(
    "With a page cache, a page of 2 MB is an error 500 too; without one, or with ignore_exc, not.",
    list(gone.values())[2:], equals=[500, 200, 200],
)

# %% [markdown]
# One more cache is in every project, and nobody sets it up: the template loader keeps *parsed* templates. How often are
# templates parsed in ten visits to the list of talks, with and without it?

# %%
bare = dict(settings.TEMPLATES[0], APP_DIRS=False)
app_directories = "django.template.loaders.app_directories.Loader"
bare["OPTIONS"] = {**bare["OPTIONS"], "loaders": [app_directories]}
parsing = {}
for loaders, templates in {"as usual": settings.TEMPLATES, "no cached loader": [bare]}.items():
    with override_settings(TEMPLATES=templates):
        visit("/talks/")
        parse = {"autospec": True, "side_effect": Template.compile_nodelist}
        with mock.patch.object(Template, "compile_nodelist", **parse) as parsed:
            for _ in range(10):
                visit("/talks/")
        parsing[loaders] = parsed.call_count
parsing

# %%
claim(
    "As usual no template is parsed in ten visits; without the cached loader at least 20 times.",
    [parsing["as usual"], parsing["no cached loader"] >= 20], equals=[0, True],
)

# %%
because = "..."  # one sentence: why does cached_db survive what cache does not?

# %% [markdown]
# **Why.** A session is no copy of anything: where it lies in the cache alone, the cache is its only source, and the rule of lesson 08
# is broken. A restart, a full memcached, a deployment with another key prefix: each logs people out, without an error. `cached_db`
# writes both and reads the cache first: the common visit is as quick, and what is lost is read again from the database.
# The page cache itself catches no error of its memcached: give its `CACHES` entry `ignore_exc` (lesson 08), and what fails is a miss.
#
# Parsed templates are a cache as it should be: the file is the source, the copy is made again by a restart. That is why a
# changed template needs one in production.
#
# **In your project:** `SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"`.

# %% [markdown]
# ### 8. Who publishes, and when?
#
# Nobody should have to remember what goes when a talk changes: a receiver of `post_save` does it. The first receiver replaces the six
# pages at once. The editor's save is rolled back. On how many of them does the title stand that never was?

# %%
guess_never = ...  # for example: 0

# %%
from django.db import transaction
from django.db.models.signals import post_save


def publisher(when):
    def on_save(sender, instance, **kwargs):
        hit = (depends.model == sender.__name__) & (depends.pk == instance.pk)
        when(lambda: replace(depends.page[hit].tolist()))

    return on_save


def on_pages(title):
    return sum(title in visit(page).text for page in concerned)


publishers = {"at once": publisher(lambda run: run())}
publishers["on commit"] = publisher(transaction.on_commit)

# %%
rows = []
for when, receiver in publishers.items():
    post_save.connect(receiver, sender=Talk)
    with year_site:
        cache.clear()
        with lesson.expect(ValueError), transaction.atomic():
            talk.title = "Corrected"
            talk.save()
            raise ValueError("the editor changed her mind")
        rows.append([when, "rolled back", on_pages("Corrected")])
        talk.save()
        rows.append([when, "committed", on_pages("Corrected")])
        Talk.objects.filter(pk=talk.pk).update(title=true_title)  # as it was
    post_save.disconnect(receiver, sender=Talk)
saves = rows

# %% tags=["hidden-source"]
shows = pd.DataFrame(saves, columns=["receiver", "save", "pages with the new title"])
shows = shows.pivot(index="receiver", columns="save", values="pages with the new title")
lesson.compare(guess_never, shows["rolled back"]["at once"])
shows

# %%
claim(
    "Replaced at once, all pages show a title that was rolled back; on commit none does.",
    shows["rolled back"].tolist(), equals=[len(concerned), 0],
)
claim(
    "A committed save replaces every page, either way.",
    shows["committed"].tolist(), equals=[len(concerned)] * 2,
)

# %%
because = "..."  # one sentence: whose connection makes a page in the transaction?

# %% [markdown]
# **Why.** Inside the transaction the pages are made by the one connection that sees the change already. They are kept for a year; the
# rollback takes the row back and knows nothing of memcached. `on_commit` waits until the title is true, and is dropped with a rollback.
# It also keeps the transaction short: six pages are made after it, not in it. What neither sees: `update()`, which sends no signal
# (lesson 06), and a process that dies between commit and replacing. So a page kept "for ever" wants a day when it ends all the same.
#
# **In your project:** one receiver a model that is shown; `transaction.on_commit(…)` in it, never `cache.set` at once.
#
# #### Exercise: forget a fragment
# The pieces that `{% cache %}` keeps have to go as well; `make_template_fragment_key` names them.


# %%
@exercise("publish-4-fragments")
def forget_card(cache, talk, languages):
    """Remove this talk's card, in all `languages`, from the cache; other cards stay.

    The template says {% cache 600 card talk.pk LANGUAGE_CODE %}.
    """
    ...


# %% [markdown]
# #### Exercise: a second domain
# A library's catalogue stands behind a shared cache, which asks you before it keeps an answer for other readers.


# %%
@exercise("publish-5-library")
def may_share(response):
    """True if this HttpResponse may be kept and shown to any other reader of the library.

    That is: its status is 200, it sets no cookie, it does not vary by cookie,
    and its Cache-Control says none of private, no-store, no-cache, max-age=0.
    """
    ...


# %% [markdown]
# ## There is a method for that
#
# | what people write | what exists |
# |---|---|
# | a dict of pages by path | [`cache_page`, and the two middlewares](https://docs.djangoproject.com/en/5.2/topics/cache/#the-per-site-cache) |
# | the user's name glued into the path | [`vary_on_cookie`, `vary_on_headers`](https://docs.djangoproject.com/en/5.2/topics/cache/#using-vary-headers) |
# | a key for a piece of a template | [`{% cache %}` and `make_template_fragment_key`](https://docs.djangoproject.com/en/5.2/topics/cache/#template-fragment-caching) |
# | the hash of a page, compared by hand | [`ConditionalGetMiddleware`, `@condition`](https://docs.djangoproject.com/en/5.2/topics/conditional-view-processing/) |
# | `response["Cache-Control"] = "…"` | [`cache_control`, `never_cache`](https://docs.djangoproject.com/en/5.2/topics/http/decorators/#caching) |
# | sessions in memcached, because it is fast | [`cached_db`](https://docs.djangoproject.com/en/5.2/topics/http/sessions/#using-cached-sessions) |
#
# New and hard usually means done wrong: before you build a page cache of your own, read these six.
#
# ## The Django way, and when to fight it
#
# - Site-wide: Update first, Fetch last; and every personal page says so by `Vary` or `private`.
# - Replace on publish, after the commit; give browsers a short `max-age`.
# - Fight it where one page has many dependents: a generation in the key prefix (lesson 10) drops them all at once.

# %% [markdown]
# ## Five questions

# %% tags=["hidden-source"]
lesson.quiz(
    "Where does UpdateCacheMiddleware stand?",
    right={"First: it is the last to see the answer.": "By then Vary, cookies and language are all in it."},
    wrong={
        "Last: it works last.": "The list is read backwards on the way out, so the last works first.",
        "Anywhere, Django sorts it out.": "Nobody does: two visitors in four read the wrong language in section 1.",
    },
)

# %% tags=["hidden-source"]
lesson.quiz(
    "A view under cache_page(60) shows request.user. What happens?",
    right={"Everyone is greeted by the name of whoever came first.": "The session adds its Vary: Cookie outside cache_page, too late."},
    wrong={
        "Django notices the session and keeps a copy each.": "The middleware would: it stands outside. The decorator stands inside.",
        "The page is never kept.": "It is kept, unless it says private.",
    },
)

# %% tags=["hidden-source"]
lesson.quiz(
    "A talk's title changes. Which pages must be replaced?",
    right={"Every page that read its row: lists, feed, day and speakers too.": "Record what a page reads, and look it up."},
    wrong={
        "The talk's own page.": "In section 3 five of six old pages stay.",
        "All pages, by cache.clear().": "It is right, and then each of them is made anew for a waiting visitor.",
    },
)

# %% tags=["hidden-source"]
lesson.quiz(
    "What does ConditionalGetMiddleware save?",
    right={"Bytes.": "The page is made, hashed, and then not sent."},
    wrong={
        "Queries.": "It needs the finished page for its hash: the queries have run.",
        "Nothing without a cache.": "The bytes are saved without one.",
    },
)

# %% tags=["hidden-source"]
lesson.quiz(
    "You correct a page and drop it from memcached. A visitor still sees the old one. Why?",
    right={"cache_page told their browser to keep it, by max-age.": "Say cache_control(max_age=30) inside."},
    wrong={
        "memcached deletes late.": "A deleted key is gone at once.",
        "Another worker has a copy.": "All workers share one memcached.",
    },
)

# %% [markdown]
# ## What you now know
#
# - Update first, Fetch last: the page cache stands around everything that changes an answer.
# - `cache_page` does not see the `Vary` that a middleware adds: personal pages leak, unless they say so themselves.
# - Each header in `Vary`, and each letter of the address, starts a cold copy.
# - A page depends on every row it read; replace them all, after the commit.
# - Personal pieces go into a fragment, an include, or a small fetch; tokens and messages are personal too.
# - A 304 saves bytes; only a cheap ETag or the cache saves queries.
# - Sessions need a source: `cached_db`.
#
# Next: lesson 12, backends, libraries, many servers: which cache, and how many.
