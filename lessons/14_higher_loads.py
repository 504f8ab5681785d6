# %% [markdown]
# # 14. Higher loads
#
# Many write at once, many read, and a server dies meanwhile: what is lost? Count it.
#
# **Core:** 60 minutes · **deeper:** 50 minutes · **needs:** 01, 11 · **helps:** 15 ·
# **starts:** PostgreSQL, gunicorn, Varnish, nginx and HAProxy, on loopback
#
# Credit: Andrew Godwin's advice, DjangoCon 2011 (no SQLite, transactions, more for PostgreSQL, Varnish, HAProxy, one more machine),
# as told in "DjangoCon, part four". Sections 5 and 6 and all experiments are added by us.

# %% tags=["hidden-source"]
from helpers import lesson

lesson.recall(
    {
        "Why does a second worker need a cache that both share?": "Local memory belongs to one process: each has its own truth.",
        "Which pages may a cache in front give to anyone?": "Those that depend on nobody: no session, no cookie, no private.",
        "What does F(\"stars\") + 1 do that a loop in Python does not?": "The database adds, in one statement: no old value is written back.",
    }
)

# %% [markdown]
# ## Why it trips people up
#
# - "`OperationalError: database is locked`. It never was, with one visitor."
# - "We sold 104 tickets for 100 seats. But there is an `atomic()` around it!"
# - "`deadlock detected`, once a week."
# - "We put Varnish in front, and its hit rate is 0 %."
# - "One of our three servers died, and every third visitor saw a 503."

# %% tags=["hidden-source"]
import http.client
import json
import os
import signal
import tempfile
import threading
import time
from functools import partial
from urllib.request import HTTPCookieProcessor, build_opener

# %% tags=["hidden-source"]
import pandas as pd
import psycopg
from django.db import IntegrityError, OperationalError, connections, models, transaction
from django.db.models import F, Sum
from django.db.transaction import TransactionManagementError

from helpers import load, plots, plots_backends, plots_scaling, scaling
from helpers.caching import traffic
from helpers.lesson import claim, exercise
from helpers.project import databases, site, temporary
from helpers.project.boot import clear_scratch

# %%
from helpers.services import haproxy, nginx, postgres, varnish

lesson.start("14-higher-loads")
from helpers.conference.models import Speaker, Talk

pg = postgres.start(["-c", "deadlock_timeout=100ms"])  # a second, as installed
folder = tempfile.TemporaryDirectory(dir=temporary.folder())

# %% [markdown]
# A small shop for tickets. `left` counts down, and each order is a row.

# %%
clear_scratch()


class Stock(models.Model):
    left = models.IntegerField(default=1_000)

    class Meta:
        app_label = "scratch"


class Order(models.Model):
    stock = models.ForeignKey(Stock, models.CASCADE)

    class Meta:
        app_label = "scratch"

# %% [markdown]
# ## 1. How far does SQLite go?
#
# An order reads the stock, works for 3 ms, and writes two rows, in one transaction. 1 to 16 writers do so at once: threads of
# this kernel, each with its own connection.

# %%
def sell(alias, pk, work_s=0.003):
    with transaction.atomic(using=alias):
        stock = Stock.objects.using(alias).select_for_update().get(pk=pk)
        time.sleep(work_s)  # what a shop does here: prices, seats, a form
        stock.left -= 1
        stock.save()
        Order.objects.using(alias).create(stock=stock)

# %% [markdown]
# SQLite as installed, and four things that people advise: wait longer for a lock; WAL, a journal in which readers do not stop the
# writer; IMMEDIATE, a transaction that takes the right to write when it begins; both. PostgreSQL is the sixth. As installed, which
# share of the orders fails with 16 writers?

# %%
guess_locked = ...  # for example: 0.1

# %%
WAL = {"init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"}
IMMEDIATE = {"transaction_mode": "IMMEDIATE", "timeout": 20}
options = {
    "SQLite": {},
    "timeout 20 s": {"timeout": 20},
    "WAL": WAL,
    "IMMEDIATE": IMMEDIATE,
    "WAL, IMMEDIATE": {**WAL, **IMMEDIATE},
}

# %% tags=["hidden-source"]
def entry(alias):
    if alias not in options:
        return pg.settings()
    engine = "django.db.backends.sqlite3"
    return {"ENGINE": engine, "NAME": f"{folder.name}/{alias}.sqlite3", "OPTIONS": options[alias]}


# %% tags=["hidden-source"]
def fresh(alias):
    """Empty tables, and sixteen kinds of tickets, 1,000 of each."""
    databases.register(alias, entry(alias))
    connection = connections[alias]
    if "scratch_stock" not in connection.introspection.table_names():
        with connection.schema_editor() as editor:
            editor.create_model(Stock), editor.create_model(Order)
    with transaction.atomic(using=alias):
        Order.objects.using(alias).all().delete(), Stock.objects.using(alias).all().delete()
        Stock.objects.using(alias).bulk_create([Stock(pk=pk) for pk in range(1, 17)])


def counted(alias):
    left = Stock.objects.using(alias).aggregate(all=Sum("left"))["all"]
    return 16_000 - left, Order.objects.using(alias).count()


def insert(_):
    Order.objects.using("SQLite").create(stock_id=1)

# %% tags=["hidden-source"]
def measure(alias, writers, kinds=16, **work):
    """With 16 kinds of tickets no two writers want the same row; with one they all do."""
    fresh(alias)
    wanted = [1 + number % kinds for number in range(5_000)]
    answers = load.closed(partial(sell, alias, **work), wanted, workers=writers, seconds=0.4)
    failed_share, (sold, orders) = (answers.outcome != "ok").mean(), counted(alias)
    return {
        "setup": alias, "writers": writers, "failed_share": failed_share,
        "orders_per_s": load.throughput(answers) * (1 - failed_share),
        "slowest_ms": answers.latency_ms.max(), "sold": sold, "orders": orders,
    }


writing = pd.DataFrame(
    [measure(alias, writers) for alias in [*options, "PostgreSQL"] for writers in (1, 2, 4, 16)]
)

# %% tags=["hidden-source", "nbval-ignore-output"]
failed = writing.pivot(index="setup", columns="writers", values="failed_share")
lesson.compare(guess_locked, failed.loc["SQLite", 16])
writing.round(2)

# %% tags=["hidden-source"]
panels = {"failed_share": "orders that failed (%)", "orders_per_s": "orders a second"}
figure = plots_backends.side_by_side(writing, panels, "setup", "writers", guess=guess_locked)
figure.suptitle("Without IMMEDIATE orders of 16 writers fail; with it none does")
lesson.show(figure, alt="Share of orders that failed and orders a second, for six set-ups and 1 to "
                        "16 writers. SQLite, timeout and WAL fail more with every writer; "
                        "IMMEDIATE and PostgreSQL never fail.")

# %%
claim("SQLite as installed, 16 writers: more than a third of the orders fail, `database is locked`.",
      failed.loc["SQLite", 16], above=1 / 3)
claim("A longer timeout alone, or WAL alone, does not help: more than a third fail there too.",
      failed.loc[["timeout 20 s", "WAL"], 16].min(), above=1 / 3)
claim("With IMMEDIATE no order fails, and none on PostgreSQL, in runs of half a second.",
      failed.loc[["IMMEDIATE", "WAL, IMMEDIATE", "PostgreSQL"]].max().max(), equals=0)
claim("What fails is not half done: on all six each ticket sold has its order.",
      (writing.sold - writing.orders).abs().max(), equals=0)

# %% [markdown]
# Is it writing that fails? Sixteen writers insert plain rows, one statement each, into SQLite as installed. Then what is PostgreSQL
# for? Sixteen again, all on one row, then each on rows of its own: 50 ms of work.

# %% tags=["hidden-source"]
fresh("SQLite")
inserted = load.closed(insert, range(5_000), workers=16, seconds=0.4).outcome
plain = {"told ok": (inserted == "ok").sum(), "failed": (inserted != "ok").sum()}
plain["rows"] = Order.objects.using("SQLite").count()
rows = []
for alias in ("WAL, IMMEDIATE", "PostgreSQL"):
    for wanted, kinds in {"one row": 1, "rows of their own": 16}.items():
        row = measure(alias, 16, kinds, work_s=0.05)
        rows.append({**row, "writers want": wanted})
rows_wanted = pd.DataFrame(rows)

# %% tags=["hidden-source", "nbval-ignore-output"]
by_rows = rows_wanted.pivot(index="setup", columns="writers want", values="orders_per_s")
by_rows.round()

# %%
claim("Plain inserts by 16 writers, SQLite as installed: as many rows as were told ok, and none fails.",
      [plain["rows"] - plain["told ok"], plain["failed"]], equals=[0, 0])
gain = by_rows["rows of their own"] / by_rows["one row"]
claim("Orders with 50 ms of work: rows of their own help PostgreSQL more than they help SQLite.",
      gain["PostgreSQL"] / gain["WAL, IMMEDIATE"], above=1.15)

# %%
because = "..."  # one sentence: why does waiting longer not help SQLite as installed?

# %% [markdown]
# **Why.** Django's transaction on SQLite begins as a reader. Two readers want to write: one gets the lock, and waits for the
# other to stop reading; the other cannot be given what it asks, however long it waits. So SQLite refuses it at once, timeout or
# not. In WAL the second has read what is no longer true: refused as well. IMMEDIATE asks before reading, as a plain insert does: a
# queue, and nobody fails.
#
# It is one queue for the whole file, whatever rows you want, and whoever waits sleeps and looks again: more writers get less done; PostgreSQL has one for each row. An honest conclusion: WAL and
# IMMEDIATE carry a small shop on one machine, and on one hot row PostgreSQL need not be faster. But the file lies on one machine: a
# second application server cannot reach it.
#
# **In your project:** `"OPTIONS": {"transaction_mode": "IMMEDIATE", …}` today; PostgreSQL before the second machine.
#
# ### Exercise: what is good enough?
#
# Decide from your table: `good_enough(writing, 16, 20)`.


# %%
@exercise("loads-1-good-enough")
def good_enough(frame, writers, orders_per_s):
    """The setups, as a list, in which `writers` writers lose no order and are fast enough.

    Fast enough: at least `orders_per_s`. The one with the smallest slowest_ms comes first.
    """
    ...


# %% [markdown]
# ## 2. What does a transaction save?
#
# A worker dies between two writes: `kill -9`, no clean-up, in a view of a real gunicorn. Six orders come, and two of them kill their
# worker.

# %%
SHOP = '''
def order(request, die):
    Stock.objects.filter(pk=1).update(left=F("left") - 1)
    if die == "yes":
        os.kill(os.getpid(), signal.SIGKILL)
    Order.objects.create(stock_id=1)
    return HttpResponse("ok")

urlpatterns = [path("order/<die>/", order)]
'''

# %% tags=["hidden-source"]
IMPORTS = '''
import os, signal
from django.db import models
from django.db.models import F
from django.http import HttpResponse
from django.urls import path

class Stock(models.Model):
    left = models.IntegerField()
    class Meta:
        app_label = "scratch"

class Order(models.Model):
    stock = models.ForeignKey(Stock, models.CASCADE)
    class Meta:
        app_label = "scratch"
'''

# %% tags=["hidden-source"]
rows = []
for atomic in (False, True):
    fresh("PostgreSQL")
    database = {**pg.settings(), "ATOMIC_REQUESTS": atomic}
    shop = {"ROOT_URLCONF": "shop", "DATABASES": {"default": database}}
    with site.start(settings=shop, files={"shop.py": IMPORTS + SHOP}) as server:
        ask = load.Page(server.url + "/order/{key}/")
        told = load.closed(ask, ["no", "no", "yes", "no", "yes", "no"]).outcome
    rows.append([atomic, (told == "200").sum(), *counted("PostgreSQL")])
crashes = pd.DataFrame(rows, columns=["ATOMIC_REQUESTS", "told ok", "tickets gone", "orders"])
crashes

# %%
half_done = crashes["tickets gone"] - crashes["orders"]
claim("Without a transaction two tickets are gone that nobody ordered; with ATOMIC_REQUESTS none is.",
      half_done.tolist(), equals=[2, 0])
claim("Either way the four that were told ok have their orders.",
      crashes["orders"].tolist(), equals=[4, 4])

# %% [markdown]
# So an `atomic()` around it, and all is well? 160 orders for the same tickets from eight buyers at once, on PostgreSQL: read, subtract
# one, save. Each is in an `atomic()`. How many tickets are sold and not subtracted?

# %%
guess_lost = ...  # for example: 0

# %%
def by_hand(alias, lock=False):
    with transaction.atomic(using=alias):
        tickets = Stock.objects.using(alias)
        stock = (tickets.select_for_update() if lock else tickets).get(pk=1)
        time.sleep(0.002)
        stock.left -= 1
        stock.save()


def in_the_database(alias):
    Stock.objects.using(alias).filter(pk=1).update(left=F("left") - 1)

# %% [markdown]
# Another way is a stricter *isolation level*: what a transaction sees of the others. PostgreSQL's usual one, READ COMMITTED, shows
# whatever is committed by now. REPEATABLE READ shows what was there when it began, and refuses to write over what has changed since.

# %% tags=["hidden-source"]
strict = {**pg.settings(), "OPTIONS": {"isolation_level": 3}}  # 3: REPEATABLE READ
databases.register("strict", strict)


def again_and_again(alias):
    for _ in range(500):
        try:
            return by_hand(alias)
        except OperationalError:  # it could not be done: nothing has been, so begin again
            continue

# %%
ways = {
    "atomic()": partial(by_hand, "PostgreSQL"),
    "F()": partial(in_the_database, "PostgreSQL"),
    "select_for_update()": partial(by_hand, "PostgreSQL", lock=True),
    "REPEATABLE READ": partial(by_hand, "strict"),
    "REPEATABLE READ, again": partial(again_and_again, "strict"),
}
rows = []
for way, buy in ways.items():
    fresh("PostgreSQL")
    outcome = load.closed(lambda _, buy=buy: buy(), range(160), workers=8).outcome
    ok = (outcome == "ok").sum()
    rows.append([way, ok, len(outcome) - ok, ok - counted("PostgreSQL")[0]])
selling = pd.DataFrame(rows, columns=["way", "told ok", "failed", "lost"])

# %% tags=["hidden-source", "nbval-ignore-output"]
by_way = selling.set_index("way")
lesson.compare(guess_lost, by_way.lost["atomic()"])
by_way

# %% tags=["hidden-source"]
ax = plots.dots(selling, "lost", "orders lost, of 160", "way", ax=plots.axes(height=2.6))
ax.set_xlim(-4, 164)
ax.set_title("atomic() alone loses updates; four other ways lose none")
lesson.show(ax, alt="Orders lost of 160 for five ways of selling: many with atomic() alone, none "
                    "with F(), select_for_update() and REPEATABLE READ, with and without trying again.")

# %%
claim("atomic() alone: more than a quarter of 160 updates by eight buyers are lost, without an error.",
      by_way.lost["atomic()"], above=40)
claim("F(), select_for_update() and REPEATABLE READ lose none.",
      by_way.lost[list(ways)[1:]].max(), equals=0)
claim("REPEATABLE READ refuses instead; tried again, all 160 are sold.",
      [by_way.failed["REPEATABLE READ"] > 10, by_way["told ok"]["REPEATABLE READ, again"]],
      equals=[True, 160])

# %%
because = "..."  # one sentence: why does atomic() alone not stop a lost update?

# %% [markdown]
# **Why.** A transaction is all or nothing: whoever dies in it has done nothing, because PostgreSQL makes a change count only at commit.
# It does not mean alone. Two transactions read 1,000, both write 999, both commit: nobody broke a rule. So let the database subtract
# (`F()`), or take the row before you read it (`select_for_update`), or let it refuse (a stricter level) and try again: nothing of a
# refused transaction is done, so that is safe.
#
# **In your project:** `ATOMIC_REQUESTS: True`, `F()` for counters, `select_for_update()` for decisions.

# %% [markdown]
# ## 3. Who is in front of Django?
#
# Most visitors read. Varnish keeps whole answers, and gives them out without asking Django; nginx can do it too. The rules are a
# program in Varnish's own small language:

# %%
RULES = """vcl 4.1;
backend default { .host = "127.0.0.1"; .port = "<app>"; }
acl editors { "127.0.0.1"; }

sub vcl_recv {
    if (req.method == "PURGE" && client.ip ~ editors) { return (purge); }
    # <cookies>
}
sub vcl_backend_response {
    set beresp.ttl = <ttl>;
    set beresp.grace = 1h;  # how long an old answer may stand in for none
}
sub vcl_deliver { if (obj.hits > 0) { set resp.http.X-Cache = "HIT"; } }
"""

# %%
PROXY_CACHE = """error_log stderr; events { worker_connections 64; }
http {
    include plumbing.conf; access_log off;
    proxy_cache_path cache keys_zone=pages:1m;
    server {
        listen 127.0.0.1:<port>;
        proxy_cache pages;
        proxy_cache_valid 200 10m;
        proxy_cache_bypass $cookie_sessionid;  # whoever has a session gets a page of their own
        proxy_no_cache $cookie_sessionid;
        add_header X-Cache $upstream_cache_status;
        location / { proxy_pass http://127.0.0.1:<app>; }
    }
}
"""

# %% [markdown]
# 90 visits to 15 pages by visitors without a cookie; with one for statistics, another for each visitor, as most sites
# set them; with a session. They come in this order, so the second kind finds a filled cache. Which hit rate has Varnish, by these rules, when all carry a cookie for statistics?

# %%
guess_cookie = ...  # for example: 0.8

# %% tags=["hidden-source"]
ONLY_SESSIONS = '\n    if (req.http.Cookie !~ "(^|; )sessionid=") { unset req.http.Cookie; }'


def ask(server, path, method="GET", cookie=None):
    """The status, whether it is a hit, and the text of one answer."""
    connection = http.client.HTTPConnection(server.host, server.port, timeout=20)
    connection.request(method, path, headers={"Cookie": cookie} if cookie else {})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, answer.headers.get("X-Cache") == "HIT", text


cookies = {
    "no cookie": lambda number: None,
    "statistics": lambda number: f"_ga={number}",
    "session": lambda number: f"_ga={number}; sessionid=s{number}",
}

# %%
# %%needs varnish nginx
[old.stop() for old in globals().get("front", {}).values()]  # if this cell has run before
app = site.start()
ten_minutes = {"app": app.port, "ttl": "10m", "cookies": ""}
front = {
    "Django alone": app,
    "Varnish": varnish.start(RULES, ten_minutes),
    "Varnish, sessions only": varnish.start(RULES, {**ten_minutes, "cookies": ONLY_SESSIONS}),
    "nginx": nginx.start(PROXY_CACHE, ten_minutes),
}
pages = ["/", "/talks/", *(talk.get_absolute_url() for talk in Talk.objects.all()[:13])]
readers = [pages[key] for key in traffic.zipf(requests=90, keys=15, alpha=0.8, seed=14)]

# %% tags=["hidden-source"]
# %%needs varnish nginx
rows = []
for name, server in front.items():
    for visitors, cookie in cookies.items():
        began = time.perf_counter()
        got = [ask(server, path, cookie=cookie(n)) for n, path in enumerate(readers)]
        per_s = len(got) / (time.perf_counter() - began)
        hit_rate, all_ok = sum(hit for _, hit, _ in got) / 90, {got[0] for got in got} == {200}
        rows.append([name, visitors, hit_rate, per_s, all_ok])
in_front = pd.DataFrame(
    rows, columns=["in front", "visitors", "hit_rate", "answers_per_s", "all 200"]
)

# %% tags=["hidden-source", "nbval-ignore-output"]
# %%needs varnish nginx
hits = in_front.pivot(index="in front", columns="visitors", values="hit_rate")
lesson.compare(guess_cookie, hits.loc["Varnish", "statistics"])
in_front.round(2)

# %% tags=["hidden-source"]
# %%needs varnish nginx
panels = {"hit_rate": "hit rate (%)", "answers_per_s": "answers a second, one visitor"}
figure = plots_backends.side_by_side(in_front, panels, "in front", "visitors", guess=guess_cookie)
figure.suptitle("A cookie of no interest to Django ruins Varnish, until a rule drops it")
lesson.show(figure, alt="Hit rate and answers a second for Django alone, Varnish, Varnish that keeps "
                        "session cookies only, and nginx. Varnish falls to 0 with a cookie for "
                        "statistics; with the rule and in nginx only sessions go to Django.")

# %%
# %%needs varnish nginx
fast = in_front.set_index(["in front", "visitors"]).answers_per_s
claim("Without cookies Varnish and nginx answer more than 80 % of 90 visits to 15 pages.",
      hits.loc[["Varnish", "nginx"], "no cookie"].min(), above=0.8)
claim("Varnish, 90 visitors with a cookie for statistics: not one hit. Sessions only: over 80 %.",
      [hits.loc["Varnish", "statistics"], hits.loc["Varnish, sessions only", "statistics"] > 0.8],
      equals=[0, True])
claim("Whoever has a session is never given a page that was kept.", hits["session"].max(), equals=0)
claim("Varnish answers at least twice as many visits a second as Django alone, in this run.",
      fast["Varnish, sessions only", "statistics"] / fast["Django alone", "statistics"], above=2)

# %% [markdown]
# A title changes. Varnish knows nothing of it, for up to ten minutes, unless it is told: PURGE throws one page out. Publish and purge
# belong together, after the commit (lesson 11).

# %%
# %%needs varnish nginx
edge, talk = front["Varnish, sessions only"], Talk.objects.first()
path, old_title, shown = talk.get_absolute_url(), talk.title, []
ask(edge, path)
Talk.objects.filter(pk=talk.pk).update(title="Moved to Friday")
shown.append("Moved to Friday" in ask(edge, path)[2])
ask(edge, path, method="PURGE")
shown.append("Moved to Friday" in ask(edge, path)[2])
Talk.objects.filter(pk=talk.pk).update(title=old_title)
ask(edge, path, method="PURGE")
shown

# %% [markdown]
# Then Django dies. Here Varnish keeps pages for a second, and may use old ones for an hour when there is no answer (*grace*): the
# fifteen pages, after more than a second, and one that nobody asked for before.

# %%
# %%needs varnish nginx
with varnish.start(RULES, {**ten_minutes, "ttl": "1s"}) as brief:
    [ask(brief, path) for path in pages]
    app.kill()
    time.sleep(1.3)
    kept_pages = [ask(brief, path)[0] for path in pages]
    new_page = ask(brief, Speaker.objects.first().get_absolute_url())[0]
down = {"kept": pd.Series(kept_pages).value_counts().to_dict(), "never asked for": new_page}
down

# %%
# %%needs varnish nginx
claim("The old title is shown until the page is purged, the new one after it.",
      shown, equals=[False, True])
claim("With Django dead all fifteen pages are answered by Varnish, within their grace.",
      sum(status == 200 for status in kept_pages), equals=15)
claim("A page that it never held is an error 503.", new_page, equals=503)

# %% tags=["hidden-source"]
# %%needs varnish nginx
for server in front.values():
    server.stop()

# %%
because = "..."  # one sentence: why does Varnish keep no answer to a request with a cookie?

# %% [markdown]
# **Why.** A cookie may be a person. Varnish cannot know which cookies your views read, so it passes on every request that carries
# one: right, and useless when statistics set one for everybody. A rule says which cookies count. nginx decides the other way round: it looks
# at no cookie of a request, and without those two lines it gives the page of one person to the next.
#
# A hit costs no Python at all; in lesson 11 the page cache still ran Django for each. Grace is the second gift: old pages stand in
# for a dead Django. It helps those who read, and nobody who orders.
#
# **In your project:** a rule for cookies, PURGE in `transaction.on_commit`, and `private` on every personal page.
#
# ### Exercise: which cookies count?


# %%
@exercise("loads-2-cookies")
def cookies_that_count(header):
    """The header `Cookie` with only sessionid and csrftoken left; None if neither is there.

    As in "_ga=1; sessionid=abc" → "sessionid=abc"; what is left stays in its order.
    """
    ...


# %% [markdown]
# ## 4. Can a machine come, and one go?
#
# Three application servers behind HAProxy, which asks each every 200 ms for a page (*health check*): two failures, and it is out. The
# third place is still empty.

# %%
BALANCER = """global
    stats socket <folder>/admin.sock level admin
defaults
    mode http
    timeout connect 500ms
    timeout client 20s
    timeout server 20s
frontend web
    bind 127.0.0.1:<port>
    default_backend apps
backend apps
    balance roundrobin
"""

# %%
SERVERS = """    server one 127.0.0.1:<one> cookie one <check>
    server two 127.0.0.1:<two> cookie two <check>
    server three 127.0.0.1:1 cookie three disabled <check>
"""
CARE = """    option httpchk GET /health/
    default-server inter 200ms fall 2 rise 1
    timeout check 5s
    retries 3
    option redispatch 1                       # the next try goes to another server
    retry-on conn-failure empty-response
    http-request disable-l7-retry if METH_POST  # an order may have been done: not twice
"""
NO_CARE = "    retries 0\n"

# %% [markdown]
# Four visitors ask without a pause, 160 times. At request 60 something happens: a third server is added, one is drained (it finishes
# what it has, and gets nothing new), one is killed. How many of the 160 see an error when one of three servers is killed, with HAProxy's
# care?

# %%
guess_errors = ...  # for example: 10

# %% tags=["hidden-source"]
speaker = Speaker.objects.first().get_absolute_url()
health, running = {"ROOT_URLCONF": "helpers.project.production_urls"}, []


def under_load(balancer, happens):
    """160 visits by four visitors; `happens` is called at the 60th. How many were no 200?"""
    page = load.Page(balancer.url + speaker + "?{key}", timeout_s=30)

    def visit(number):
        if number == 60:
            happens()
        return page(number)

    return int((load.closed(visit, range(160), workers=4).outcome != "200").sum())


def served(balancer):
    return {row["server"]: row["requests"] for row in balancer.servers()}


# %% tags=["hidden-source"]
def until(balancer, name, status):
    ends = time.monotonic() + 20
    while {row["server"]: row["status"] for row in balancer.servers()}[name] != status:
        if time.monotonic() > ends:
            break
        time.sleep(0.05)


def add_third(balancer):
    balancer.ask(f"set server apps/three addr 127.0.0.1 port {apps[2].port}")
    balancer.ask("set server apps/three state ready")

# %%
# %%needs haproxy nginx
[old.stop() for old in running]  # if this cell has run before
apps = [site.start(settings=health) for _ in range(3)]
ports = {"one": apps[0].port, "two": apps[1].port}
caring = haproxy.start(BALANCER + CARE + SERVERS, {**ports, "check": "check"})
running = [*apps, caring]
errors_met = {"a third is added": under_load(caring, lambda: add_third(caring))}
by_third = served(caring)["three"]
drain = partial(caring.ask, "set server apps/one state drain")
errors_met["one is drained"] = under_load(caring, drain)
drained = served(caring)["one"]
errors_met["nothing happens"] = under_load(caring, lambda: None)
after_drain = served(caring)["one"] - drained
caring.ask("set server apps/one state ready")
errors_met["two is killed"] = under_load(caring, apps[1].kill)

# %% [markdown]
# The same death behind a HAProxy without checks and second tries, and behind nginx, whose `upstream` goes to the next server after an
# error.

# %%
UPSTREAM = """error_log stderr crit; events { worker_connections 64; }
http {
    include plumbing.conf; access_log off;
    upstream apps { server 127.0.0.1:<one>; server 127.0.0.1:<two>; }
    proxy_set_header Host $http_host;  # or Django is asked for a host named "apps": error 400
    server { listen 127.0.0.1:<port>; location / { proxy_pass http://apps; } }
}
"""

# %% tags=["hidden-source"]
# %%needs haproxy nginx
apps[1].restart()
with haproxy.start(BALANCER + NO_CARE + SERVERS, {**ports, "check": ""}) as careless:
    errors_met["two is killed, no care"] = under_load(careless, apps[1].kill)
apps[1].restart()
with nginx.start(UPSTREAM, ports) as passing:
    errors_met["two is killed, nginx"] = under_load(passing, apps[1].kill)
apps[1].restart()
until(caring, "two", "UP")
errors_table = pd.Series(errors_met, name="errors of 160").to_frame()

# %% tags=["hidden-source", "nbval-ignore-output"]
# %%needs haproxy nginx
lesson.compare(guess_errors, errors_met["two is killed"])
errors_table

# %%
# %%needs haproxy nginx
claim("HAProxy with care: a server is added, one is drained, and no visitor of 160 sees an error.",
      errors_table["errors of 160"].iloc[:3].tolist(), equals=[0, 0, 0])
claim("When one is killed at most two do, behind HAProxy with care and behind nginx.",
      errors_table["errors of 160"][["two is killed", "two is killed, nginx"]].max(), below=3)
claim("The third answers from the moment it is there; the drained one gets nothing new.",
      [by_third > 10, after_drain], equals=[True, 0])
claim("Without checks and second tries, more than 20 of 160 do.",
      errors_met["two is killed, no care"], above=20)

# %%
because = "..."  # one sentence: why does hardly anybody notice that a server was killed?

# %% [markdown]
# **Why.** Checks alone are too slow: until two have failed, requests still go to the dead server. It is the second try, at *another*
# server, that nobody notices; checks keep the rest from trying in vain. An answer that broke off half-way is lost: part of it has
# been sent already. And only what may be done twice may be tried twice: a GET, not an
# order. Draining is the quiet version: nothing new, what is there ends, then you may stop it.
#
# It needs servers of which each can answer every visitor: no sessions in local memory, no uploads on their own disk.
#
# **In your project:** sessions in the database or Valkey, a `/health/` view, and two servers before you need them.
#
# ### Exercise: the lines for HAProxy


# %%
@exercise("loads-3-servers")
def server_lines(ports, draining=()):
    """The `server` lines of HAProxy's backend, as one text: one line a name of the dict `ports`.

    Each is on 127.0.0.1 and checked; those in `draining` get "weight 0", others no weight.
    """
    ...


# %% [markdown]
# You may stop here.
#
# ## Go deeper

# %% [markdown]
# ### 5. What if two wait for each other?
#
# Locks can wait for each other. Two people swap tickets: one takes from 1 and gives to 2, the other from 2 to 1. A barrier lets both hold
# their first row before either asks for its second. How many of the two fail?

# %%
guess_deadlock = ...  # for example: 2

# %%
def swap(pair, meet):
    with transaction.atomic(using="PostgreSQL"):
        for pk, change in zip(pair, (-1, 1)):
            Stock.objects.using("PostgreSQL").filter(pk=pk).update(left=F("left") + change)
            if change == -1 and meet:
                meet.wait(10)


def swap_again(pair, meet, tries=5):
    try:
        swap(pair, meet)
    except OperationalError:  # PostgreSQL has chosen this one to give way
        if tries == 0:
            raise
        time.sleep(0.05)  # until the other has ended: at once the two could meet again
        swap_again(pair, None, tries - 1)

# %%
rows = []
for way, do in {"once": swap, "tried again": swap_again}.items():
    fresh("PostgreSQL")
    meet = threading.Barrier(2)
    told = load.closed(lambda pair: do(pair, meet), [(1, 2), (2, 1)], workers=2).outcome
    pair = Stock.objects.using("PostgreSQL").filter(pk__in=[1, 2])
    failed_swaps, sum_left = (told != "ok").sum(), pair.aggregate(all=Sum("left"))["all"]
    rows.append([way, failed_swaps, sum_left])
deadlocks = pd.DataFrame(rows, columns=["way", "failed", "tickets in both"]).set_index("way")
lesson.compare(guess_deadlock, deadlocks.failed["once"])
deadlocks

# %%
claim("Of two that wait for each other PostgreSQL ends exactly one; tried again, both are done.",
      deadlocks.failed.tolist(), equals=[1, 0])
claim("No ticket is lost or made: both rows together hold 2,000 each time.",
      deadlocks["tickets in both"].tolist(), equals=[2_000, 2_000])

# %% [markdown]
# And an error that you catch inside a transaction? PostgreSQL takes no further statement in it, until it is rolled back. An inner
# `atomic()` is a *savepoint*: only that part is undone.

# %%
fresh("PostgreSQL")
orders = Order.objects.using("PostgreSQL")
orders.create(pk=1, stock_id=1)
with lesson.expect(TransactionManagementError), transaction.atomic(using="PostgreSQL"):
    try:
        with transaction.atomic(using="PostgreSQL", savepoint=False):
            orders.create(pk=1, stock_id=1)
    except IntegrityError:
        orders.create(pk=2, stock_id=1)  # too late
kept = [orders.count()]

# %%
with transaction.atomic(using=orders.db):
    try:
        with transaction.atomic(using=orders.db):
            orders.create(pk=1, stock_id=1)
    except IntegrityError:
        orders.create(pk=2, stock_id=1)
kept.append(orders.count())

# %%
claim("After a caught error nothing more can be written, unless a savepoint was set before it.",
      kept, equals=[1, 2])

# %%
because = "..."  # one sentence: why is it safe to try again after a deadlock?

# %% [markdown]
# **Why.** Both hold what the other wants, so neither can go on, and PostgreSQL looks for such circles (after a second as installed, 100 ms
# here). It ends one of them: nothing of that one is done, so it may be done again. Better: take rows in the same order everywhere, for
# example by primary key, and nobody waits in a circle.
#
# After an error PostgreSQL cannot know which of your statements still make sense, so it takes none, up to the rollback. A savepoint says
# how far back that is. Django makes one for each inner `atomic()`; it costs two more statements.
#
# **In your project:** an inner `atomic()` around what may fail, and the `try` outside of it.
#
# #### Exercise: try again, but not for ever


# %%
@exercise("loads-4-again")
def again(work, times):
    """What work() returns; after an OperationalError it is called again, at most `times` calls.

    The last OperationalError goes through to the caller; so does any other error, at once.
    """
    ...


# %% [markdown]
# ### 6. Sticky sessions?
#
# *Sticky sessions* send each visitor to the server that they met first, by a cookie of HAProxy's. Twelve visitors, five visits each;
# then a third server is added, and they come five times more. Which share of these visits does the third one get?

# %%
guess_third = ...  # for example: 0.33

# %%
# %%needs haproxy nginx
STICKY = "    cookie SERVER insert indirect nocache\n"
shares = {}
for way, lines in {"in turn": "", "sticky": STICKY}.items():
    with haproxy.start(BALANCER + lines + CARE + SERVERS, {**ports, "check": "check"}) as balancer:
        people = [build_opener(HTTPCookieProcessor()) for _ in range(12)]
        for part in ("two servers", "three servers"):
            before = served(balancer)
            [each.open(balancer.url + speaker).read() for each in people for _ in range(5)]
            got = {name: count - before[name] for name, count in served(balancer).items()}
            shares[way, part] = {name: count / 60 for name, count in got.items()}
            add_third(balancer)
spread = pd.DataFrame(shares).T
lesson.compare(guess_third, spread.three["sticky", "three servers"])
spread.round(2)

# %%
# %%needs haproxy nginx
claim("In turn, the third of three servers gets a third of 60 visits.",
      spread.three["in turn", "three servers"], between=(0.3, 0.37))
claim("Sticky, it gets none of them: those who are there stay where they are.",
      spread.three["sticky", "three servers"], equals=0)

# %% tags=["hidden-source"]
# %%needs haproxy nginx
for server in running:
    server.stop()

# %%
because = "..."  # one sentence: whom does a new machine help, behind sticky sessions?

# %% [markdown]
# **Why.** In turn, each visit may go anywhere, so the next one may go to the new machine. The cookie ties a visitor to the machine of the
# first visit: a new one helps new visitors alone, and yours are still where it is full. When a machine dies, its visitors are sent
# elsewhere all the same, and what lay only in its memory is gone: so nothing may lie there. Then there is nothing left to stick to.
#
# When is it right? Where a machine keeps something costly to make again, such as a warm cache or an open WebSocket.
#
# **In your project:** no `cookie … insert` in the balancer; sessions in `cached_db`.
#
# ### 7. What does PostgreSQL need more of?
#
# Two servers with the same 100,000 rows, in blocks of 8 kB. One keeps 512 kB of them in its own memory (`shared_buffers`) and takes
# twenty connections; the other has 128 MB, as installed. You look for the one row with `left=5`: how many blocks does PostgreSQL
# look at?

# %%
guess_blocks = ...  # for example: 1

# %% tags=["hidden-source"]
def fill_up(alias, settings):
    databases.register(alias, settings)
    with connections[alias].schema_editor() as editor:
        editor.create_model(Stock)
    with connections[alias].cursor() as cursor:
        cursor.execute('INSERT INTO scratch_stock (id, "left") '
                       "SELECT i, i * 7919 % 100003 FROM generate_series(1, 100000) i")
        cursor.execute("VACUUM ANALYZE scratch_stock")


if "little" in globals():  # if this cell has run before
    little.stop()
LITTLE = {"shared_buffers": "512kB", "max_connections": "20", "log_connections": "on"}
little = postgres.start([word for name in LITTLE for word in ("-c", f"{name}={LITTLE[name]}")])

# %% tags=["hidden-source"]
databases.remove("roomy")
with pg.connection() as direct:
    direct.execute("DROP DATABASE IF EXISTS roomy WITH (FORCE)")
    direct.execute("CREATE DATABASE roomy")
fill_up("little", little.settings())
fill_up("roomy", pg.settings("roomy"))

# %% [markdown]
# `EXPLAIN (ANALYZE, BUFFERS)` runs a query and says what it took; `explain()` asks for it. Three times before and after: the same
# search with little memory and with more; a sort with 1 MB (`work_mem`) and with 64; the search without an index and with one.

# %%
def plan(alias, asked):
    told = asked(Stock.objects.using(alias)).explain(analyze=True, buffers=True, format="json")
    return json.loads(told)[0]["Plan"]


def search(stock):
    return stock.filter(left=5)


def ordered(stock):
    return stock.order_by("left")


def blocks(found):
    return found["Shared Hit Blocks"] + found["Shared Read Blocks"]

# %%
searches = {alias: [plan(alias, search) for _ in range(2)][1] for alias in ("little", "roomy")}
sorts = {}
with connections["roomy"].cursor() as cursor:
    for memory in ("1MB", "64MB"):
        cursor.execute("SELECT set_config('work_mem', %s, false)", [memory])
        sorts[memory] = plan("roomy", ordered)
    cursor.execute("RESET work_mem")
index = models.Index(fields=["left"], name="stock_by_left")
with connections["roomy"].schema_editor() as editor:
    editor.add_index(Stock, index)
indexed = plan("roomy", search)
with connections["roomy"].schema_editor() as editor:
    editor.remove_index(Stock, index)  # so that this cell can run again

# %% tags=["hidden-source", "nbval-ignore-output"]
found_percent = [100 * each["Shared Hit Blocks"] / blocks(each) for each in searches.values()]
on_disk_kb = [each["Sort Space Used"] if each["Sort Space Type"] == "Disk" else 0 for each in sorts.values()]
looked_at = [blocks(searches["roomy"]), blocks(indexed)]
lesson.compare(guess_blocks, looked_at[0])
more = {
    "shared_buffers: blocks found in it (%)": found_percent,
    "work_mem: the sort, on disk (kB)": on_disk_kb,
    "index: blocks looked at": looked_at,
}
pd.DataFrame(more, index=["before", "after"]).T.round()

# %%
claim("With 512 kB less than half of the blocks are there the second time, with 128 MB all are.",
      [found_percent[0] < 50, found_percent[1]], equals=[True, 100])
claim("A sort of 100,000 rows takes more than 1,000 kB on the disk with 1 MB, and none with 64 MB.",
      [on_disk_kb[0] > 1_000, on_disk_kb[1]], equals=[True, 0])
claim("One row of 100,000: with an index fewer than 10 blocks, without one more than 400.",
      [looked_at[1] < 10, looked_at[0] > 400], equals=[True, True])
[each["Sort Method"] for each in sorts.values()]

# %% [markdown]
# Connections are the fourth. Each is a process of the server, so their number has a limit. It is reached:

# %%
held = []
try:
    while len(held) < 30:
        held.append(little.connection())
except psycopg.OperationalError as error:
    refused = str(error).partition("FATAL:")[2].strip()
for connection in held:
    connection.close()
refused

# %% [markdown]
# Who opens so many? A gunicorn with eight threads answers 40 visits, one after the other, then 40 by eight visitors. Django opens a
# connection for each request, or each thread keeps one for 60 seconds, or a pool lends two to all threads. PostgreSQL's log says how
# many were opened.

# %%
POOL = {"pool": {"min_size": 2, "max_size": 2}}
ways_to_connect = {
    "CONN_MAX_AGE 0": {"CONN_MAX_AGE": 0},
    "CONN_MAX_AGE 60": {"CONN_MAX_AGE": 60},
    "pool": {"OPTIONS": POOL},
}
LOOK = '''
def look(request):
    return HttpResponse(Stock.objects.get(pk=1).left)

urlpatterns = [path("look/", look)]
'''

# %% tags=["hidden-source"]
def opened():
    return little.logs().count("connection authorized")


rows = []
for way, settings in ways_to_connect.items():
    looking = {"ROOT_URLCONF": "look14", "DATABASES": {"default": {**little.settings(), **settings}}}
    began = opened()
    with site.start(threads=8, settings=looking, files={"look14.py": IMPORTS + LOOK}) as server:
        ask_look = load.Page(server.url + "/look/?{key}")
        alone = load.closed(ask_look, range(40))
        crowd = load.closed(ask_look, range(40), workers=8)
    all_ok = {*alone.outcome, *crowd.outcome} == {"200"}
    rows.append([way, opened() - began, alone.latency_ms.median(), all_ok])
connecting = pd.DataFrame(rows, columns=["way", "opened", "median_ms", "all 200"]).set_index("way")

# %% tags=["nbval-ignore-output"]
connecting.round(1)

# %%
claim("Beyond its limit PostgreSQL refuses: sorry, too many clients already.",
      [refused, len(held) <= 20], equals=["sorry, too many clients already", True])
claim("80 visits open 80 connections, unless they are kept: then at most eight, one a thread.",
      [connecting.opened["CONN_MAX_AGE 0"], 0 < connecting.opened["CONN_MAX_AGE 60"] <= 8],
      equals=[80, True])
claim("A pool of two opens two, and all visits are answered.",
      [connecting.opened["pool"], connecting["all 200"].all()], equals=[2, True])
claim("One visitor: with a new connection each visit takes more than 1.5 times as long as with a pool.",
      connecting.median_ms["CONN_MAX_AGE 0"] / connecting.median_ms["pool"], above=1.5)

# %%
because = "..."  # one sentence: why do you try an index before you buy memory?

# %% [markdown]
# **Why.** What is not in `shared_buffers` is asked of the operating system, which here has it in memory too: a copy, no disk. It
# counts when the database outgrows the machine; a quarter of its memory is a usual start. A sort larger than `work_mem`
# goes through files. Mind that *each* sort of *each* connection may take so much. An index gives nothing more: it asks for less, a handful of
# blocks for hundreds. So it comes first.
#
# A connection is a process, a password checked, then thrown away: a large part of a short request. A pool belongs to one process: four
# workers have four. `max_connections` (100 as installed) must hold all of them; PgBouncer, a server in between, is a pool for all machines.
#
# **In your project:** `explain()` and an index; then `"OPTIONS": {"pool": True}`, with `CONN_MAX_AGE` at 0 (Django refuses both) and
# `psycopg[pool]` installed.

# %% [markdown]
# ### 8. Is there always room for another machine?
#
# An order waits 40 ms for a bank, then holds one row, the same for all, for 10 ms. Another page computes for 40 ms. A gunicorn has 1,
# 2, 3, 4, then 8 processes, with two visitors each. How many times as many orders as one do eight?

# %%
guess_times = ...  # for example: 8

# %%
SHARED = '''
def order(request):
    time.sleep(0.04)  # alone
    with transaction.atomic():
        Stock.objects.select_for_update().get(pk=1)
        time.sleep(0.01)  # one at a time
    return HttpResponse("ok")

def compute(request):
    ends = time.thread_time() + 0.04  # of a core, not of the clock
    while time.thread_time() < ends:
        pass
    return HttpResponse("ok")
'''

# %% tags=["hidden-source"]
PATHS = '''
import time
from django.db import transaction

urlpatterns = [path("order/", order), path("compute/", compute)]
'''


def grow(server, processes):
    """gunicorn takes the signal TTIN as "one more process"."""
    ends = time.monotonic() + 60
    for number in range(len(server.workers()) + 1, processes + 1):
        os.kill(server.pid, signal.SIGTTIN)
        while len(list(server.folder.glob("worker-*"))) < number and time.monotonic() < ends:
            time.sleep(0.02)

# %%
def best_per_s(url, processes, runs):
    """The throughput of the better of so many runs, once each process has answered."""
    page, visitors = load.Page(url + "?{key}"), 2 * processes
    load.closed(page, range(visitors), workers=visitors)
    tried = [load.closed(page, range(5_000), visitors, seconds=0.6) for _ in range(runs)]
    return max(load.throughput(answers[answers.outcome == "200"]) for answers in tried)


# %%
fresh("PostgreSQL")
kept_open = {**pg.settings(), "CONN_MAX_AGE": 60}
sharing = {"ROOT_URLCONF": "shared14", "DATABASES": {"default": kept_open}}
files = {"shared14.py": IMPORTS + SHARED + PATHS}
rows = []
with site.start(settings=sharing, files=files, options=["--preload"]) as server:
    for processes in (1, 2, 3, 4, 8):
        grow(server, processes)
        rows.append(["order", processes, best_per_s(server.url + "/order/", processes, 2)])
        if processes in (1, 2, 4):
            rows.append(["compute", processes, best_per_s(server.url + "/compute/", processes, 1)])
scaled = pd.DataFrame(rows, columns=["setup", "processes", "requests_per_s"])

# %% [markdown]
# Two laws say how this goes on. Amdahl's (1967) has one number: the shared part of an order, which only one can do at a time. The
# Universal Scalability Law (Gunther 1993) adds another: what each pair of processes costs. Both are fitted to your points by least squares.

# %%
points = scaled[scaled.setup == "order"]
laws = {"Amdahl": scaling.amdahl(points), "Universal": scaling.universal(points)}
shared_part = laws["Amdahl"].shared

# %% tags=["hidden-source", "nbval-ignore-output"]
per_s = points.set_index("processes").requests_per_s
lesson.compare(guess_times, per_s[8] / per_s[1])
most_orders, added = per_s.max(), [per_s[2] - per_s[1], (per_s[8] - per_s[4]) / 4]
pd.DataFrame(
    {name: [law.shared, law.crosstalk, law.per_s(8), law.per_s(80)] for name, law in laws.items()},
    index=["shared (0–1)", "crosstalk", "orders a second, 8 processes", "80 processes (nobody measured)"],
).round(3)

# %% tags=["hidden-source"]
ax = plots_scaling.growth(scaled, laws, guess=guess_times)
ax.set_title("Orders that share a row: eight processes do far less than eight times one")
lesson.show(ax, alt="Requests a second for 1 to 8 processes: orders as points, eight processes "
                    "far below eight times one, with the lines of both laws through them; a dotted "
                    "line is as many times one; pages that compute are other points.")

# %%
claim("Each of the processes 5 to 8 adds fewer orders a second than the second did.",
      added[1] / added[0], below=1)
claim("No number of processes does more than 100 orders a second: 10 ms each, one at a time.",
      most_orders, between=(2, 100))
claim("Amdahl's law, fitted to 1 to 8 processes: between 3 % and 50 % of an order is shared.",
      shared_part, between=(0.03, 0.5))
cores = scaled[scaled.setup == "compute"].requests_per_s.max() / 25
claim("What computes for 40 ms is never done more than 25 times a second for each core.",
      cores / os.cpu_count(), between=(0.005, 1.05))

# %%
because = "..."  # one sentence: what ends the growth of orders, and what that of pages that compute?

# %% [markdown]
# **Why.** The shared part is the row: 10 of 50 ms, a fifth. Amdahl's law lets nobody pass what one process does, divided by that part,
# however many you add. Your fit may say less than a fifth: the law has all of them meet at the row, and here they come one after the other. Crosstalk is what
# they cost each other: handing the lock over, changing places on a core.
#
# Two cores end this experiment, plainly: gunicorn, PostgreSQL and your visitors share them. Orders mostly wait, so eight fit; what computes ends at 2 · 25 a
# second with two cores, with 2 processes or 80. Nothing here stands for a second machine, and a line through five points says little about 80.
#
# **In your project:** make the shared part smaller first (a shorter lock, more rows, F()); then another machine is worth its price.
#
# #### Exercise: how many are worth it?


# %%
@exercise("loads-5-processes")
def worth_it(law, gain_per_s, at_most):
    """How many processes are worth it, from 1 to `at_most`: each adds at least `gain_per_s`.

    `law.per_s(n)` are the requests a second of n processes. There is always one.
    """
    ...


# %% [markdown]
# #### Exercise: a second domain
# One copy of a book is left in the library, and two readers come at once.


# %%
@exercise("loads-6-library")
def lend(Book, Loan, number, reader):
    """Lend the book with this number to `reader`: True if it was done, False if it cannot be.

    Done: Book.copies is one less and there is a Loan (book, reader); otherwise neither. It
    cannot be without a copy, or twice to one reader (a constraint of Loan says so). Others
    lend at the same moment. This database is SQLite, which has no locks for rows.
    """
    ...


# %% [markdown]
# ## There is a method for that
#
# | what people write | what exists |
# |---|---|
# | a longer `timeout` for SQLite | [`transaction_mode`: `"IMMEDIATE"`](https://docs.djangoproject.com/en/5.2/ref/databases/#sqlite-transaction-behavior) |
# | `atomic()` in every view | [`ATOMIC_REQUESTS`](https://docs.djangoproject.com/en/5.2/ref/settings/#atomic-requests) |
# | read, subtract, save | [`F()`](https://docs.djangoproject.com/en/5.2/ref/models/expressions/#f-expressions), [`select_for_update()`](https://docs.djangoproject.com/en/5.2/ref/models/querysets/#select-for-update) |
# | catching an error inside a transaction | [an inner `atomic()`: a savepoint](https://docs.djangoproject.com/en/5.2/topics/db/transactions/#controlling-transactions-explicitly) |
# | a second cache of whole pages in Python | [Varnish](https://varnish-cache.org/docs/), [nginx's `proxy_cache`](https://nginx.org/en/docs/http/ngx_http_proxy_module.html) |
# | more memory for a slow query | [`QuerySet.explain()`](https://docs.djangoproject.com/en/5.2/ref/models/querysets/#explain), then [an index](https://docs.djangoproject.com/en/5.2/ref/models/indexes/) |
# | a guess how many machines are enough | a law fitted to measurements: [Amdahl, "Validity of the single processor approach to achieving large scale computing capabilities", 1967](https://doi.org/10.1145/1465482.1465560); Gunther, "A Simple Capacity Model of Massively Parallel Transaction Systems", 1993 |
# | a connection for every request | [`"pool"`](https://docs.djangoproject.com/en/5.2/ref/databases/#connection-pool), [PgBouncer](https://www.pgbouncer.org/) for all machines |
# | a script that restarts and reloads the balancer | [HAProxy's Runtime API](https://www.haproxy.com/documentation/haproxy-runtime-api/) |
#
# New and hard usually means done wrong: each of these is a line or two.
#
# ## The Django way, and when to fight it
#
# - One transaction a request, and the database does the arithmetic.
# - Django keeps nothing between requests, so any server can answer: leave it like that.
# - Fight `ATOMIC_REQUESTS` where a view waits for others: its locks wait as long.

# %% [markdown]
# ## Five questions

# %% tags=["hidden-source"]
lesson.quiz(
    "SQLite says `database is locked` under eight writers. What first?",
    right={"transaction_mode IMMEDIATE.": "The writers queue: no order failed in section 1."},
    wrong={
        "A timeout of a minute.": "A reader that wants to write is refused at once, however long it would wait.",
        "WAL.": "It is faster, and more than a third of the orders of sixteen writers failed all the same.",
    },
)

# %% tags=["hidden-source"]
lesson.quiz(
    "What does atomic() promise two buyers of the last ticket?",
    right={"Each order is done whole or not at all.": "Both may still have read the same number."},
    wrong={
        "That one waits for the other.": "Only a lock does that: select_for_update(), or the UPDATE itself.",
        "That the second gets an error.": "REPEATABLE READ would; the usual level lets both commit.",
    },
)

# %% tags=["hidden-source"]
lesson.quiz(
    "`deadlock detected`. What has PostgreSQL done?",
    right={"It ended one of the two, with nothing of it done.": "So you may try it again."},
    wrong={
        "It ended both.": "One of two failed in section 2; the other went through.",
        "It did half of each.": "Never: the sum of both rows stayed the same.",
    },
)

# %% tags=["hidden-source"]
lesson.quiz(
    "Varnish has a hit rate of 0 % on public pages. What do you look at?",
    right={"The cookies of the requests.": "One for statistics is enough to send all to Django."},
    wrong={
        "Its memory.": "Twenty pages fit into any; a full cache still hits.",
        "The speed of Django.": "A slow page is kept like a fast one.",
    },
)

# %% tags=["hidden-source"]
lesson.quiz(
    "A server behind HAProxy is killed. Why did hardly anybody see an error?",
    right={"A failed GET was tried again, at another server.": "Until two checks have failed, that is all there is."},
    wrong={
        "The health check noticed in time.": "It needs two failures, 200 ms apart: requests come in between.",
        "gunicorn finished its answers.": "It was killed: it finished nothing.",
    },
)

# %% [markdown]
# ## What you now know
#
# - SQLite has one queue for writers, and only IMMEDIATE makes them stand in it.
# - A transaction is all or nothing, also for a process that is killed; it does not stop lost updates.
# - `F()`, locks and stricter levels do; a deadlock or a refusal is tried again.
# - A cookie that nobody reads ruins a cache in front; a rule drops it.
# - PURGE on publish; grace stands in for a dead Django.
# - An index asks for less; memory and connections only give more.
# - What all share, a row or a core, ends what another machine can do.
# - Servers may come, drain and die almost unseen, if a GET may be tried elsewhere and none keeps its visitors to itself.
#
# Next: lesson 15, ship it off, loosely coupled: what need not be done before the answer.
