# %% [markdown]
# # 13. The standard stack
#
# From `runserver` to a site that strangers may visit: one part at a time, each measured, each broken once.
#
# **Core:** 60 minutes · **deeper:** 45 minutes · **needs:** 08, 12 · **helps:** 14, 15, 16, 17 ·
# **starts:** nginx, HAProxy, gunicorn, PostgreSQL, Valkey, memcached, on loopback
#
# Credit: the stack, and staging identical to production, are Andrew Godwin's, "Deployment, daemons and datacenters",
# DjangoCon 2011, as told in "DjangoCon, part four". All experiments are added by us.

# %% tags=["hidden-source"]
from helpers import lesson

lesson.recall(
    {
        "Why does LocMemCache not do under four workers?": "Each process has its own: a value stored in one is missing in three.",
        "Who must answer when a cache is gone?": "The database: the page has to be right without the cache.",
        "What is p99?": "The time that 99 of 100 requests do not exceed.",
    }
)

# %% [markdown]
# ## Why it trips people up
#
# - "I set `DEBUG = False`, and all the CSS is gone."
# - "`Bad Request (400)`, and nothing in the log."
# - "`CSRF verification failed`: only in production, only over https."
# - "`502 Bad Gateway`. Or was it 504? Which log do I read?"
# - "It works on staging."

# %% tags=["hidden-source"]
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest import mock
from urllib.error import HTTPError
from urllib.request import Request, urlopen

# %% tags=["hidden-source"]
import pandas as pd
import psutil
from django.core import checks
from django.core.management import call_command
from django.http import HttpResponse
from django.templatetags.static import static
from django.test import Client, override_settings
from django.urls import path

from helpers import plots_stack, tracing
from helpers.project import databases, site, stack, temporary

# %%
from helpers import load, plots_pages, plots_production
from helpers.lesson import claim, exercise
from helpers.services import memcached, nginx, postgres, valkey
from helpers.services import haproxy as balancer
from helpers.services.python_server import PythonServer
from helpers.services.stack import Stack

lesson.start("13-the-standard-stack")

# %% tags=["hidden-source"]
home = tempfile.TemporaryDirectory(dir=temporary.folder())
own = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "DJANGO_", "SECRET"))}

# %% [markdown]
# ## 1. From runserver to the stack: what is each part for?
#
# One page, the list of talks, asked for by four visitors at once, 40 times. After that one part is added, and again. Which share of the
# speed of `runserver` will the whole stack have, on one machine with two cores?

# %%
guess_speed = ...  # for example: 5

# %% tags=["hidden-source"]
class RunServer(PythonServer):
    """`manage.py runserver`, with settings of ours."""

    name, distribution = "runserver", "django"

    def command(self):
        return self.module("django", "runserver", "--noreload", f"{self.host}:{self.port}")


def runserver(**settings):
    return RunServer("helpers.project.wsgi:application", site.environment(settings)).start(30)


# %% tags=["hidden-source"]
def measure(step, part):
    page = load.Page(whole[part].url + "/talks/")
    page("")  # the first request connects to the database
    answers = load.closed(page, range(40), workers=4)
    memory_mb = sum(row["memory_mb"] for row in whole.health())
    p99_ms = answers.latency_ms.quantile(0.99)
    served = (answers.outcome == "200").sum()
    steps[step] = [load.throughput(answers), p99_ms, memory_mb, served]


# %%
if "whole" in globals():
    whole.stop()  # this cell was run before
whole, steps = Stack(), {}
whole.add("runserver", runserver())
measure("runserver, SQLite", "runserver")
whole.remove("runserver")
whole.add("app-0", site.start())
measure("gunicorn, SQLite", "app-0")
whole.remove("app-0")
for name, module in (("postgresql", postgres), ("valkey", valkey), ("memcached", memcached)):
    whole.add(name, module.start())
databases.add("production", whole["postgresql"])
stack.add_app(whole, 1, stack.production(whole))
measure("gunicorn, PostgreSQL, two stores", "app-1")

# %% [markdown]
# Then a second gunicorn, and HAProxy to share the work between the two. This is all that it is told; the blanks in `<>` are filled in when it
# starts.

# %%
print(stack.configuration("haproxy.cfg"))

# %% [markdown]
# And nginx in front of all:

# %%
print(stack.configuration("nginx.conf"))

# %%
# %%needs nginx haproxy
stack.add_app(whole, 2, stack.production(whole))
apps = {"servers": stack.backends(whole)}
whole.add(
    "haproxy", balancer.start(stack.configuration("haproxy.cfg"), apps), ["app-1", "app-2"]
)
measure("two gunicorns behind HAProxy", "haproxy")
files = stack.collected(whole["haproxy"].folder / "static")
values = {"balancer": whole["haproxy"].port, "static": files}
whole.add("nginx", nginx.start(stack.configuration("nginx.conf"), values), ["haproxy"])
measure("nginx in front", "nginx")

# %% tags=["nbval-ignore-output", "hidden-source"]
columns = ["requests/s", "p99 (ms)", "memory (MB)", "answered of 40"]
by_step = pd.DataFrame.from_dict(steps, orient="index", columns=columns).rename_axis("step")
lesson.compare(guess_speed, by_step["requests/s"].iloc[-1] / by_step["requests/s"].iloc[0])
by_step.round(1)

# %% tags=["hidden-source"]
figure = plots_pages.panels(by_step.reset_index(), {each: each for each in columns[:3]}, "step")
figure.suptitle("Each part costs memory; on one machine speed is not what it is for")
lesson.show(
    figure,
    alt="Five steps from runserver to nginx in front, three panels: requests a second, p99 in "
    "milliseconds, memory in megabytes. Memory grows from step to step.",
)

# %% tags=["hidden-source"]
# %%needs nginx haproxy
ax = plots_stack.drawn(pd.DataFrame(whole.health()))
ax.set_title("Seven servers, and which of them asks which", loc="left")
lesson.show(
    ax,
    alt="nginx asks HAProxy, HAProxy asks two gunicorns, app-1 and app-2, and each of them asks "
    "PostgreSQL, Valkey and memcached. Every part answers.",
)

# %% [markdown]
# What do the new hops cost? nginx gives each request an id, and every log notes its time under it. Thirty pages, one after
# the other:

# %%
# %%needs nginx haproxy
known = set(tracing.read(*stack.logs(whole)).request_id)
page = load.Page(whole["nginx"].url + "/talks/")
for number in range(30):
    page(number)
time.sleep(0.5)  # until the logs are written
trace = tracing.read(*stack.logs(whole))
trace = trace[~trace.request_id.isin(known)]
own_ms = trace.groupby("hop", sort=False).own_ms.median()

# %% tags=["hidden-source"]
# %%needs nginx haproxy
ax = plots_stack.hops(trace)
ax.set_title("A page's time is spent in Django and its SQL, not in the proxies")
lesson.show(
    ax,
    alt="Milliseconds a request spends at each hop, one bar after the other: nginx, HAProxy and "
    "gunicorn short, Django the longest, SQL next.",
)

# %%
# %%needs nginx haproxy
claim("At each of the five steps all 40 requests are answered.", by_step[columns[3]].min(), equals=40)
claim(
    "The whole stack holds at least twice the memory of runserver.",
    by_step["memory (MB)"].iloc[-1] / by_step["memory (MB)"].iloc[0], above=2,
)
claim(
    "Of a page's time, at least half is spent in Django and its SQL (medians of 30).",
    own_ms[["django", "sql"]].sum() / own_ms.sum(), above=0.5,
)

# %% [markdown]
# If not speed, what is nginx for? Three visitors with bad lines send *half* a request and wait. Three others ask for a page: how many of
# them are answered within two seconds, by gunicorn alone, and through nginx?

# %%
guess_slow = ...  # for example: {"nginx": 3, "app-1": 3}

# %%
# %%needs nginx haproxy
answered = {}
for part in ("nginx", "app-1"):
    address = (whole[part].host, whole[part].port)
    half = [socket.create_connection(address) for _ in range(3)]
    for line in half:
        line.sendall(b"GET /talks/ HTTP/1.1\r\nHost: ")
    time.sleep(0.2)
    others = load.Page(whole[part].url + "/health/", timeout_s=2)
    answers = load.closed(others, range(3), workers=3)
    answered[part] = int((answers.outcome == "200").sum())
    for line in half:
        line.close()
lesson.compare(guess_slow, answered)

# %%
# %%needs nginx haproxy
claim(
    "Three half requests stop a gunicorn of one worker, and nobody behind nginx.",
    answered, equals={"nginx": 3, "app-1": 0},
)

# %%
because = "..."  # one sentence: why can nginx wait for 1,000 slow visitors and gunicorn for one?

# %% [markdown]
# **Why.** A worker of gunicorn is a process that does one thing at a time: while it reads a slow request it serves nobody. nginx waits for
# all its visitors in one process, by events, and hands on only what is complete; it keeps the answer, too, for those who read
# slowly. HAProxy shares the requests and leaves out a gunicorn that does not answer. PostgreSQL lets many write at once; the two
# stores are shared by all workers. Each part costs memory, and a hop costs little next to Django. More speed than `runserver`
# (which has threads) needs more cores: lesson 14.
#
# **In your project:** a site of one machine needs nginx, gunicorn and PostgreSQL; HAProxy comes with the second machine.
#
# ### Exercise: which hop is to blame?


# %%
@exercise("stack-1-hop")
def hop_to_mend(trace):
    """The hop that spends most time of its own in the slowest requests.

    `trace` has one row a request and hop: request_id, hop, total_ms, own_ms. The slowest
    requests are the tenth with the largest total_ms at "nginx", at least one of them.
    """
    ...


# %% [markdown]
# ## 2. What does `check --deploy` find, and what does it not?
#
# Settings as `startproject` writes them. How many warnings does `manage.py check --deploy` print?

# %%
guess_warnings = ...  # for example: 3

# %% [markdown]
# We mend one after the other, and ask Django's own check each time.

# %% tags=["hidden-source"]
as_made = {"DEBUG": True, "ALLOWED_HOSTS": [], "SECRET_KEY": "django-insecure-" + "x" * 50}
hsts = {"SECURE_HSTS_SECONDS": 60, "SECURE_HSTS_PRELOAD": True, "SECURE_HSTS_INCLUDE_SUBDOMAINS": True}
mends = [
    {},
    {"DEBUG": False},
    {"ALLOWED_HOSTS": ["talks.example"]},
    {"SECRET_KEY": secrets.token_urlsafe(50)},
    {"SECURE_SSL_REDIRECT": True},
    {"SESSION_COOKIE_SECURE": True},
    {"CSRF_COOKIE_SECURE": True},
    hsts,
]

# %%
mended, found = dict(as_made), []
for each in mends:
    mended |= each
    with override_settings(**mended):
        told = checks.run_checks(tags=["security"], include_deployment_checks=True)
    name = next(iter(each), "as startproject writes them")
    found.append([name, len(told), " ".join(sorted(one.id.removeprefix("security.") for one in told))])
warnings = pd.DataFrame(found, columns=["mended", "warnings left", "which"])
lesson.compare(guess_warnings, warnings["warnings left"][0])
warnings

# %% [markdown]
# HSTS tells browsers to come by https only, for that long: begin with 60 seconds, since nobody can take it back. What do the first two
# mends change? One view fails, with a password in a local name and one in a setting.

# %%
def pay(request):
    card_pin = "4711-local"
    raise RuntimeError("the bank does not answer")


bank = {"BILLING": "https://shop:hunter2@bank.example", "ROOT_URLCONF": (path("pay/", pay),)}
quiet = mock.patch("django.utils.log.log_response"), mock.patch("logging.Logger.handle")
shown = []
for debug in (True, False):
    with quiet[0], quiet[1], override_settings(DEBUG=debug, **bank):
        text = Client(raise_request_exception=False).get("/pay/").text
        wrong_host = Client().get("/pay/", headers={"host": "evil.example"}).status_code
    shown.append([debug, "hunter2" in text, "4711-local" in text, len(text), wrong_host])
leaks = pd.DataFrame(shown, columns=["DEBUG", "setting", "local name", "bytes", "other host"])
leaks.drop(columns="bytes")

# %%
claim(
    "Seven warnings; each of seven mends takes one away.",
    warnings["warnings left"].tolist(), equals=[7, 6, 5, 4, 3, 2, 1, 0],
)
claim(
    "With DEBUG on, the error page shows a setting's password and a local name; off, neither.",
    leaks[["setting", "local name"]].values.tolist(), equals=[[True, True], [False, False]],
)
claim(
    "A Host that ALLOWED_HOSTS does not name is answered 400.",
    leaks["other host"].tolist(), equals=[400, 400],
)

# %% [markdown]
# Static files: `runserver` serves them only while DEBUG is on. For nginx, `collectstatic` copies them into one folder. The *manifest*
# storage also puts a hash into each name, so that browsers may keep a file for ever. What if a template names a file that is not there?

# %%
CSS, css = "/static/admin/css/base.css", {}
for debug in (True, False):
    with runserver(DEBUG=debug) as server:
        css[f"DEBUG={debug}"] = load.Page(server.url + CSS)("")
folder = tempfile.TemporaryDirectory(dir=temporary.folder())
manifest = {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}
stores = {"default": {"BACKEND": "django.core.files.storage.FileSystemStorage"}, "staticfiles": manifest}
with override_settings(STATIC_ROOT=folder.name, STORAGES=stores, DEBUG=False):
    call_command("collectstatic", interactive=False, verbosity=0)
    hashed = static("conference/site.css")
    with lesson.expect(ValueError):
        static("conference/sight.css")
print(css, hashed)

# %%
claim(
    "The same stylesheet: 200 from runserver with DEBUG on, 404 with DEBUG off.",
    css, equals={"DEBUG=True": "200", "DEBUG=False": "404"},
)
claim(
    "The manifest makes a file's address thirteen signs longer: a dot, and twelve of its hash.",
    len(hashed) - len("/static/conference/site.css"), equals=13,
)

# %% [markdown]
# Now https. nginx ends it, and Django is asked by plain http. It believes that nobody comes by https, unless
# `SECURE_PROXY_SSL_HEADER` names the header in which nginx says so. A visitor over https asks for a page, then posts a form:

# %% tags=["hidden-source"]
def by_https(**settings):
    views = (path("", lambda request: HttpResponse("ok")),)
    client = Client(enforce_csrf_checks=True, headers={"x-forwarded-proto": "https"})
    client.cookies["csrftoken"] = token = "a" * 32
    told = {"headers": {"origin": "https://talks.example", "host": "talks.example",
                        "referer": "https://talks.example/", "x-csrftoken": token}}
    usual = {"ROOT_URLCONF": views, "ALLOWED_HOSTS": ["talks.example"]}
    with quiet[0], quiet[1], override_settings(**usual, **settings):
        told["headers"]["x-forwarded-proto"] = "https"
        page = client.get("/", headers={"host": "talks.example"}).status_code
        return [page, client.post("/", **told).status_code]


# %%
HEADER = {"SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https")}
behind = {
    "nothing": by_https(),
    "SECURE_SSL_REDIRECT": by_https(SECURE_SSL_REDIRECT=True),
    "CSRF_TRUSTED_ORIGINS": by_https(CSRF_TRUSTED_ORIGINS=["https://talks.example"]),
    "SECURE_PROXY_SSL_HEADER": by_https(**HEADER),
    "redirect and header": by_https(SECURE_SSL_REDIRECT=True, **HEADER),
}
by_setting = pd.DataFrame(behind, index=["page", "form"]).T
by_setting

# %% [markdown]
# Whoever can set that header says that they come by https. nginx must overwrite what visitors send. Two nginx, one forgets the
# line; a visitor by plain http sends `X-Forwarded-Proto: https`.

# %% tags=["hidden-source"]
FRONT = """
error_log stderr; events { worker_connections 64; }
http {
    include plumbing.conf; access_log access.log;
    client_max_body_size 1m;  # a larger upload: 413
    proxy_read_timeout 3s;    # a slower view: 504
    server {
        listen 127.0.0.1:<port>;
        location /media/ { alias <media>/; add_header Content-Disposition attachment; }
        location / {
            proxy_pass http://127.0.0.1:<app>;
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-Proto $scheme;
        }
} }"""

# %% tags=["hidden-source"]
SECURE = '''
from django.http import HttpResponse
from django.urls import path
urlpatterns = [path("", lambda request: HttpResponse(str(request.is_secure())))]
'''

# %%
# %%needs nginx
believed = {}
trusting = {"ROOT_URLCONF": "secure", "SECURE_PROXY_SSL_HEADER": list(HEADER.values())[0]}
forgetful = FRONT.replace("proxy_set_header X-Forwarded-Proto $scheme;", "")
with site.start(settings=trusting, files={"secure.py": SECURE}) as app:
    for name, text in {"overwrites": FRONT, "forgets": forgetful}.items():
        with nginx.start(text, {"app": app.port, "media": folder.name}) as front:
            spoof = Request(front.url, headers={"X-Forwarded-Proto": "https"})
            believed[name] = urlopen(spoof, timeout=9).read().decode()
believed

# %%
# %%needs nginx
claim(
    "A visitor's own header is believed only behind the nginx that does not overwrite it.",
    believed, equals={"overwrites": "False", "forgets": "True"},
)

# %%
claim(
    "Without the header, a form by https is refused (403) and a redirect goes round for ever (301).",
    [by_setting.form["nothing"], by_setting.page["SECURE_SSL_REDIRECT"]], equals=[403, 301],
)
claim(
    "With the header both pass, also with the redirect.",
    by_setting.loc["redirect and header"].tolist(), equals=[200, 200],
)


# %%
because = "..."  # one sentence: why can check --deploy not find the spoof?

# %% [markdown]
# **Why.** `check --deploy` reads settings, and nothing else: not nginx, not whether files are collected, not whether a header can be
# forged. Its seven warnings are one layer; the other faults lie *between* two layers. Behind a proxy, Django knows only what the
# proxy says: host, scheme and address are headers. So each of them needs two lines: one in nginx, which sets it in every case, and
# one in the settings, which trusts it. One line alone is an endless redirect or a spoof.
#
# **In your project:** `manage.py check --deploy --fail-level WARNING` in CI, with production's settings.
#
# ### Exercise: settings from the environment


# %%
@exercise("stack-2-environment")
def from_environment(environ):
    """Settings from a dict of texts: {"SECRET_KEY": …, "DEBUG": …, "ALLOWED_HOSTS": …}.

    SECRET_KEY must be there and not empty: KeyError otherwise. DEBUG is True for "1" alone.
    ALLOWED_HOSTS is a list: names separated by commas, spaces around them dropped; [] without.
    """
    ...


# %% [markdown]
# ## 3. Is staging the same as production?
#
# "It works on staging" says something only where the two are alike. We take a snapshot of a real environment (this one), copy it, and
# plant twelve differences in the copy. People compare the two lists of packages. How many of the twelve does that find?

# %%
guess_parity = ...  # for example: 6

# %% tags=["hidden-source"]
import json
from importlib.metadata import distributions

from django.conf import settings
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

# %% tags=["hidden-source"]
names = ["DEBUG", "USE_TZ", "TIME_ZONE", "LANGUAGE_CODE", "SESSION_ENGINE", "SECRET_KEY"]
production = {"settings": {name: getattr(settings, name) for name in names}}
production["packages"] = {each.name.lower(): each.version for each in distributions()}
migrated = MigrationRecorder(connection).applied_migrations()
production["migrations"] = {".".join(key): "applied" for key in migrated}
order = enumerate(settings.MIDDLEWARE)
production["middleware"] = {name.rsplit(".", 1)[1]: place for place, name in order}
production["database"] = {connection.vendor: ".".join(map(str, connection.Database.sqlite_version_info))}
production["cron"] = {"clearsessions": "0 4 * * *", "send_reminders": "*/10 * * * *"}
production["flags"] = {"new_checkout": False, "feed": True}

# %%
staging = json.loads(json.dumps(production))
staging["settings"] |= {"DEBUG": True, "USE_TZ": False, "SECRET_KEY": "another, and that is right"}
staging["settings"]["SESSION_ENGINE"] = "django.contrib.sessions.backends.file"
staging["packages"] |= {"django": "5.1.4", "debug-toolbar": "5.0"}
del staging["packages"]["whitenoise"]
del staging["migrations"]["conference.0001_initial"]
staging["middleware"] |= {"SecurityMiddleware": 1, "SessionMiddleware": 0}
staging["database"] = {"sqlite": "3.8.2"}
del staging["cron"]["clearsessions"]
staging["flags"]["new_checkout"] = True

# %% [markdown]
# The report: every name of both sides, whether it is there and whether it is equal. Its order is a decision: what stops the site comes
# first. `SECRET_KEY` *has to* differ.

# %%
RANK = ["migrations", "database", "settings", "middleware", "packages", "cron", "flags"]


def parity(one, other, may_differ=("SECRET_KEY",)):
    rows = []
    for area in RANK:
        for name in sorted(set(one[area]) | set(other[area]) - set(may_differ)):
            values = [side[area].get(name, "missing") for side in (one, other)]
            if values[0] != values[1] and name not in may_differ:
                rows.append([area, name, *values])
    return pd.DataFrame(rows, columns=["area", "name", "staging", "production"])


# %% tags=["nbval-ignore-output", "hidden-source"]
differences = parity(staging, production)
by_area = differences.groupby("area", sort=False).size()
lesson.compare(guess_parity, by_area["packages"])
differences

# %% tags=["hidden-source"]
ax = plots_production.found(by_area, seen="packages", guess=guess_parity)
ax.set_title(f"A look at the packages alone finds {by_area['packages']} of {by_area.sum()}")
lesson.show(
    ax,
    alt="Differences found by area, the worst area on top: migrations 1, database 1, settings 3, "
    "middleware 2, packages 3, cron 1, flags 1. Only the packages are seen by comparing packages.",
)

# %%
claim("The report finds all twelve differences that were planted.", by_area.sum(), equals=12)
claim("Comparing the packages finds three of the twelve.", by_area["packages"], equals=3)

# %%
because = "..."  # one sentence: why is a missing migration worse than another package?

# %% [markdown]
# **Why.** A site is code *and* everything it runs on; a list of packages is one area of seven. The order of the report is the order of
# the harm: a missing migration is an error on every page that reads the table; another database or setting is another
# behaviour; a flag is meant to differ now and then. What may differ (keys, passwords, host names) is named, so that the rest may not.
# The report sees only what it asks for: neither the amount of data nor the number of workers was asked here.
#
# **In your project:** a management command that prints this dict as JSON, run on both sides by the deploy.
#
# ### Exercise: your own report


# %%
@exercise("stack-3-parity")
def differing(one, other, rank, may_differ):
    """A list of (area, name) that differ between two environments, the worst area first.

    `one` and `other` are {area: {name: value}}; an area or a name may be missing on one side.
    `rank` lists areas, the worst first; others come last, by name. Within an area: by name.
    Names in `may_differ` are left out.
    """
    ...


# %% [markdown]
# ## 4. Who starts what has died?
#
# A daemon is a process that nobody looks at. One gunicorn with a master and two workers: we kill a worker, then the master, each time
# as a crash would (SIGKILL). Does the site answer three seconds later?

# %%
guess_alive = ...  # for example: {"worker": True, "master": True}

# %%
def until(check, seconds=15):
    end = time.monotonic() + seconds
    while not (held := check()) and time.monotonic() < end:
        time.sleep(0.05)
    return held


with site.start(workers=2) as daemon:
    first, second = daemon.workers()
    os.kill(first, signal.SIGKILL)
    back = until(lambda: len(set(daemon.workers()) - {first}) == 2)
    alive = {"worker": back and daemon.answers()}
    os.kill(daemon.pid, signal.SIGKILL)
    alive["master"] = until(lambda: not daemon.answers()) is False
lesson.compare(guess_alive, alive)

# %% [markdown]
# Somebody has to look. A supervisor in twenty lines: ask each daemon whether it answers, start it again if not, wait longer each time, and
# give up aloud after five.

# %%
def supervise(parts, seconds):
    """Restart what does not answer; returns (name, restart) in order."""
    restarts, ready_at, told = dict.fromkeys(parts, 0), dict.fromkeys(parts, 0.0), []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for name, part in parts.items():
            if part.answers() or time.monotonic() < ready_at[name] or restarts[name] > 4:
                continue
            restarts[name] += 1
            ready_at[name] = time.monotonic() + 0.1 * 2 ** restarts[name]
            told.append((name, restarts[name]))
            part.restart()
        time.sleep(0.05)
    return told


# %%
parts = {"gunicorn": site.start(workers=2), "memcached": memcached.start()}
for part in parts.values():
    part.kill()
before = [part.answers() for part in parts.values()]
told = supervise(parts, seconds=2)
after = [part.answers() for part in parts.values()]
for part in parts.values():
    part.stop()
told

# %%
claim(
    "A killed worker is replaced by its master; a killed master by nobody.",
    alive, equals={"worker": True, "master": False},
)
claim("Both killed daemons answer again under the supervisor.", [before, after], equals=[[False] * 2, [True] * 2])
claim("It started each of them once.", sorted(told), equals=[("gunicorn", 1), ("memcached", 1)])

# %% [markdown]
# And who looks after the supervisor? The first process of the machine, which the kernel keeps alive: systemd. It *is* that supervisor,
# told by a file (this text was not run here):
#
# ```ini
# [Unit]
# After=network.target postgresql.service
# [Service]
# User=talks
# EnvironmentFile=/etc/talks/environment
# ExecStart=/srv/talks/venv/bin/gunicorn --workers 2 talks.wsgi
# ExecReload=/bin/kill -HUP $MAINPID
# Restart=on-failure
# RestartSec=1
# [Install]
# WantedBy=multi-user.target
# ```

# %%
because = "..."  # one sentence: why must gunicorn not run with --daemon under systemd?

# %% [markdown]
# **Why.** Each level looks after the one below: the master after its workers, systemd after the master, the kernel after systemd. A level
# sees what its own children do, so gunicorn has to stay in front (`--daemon` would make the process that systemd watches end at once). To
# wait longer each time keeps a site that cannot start, for a wrong setting, from burning the machine. And "alive" is not "well":
# our supervisor asks for an answer; `Restart=on-failure` sees only an end. A worker that hangs is ended by gunicorn's own `--timeout`.
#
# **In your project:** one unit file a daemon: gunicorn, the Celery worker, beat; `systemctl enable` or it is gone after a reboot.
#
# ### Exercise: a unit file


# %%
@exercise("stack-4-unit")
def unit(name, command, user):
    """The text of a systemd unit for the daemon `command` (a list of words), as this `user`.

    [Service] with User, EnvironmentFile=/etc/NAME/environment, ExecStart (the words, one space
    between them), Restart=on-failure; [Install] with WantedBy=multi-user.target.
    ValueError where the command does not begin with "/", holds --daemon, or the user is root.
    """
    ...


# %% [markdown]
# ## 5. 400, 403, 404, 413, 500, 502, 504: which layer, which log?
#
# DEBUG is off, nginx stands in front of one gunicorn. We provoke each status and look which log gained a line. How many of the nine
# requests will leave a line in Django's log?

# %%
guess_logged = ...  # for example: 9

# %% tags=["hidden-source"]
TROUBLE = '''
import time
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.urls import path

def forbidden(request):
    raise PermissionDenied("not yours")

def broken(request):
    return HttpResponse({}["no such key"])

def slow(request):
    time.sleep(5)
    return HttpResponse("at last")

urlpatterns = [path("", lambda request: HttpResponse("ok")), path("forbidden/", forbidden),
               path("broken/", broken), path("slow/", slow)]
'''

# %% tags=["hidden-source"]
LOG = {
    "version": 1, "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
}


def status_of(url, data=None, **headers):
    try:
        return urlopen(Request(url, data, headers), timeout=20).status
    except HTTPError as error:
        return error.code


# %% tags=["hidden-source"]
def lines(front, app):
    """How many lines each log holds; gunicorn's own begin with the visitor's address."""
    app_log = app.logs().splitlines()
    return {
        "nginx access": len(front.access_log()),
        "nginx error": front.logs().count("[error]"),
        "gunicorn access": sum(" HTTP/1." in line for line in app_log),
        "Django": sum(line.startswith(STARTS) for line in app_log),
    }


STARTS = ("Invalid HTTP_HOST", "Forbidden", "Not Found", "Internal Server Error", "Bad Request")

# %% tags=["hidden-source"]
ACCESS = ["--access-logfile", "-"]
media = tempfile.TemporaryDirectory(dir=temporary.folder())
Path(media.name, "logo.svg").write_text("<svg/>")
given = {"ROOT_URLCONF": "trouble", "LOGGING": LOG, "DEBUG": False}
asked = {
    "a page": ("/", {}),
    "another host": ("/", {"Host": "evil.example"}),
    "not allowed": ("/forbidden/", {}),
    "no such page": ("/nothing/", {}),
    "no such upload": ("/media/nothing.png", {}),
    "a large upload": ("/", {"data": b"x" * 2_000_000}),
    "an error": ("/broken/", {}),
    "too slow": ("/slow/", {}),
    "gunicorn is gone": ("/", {}),
}

# %%
# %%needs nginx
provoked = {}
with site.start(settings=given, files={"trouble.py": TROUBLE}, options=ACCESS) as app:
    with nginx.start(FRONT, {"app": app.port, "media": media.name}) as front:
        uploaded = status_of(front.url + "/media/logo.svg"), status_of(app.url + "/media/logo.svg")
        for name, (place, extra) in asked.items():
            if name == "gunicorn is gone":
                time.sleep(3)  # the slow view has ended, and is in the log
                app.kill()
            seen = lines(front, app)
            status = status_of(front.url + place, **extra)
            time.sleep(0.2)
            now = lines(front, app)
            provoked[name] = [status, *(now[log] - seen[log] for log in now)]

# %% tags=["hidden-source"]
# %%needs nginx
logs = ["nginx access", "nginx error", "gunicorn access", "Django"]
told_by = pd.DataFrame.from_dict(provoked, orient="index", columns=["status", *logs])
in_django = told_by.index[told_by["Django"] > 0].tolist()
in_error = told_by.index[told_by["nginx error"] > 0].tolist()
lesson.compare(guess_logged, len(in_django))

# %% tags=["hidden-source"]
# %%needs nginx
ax = plots_production.layers(told_by, logs)
ax.set_title("502, 504 and 413 are nginx's own: no line of Django's tells of them")
lesson.show(
    ax,
    alt="Nine requests and four logs, a mark where a log has a line. nginx's access log has all. "
    "Django's has 400, 403, 404 and 500; nginx's error log 404 of an upload, 413, 504 and 502.",
)

# %%
# %%needs nginx
claim(
    "Nine requests, nine answers: these statuses.",
    told_by.status.tolist(), equals=[200, 400, 403, 404, 404, 413, 500, 504, 502],
)
claim(
    "Django's log tells of four: 400, 403, its own 404, and 500.",
    in_django, equals=["another host", "not allowed", "no such page", "an error"],
)
claim(
    "nginx's error log tells of the other four: a missing file, 413, 504, 502.",
    in_error, equals=["no such upload", "a large upload", "too slow", "gunicorn is gone"],
)
claim("An uploaded file: 200 by nginx, 404 by Django with DEBUG off.", uploaded, equals=(200, 404))

# %% [markdown]
# Two things are missing. Uploaded files: nginx served `logo.svg`, Django with DEBUG off does not. And Django's *own* logging, without
# our LOGGING: with DEBUG off it sends errors by mail to ADMINS, and nowhere else. Count the tracebacks of one error 500:

# %%
tracebacks = {}
for name, logging in {"Django's own": {}, "ours": LOG}.items():
    with site.start(settings={**given, "LOGGING": logging}, files={"trouble.py": TROUBLE}) as app:
        status_of(app.url + "/broken/")
        until(lambda: "KeyError" in app.logs(), 1)
        tracebacks[name] = app.logs().count("KeyError: 'no such key'")
tracebacks

# %%
claim(
    "With DEBUG off and no LOGGING of yours, an error 500 leaves no traceback in any log.",
    tracebacks, equals={"Django's own": 0, "ours": 1},
)

# %%
because = "..."  # one sentence: why does a 504 leave no line in Django's log?

# %% [markdown]
# **Why.** The status says who speaks. 502: nothing listens where nginx knocked. 504: somebody listens and does not answer in time; the view
# goes on working, for nobody, and writes no error, because for Django there is none. 413 and a missing upload never leave nginx. 400, 403,
# 404 and 500 come from Django, if they have its words; the first log that does *not* know a request is behind the layer that answered.
# Files that strangers upload are sent as `attachment`: shown in your pages' domain, an HTML file would run as yours.
#
# **In your project:** `LOGGING` with a handler for the console; a request id in every log (section 1).
#
# You may stop here.

# %% [markdown]
# ## Go deeper
#
# ### 6. Valkey: easy to set up, and when it is gone?
#
# Sessions and a cache in Valkey (or Redis): four lines of settings, in `production` above. Ten people log in; then Valkey is
# restarted. How many of the ten are still logged in, with sessions in the cache alone, and with `cached_db`?

# %%
guess_kept = ...  # for example: {"cache": 10, "cached_db": 10}

# %%
from django.contrib.auth.models import User

ENGINE = "django.contrib.sessions.backends."
store = valkey.start()
redis = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": store.url}
who = (path("", lambda request: HttpResponse(str(request.user))),)
people = [User.objects.get_or_create(username=f"person-{number}")[0] for number in range(10)]


def logged_in(clients):
    with quiet[0], quiet[1]:
        texts = [client.get("/").text for client in clients]
    return sum(text.startswith("person-") for text in texts)


# %%
rows = []
for engine in ("cache", "cached_db"):
    how = {"CACHES": {"default": redis}, "SESSION_ENGINE": ENGINE + engine, "ROOT_URLCONF": who}
    with override_settings(**how):
        clients = [Client(raise_request_exception=False) for _ in people]
        for client, person in zip(clients, people, strict=True):
            client.force_login(person)
        rows.append([engine, "before", logged_in(clients)])
        store.stop()
        rows.append([engine, "gone", logged_in(clients)])
        store.start()
        rows.append([engine, "back, empty", logged_in(clients)])
store.stop()
logins = rows

# %% tags=["hidden-source"]
sessions = pd.DataFrame(logins, columns=["engine", "Valkey", "logged in"])
kept = sessions.pivot(index="engine", columns="Valkey", values="logged in")
lesson.compare(guess_kept, kept["back, empty"].to_dict())
kept

# %%
claim(
    "Sessions in Valkey alone: all ten are logged out by its restart; with cached_db none is.",
    kept["back, empty"].to_dict(), equals={"cache": 0, "cached_db": 10},
)

# %%
because = "..."  # one sentence: what may lie in Valkey alone?

# %% [markdown]
# **Why.** A cache may lose all it has (lesson 08); a session that lies nowhere else is no copy but the original. In this stack Valkey is for
# what all workers share and may forget: the cache, counters, locks; and for queues (lesson 15), with their own care. While it is
# gone, Django's Redis backend raises, as memcached's does in lesson 11.
#
# **In your project:** `CACHES["default"]` by RedisCache, `SESSION_ENGINE` by `cached_db`.

# %% [markdown]
# ### 7. Who serves the files, and how fast?
#
# Django can (`runserver` does), WhiteNoise can inside gunicorn, nginx can. A stylesheet of Django's admin, 200 times, each way. *CPU* is
# what the servers' processes used for one file. How many times the CPU of nginx does Django need?

# %%
guess_cpu = ...  # for example: 3

# %% tags=["hidden-source"]
def cpu_s(server):
    family = [psutil.Process(server.pid), *psutil.Process(server.pid).children(recursive=True)]
    return sum(sum(each.cpu_times()[:2]) for each in family)


def serve_files(way, server):
    page = load.Page(server.url + CSS)
    page("")
    before = cpu_s(server)
    answers = load.closed(page, range(200), workers=2)
    cpu_ms = 1000 * (cpu_s(server) - before) / 200
    gone = urlopen(Request(server.url + CSS, headers={"Accept-Encoding": "gzip"}), timeout=9)
    served[way] = [load.throughput(answers), cpu_ms, len(gone.read()), set(answers.outcome)]


# %%
# %%needs nginx haproxy
served = {}
with runserver(DEBUG=True) as django_files:
    serve_files("Django (runserver)", django_files)
white = ["whitenoise.middleware.WhiteNoiseMiddleware", *stack.production(whole)["MIDDLEWARE"][1:]]
with site.start(settings={"MIDDLEWARE": white, "STATIC_ROOT": str(files)}) as whitenoise:
    serve_files("WhiteNoise (gunicorn)", whitenoise)
plain = stack.configuration("nginx.conf").replace("gzip on", "gzip off")
with nginx.start(plain, values) as no_gzip:
    serve_files("nginx, gzip off", no_gzip)
serve_files("nginx, gzip on", whole["nginx"])

# %% tags=["nbval-ignore-output", "hidden-source"]
columns_2 = ["files/s", "CPU (ms a file)", "bytes to a browser", "statuses"]
by_server = pd.DataFrame.from_dict(served, orient="index", columns=columns_2).rename_axis("way")
django_ms, nginx_ms = by_server[columns_2[1]].reindex(["Django (runserver)", "nginx, gzip off"])
lesson.compare(guess_cpu, django_ms / max(nginx_ms, 0.01))
by_server["s at 1 Mbit/s"] = 8 * by_server["bytes to a browser"] / 1e6
by_server.drop(columns="statuses").round(3)

# %%
# %%needs nginx haproxy
claim(
    "nginx uses less than a third of the CPU that Django needs for the same file.",
    by_server[columns_2[1]]["nginx, gzip off"] / by_server[columns_2[1]]["Django (runserver)"],
    below=1 / 3,
)
claim(
    "With gzip less than a third of the stylesheet's bytes is sent.",
    by_server[columns_2[2]]["nginx, gzip on"] / by_server[columns_2[2]]["nginx, gzip off"],
    below=1 / 3,
)

# %%
because = "..."  # one sentence: what does nginx not do that Django does for each file?

# %% [markdown]
# **Why.** nginx asks the kernel to send a file from the disk to the network; no Python runs. Django walks through its middleware, finds
# the file and reads it into memory; WhiteNoise stands first in the middleware, knows its files from the start, and takes a worker all the
# same. gzip costs nginx some CPU and saves most of the bytes of text: on a slow line the bytes are the time (`s at 1 Mbit/s` is
# computed from them). Pictures are packed already. These rates hold on loopback, with the visitors on the same two cores.
#
# **In your project:** `location /static/` in nginx; WhiteNoise where you cannot have an nginx.

# %% [markdown]
# ### 8. A key that was once in git
#
# `SECRET_KEY` signs sessions, signed cookies and links that reset passwords: who has it can forge them. Somebody committed it, and the
# next commit takes it out. Then the key is changed. Of ten people who are logged in, how many still are?

# %%
guess_rotated = ...  # for example: 10

# %% tags=["hidden-source"]
old_key, new_key = secrets.token_urlsafe(50), secrets.token_urlsafe(50)
plain_git = {**own, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
AUTHOR = ["-c", "user.name=Ada", "-c", "user.email=ada@talks.example"]


def git(*words, of):
    run = ["git", *AUTHOR, *words]
    done = subprocess.run(run, cwd=of.name, env=plain_git, capture_output=True, text=True, check=False)
    return done.stdout.split()


# %% tags=["hidden-source"]
GUARDED = '''
import os
from django.core.exceptions import ImproperlyConfigured

def needed(name):
    if not os.environ.get(name):
        raise ImproperlyConfigured(f"{name} is not set: write it into /etc/talks/environment, and start again.")
    return os.environ[name]

SECRET_KEY = needed("SECRET_KEY")
'''

# %%
# %%needs git
repository, clone = [tempfile.TemporaryDirectory(dir=temporary.folder()) for _ in range(2)]
git("init", "--quiet", of=repository)
for text in (f"SECRET_KEY = {old_key!r}\n", GUARDED):
    Path(repository.name, "settings.py").write_text(text)
    git("add", "settings.py", of=repository)
    git("commit", "--quiet", "-m", "Settings", of=repository)
git("clone", "--quiet", repository.name, ".", of=clone)
search = ["grep", "-l", "-F", "-e", old_key]
in_git = {
    "files of today": len(git(*search, of=repository)),
    "commits": len(git(*search, *git("rev-list", "HEAD", of=repository), of=repository)),
    "commits of a new clone": len(git(*search, *git("rev-list", "HEAD", of=clone), of=clone)),
}
in_git

# %%
# %%needs git
claim(
    "The key is in none of today's files, in one commit, and in every clone.",
    in_git, equals={"files of today": 0, "commits": 1, "commits of a new clone": 1},
)

# %% [markdown]
# So it has to be changed. Ten people have a session and a signed cookie, made with the old key. `SECRET_KEY_FALLBACKS` names old keys
# that may still *check* a signature; only `SECRET_KEY` makes new ones. Five of the ten come by while the old key is a fallback; then it
# is dropped.

# %% tags=["hidden-source"]
def sign(request):
    answer = HttpResponse("signed")
    answer.set_signed_cookie("room", "room-4a")
    return answer


def shows(request):
    return HttpResponse(f"{request.user} {request.get_signed_cookie('room', 'none')}")


rooms = (path("", shows), path("sign/", sign))


def survive(clients, key, fallbacks=(), place="/"):
    """How many of their sessions, and of their signed cookies, are still believed."""
    keys = {"SECRET_KEY": key, "SECRET_KEY_FALLBACKS": list(fallbacks), "ROOT_URLCONF": rooms}
    with quiet[0], quiet[1], override_settings(**keys):
        told = [client.get(place).text for client in clients]
    return [sum("person-" in each for each in told), sum("room-4a" in each for each in told)]


# %%
people = [User.objects.get_or_create(username=f"person-{number}")[0] for number in range(10)]
ten = [Client() for _ in people]
with override_settings(SECRET_KEY=old_key):
    for client, person in zip(ten, people, strict=True):
        client.force_login(person)
survive(ten, old_key, place="/sign/")
came, away = ten[:5], ten[5:]
believed_by = {
    "old key (10 people)": survive(ten, old_key),
    "new key alone (10)": survive(ten, new_key),
    "new key, old as fallback (5 come by)": survive(came, new_key, [old_key]),
    "fallback dropped (the 5 who came)": survive(came, new_key),
    "fallback dropped (the 5 who did not)": survive(away, new_key),
}

# %% tags=["hidden-source"]
rotation = pd.DataFrame.from_dict(believed_by, orient="index", columns=["sessions", "signed cookies"])
lesson.compare(guess_rotated, rotation.sessions.iloc[1])
rotation

# %%
claim(
    "A new key alone: none of ten sessions and none of ten signed cookies is believed.",
    [rotation.iloc[0].tolist(), rotation.iloc[1].tolist()], equals=[[10, 10], [0, 0]],
)
claim("With the old key as fallback all five who come by keep both.", rotation.iloc[2].tolist(), equals=[5, 5])
claim(
    "After it is dropped those five keep their session, not the cookie; who did not come has neither.",
    rotation.iloc[3:].values.tolist(), equals=[[5, 0], [0, 0]],
)

# %% [markdown]
# Where does a key live, if not in git? In the environment of the process. A site that starts with an empty key, or one from a
# tutorial, is worse than one that does not start; so the settings ask for it, and say what is missing:

# %%
Path(home.name, "guarded.py").write_text(GUARDED)
check, started = [sys.executable, "-m", "django", "check", "--settings", "guarded"], {}
for name, given_key in {"without": {}, "with": {"SECRET_KEY": new_key}}.items():
    here = {"cwd": home.name, "env": {**own, **given_key}}
    ran = subprocess.run(check, **here, capture_output=True, text=True, check=False)
    started[name] = ran.returncode
    print(f"{name}:", (ran.stderr + ran.stdout).strip().splitlines()[-1])

# %%
claim("Without the variable the settings refuse to load; with it all is well.", started, equals={"without": 1, "with": 0})

# %%
because = "..."  # one sentence: why does deleting the line, or the whole file, not help?

# %% [markdown]
# **Why.** git keeps every version: that is its purpose. A key that was pushed is known, and history that you rewrite is still in every clone
# made before: only another key helps. Changed at once it logs everybody out. As a fallback the old one still checks what it
# signed. Django renews a *session* that comes by: it is saved under the new key. A cookie that you signed yourself stays as it is until a
# view sets it again. So keep the fallback as long as your sessions live (`SESSION_COOKIE_AGE`: two weeks), and not at all if the
# key has leaked: its finder can forge sessions until it is dropped.
#
# **In your project:** `SECRET_KEY_FALLBACKS = [old]` for two weeks, when nobody else has seen the old key.

# %% [markdown]
# ### 9. The same requirements, a year later
#
# One line of requirements, `talkmail`, which needs `talkdates>=2`. (Both are ours, of a few lines: we build their wheels, the files that
# pip installs.) It is installed today as it was a year ago. How many packages differ?

# %%
guess_year = ...  # for example: 1

# %% tags=["hidden-source"]
import hashlib
import venv
import zipfile


def wheel(folder, name, version, code="", needs=()):
    """A package of one module, as pip wants it."""
    info, about = f"{name}-{version}.dist-info", [f"Name: {name}", f"Version: {version}"]
    lines = ["Metadata-Version: 2.1", *about, *(f"Requires-Dist: {each}" for each in needs), ""]
    kind = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    held = {f"{name}.py": code, f"{info}/METADATA": "\n".join(lines), f"{info}/WHEEL": kind, f"{info}/RECORD": ""}
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as file:
        for place, text in held.items():
            file.writestr(zipfile.ZipInfo(place), text)


# %% tags=["hidden-source"]
PIP = [sys.executable, "-m", "pip", "--isolated", "--no-color", "--disable-pip-version-check", "install", "--no-compile"]


def install(name, links, *what):
    """pip into a new virtual environment, from the folder `links` alone: what it said, and what is in there now."""
    place = shelf / name
    venv.create(place, clear=True, symlinks=True)
    packages = next(place.glob("lib/python*/site-packages"))
    words = [*PIP, "--no-index", "--find-links", str(links), "--target", str(packages), *what]
    said = subprocess.run(words, env=own, capture_output=True, text=True, check=False)
    return said, {each.name: each.version for each in distributions(path=[str(packages)])}


# %%
shelf = Path(tempfile.mkdtemp(dir=home.name))
last_year, today = shelf / "wheels-last-year", shelf / "wheels-today"
for links in (last_year, today):
    links.mkdir()
    wheel(links, "talkmail", "1.4", "import talkdates", ["talkdates>=2"])
    wheel(links, "talkdates", "2.1", "def day(): return 'Tuesday'")
wheel(today, "talkmail", "1.9", "import talkdates, talktext", ["talkdates>=2", "talktext"])
wheel(today, "talkdates", "3.0", "def weekday(): return 2")
wheel(today, "talktext", "0.2")
with ThreadPoolExecutor(2) as pool:  # one for each core
    runs = pool.map(install, ["then", "now"], [last_year, today], ["talkmail"] * 2)
(_, year_ago), (_, installed) = runs

# %% [markdown]
# `talkdates` has lost its function `day` meanwhile: the same line, another site. A lock file names every package, also those
# that you did not ask for, with one version and the hash of its file. `pip-compile` and `uv` write it; here four lines do.

# %%
def lock(packages):
    lines = []
    for name, version in sorted(packages.items()):
        data = (today / f"{name}-{version}-py3-none-any.whl").read_bytes()
        lines.append(f"{name}=={version} --hash=sha256:{hashlib.sha256(data).hexdigest()}\n")
    return "".join(lines)


(shelf / "then.lock").write_text(lock(year_ago))
(shelf / "now.lock").write_text(lock(installed))
BY_LOCK = ["--require-hashes", "-r", str(shelf / "then.lock")]
_, locked = install("locked", today, *BY_LOCK)

# %% tags=["hidden-source"]
frozen = pd.DataFrame({"last year": year_ago, "today": installed, "today, by last year's lock": locked}).fillna("none")
lesson.compare(guess_year, (frozen["last year"] != frozen["today"]).sum())
frozen.sort_index()

# %% [markdown]
# Now somebody changes the file of `talkdates` 2.1: same name, same version, one more line. We install it by its version, and by the lock.
# The lines of pip about the second:

# %% tags=["nbval-ignore-output"]
wheel(today, "talkdates", "2.1", "print('hello from a stranger')\ndef day(): return 'Tuesday'")
with ThreadPoolExecutor(2) as pool:
    first = pool.submit(install, "by-version", today, "talkdates==2.1")
    by_hash, nothing = install("by-hash", today, *BY_LOCK)
by_version, got = first.result()
complaints = by_hash.stderr.count("DO NOT MATCH THE HASHES")
its_lines = by_hash.stderr[by_hash.stderr.find("ERROR") :].splitlines()
print(*[line.strip() for line in its_lines if line.strip() and "file:" not in line], sep="\n")

# %%
claim(
    "The same line of requirements, a year later: three packages differ; by the lock none.",
    [(frozen[column] != frozen["last year"]).sum() for column in frozen], equals=[0, 3, 0],
)
claim(
    "The changed file passes by its version, and is refused by its hash.",
    [by_version.returncode, got, by_hash.returncode, nothing], equals=[0, {"talkdates": "2.1"}, 1, {}],
)
claim("It is the hash that pip complains of.", complaints, equals=1)

# %%
because = "..."  # one sentence: why is talkmail==1.4 alone not enough?

# %% [markdown]
# **Why.** A requirement is a wish, a lock is an answer. The wish "at least 2" has another answer each month, and the packages that your
# packages want (here `talkdates`, `talktext`) stand in no file of yours. One version is not one file: whoever can change the index, or the
# way to it, can hand out another under that version. A hash names the very bytes; pip then wants one for *every* package. A virtual
# environment keeps one site's packages apart from another's and from the system's: one folder, made anew for each release, and thrown
# away as a whole. What a lock does not do: look for security updates. Renew it often, on purpose, and run the tests.
#
# **In your project:** `pip install --require-hashes -r requirements.lock`, in a new environment for each release.

# %% [markdown]
# ### 10. A deploy that nobody notices
#
# A field is renamed, `speaker` to `presenter`, while visitors come. Is there an order of "migrate" and "new code" in which nobody sees
# an error? And how many requests does the change of code alone cost?

# %%
guess_lost = ...  # for example: {"stop, start": 20, "reload": 5}

# %% [markdown]
# A real project, its gunicorn, PostgreSQL. Every visit writes a talk and reads it. In version 2 `presenter` stands for `speaker`, in the
# model and in the view. `HUP`, the signal that systemd sends for `reload`, tells gunicorn to start new workers and to let the old ones finish.

# %% tags=["hidden-source"]
MODELS = '''
from django.db import models

class Talk(models.Model):
    title = models.CharField(max_length=80)
    speaker = models.CharField(max_length=80)
'''
VIEWS = '''
from django.http import HttpResponse
from shop.models import Talk

def talk(request):
    Talk.objects.create(title="Deploy", speaker="Ada")
    return HttpResponse(Talk.objects.latest("pk").speaker)
'''

# %% tags=["hidden-source"]
SHOP_URLS = '''
from django.urls import path
from shop.views import talk
urlpatterns = [path("", talk)]
'''
SHOP_SETTINGS = """
DEBUG, ALLOWED_HOSTS, MIDDLEWARE, INSTALLED_APPS = False, ["127.0.0.1"], [], ["shop"]
"""

# %% tags=["hidden-source"]
MIGRATION = '''
from django.db import migrations, models

TEXT = {"max_length": 80, "db_default": ""}

def copy(apps, schema_editor):
    empty = apps.get_model("shop", "Talk").objects.filter(presenter="")
    empty.update(presenter=models.F("speaker"))

class Migration(migrations.Migration):
    dependencies = [("shop", "<after>")]
    operations = [<operations>]
'''

# %% tags=["hidden-source"]
from helpers import throwaway
from helpers.services import gunicorn


def release(version):
    """Put this version's code on the disk; gunicorn reads it at its next start, or reload."""
    for name, text in {"models": MODELS, "views": VIEWS}.items():
        shop.write(f"shop/{name}.py", text if version == 1 else text.replace("speaker", "presenter"))


def migrations(**named):
    """These are the app's migrations after the first: name=(the one before, its operations)."""
    for each in shop.files("shop/migrations"):
        if each[:4] in ("0002", "0003"):
            shop.delete(f"shop/migrations/{each}")
    for name, (after, operations) in named.items():
        text = MIGRATION.replace("<after>", after).replace("<operations>", operations)
        shop.write(f"shop/migrations/{name[1:]}.py", text)


# %% tags=["hidden-source"]
if "web" in globals():
    web.stop()  # this cell was run before
    shop_data.stop()
shop_data = postgres.start()
shop = throwaway.start("shop", databases={"default": shop_data.settings()})
release(1)
shop.write("mysite/urls.py", SHOP_URLS)
shop.write("mysite/settings.py", shop.read("mysite/settings.py") + SHOP_SETTINGS)
shop.manage("makemigrations shop", quiet=True)
shop.manage("migrate shop", quiet=True)
its_own = {**own, "DJANGO_SETTINGS_MODULE": "mysite.settings"}
web = gunicorn.start("mysite.wsgi:application", folder=shop.folder, environment=its_own)

# %%
def reload():
    """HUP; returned once a new worker has loaded the code and the old one has ended."""
    old, marks = web.workers(), set(web.folder.glob("worker-*"))
    os.kill(web.pid, signal.SIGHUP)
    until(lambda: set(web.folder.glob("worker-*")) - marks, 30)
    until(lambda: not any(map(psutil.pid_exists, old)), 30)


def step(what):
    """One step of a deploy: the code of version 1 or 2, a migration such as "0002", or a function."""
    if what in (1, 2):
        release(what)
        reload()
    elif callable(what):
        what()
    else:
        shop.manage("migrate", "shop", what, quiet=True)


# %% tags=["hidden-source"]
def visitor(done, seen):
    page = load.Page(web.url)

    def visit(number):
        if done.is_set():
            return "late"
        time.sleep(0.02)
        seen.append(number)
        return page(number)

    return visit


# %% tags=["hidden-source"]
def more(seen):
    goal = len(seen) + 12
    until(lambda: len(seen) >= goal, 30)


# %% tags=["hidden-source"]
def under_load(*steps):
    """Two visitors come and come while the steps are done; before, between and after them 12 visits pass."""
    done, seen = threading.Event(), []
    with ThreadPoolExecutor(1) as pool:
        sent = pool.submit(load.closed, visitor(done, seen), range(20_000), 2, 120)
        try:
            for what in steps:
                more(seen)
                step(what)
            more(seen)
        finally:
            done.set()
        answers = sent.result()
    return answers[answers.outcome != "late"]


# %% tags=["nbval-ignore-output"]
restarted = {"stop, start": under_load(web.restart), "reload": under_load(reload)}
lost = {name: int((answers.outcome != "200").sum()) for name, answers in restarted.items()}
lesson.compare(guess_lost, lost)

# %%
claim("Of all requests during a reload by HUP none is lost.", lost["reload"], equals=0)
claim("A stop and a start lose some.", lost["stop, start"], above=0)

# %% [markdown]
# Now the rename. In one migration it can stand before the new code, or after it. We go forth one way and come back the other. Between two
# steps twelve visits pass; in your deploy it may be seconds, or an hour.

# %%
RENAME = 'migrations.RenameField("talk", "speaker", "presenter")'
migrations(_0002_rename=("0001_initial", RENAME))
naive = {
    "code first, then rename": under_load(2, "0002"),
    "back: rename first, then code": under_load("0001", 1),
}
failed = {name: int((answers.outcome == "500").sum()) for name, answers in naive.items()}

# %% [markdown]
# Each version of the code needs *its* name, and for a while one of them does not find it. So the database has to suit both for that while:
# *expand* (the new column, each with a default in the database; copy), then the code, then *contract* (copy what old code wrote
# meanwhile; drop the old column). On the way we roll the code back once, and forth again.

# %%
EXPAND = """
    migrations.AddField("talk", "presenter", models.CharField(**TEXT)),
    migrations.AlterField("talk", "speaker", models.CharField(**TEXT)),
    migrations.RunPython(copy, migrations.RunPython.noop)"""
CONTRACT = """
    migrations.RunPython(copy, migrations.RunPython.noop),
    migrations.RemoveField("talk", "speaker")"""
migrations(_0002_expand=("0001_initial", EXPAND), _0003_contract=("0002_expand", CONTRACT))
careful = {"expand, code, back, code, contract": under_load("0002", 2, 1, 2, "0003")}
empty = int(shop.rows("SELECT count(*) FROM shop_talk WHERE presenter = ''").iloc[0, 0])
late = {"back after the contract": under_load(1, "0001")}

# %% tags=["hidden-source"]
deploys = pd.concat({**naive, **careful, **late}, names=["deploy"]).reset_index("deploy")
errors = (deploys.outcome != "200").groupby(deploys.deploy, sort=False).sum()
ax = plots_production.deploys(deploys)
ax.set_title(f"Expand, code, contract: {errors[list(careful)[0]]} errors; the shorter ways: {errors.drop(list(careful)).min()} and more")
lesson.show(
    ax,
    alt="Four deploys, one line each, a mark for every visit over time. Code first, rename first, and back "
    "after the contract have a run of crosses, which are errors; expand, code, back, code, contract has none. "
    "Gaps in a line: visitors wait while a worker loads the code.",
)

# %%
claim("Code first, or rename first: both give errors 500.", min(failed.values()), above=5)
claim(
    "Expand, code, roll back, code, contract, under load: no request fails.",
    int(errors[list(careful)[0]]), equals=0,
)
claim("No talk written on the way has lost its presenter.", empty, equals=0)
claim("After the contract the old code fails.", int(errors["back after the contract"]), above=5)

# %%
web.stop()
shop_data.stop()

# %%
because = "..."  # one sentence: why does the old column need a default in the database before the new code comes?

# %% [markdown]
# **Why.** On `HUP` gunicorn's master keeps the socket on which visitors knock: while new workers load the code, they wait in the
# system's queue, and are late (the gaps), not lost. Code and database cannot change at the same moment, so for a while one version meets the other's
# tables. "Migrations before code" is right for what *adds*, code before migrations for what *removes*, and a rename is both. A column
# that the code does not know must fill itself (`db_default`), since old code does not name the new one, nor new code the old. Rolling
# back is free until the contract; so contract days later. A large table wants the copy in pieces: lesson 03.
#
# **In your project:** expand with one release, contract with the next; `manage.py check` before `systemctl reload`.
#
# #### Exercise: the steps of a deploy


# %%
@exercise("stack-5-deploy")
def deploy_steps(changes):
    """The steps, in order, of a deploy without downtime, for these changes of the models.

    `changes` are ("add", NAME), ("remove", NAME) and ("rename", OLD, NEW). Steps are "add NAME",
    "copy OLD to NEW", "reload" (once, always) and "remove NAME". What is added comes first, then
    copies; after the reload copies again (old code wrote meanwhile), then what is removed; each
    group in the order of the changes.
    """
    ...


# %% [markdown]
# #### Exercise: a library
#
# A library runs behind nginx; its librarian sends you lines of logs and asks whom to call.


# %%
@exercise("stack-6-library")
def whom_to_call(status, nginx_error, django_log):
    """Whom to call: "Django", "nginx" or "nobody": whose layer answered a reader's request with an error.

    `status` is what the reader saw; the other two say, True or False, whether that log gained
    a line. Below 400: "nobody". A line of Django's: "Django". No line in either: "Django" too,
    if the status is 500 (its LOGGING is not set), else "nginx".
    """
    ...


# %% [markdown]
# ## There is a method for that
#
# | what people write | what exists |
# |---|---|
# | a list of things to check before a deploy | [`check --deploy`](https://docs.djangoproject.com/en/5.2/ref/django-admin/#cmdoption-check-deploy) and the [deployment checklist](https://docs.djangoproject.com/en/5.2/howto/deployment/checklist/) |
# | a view that opens and returns files | nginx, or [WhiteNoise](https://whitenoise.readthedocs.io/) |
# | `?v=17` behind each stylesheet | [`ManifestStaticFilesStorage`](https://docs.djangoproject.com/en/5.2/ref/contrib/staticfiles/#manifeststaticfilesstorage) |
# | `while true; do gunicorn …; done` | [a systemd unit](https://www.freedesktop.org/software/systemd/man/latest/systemd.service.html) |
# | `print` in views, to see errors | [`LOGGING`](https://docs.djangoproject.com/en/5.2/topics/logging/) |
# | a new key, and everybody logged out | [`SECRET_KEY_FALLBACKS`](https://docs.djangoproject.com/en/5.2/ref/settings/#secret-key-fallbacks) |
# | `pip freeze`, without hashes | [`pip install --require-hashes`](https://pip.pypa.io/en/stable/topics/secure-installs/), `uv lock`, `pip-compile --generate-hashes` |
# | stop, copy, migrate, start | [`HUP`](https://gunicorn.org/signals/), and [`db_default`](https://docs.djangoproject.com/en/5.2/ref/models/fields/#db-default) for what is added |
#
# ## The Django way, and when to fight it
#
# - Settings by environment, checked by `check --deploy`; logs to the console, kept by whoever starts the process.
# - Django serves pages; files are nginx's, or WhiteNoise's where there is no nginx.
# - Fight the stack where the site is small: fewer parts, fewer that can fail. Add one when a measurement asks for it.

# %% [markdown]
# ## Five questions

# %% tags=["hidden-source"]
lesson.quiz(
    "DEBUG is off, and the CSS is gone. Why?",
    right={"runserver serves static files only while DEBUG is on.": "collectstatic, and nginx or WhiteNoise serve them."},
    wrong={
        "The browser's cache is old.": "The server answers 404: look at the network tab.",
        "collectstatic was run too often.": "It copies what is new, however often.",
    },
)

# %% tags=["hidden-source"]
lesson.quiz(
    "What protects a worker of gunicorn from slow visitors?",
    right={"nginx in front: it hands on only whole requests.": "Three half requests stopped gunicorn alone, and nobody behind nginx."},
    wrong={
        "A longer --timeout.": "Then a slow visitor may hold the worker longer.",
        "gzip.": "It makes answers smaller; the request is still slow.",
    },
)

# %% tags=["hidden-source"]
lesson.quiz(
    "SECURE_SSL_REDIRECT behind nginx goes round for ever. What is missing?",
    right={"SECURE_PROXY_SSL_HEADER, and nginx setting that header always.": "Two lines, one on each side."},
    wrong={
        "CSRF_TRUSTED_ORIGINS.": "It concerns forms; the redirect does not look at it.",
        "ALLOWED_HOSTS.": "A host that is not named would be 400.",
    },
)

# %% tags=["hidden-source"]
lesson.quiz(
    "A visitor sees 502. Which log do you read first?",
    right={"nginx's error log.": "502 is nginx's own: nothing listened behind it."},
    wrong={
        "Django's.": "It never saw the request.",
        "The database's.": "It may be the reason in the end, but nginx says where it knocked.",
    },
)

# %% tags=["hidden-source"]
lesson.quiz(
    "The master of gunicorn is killed. Who starts it again?",
    right={"systemd, if its unit says Restart.": "Each level looks after the one below."},
    wrong={
        "Its workers.": "They notice, and end.",
        "nginx.": "It answers 502, and starts nothing.",
    },
)

# %% [markdown]
# ## What you now know
#
# - Each part of the stack has one purpose: nginx waits and serves files, HAProxy shares, gunicorn works, stores are shared.
# - A page's time is spent in Django and SQL; the proxies cost little.
# - `check --deploy` finds seven faults in new settings; those between two layers it cannot see.
# - A header that nginx does not overwrite can be forged.
# - Compare everything an environment is made of, the worst first.
# - A worker has its master, a master needs systemd.
# - 502, 504, 413: nginx's log. 400, 403, 404, 500: Django's, once LOGGING is set.
# - A key that was in git is changed, with the old one as fallback; packages are pinned by hash.
# - Expand, new code, contract: a deploy that loses no request, and that can go back until the contract.
#
# Next: lesson 14, higher loads: how much can this stack carry, and what gives way first?
