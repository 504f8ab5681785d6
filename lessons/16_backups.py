# %% [markdown]
# # 16. Backups
#
# Something is deleted that should not have been. Which of your copies still has it? Delete it, and count.
#
# **Core:** 60 minutes · **deeper:** 35 minutes · **needs:** 03, 14 · **helps:** 17 ·
# **starts:** PostgreSQL with replicas, and sshd, on loopback
#
# Credit: Andrew Godwin's advice, DjangoCon 2011, as told in "DjangoCon, part four", whose author adds the progressive schedule of
# section 5. All experiments, and sections 6 to 9, are added by us.

# %% tags=["hidden-source"]
from helpers import lesson

lesson.recall(
    {
        "A worker dies in the middle of a task. With acks_late, who does the rest?": "Another worker, from the start: so the task has to bear it twice.",
        "Which orders does a transaction save from kill -9?": "None that were not committed; but it leaves none half done.",
        "What does migrate --check tell?": "Whether the database lacks a migration that the code has: its exit status is 1 then.",
    }
)

# %% [markdown]
# ## Why it trips people up
#
# - "We have a replica, and RAID. We do not need backups."
# - "`psql: relation \"rating\" does not exist`. On both servers."
# - "The backup ran every night. Its files were empty since March."
# - "`database disk image is malformed`, in the copy. The site itself is fine."
# - "Whoever encrypted our server has deleted the backups first."

# %% tags=["hidden-source"]
import datetime
import itertools
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
import threading
import time
from contextlib import closing, contextmanager, suppress
from pathlib import Path

# %% tags=["hidden-source"]
import numpy as np
import pandas as pd
import psycopg
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.core.management import call_command
from django.test import Client, override_settings

from helpers import plots, plots_backups
from helpers.lesson import claim, exercise
from helpers.project import databases

# %%
from helpers.services import postgres, postgres_backup, postgres_replica, sshd
from helpers.services.process import ServerDied

lesson.start("16-backups")
if "pg" in globals():
    pg.stop()  # of an earlier run of this cell
pg = postgres.start(postgres_backup.archiving("../lesson/archive"))  # production
folder = pg.folder / "lesson"  # it goes when the server goes
folder.mkdir()
folder.chmod(0o711)  # where you are root, PostgreSQL is another user
archive, dumps = folder / "archive", folder / "dumps"
postgres_backup.hand_over(archive, pg), postgres_backup.hand_over(dumps, pg)
databases.add("production", pg)

# %% [markdown]
# `pg` is production, with the conference in it: 40 talks, 2,000 ratings. It keeps its log, of which more below.
#
# ## 1. Is a replica a backup?
#
# A *replica* is a second server that repeats whatever the first one does: it is there when the first dies. You start three. One
# repeats at once, one two seconds late, one an hour late. Then somebody drops a table on production. After how many milliseconds is it gone on the
# first replica?

# %%
guess_ms = ...  # for example: 5_000

# %% tags=["hidden-source"]
def ratings(server):
    """The rows of the table, 0 where it is gone."""
    try:
        with server.connection() as connection:
            return connection.execute("SELECT count(*) FROM conference_rating").fetchone()[0]
    except psycopg.errors.UndefinedTable:
        return 0


# %% tags=["hidden-source"]
def drop():
    """Drop the table on production; the moment before that, by its clock."""
    with pg.connection() as connection:
        moment = connection.execute("SELECT clock_timestamp()::text").fetchone()[0]
        time.sleep(0.05)
        connection.execute("DROP TABLE conference_rating")
    return moment


def until_gone(server, began):
    while ratings(server):
        time.sleep(0.001)
    return 1000 * (time.perf_counter() - began)


# %% [markdown]
# The last one is stopped before its hour is over, and a copy of it told to play on to just before the mistake, no further. What it has goes
# back to production as a dump of that table.

# %%
left, hour_s, following = {}, 3600, postgres_replica.start
with following(pg) as replica, following(pg, 2) as short, following(pg, hour_s) as late:
    before = [ratings(each) for each in (pg, replica, short)]
    moment = drop()
    gone_ms = until_gone(replica, time.perf_counter())
    left |= {"production": ratings(pg), "replica": ratings(replica)}
    asked_at = time.perf_counter()
    left["two seconds late"] = ratings(short)
    waited_s = time.perf_counter() - asked_at
    late.run("pg_ctl", "stop", "-D", "data", "-m", "fast")
    with postgres_backup.restore(late.folder / "data", archive, moment, pg.password) as saved:
        left["an hour late"] = ratings(saved)
        saved.run("pg_dump", "-Fc", "-t", "conference_rating", "-f", dumps / "ratings")
pg.run("pg_restore", "-d", "conference", dumps / "ratings")
left["production again"] = ratings(pg)

# %% tags=["nbval-ignore-output", "hidden-source"]
lesson.compare(guess_ms, round(gone_ms, 1))

# %% tags=["hidden-source"]
looked_at = ["production", "replica", "two seconds late", "an hour late"]
rows_left = pd.DataFrame({"copy": looked_at, "rows": [left[each] for each in looked_at]})
ax = plots.dots(rows_left, "rows", "ratings left after DROP TABLE (rows)", "copy", ax=plots.axes(height=2.5))
ax.set_xlim(-60, 2_100)
ax.set_title("A replica has lost what production lost, unless it is late enough")
lesson.show(ax, alt="Ratings left after the table was dropped: none on production, none on the "
                    "replica and on the one that is two seconds late, all 2,000 on the one that is an hour "
                    "late.")

# %%
claim("After DROP TABLE no row is left on the replica either; before it had all 2,000.",
      [before[1], left["replica"]], equals=[2_000, 0])
claim("Nobody has time to say stop: it is gone there in less than a thousandth of that hour.",
      gone_ms / (1000 * hour_s), between=(1e-9, 0.001))
claim("The replica that is an hour late, played on to just before the drop, has all 2,000.",
      left["an hour late"], equals=2_000)
claim("Two seconds late: asked at once, it lets you wait for over a second, and then has none.",
      [before[2], waited_s > 1, left["two seconds late"]], equals=[2_000, True, 0])
claim("They are back on production.", left["production again"], equals=2_000)

# %% [markdown]
# RAID is the same argument, one floor down: two disks with the same bytes. A toy with two folders for disks is enough to see it. Three
# accidents: a disk dies, somebody deletes a file, a program writes rubbish into one.

# %%
class Mirror:
    """Each write and each deletion goes to both disks; reading takes the first that has it."""

    def __init__(self):
        self.disks = [Path(tempfile.mkdtemp(dir=folder)) for _ in range(2)]

    def write(self, name, text):
        [(disk / name).write_text(text) for disk in self.disks]

    def delete(self, name):
        [(disk / name).unlink() for disk in self.disks]

    def read(self, name):
        found = [disk / name for disk in self.disks if (disk / name).exists()]
        return found[0].read_text() if found else None


# %% tags=["hidden-source"]
accidents = {
    "a disk dies": lambda mirror: shutil.rmtree(mirror.disks[0]),
    "a file is deleted": lambda mirror: mirror.delete("talks"),
    "rubbish is written": lambda mirror: mirror.write("talks", "\0" * 8),
}
rows = []
for accident, happens in accidents.items():
    mirror = Mirror()
    mirror.write("talks", "40 talks")
    copy_of_last_night = mirror.read("talks")
    happens(mirror)
    still = [each == "40 talks" for each in (mirror.read("talks"), copy_of_last_night)]
    rows.append([accident, *still])
survived = pd.DataFrame(rows, columns=["accident", "mirror", "a copy of last night"])
survived

# %%
claim("The mirror survives the dead disk, and neither of the two mistakes; a copy of last night all three.",
      [survived.mirror.tolist(), survived["a copy of last night"].sum()],
      equals=[[True, False, False], 3])

# %%
because = "..."  # one sentence: what has a backup that no replica and no mirror has?

# %% [markdown]
# **Why.** Replicas and mirrors are copies of *now*: that is their use, and why they repeat a mistake as faithfully as anything else. A
# backup is a copy of *then*. The late replica is one, with a single "then", an hour ago: notice it in time, or it has repeated the
# mistake too. It cannot simply be asked, by the way: the lock of the DROP has reached it already, only the DROP has not, so a query would wait.
# Section 6 goes back to any moment, with the log that production keeps.
#
# **In your project:** count as backups only what would survive your own `DELETE` without a `WHERE`.

# %% [markdown]
# ## 2. Is a copy of the file a backup?
#
# SQLite is one file, so `cp` it? A writer moves money from account to account, in transactions: 4,000 accounts, 400,000 in all, whoever
# looks. Meanwhile you make 20 copies. How many of the 20 are whole: sound for SQLite itself, and nothing missing from the sum?

# %%
guess_whole = ...  # for example: 20

# %% tags=["hidden-source"]
def move_money(path, ended):
    """One transaction after the other, until `ended` is set."""
    with closing(sqlite3.connect(path, timeout=60, isolation_level=None)) as bank:
        bank.execute("PRAGMA cache_size = 20")  # a large transaction does not fit into memory
        while not ended.wait(0.004):
            bank.execute("UPDATE account SET money = money + CASE WHEN id % 2 THEN 1 ELSE -1 END")


# %% tags=["hidden-source"]
@contextmanager
def moving(path):
    """While the block runs, a thread moves money."""
    ended = threading.Event()
    writer = threading.Thread(target=move_money, args=(path, ended), daemon=True)
    writer.start()
    try:
        yield
    finally:
        ended.set()
        writer.join()

# %% tags=["hidden-source"]
def new_bank(journal="DELETE"):
    path = Path(tempfile.mkdtemp(dir=folder)) / "bank.sqlite3"
    with closing(sqlite3.connect(path, isolation_level=None)) as bank:
        bank.execute(f"PRAGMA journal_mode = {journal}")
        bank.execute("PRAGMA synchronous = OFF")
        bank.execute("CREATE TABLE account (id INTEGER PRIMARY KEY, money INT, note TEXT)")
        accounts = [(number, 100, "x" * 200) for number in range(4_000)]
        bank.execute("BEGIN")
        bank.executemany("INSERT INTO account VALUES (?, ?, ?)", accounts)
        bank.execute("COMMIT")
        bank.execute("CREATE INDEX by_money ON account (money)")
    return path

# %%
def by_cp(source, target):
    shutil.copyfile(source, target)


def by_backup(source, target):  # in a shell: sqlite3 bank.sqlite3 ".backup copy.sqlite3"
    with closing(sqlite3.connect(source, timeout=60)) as bank, closing(sqlite3.connect(target)) as copy:
        bank.backup(copy, sleep=0.001)


# %% tags=["hidden-source"]
def state(path):
    with closing(sqlite3.connect(path)) as copy:
        try:
            if copy.execute("PRAGMA integrity_check(1)").fetchone()[0] != "ok":
                return "not sound"
            money = copy.execute("SELECT sum(money) FROM account").fetchone()[0]
        except sqlite3.DatabaseError:
            return "not sound"
    return "whole" if money == 400_000 else "sum is wrong"


# %%
rows = []
for way, copy in {"cp": by_cp, ".backup": by_backup}.items():
    source = new_bank()
    with moving(source):
        for number in range(20):
            target = source.with_name(f"copy-{number}")
            copy(source, target)
            time.sleep(0.003)
    rows += [[way, state(source.with_name(f"copy-{number}"))] for number in range(20)]
    rows.append([way + ", the bank itself", state(source)])
copies = pd.DataFrame(rows, columns=["way", "state"])

# %% tags=["nbval-ignore-output", "hidden-source"]
states = copies.groupby(["way", "state"]).size().unstack(fill_value=0)
states = states.reindex(columns=["whole", "sum is wrong", "not sound"], fill_value=0)
lesson.compare(guess_whole, states.whole.loc["cp"] if "cp" in states.index else 0)
states

# %%
claim("Of 20 copies by cp under this load at least two are not whole; the bank itself is.",
      [states.loc["cp", ["sum is wrong", "not sound"]].sum() >= 2, states.whole["cp, the bank itself"]],
      equals=[True, 1])
claim("Of 20 copies by .backup all are.", states.whole[".backup"], equals=20)

# %% [markdown]
# With WAL, which lesson 14 advised, SQLite is *two* files while it is in use: what was committed last lies in the second, `-wal`. Somebody
# commits 500 orders; then the file is copied, with nobody writing.

# %%
source, in_copy = new_bank("WAL"), {}
with closing(sqlite3.connect(source)) as shop:
    ordered = [(10_000 + number, 0, "order") for number in range(500)]
    shop.executemany("INSERT INTO account VALUES (?, ?, ?)", ordered)
    shop.commit()
    for way, copy in {"cp": by_cp, ".backup": by_backup}.items():
        copy(source, source.with_name(way))
        with closing(sqlite3.connect(source.with_name(way))) as target:
            asked = "SELECT count(*) FROM account WHERE note = 'order'"
            in_copy[way] = target.execute(asked).fetchone()[0], state(source.with_name(way))
in_copy

# %% tags=["hidden-source"]
claim("With WAL, a quiet cp of the file has none of the 500 orders, and looks whole; .backup has them.",
      in_copy, equals={"cp": (0, "whole"), ".backup": (500, "whole")})

# %% [markdown]
# PostgreSQL's own dump is a program that asks for all rows, in one transaction: a single moment, whoever writes. It comes as text or
# compressed (`-Fc`). Django has `dumpdata`. Production also holds what no model knows: a table made by hand, an index on it, and 20 names
# of uploaded files. You take each form, and bring it back into an empty database.

# %% tags=["hidden-source"]
media = folder / "media"
media.mkdir(exist_ok=True)
for number in range(20):
    (media / f"slides-{number}.txt").write_text(f"slides of talk {number}\n" * 200)
with pg.connection() as connection:
    connection.execute("DROP TABLE IF EXISTS slides, backup_beat, orders")
    connection.execute("CREATE TABLE slides AS SELECT 'slides-' || n || '.txt' AS path "
                       "FROM generate_series(0, 19) AS n")
    connection.execute("CREATE INDEX by_path ON slides (path)")

# %% tags=["hidden-source"]
numbers = itertools.count(1)


def new_folder():
    return Path(tempfile.mkdtemp(dir=folder))


def empty_database(server, alias):
    """A new database in `server`, usable as `alias`."""
    name = f"restored_{next(numbers)}"
    with server.connection("postgres") as connection:
        connection.execute(f"CREATE DATABASE {name}")
    databases.register(alias, server.settings(name))
    return name


def load_json(name):
    call_command("migrate", database="restored", verbosity=0)
    call_command("loaddata", dumps / "site.json", database="restored", verbosity=0)

# %% tags=["hidden-source"]
TABLES = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind "
DUMP = {
    "pg_dump, text": lambda: pg.run("pg_dump", "-f", dumps / "site.sql"),
    "pg_dump -Fc": lambda: pg.run("pg_dump", "-Fc", "-f", dumps / "site.dump"),
    "dumpdata": lambda: call_command("dumpdata", database="production", output=dumps / "site.json"),
}
BACK = {
    "pg_dump, text": lambda name: pg.run("psql", "-q", "-d", name, "-f", dumps / "site.sql"),
    "pg_dump -Fc": lambda name: pg.run("pg_restore", "-d", name, dumps / "site.dump"),
    "dumpdata": load_json,
}
FILES = dict(zip(DUMP, ["site.sql", "site.dump", "site.json"], strict=True))

# %% tags=["hidden-source"]
def seconds(work, *arguments):
    began = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - began


rows = []
for form in DUMP:
    name = empty_database(pg, "restored")
    dump_s, restore_s = seconds(DUMP[form]), seconds(BACK[form], name)
    with pg.connection(name) as there:
        tables, indexes = (there.execute(TABLES + f"= '{kind}'").fetchone()[0] for kind in "ri")
        kept_ratings = there.execute("SELECT count(*) FROM conference_rating").fetchone()[0]
    size_kb = (dumps / FILES[form]).stat().st_size / 1000
    rows.append([form, size_kb, dump_s, restore_s, tables, indexes, kept_ratings])
form_rows = rows

# %% tags=["nbval-ignore-output", "hidden-source"]
columns = ["form", "size_kb", "dump_s", "restore_s", "tables", "indexes", "ratings"]
forms = pd.DataFrame(form_rows, columns=columns).set_index("form")
forms.round(2)

# %% tags=["hidden-source"]
panels = {"size_kb": "size (kB)", "dump_s": "time to make it (s)", "restore_s": "time to restore it (s)"}
figure = plots_backups.forms(forms, panels)
figure.suptitle("The compressed dump is the smallest; dumpdata is restored most slowly")
lesson.show(figure, alt="Size, time to make and time to restore of three forms: pg_dump as text, "
                        "pg_dump -Fc, which is the smallest, and dumpdata, restored most slowly.")

# %%
lost = forms.loc["pg_dump -Fc", ["tables", "indexes", "ratings"]] - forms.loc["dumpdata"]
claim("dumpdata has all ratings, and loses the table and the index that no model knows.",
      [lost["tables"], lost["indexes"], lost["ratings"]], equals=[1, 1, 0])
claim("pg_dump -Fc is less than two thirds as large as the text.",
      forms.size_kb["pg_dump -Fc"] / forms.size_kb["pg_dump, text"], below=2 / 3)

# %% [markdown]
# And the uploads? The database has their names. On a new machine with the dump alone, none of the files is there.

# %% tags=["hidden-source"]
new_machine, packed_media = new_folder(), shutil.make_archive(dumps / "media", "zip", media)
with pg.connection() as connection:
    names = [path for (path,) in connection.execute("SELECT path FROM slides")]
opened_files = {"the dump alone": sum((new_machine / name).exists() for name in names)}
shutil.unpack_archive(packed_media, new_machine)
opened_files["with media.zip"] = sum((new_machine / name).exists() for name in names)
opened_files

# %% tags=["hidden-source"]
claim("Of 20 uploads the restored site can open none with the dump alone, all with the archive of media.",
      list(opened_files.values()), equals=[0, 20])

# %%
because = "..."  # one sentence: what does .backup do that cp cannot?

# %% [markdown]
# **Why.** `cp` reads a file from its beginning to its end, and takes its time. What is written meanwhile is half in the copy: the index from
# before, the rows from after, and the journal that would mend it is in another file. `.backup` asks SQLite for the pages, under its locks,
# and begins again when somebody wrote. `pg_dump` reads in one transaction that sees a single moment.
#
# The text is the largest, and readable by anything; `-Fc` is compressed, and one table can be taken from it, as in section 1. `dumpdata`
# is made for fixtures: it knows models only, one row an `INSERT`, and needs the code of that day.
#
# **In your project:** a nightly `pg_dump -Fc`, an archive of `MEDIA_ROOT` after it, never `cp` of a database in use.
#
# ### Exercise: which form?
#
# Decide from a measured frame such as `forms.reset_index()`.


# %%
@exercise("backups-1-form")
def best_form(frame, restore_s, tables):
    """The name of the smallest form that is restored in at most `restore_s` and has all `tables`.

    `frame` has the columns form, size_kb, dump_s, restore_s, tables; None where no form will do.
    """
    ...


# %% [markdown]
# ## 3. Who may touch the backups?
#
# Most people *push*: production holds a key to the backup host, and sends. Then somebody breaks into production.
# Or *pull*: the backup host holds the key, and production lets it do one thing, by a **forced command** in its
# `authorized_keys`: `restrict,command="tar c -C site ." ssh-ed25519 AAAA…`. Whatever is asked for, tar is run. `restrict` switches off
# the rest: no terminal, no tunnels.

# %% tags=["hidden-source"]
FORCED = 'restrict,command="tar c -C {site} ." {key}'
NIGHTS = ("monday", "tuesday", "wednesday")


def ssh(server, key, command="", sent=b""):
    """What `ssh -i key host command` does; `sent` is typed at it."""
    words = ["ssh", *server.client_options(key), f"{server.login}@{server.host}", command]
    return subprocess.run(words, input=sent, capture_output=True, timeout=60)


# %%
def push(production, backup_host, site, vault):
    key = sshd.key(new_folder())  # it lies on production
    backup_host.allow(key.with_suffix(".pub").read_text())
    for night in NIGHTS:
        packed = subprocess.run(["tar", "c", "-C", site, "."], capture_output=True).stdout
        ssh(backup_host, key, f"cat > {vault}/{night}.tar", sent=packed)
    return key


def pull(production, backup_host, site, vault):
    key = sshd.key(new_folder())  # it lies on the backup host
    production.allow(FORCED.format(site=site, key=key.with_suffix(".pub").read_text()))
    for night in NIGHTS:
        (vault / f"{night}.tar").write_bytes(ssh(production, key).stdout)
    return key


# %% [markdown]
# Three nights of copies, then the break-in: whoever has production has its keys, and asks the backup host to delete. With pull there
# is no key for that host on production, so they try one of their own. How many of the three copies are left with push?

# %%
guess_left = ...  # for example: 3

# %%
# %%needs sshd
attacks = []
for scheme in (push, pull):
    site, vault = new_folder(), new_folder()
    shutil.copytree(media, site, dirs_exist_ok=True)
    with sshd.start() as production, sshd.start() as backup_host:
        pair = scheme(production, backup_host, site, vault)
        made = [len(tarfile.open(each).getmembers()) - 1 for each in vault.iterdir()]
        on_production = pair if scheme is push else sshd.key(new_folder())
        told = ssh(backup_host, on_production, f"rm {vault}/*.tar").stderr.decode()
        copies_left = len(list(vault.iterdir()))
        ssh(production, pair, f"rm -r {site}")  # now somebody has the backup host, and its keys
        attacks.append([scheme.__name__, made, copies_left, site.exists(), told.strip()[-30:]])

# %% tags=["hidden-source"]
# %%needs sshd
columns_3 = ["scheme", "files in each copy", "copies left", "site untouched", "ssh said"]
broken_in = pd.DataFrame(attacks, columns=columns_3).set_index("scheme")
lesson.compare(guess_left, broken_in["copies left"]["push"])
broken_in

# %%
# %%needs sshd
claim("Pushed or pulled, three nights make three copies of 20 files.",
      broken_in["files in each copy"].tolist(), equals=[[20] * 3] * 2)
claim("Who breaks into production deletes all three copies that it pushed, and none that was pulled.",
      broken_in["copies left"].tolist(), equals=[0, 3])
claim("And who has the key that pulls cannot delete on production: tar is run in place of rm.",
      broken_in["site untouched"]["pull"], equals=True)

# %% [markdown]
# An object store cannot pull. Then let production add, and nothing else. For a bucket of the S3 kind that is a policy such as this one:

# %%
POLICY = """{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:user/production"},
   "Action": ["s3:PutObject"], "Resource": "arn:aws:s3:::our-backups/*"},
  {"Effect": "Deny",  "Principal": {"AWS": "arn:aws:iam::123456789012:user/production"},
   "Action": ["s3:DeleteObject", "s3:DeleteObjectVersion", "s3:PutLifecycleConfiguration",
              "s3:PutBucketVersioning", "s3:PutBucketPolicy"],
   "Resource": ["arn:aws:s3:::our-backups", "arn:aws:s3:::our-backups/*"]}]}"""

# %% [markdown]
# We ran none here: this is text. Whoever may put may also put rubbish over an old name, so it needs *versioning*, switched on by
# somebody else: then what was there stays.

# %%
because = "..."  # one sentence: which key lies where, in the better of the two?

# %% [markdown]
# **Why.** A backup has to survive the loss of production, and in a break-in somebody looks for the copies. So nothing on
# production may reach them. With pull the backup host opens the connection, lets nobody in from production, and its own key is worth
# one thing there: a copy of the data. That is still a secret to guard: it reads all you have. And a broken-in production can *serve* rubbish from
# then on: so old copies stay (section 5), and new ones are tried (section 4).
#
# Here both hosts are one machine and one user: the experiment shows what the keys may do, not a wall between two machines.
#
# **In your project:** a machine that production has no key for; `restrict,command="…"` in production's `authorized_keys`.
#
# ### Exercise: a key for one thing
#
# Write the line that lets a key in for one command.


# %%
@exercise("backups-2-key")
def one_thing(public_key, command):
    """The line of authorized_keys that lets this key in, for this one command and nothing else.

    A double quote within the command is written \\" there; the line has no line break.
    """
    ...


# %% [markdown]
# ## 4. Would it have come back?
#
# A backup that was never restored is a hope. Production writes the moment into a table of one row just before each dump, and the dump is
# encrypted, so that whoever finds it reads nothing. Here are one whole dump and six that went wrong:

# %% tags=["hidden-source"]
def beat(days_ago=0):
    with pg.connection() as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS backup_beat (at timestamptz)")
        connection.execute("DELETE FROM backup_beat")
        connection.execute(f"INSERT INTO backup_beat SELECT now() - interval '{days_ago} days'")


def dump(*words):
    pg.run("pg_dump", "-Fc", *words, "-f", dumps / "nightly")
    return (dumps / "nightly").read_bytes()


def run_sql(sql):
    with pg.connection() as connection:
        connection.execute(sql)


# %%
key, lost_key = Fernet.generate_key(), Fernet.generate_key()
beat(days_ago=40)
nightly = {"old": dump()}
beat()
nightly["whole"] = dump()
run_sql("UPDATE django_migrations SET app = 'later' WHERE app = 'sessions'")
nightly["before a migration"] = dump()
run_sql("UPDATE django_migrations SET app = 'sessions' WHERE app = 'later'")
nightly["without rows"] = dump("--exclude-table-data=conference_*")
nightly["truncated"] = nightly["whole"][: len(nightly["whole"]) // 2]
nightly["later version"] = nightly["whole"][:6] + b"\x63" + nightly["whole"][7:]
encrypted = {name: Fernet(key).encrypt(content) for name, content in nightly.items()}
set_out = ["truncated", "later version", "key lost", "without rows", "before a migration", "old"]
encrypted["key lost"] = Fernet(lost_key).encrypt(nightly["whole"])

# %% [markdown]
# One is half a file, as a full disk leaves it; one has another version number in its head, as from a newer `pg_dump`.
# `pg_restore` ends with an error where something is wrong. Does it? How many of the six bad ones does it restore without a word?

# %%
guess_accepted = ...  # for example: 0

# %% [markdown]
# The drill restores each into a fresh server, in a database of its own, then asks what production's users would: are the rows there,
# does the code fit, is it recent, does a page come?

# %% tags=["hidden-source"]
CHECKSUM = "SELECT count(*), md5(string_agg(t::text, '|' ORDER BY id)) FROM {} AS t"
TABLES_4 = ("conference_talk", "conference_speaker", "conference_rating")
SAME = {"talks", "speakers", "ratings"}


def fingerprint(server, database="conference"):
    with server.connection(database) as connection:
        return [connection.execute(CHECKSUM.format(table)).fetchone() for table in TABLES_4]


def age_days(server, database):
    with server.connection(database) as connection:
        asked = "SELECT extract(epoch FROM now() - max(at)) / 86400 FROM backup_beat"
        return float(connection.execute(asked).fetchone()[0])

# %% tags=["hidden-source"]
class ToDrill:
    """A router: while it is set, Django reads from the database that was restored."""

    def db_for_read(self, model, **hints):
        return "drill"


# %% tags=["hidden-source"]
def page_comes():
    with override_settings(DATABASE_ROUTERS=[ToDrill()]):
        answer = Client(raise_request_exception=False).get("/talks/")
    return answer.status_code == 200 and "Keynote" in answer.text


def code_fits():
    try:
        call_command("migrate", database="drill", check_unapplied=True, verbosity=0)
    except SystemExit:  # what migrate --check does where one is missing
        return False
    return True


# %% tags=["hidden-source"]
def restored(server, name, content):
    path = postgres_backup.hand_over(dumps, server) / f"drill {name}"
    path.write_bytes(content)
    path.chmod(0o644)
    try:
        server.run("pg_restore", "-d", name, path)
    except ServerDied as error:
        return str(error).splitlines()[-1]
    return ""

# %% tags=["hidden-source"]
def checks(server, database, expected):
    yield "rows and checksums", lambda: fingerprint(server, database) == expected
    yield "migrate --check", code_fits
    yield "younger than two days", lambda: age_days(server, database) < 2
    yield "a page", page_comes


# %%
def drill(server, encrypted_dump, expected):
    """What each check says of a dump: True, False, or nothing where it was not reached."""
    try:
        content = Fernet(key).decrypt(encrypted_dump)
    except InvalidToken:
        return {"decrypt": False}
    database = empty_database(server, "drill")
    complaint = restored(server, database, content)
    if complaint:
        return {"decrypt": True, "pg_restore": False, "its words": complaint}
    told = {"decrypt": True, "pg_restore": True}
    return told | {name: check() for name, check in checks(server, database, expected)}


# %% tags=["hidden-source"]
expected = fingerprint(pg)  # in earnest: written down beside each dump
reports = {}
with postgres.start() as fresh_server:
    for name, content in encrypted.items():
        reports[name] = drill(fresh_server, content, expected)
    databases.remove("drill")
drills = pd.DataFrame(reports).T.drop(columns="its words").loc[["whole", *set_out]]
drills

# %% tags=["hidden-source"]
ax = plots_backups.checked(drills)
ax.set_title("pg_restore refuses two of the six; each bad one fails somewhere")
lesson.show(ax, alt="Seven dumps against six checks. The whole one passes all. A lost key fails at "
                    "decryption, the truncated one and the later version at pg_restore, the others "
                    "only at rows, migrate --check or age.")

# %%
bad = drills.drop("whole")
accepted = int((bad["pg_restore"] == True).sum())  # noqa: E712
lesson.compare(guess_accepted, accepted)
claim("pg_restore restores three of the six bad dumps without a word.", accepted, equals=3)
claim("The whole dump passes all six checks; each of the six bad ones fails at least one.",
      [(drills.loc["whole"] == True).sum(), (bad == False).any(axis=1).sum()],  # noqa: E712
      equals=[6, 6])
claim("A page comes from all three of them but the one without rows.",
      [bad["a page"]["old"], bad["a page"]["before a migration"], bad["a page"]["without rows"]],
      equals=[True, True, False])

# %%
because = "..."  # one sentence: what does pg_restore not know, and you do?

# %% [markdown]
# **Why.** `pg_restore` checks that a dump can be read. It cannot know how many rows there should be, which migrations your code has, or
# that today is not forty days ago. So write down beside each dump what is in it, and compare. A file's own time will not do: a copy gets
# a new one. The moment inside the dump travels with it.
#
# The key is part of the backup: it lies neither on production alone nor beside the dumps, and the drill takes it from where you would
# have to find it on the day. A drill whose result nobody reads is none: let it shout when it fails, *and* when it has not run.
#
# **In your project:** a scheduled job that restores last night's dump, runs these checks, and tells you.
#
# ### Exercise: read the report
#
# A drill hands you its findings. Which of them are reasons to shout?


# %%
@exercise("backups-3-drill")
def failures(report, expected_rows, now):
    """The names of the checks that failed, sorted: "rows", "migrations", "age", "page".

    `report` is a dict: "rows" (table → number), "unapplied" (a list of migrations), "made" (a
    datetime) and "status" (of a page). Older than 26 hours fails "age", and so does a moment in
    the future; a check whose finding is missing from the report has failed.
    """
    ...


# %% [markdown]
# ## 5. Which ones may go?
#
# A copy a day for three years is 1,096 copies. A usual rule is one line of shell: delete what is older than 30 days. Then the nightly
# job breaks, unnoticed, and the line goes on running. How many copies are left 40 days later?

# %%
guess_kept = ...  # for example: 30

# %%
def younger(dates, today, days=30):
    """As find … -mtime +30 -delete leaves them."""
    return {date for date in dates if (today - date).days <= days}


# %% [markdown]
# Progressive retention keeps less, and further back: the last days, then the first copy of each week, of each month, and of each year for ever. It counts
# copies, not days from now: the last 7 *that there are*.

# %%
def firsts(dates, period):
    """The first date in each period: `period` turns a date into its name."""
    first = {}
    for date in sorted(dates):
        first.setdefault(period(date), date)
    return list(first.values())


def progressive(dates, days=7, weeks=5, months=12):
    dates = sorted(set(dates))
    last = dates[-days:]
    weekly = firsts(dates, lambda date: date.isocalendar()[:2])[-weeks:]
    monthly = firsts(dates, lambda date: (date.year, date.month))[-months:]
    yearly = firsts(dates, lambda date: date.year)
    return {*last, *weekly, *monthly, *yearly}


# %%
day = datetime.timedelta(days=1)
start, end = datetime.date(2023, 1, 1), datetime.date(2026, 1, 1)
held = {"younger": set(), "progressive": set()}
history = []
for number in range((end - start).days + 40):
    today = start + number * day
    new = {today} if today < end else set()  # on the last 40 days the job is broken
    held["younger"] = younger(held["younger"] | new, today)
    held["progressive"] = progressive(held["progressive"] | new)
    history.append([today, len(held["younger"]), len(held["progressive"])])
    if today == end - day:
        kept = set(held["progressive"])
counts = pd.DataFrame(history, columns=["date", "younger", "progressive"]).set_index("date")
lesson.compare(guess_kept, counts.younger.iloc[-1])
counts.iloc[[0, 100, 1_095, 1_135]]

# %% tags=["hidden-source"]
figure = plots_backups.calendar(kept, start, end, days=7, weeks=5, months=12)
figure.suptitle(f"Of 1,096 copies {len(kept)} are kept, and they reach back three years")
lesson.show(figure, alt="A calendar of three years, a square a day. Kept are the last seven days, the "
                        "first copy of the last weeks, of the last twelve months, and of each year.")

# %%
last_days = [end - day * number for number in range(1, 8)]
claim("After three years progressive retention holds fewer than 30 copies, the oldest of the first day.",
      [len(kept) < 30, min(kept, default=None) == start], equals=[True, True])
claim("The last seven days are all there.", sum(each in kept for each in last_days), equals=7)
claim("With the job broken for 40 days, “older than 30 days” has deleted every copy; the other none.",
      [counts.younger.iloc[-1], counts.progressive.iloc[-1] == counts.progressive.loc[end - day]],
      equals=[0, True])

# %% [markdown]
# Is that so for every history? Try 300, drawn by chance, with gaps as in real life. For each: the newest stays; nothing appears that was
# not there; a second run deletes nothing more; and pruned every day it ends with the same copies as pruned once, at the end.

# %%
def properties(dates):
    once, daily = progressive(dates), set()
    for date in sorted(dates):
        daily = progressive(daily | {date})
    return {
        "the newest stays": max(dates) in once,
        "nothing new": once <= set(dates),
        "a second run changes nothing": progressive(once) == once,
        "every day or once: the same": daily == once,
        "asked for more, keeps no less": once <= progressive(dates, days=9, weeks=7, months=15),
    }


# %% tags=["hidden-source"]
draw, rows = np.random.default_rng(16), []
for _ in range(300):
    taken = draw.choice(1_000, size=draw.integers(1, 120), replace=False)
    rows.append(properties([start + day * int(number) for number in taken]))
held_for_all = pd.DataFrame(rows).sum()
held_for_all

# %%
claim("In 300 random histories the newest copy is never deleted, and pruning twice deletes no more.",
      held_for_all[["the newest stays", "nothing new", "a second run changes nothing"]].tolist(),
      equals=[300] * 3)
claim("Pruned every day or once, the same copies stay; asked for more, none less.",
      held_for_all.iloc[3:].tolist(), equals=[300, 300])

# %% [markdown]
# Deleting is the one step that no drill repairs. So it shows first what it would do, and does it only when told so:

# %%
def prune(vault, really=False):
    """Delete what the rule does not keep; without `really`, only say how many that are."""
    found = {datetime.date.fromisoformat(each.stem): each for each in vault.glob("*.dump")}
    goes = sorted(found.keys() - progressive(found))
    for date in goes if really else ():
        found[date].unlink()
    return len(goes)


# %% tags=["hidden-source"]
vault = new_folder()
for number in range(100):
    (vault / f"{start + number * day}.dump").touch()
steps = []
for really in (False, True, True):
    steps.append([really, prune(vault, really), len(list(vault.iterdir()))])
pruned = pd.DataFrame(steps, columns=["really", "to delete", "copies after it"])
pruned

# %%
claim("The dry run names as many as then go, and deletes none of the 100; a second real run finds none.",
      [pruned["copies after it"][0], pruned["to delete"][1] + pruned["copies after it"][1],
       pruned["to delete"][0] - pruned["to delete"][1], pruned["to delete"][2]],
      equals=[100, 100, 0, 0])

# %%
because = "..."  # one sentence: why does counting copies save what counting days deletes?

# %% [markdown]
# **Why.** "Older than 30 days" asks the calendar, and the calendar goes on when your backups do not. A rule that counts the copies there
# are has nothing to delete on a day without a new one. And mistakes are found late: a wrong migration after a week, a lost
# customer after months. A few dozen copies, close together near now and far apart further back, answer both.
#
# A rule must never want later what it has deleted. The first copy of a month stays the first, whatever comes. "The one of 30 days ago" is
# another each day: pruned daily, no copy gets that old.
#
# **In your project:** the rule above, or that of your backup program (restic's `--keep-daily`, `--keep-weekly`, …); dry run first.
#
# ### Exercise: only those that came back
#
# Use the drill of section 4: a copy that failed it is not worth keeping as "the first of the month".


# %%
@exercise("backups-4-retention")
def to_keep(dates, passed, days=7, weeks=5, months=12):
    """The set of dates to keep: the section's rule, applied to the copies that passed their drill.

    `dates` are all copies, `passed` those of them that passed. Copies newer than the newest that
    passed wait for their drill, and stay. Where none has passed, all stay.
    """
    ...


# %% [markdown]
# You may stop here.

# %% [markdown] tags=["collapsed"]
# ## Go deeper
#
# Each section stands alone: choose.

# %% [markdown]
# ### 6. How do you go back to any moment?
#
# PostgreSQL writes each change into its log, the *WAL*, first. A **base backup** is a copy of all its
# files; with the log since then it can be played on to any moment. Production copies each finished part of its log into
# an archive. Thirty orders come, somebody deletes them. How many has the base backup alone?

# %%
guess_base = ...  # for example: 30

# %%
def insert(count):
    for _ in range(count):
        run_sql("INSERT INTO orders DEFAULT VALUES")


def archived(seconds=60):
    """Finish the part of the log that is being written, and wait until it is in the archive."""
    with pg.connection() as connection:
        asked = "SELECT pg_walfile_name(pg_switch_wal())"
        part = archive / connection.execute(asked).fetchone()[0]
    deadline = time.monotonic() + seconds
    while not part.exists() and time.monotonic() < deadline:
        time.sleep(0.02)


# %%
run_sql("DROP TABLE IF EXISTS orders")
run_sql("CREATE TABLE orders (id serial PRIMARY KEY)")
nightly_orders = dump()
base = postgres_backup.base(pg, folder / f"base-{next(numbers)}")
with postgres_replica.start(pg, hour_s) as late_6:
    insert(30)
    with pg.connection() as connection:
        moment_6 = connection.execute("SELECT clock_timestamp()::text").fetchone()[0]
    time.sleep(0.05)
    run_sql("DELETE FROM orders")
    insert(10)
    archived()
    insert(5)  # these are in no finished part of the log
    late_6.run("pg_ctl", "stop", "-D", "data", "-m", "fast")
    late_copy = shutil.copytree(late_6.folder / "data", folder / f"late-{next(numbers)}")

# %%
def orders(server, database="conference"):
    with server.connection(database) as connection:
        return [row[0] for row in connection.execute("SELECT id FROM orders ORDER BY id")]


def back(folder, archive=None, until=None):
    began = time.perf_counter()
    with postgres_backup.restore(folder, archive, until, pg.password) as server:
        return orders(server), time.perf_counter() - began

# %% tags=["hidden-source"]
def from_dump():
    began = time.perf_counter()
    name = empty_database(pg, "restored")
    (dumps / "nightly").write_bytes(nightly_orders)
    pg.run("pg_restore", "-d", name, dumps / "nightly")
    return orders(pg, name), time.perf_counter() - began


# %%
got = {
    "nightly dump": from_dump(),
    "base backup alone": back(base),
    "base backup, log until the mistake": back(base, archive, moment_6),
    "base backup, all of the log": back(base, archive),
    "replica, an hour late, until the mistake": back(late_copy, archive, moment_6),
}
rows = []
for scheme, (found, took_s) in got.items():
    old, new = (sum(low <= each <= high for each in found) for low, high in ((1, 30), (31, 45)))
    rows.append([scheme, old, new, took_s])
schemes = pd.DataFrame(rows, columns=["scheme", "of the 30", "of the 15 after it", "restore_s"])
schemes = schemes.set_index("scheme")
lesson.compare(guess_base, schemes["of the 30"]["base backup alone"])

# %% tags=["nbval-ignore-output", "hidden-source"]
schemes.round(1)

# %% tags=["hidden-source"]
panels = {"of the 30": "of the 30 orders (number)", "restore_s": "until it answers (s)"}
figure = plots_backups.forms(schemes, panels)
figure.suptitle("Only the log, stopped in time, brings all thirty orders back")
lesson.show(figure, alt="Orders of thirty that are back, and seconds until the server answers, for five "
                        "schemes: all thirty with the log or the late replica, until the mistake; none "
                        "with the others.")

# %%
thirty, after_it = schemes["of the 30"], schemes["of the 15 after it"]
claim("The dump and the base backup alone have none of the thirty orders: they are from before.",
      thirty[["nightly dump", "base backup alone"]].tolist(), equals=[0, 0])
claim("With the log until just before the mistake, all thirty are back; the late replica has them too.",
      thirty.iloc[[2, 4]].tolist(), equals=[30, 30])
claim("All of the log brings the mistake back, and the ten orders after it; the last five are not archived.",
      [thirty.iloc[3], after_it.iloc[3]], equals=[0, 10])

# %%
because = "..."  # one sentence: why are five orders missing?

# %% [markdown]
# **Why.** The log holds changes, so it needs something to start from: the base backup. It repeats everything, the mistake too, unless you
# say where to stop. A part of the log goes to the archive when it is full, 16 MB, or when `archive_timeout` says so: what is in the part
# that is being written dies with production's disk, here five orders. A program that receives the log as it is written (`pg_receivewal`)
# narrows that to moments.
#
# **In your project:** `archive_mode`, `archive_timeout = 60`, a base backup a week; or pgBackRest, barman, WAL-G, which do this.

# %% [markdown]
# ### 7. How much may be lost, and how long may it take?
#
# Two numbers decide which scheme you need. **RPO**: how much of the last work may be lost. **RTO**: how long it may take until the site is
# back. From the table above, for the mistake: orders lost of 30, and seconds until they answered, with this little data.

# %%
chosen = {
    "nightly dump": "nightly dump",
    "replica, an hour late": "replica, an hour late, until the mistake",
    "base backup and log": "base backup, log until the mistake",
}
told = {
    name: {"lost, of 30": 30 - schemes["of the 30"][scheme], "back after (s)": schemes.restore_s[scheme]}
    for name, scheme in chosen.items()
}
objectives = pd.DataFrame.from_dict(told, orient="index").assign(
    **{"at worst you lose": ["a day", "nothing within the hour", "a part of the log"]}
)

# %% tags=["nbval-ignore-output", "hidden-source"]
objectives.round(1)

# %%
claim("The nightly dump loses all thirty orders of that day; the other two lose none of them.",
      objectives["lost, of 30"].tolist(), equals=[30, 0, 0])

# %%
because = "..."  # one sentence: what do you pay for losing less?

# %% [markdown]
# **Why.** The dump is a copy of one moment, so all that came after it is lost: how often you make it is the RPO. A log is written with every
# commit, so little is missing, and in return somebody has to keep it, and to play it. Time to be back grows with the data for a dump,
# row by row, and with the changes since the base backup for a log. The late replica has both numbers low, within its hour.
#
# **In your project:** write both numbers down first, let somebody who pays agree, and measure the second in the drill.

# %% [markdown]
# ### 8. When are two places different?
#
# All those copies lie on one disk, and belong in *several places*. Here are five, for thirty orders. Each has a room, an
# account that pays, a password that may delete it; what leaves the room is encrypted, with one key.

# %%
A, B = ("room A", "our provider"), ("room B", "another provider")
PLACES = {
    "replica": (*A, "production's password", "orders.db"),
    "dump on production": (*A, "production's password", "dump"),
    "pulled by a host": (*A, "the host's password", "dump"),
    "pushed to a store elsewhere": (*B, "production's password", "dump.encrypted"),
    "pulled from elsewhere": (*B, "the host's password", "dump.encrypted"),
}

# %%
ACCIDENTS = {
    "mistake": "DROP TABLE",
    "fire": "room A",
    "unpaid bill": "our provider",
    "break-in": "production's password",
    "break-in at host": "the host's password",
    "lost key": "key",
}

# %% [markdown]
# Each place is a real folder, `room/account/password/name`. An accident deletes every folder, or file, of its name; the mistake is SQL,
# which the replica repeats. Then you try to bring the orders back from each copy. How many of the five copies outlive every one of
# the six accidents?

# %%
guess_outlive = ...  # for example: 2

# %%
def build(world):
    """A key, and each of PLACES with its copy of thirty orders."""
    (world / "key").write_bytes(Fernet.generate_key())
    for name, (room, account, password, kind) in PLACES.items():
        place = world / room / account / password / name
        place.mkdir(parents=True)
        with closing(sqlite3.connect(":memory:" if "dump" in kind else place / kind)) as live:
            live.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY)")
            live.executemany("INSERT INTO orders VALUES (?)", [(number,) for number in range(30)])
            live.commit()
            dumped = "\n".join(live.iterdump()).encode()
        if kind == "dump.encrypted":
            dumped = Fernet((world / "key").read_bytes()).encrypt(dumped)
        if "dump" in kind:
            (place / kind).write_bytes(dumped)

# %%
def happen(world, accident):
    if ACCIDENTS[accident] == "DROP TABLE":
        for database in world.rglob("*.db"):
            with closing(sqlite3.connect(database)) as live:
                live.execute("DROP TABLE orders")
    for hit in list(world.rglob(ACCIDENTS[accident])):
        shutil.rmtree(hit) if hit.is_dir() else hit.unlink()

# %%
def orders_back(world, copy):
    *above, kind = PLACES[copy]
    found, live = world.joinpath(*above, copy, kind), kind == "orders.db"
    try:
        stored = found.read_bytes()
        if kind == "dump.encrypted":
            stored = Fernet((world / "key").read_bytes()).decrypt(stored)
    except FileNotFoundError:  # the copy, or the key
        return 0
    with closing(sqlite3.connect(found if live else ":memory:")) as restored, suppress(sqlite3.OperationalError):
        restored.executescript("" if live else stored.decode())
        return restored.execute("SELECT count(*) FROM orders").fetchone()[0]
    return 0  # no such table


# %%
def outlives(*accidents):
    """For each copy: are all thirty orders back after these accidents?"""
    world = new_folder()
    build(world)
    for accident in accidents:
        happen(world, accident)
    return {copy: orders_back(world, copy) == 30 for copy in PLACES}


one = pd.DataFrame({accident: outlives(accident) for accident in ACCIDENTS}).loc[list(PLACES)]
lesson.compare(guess_outlive, one.all(axis="columns").sum())

# %% tags=["hidden-source"]
ax = plots_backups.checked(one, xlabel="accident (dot: all orders are back · cross: none)", ylabel="copy")
ax.set_title("No copy outlives every accident")
lesson.show(ax, alt="Five copies against six accidents. Each is lost in at least two: the replica in four, the "
                    "dump on production, and the pulled one in the same room, in three, those elsewhere in two.")

# %% [markdown]
# Take two, so that after each accident one of them is left. There are ten pairs.

# %%
pairs = [pair for pair in itertools.combinations(PLACES, 2) if one.loc[list(pair)].any().all()]
two_at_once = pd.Series({two: any(outlives(*two).values()) for two in itertools.combinations(ACCIDENTS, 2)})
pd.DataFrame(pairs, columns=["one copy", "and another"])

# %%
claim("None of the five copies outlives each of the six accidents; three of ten pairs do.",
      [one.all(axis="columns").sum(), len(pairs)], equals=[0, 3])
claim("Each of these pairs has one copy in either room, with two passwords, and only one of them encrypted.",
      [len({PLACES[copy][part] for copy in pair}) for pair in pairs for part in (0, 1, 2)]
      + [sum("encrypted" in PLACES[copy][3] for copy in pair) for pair in pairs], equals=[2] * 9 + [1] * 3)
claim("Two accidents at once: of fifteen pairs of them, all five copies together outlive twelve.",
      two_at_once.sum(), equals=12)

# %% tags=["hidden-source"]
pd.DataFrame(two_at_once[~two_at_once].index.tolist(), columns=["after this", "and this nothing is left"])

# %% [markdown]
# The lost key stands there twice. And you do change it, as one should. How many of three old dumps can be read
# with the new key alone?

# %%
guess_readable = ...  # for example: 3

# %%
old_key, new_key = (Fernet(Fernet.generate_key()) for _ in range(2))
locked = [old_key.encrypt(nightly_orders) for _ in range(3)]


def readable(box, tokens):
    count = 0
    for token in tokens:
        with suppress(InvalidToken):
            count += box.decrypt(token) == nightly_orders
    return count


# %%
both = MultiFernet([new_key, old_key])  # the first encrypts, any of them decrypts
rotated = [both.rotate(token) for token in locked]
keys_hold = [readable(new_key, locked), readable(both, locked), readable(new_key, rotated)]
lesson.compare(guess_readable, keys_hold[0])
claim("The new key alone reads none of three old dumps, both read all; once rotated, the new one does.",
      keys_hold, equals=[0, 3, 3])

# %%
because = "..."  # one sentence: what must two copies not have in common?

# %% [markdown]
# **Why.** Two places are different when no single accident reaches both; miles are one part. The dump on production and the store
# elsewhere lie in two rooms, and one password deletes both. The store and the copy pulled from elsewhere share no password, and one lost
# key closes both. So write down what each copy hangs on, and look for what stands there twice. The old rule "three copies, two
# kinds of media, one elsewhere" (Peter Krogh) is a short form of it.
#
# A key lives as long as the oldest copy that it opens: on paper, in a safe, not beside the copies. Or each copy is written again with the
# new one.
#
# The accidents are ours; a real one may reach further. Two at once? Add a place to `PLACES` (a disk in a drawer, not encrypted), count
# again, and ask how old its copy will be.
#
# **In your project:** fetch the key in each drill from where it would be fetched after a fire.

# %% [markdown]
# ### 9. May developers have a copy?
#
# Then people's addresses lie on eleven laptops. Three ways to make a restored copy
# harmless: names replaced; addresses replaced by their hash (a number computed from the text); both made from the id. Somebody
# has the copy, and a list of addresses. Whom do they find in the hashed one, in per cent?

# %%
guess_found = ...  # for example: 0

# %%
WAYS = {
    "names replaced": "UPDATE conference_attendee SET name = 'somebody'",
    "addresses hashed": "UPDATE conference_attendee SET name = 'somebody', "
                        "email = md5(email) || '@example.invalid'",
    "made from the id": "UPDATE conference_attendee SET name = 'attendee ' || id, "
                        "email = 'attendee-' || id || '@example.invalid'",
}
with pg.connection() as connection:
    asked = "SELECT email, md5(email) FROM conference_attendee"
    known = connection.execute(asked).fetchall()

# %%
dump()
rows = []
for way, sql in WAYS.items():
    name = empty_database(pg, "restored")
    pg.run("pg_restore", "-d", name, dumps / "nightly")
    with pg.connection(name) as copy:
        copy.execute(sql)
        asked = "SELECT count(*), count(DISTINCT email) FROM conference_attendee"
        people, distinct = copy.execute(asked).fetchone()
    text = pg.run("pg_dump", "-d", name, "--data-only")
    found = sum(email in text or hashed in text for email, hashed in known)
    rows.append([way, 100 * found / len(known), people == distinct == len(known)])
harmless = pd.DataFrame(rows, columns=["way", "found_percent", "as many people"])
lesson.compare(guess_found, harmless.found_percent[1])
harmless

# %%
claim("With hashed addresses whoever has a list finds everybody, as with names replaced; by id nobody.",
      harmless.found_percent.tolist(), equals=[100, 100, 0])
claim("All three copies have as many people, each with an address of their own.",
      harmless["as many people"].sum(), equals=3)

# %%
because = "..."  # one sentence: why does a hash hide nothing here?

# %% [markdown]
# **Why.** A hash cannot be turned round, but it can be tried: hash every address you know, and compare. Addresses, phone numbers and card
# numbers are few enough to try them all. A value made from the id keeps what tests need, as many people, all different, and says nothing.
# It still finds ratings of one person together: that is *pseudonymous*, not anonymous, and what somebody rated may tell who it is. Free text is
# worse: notes, reviews, uploads hold names where no column says so. Empty what you do not need; make the copy on the production side, and
# hand out nothing else.
#
# **In your project:** one `sanitise.sql`, run on a restored copy, and a test that looks for real addresses in its dump.
#
# #### Exercise: a second domain
# A library wants to give its developers readers and loans.


# %%
@exercise("backups-5-library")
def sanitised(readers, loans):
    """(readers, loans) for developers: new dicts, as many, in the same order and with the same keys.

    A reader's name, email and card become "reader-<id>", "reader-<id>@example.invalid" and
    "card-<id>"; the note of a loan becomes "". All else stays, so that loans still find readers.
    """
    ...


# %% [markdown]
# ## There is a method for that
#
# | what people write | what exists |
# |---|---|
# | `cp db.sqlite3 backup/` | [`.backup`](https://sqlite.org/backup.html), [`Connection.backup`](https://docs.python.org/3/library/sqlite3.html#sqlite3.Connection.backup) |
# | `dumpdata` as the nightly backup | [`pg_dump -Fc`](https://www.postgresql.org/docs/current/app-pgdump.html) and [`pg_restore`](https://www.postgresql.org/docs/current/app-pgrestore.html) |
# | a script that copies the data folder | [base backup and WAL archive](https://www.postgresql.org/docs/current/continuous-archiving.html) |
# | a password for the backup user | [a forced command in `authorized_keys`](https://man.openbsd.org/sshd.8#AUTHORIZED_KEYS_FILE_FORMAT) |
# | `find -mtime +30 -delete` | [restic's `forget --keep-…`, with `--dry-run`](https://restic.readthedocs.io/en/stable/060_forget.html) |
# | "it has always restored" | [`migrate --check`](https://docs.djangoproject.com/en/5.2/ref/django-admin/#cmdoption-migrate-check), in a drill |
#
# New and hard usually means done wrong: before you write a backup program, read what restic or pgBackRest already do.
#
# ## The Django way, and when to fight it
#
# - Django leaves backups to the database: its own tools know rows, not models.
# - `dumpdata` and `loaddata` are for fixtures; use them for a handful of rows that you want to read.
# - Fight it where files belong to rows: `MEDIA_ROOT` is backed up beside the dump, after it.

# %% [markdown]
# ## Five questions

# %% tags=["hidden-source"]
lesson.quiz(
    "Why is a streaming replica not a backup?",
    right={"It repeats a mistake as fast as everything else.": "In section 1 the table was gone there within moments."},
    wrong={
        "It is often behind.": "It is nearly always up to date, and that is the trouble.",
        "It lies on another machine.": "That is its use.",
    },
)

# %% tags=["hidden-source"]
lesson.quiz(
    "A copy of a SQLite file, made by cp, passes integrity_check. Is it whole?",
    right={"Perhaps not: what lies in -wal may be missing.": "In section 2 all 500 orders were, and the copy looked whole."},
    wrong={
        "Yes, that is what integrity_check is for.": "It checks that the pages fit together, not that the last ones are there.",
        "No, cp always damages it.": "Of a file that nobody uses it makes a perfect copy.",
    },
)

# %% tags=["hidden-source"]
lesson.quiz(
    "Who should hold the key that connects production and the backup host?",
    right={"The backup host, and production lets it run one command.": "Then a break-in on production finds no way to the copies."},
    wrong={
        "Production, with a passphrase.": "A nightly job has to know the passphrase too.",
        "Both, for symmetry.": "Then either one lost is both lost.",
    },
)

# %% tags=["hidden-source"]
lesson.quiz(
    "pg_restore ended without an error. What do you know?",
    right={"That the dump can be read.": "Rows, migrations and age are for you to check: three bad ones passed in section 4."},
    wrong={
        "That all rows are there.": "It restored a dump without rows and said nothing.",
        "That it is last night's.": "It restored one that was forty days old.",
    },
)

# %% tags=["hidden-source"]
lesson.quiz(
    "The nightly job has been broken for two months. Which rule has left you copies?",
    right={"Keep the last 7, and the first of each week, month and year, of those there are.": "Without a new copy it deletes nothing."},
    wrong={
        "Delete what is older than 30 days.": "After 31 days the last one goes.",
        "Both.": "One of them asks the calendar, and that goes on.",
    },
)

# %% [markdown]
# ## What you now know
#
# - A replica and a mirror are copies of now; a backup is a copy of then.
# - `cp` of a database in use is torn, or lacks the last commits; `.backup` and `pg_dump` are one moment.
# - A dump has no uploads; `dumpdata` has only what models know.
# - Pull: production holds no key to the copies; a forced command makes the key good for one thing.
# - Only a drill tells whether it would have come back: rows, migrations, age, a page.
# - Progressive retention counts copies, not days; dry run first.
# - The log goes back to any moment; RPO and RTO say which scheme you need.
# - Two places are different when no room, bill, password or key belongs to both.
#
# Next: lesson 17, Python all the way: the servers, the deploy and the mail, in one language.
