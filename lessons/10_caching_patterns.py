# %% [markdown]
# # 10. Caching patterns
#
# How do you keep what is in the cache *right*? After this lesson you choose a pattern by counting.
#
# **Core:** 60 minutes · **deeper:** 75 minutes · **needs:** 08, 09 · **helps:** 11, 12 ·
# **starts:** memcached, on loopback
#
# Credit: Jacob Burch and Noah Silas, "Cache Rules Everything Around Me", DjangoCon 2011, as Rob Martin noted it in
# "DjangoCon, part four", for sections 2 and 5. The others, and all experiments, are added by us.

# %% tags=["hidden-source"]
from helpers import lesson

lesson.recall(
    {
        "The hit rate falls from 99 % to 98 %. What happens to the database?": "It is asked twice as often: it sees the misses only.",
        "What does transaction.on_commit(f) do?": "It runs f after the outermost transaction has committed, and never if it rolls back.",
        "What may be lost when memcached is restarted?": "Nothing that matters: every value can be made again from the database.",
    }
)

# %% [markdown]
# ## Why it trips people up
#
# - "A visitor saw somebody else's page."
# - "The page stays old for ever, and only sometimes."
# - "`InvalidCacheKey: Cache key contains characters that will cause errors if used with memcached`, only in production."
# - "The site goes down at the moment at which one popular key expires."
# - "The same missing page is looked up in the database a thousand times a minute."

# %% tags=["hidden-source"]
import itertools
import math
import random
import subprocess
import sys
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from hashlib import sha256
from urllib.parse import quote

# %%
import numpy as np
import pandas as pd

from helpers import load, paths, plots, plots_patterns
from helpers.caching import herd, replay, theory, traffic, writing
from helpers.lesson import claim, exercise
from helpers.project import temporary
from helpers.services import memcached

lesson.start("10-caching-patterns")

# %% [markdown]
# One memcached for the whole lesson, behind Django's own cache framework. `override_settings` does in a notebook what
# the setting `CACHES` does in a project. Folded cells (the bars with three dots) send the load and draw: open those that you want to see.

# %%
from django.core.cache import InvalidCacheKey, cache, caches
from django.db import connection, models, transaction
from django.db.models import F
from django.db.models.signals import post_save
from django.test import override_settings

from helpers.conference.models import Speaker, Talk
from helpers.project.boot import clear_scratch, create_tables, fresh
from helpers.queries import watch

MEMCACHE = "django.core.cache.backends.memcached.PyMemcacheCache"
server = memcached.start(memory_mb=64)
shared = {"BACKEND": MEMCACHE, "LOCATION": server.url}
django_caches = override_settings(CACHES={"default": shared})
django_caches.enable()

# %% [markdown]
# ## 1. What makes a good key?
#
# A search page depends on five things: the words, a tag, the page number, the language and the visitor. 72 different
# requests, and a key for each of them. Written one after the other, `f"search{words}{tag}{page}…"`: how many
# of the 72 visitors are served a page that is not theirs?

# %%
guess_wrong = ...  # for example: 0

# %%
words, tags = ["orm", "orm:sql", "orm1"], ["fast", "sql:fast", "1"]
asked = list(itertools.product(words, tags, [1, 11], ["en", "de"], ["ann", "bob"]))


def wrong_pages(make_key):
    """Serve each request once through the cache, and count those that got another one's page."""
    cache.clear()
    pages = [f"search for {request}" for request in asked]
    served = [cache.get_or_set(make_key(*each), page) for each, page in zip(asked, pages)]
    return sum(got != page for got, page in zip(served, pages))


# %% [markdown]
# The last of five ways is a module, as a project has it: `keys.py`, one function for each kind of key. `quote` writes every special
# character as `%` and its number, as in a URL.

# %%
module = """# keys.py: every cache key of the site
from urllib.parse import quote

def key(*parts):
    return ":".join(quote(str(part), safe="") for part in parts)

def search(words, tag, page, language, visitor):
    return key("search", words, tag, page, language, visitor)

def notice(number):
    return key("notice", number)

def title(talk):
    return key("title", talk)

def speaker(slug):
    return key("speaker", slug)"""
_ = (paths.cache() / "keys.py").write_text(module)

# %%
sys.path.insert(0, str(paths.cache()))
import keys

ways_to_key = {
    "glued": lambda *parts: "search" + "".join(map(str, parts)),
    "colons": lambda *parts: "search:" + ":".join(map(str, parts)),
    "quoted, no visitor": lambda *parts: keys.key("search", *parts[:4]),
    "quoted, no language": lambda *parts: keys.key("search", *parts[:3], parts[4]),
    "keys.search": keys.search,
}
wrong = pd.Series({way: wrong_pages(make_key) for way, make_key in ways_to_key.items()})
with lesson.expect(TypeError):
    keys.search("orm", "fast", page=1, language="en")  # whose page?
wrong.rename("wrong pages of 72").to_frame()

# %% tags=["hidden-source"]
frame = wrong.rename("wrong").rename_axis("way").reset_index()
ax = plots.axes(height=2.8)
plots.dots(frame, "wrong", "visitors who were served another page (of 72)", name="way", ax=ax)
ax.set_xlim(-1, 40)
ax.set_title("Only the key that names every part, and keeps them apart, is never wrong")
lesson.show(
    ax,
    alt="Wrong pages for five ways to make a key: 36 of 72 without the visitor and without the "
    "language, fewer when parts are glued or joined by colons, none with keys.search.",
)

# %%
lesson.compare(guess_wrong, wrong["glued"])
claim("Without the visitor in the key, half of the visitors are served somebody else's page.",
      wrong["quoted, no visitor"] / len(asked), equals=0.5)
claim("Colons alone are not enough: words that hold a colon still clash.",
      wrong["colons"], above=0)
claim("With every part named and quoted, nobody is served a wrong page.",
      wrong["keys.search"], equals=0)

# %% [markdown]
# Two sites on one memcached: the live one and its test site. And a deploy that changes what a page looks like. Django has a
# setting for each: `KEY_PREFIX` and `VERSION`.

# %%
sites = {
    "default": shared,
    "test site": shared,
    "live": {**shared, "KEY_PREFIX": "live"},
    "live, next deploy": {**shared, "KEY_PREFIX": "live", "VERSION": 2},
}
with override_settings(CACHES=sites):
    caches["test site"].set("talk:1", "TEST TEST")
    caches["live"].set("talk:1", "The ORM")
    seen = {name: caches[name].get("talk:1", "(a miss)") for name in sites}
    stored_as = {name: caches[name].make_key("talk:1") for name in sites}
pd.DataFrame({"key in memcached": stored_as, "cache.get finds": seen})

# %% [markdown]
# Which keys are legal? The same five on memcached, and on the cache that Django has in development unless you choose
# another one.

# %%
tried = {
    "a plain key": "talk:1",
    "a space": "the orm",
    "a line end": "the\norm",
    "251 letters": "x" * 251,
    "200 umlauts": "ü" * 200,
}


def outcome(key):
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            cache.set(key, "page")
        except Exception as error:
            return type(error).__name__
    return "stored, with a warning" if warned else "stored"


# %% [markdown]
# The last column has a `KEY_FUNCTION` of ours: it quotes, and shortens by a hash what is too long.

# %%
def short_key(key, key_prefix, version):
    safe = quote(f"{key_prefix}:{version}:{key}", safe=":")
    if len(safe) <= 250:
        return safe
    return f"{safe[:180]}:{sha256(safe.encode()).hexdigest()}"


# %%
LOCMEM = "django.core.cache.backends.locmem.LocMemCache"
outcomes = {}
for name, setting in {
    "memcached": shared,
    "local memory": {"BACKEND": LOCMEM, "LOCATION": "keys"},
    "memcached, KEY_FUNCTION": {**shared, "KEY_FUNCTION": short_key},
}.items():
    with override_settings(CACHES={"default": setting}):
        outcomes[name] = {what: outcome(key) for what, key in tried.items()}
legal = pd.DataFrame(outcomes)
with lesson.expect(InvalidCacheKey):
    cache.get("the orm")
legal

# %%
claim("Two sites on one memcached read each other's values, unless a KEY_PREFIX keeps them "
      "apart.",
      [seen["default"] == seen["test site"], seen["live"] == seen["test site"]],
      equals=[True, False])
claim("Of the five keys memcached takes one; local memory takes all, so development does not "
      "tell.",
      [(legal[each] == "stored").sum() + legal[each].str.contains("warning").sum()
       for each in ("memcached", "local memory")], equals=[1, 5])
claim("With the KEY_FUNCTION of this section all five are stored.",
      (legal["memcached, KEY_FUNCTION"] == "stored").sum(), equals=5)

# %%
because = "..."  # one sentence: when do two different pages get the same key?

# %% [markdown]
# **Why.** A key is the whole question: everything that the answer depends on has to be in it. Leave the visitor out, and whoever comes
# first decides what the others see. A separator only separates if no part can hold it: `orm:sql` + `fast` and `orm` + `sql:fast`
# look alike once joined. memcached ends a key at a space or a line end and stops at 250 *bytes*; Django checks 250
# characters, which lets 200 umlauts through to the client's own error. Local memory takes any key, with a warning that few read.
#
# A function names its parts: forget one, and Python says so before a visitor does. A hash makes long keys short; keep a readable
# beginning for whoever looks for it at night.
#
# **In your project:** one module `keys.py` with one function for each kind of key, and no f-string key anywhere else. The sections below use this one.
#
# ### Exercise: a key for anything


# %%
@exercise("patterns-key")
def make_key(*parts):
    """A memcached key of these texts: legal for any texts, and no two lists share a key.

    At most 240 bytes, letters, digits and punctuation only, the same in every process.
    """
    ...


# %% [markdown]
# ## 2. The New Hotness: cache for ever, replace on write
#
# Burch and Silas's advice has two halves: keep values for as long as the server lets you, and when something changes, *replace* the
# value. Against it: let values expire (a TTL of one second), or *delete* on write.
#
# With 20 % writes and a TTL of one second: which share of the reads is stale, that is, older than what was committed before?

# %%
guess_stale = ...  # for example: 0.05

# %% [markdown]
# Notices on a board, each with a version that a write raises by one, in a real transaction. A read that returns
# an older version than the last committed one is stale: no clock is needed to know.

# %%
clear_scratch()


class Notice(models.Model):
    version = models.IntegerField(default=1)

    class Meta:
        app_label = "scratch"


create_tables(Notice)
Notice.objects.bulk_create(Notice(pk=number) for number in range(400))


def commit(number):
    with transaction.atomic():
        Notice.objects.filter(pk=number).update(version=F("version") + 1)
        return from_database(number)


def from_database(number):
    return Notice.objects.values_list("version", flat=True).get(pk=number)


# %% [markdown]
# **Cache-aside** is the usual way to read: ask the cache, on a miss ask the database, and store what it says. Once with each timeout;
# then what each strategy does after a commit.

# %%
def reader(timeout):
    def read(number):
        version = cache.get(keys.notice(number))
        if version is not None:
            return version, True
        version = from_database(number)
        cache.set(keys.notice(number), version, timeout)
        return version, False

    return read


# %%
strategies = {
    "TTL of 1 s": (reader(1), lambda number, version: None),
    "delete on write": (reader(None), lambda number, version: cache.delete(keys.notice(number))),
    "replace on write": (
        reader(None), lambda number, version: cache.set(keys.notice(number), version, None)),
}

# %% [markdown]
# Four boards of 50 notices each, asked in turn, with 0.1, 1, 5 and 20 % writes: 3,200 requests for each strategy. Those with a TTL are
# sent at 1,000 a second, since their clock is a real one.

# %% tags=["hidden-source"]
shares = (0.001, 0.01, 0.05, 0.2)
boards = [
    (100 * board + traffic.zipf(requests=800, keys=50, alpha=0.9, seed=board),
     traffic.read_write_marks(requests=800, write_share=share, seed=3 + board))
    for board, share in enumerate(shares)
]
trace, marks = (np.stack(rows, axis=1).ravel() for rows in zip(*boards))
runs = []
for strategy, (read, after_commit) in strategies.items():
    cache.clear()
    pace = 1_000 if strategy == "TTL of 1 s" else None
    run = writing.play(trace, marks, commit, after_commit, read, pace_per_s=pace)
    runs.append(run.assign(setup=strategy))
runs = pd.concat(runs, ignore_index=True)

# %% [markdown]
# The first 800 requests warm the cache; the others are counted, board by board. The two lines say what theory
# allows at most.

# %% tags=["hidden-source", "nbval-ignore-output"]
reads = runs[(runs.kind == "read") & (runs.request >= 800)]
reads = reads.assign(write_share=np.take(shares, reads.key // 100))
reads = reads.astype({"hit": float, "stale": float})
hot = reads.groupby(["setup", "write_share"], sort=False, as_index=False).agg(
    hit_rate=("hit", "mean"), stale_share=("stale", "mean")
)
hot = hot.assign(database_reads=100 * (1 - hot.hit_rate))
at = hot.set_index(["setup", "write_share"])
lesson.compare(guess_stale, at.stale_share["TTL of 1 s", 0.2])
hot.pivot(index="write_share", columns="setup", values=["hit_rate", "stale_share"]).round(3)

# %% tags=["hidden-source"]
ceilings = theory.write_ceiling(np.geomspace(0.001, 0.2, 30))
ceilings = ceilings.assign(source="ceiling: " + ceilings.source)
figure = plots_patterns.by_writes(hot, ceilings)
figure.suptitle("Replacing keeps the hits, is never stale here, and spares the database")
lesson.show(
    figure,
    alt="Three panels against the share of writes. Hit rate: replace stays at the top, delete "
    "falls"
    " along its ceiling, the TTL lies lower. Stale reads: the TTL rises steeply, the others stay"
    " at zero. Database reads: replace stays near zero, delete rises with the writes.",
)

# %%
claim("At 20 % writes, a TTL of one second alone serves more than one stale read in twenty.",
      at.stale_share["TTL of 1 s", 0.2], above=0.05)
claim("With one process that reads and writes in turn, delete and replace serve no stale read.",
      at.stale_share.drop("TTL of 1 s").sum(), equals=0)
claim("At 20 % writes, delete asks the database at least five times as often as replace.",
      at.database_reads["delete on write", 0.2]
      / (at.database_reads["replace on write", 0.2] + 1), above=5)
claim("At 0.1 % writes, delete and replace are within two points of hit rate.",
      at.hit_rate["replace on write", 0.001] - at.hit_rate["delete on write", 0.001],
      between=(-0.02, 0.02))

# %%
because = "..."  # one sentence: what does replace pay for its hit rate?

# %% [markdown]
# **Why.** A TTL knows nothing of writes: it throws away values that are still right, and keeps wrong ones until their second is over.
# Delete and replace act at the commit. After a delete the next read must miss, so its hit rate falls with the writes, along the ceiling
# 1 − w; after a replace it finds the new value. Where writes are rare the two hardly differ, and delete is simpler: it needs no new value.
#
# Replace pays at the write: it computes a value that perhaps nobody reads. And both were tried by *one* process, in turn. With two
# at once each can leave an old value behind for ever: section 6 counts in how many orders. So keep a long timeout as a net.
#
# **In your project:** a timeout of a day, and `cache.set` in `transaction.on_commit` (section 3).
#
# ### Exercise: choose a strategy
# Decide from your frame `hot`, or any like it.


# %%
@exercise("patterns-strategy")
def choose_strategy(frame, write_share, stale_allowed):
    """The `setup` with the fewest database_reads among those that are fresh enough.

    Fresh enough: stale_share of at most `stale_allowed`, at this write_share; None if none is.
    """
    ...


# %% [markdown]
# ## 3. Before or after the commit?
#
# A talk is renamed in a transaction, and the cache is told the new title *inside* it, before the commit. Forty talks; ten of the
# transactions roll back at the end, as a form does that fails on its last check. How many cached titles are wrong afterwards?

# %%
guess_never = ...  # for example: 0

# %% [markdown]
# Three ways. Between the change and the commit a visitor reads the page, on a connection of her own: that happens, if a page
# is popular and a transaction long.

# %%
class FailedCheck(Exception):
    """The last check of the form failed: roll back."""


def cached_title(number):
    """What a visitor does: cache-aside."""
    read = Talk.objects.filter(pk=number).values_list("title", flat=True).get
    return cache.get_or_set(keys.title(number), read, None)


ways_to_tell = {
    "set inside": lambda key, title: cache.set(key, title, None),
    "delete inside": lambda key, title: cache.delete(key),
    "set in on_commit": lambda key, title: transaction.on_commit(
        partial(cache.set, key, title, None)
    ),
}


# %%
def rename(visitors, number, tell, fails):
    """Rename a talk in a transaction, tell the cache, let a visitor look, and commit or fail."""
    title = f"{number} renamed"
    try:
        with transaction.atomic():
            Talk.objects.filter(pk=number).update(title=title)
            tell(keys.title(number), title)
            visitors.submit(cached_title, number).result()
            if fails:
                raise FailedCheck
    except FailedCheck:
        pass


# %% [markdown]
# Forty talks for each way and each share of failures; afterwards every cached title is held against the database.

# %% tags=["hidden-source"]
rows = []
for (way, tell), failures in itertools.product(ways_to_tell.items(), (0, 10, 20, 30)):
    fresh()
    cache.clear()
    talks = list(Talk.objects.order_by("pk").values_list("pk", flat=True)[:40])
    with ThreadPoolExecutor(1) as visitors:
        for place, number in enumerate(talks):
            rename(visitors, number, tell, fails=place < failures)
        visitors.submit(lambda: connection.close()).result()
    titles = dict(Talk.objects.values_list("pk", "title"))
    wrong_titles = sum(cache.get(keys.title(number)) != titles[number] for number in talks)
    rows.append({"setup": way, "failed": failures / 40, "wrong": wrong_titles / 40})
told = pd.DataFrame(rows).assign(source="measured")
told.pivot(index="failed", columns="setup", values="wrong")

# %% [markdown]
# Two lines say what to expect: set inside is wrong where the transaction failed, delete inside where it did not.

# %% tags=["hidden-source"]
failed = np.array([0, 0.75])
expected = pd.concat([
    pd.DataFrame({"failed": failed, "wrong": failed, "source": "all that failed"}),
    pd.DataFrame({"failed": failed, "wrong": 1 - failed, "source": "all that committed"}),
])
ax = plots_patterns.against(
    pd.concat([told, expected]), "failed", "wrong", "transactions that rolled back (%)",
    "cached titles that are wrong (%)", percent=("failed", "wrong"),
)
ax.set_title("Inside the transaction: set is wrong after a rollback, delete after a commit")
lesson.show(ax, alt="Wrong cached titles against rolled-back transactions: set inside rises "
            "along a "
            "straight line, delete inside falls along another, on_commit stays at zero.")

# %%
by_told = told.set_index(["setup", "failed"]).wrong
lesson.compare(guess_never, 40 * by_told["set inside", 0.25])
claim("Set inside the transaction: every rollback leaves a title in the cache that never was.",
      40 * by_told["set inside", 0.25], equals=10)
claim("Deleted inside, and read before the commit: every *committed* title is wrong in the "
      "cache.",
      40 * by_told["delete inside", 0.25], equals=30)
claim("Set in on_commit: no cached title is wrong, whatever the share of rollbacks.",
      by_told["set in on_commit"].sum(), equals=0)

# %%
because = "..."  # one sentence: why can a delete inside the transaction leave the old value?

# %% [markdown]
# **Why.** The cache knows nothing of transactions: a `set` inside counts at once, and no rollback takes it back. A delete looks
# harmless, but until the commit other connections read the old row, and the first visitor puts it back, for ever. `on_commit` runs the
# function after the outermost commit, and drops it at a rollback: both mistakes are gone.
#
# What is left: the process may die between commit and callback, and the cache may be down just then. Then the old value stays until
# its timeout. That is what the net of section 2 is for: a timeout of a day, not of a second.
#
# **In your project:** `transaction.on_commit(partial(cache.set, key, value))`; a lambda in a loop would set the last value only. In
# tests: `captureOnCommitCallbacks(execute=True)`.

# %% [markdown]
# ## 4. The thundering herd
#
# This section is added by us. A popular page takes 100 ms to compute, and its key has just gone. 64 readers ask for it at the
# same moment. How many of them compute it, if the code says `cache.get_or_set(key, slow_page)`?

# %%
guess_herd = ...  # for example: 1

# %%
computed = []  # the moments at which a computation began


def slow_page(key="page", takes_s=0.1):
    computed.append(time.perf_counter())
    time.sleep(takes_s)
    return f"the {key}"


def get_and_set(key):
    value = cache.get(key)
    if value is None:
        value = slow_page(key)
        cache.set(key, value, None)
    return value


# %% [markdown]
# Three that may do better. First a **lock**: `add` stores only if there is nothing yet, and says whether it did. memcached decides, so
# one reader wins; the others wait and look again.

# %%
def add_lock(key):
    while (value := cache.get(key)) is None:
        if cache.add(f"{key}:lock", "mine", timeout=10):
            value = slow_page(key)
            cache.set(key, value, None)
            cache.delete(f"{key}:lock")
        else:
            time.sleep(0.01)
    return value


# %% [markdown]
# Second, the *old page*: it stays stored after its time, readers take it, and one background thread renews it. (Elsewhere: stale-while-revalidate.)

# %%
background = ThreadPoolExecutor(1)


def renew(key):
    if cache.get(key)[1] < time.time():  # nobody was faster
        cache.set(key, (slow_page(key), time.time() + 60), None)
    cache.delete(f"{key}:lock")


def stale_while_renewed(key):
    value, fresh_until = cache.get(key)
    if fresh_until < time.time() and cache.add(f"{key}:lock", "mine", timeout=10):
        background.submit(renew, key)
    return value


# %% [markdown]
# Third, XFetch (Vattani, Chierichetti and Lowenstein, 2015), here `early_draw`: each reader draws a number; the nearer the expiry, the
# likelier it renews the value *early*, while the others still find it. `beta=0` never draws: a plain expiry.

# %%
def early_draw(key, beta=1):
    value, took, expires = cache.get(key, (None, 0, 0))
    if time.time() - took * beta * math.log(1 - random.random()) >= expires:
        began = time.time()
        value = slow_page(key)
        cache.set(key, (value, time.time() - began, time.time() + 0.6), None)
    return value


# %% [markdown]
# Two trials. A **cold key**: nothing is stored (the old page: just expired), and all readers, each a thread with its own connection,
# start at once. And an **expiry**: the page lives for 0.6 s, each reader asks about ten times a second all along; counted are the
# computations of each renewal.

# %% tags=["hidden-source"]
def herd_of(readers, read):
    gate = threading.Barrier(readers)

    def reader(_):
        cache.get("connect-first")
        gate.wait()
        began = time.perf_counter()
        read("page")
        return 1000 * (time.perf_counter() - began)

    computed.clear()
    with ThreadPoolExecutor(readers) as pool:
        slowest_ms = max(pool.map(reader, range(readers)))
    background.submit(int).result()  # whatever runs there has ended now
    return {"readers": readers, "computations": len(computed), "slowest_ms": slowest_ms}


# %% tags=["hidden-source"]
def herd_at_expiry(readers, read):
    """Each reader asks ten times a second, on average, a page that lives for 0.6 s."""
    computed.clear()
    cache.set("page", ("the page", 0.1, time.time() + 0.6), None)
    requests = ["page"] * (20 * readers)
    load.open_loop(read, requests, rate_per_s=10 * readers, workers=readers, seconds=1.2)
    renewals = 1 + (np.diff(sorted(computed)) > 0.15).sum()  # those of one renewal come together
    return {"readers": readers, "computations": len(computed) / renewals}


# %%
cold = {
    "get, set": get_and_set,
    "get_or_set": lambda key: cache.get_or_set(key, partial(slow_page, key), None),
    "early draw": early_draw,
    "add lock": add_lock,
    "old page": stale_while_renewed,
}
rows = []
for (way, read), readers in itertools.product(cold.items(), (1, 4, 16, 64)):
    cache.clear()
    if read is stale_while_renewed:
        cache.set("page", ("the old page", 0), None)
    rows.append({"case": "cold key", "setup": way, **herd_of(readers, read)})

# %% tags=["hidden-source", "nbval-ignore-output"]
expiring = {"get, set": partial(early_draw, beta=0), "early draw": early_draw}
for (way, read), readers in itertools.product(expiring.items(), (1, 4, 16, 64)):
    rows.append({"case": "at each expiry", "setup": way, **herd_at_expiry(readers, read)})
herds = pd.DataFrame(rows)
counted = herds.set_index(["case", "setup", "readers"]).sort_index()
lesson.compare(guess_herd, counted.computations["cold key", "get_or_set", 64])
table = herds.pivot(index=["case", "readers"], columns="setup", values="computations")[list(cold)]
table.loc[["cold key", "at each expiry"]].round(1).astype(object).fillna("–")

# %% tags=["hidden-source"]
numbers = np.array([1, 2, 4, 8, 16, 32, 64])
in_time = herd.recomputes_early(10 * numbers, ttl_s=0.6, delta_s=0.1).assign(readers=numbers)
lines = pd.concat([
    herd.computations(numbers, compute_ms=100).assign(case="cold key"),
    in_time.assign(case="at each expiry"),
])
lines["source"] = "theory: " + lines.source
figure = plots_patterns.herd(herds, lines, guess=guess_herd)
figure.suptitle("Only a lock or an old page helps a cold key; an early draw helps at an expiry")
lesson.show(
    figure,
    alt="Three panels against 1, 4, 16 and 64 readers. Computations of a cold key: get, set, "
    "get_or_set and the early draw rise with the readers, lock and old page stay near one. At an "
    "expiry get, set rises, the early draw stays low. Slowest: only the old page is quick.",
)

# %%
at_64 = counted.computations.xs(64, level="readers")
slowest_ms = counted.slowest_ms["cold key"]
claim("By get and set, get_or_set or an early draw more than half of 64 compute a cold key.",
      at_64["cold key"][["get, set", "get_or_set", "early draw"]].min(), above=32)
claim("With an add lock, at most a handful of the 64 do.",
      at_64["cold key", "add lock"], between=(1, 5))
claim("With an old page at hand exactly one computes, and no reader waits for it.",
      [at_64["cold key", "old page"], slowest_ms["old page", 1] < slowest_ms["add lock", 1] / 2],
      equals=[1, True])
claim("At an expiry the early draw takes less than half of the computations of a plain one.",
      at_64["at each expiry", "early draw"] / at_64["at each expiry", "get, set"],
      between=(0.01, 0.5))

# %% [markdown]
# What if whoever holds the lock dies? A process takes the lock for one second and is killed. Then one takes a lock that has no end.

# %%
holder = """import os, sys, pymemcache
pymemcache.Client(sys.argv[1]).add(":1:orphan:lock", b"mine", expire=1, noreply=False)
os.kill(os.getpid(), 9)"""
ended = subprocess.run([sys.executable, "-c", holder, server.url]).returncode
began = time.perf_counter()
orphan = add_lock("orphan")
waited_s = time.perf_counter() - began

cache.add("endless:lock", "mine", timeout=None)
with ThreadPoolExecutor(1) as pool, lesson.expect(TimeoutError):
    try:
        pool.submit(add_lock, "endless").result(timeout=0.5)
    finally:
        cache.set("endless", "a page from elsewhere")  # let the thread go

# %%
claim("A lock of one second whose holder was killed held the next reader for less than three.",
      waited_s if ended == -9 and orphan == "the orphan" else None, between=(0.09, 3))

# %%
because = "..."  # one sentence: why does get_or_set not help?

# %% [markdown]
# **Why.** Until the first result is stored, every reader finds nothing, and nothing tells it that others compute: N readers,
# N computations. `get_or_set` is get, compute, `add`: the `add` only decides whose result stays. A lock lets one
# compute; now and then a second one, which looked just before the result came and locked just after the lock had gone
# (section 6 closes that hole). The others wait at least as long as the computation. With an old page nobody waits.
#
# XFetch needs a value to be early *for*: on a cold key it is a plain `get` and `set`. Before an expiry it costs, by the
# formula, e ≈ 2.7 computations on average, however many the readers; a few renewals scatter about that line.
#
# A lock needs an end, or one crash blocks the page for ever; an end shorter than the computation lets the herd in again.
#
# **In your project:** only for keys that are popular *and* slow. Everywhere else `get_or_set` is right.

# %% [markdown]
# ## 5. "Does not exist" is an answer
#
# Burch and Silas's last advice: what does not exist deserves an entry, too, something like `!!!DNE!!!`. 500 requests for one
# speaker who does not exist. With cache-aside as in section 2, how often is the database asked?

# %%
guess_dne = ...  # for example: 1

# %% [markdown]
# First a trap. Two keys, and `None` for both; only one of them was ever set.

# %%
cache.clear()
cache.set("stored", None)
MISSING = object()
none_twice = pd.DataFrame(
    {
        "cache.get(key)": [cache.get("stored"), cache.get("never-set")],
        "cache.get(key, MISSING) is MISSING": [
            cache.get(key, MISSING) is MISSING for key in ("stored", "never-set")
        ],
    },
    index=["stored", "never-set"],
)
none_twice

# %%
def from_speakers(slug):
    return Speaker.objects.filter(slug=slug).values_list("name", flat=True).first()


def without_dne(slug):
    name = cache.get(keys.speaker(slug))
    if name is None:
        name = from_speakers(slug)
        cache.set(keys.speaker(slug), name)  # None is stored, and never recognised
    return name


def with_dne(slug):
    name = cache.get(keys.speaker(slug), MISSING)
    if name is MISSING:
        name = from_speakers(slug)
        cache.set(keys.speaker(slug), name, timeout=300 if name else 30)
    return name


# %% [markdown]
# Here `None` itself is the entry; the text `!!!DNE!!!` would do as well. Two floods of 500 requests: one missing speaker,
# asked for again and again, and 500 different ones.

# %%
different = [f"nobody-{number}" for number in range(500)]
floods = {"one missing slug": ["nobody"] * 500, "500 different": different}
rows = []
for (flood, slugs), find in itertools.product(floods.items(), (without_dne, with_dne)):
    cache.clear()
    with watch() as seen_sql:
        for slug in slugs:
            find(slug)
    rows.append({"flood": flood, "way": find.__name__, "database reads": seen_sql.count})
flooded = pd.DataFrame(rows).pivot(index="flood", columns="way", values="database reads")
flooded

# %% [markdown]
# And when the missing one comes to be? A receiver replaces its entry, in `on_commit`, for everyone at once.

# %%
fresh()
cache.clear()
found = {"before": with_dne("ada")}
Speaker.objects.create(name="Ada", slug="ada")
found["created, entry left"] = with_dne("ada")


def replace_entry(instance, **kwargs):
    key = keys.speaker(instance.slug)
    transaction.on_commit(partial(cache.set, key, instance.name, 300))


post_save.connect(replace_entry, sender=Speaker)
with_dne("grace")
Speaker.objects.create(name="Grace", slug="grace")
found["created, entry replaced"] = with_dne("grace")
post_save.disconnect(replace_entry, sender=Speaker)
pd.Series(found).fillna("no such speaker").to_frame("the page says")

# %% [markdown]
# Back to the flood of different names: each costs a database read, whatever you do, and an entry. What do such entries do to real values? 15,000 small values
# in a memcached of 2 MB, then more and more entries for speakers who do not exist, all of one size.

# %% tags=["hidden-source"]
small = memcached.start(memory_mb=2)
rows = []
with override_settings(CACHES={"default": {"BACKEND": MEMCACHE, "LOCATION": small.url}}):
    real = [keys.speaker(f"{number:06d}") for number in range(15_000)]
    cache.set_many(dict.fromkeys(real, "4.2 stars"), None)
    for entries in range(0, 45_000, 5_000):
        missing = [f"missing:{number:06d}" for number in range(max(entries - 5_000, 0), entries)]
        cache.set_many(dict.fromkeys(missing, "!!!DNE!!!"), None)
        sample = cache.get_many(real[entries // 5_000 :: 100])
        rows.append({"entries": entries, "share": len(sample) / 150})
small.stop()
price = pd.DataFrame(rows).assign(source="measured")

# %% tags=["hidden-source"]
ax = plots_patterns.against(
    price, "entries", "share", "entries for what does not exist", "real values still cached (%)",
    percent=("share",),
)
ax.set(ylim=(-0.03, 1.05))
ax.get_legend().remove()
ax.set_title("A flood of different names pushes the real values out of the cache")
lesson.show(ax, alt="Share of real values still cached against entries for missing speakers: "
            "all at "
            "first, then a steep fall once 2 MB are full.")

# %%
lesson.compare(guess_dne, flooded["without_dne"]["one missing slug"])
claim("cache.get gives None for a stored None and for a miss; only a default tells them apart.",
      none_twice["cache.get(key, MISSING) is MISSING"].tolist(), equals=[False, True])
claim("One missing speaker, 500 times: 500 database reads without an entry, 1 with it.",
      flooded.loc["one missing slug", ["without_dne", "with_dne"]].tolist(), equals=[500, 1])
claim("Against 500 different missing names the entry saves nothing.",
      flooded.loc["500 different", ["without_dne", "with_dne"]].tolist(), equals=[500, 500])
claim("A new speaker stays missing while the entry lives, and is there at once if replaced.",
      list(found.values()), equals=[None, None, "Grace"])
claim("40,000 such entries push more than half of the real values out of a memcached of 2 MB.",
      price.share.iloc[0] - price.share.iloc[-1], above=0.5)

# %%
because = "..."  # one sentence: against which flood does the entry help, and why?

# %% [markdown]
# **Why.** To cache-aside, `None` means "ask the database", so what does not exist is asked for again at every request. An entry makes
# "does not exist" an answer like any other: one read, then hits. It helps only where the *same* missing thing is asked for. Names that an
# attacker or a crawler invents are new each time: each costs a read and an entry, and the entries push out values that somebody needs.
#
# So give the entry a short timeout, and refuse what cannot exist before you look: a slug with a wrong sign, a number above the highest.
# Values of other sizes suffer less on memcached, which keeps its memory by size.
#
# **In your project:** `cache.get(key, MISSING)`, 30 s for what is missing, and a `post_save` receiver that replaces the entry.
#
# ### Exercise: remember what is missing


# %%
@exercise("patterns-dne")
def find_speaker(cache, ask_database, slug):
    """The speaker, or None; ask_database(slug) is called once, also if it returns None.

    What is missing is remembered for at most 60 seconds. Key: f"speaker:{slug}".
    """
    ...


# %% [markdown]
# You may stop here.

# %% [markdown] tags=["collapsed"]
# ## Go deeper
#
# Each section stands alone: choose. They share these imports.

# %%
import asyncio
import importlib
import os
import pickle
import shutil
import signal
import tempfile
import zlib
from pathlib import Path

import pymemcache
from asgiref.sync import sync_to_async
from django.http import HttpResponse
from pymemcache.exceptions import MemcacheServerError

# %% [markdown]
# ### 6. The race of cache-aside
#
# A reader misses, reads the database, and is slow to store. Meanwhile somebody writes, commits and deletes the key. Then the
# reader stores. A reader has three steps, a writer two: ten orders. In how many is the cache wrong afterwards, if the
# writer deletes after the commit?

# %%
guess_orders = ...  # for example: 5

# %% [markdown]
# First with two real threads, two connections, and two events that hold them in the bad order.

# %%
create_tables(Notice)
Notice.objects.bulk_create(Notice(pk=number) for number in range(200))
cache.clear()
has_read, has_deleted = threading.Event(), threading.Event()


def slow_reader(number):
    if cache.get(keys.notice(number)) is None:
        version = from_database(number)
        has_read.set()
        has_deleted.wait(10)
        cache.set(keys.notice(number), version, None)
    connection.close()


# %%
with ThreadPoolExecutor(1) as pool:
    reading = pool.submit(slow_reader, 1)
    has_read.wait(10)
    commit(1)
    cache.delete("notice:1")
    has_deleted.set()
    reading.result()
raced = {"in the database": from_database(1), "in the cache, for ever": cache.get("notice:1")}
raced

# %% [markdown]
# Now every order, written as `RRRWW`: R is a step of the reader, W of the writer. A generator stops after each step, so that one loop can lead both through any order. `find` is the
# reader's first step, `store` its last; `tell` is what the writer does after its commit.

# %%
def reader_steps(find, store, number):
    token = find(number)
    yield
    version = from_database(number)
    yield
    if token is not None:  # it was a miss
        store(number, version, token)
    yield


def writer_steps(tell, number):
    version = commit(number)
    yield
    tell(number, version)
    yield


# %%
def all_orders(first, second, steps, cached):
    """Lead two through every order of their steps: one row an order; is the cache wrong?"""
    rows, total = [], sum(steps)
    for places in itertools.combinations(range(total), steps[0]):
        cache.clear()
        number = next(fresh_numbers)
        both = [first(number), second(number)]
        order = [0 if place in places else 1 for place in range(total)]
        for who in order:
            next(both[who], None)
        held = cached(number)
        letters = "".join("RW"[who] if steps[0] == 3 else "ab"[who] for who in order)
        rows.append({"order": letters, "wrong": held not in (None, from_database(number))})
    return pd.DataFrame(rows)


# %% [markdown]
# Django's cache has no compare-and-swap; the client below it has. A **lease**: whoever misses leaves a mark with `add`, and stores only if
# the mark is still the same (`cas`). A writer's delete takes the mark away.

# %%
raw = replay.connect(server)


def take_lease(number):
    raw.add(f"lease:{number}", b"lease", noreply=False)
    value, token = raw.gets(f"lease:{number}")
    return token if value == b"lease" else None


def store_by_lease(number, version, token):
    raw.cas(f"lease:{number}", str(version), token, noreply=False)


def held_by_lease(number):
    value = raw.get(f"lease:{number}")
    return None if value in (None, b"lease") else int(value)


# %%
def find(number):
    return "a miss" if cache.get(keys.notice(number)) is None else None


def put(number, version, token=None):
    cache.set(keys.notice(number), version, None)


def put_if_nothing(number, version, token=None):
    cache.add(keys.notice(number), version, None)


def take_away(number, version):
    cache.delete(keys.notice(number))


def held(number):
    return cache.get(keys.notice(number))


# %%
fresh_numbers = itertools.count(2)
pairs = {
    "set · nothing": (find, put, lambda number, version: None, held),
    "set · delete": (find, put, take_away, held),
    "set · replace": (find, put, put, held),
    "add · replace": (find, put_if_nothing, put, held),
    "lease · delete": (
        take_lease, store_by_lease,
        lambda number, version: raw.delete(f"lease:{number}", noreply=False), held_by_lease,
    ),
}

# %%
raced_orders = pd.concat([
    all_orders(partial(reader_steps, look, store), partial(writer_steps, tell), (3, 2), cached)
    .assign(setup=name)
    for name, (look, store, tell, cached) in pairs.items()
])
raced_orders.groupby("setup", sort=False).wrong.agg(["sum", "size"])

# %%
ax = plots_patterns.orders(raced_orders)
ax.set_title("Set with delete or replace: wrong in one order of ten. Add, or a lease: in none")
lesson.show(ax, alt="Ten orders of a reader's three and a writer's two steps for five "
            "strategies: with no "
            "message three are wrong, with set and delete or set and replace one, with add and "
            "replace or a lease none.")

# %% [markdown]
# And two writers, a and b, each with a commit and a message: six orders. `replace if newer` compares versions, again by `cas`.

# %%
def replace_if_newer(number, version):
    key = f"newer:{number}"
    while not raw.add(key, str(version), noreply=False):
        value, token = raw.gets(key)
        if value is not None and int(value) >= version:
            return
        if value is not None and raw.cas(key, str(version), token, noreply=False):
            return


def held_newer(number):
    value = raw.get(f"newer:{number}")
    return None if value is None else int(value)


# %%
writers = {
    "replace": (put, held),
    "delete": (take_away, held),
    "replace if newer": (replace_if_newer, held_newer),
}
written = pd.concat([
    all_orders(partial(writer_steps, tell), partial(writer_steps, tell), (2, 2), cached)
    .assign(setup=name) for name, (tell, cached) in writers.items()
])
written.pivot(index="setup", columns="order", values="wrong")

# %%
wrong_orders = raced_orders.groupby("setup").wrong.sum()
lesson.compare(guess_orders, wrong_orders["set · delete"])
claim("A slow reader can leave the old version in the cache for ever, after the writer's "
      "delete.",
      raced["in the database"] - raced["in the cache, for ever"], equals=1)
claim("Set with delete, and set with replace: wrong in one of ten orders; with no message in "
      "three.",
      wrong_orders[["set · delete", "set · replace", "set · nothing"]].tolist(), equals=[1, 1, 3])
claim("Add with replace, or a lease with delete: wrong in none of the ten.",
      wrong_orders[["add · replace", "lease · delete"]].tolist(), equals=[0, 0])
claim("Two writers that replace are wrong in two of six orders; comparing versions closes it.",
      written.groupby("setup").wrong.sum()[["replace", "replace if newer"]].tolist(),
      equals=[2, 0])

# %%
because = "..."  # one sentence: why does add in place of set help the reader?

# %% [markdown]
# **Why.** Reading and storing are two steps, and a whole write fits between them. The reader's `set` then puts back what the writer has
# just thrown out or replaced. `add` stores only where nothing is, so it cannot push out the writer's newer value; after a delete there *is*
# nothing, so `add` does not help there, a lease does: the delete takes its mark away. (Facebook runs memcached with leases: Nishtala and
# others, "Scaling Memcache at Facebook", 2013.)
#
# Two writers send their messages in another order than their commits: the older one may come last. A version inside the value
# lets the later one see that it is the older.
#
# When is this untrue? All orders are not equally likely. One in ten here may be one in a million on your site, and a million reads are a day.
#
# **In your project:** `add` for readers, `set` in `on_commit` for writers, and a timeout as a net.
#
# #### Exercise: a lock without holes
#
# The lock of section 4 has a race of this kind: look, *then* lock. Close it.


# %%
@exercise("patterns-lock")
def one_computes(cache, key, compute, wait):
    """The value of `key`; of all who miss it at once, one calls `compute()` and stores it.

    The others call `wait()` and look again. The lock is f"{key}:lock"; it goes when its
    holder is done, or has failed, and by itself after some time. No value is None.
    """
    ...


# %% [markdown]
# ### 7. Generational keys: forget a whole family at once
#
# Added by us. A renamed room changes 300 pages. Delete 300 keys? Or put a number into each key, and raise it: no
# old key is asked for again, though it stays in memory.
#
# By how much does the hit rate of all *other* pages fall, in a memcached that is too small?

# %%
guess_fall = ...  # for example: 0.1

# %%
pages = traffic.zipf(requests=3_500, keys=1_000, alpha=0.8, seed=7).tolist()
page = "x" * 4_000


def in_family(number):
    return number % 3 == 0


def delete_each(cache):
    cache.delete_many([f"room:1:{number}" for number in range(0, 1_000, 3)])


def raise_generation(cache):
    cache.incr("room:generation")


# %%
def play_families(forget):
    rows = []
    cache.set("room:generation", 1, None)
    for place, number in enumerate(pages):
        if place % 200 == 199:
            forget(cache)
        key = f"page:{number}"
        if in_family(number):
            key = f"room:{cache.get('room:generation', 1)}:{number}"
        hit = cache.get(key) is not None
        if not hit:
            cache.set(key, page, None)
        rows.append({"family": in_family(number), "hit": hit})
    return pd.DataFrame(rows)[1_000:]


# %% tags=["nbval-ignore-output"]
rows = []
for (way, forget), memory_mb in itertools.product(
    {"delete each": delete_each, "generation": raise_generation}.items(), (2, 16)
):
    own = memcached.start(memory_mb=memory_mb)
    with override_settings(CACHES={"default": {"BACKEND": MEMCACHE, "LOCATION": own.url}}):
        hits = play_families(forget).groupby("family").hit.mean()
    evictions = int(replay.connect(own).stats()[b"evictions"])
    own.stop()
    rows.append({"way": way, "memory_mb": memory_mb, "family": hits[True], "others": hits[False],
                 "evictions": evictions})
families = pd.DataFrame(rows)

# %% tags=["nbval-ignore-output"]
by_run = families.set_index(["way", "memory_mb"])
fall = by_run.others["delete each", 2] - by_run.others["generation", 2]
lesson.compare(guess_fall, fall)
families.round(3)

# %%
long = families.melt(["way", "memory_mb"], ["family", "others"], "pages", "hit_rate")
long = long.assign(run=long.way + ", " + long.memory_mb.astype(str) + " MB",
                   percent=100 * long.hit_rate)
ax = plots.axes(height=3.2)
plots.dots(long, "percent", "hit rate (%)", name="run", group="pages", ax=ax)
ax.legend(loc="upper center", bbox_to_anchor=(0.4, -0.2), ncols=2, frameon=False)
ax.set_title("Old generations cost the other pages hits at 2 MB, and nothing at 16 MB")
lesson.show(ax, alt="Hit rate of the family and of the other pages for two ways and two "
            "sizes: equal at 16 "
            "MB; at 2 MB the other pages hit less with generations than with deletes.")

# %%
claim("With memory for everything the other pages hit exactly as often, either way.",
      by_run.others["generation", 16] - by_run.others["delete each", 16], equals=0)
claim("With 2 MB the dead values of old generations cost the other pages hits.",
      fall, above=0.003)
claim("And evictions: more than with deletes.",
      by_run.evictions["generation", 2] - by_run.evictions["delete each", 2], above=0)

# %% [markdown]
# One trap is left. The number is an item like any other: memcached may throw it out. What then?

# %%
def after_a_loss(first):
    cache.clear()
    generation = cache.get_or_set("rooms:generation", first, None)
    cache.set(f"rooms:{generation}:list", "the old list", None)
    cache.incr("rooms:generation")
    cache.delete("rooms:generation")  # what an eviction does
    generation = cache.get_or_set("rooms:generation", first, None)
    return cache.get(f"rooms:{generation}:list", "(a miss)")


starts = {"starts at 1": lambda: 1, "starts at the clock": time.time_ns}
returned = {way: after_a_loss(first) for way, first in starts.items()}
returned

# %%
claim("A generation that starts at 1 again brings old values back; one from the clock does not.",
      [returned["starts at 1"] == "the old list", returned["starts at the clock"] == "(a miss)"],
      equals=[True, True])

# %%
because = "..."  # one sentence: what do generational keys cost, and when?

# %% [markdown]
# **Why.** Raising the number is one command, whatever the size of the family, and you need not know its keys: search pages and their filters
# can never be listed. The price: one more `get` for each request, and dead values. They are never asked for, so LRU throws them out
# in the end; until then they hold memory that other pages could use. With memory enough that is nothing, as the dots at 16 MB show.
#
# When would this be untrue? With few, large families that change all the time most of the cache is dead values. With one page a
# family, replace it.
#
# **In your project:** the version argument of Django's own methods does this for one key: `cache.get(key, version=generation)`.
#
# #### Exercise: a family that stays forgotten


# %%
@exercise("patterns-family")
class Family:
    """Keys of one family: key(name), until forget(); after it no value from before is found.

    Also if memcached loses whatever you keep in `cache`, and in a second Family of that name.
    """

    def __init__(self, cache, name): ...

    def key(self, name): ...

    def forget(self): ...


# %% [markdown]
# ### 8. Rollups: count in the cache, write now and then
#
# This section is added by us. A **rollup** is a sum kept ready, such as the views of a page. One UPDATE for each view asks much of the database.
# Count in memcached, and write every hundredth time? Then memcached dies at view number 2,345. How many views are lost, if every 100th is written?

# %%
guess_lost = ...  # for example: 100

# %% [markdown]
# First how to count. Eight threads, 800 views: once with `get` and `set`, once with `incr`, which memcached does in one step.

# %%
def get_then_set(_):
    cache.set("views", cache.get("views") + 1, None)


def count_up(_):
    cache.incr("views")


def views_counted(count):
    cache.set("views", 0, None)
    load.closed(count, range(800), workers=8)
    return cache.get("views")


views = {count.__name__: views_counted(count) for count in (get_then_set, count_up)}

# %%
claim("Eight threads that get, add and set lose more than a twentieth of 800 views.",
      800 - views["get_then_set"], between=(41, 799))
claim("With incr not one of the 800 is lost.", views["count_up"], equals=800)

# %%
clear_scratch()


class Tally(models.Model):
    views = models.IntegerField(default=0)

    class Meta:
        app_label = "scratch"


create_tables(Tally)


def view(every):
    if cache.incr("views") % every == 0:
        Tally.objects.update(views=F("views") + every)


# %%
rollup_server = memcached.start()
rows = []
for every in (10, 100, 1_000):
    rollup_server.restart()
    setting = {"BACKEND": MEMCACHE, "LOCATION": rollup_server.url}
    with override_settings(CACHES={"default": setting}), watch() as seen_sql:
        Tally.objects.all().delete()
        Tally.objects.create()
        cache.set("views", 0, None)
        for _ in range(2_345):
            view(every)
        rollup_server.kill()
        kept = Tally.objects.get().views
    writes = seen_sql.frame.sql.str.startswith("UPDATE").sum()
    rows.append({"every": every, "database writes": writes, "lost": 2_345 - kept})

# %%
rolled = pd.DataFrame(rows).assign(source="measured")
rolled.drop(columns="source")

# %%
most = pd.DataFrame({"every": [10, 100, 1_000]}).assign(source="at most: one short of a write")
most["lost"] = most.every - 1
ax = plots_patterns.against(
    pd.concat([rolled, most]), "every", "lost", "views between two writes",
    "views lost in a crash",
)
ax.set(xscale="log", yscale="log")
ax.set_title("Rarer writes, larger loss: never more than one interval")
lesson.show(ax, alt="Views lost in a crash against views between two writes: three points "
            "below a line "
            "that says one less than the interval.")

# %% [markdown]
# Or a periodic task **flushes** the count: it adds what it finds to the database, and takes it out of the cache. By `set` to 0, or by `decr`?
# Into the gap between looking and taking out come 25 more views, or a second flush.

# %%
def by_set(found):
    cache.set("views", 0, None)


def by_decr(found):
    cache.decr("views", found)


def flush(take_out, meanwhile=lambda: None):
    found = cache.get("views")
    meanwhile()
    Tally.objects.update(views=F("views") + found)
    take_out(found)


# %%
def views_after(take_out, meanwhile):
    Tally.objects.update(views=0)
    cache.set("views", 100, None)
    flush(take_out, meanwhile)
    flush(take_out)  # once more, in peace
    return Tally.objects.get().views


gaps = {
    "25 views (125 is right)": lambda way: cache.incr("views", 25),
    "a second flush (100 is right)": flush,
}
flushed = pd.DataFrame({
    gap: {way.__name__: views_after(way, partial(meanwhile, way)) for way in (by_set, by_decr)}
    for gap, meanwhile in gaps.items()
}).rename_axis("in the gap:")
flushed

# %%
claim("Of 125 views a flush that sets 0 loses the 25 that came in its gap, decr loses none.",
      flushed.iloc[:, 0].tolist(), equals=[100, 125])
claim("Of two flushes at once each counts the 100 views, either way.",
      flushed.iloc[:, 1].tolist(), equals=[200, 200])

# %% [markdown]
# What does `incr` say when the server is gone, when it has just come back, empty, and a second later?

# %% tags=["nbval-ignore-output"]
def answer_of(call, *arguments):
    try:
        return repr(call(*arguments))
    except Exception as error:
        return type(error).__name__


with override_settings(CACHES={"default": setting}):
    gone = answer_of(cache.incr, "views")
    rollup_server.restart()
    just_back = answer_of(cache.incr, "views")
    time.sleep(1.1)
    later = answer_of(cache.incr, "views")
rollup_server.stop()
answers = {"gone": gone, "just back": just_back, "a second later": later}
answers

# %%
claim("incr tells that the server is gone, and that the count is gone: each by an error of "
      "its own.",
      [answers["gone"], answers["a second later"]],
      equals=["ConnectionRefusedError", "ValueError"])

# %%
by_every = rolled.set_index("every")
lesson.compare(guess_lost, by_every.lost[100])
claim("Written at every 100th view: 23 writes in place of 2,345, and 45 views lost in the "
      "crash.",
      by_every.loc[100, ["database writes", "lost"]].tolist(), equals=[23, 45])
claim("No interval loses as many views as it is long.",
      (rolled.lost / rolled.every).max(), between=(0.1, 0.999))

# %%
because = "..."  # one sentence: what may be rolled up, and what not?

# %% [markdown]
# **Why.** One canonical source, and it is not the cache (lesson 08): what memcached alone has counted goes with it. At most one interval is lost, and the interval
# is yours to choose: writes against loss. `incr` is one step in the server; get, add, set are three, and a step of somebody else fits
# between them. After a crash the key is gone, and `incr` says so with a ValueError: `cache.add(key, 0)` first. In the second after a failed
# call pymemcache does not ask at all: it answers `False`, and `False % 100 == 0`.
#
# A flush has a gap, too: `decr` leaves what came in it. One worker only: two find the same count.
#
# May a value be lost? A count of views: yes. Seats sold, money, votes: never; they belong in the database from the first moment.
# Evictions lose counts, too: give counters memory of their own.
#
# **In your project:** `cache.add(key, 0, None)`, `cache.incr(key)`, and one periodic task (lesson 15) that flushes by `cache.decr(key, found)`.

# %% [markdown]
# ### 9. What may be cached?
#
# A value goes into memcached as bytes: Django pickles it. A queryset can be pickled as well. Ten visitors get one from the cache and
# filter it by room. How many queries do the ten cause?

# %%
guess_queries = ...  # for example: 0

# %%
cache.clear()
with watch() as at_set:
    cache.set("talks", Talk.objects.select_related("room"), None)
uses = {
    "walk through it": list,
    "take its length": len,
    "filter it by room": lambda talks: list(talks.filter(room=1)),
    "order it anew": lambda talks: list(talks.order_by("title")),
}

# %%
def queries_of_ten(call):
    with watch() as seen_sql:
        for _ in range(10):
            call(cache.get("talks"))
    return seen_sql.count


asked_again = {use: queries_of_ten(call) for use, call in uses.items()}
pd.Series(asked_again, name="queries of ten visitors").to_frame()

# %% [markdown]
# And how large is it? The same forty talks in four forms.

# %%
talks = Talk.objects.select_related("room")
columns = ("title", "slug", "room__name", "minutes")
rows_of_text = list(talks.values(*columns))
forms = {
    "queryset": pickle.dumps(talks.all()),
    "list of objects": pickle.dumps(list(talks)),
    "list of dicts, four columns": pickle.dumps(rows_of_text),
    "the same, compressed": zlib.compress(pickle.dumps(rows_of_text)),
}

# %%
sizes = pd.DataFrame({"form": list(forms), "kb": [len(each) / 1000 for each in forms.values()]})
ax = plots.axes(height=2.6)
plots.dots(sizes, "kb", "size in the cache (kB)", name="form", ax=ax)
ax.set_xlim(left=0)
ax.set_title("What the page shows is a small part of what a queryset carries")
lesson.show(ax, alt="Size of forty talks in four forms: queryset and list of objects are "
            "largest, four "
            "columns as dicts much smaller, compressed smallest.")

# %% [markdown]
# Now values and times that do not work. memcached takes items up to one megabyte; what do three caches say?

# %%
def kept(value, **options):
    cache.set("probe", "an old value", None)
    try:
        cache.set("probe", value, **options)
    except Exception as error:
        return f"{type(error).__name__}, then {cache.get('probe', 'nothing')}"
    return "the new value" if cache.get("probe") == value else cache.get("probe", "nothing")


# %%
probes = {
    "a list": ([1, 2],), "a generator": ((n for n in [1]),),
    "1.1 million letters": ("x" * 1_100_000,),
}
times = {"timeout=0": 0, "timeout=-5": -5, "timeout=None": None}
memory = {"BACKEND": LOCMEM, "LOCATION": "probes"}
packed = {**shared, "OPTIONS": {"serde": pymemcache.serde.compressed_serde}}
kept_by = {}
for name, setting in {"memcached": shared, "compressed": packed, "local memory": memory}.items():
    with override_settings(CACHES={"default": setting}):
        kept_by[name] = {what: kept(*value) for what, value in probes.items()}
        kept_by[name] |= {what: kept("new", timeout=each) for what, each in times.items()}
kept_by = pd.DataFrame(kept_by)
kept_by

# %%
with lesson.expect(MemcacheServerError):
    cache.set("probe", "x" * 1_100_000)

# %% [markdown]
# Last, a deploy. An object of a class of ours is in the cache; then the class moves to another module, and the processes
# start anew.

# %%
def deploy(setting):
    folder = Path(tempfile.mkdtemp(dir=temporary.folder()))
    (folder / "cards.py").write_text("class Card:\n    title = 'The ORM'\n")
    sys.path.insert(0, str(folder))
    try:
        with override_settings(CACHES={"default": setting}):
            cache.set("card", importlib.import_module("cards").Card(), None)
            del sys.modules["cards"]
            (folder / "cards.py").rename(folder / "moved.py")
            importlib.invalidate_caches()
            return answer_after_deploy("card")
    finally:
        sys.path.remove(str(folder))
        shutil.rmtree(folder)


# %%
def answer_after_deploy(key):
    try:
        return repr(cache.get(key, "the default"))
    except Exception as error:
        return type(error).__name__


deployed = {"memcached": deploy(shared), "local memory": deploy(memory)}
deployed

# %%
lesson.compare(guess_queries, asked_again["filter it by room"])
claim("A cached queryset: 1 query when it is stored, 0 to walk through it, 1 for each filter on it.",
      [at_set.count, asked_again["walk through it"], asked_again["filter it by room"]],
      equals=[1, 0, 10])
claim("Four columns as dicts take less than half of the bytes of the queryset.",
      sizes.kb[2] / sizes.kb[0], between=(0.01, 0.5))

# %%
claim("Over a megabyte memcached refuses with an error, and the key's old value is gone.",
      kept_by.loc["1.1 million letters", "memcached"], equals="MemcacheServerError, then nothing")
claim("A timeout of 0 or below stores nothing, without an error, and takes the old value away.",
      [(kept_by.loc[each] == "nothing").sum() for each in ("timeout=0", "timeout=-5")],
      equals=[3, 3])
claim("After the class has moved, pymemcache gives None, even with a default; local memory "
      "raises.",
      [deployed["memcached"], deployed["local memory"]], equals=["None", "ModuleNotFoundError"])

# %%
because = "..."  # one sentence: what is in the pickle of an object, and what is not?

# %% [markdown]
# **Why.** A pickle holds the values and the *name* of the class, not its code. If the name is gone, so is the object: local memory raises,
# pymemcache logs a line and returns `None`, which looks like a stored `None`. Pickling a queryset runs it and stores every column of
# every row; whatever makes a new queryset from it, as `filter` does, asks the database again.
#
# memcached's limit of one megabyte counts the packed bytes; compression helps with text. The refusal also deletes the old value: better none than
# an old one.
#
# So cache what the page shows: numbers, texts, lists and dicts of them. They survive each deploy.
#
# Never unpickle what a stranger could have written: a pickle can run code. It is one more reason why memcached must not be open to the network (lesson 12).
#
# **In your project:** `list(queryset.values(…))`, and `VERSION` in `CACHES` raised when the form changes.

# %% [markdown]
# ### 10. The cache in async views
#
# An async view shares its event loop with all other requests of the process. memcached hangs for 300 ms. How many of the loop's
# thirty ticks of 10 ms happen meanwhile, if the view says `cache.get`?

# %%
guess_ticks = ...  # for example: 30

# %%
async def with_get(request):
    return HttpResponse(cache.get("page"))


async def with_aget(request):
    return HttpResponse(await cache.aget("page"))


async def ticks_during(view):
    """The moments, in ms, at which the event loop ticked while the view waited for memcached."""
    ticks, began = [], time.perf_counter()
    os.kill(server.pid, signal.SIGSTOP)
    threading.Timer(0.3, os.kill, (server.pid, signal.SIGCONT)).start()
    waiting = asyncio.ensure_future(view(None))
    while not waiting.done():
        await asyncio.sleep(0.01)
        ticks.append(1000 * (time.perf_counter() - began))
    return ticks[:-1]  # the last one came after the answer


# %% tags=["nbval-ignore-output"]
cache.set("page", "a page", None)
await with_aget(None)  # connect first
ticks = {view.__name__: await ticks_during(view) for view in (with_get, with_aget)}
ticked = {view: len(moments) for view, moments in ticks.items()}
ticked

# %%
frame = pd.DataFrame(
    [{"view": name, "ms": moment} for name, moments in ticks.items() for moment in moments]
    + [{"view": name, "ms": np.nan} for name in ticks]
)
ax = plots.axes(height=2.2)
plots.dots(frame, "ms", "time since memcached began to hang (ms)", name="view", ax=ax)
ax.set_xlim(0, 400)
ax.set_title("While cache.get waits, the loop stands still: for every visitor of the process")
lesson.show(ax, alt="Ticks of the event loop in 300 ms: with aget a dense row of dots, with "
            "get none.")

# %% [markdown]
# What does `aget` cost, and `aget_many` for fifty keys? Each is tried in turn with its sync form, in a thread where it has to be.

# %% tags=["nbval-ignore-output"]
fifty = [f"page:{number}" for number in range(50)]
cache.set_many(dict.fromkeys(fifty, "a page"), None)
get_many = sync_to_async(cache.get_many)
spent = []
for _ in range(60):
    for name, call in {
        "aget": lambda: cache.aget("page"),
        "aget_many, 50 keys": lambda: cache.aget_many(fifty),
        "get_many in a thread, 50 keys": lambda: get_many(fifty),
    }.items():
        began = time.perf_counter()
        await call()
        spent.append({"call": name, "ms": 1000 * (time.perf_counter() - began)})
costs = pd.DataFrame(spent).groupby("call", sort=False).ms.median()
costs.round(2)

# %%
lesson.compare(guess_ticks, ticked["with_get"])
claim("While cache.get waits, the event loop does not tick once; with aget it ticks on.",
      [ticked["with_get"], ticked["with_aget"] > 5], equals=[0, True])
claim("aget_many with 50 keys takes more than three times as long as one get_many in a thread.",
      costs["aget_many, 50 keys"] / costs["get_many in a thread, 50 keys"], above=3)

# %%
because = "..."  # one sentence: what does aget do to keep the loop free?

# %% [markdown]
# **Why.** A sync call in an async view holds the whole loop: while it waits, no other request of the process moves. Django's `aget` hands the
# same sync `get` to a thread and waits for that thread; the loop goes on. There is no async client below it, so it is not faster: a hop to a
# thread and back for each call. `aget_many` of the base class is a loop of `aget`: fifty hops and fifty round trips in place of one. One `sync_to_async`
# around the whole sync part is the better bargain.
#
# When would this be untrue? A backend may bring its own async methods. Local memory never waits: there `get` in an async view is harmless.
#
# **In your project:** `await sync_to_async(page_parts)(…)`, with all cache and database calls inside.
#
# #### Exercise: a second domain
# The library's desk shows which books are on the shelf, from the cache.


# %%
@exercise("patterns-library")
def give_back(loan, today, cache):
    """The loan ends `today`, in the database; the cache says that its book is on the shelf.

    f"on-shelf:{loan.book_id}" becomes True, for ever, in place of False, once it is committed.
    """
    ...


# %% [markdown]
# ## There is a method for that
#
# | what people write | what exists |
# |---|---|
# | a prefix in each f-string | [`KEY_PREFIX`](https://docs.djangoproject.com/en/5.2/ref/settings/#key-prefix), [`VERSION`](https://docs.djangoproject.com/en/5.2/topics/cache/#cache-versioning), [`KEY_FUNCTION`](https://docs.djangoproject.com/en/5.2/topics/cache/#cache-key-transformation) |
# | `if cache.get(k) is None` | [`cache.get(key, default)`](https://docs.djangoproject.com/en/5.2/topics/cache/#basic-usage) with an object of your own |
# | get, add one, set; set to 0 | [`cache.incr`, `cache.decr`](https://docs.djangoproject.com/en/5.2/topics/cache/#basic-usage) |
# | `cache.set` behind `save()` | [`transaction.on_commit`](https://docs.djangoproject.com/en/5.2/topics/db/transactions/#django.db.transaction.on_commit) |
# | a lock in a table | [`cache.add`](https://docs.djangoproject.com/en/5.2/topics/cache/#basic-usage), with a timeout |
# | tests that wait for a commit | [`captureOnCommitCallbacks`](https://docs.djangoproject.com/en/5.2/topics/testing/tools/#django.test.TestCase.captureOnCommitCallbacks) |
#
# New and hard usually means done wrong: if a cached value needs a page of code, look for a simpler value.
#
# ## The Django way, and when to fight it
#
# - One `CACHES`, one module of keys, `get_or_set` to read, `set` in `on_commit` to write.
# - Replace where a value is read more often than written, delete where it is not; keep a long timeout as a net.
# - Fight it for the few keys that need a lease or a lock: there the client below Django has `gets` and `cas`.

# %% [markdown]
# ## Five questions

# %% tags=["hidden-source"]
lesson.quiz(
    "A page is cached under f\"search:{words}\". After you add German pages some visitors see English ones. Why?",
    right={"The language is not in the key.": "Two pages share one key, and whoever came first decides."},
    wrong={
        "memcached cannot store umlauts.": "It stores any bytes as values; only keys are picky.",
        "The timeout is too long.": "A shorter one mixes the pages up more often, not less.",
    },
)

# %% tags=["hidden-source"]
lesson.quiz(
    "cache.set stands inside the atomic block that saves the object. What can go wrong?",
    right={"A rollback leaves a value in the cache that was never committed.": "The cache knows nothing of transactions: a set counts at once."},
    wrong={
        "Nothing: the cache is rolled back, too.": "No backend of Django's takes part in the database's transactions.",
        "The set waits for the commit.": "It does not; on_commit is there for that.",
    },
)

# %% tags=["hidden-source"]
lesson.quiz(
    "64 readers meet at a cold key, and the code says get_or_set. How many computations?",
    right={"About 64.": "Until the first result is stored each of them finds nothing; add decides only whose result stays."},
    wrong={
        "One: get_or_set is atomic.": "Its get and its add are two steps, with the whole computation in between.",
        "Two.": "That is what a lock without a second look may give.",
    },
)

# %% tags=["hidden-source"]
lesson.quiz(
    "A crawler asks for a million speakers who do not exist, each once. Does an entry for \"does not exist\" help?",
    right={"No: each name is new, so each costs a read, and an entry.": "And the entries push real values out. Refuse impossible names before you look."},
    wrong={
        "Yes, every second request hits.": "No name comes twice, so no entry is ever found.",
        "Yes, if it never expires.": "Then the entries fill the memory for ever.",
    },
)

# %% tags=["hidden-source"]
lesson.quiz(
    "Writers replace in on_commit, readers set what they have read. Can an old value stay?",
    right={"Yes: a slow reader stores what it read before the commit.": "One of the ten orders. A reader that uses add instead cannot do that."},
    wrong={
        "No: on_commit comes after the commit.": "It does, and the slow reader's set comes after that.",
        "Only without a transaction.": "The reader's two steps are in no transaction with the cache.",
    },
)

# %% [markdown]
# ## What you now know
#
# - A key names everything the page depends on, with every part quoted, and comes from one module; memcached is pickier than local memory.
# - Replacing keeps the hits that deleting loses, and a TTL alone serves old values.
# - Tell the cache in `on_commit`: before it, rollbacks and early readers leave wrong values.
# - `get_or_set` does not stop a herd. At a cold key a lock with an end does, or an old page; at an expiry an early draw, too.
# - "Does not exist" is an answer, and helps against the same question only.
# - A slow reader or a second writer can leave an old value for ever: count the orders.
# - A generation forgets a family in one step; a count in the cache may lose one interval, and is flushed by `decr`.
# - Cache plain values; a timeout of 0 stores nothing; `aget` keeps the loop free, and costs a hop.
#
# Next: lesson 11, Publish Cache: whole pages, and who must never see them.
