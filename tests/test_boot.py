"""Django in a kernel: real interpreters that start, end and are killed; copies that leave no trace; full disks."""

import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from helpers import paths
from helpers.project import template, temporary

LIMIT_S = 120
ALIVE = """
import sys
from helpers.project.boot import boot
print(boot().database, flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """One learner's folder for the module, so that templates are made once; never the folder of a real learner."""
    return tmp_path_factory.mktemp("work")


@pytest.fixture
def python(work, tmp_path):
    """Run code in an interpreter of its own (with its own temporary folder); returns what it printed."""
    (tmp_path / "tmp").mkdir()

    def start(code, **environment):
        return subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(code)],
            env={
                **{key: value for key, value in os.environ.items() if not key.startswith(("DJANGO", "TROUBLESPOTS"))},
                "TROUBLESPOTS_WORK": str(work),
                "TMPDIR": str(tmp_path / "tmp"),
                **environment,
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(code, **environment):
        process = start(code, **environment)
        out, error = process.communicate(timeout=LIMIT_S)
        assert process.returncode == 0, error
        return out.strip()

    run.start = start
    run.tmp = tmp_path / "tmp"
    return run


def last_line_of_failure(process):
    out, error = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 1, (out, error)
    return error.strip().splitlines()[-1]


# The life of the database


def test_boot_fills_a_database_that_goes_with_the_process(python):
    out = python("""
        import stat
        from helpers.project.boot import boot
        booted = boot()
        from helpers.conference.models import Rating, Talk
        mode = stat.S_IMODE(booted.database.parent.stat().st_mode)
        print(booted, Talk.objects.count(), Rating.objects.count(), oct(mode))
        print(booted.database)
    """).splitlines()
    assert out[0] == "Booted(size='small') 40 2000 0o700"
    assert Path(out[1]).is_relative_to(python.tmp)
    assert list(python.tmp.iterdir()) == []


def test_booting_again_leaves_everything(python):
    out = python("""
        from helpers.project.boot import boot
        first = boot()
        from django.db import connection
        from helpers.conference.models import Rating
        Rating.objects.all().delete()
        living = connection.connection
        assert boot() is first and connection.connection is living
        print(Rating.objects.count())
    """)
    assert out == "0"


def test_another_size_replaces_the_database_in_its_place(python):
    out = python("""
        from helpers.project.boot import boot
        first = boot()
        from helpers.conference.models import Rating, Talk
        Rating.objects.all().delete()
        second = boot("medium")
        assert second.database == first.database and second.size == "medium"
        print(Talk.objects.count(), Rating.objects.count(), boot("small").size, Talk.objects.count())
    """)
    assert out == "400 30000 small 40"


def test_an_unknown_size_is_named(python):
    process = python.start("from helpers.project.boot import boot; boot('huge')")
    assert last_line_of_failure(process) == (
        "ValueError: There is no conference of size 'huge': it comes in small, medium, large; choose one of these."
    )


def test_what_a_killed_process_left_is_swept_by_the_next_start_and_nothing_else(python):
    killed, living = python.start(ALIVE), python.start(ALIVE)
    try:
        left, kept = (Path(process.stdout.readline().strip()) for process in (killed, living))
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        foreign = python.tmp / "troublespots-something-else"
        foreign.mkdir()
        assert left.exists() and kept.exists()
        python("from helpers.project.boot import boot; boot()")
        assert not left.parent.exists()
        assert kept.exists() and foreign.exists()
    finally:
        living.communicate("", timeout=LIMIT_S)
    assert list(python.tmp.iterdir()) == [foreign]


def test_a_folder_that_is_just_being_made_is_not_swept(monkeypatch, tmp_path):
    monkeypatch.setattr(temporary.tempfile, "gettempdir", lambda: str(tmp_path))
    young, old = (tmp_path / f"{temporary.PREFIX}{name}" for name in ("young", "old"))
    for folder in (young, old):
        folder.mkdir()
    two_hours_ago = temporary.time.time() - 2 * temporary.HOUR_S
    os.utime(old, (two_hours_ago, two_hours_ago))
    temporary.sweep()
    assert young.exists() and not old.exists()


def test_a_forked_child_leaves_its_parents_database_alone(python):
    out = python("""
        import os, sys
        from helpers.project.boot import boot
        from helpers.project import temporary
        booted = boot()
        child = os.fork()
        if not child:
            assert temporary.folder() != booted.database.parent
            sys.exit(0)   # runs the child's atexit functions, the inherited one among them
        assert os.waitpid(child, 0)[1] == 0
        print(booted.database.exists())
    """)
    assert out == "True"
    assert list(python.tmp.iterdir()) == []


def test_two_first_boots_at_once_share_one_template(python, tmp_path):
    code = """
        from helpers.project.boot import boot
        boot()
        from helpers.conference.models import Rating
        print(Rating.objects.count())
    """
    fresh_work = str(tmp_path / "fresh-work")
    both = [python.start(code, TROUBLESPOTS_WORK=fresh_work) for _ in range(2)]
    assert [process.communicate(timeout=LIMIT_S)[0].strip() for process in both] == ["2000", "2000"]
    names = sorted(file.name for file in (tmp_path / "fresh-work" / ".cache").iterdir())
    assert names == [f"conference-small-{template.digest()}.sqlite3", "conference.lock"]


def test_a_builder_that_was_killed_leaves_no_template(python, tmp_path):
    fresh_work = tmp_path / "fresh-work"
    building = python.start("from helpers.project.boot import boot; boot('medium')", TROUBLESPOTS_WORK=str(fresh_work))
    while not list(fresh_work.glob(".cache/*.partial")):
        assert building.poll() is None, building.stderr.read()
        time.sleep(0.01)
    building.kill()
    building.wait()
    assert list(fresh_work.glob(".cache/*.sqlite3")) == []
    count = "from helpers.conference.models import Rating; print(Rating.objects.count())"
    code = f"from helpers.project.boot import boot; boot('medium'); {count}"
    assert python(code, TROUBLESPOTS_WORK=str(fresh_work)) == "30000"


def test_the_digest_changes_with_the_data_and_the_migrations(monkeypatch, tmp_path):
    before = template.digest.__wrapped__()
    for part in ("data", "helpers"):
        shutil.copytree(paths.ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    monkeypatch.setattr(paths, "DATA", tmp_path / "data")
    assert template.digest.__wrapped__() == before
    seen = {before}
    for changed in (
        "data/conference-2011/talks.csv",
        "helpers/conference/migrations/0001_initial.py",
        "helpers/conference/generator.py",
    ):
        with open(tmp_path / changed, "a") as file:
            file.write("\n")
        seen.add(template.digest.__wrapped__())
    assert len(seen) == 4


# What a kernel needs


def test_the_orm_answers_while_an_event_loop_runs_and_only_because_boot_allows_it(python):
    out = python("""
        import asyncio, os
        from helpers.project.boot import boot
        boot()
        from django.core.exceptions import SynchronousOnlyOperation
        from helpers.conference.models import Talk

        async def cell():
            print(Talk.objects.count())
            del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
            try:
                Talk.objects.count()
            except SynchronousOnlyOperation:
                print("refused")

        asyncio.run(cell())
    """)
    assert out.split() == ["40", "refused"]


def test_a_kernel_keeps_its_connection_from_cell_to_cell_and_leaves_nothing(python, monkeypatch, work):
    from jupyter_client.manager import start_new_kernel

    monkeypatch.setenv("TROUBLESPOTS_WORK", str(work))
    monkeypatch.setenv("TMPDIR", str(python.tmp))
    manager, client = start_new_kernel(kernel_name="python3")
    texts = []

    def cell(code):
        reply = client.execute_interactive(
            code, timeout=60, output_hook=lambda message: texts.append(message["content"].get("text", ""))
        )
        assert reply["content"]["status"] == "ok", reply["content"]

    try:
        cell("from helpers.project.boot import boot, isolated_database; boot()")
        cell("from helpers.conference.models import *; from django.db import connection")
        cell("Talk.objects.exclude(kind='keynote').delete(); first = connection.connection")
        cell("with isolated_database(): print('isolated', Talk.objects.count())")
        cell("print('kept', Talk.objects.count(), connection.connection is first)")
        assert len(list(python.tmp.glob(f"{temporary.PREFIX}*"))) == 1
    finally:
        client.stop_channels()
        manager.shutdown_kernel()
    assert "".join(texts).split("\n")[:2] == ["isolated 40", "kept 3 True"]
    assert list(python.tmp.glob(f"{temporary.PREFIX}*")) == []


def test_child_servers_share_database_and_secret_but_not_the_kernels_licence(python):
    out = python("""
        import subprocess, sys
        from helpers.project.boot import boot, child_environment
        boot()
        from django.conf import settings
        from helpers.conference.models import Room
        Room.objects.create(name="Attic of the parent", slug="attic-of-the-parent", seats=3)
        environment = child_environment()
        print("DJANGO_ALLOW_ASYNC_UNSAFE" in environment)
        child = '''
        import django, os; django.setup()
        from django.conf import settings
        from helpers.conference.models import Room
        print(Room.objects.filter(name="Attic of the parent").count(), settings.SECRET_KEY, settings.DEBUG)
        '''
        child = "\\n".join(line.strip() for line in child.splitlines())
        told = subprocess.check_output([sys.executable, "-c", child], env=environment, text=True)
        print(told.strip() == f"1 {settings.SECRET_KEY} False", len(settings.SECRET_KEY) >= 50)
    """)
    assert out.split() == ["False", "True", "True"]


def test_each_process_makes_its_own_secret(python):
    code = "from helpers.project.boot import boot; boot(); from django.conf import settings; print(settings.SECRET_KEY)"
    assert python(code) != python(code)


def test_other_settings_are_refused_in_a_sentence(python):
    process = python.start("""
        from django.conf import settings
        settings.configure()
        from helpers.project.boot import boot
        boot()
    """)
    line = last_line_of_failure(process)
    assert line.startswith("RuntimeError: Django already runs in this kernel with other settings")
    assert "restart the kernel" in line


# fresh()


def test_fresh_brings_back_rows_and_schema_for_every_connection(python):
    out = python("""
        import sqlite3
        from helpers.project.boot import boot, fresh
        booted = boot()
        from django.db import connection
        from helpers.conference.models import Talk
        other = sqlite3.connect(booted.database)
        Talk.objects.all().delete()
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE conference_rating")
            cursor.execute("CREATE TABLE scratch_note (id integer)")
        print(other.execute("SELECT count(*) FROM conference_talk").fetchone()[0])
        fresh()
        print(other.execute("SELECT count(*) FROM conference_talk").fetchone()[0], Talk.objects.count())
        print(connection.introspection.table_names().count("conference_rating"),
              connection.introspection.table_names().count("scratch_note"))
    """)
    assert out.split() == ["0", "40", "40", "1", "0"]


def test_fresh_refuses_inside_a_transaction_and_while_somebody_holds_a_lock(python):
    out = python("""
        import sqlite3
        from helpers.project import template
        from helpers.project.boot import boot, fresh
        booted = boot()
        from django.db import transaction
        from helpers.conference.models import Talk
        try:
            with transaction.atomic():
                fresh()
        except RuntimeError as error:
            print(error)
        template.PATIENCE_S = 0.2
        other = sqlite3.connect(booted.database)
        other.execute("BEGIN IMMEDIATE")
        try:
            fresh()
        except TimeoutError as error:
            print(error)
        other.rollback()
        Talk.objects.all().delete()
        fresh()
        print(Talk.objects.count())
    """).splitlines()
    assert "inside a transaction" in out[0] and "leave the `atomic` block first" in out[0]
    assert "has held a lock on it for 0.2 seconds" in out[1]
    assert out[2] == "40"


# isolated_database()

DUMP = """
import hashlib, os, threading
from helpers.project.boot import boot, isolated_database
booted = boot()
from django.db import connection, connections, transaction
from django.contrib.contenttypes.models import ContentType
from helpers.conference.models import Attendee, Rating, Room, Talk

def state():
    connection.ensure_connection()
    dump = hashlib.sha256("\\n".join(connection.connection.iterdump()).encode()).hexdigest()
    return dump, connection.settings_dict["NAME"], os.environ["TROUBLESPOTS_DATABASE"], id(connection.connection)

Rating.objects.filter(stars=1).delete()   # the learner's own change
before = state()
"""
SPOIL = {
    "normally": """
        with isolated_database() as copy:
            assert Rating.objects.count() == 2000, "not an untouched copy"
            Talk.objects.all().delete()
            Room.objects.create(name="x", slug="x", seats=1)
            assert connection.settings_dict["NAME"] == str(copy)
    """,
    "after an exception": """
        try:
            with isolated_database() as copy:
                with transaction.atomic():
                    Talk.objects.all().delete()
                    raise KeyError("a mistake")
        except KeyError as error:
            assert str(error) == "'a mistake'"
        else:
            raise AssertionError("the error was swallowed")
    """,
    "after a system exit": """
        try:
            with isolated_database() as copy:
                Talk.objects.all().delete()
                raise SystemExit
        except SystemExit:
            pass
    """,
    "with a schema that was torn down": """
        with isolated_database() as copy, connection.cursor() as cursor:
            cursor.execute("DROP TABLE conference_rating")
    """,
    "with the connection closed inside": """
        with isolated_database() as copy:
            Talk.objects.all().delete()
            connections.close_all()
    """,
    "with threads": """
        seen = []
        def work():
            seen.append((Rating.objects.count(), connection.settings_dict["NAME"]))
            Attendee.objects.create(name="thread", email=f"{len(seen)}@mail.example")
            Rating.objects.all()[:1].get().delete()
            connection.close()
        with isolated_database() as copy:
            for _ in range(3):
                thread = threading.Thread(target=work)
                thread.start()
                thread.join()
            assert Rating.objects.count() == 1997
        assert seen == [(2000 - turn, str(copy)) for turn in range(3)], seen
    """,
    "one inside another": """
        with isolated_database() as copy:
            Talk.objects.filter(ratings=None).delete()
            left = Talk.objects.count()
            with isolated_database() as inner:
                assert Talk.objects.count() == 40 and inner != copy
                Talk.objects.all().delete()
            assert Talk.objects.count() == left > 0
    """,
    "in another size": """
        with isolated_database("medium") as copy:
            assert Talk.objects.count() == 400
            Talk.objects.all().delete()
    """,
}


@pytest.mark.parametrize("how", SPOIL)
def test_an_isolated_block_leaves_everything_as_it_was(python, how):
    code = (
        DUMP
        + textwrap.dedent(SPOIL[how])
        + textwrap.dedent("""
        assert state() == before, "something was changed"
        assert not list(copy.parent.glob(copy.name + "*")), "the copy was left"
        thread_sees = []
        def look():
            thread_sees.append(Rating.objects.count())
            connection.close()
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
        assert thread_sees == [Rating.objects.count()]
        print("untouched")
    """)
    )
    assert python(code) == "untouched"


def test_an_open_transaction_of_the_learner_survives_an_isolated_block(python):
    out = python(
        DUMP
        + textwrap.dedent("""
        try:
            with transaction.atomic():
                Room.objects.create(name="Not committed", slug="not-committed", seats=1)
                with transaction.atomic():
                    with isolated_database():
                        print(Room.objects.filter(slug="not-committed").count(), connection.in_atomic_block)
                        Talk.objects.all().delete()
                    print(Room.objects.filter(slug="not-committed").count(), connection.in_atomic_block)
                raise KeyError
        except KeyError:
            pass
        print(Room.objects.filter(slug="not-committed").count(), state() == before)
    """)
    )
    assert out.split() == ["0", "False", "1", "True", "0", "True"]


# Disks that are full, folders that may not be written

SENTENCE = re.compile(
    r"OSError: The (database of this notebook|template of the database) cannot be written to .+: .+\. "
    r"Free some room there, or name another folder in the environment variable (TMPDIR|TROUBLESPOTS_WORK), "
    r"and restart the kernel\."
)
ROOM_FOR_200_KB = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))"
BOOT = "from helpers.project.boot import boot; boot()"


def test_no_room_for_the_copy_is_one_sentence(python):
    python(BOOT)
    line = last_line_of_failure(python.start(f"{ROOM_FOR_200_KB}\n{BOOT}"))
    assert SENTENCE.fullmatch(line) and "TMPDIR" in line, line
    assert "File too large" in line
    assert list(python.tmp.iterdir()) == []


def test_no_room_for_the_template_is_one_sentence_and_leaves_no_half_of_one(python, tmp_path):
    fresh_work = tmp_path / "fresh-work"
    line = last_line_of_failure(python.start(f"{ROOM_FOR_200_KB}\n{BOOT}", TROUBLESPOTS_WORK=str(fresh_work)))
    assert SENTENCE.fullmatch(line) and "TROUBLESPOTS_WORK" in line, line
    assert [file.name for file in (fresh_work / ".cache").iterdir()] == ["conference.lock"]


def test_no_room_while_fresh_writes_is_one_sentence(python):
    code = f"""
        from helpers.project.boot import boot, fresh
        boot()
        from helpers.conference.models import Talk
        Talk.objects.all().delete()
        {ROOM_FOR_200_KB}
        fresh()
    """
    line = last_line_of_failure(python.start(code))
    assert SENTENCE.fullmatch(line) and "TMPDIR" in line, line


@pytest.mark.parametrize("variable", ["TMPDIR", "TROUBLESPOTS_WORK"])
def test_a_folder_that_cannot_be_written_is_one_sentence(python, tmp_path, variable):
    """An ordinary user is stopped by the folder's mode, root by a file where the folder should be."""
    blocked = tmp_path / "blocked"
    if os.geteuid() == 0:
        blocked.write_text("not a folder")
        folder = blocked / "folder" if variable == "TROUBLESPOTS_WORK" else blocked
    else:
        blocked.mkdir(mode=0o500)
        folder = blocked
    code = BOOT
    if variable == "TMPDIR":  # Python looks for another temporary folder by itself: name this one to it
        code = f"import tempfile; tempfile.tempdir = {str(folder)!r}; {BOOT}"
    line = last_line_of_failure(python.start(code, **{variable: str(folder)}))
    assert SENTENCE.fullmatch(line) and variable in line, line


def test_the_sentence_keeps_the_number_of_its_cause(monkeypatch, tmp_path, work):
    monkeypatch.setenv("TROUBLESPOTS_WORK", str(work))

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(template.shutil, "copyfile", full)
    with pytest.raises(OSError, match="No space left on device") as caught:
        template.copy("small", tmp_path / "copy.sqlite3")
    assert caught.value.errno == 28
    assert not str(caught.value).startswith("[Errno")


def test_the_template_is_one_whole_file(work, monkeypatch):
    monkeypatch.setenv("TROUBLESPOTS_WORK", str(work))
    path = template.ensure("small")
    database = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
    assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert database.execute("PRAGMA foreign_key_check").fetchall() == []
    assert database.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    database.close()
