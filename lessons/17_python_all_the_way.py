# %% [markdown]
# # 17. Python all the way
#
# What serves your site, reads its mail and wakes at night may be Python too. What of it is worth having?
#
# **Core:** 60 minutes · **deeper:** 100 minutes · **needs:** 13 · **helps:** your own project ·
# **starts:** sshd, six web servers, mail and name servers, on loopback
#
# Credit: the tools are from Glyph Lefkowitz's keynote, "three times: automate" is Andrew Godwin's, DjangoCon 2011,
# as told in "DjangoCon, part four". Experiments: ours.

# %% tags=["hidden-source"]
from helpers import lesson

lesson.recall(
    {
        "Is a replica a backup?": "No: a DROP TABLE arrives there within milliseconds.",
        "A task may be delivered twice. What must it be?": "Idempotent: done twice, it leaves what it leaves done once.",
        "What is p99?": "The time that 99 of 100 requests do not exceed.",
    }
)

# %% [markdown]
# ## Why it trips people up
#
# - "The deploy is on a wiki page. I left out step four."
# - "The script stopped half-way. May I run it again?"
# - "`ln: failed to create symbolic link 'current': File exists`"
# - "Which server is the fastest?" (and then one slow client stops it)
# - "It was async, so it had to be quick."

# %% tags=["hidden-source"]
import contextlib
import logging
import shlex
import socket
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from io import StringIO
from pathlib import Path
from urllib.request import urlopen

import pandas as pd

# %%
from fabric import Config, Connection
from invoke import UnexpectedExit

from helpers import load, plots, plots_python_way
from helpers.lesson import answer, claim, exercise
from helpers.project import site, temporary
from helpers.services import granian, gunicorn, sshd, tornado, twisted, uvicorn
from helpers.services.processes import memory_mb

lesson.start("17-python-all-the-way")
logging.getLogger("paramiko").setLevel(logging.CRITICAL)  # an end of ours is no news

# %% [markdown]
# The keynote asked why Django's world uses so little Python underneath, and named these. Which of the eleven names can
# you still import here, fifteen years later?

# %%
guess_names = ...  # for example: 3

# %%
named = {
    "Fabric": "fabric", "FAPWS": "fapws", "Spawning": "spawning", "Tornado": "tornado",
    "gunicorn": "gunicorn", "Cogen": "cogen", "Twisted Web": "twisted", "Lamson": "lamson",
    "PyDNS": "DNS", "PyCron": "PyCron", "sched": "sched",
}
heirs = {
    "FAPWS": "granian", "Spawning": "gunicorn", "Cogen": "uvicorn", "Lamson": "aiosmtpd",
    "PyDNS": "dns", "PyCron": "apscheduler",
}
alive = [name for name, module in named.items() if find_spec(module)]
inherited = {name: module for name, module in heirs.items() if find_spec(module)}
lesson.compare(guess_names, len(alive))
print("alive:", ", ".join(alive))

# %%
claim(
    "Five of the keynote's eleven names are installed here; an heir of each other one is.",
    [len(alive), len(inherited), len(named)], equals=[5, 6, 11],
)

# %% [markdown]
# What `pip install` said of the others (Python 3.11, in 2026):
#
# | 2011 | what happened | heir |
# |---|---|---|
# | FAPWS (`fapws3`) | `SyntaxError: Missing parentheses in call to 'print'` | granian, bjoern |
# | Spawning, Cogen | `NameError: name 'file' is not defined` | gunicorn with threads; asyncio, uvicorn |
# | Lamson, PyDNS | install or import fails | aiosmtpd, dnspython |
# | PyCron | was no package | APScheduler |

# %% tags=["hidden-source"]
print("heirs:", ", ".join(inherited.values()))

# %% [markdown]
# ## 1. You did it three times by hand. What does a script add?
#
# The deploy of lesson 13 is a few steps over SSH: bring the release, migrate, collect the static files, let the link `current` point to
# it, tell gunicorn to reload. The "machine" is this one, reached through an SSH server. (`machine`, folded, starts it, with release 1 behind gunicorn.)

# %% tags=["hidden-source"]
SITE = """
import pathlib, sys
from django.conf import settings
from django.core.management import execute_from_command_line
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import path

here = pathlib.Path(__file__).resolve().parent
settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["127.0.0.1"], SECRET_KEY="of this lesson", OPTIONS)
urlpatterns = [path("", lambda request: HttpResponse("release NUMBER"))]
application = get_wsgi_application()
if __name__ == "__main__":
    execute_from_command_line(sys.argv)
"""

# %% tags=["hidden-source"]
OPTIONS = """
    INSTALLED_APPS=["django.contrib.sessions", "django.contrib.staticfiles"], STATIC_URL="static/",
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": here.parents[1] / "db.sqlite3"}},
    STATICFILES_DIRS=[here / "static"], STATIC_ROOT=here.parents[1] / "static",
"""
STYLE = "body { margin: 0 }"


def released(number):
    return SITE.replace("OPTIONS", OPTIONS).replace("NUMBER", str(number))


# %% tags=["hidden-source"]
def machine():
    """A folder with release 1 in it, gunicorn behind its link `current`, sshd in front, a key for it."""
    place = tempfile.TemporaryDirectory(prefix="machine-", dir=temporary.folder())
    root = Path(place.name)
    (root / "releases/1").mkdir(parents=True)
    (root / "releases/1/conference_site.py").write_text(released(1))
    (root / "current").symlink_to("releases/1")
    web = gunicorn.start("conference_site:application", folder=root / "current")
    (root / "pid").write_text(str(web.pid))
    key = sshd.key(root)
    return place, root, web, sshd.start([key.with_suffix(".pub").read_text()]), key


# %% tags=["hidden-source"]
def page(wanted="", patience_s=20):
    """What the site says; with `wanted` it is asked again until it says that, or the time is up."""
    ends = time.monotonic() + patience_s
    while True:
        try:
            with urlopen(web.url, timeout=5) as got:
                told = got.read().decode()
        except OSError:
            told = "nobody answers"
        if told == wanted or not wanted or time.monotonic() > ends:
            return told
        time.sleep(0.1)


# %% tags=["hidden-source"]
def visited(do):
    """Do it while a visitor asks again and again: how many visits, and how many of them met no page."""
    over, told = threading.Event(), []

    def visit():
        while not over.wait(0.02):
            told.append(page())

    visitor = threading.Thread(target=visit)
    visitor.start()
    try:
        do()
        time.sleep(0.3)  # and a few visits after it
    finally:
        over.set(), visitor.join()
    return len(told), told.count("nobody answers")


# %%
# %%needs sshd
if "web" in globals():
    web.stop(), ssh.stop(), place.cleanup()  # this cell was run before
place, root, web, ssh, key = machine()


def connect(server, key, **run):
    keys = {"key_filename": str(key), "allow_agent": False, "look_for_keys": False}
    options = {"run": {"hide": True, "in_stream": False, **run}, "load_ssh_configs": False}
    where = (server.host, server.login, server.port, Config(overrides=options))
    return Connection(*where, connect_kwargs=keys)


page()

# %% [markdown]
# Release 2 has a typing error. First as it is typed, one step after the other. Then as a function that *tests* the release
# before anybody sees it. What does the page say after each of the two?

# %%
guess_page = ...  # for example: "release 1"

# %%
def as_typed(c, root, release, text):
    c.run(f"mkdir -p {root}/releases/{release}")
    c.put(StringIO(text), f"{root}/releases/{release}/conference_site.py")
    c.run(f"rm {root}/current; ln -s releases/{release} {root}/current")
    c.run(f"kill -HUP $(cat {root}/pid)")


# %%
def deploy(c, root, release, text):
    folder = f"{root}/releases/{release}"
    c.run(f"mkdir -p {folder}/static")
    c.put(StringIO(text), f"{folder}/conference_site.py")
    c.put(StringIO(STYLE), f"{folder}/static/site.css")
    manage = f"cd {folder} && {sys.executable} conference_site.py"
    c.run(f"{manage} check")  # does it load?
    migrated = c.run(f"{manage} migrate --no-input")
    c.run(f"{manage} collectstatic --no-input")
    c.run(f"ln -sfn releases/{release} {root}/current")
    c.run(f"kill -HUP $(cat {root}/pid)")
    return migrated.stdout.count("Applying")


# %%
def tried(way, release, text, steps, wanted):
    """Deploy while a visitor comes, until the page says what is wanted: a row of the table."""
    row = {"way": way, "deployed": f"release {release}", "error told": "nothing", "migrations": 0}

    def do():
        try:
            row["migrations"] = steps(c, root, release, text) or 0
            row["the page says"] = page(wanted)
        except UnexpectedExit as error:
            row["error told"] = error.result.stderr.strip().splitlines()[-1]
            row["the page says"] = page()

    row["visits"], row["visits lost"] = visited(do)
    return row


# %%
# %%needs sshd
c, faulty = connect(ssh, key), released(2).replace("path(", "paht(", 1)
deploys = [tried("as typed", 2, faulty, as_typed, "nobody answers")]
c.run(f"ln -sfn releases/1 {root}/current")
web.restart()
(root / "pid").write_text(str(web.pid))
for release, text in ((3, faulty), (4, released(4)), (4, released(4)), (1, released(1))):
    deploys.append(tried("Fabric", release, text, deploy, f"release {release}"))
deploy_rows = deploys

# %% tags=["nbval-ignore-output"]
# %%needs sshd
deployed = pd.DataFrame(deploy_rows)
lesson.compare(guess_page, deployed["the page says"][0])
deployed

# %%
# %%needs sshd
claim(
    "As typed, the faulty release took the site down, and no step told of an error.",
    deployed.loc[0, ["error told", "the page says"]].tolist(), equals=["nothing", "nobody answers"],
)
claim(
    "The script stopped at its test, told the error, and visitors still saw release 1.",
    ["NameError" in deployed["error told"][1], deployed["the page says"][1]], equals=[True, "release 1"],
)
claim(
    "A sound release, the same again, and back to release 1: each time the page says so.",
    deployed["the page says"][2:].tolist(), equals=["release 4", "release 4", "release 1"],
)

# %%
# %%needs sshd
claim(
    "Visitors came all the time: as typed some met no page, with the script none.",
    [deployed["visits lost"][0] > 0, deployed["visits"].min() >= 10, deployed["visits lost"][1:].sum()],
    equals=[True, True, 0],
)
claim(
    "`migrate` worked at the first sound deploy, and found nothing to do when it ran again.",
    [deployed["migrations"][2] > 0, deployed["migrations"][3:].sum()], equals=[True, 0],
)

# %%
because = "..."  # one sentence: why did visitors see nothing of the second faulty release?

# %% [markdown]
# **Why.** Neither is quicker than the other: the steps are the same. The script has what a tired person leaves out. It asks "does it load?"
# *before* the link moves, and `c.run` raises `UnexpectedExit` on any status but 0, so what comes after does not happen.
# gunicorn took the signal and started new workers; they could not load the site, and its master gave up. `kill` had succeeded long before: nobody
# was told. When the new ones load, the old ones finish what they answer: no visit is lost.
#
# Going back is the same function with an older number, because releases lie side by side and only a link moves.
#
# Two honest limits. Fabric accepts a host key that it has never seen: in production load a `known_hosts` and set paramiko's `RejectPolicy`.
# And three machines are three runs: `fabric.ThreadingGroup` runs them together, and then one may fail alone.
#
# **In your project:** a `fabfile.py` beside `manage.py`, run as `fab -H web1 deploy`.
#
# ### Exercise: the switch


# %%
@exercise("python-way-1-switch")
def switch(c, root, release):
    """Let the link `root/current` point to `root/releases/<release>`, by commands through `c.run`.

    It may run twice, and names of folders may hold spaces. A release that is not there
    changes nothing: an error is welcome then.
    """
    ...


# %% [markdown]
# ## 2. It stopped half-way. May you run it again?
#
# Trains have tunnels. The line is cut after 0, 1, 2, 3 or 4 of five steps, and you run the whole script again. It ends *right* if it ends
# without an error, `current` is release 2, and the setting stands in `.env` once. Of five cuts, how many end right with
# the script as people first write it?

# %%
guess_right = ...  # for example: 3

# %%
typed = [
    "mkdir releases/2", "echo 2 > releases/2/version", "echo FLAG=on >> .env",
    "(rm current; ln -s releases/2 current)", "touch reloaded",
]
idempotent = [
    "mkdir -p releases/2", "echo 2 > releases/2/version",
    "grep -qx FLAG=on .env || echo FLAG=on >> .env",
    "ln -sfn releases/2 current", "touch reloaded",
]
scripts = {
    "stops at an error": (" && ", typed),
    "errors ignored": ("; ", typed),
    "idempotent": (" && ", idempotent),
}

# %% [markdown]
# The first and the second are the same steps: one stops where a step fails, the other goes on. Fifteen runs, each in a folder of its own:

# %%
# %%needs sshd
rows = []
for script, (joined_by, steps) in scripts.items():
    for cut in range(5):
        trial = root / "trials" / f"{script.replace(' ', '-')}-{cut}-{time.time_ns()}"
        (trial / "releases/1").mkdir(parents=True)
        (trial / "current").symlink_to("releases/1")
        (trial / ".env").write_text("DEBUG=off\n")
        first, again = joined_by.join(["true", *steps[:cut]]), joined_by.join(steps)
        done = c.run(f"cd {trial} && ({first}); ({again})", warn=True)
        times = (trial / ".env").read_text().count("FLAG=on")
        rows.append([script, cut, done.exited, (trial / "current").resolve().name, times])
cut_runs = rows

# %%
# %%needs sshd
runs = pd.DataFrame(cut_runs, columns=["script", "cut", "status", "current", "flag_lines"])
runs["right"] = (runs.status == 0) & (runs.current == "2") & (runs.flag_lines == 1)
by_script = runs.groupby("script", sort=False)[["right"]].sum()
lesson.compare(guess_right, by_script.right["stops at an error"])
by_script

# %% tags=["hidden-source"]
# %%needs sshd
ax = plots_python_way.cuts(runs)
ax.set_title("Only the idempotent script may run again, wherever it was cut", loc="left")
lesson.show(
    ax,
    alt="Three scripts, each cut after 0 to 4 steps and run again: the idempotent one ends right at every cut, the one "
    "that stops at an error only at cut 0, the one that ignores errors at cuts 0 to 2.",
)

# %%
# %%needs sshd
claim("The idempotent script ends right wherever it was cut.", by_script.right["idempotent"], equals=5)
claim(
    "The script that stops at an error ends right only if it was cut before its first step.",
    runs.cut[(runs.script == "stops at an error") & runs.right].tolist(), equals=[0],
)
ignored = runs[runs.script == "errors ignored"]
claim(
    "With errors ignored, two of five cuts end wrong, and all five with status 0.",
    [(~ignored.right).sum(), (ignored.status == 0).sum()], equals=[2, 5],
)

# %% [markdown]
# Before a script runs for the first time you would like to see what it *would* do. Fabric has a switch for that: `run.dry`. How many
# files does a dry run of `deploy` leave on the machine?

# %%
guess_files = ...  # for example: 0

# %%
class DryRun(Connection):
    def put(self, local, remote, **_):
        print("put", Path(remote).name)


def files_in(place):
    return [str(each.relative_to(place)) for each in place.rglob("*") if each.is_file()]


# %%
# %%needs sshd
dry = {}
for way, kind in (("run.dry", Connection), ("run.dry, and put told", DryRun)):
    shadow = root / "shadow" / str(time.time_ns())
    (shadow / "releases/5/static").mkdir(parents=True)
    looking = connect(ssh, key, dry=True, echo_format="{command}")
    looking.__class__ = kind
    told = StringIO()
    with contextlib.redirect_stdout(told):
        deploy(looking, shadow, 5, released(5))
    dry[way] = [len(files_in(shadow)), len(told.getvalue().splitlines())]
dry_runs = pd.DataFrame(dry, index=["files changed", "steps told"]).T
lesson.compare(guess_files, dry_runs["files changed"]["run.dry"])
dry_runs

# %%
# %%needs sshd
claim(
    "run.dry leaves out commands, and puts both files all the same; the second way changes nothing.",
    dry_runs["files changed"].tolist(), equals=[2, 0],
)
claim("A dry run tells each of the eight steps, once put is told too.", dry_runs["steps told"].tolist(), equals=[6, 8])

# %%
because = "..."  # one sentence: why is "errors ignored" the worst of the three?

# %% [markdown]
# **Why.** A step is idempotent if it says how things shall *be*, not what to do: `mkdir -p`, "this line is there", "the link points here".
# Then running it again is harmless, and running it again is how you repair a deploy that was cut. Django's own steps are
# like that: `migrate` and `collectstatic` do only what is missing.
#
# The first script stops at `mkdir`, which fails where the folder is: at least it says so, and somebody has to finish by hand. With errors
# ignored it goes on, writes the flag a second time, and reports success.
#
# `dry` belongs to `run`, which is a shell's business; `put` is a file transfer and knows nothing of it. Try a dry run on a machine
# that you can lose, once, and look.
#
# **In your project:** run the deploy twice in a row on staging. The second must change nothing.
#
# ### Exercise: say it first


# %%
@exercise("python-way-2-plan")
def plan(found, wanted):
    """The steps that make the files `found` on a server those `wanted`: an empty list if nothing is to do.

    Both are dicts, path → checksum. First ("put", path) for what is missing or differs,
    then ("remove", path) for what is not wanted; each in the order of the alphabet.
    """
    ...


# %% [markdown]
# ## 3. Six servers, one site: does the server make it fast?
#
# gunicorn comes with two kinds of workers: `sync`, one request at a time, and `gthread`, here four threads. Twisted Web and Tornado put Django
# into threads behind an event loop; so does granian, in Rust; uvicorn speaks ASGI. Each has one process, and the same list of talks.
# How many times as many requests a second has the quickest as the slowest?

# %%
guess_ratio = ...  # for example: 10

# %% tags=["hidden-source"]
WAY = '''
import time
from pathlib import Path
from django.http import HttpResponse
from django.urls import include, path

GO = Path(__file__).with_name("go")


def slow(request):
    ends = time.monotonic() + 60
    while not GO.exists() and time.monotonic() < ends:
        time.sleep(0.1)  # until the lesson says so
    return HttpResponse("slow")


quick = path("quick/", lambda request: HttpResponse("quick"))
urlpatterns = [path("slow/", slow), quick, path("", include("helpers.conference.urls"))]
'''

# %%
WSGI, ASGI = "helpers.project.wsgi:application", "helpers.project.asgi:application"
ways = tempfile.TemporaryDirectory(prefix="ways-", dir=temporary.folder())
(Path(ways.name) / "way.py").write_text(WAY)
given = {"environment": site.environment({"ROOT_URLCONF": "way"}), "folder": ways.name}
starts = {
    "gunicorn sync": lambda: gunicorn.start(WSGI, **given),
    "gunicorn gthread": lambda: gunicorn.start(WSGI, threads=4, **given),
    "Twisted Web": lambda: twisted.start(WSGI, **given),
    "Tornado": lambda: tornado.start(WSGI, threads=4, **given),
    "uvicorn": lambda: uvicorn.start(ASGI, **given),
    "granian": lambda: granian.start(WSGI, threads=4, **given),
}

# %% [markdown]
# Each is started and asked for a page: that is its ready time. Then four visitors ask for the talks, in four rounds of ten; the best
# round counts, because other programs run here too.

# %%
for running in globals().get("started", {}).values():
    running.stop()  # this cell was run before
started, ready_s = {}, {}
for name, start in starts.items():
    began = time.perf_counter()
    started[name] = start()
    load.Page(started[name].url + "/talks/")("")
    ready_s[name] = time.perf_counter() - began
running_servers = started

# %%
rounds = []
for number in range(5):
    for name, running in running_servers.items():
        replies = load.closed(load.Page(running.url + "/talks/"), range(10), workers=4)
        if number:  # in the first round each thread connects to the database
            requests_s = load.throughput(replies)
            rounds.append(replies.assign(server=name, number=number, requests_s=requests_s))
by_server = pd.concat(rounds).groupby("server", sort=False)

# %% tags=["nbval-ignore-output", "hidden-source"]
speeds = pd.DataFrame({"ready_s": ready_s, "requests_s": by_server.requests_s.max()})
speeds["p99_ms"] = by_server.latency_ms.quantile(0.99)
speeds["memory_mb"] = {name: memory_mb(running.pid) for name, running in running_servers.items()}
speeds["served"] = by_server.outcome.agg(lambda outcomes: (outcomes == "200").sum())
speeds = speeds.rename_axis("server").reset_index()
lesson.compare(guess_ratio, speeds.requests_s.max() / speeds.requests_s.min())
speeds.set_index("server").round(1)

# %%
claim("All six answer each of the 40 requests.", speeds.served.min(), equals=40)
claim(
    "The quickest of the six answers less than five times as many requests as the slowest.",
    speeds.requests_s.max() / speeds.requests_s.min(), above=1, below=5,
)

# %%
because = "..."  # one sentence: why does a server in Rust not make this page ten times as fast?

# %% [markdown]
# **Why.** A page costs Django and its queries far more than the server around them, and Python's one lock lets one thread at a time run Django.
# So Rust changes little, and p99 with four visitors is mostly the wait for the other three. (Of 40 requests p99 is nearly the slowest.) An empty page
# would show other ratios; nobody visits you for an empty page.
#
# **In your project:** measure your slowest page before you change the server.

# %% [markdown]
# ## 4. And one slow client, or one slow page?
#
# Speed hardly tells them apart. Trouble may. First four *slow clients* hold half a request each (lesson 13 did that to gunicorn).
# Then, in a second trial, four visitors are in a *slow view*. Meanwhile four others ask for a quick page, and wait two seconds.
# How many of the six servers answer all four, in both trials?

# %%
guess_both = ...  # for example: 6

# %% tags=["hidden-source"]
HALF = b"GET /quick/ HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Half: "


def hold(server):
    held = socket.create_connection((server.host, server.port))
    held.sendall(HALF)
    return held


def quick_answers(server):
    quick = load.Page(server.url + "/quick/", timeout_s=2)
    replies = load.closed(quick, range(4), workers=4, seconds=20)
    return int((replies.outcome == "200").sum())


def of_all(servers):
    with ThreadPoolExecutor(len(servers)) as pool:
        return dict(zip(servers, pool.map(quick_answers, servers.values()), strict=True))


# %%
trials, go = {"nobody is slow": of_all(running_servers)}, Path(ways.name) / "go"
held = [hold(running) for running in running_servers.values() for _ in range(4)]
time.sleep(0.5)
trials["slow clients"] = of_all(running_servers)
for each in held:
    each.close()

# %%
for number in (1, 4):
    go.unlink(missing_ok=True)
    slow_pages = [load.Page(each.url + "/slow/", 70) for each in running_servers.values()]
    visitors = [threading.Thread(target=each, args=("",)) for each in slow_pages * number]
    for each in visitors:
        each.start()
    time.sleep(0.5)
    trials[f"{number} in a slow view"] = of_all(running_servers)
    go.touch()
    for each in visitors:
        each.join()

# %%
answered = pd.DataFrame(trials).rename_axis("server")
both = (answered[["slow clients", "4 in a slow view"]] == 4).all(axis=1)
lesson.compare(guess_both, both.sum())
answered

# %% tags=["nbval-ignore-output", "hidden-source"]
trial_names = {
    "slow clients": "slow_clients", "1 in a slow view": "one_slow_view", "4 in a slow view": "slow_views",
}
table = speeds.merge(answered.reset_index()).rename(columns=trial_names)
table.drop(columns=["served", "nobody is slow"]).set_index("server").round(1)

# %% tags=["hidden-source"]
short = {"slow_clients": "slow\nclients", "one_slow_view": "1 slow\nview", "slow_views": "4 slow\nviews"}
numbers = {"ready_s": "ready (s)", "requests_s": "requests/s", "p99_ms": "p99 (ms)", "memory_mb": "memory (MB)"}
figure = plots_python_way.servers(table, numbers, short, asked=4)
figure.suptitle("Six servers are about as fast; what is slow tells them apart")
lesson.show(
    figure,
    alt="Six servers in lines. Ready time, requests a second and memory are of the same order. Quick pages answered: "
    "gunicorn sync none in any trial; gthread none with slow clients or four slow views; Tornado and granian none "
    "with four slow views; Twisted Web and uvicorn all.",
)

# %%
claim(
    "One slow view stops gunicorn sync, and none of the others.",
    (answered["1 in a slow view"] == 0).sum(), equals=1,
)
claim(
    "Slow clients stop both kinds of gunicorn here, and none of the four with an event loop.",
    answered["slow clients"].tolist(), equals=[0, 0, 4, 4, 4, 4],
)
claim(
    "As many slow views as threads stop every server with four threads; Twisted Web and uvicorn go on.",
    answered["4 in a slow view"].tolist(), equals=[0, 0, 4, 0, 4, 0],
)

# %%
for running in running_servers.values():
    running.stop()

# %%
because = "..."  # one sentence: what do Twisted Web and uvicorn have that the others have not?

# %% [markdown]
# **Why.** A *slow client* costs a worker or a thread where that one reads the request. An event loop reads from thousands of lines at once and wakes
# a thread when a request is whole. nginx in front does that for gunicorn (lesson 13).
#
# A *slow view* costs a thread everywhere, also under uvicorn, where Django runs each sync view in a thread. Twisted's pool
# grows to twenty, by its source: with twenty slow views it stops as well. uvicorn's threads have no such limit, which is how memory and database
# connections run out. The mend is lesson 15: ship the slow part off.
#
# **In your project:** the `Procfile` or unit that starts the server: workers, threads, `--timeout`.
#
# ### Exercise: take one
# From the table above the picture: who serves you without nginx, for the least memory?


# %%
@exercise("python-way-3-choose")
def choose(table):
    """The name of the server to take, from a frame like `table`; None if none will do.

    No proxy stands in front. All 4 quick pages must be answered in both trials
    (`slow_clients`, `slow_views`); of those servers, the one with the least memory.
    """
    ...


# %%
choose(table)

# %% [markdown]
# You may stop here.

# %% [markdown] tags=["collapsed"]
# ## Go deeper
#
# 100 minutes in four stations (mail, names, the clock, the thesis; choose), then a clinic over the whole workshop.
#
# ### 5. Mail comes in. Who stores it?
#
# Lamson handed each mail to your Python code. aiosmtpd does that today. An attendee rates a talk by mail: to
# `<slug of the talk>@example.test`, with the stars as subject. The obvious handler calls the ORM. Of one good mail, how many ratings are stored?

# %%
guess_stored = ...  # for example: 1

# %%
MAIL_STORE = '''
import email, email.policy
import django
from asgiref.sync import sync_to_async
from django.core.exceptions import ObjectDoesNotExist, ValidationError

django.setup()
from helpers.conference.models import Attendee, Rating, Talk

def store(sender, to, content):
    message = email.message_from_bytes(content, policy=email.policy.default)
    talk, writer = Talk.objects.get(slug=to.partition("@")[0]), Attendee.objects.get(email=sender)
    rating = Rating.objects.filter(talk=talk, attendee=writer).first() or Rating(talk=talk, attendee=writer)
    rating.stars = int(message["subject"])
    rating.full_clean()
    rating.save()
'''

# %%
HANDLERS = '''
class Obvious:
    async def handle_DATA(self, server, session, envelope):
        store(envelope.mail_from, envelope.rcpt_tos[0], envelope.content)
        return "250 stored"

class InAThread:
    async def handle_DATA(self, server, session, envelope):
        try:
            await sync_to_async(store)(envelope.mail_from, envelope.rcpt_tos[0], envelope.content)
        except (ObjectDoesNotExist, ValidationError, ValueError, TypeError):
            return "550 no rating in this"
        return "250 stored"
'''

# %% tags=["hidden-source"]
import smtplib
from email.message import EmailMessage

from helpers.conference.models import Attendee, Rating, Talk
from helpers.services import smtp_server

# %% tags=["hidden-source"]
talk = Talk.objects.order_by("pk").first()
writer = Attendee.objects.exclude(rating__talk=talk).order_by("pk").first()


def send(server, sender, to, subject, text=""):
    """Send one mail; the code and words of the server's answer."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, to, subject
    message.set_content(text)
    try:
        with smtplib.SMTP(server.host, server.port, timeout=20) as client:
            client.send_message(message, from_addr=sender, to_addrs=[to])
    except smtplib.SMTPResponseException as error:
        return f"{error.smtp_code} {error.smtp_error.decode()}"
    return "250"


# %%
to = f"{talk.slug}@example.test"
letters = {  # kind: sender, address, subject, text
    "good": (writer.email, to, "5", ""),
    "the same again": (writer.email, to, "5", ""),
    "ninety-nine stars": (writer.email, to, "99", ""),
    "a stranger": ("eve@evil.test", to, "1", ""),
    "a path for a talk": (writer.email, "../../etc/passwd@example.test", "1", ""),
    "20 kB": (writer.email, to, "1", "x" * 20_000),
}

# %%
box, rows = tempfile.TemporaryDirectory(prefix="box-", dir=temporary.folder()), []
(Path(box.name) / "mail_store.py").write_text(MAIL_STORE + HANDLERS)
where = {"environment": site.environment(), "folder": box.name, "size_limit": 10_000}
of_writer = Rating.objects.filter(talk=talk, attendee=writer)
of_writer.delete()
with smtp_server.start(handler="mail_store:Obvious", **where) as mail:
    rows.append(["obvious", "good", send(mail, *letters["good"]), of_writer.count()])
with smtp_server.start(handler="mail_store:InAThread", **where) as mail:
    for kind, letter in letters.items():
        rows.append(["in a thread", kind, send(mail, *letter), of_writer.count()])
mail_rows = rows

# %%
mails = pd.DataFrame(mail_rows, columns=["handler", "mail", "answer", "ratings"])
mails["code"] = mails.answer.str[:3].astype(int)
left_stars = list(of_writer.values_list("stars", flat=True))
of_writer.delete()  # as it was
box.cleanup()
lesson.compare(guess_stored, mails.ratings[0])
mails[["handler", "mail", "code", "ratings"]]

# %%
claim(
    "The obvious handler answers 500 and stores nothing: the ORM refuses to run in an event loop.",
    [mails.code[0], "async context" in mails.answer[0], mails.ratings[0]], equals=[500, True, 0],
)
claim(
    "In a thread a good mail is one rating, also when it comes twice.",
    [mails.code[1:3].tolist(), mails.ratings[1:3].tolist()], equals=[[250, 250], [1, 1]],
)
claim(
    "Four hostile mails are refused, and the rating is what it was: five stars.",
    [mails.code[3:].tolist(), left_stars], equals=[[550, 550, 550, 552], [5]],
)

# %% [markdown]
# And a server that takes each mail first, and says no later? Mia has a mail server, and wrote to nobody. A stranger sends three
# bad mails with *her* address as the sender. How many mails does Mia get?

# %%
guess_bounces = ...  # for example: 1

# %%
REPORT = """\
From: mailer-daemon@example.test
To: SENDER
Subject: Your mail was not delivered
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=part

--part
Content-Type: message/delivery-status

Final-Recipient: rfc822; RECIPIENT
Action: failed
Status: 5.1.1

--part--
"""

# %%
TAKES_ALL = """
import asyncio, smtplib

def bounce(sender, to):
    with smtplib.SMTP(*MIAS) as client:  # from nobody, so that nobody bounces the bounce
        client.sendmail("", [sender], REPORT.replace("SENDER", sender).replace("RECIPIENT", to))

class TakesAll(InAThread):
    async def handle_DATA(self, server, session, envelope):
        told = await super().handle_DATA(server, session, envelope)
        if told.startswith("550"):
            await asyncio.to_thread(bounce, envelope.mail_from, envelope.rcpt_tos[0])
        return "250 taken"
"""

# %%
bounced, bad = {}, ["ninety-nine stars", "a stranger", "a path for a talk"]
box = tempfile.TemporaryDirectory(prefix="box-", dir=temporary.folder())
for handler in ("InAThread", "TakesAll"):
    with smtp_server.start() as of_mia:
        code = f"{MAIL_STORE}{HANDLERS}MIAS, REPORT = {of_mia.address!r}, {REPORT!r}\n{TAKES_ALL}"
        (Path(box.name) / "mail_taker.py").write_text(code)
        with smtp_server.start(handler=f"mail_taker:{handler}", environment=site.environment(), folder=box.name) as mail:
            answers = [send(mail, "mia@example.test", *letters[kind][1:])[:3] for kind in bad]
        in_her_box = of_mia.messages()
    bounced[handler] = {"answered": " ".join(answers), "mails Mia gets": len(in_her_box)}
box.cleanup()

# %%
bounces = pd.DataFrame(bounced).T
lesson.compare(guess_bounces, bounces["mails Mia gets"]["TakesAll"])
print(in_her_box[0].as_string())
bounces

# %%
claim(
    "Refused at once, nobody gets a bounce; taken first, every bad mail is a bounce to Mia.",
    [bounces["answered"].tolist(), bounces["mails Mia gets"].tolist()],
    equals=[["550 550 550", "250 250 250"], [0, 3]],
)

# %%
because = "..."  # one sentence: why is 550 better than taking the mail and writing an error to a log?

# %% [markdown]
# **Why.** aiosmtpd runs your handler in its event loop. Django's ORM waits for its database, and that would stop all other mails, so Django refuses:
# `SynchronousOnlyOperation`. `sync_to_async` gives the work to a thread.
#
# 550 while the sender is still connected is the honest refusal: *their* server tells them. After 250 the mail is yours, and
# a later "sorry", a *bounce*, goes to whoever the sender claims to be: to Mia. You get bounces too, for
# addresses that died. Nothing here proves who wrote: a sender is a line of text. SPF, DKIM, or a secret in the address, are for that.
#
# **In your project:** a process of its own beside gunicorn; or a service that posts each mail to a view of yours.
#
# #### Exercise: read the bounces
# One part of a bounce, `message/delivery-status`, has a block of headers for each address: `Final-Recipient`, `Action`,
# `Status` (5.x.x: for good; 4.x.x: for now). `in_her_box[0].as_bytes()` is one.


# %%
@exercise("python-way-4-bounces")
def dead(raw):
    """The addresses that failed for good, from the bytes of a bounce: small letters, sorted, each once.

    For good means: Action is failed and Status begins with 5. A mail that is no bounce has none.
    """
    ...


# %% [markdown]
# ### 6. A name becomes an address. Who remembers it, and for how long?
#
# PyDNS asked name servers; dnspython does. Here is a zone: `MX` names the hosts that take mail, the smallest number first; a `CNAME` says "look under that
# name"; the second column is the TTL, in seconds. A page asks for `example.test` 20 times. How many questions reach the name server?

# %%
guess_questions = ...  # for example: 1

# %%
ZONE = """
example.test.       2  IN A     127.0.0.7
example.test.       60 IN MX    20 spare.example.test.
example.test.       60 IN MX    10 mail.example.test.
www.example.test.   60 IN CNAME shop.example.test.
shop.example.test.  60 IN CNAME example.test.
round.example.test. 60 IN CNAME about.example.test.
about.example.test. 60 IN CNAME round.example.test.
"""

# %%
import dns.exception
import dns.resolver

from helpers.services import dns_server

if "names" in globals():
    names.stop()  # this cell was run before
names = dns_server.start(ZONE)
resolver = dns.resolver.Resolver(configure=False)
resolver.nameservers, resolver.port, resolver.lifetime = [names.host], names.port, 20


def reached(ask, times=1):
    """How many questions reached the name server while `ask` ran."""
    before = len(names.questions())
    for _ in range(times):
        ask()
    return len(names.questions()) - before


# %%
def address(name, most=5):
    """The address of a name; a CNAME is followed, at most so often."""
    for _ in range(most):
        found = resolver.resolve(name, "A", raise_on_no_answer=False)
        if found.rrset:
            return found[0].address
        name = found.canonical_name
    raise ValueError(f"{most} CNAMEs and no address: a circle?")


mx = resolver.resolve("example.test", "MX")
mail_hosts = [str(each.exchange) for each in sorted(mx, key=lambda each: each.preference)]
chain = reached(lambda: address("www.example.test"))
print(mail_hosts[0], "· questions for www:", chain)
with lesson.expect(ValueError):
    address("round.example.test")

# %%
resolver.cache = None
bare = reached(lambda: resolver.resolve("example.test"), 20)
resolver.cache = dns.resolver.Cache()
kept = reached(lambda: resolver.resolve("example.test"), 20)
lesson.compare(guess_questions, bare)
print("with a cache fewer than half:", 0 < kept < 10)

# %% [markdown]
# The name server hangs: it is there, and says nothing. The cache holds a fresh answer. What does a visit cost at once, and after the two
# seconds of the TTL?

# %%
resolver.cache = dns.resolver.Cache()
resolver.resolve("example.test")
names.pause()
hanging = {}
for when, wait_s in (("at once", 0), ("after the TTL", 2.5)):
    time.sleep(wait_s)
    asked_at = time.perf_counter()
    try:
        told = resolver.resolve("example.test", lifetime=1)[0].address
    except dns.exception.Timeout as error:
        told = type(error).__name__
    hanging[when] = [told, time.perf_counter() - asked_at]
names.resume()

# %% tags=["nbval-ignore-output"]
waits = pd.DataFrame(hanging, index=["answer", "waited_s"]).T
waits

# %%
claim(
    "The mail host with the smallest number comes first, whatever the order in the zone.",
    mail_hosts, equals=["mail.example.test.", "spare.example.test."],
)
claim("Two CNAMEs cost two questions more.", chain, equals=3)
claim(
    "Without a cache 20 visits ask 20 times; with one, fewer than half as often.",
    [bare, 0 < kept < 10], equals=[20, True],
)
claim(
    "A silent name server is not noticed while the TTL lasts; then a visit waits the whole second.",
    [*waits.answer, waits.waited_s["after the TTL"] > 0.9],
    equals=["127.0.0.7", "LifetimeTimeout", True],
)

# %%
because = "..."  # one sentence: what is a short TTL good for, and what does it cost?

# %% [markdown]
# **Why.** The TTL of lesson 09 once more: the zone's owner says how long others may keep an answer. A long one hides an outage of the name
# server, and hides a move of your site just as long. Before a move, lower it; wait for the *old* TTL; move; raise it.
#
# dnspython has no cache unless you give it one. Following a CNAME to its end is the work of the resolver that your system
# uses; this small zone does not do it for us. A circle needs a limit, as every loop over somebody else's data does.
#
# A time-out is a slow view: four requests that wait for a name are four threads of section 4. Give `lifetime` a number.
#
# **In your project:** every host name in `DATABASES`, `CACHES` and `EMAIL_HOST` is a question.

# %% [markdown]
# ### 7. The clock: what becomes of a run that was missed?
#
# PyCron was a cron in Python; APScheduler is one today. A job runs each minute. The laptop sleeps for five and a half minutes, and six runs
# are missed. How many are made up for, as APScheduler is installed?

# %%
guess_made_up = ...  # for example: 6

# %%
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.background import BackgroundScheduler

logging.getLogger("apscheduler").setLevel(logging.CRITICAL)


def made_up(**options):
    ran, scheduler = [], BackgroundScheduler(timezone=UTC)
    slept = datetime.now(UTC) - timedelta(minutes=5, seconds=30)
    options |= {"minutes": 1, "next_run_time": slept}
    job = scheduler.add_job(ran.append, "interval", [1], **options)
    scheduler.start()
    while job.next_run_time <= datetime.now(UTC):
        time.sleep(0.05)  # until it has looked
    scheduler.shutdown()  # waits for what runs
    return len(ran)


# %%
missed = {
    "as installed": made_up(),
    "misfire_grace_time=None": made_up(misfire_grace_time=None),
    "and coalesce=False": made_up(misfire_grace_time=None, coalesce=False),
}
lesson.compare(guess_made_up, missed["as installed"])
missed

# %% [markdown]
# And a job that takes longer than its interval? Due each half second, and it takes a whole one, by three rules. `sched` is in
# the standard library: one thread, one job after the other.

# %%
import sched


def timed(spans, rule):
    began = time.monotonic()
    time.sleep(1)
    spans.append([rule, began, time.monotonic()])


# %%
spans = []
for rule, most in (("one at a time (as installed)", 1), ("max_instances=3", 3)):
    scheduler = BackgroundScheduler(timezone=UTC)
    options = {"seconds": 0.5, "max_instances": most}
    scheduler.add_job(timed, "interval", [spans, rule], **options)
    scheduler.start()
    time.sleep(2.8)
    scheduler.shutdown()
queue = sched.scheduler(time.monotonic, time.sleep)
for number in range(3):
    queue.enter(0.5 * number, 1, timed, [spans, "sched"])
queue.run()

# %% tags=["hidden-source"]
job_runs = pd.DataFrame(spans, columns=["rule", "began_s", "ended_s"])
earliest = job_runs.groupby("rule").began_s.transform("min")
job_runs[["began_s", "ended_s"]] = job_runs[["began_s", "ended_s"]].sub(earliest, axis=0)
ax = plots_python_way.runs(job_runs, due=[0.5 * number for number in range(7)])
ax.set_title("max_instances lets runs overlap; sched falls behind instead", loc="left")
lesson.show(
    ax,
    alt="Runs of one second on a time line, one due each half second. One at a time: some due runs are skipped. "
    "max_instances=3: bars above each other. sched: three bars, end to end, later and later.",
)

# %%
together = {
    rule: max(((each.began_s <= at) & (at < each.ended_s)).sum() for at in each.began_s)
    for rule, each in job_runs.groupby("rule")
}
late_s = job_runs.began_s[job_runs.rule == "sched"].max() - 1.0
claim(
    "Of six missed runs none is made up for as installed, one without a limit of grace, six uncoalesced.",
    list(missed.values()), equals=[0, 1, 6],
)
claim(
    "As installed, and by sched, never two at once; with max_instances=3 there are.",
    [together["one at a time (as installed)"], together["sched"], together["max_instances=3"] > 1],
    equals=[1, 1, True],
)
claim("The third run of sched comes a second or more too late.", late_s, above=0.95)

# %% [markdown]
# Now the common fault. The scheduler is started with the site, and the site has three workers. A job is due once. How often
# does it run?

# %%
guess_times = ...  # for example: 1

# %%
JOBS = '''
import contextlib
from datetime import UTC
from apscheduler.schedulers.background import BackgroundScheduler
from helpers.conference.urls import urlpatterns

def remind():
    open("sent", "a").write("reminder ")

def remind_once():
    with contextlib.suppress(FileExistsError), open("lock", "x"):
        open("sent-once", "a").write("reminder ")

scheduler = BackgroundScheduler(timezone=UTC)
for job in (remind, remind_once):
    scheduler.add_job(job, misfire_grace_time=None)
scheduler.start()
'''

# %%
def reminders(name):
    path = site_of_three.folder / "files" / name
    return path.read_text().count("reminder") if path.exists() else 0


given = {"settings": {"ROOT_URLCONF": "jobs"}, "files": {"jobs.py": JOBS}}
with site.start(workers=3, **given) as site_of_three:
    patience = time.monotonic() + 15
    while reminders("sent") < 3 and time.monotonic() < patience:
        time.sleep(0.1)
    time.sleep(0.5)  # should there be more
    sent = [reminders("sent"), reminders("sent-once")]
lesson.compare(guess_times, sent[0])

# %%
claim("Three workers run the job three times; with a lock that all of them see, once.", sent, equals=[3, 1])

# %%
because = "..."  # one sentence: which of the three rules would you take for a nightly backup?

# %% [markdown]
# **Why.** A scheduler answers three questions, whether you asked or not. *Missed:* as installed a run more than a
# second late is dropped, with a line in a log. For a backup you want one run made up for; for a reminder of ten minutes ago none. *Overlap:* a second run
# beside the first needs two of everything; one at a time drops runs instead, and `sched` delays all that come after. *How many:* one scheduler
# a process, and a site has several. So start it in a process of its own, or take a lock that all see: a file, `cache.add`, a unique row.
#
# **In your project:** cron or a systemd timer that calls `manage.py remind`; Celery beat (lesson 15) where there is a worker already.
#
# #### Exercise: a second domain
# A library writes reminders every night. Its machine was off for some days.


# %%
@exercise("python-way-5-library")
def missed_nights(last_run, now, hour=2):
    """The moments at which the library's reminders were due after `last_run`, up to and with `now`.

    They are due once a day at `hour`:00. A list of datetimes, oldest first.
    """
    ...


# %% [markdown]
# ### 8. All the way: is a deploy in Python better than one in shell?
#
# The keynote's thesis: a system should not only be designed well, but *consistently*, in one language down to the
# ground. Take the deploy of section 1 as a shell script, as it is typed and with `set -eu`, and as Fabric. Two trials:
# a faulty release, and a folder with a space in its name. How many of the six end right?

# %%
guess_ended = ...  # for example: 6

# %%
SHELL = """
mkdir -p $ROOT/releases/2
printf '%s' "$TEXT" > $ROOT/releases/2/conference_site.py
cd $ROOT/releases/2 && $PYTHON -c 'import conference_site'
ln -sfn releases/2 $ROOT/current
"""


def in_fabric(c, root, text):
    folder, link = shlex.quote(f"{root}/releases/2"), shlex.quote(f"{root}/current")
    c.run(f"mkdir -p {folder}")
    c.put(StringIO(text), f"{root}/releases/2/conference_site.py")
    c.run(f"cd {folder} && {sys.executable} -c 'import conference_site'")
    c.run(f"ln -sfn releases/2 {link}")


# %%
def in_shell(first=""):
    def run(c, root, text):
        words = {"ROOT": root, "TEXT": text, "PYTHON": sys.executable}
        given = [f"{name}={shlex.quote(str(value))}" for name, value in words.items()]
        c.run("\n".join([*given, first, SHELL]))

    return run


# %%
def ends(run, c, name, text):
    with tempfile.TemporaryDirectory(prefix="thesis-", dir=temporary.folder()) as outside:
        place = Path(outside) / name
        (place / "releases/1").mkdir(parents=True)
        (place / "current").symlink_to("releases/1")
        try:
            run(c, place, text)
        except UnexpectedExit:
            return ["an error", (place / "current").resolve().name]
        return ["nothing", (place / "current").resolve().name]


# %%
# %%needs sshd
ways_to_deploy = {"shell": in_shell(), "shell, set -eu": in_shell("set -eu"), "Fabric": in_fabric}
fault, rows = released(2).replace("path(", "paht(", 1), []
with tempfile.TemporaryDirectory(prefix="key-", dir=temporary.folder()) as outside:
    own_key = sshd.key(outside)
    with sshd.start([own_key.with_suffix(".pub").read_text()]) as there:
        with connect(there, own_key) as line:
            for way, run in ways_to_deploy.items():
                rows.append([way, "a faulty release", *ends(run, line, "site", fault), "1"])
                sound = ends(run, line, "our site", released(2))
                rows.append([way, "a space in a name", *sound, "2"])
thesis_rows = rows

# %%
# %%needs sshd
thesis = pd.DataFrame(thesis_rows, columns=["way", "trial", "told", "current", "should be"])
thesis["right"] = thesis.current == thesis["should be"]
lesson.compare(guess_ended, thesis.right.sum())
thesis

# %%
# %%needs sshd
ended = thesis.pivot(index="way", columns="trial", values="right")
claim(
    "The shell script as typed lets the faulty release go live, and tells of nothing.",
    [bool(ended.loc["shell", "a faulty release"]), thesis.told[0]], equals=[False, "nothing"],
)
claim(
    "set -eu mends that; the space in a name it does not.",
    ended.loc["shell, set -eu"].tolist(), equals=[True, False],
)
claim(
    "Fabric ends right in both: a failed command is an error, and every word was quoted.",
    ended.loc["Fabric"].tolist(), equals=[True, True],
)

# %% [markdown]
# And how far down does Django itself go? Count what it imports: every `import` of its own files, read by `ast` and not run.

# %%
import ast

import django

home, imported = Path(django.__file__).parent, []
for source in home.rglob("*.py"):
    area = source.relative_to(home).parts[0].removesuffix(".py")
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        found = [each.name for each in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and not node.level:
            found = [node.module]
        imported += [[area, name.partition(".")[0]] for name in found]

# %% tags=["nbval-ignore-output"]
imports = pd.DataFrame(imported, columns=["area", "module"])
standard = imports.module.isin(sys.stdlib_module_names)
imports["where"] = standard.map({True: "the standard library", False: "others"})
imports.loc[imports.module == "django", "where"] = "Django itself"
per_import = imports["where"].value_counts()
imports.groupby("where").module.agg(["count", "nunique"])

# %% tags=["hidden-source"]
library = imports[imports["where"] == "the standard library"]
by_area = library.groupby("area").module.nunique().sort_values().tail(10)
ax = plots.axes(height=3.4)
ax.barh(by_area.index, by_area, color=plots.COLOURS[0])
for place_of, number in enumerate(by_area):
    ax.annotate(str(number), (number, place_of), xytext=(4, 0), textcoords="offset points", va="center")
ax.set(xlabel="modules of the standard library that it imports (number)", ylabel="part of Django")
ax.set_title(f"All parts stand on the standard library, {by_area.index[-1]} most of all", loc="left")
lesson.show(
    ax,
    alt="Ten parts of Django as bars, with the number of standard library modules that each imports: core most, then "
    "utils, db and contrib, the others fewer.",
)

# %%
used = set(library.module)
claim("Django imports at least 80 modules of the standard library.", len(used), above=79)
claim(
    "For each import from elsewhere it has at least five from the standard library.",
    per_import["the standard library"] / per_import["others"], above=5,
)
claim(
    "It uses the standard library's smtplib and wsgiref, and not sched.",
    [name in used for name in ("smtplib", "wsgiref", "sched")], equals=[True, True, False],
)

# %%
because = "..."  # one sentence: what would you still write in shell?

# %% [markdown]
# **Why.** The shell is no worse at copying files. It is worse at the moment when something is wrong: a failed command is no error unless you say so, and a
# value becomes several words unless you quote it. Fabric still ends in a shell on the other side, hence `shlex.quote`: Python all the
# way would need Python there too.
#
# Does Django "hate Python", as the keynote's title teased? By its imports it stands on little else, and takes from others what differs
# by project: drivers, images, Redis. What the keynote wanted lies below: servers, mail, names, the clock. Half of its names are dead, and each
# has an heir. That is a reason to lean on interfaces (WSGI, ASGI, SMTP, DNS), which outlived the programs.
#
# **In your project:** shell for three lines; from the first `if` on, Python.

# %% [markdown]
# ## The clinic
#
# Three patients, from the whole workshop. No topic is named. Look at the symptom, name the cause by its letter, then mend it.
#
# **Patient one.** "Somebody told us to prefetch. We did. It got slower."

# %%
from django.db import transaction

from helpers.conference.models import Room, Talk
from helpers.queries import watch


def good_ratings():
    lines = []
    for talk in Talk.objects.prefetch_related("ratings"):
        lines.append([talk.title, len(talk.ratings.filter(stars=5))])
    return lines


with watch() as seen:
    lines_shown = len(good_ratings())
queries_of_one = seen.count
print(lines_shown, "talks,", queries_of_one, "queries")

# %%
claim("One query for the talks, one to prefetch, and one more for each talk.",
      queries_of_one, equals=lines_shown + 2)

# %% [markdown]
# - **a** `len` asks the database once more.
# - **b** What was prefetched is not what the loop asks for.
# - **c** The name in `prefetch_related` is wrong.
# - **d** An index is missing.

# %%
answer("python-way-clinic-one", ...)


# %%
@exercise("python-way-clinic-one-mend")
def talks_with_good():
    """All talks, as a queryset of two queries, each with the list `good`: its ratings of five stars."""
    ...


# %% [markdown]
# **Patient two.** "Bob has a mail that thanks him for his vote. There is no vote of Bob's."

# %%
class Box(list):
    def thank(self, name):
        self.append(f"Thank you, {name}!")


def vote(box, save, name):
    with transaction.atomic():
        save()
        box.thank(name)
        if name == "Bob":
            raise ValueError("a mistake further down")


sick_box, saved = Box(), Room.objects.count()
with lesson.expect(ValueError):
    vote(sick_box, lambda: Room.objects.create(name="Annex", slug="annex", seats=9), "Bob")
print(sick_box, "rows more:", Room.objects.count() - saved)

# %%
claim("One mail is out, and no row was kept.", [len(sick_box), Room.objects.count() - saved], equals=[1, 0])

# %% [markdown]
# - **a** The mail server took the mail twice.
# - **b** The row was written to another database.
# - **c** A signal was not received.
# - **d** Something left the building before it was sure.

# %%
answer("python-way-clinic-two", ...)


# %%
@exercise("python-way-clinic-two-mend")
def vote_then_thank(box, save, name):
    """Call `save()` in a transaction; `box.thank(name)` is called once it is certain, and only then."""
    ...


# %% [markdown]
# **Patient three.** "We have a new room since Monday. The form does not offer it. On Tuesday somebody deployed, and then it did."

# %%
from django import forms


class RoomForm(forms.Form):
    room = forms.ChoiceField(choices=list(Room.objects.values_list("slug", "name")))


before = len(RoomForm().fields["room"].choices)
with transaction.atomic():
    Room.objects.create(name="Annex", slug="annex", seats=9)
    after, rooms = len(RoomForm().fields["room"].choices), Room.objects.count()
    transaction.set_rollback(True)  # as it was
print("offered:", before, "then", after, "· rooms:", rooms)

# %%
claim("A room more, and the form offers as many as before.", [after - before, rooms - after], equals=[0, 1])

# %% [markdown]
# - **a** The page is cached in front of the site.
# - **b** The room fails the form's validation.
# - **c** A question was asked when the process started, and never again.
# - **d** The transaction that made the room was not committed.

# %%
answer("python-way-clinic-three", ...)


# %%
@exercise("python-way-clinic-three-mend")
def room_form():
    """A form class with one field, `room`: every room there is at the moment a form is made of it."""
    ...


# %% [markdown]
# ## There is a method for that
#
# | what people write | what exists |
# |---|---|
# | a wiki page with the steps of a deploy | [Fabric's `Connection`](https://docs.fabfile.org/en/stable/getting-started.html) and a `fabfile.py` |
# | `os.system(f"ssh {host} {command}")` | [`Connection.run`](https://docs.fabfile.org/en/stable/api/connection.html), and [`shlex.quote`](https://docs.python.org/3/library/shlex.html#shlex.quote) |
# | a test of every server, by taste | [Django's own list](https://docs.djangoproject.com/en/5.2/howto/deployment/), WSGI and ASGI |
# | an ORM call in `async def` | [`sync_to_async`, or the ORM's own `aget`, `acreate`](https://docs.djangoproject.com/en/5.2/topics/async/) |
# | a regular expression over a mail | [`email` with `policy.default`](https://docs.python.org/3/library/email.policy.html) |
# | `while True: work(); time.sleep(60)` | [APScheduler](https://apscheduler.readthedocs.io/en/3.x/userguide.html), cron, a systemd timer |
#
# New and hard usually means done wrong: before you write a scheduler, read these six.
#
# ## The Django way, and when to fight it
#
# - `manage.py` commands are the interface: whatever runs them (cron, Fabric, a person) stays small.
# - WSGI until you have views that *wait* and are async all the way; then ASGI.
# - Fight it when a part speaks another protocol than HTTP: mail and names want a process of their own, with `django.setup()`.

# %% [markdown]
# ## Five questions

# %% tags=["hidden-source"]
lesson.quiz(
    "Which step of a deploy may be run twice?",
    right={"One that says how things shall be: mkdir -p, ln -sfn, migrate.": "Done already means nothing to do."},
    wrong={
        "echo FLAG=on >> .env": "The line stands there twice then.",
        "Any, with || true behind it.": "Then you do not learn what failed: section 2 ended wrong with status 0.",
    },
)

# %% tags=["hidden-source"]
lesson.quiz(
    "Fabric's run.dry is on. What still happens?",
    right={"put: the file is on the machine.": "dry is an option of run; put is a file transfer."},
    wrong={
        "Nothing at all.": "Section 2 counted one file.",
        "Everything, with the commands printed.": "That is echo. With dry no command runs.",
    },
)

# %% tags=["hidden-source"]
lesson.quiz(
    "Four visitors are in a slow view; one gunicorn with four threads. Who else is answered?",
    right={"Nobody, until one of the four is done.": "Each slow view holds a thread."},
    wrong={
        "Everybody: threads take turns.": "They take turns at Python's lock, not at requests.",
        "Those who ask for a quick page.": "A quick page needs a thread as well.",
    },
)

# %% tags=["hidden-source"]
lesson.quiz(
    "A handler of aiosmtpd calls Talk.objects.get. What happens?",
    right={"SynchronousOnlyOperation: the sender is told 500.": "Django refuses to block an event loop."},
    wrong={
        "It works, a little more slowly.": "It would, if Django let you: and every other mail would wait.",
        "The mail is stored twice.": "Nothing is stored: the error comes first.",
    },
)

# %% tags=["hidden-source"]
lesson.quiz(
    "You move the site to another address. The TTL of its name is a day. When do you lower it?",
    right={"At least a day before.": "Those who asked a minute earlier keep the old answer, TTL and all, for a day."},
    wrong={
        "At the moment of the move.": "Who has the old answer keeps it for a day.",
        "Never: the move is seen at once.": "By those who had not asked before.",
    },
)

# %% [markdown]
# ## What you now know
#
# - A deploy is a function: it tests before it switches, stops at an error, and goes back by the same way.
# - Idempotent steps may be cut anywhere; ignored errors end wrong and say that all is well.
# - A dry run is as dry as what you tell it about.
# - On one page six servers are about as fast; slow clients and slow views tell them apart.
# - Mail, names and the clock are Python too: refuse while the sender waits, mind the TTL, decide what a missed run means.
#
# ## Looking back, and on
#
# In lesson 01 a page of talks asked the database once for each row. Since then you have counted queries, broken caches and killed servers, and whoever
# says "it is slow" will hear you ask: since when, how often, under what load? That habit is the workshop. The rest is reference.
#
# Next: your own project. There is no lesson 18.
#
# - `lesson.progress()` shows what is still open; the clinics of 03, 07 and 12 are good to repeat in a month.
# - Take one lesson's experiment to your own project: the queries of your slowest page, a restore of last night's backup.
# - Read on: [Django's documentation](https://docs.djangoproject.com/en/5.2/), topic guides first, and the deployment checklist before each release.
# - Something confused you? It confuses others: `CONTRIBUTING.md` says how to tell us.
