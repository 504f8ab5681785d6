"""Every server of the deployment lessons: ready, on loopback only, stopped, killed, restarted, and nothing left."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from server_kinds import ALL, IN_FRONT, LISTENING, WEB

from helpers.load import Page
from helpers.services import haproxy, installing, nginx, sshd, varnish
from helpers.services.on_port import http_status, listening
from helpers.services.process import MissingServer, Server, ServerDied, alive
from helpers.services.processes import family


def gone(pids, folder, within_seconds=15):
    deadline = time.monotonic() + within_seconds
    while time.monotonic() < deadline and (any(map(psutil.pid_exists, pids)) or folder.exists()):
        time.sleep(0.05)
    return not any(map(psutil.pid_exists, pids)) and not folder.exists()


def pids_of(server):
    return [process.pid for process in family(server.pid)]


@pytest.mark.parametrize("kind", ALL)
def test_it_listens_on_loopback_only_and_leaves_nothing(kinds, kind):
    with kinds.start(kind) as server:
        pids, folder = pids_of(server), server.folder
        assert server.answers()
        assert server.version and server.version[0].isdigit()
        assert str(server.port) not in repr(server).replace(server.version, "")
        assert set(listening(server.pid).values()) <= {"127.0.0.1"}
        assert (server.port in listening(server.pid)) is (kind != "celery")
        assert folder.stat().st_mode & 0o077 == 0
    assert gone(pids, folder)
    server.stop()


@pytest.mark.parametrize("kind", ALL)
def test_killed_it_is_dead_and_a_restart_brings_it_back_on_its_port(kinds, kind):
    with kinds.start(kind) as server:
        port, pids = server.port, pids_of(server)
        server.kill()
        assert not server.answers()
        if kind in LISTENING:  # none of its workers either
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection((server.host, port), timeout=2)
        server.restart()
        assert server.answers()
        assert server.port == port
        assert server.pid not in pids
        pids, folder = pids + pids_of(server), server.folder
    assert gone(pids, folder)


def test_a_dead_one_does_not_answer_even_where_another_has_its_port_by_now():
    class Fooled(Server):
        def ready(self):
            return True

    server = Fooled()
    assert not server.answers()
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    server.pid = ended.pid
    assert not server.answers()
    server.pid = os.getpid()
    assert server.answers()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows the first thread's end as the process's")
def test_a_process_lives_as_long_as_one_of_its_threads():
    """A killed server's first thread may be gone before the others, and until then its port is taken."""
    code = "import ctypes, threading; threading.Thread(target=input).start(); ctypes.CDLL(None).pthread_exit(None)"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 10
        while psutil.Process(process.pid).status() != psutil.STATUS_ZOMBIE and time.monotonic() < deadline:
            time.sleep(0.01)
        assert psutil.Process(process.pid).status() == psutil.STATUS_ZOMBIE
        assert alive(process.pid)
        process.kill()
        while alive(process.pid) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not alive(process.pid)


@pytest.mark.parametrize("kind", LISTENING)
def test_on_a_restart_it_does_not_take_somebody_elses_port(kinds, kind):
    server = kinds.start(kind)
    server.stop()
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind((server.host, server.port))
        other.listen()
        with pytest.raises(ServerDied) as told:
            server.restart() if kind != "replica" else server.start(8)
        assert len(str(told.value).splitlines()) <= 7
    assert server.pid is None and not server.folder.exists()


@pytest.mark.parametrize("kind", [*WEB, *IN_FRONT])
def test_another_one_that_answers_on_its_port_is_not_taken_for_it(kinds, kind):
    with kinds.start(kind) as other:
        server = kinds.start(kind)
        server.stop()
        server.port = other.port
        with pytest.raises(ServerDied):
            server.start(5)
        assert other.answers()


@pytest.mark.parametrize("kind", [*WEB, *IN_FRONT])
def test_two_at_once_have_two_ports_and_both_serve(kinds, kind):
    with kinds.start(kind) as one, kinds.start(kind) as two:
        assert one.port != two.port
        assert [Page(server.url + "/talks/{key}/")(7) for server in (one, two)] == ["200", "200"]


@pytest.mark.parametrize("kind", ALL)
def test_without_a_folder_to_write_it_says_so(kinds, kind, monkeypatch, tmp_path):
    server = kinds.start(kind)
    server.stop()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "not there"))
    with pytest.raises(OSError, match="free or mend it"):
        server.start()


@pytest.mark.parametrize(
    ("module", "name", "start"),
    [
        (nginx, "nginx", lambda: nginx.start("events {}")),
        (haproxy, "HAProxy", lambda: haproxy.start("global")),
        (varnish, "Varnish", lambda: varnish.start("vcl 4.1;")),
        (sshd, "sshd", sshd.start),
    ],
)
def test_where_it_is_missing_it_says_how_to_install_it(module, name, start, monkeypatch):
    monkeypatch.setattr(installing, "find", lambda name: None)
    assert not module.available()
    with pytest.raises(MissingServer) as told:
        start()
    assert str(told.value).startswith(f"{name} is not on this machine; install it (Debian: apt install ")


def test_varnish_needs_a_compiler_too(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name, **_: None)
    assert varnish.binary() is None


ORPHAN = """
import sys
sys.path.insert(0, {tests!r})
from pathlib import Path
from server_kinds import Kinds
kinds = Kinds(Path({folder!r}))
server = kinds.start({kind!r})
import psutil
print(*[each.pid for each in psutil.Process().children(recursive=True)], flush=True)
print(server.folder, flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("kind", ALL)
def test_it_ends_with_a_kernel_that_is_killed(kind, tmp_path):
    code = ORPHAN.format(tests=str(Path(__file__).parent), folder=str(tmp_path), kind=kind)
    kernel = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    pids, folder = [int(pid) for pid in kernel.stdout.readline().split()], Path(kernel.stdout.readline().strip())
    assert pids and folder.is_dir()
    os.kill(kernel.pid, signal.SIGKILL)
    kernel.wait()
    kernel.stdin.close()
    kernel.stdout.close()
    assert gone(pids, folder)


@pytest.mark.parametrize("kind", ALL)
def test_interrupted_while_it_starts_nothing_is_left(kinds, kind, monkeypatch):
    server = kinds.start(kind)
    server.stop()
    seen = []

    def interrupt(*_):
        seen.extend(pids_of(server))
        raise KeyboardInterrupt

    monkeypatch.setattr(type(server), "ready", interrupt)
    with pytest.raises(KeyboardInterrupt):
        server.start()
    assert seen and gone(seen, server.folder)


def test_a_status_is_read_or_there_is_none(kinds):
    server = kinds.shared("application")
    assert http_status(server.host, server.port) == 200
    with socket.create_server(("127.0.0.1", 0)) as silent:
        with pytest.raises(OSError):
            http_status("127.0.0.1", silent.getsockname()[1], seconds=0.1)
