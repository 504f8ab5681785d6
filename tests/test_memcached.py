"""memcached as a service, the system's and ours: it starts, answers, crashes, and never outlives who started it."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from pymemcache.client.base import Client
from pymemcache.exceptions import MemcacheServerError

from helpers.services import memcached
from helpers.services.process import MissingServer, Server, ServerDied

STARTS_ONE = """
import time
from helpers.services import memcached
server = memcached.start(memory_mb=2)
print(server.pid, server.folder, server._watchdog.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture(params=[pytest.param("system", marks=pytest.mark.system_server("memcached")), "embedded"])
def flavour(request, monkeypatch):
    """Both kinds of memcached, one after the other: what `start()` starts, here and in child processes."""
    monkeypatch.setenv("TROUBLESPOTS_SERVERS", request.param)
    return request.param


def gone(pid: int, folder: Path, within_seconds: float = 15) -> bool:
    deadline = time.monotonic() + within_seconds
    while time.monotonic() < deadline:
        if not psutil.pid_exists(pid) and not folder.exists():
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("unix_socket", [False, True])
def test_it_answers_then_stops_and_leaves_nothing(flavour, unix_socket):
    with memcached.start(memory_mb=2, unix_socket=unix_socket) as server:
        pid, folder = server.pid, server.folder
        client = Client(server.address)
        client.set("talk:1", b"ORM")
        assert client.get("talk:1") == b"ORM"
        assert server.flavour == flavour
        assert repr(server) == f"<memcached {server.version} ({flavour}), 2 MB>"
        assert server.version.endswith("troublespots") == (flavour == "embedded")
        assert client.stats()[b"limit_maxbytes"] == 2 * 1024 * 1024
        assert server.version[0].isdigit()
        assert oct(folder.stat().st_mode)[-3:] == "700"
        if unix_socket:
            assert oct(Path(server.socket).stat().st_mode)[-3:] == "600"
    assert gone(pid, folder)
    server.stop()


def test_one_megabyte_is_accepted_and_two_servers_share_nothing(flavour):
    with memcached.start(memory_mb=1) as first, memcached.start(memory_mb=2) as second:
        assert first.port != second.port
        Client(first.address).set("talk:1", b"ORM", noreply=False)
        assert Client(second.address).get("talk:1") is None
        with pytest.raises(MemcacheServerError, match="too large"):
            Client(first.address).set("large", b"x" * 600_000, noreply=False)


def test_after_a_crash_it_refuses_and_a_restart_is_empty_on_the_same_port(flavour):
    with memcached.start(memory_mb=2) as server:
        port = server.port
        Client(server.address).set("talk:1", b"ORM")
        server.kill()
        with pytest.raises(ConnectionRefusedError):
            Client(server.address).get("talk:1")
        server.restart()
        assert server.port == port
        assert Client(server.address).get("talk:1") is None


@pytest.mark.system_server("memcached")
def test_a_refused_option_shows_the_log_of_memcached():
    with pytest.raises(ServerDied, match="no_such_option"):
        memcached.start(options=["-o", "no_such_option"])


@pytest.mark.parametrize("memory_mb", [0, -1, 0.5, 2.5, float("nan"), True, "2", None])
def test_impossible_memory_gets_a_sentence(memory_mb):
    with pytest.raises(ValueError, match="whole megabytes"):
        memcached.start(memory_mb=memory_mb)


def test_options_in_one_text_get_a_sentence():
    with pytest.raises(ValueError, match="list of arguments"):
        memcached.start(options="-o no_lru_maintainer")


def test_a_missing_memcached_is_a_sentence_with_the_install_command(monkeypatch):
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setenv("TROUBLESPOTS_SERVERS", "system")
    assert not memcached.available()
    with pytest.raises(MissingServer, match="apt install memcached"):
        memcached.start()


@pytest.mark.parametrize("chosen", ["auto", "", None])
def test_without_the_systems_memcached_the_embedded_one_is_started(monkeypatch, chosen):
    monkeypatch.setenv("PATH", "/nonexistent")
    if chosen is None:
        monkeypatch.delenv("TROUBLESPOTS_SERVERS", raising=False)
    else:
        monkeypatch.setenv("TROUBLESPOTS_SERVERS", chosen)
    assert memcached.binary() is None
    with memcached.start(memory_mb=2) as server:
        assert server.flavour == "embedded"
        assert Client(server.address).version() == server.version.encode()


@pytest.mark.system_server("memcached")
def test_the_systems_memcached_comes_first(monkeypatch):
    monkeypatch.delenv("TROUBLESPOTS_SERVERS", raising=False)
    with memcached.start(memory_mb=2) as server:
        assert server.flavour == "system"


def test_options_are_for_the_systems_memcached(monkeypatch):
    monkeypatch.setenv("TROUBLESPOTS_SERVERS", "embedded")
    assert not memcached.available()
    with pytest.raises(ValueError, match="no_lru_maintainer.*embedded.* without options"):
        memcached.start(options=["-o", "no_lru_maintainer"])


@pytest.mark.parametrize("call", [memcached.start, memcached.available, memcached.binary])
def test_an_unknown_choice_of_servers_is_a_sentence(monkeypatch, call):
    monkeypatch.setenv("TROUBLESPOTS_SERVERS", "redis")
    with pytest.raises(ValueError, match="TROUBLESPOTS_SERVERS='redis'.*auto, system or embedded"):
        call()


def test_a_port_that_was_taken_meanwhile_is_in_the_log(monkeypatch):
    monkeypatch.setenv("TROUBLESPOTS_SERVERS", "embedded")
    with memcached.start(memory_mb=2) as server:
        server.kill()
        with socket.socket() as other:
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            other.bind((server.host, server.port))
            other.listen()
            with pytest.raises(ServerDied, match="cannot listen"):
                server.restart()


def test_a_program_that_cannot_start_is_a_sentence_and_leaves_no_folder():
    class Absent(Server):
        name = "absent"

        def command(self):
            return ["/nonexistent/program"]

    server = Absent()
    with pytest.raises(ServerDied, match="could not be started"):
        server.start()
    assert not server.folder.exists()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_no_orphan_when_the_process_that_started_it_is_killed(flavour, how):
    parent = subprocess.Popen([sys.executable, "-c", STARTS_ONE], stdout=subprocess.PIPE, text=True)
    pid, folder, watchdog = parent.stdout.readline().split()
    assert psutil.pid_exists(int(pid))
    parent.send_signal(how)
    parent.wait()
    parent.stdout.close()
    assert gone(int(pid), Path(folder))
    assert gone(int(watchdog), Path(folder))


def test_an_interrupt_of_the_whole_process_group_leaves_the_server_alone(flavour):
    program = STARTS_ONE.replace("import time", "import signal, time; signal.signal(signal.SIGINT, lambda *_: None)", 1)
    parent = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    pid, folder, _ = parent.stdout.readline().split()
    os.killpg(parent.pid, signal.SIGINT)
    time.sleep(0.5)
    alive = psutil.pid_exists(int(pid))
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert alive
    assert gone(int(pid), Path(folder))


def test_no_child_of_a_dead_master_is_left(tmp_path):
    class Stubborn(Server):
        """A stand-in for gunicorn: its child ignores TERM."""

        name = "stubborn"

        def command(self):
            child = (
                "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
                "print('up', flush=True); time.sleep(600)"
            )
            master = (
                "import pathlib, subprocess, sys, time\n"
                f"child = subprocess.Popen([sys.executable, '-c', {child!r}], stdout=subprocess.PIPE)\n"
                "child.stdout.readline()\n"
                "pathlib.Path('child').write_text(str(child.pid))\n"
                "time.sleep(600)\n"
            )
            return [sys.executable, "-c", master]

        def ready(self):
            return (self.folder / "child").exists() and (self.folder / "child").read_text() != ""

    server = Stubborn().start()
    child, folder = int((server.folder / "child").read_text()), server.folder
    server.stop()
    assert gone(child, folder)
