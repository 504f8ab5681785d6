"""gunicorn as a service: several workers answer, a crash takes all of them, and none outlives who started it."""

import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import psutil
import pytest

from helpers.services import gunicorn
from helpers.services.process import ServerDied, alive

APPLICATION = """
import os, pathlib, time

def application(environ, start_response):
    with open("requests", "a") as asked:
        asked.write(environ["PATH_INFO"] + "\\n")
    if environ["PATH_INFO"] == "/slow":
        time.sleep(0.5)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{os.getpid()} {os.environ.get('COLOUR')} {environ['wsgi.multithread']}".encode()]

def factory():
    return application
"""
STARTS_ONE = """
import sys, time
from helpers.services import gunicorn
server = gunicorn.start("tiny:application", workers=2, folder=sys.argv[1])
print(server.pid, server.folder, *server.workers(), flush=True)
time.sleep(600)
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "tiny.py").write_text(APPLICATION)
    return tmp_path


def get(server, path="/"):
    with urllib.request.urlopen(server.url + path, timeout=20) as answer:
        return answer.read().decode()


def gone(pids, folder, within_seconds=15):
    deadline = time.monotonic() + within_seconds
    while time.monotonic() < deadline and (folder.exists() or any(map(alive, pids))):
        time.sleep(0.05)
    return not folder.exists() and not any(map(alive, pids))


def free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))
    return True


@pytest.mark.parametrize(("workers", "threads"), [(1, 1), (2, 1), (2, 3)])
def test_its_workers_answer_and_nothing_is_left(folder, workers, threads):
    with gunicorn.start("tiny:application", workers, threads, folder=folder) as server:
        pids, service, port = [server.pid, *server.workers()], server.folder, server.port
        assert server.url == f"http://127.0.0.1:{port}"
        assert len(server.workers()) == workers
        answering = set()
        for _ in range(500):
            pid, _, multithread = get(server).split()
            answering.add(int(pid))
            assert multithread == str(threads > 1)
            if len(answering) == workers:
                break
        assert answering == set(server.workers())
        assert ("gthread" in server.logs()) == (threads > 1)
        assert repr(server).startswith(f"<gunicorn {server.version}, {workers} worker")
        listening = [each.laddr for each in psutil.Process(server.pid).net_connections() if each.status == "LISTEN"]
        assert listening == [("127.0.0.1", port)]
    assert gone(pids, service)
    assert free(port)
    assert server.workers() == []
    server.stop()


def test_to_be_ready_costs_the_application_no_request(folder):
    with gunicorn.start("tiny:application", folder=folder) as server:
        assert not (folder / "requests").exists()
        get(server, "/first")
        assert (folder / "requests").read_text() == "/first\n"


def test_the_environment_a_factory_and_options_reach_it(folder, monkeypatch):
    monkeypatch.setenv("COLOUR", "red")
    with gunicorn.start("tiny:application", folder=folder) as server:
        assert get(server).split()[1] == "red"
    with gunicorn.start("tiny:factory()", folder=folder, environment={"COLOUR": "blue"}) as server:
        assert get(server).split()[1] == "blue"
    with gunicorn.start("tiny:application", folder=folder, options=["--access-logfile", "-"]) as server:
        get(server, "/logged")
        deadline = time.monotonic() + 15  # it is written after the answer
        while "/logged" not in server.logs() and time.monotonic() < deadline:
            time.sleep(0.01)
        assert "/logged" in server.logs()


def test_without_its_diary_it_is_found_all_the_same_and_it_writes_nothing_to_the_home(folder, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    environment = {"HOME": str(home)}
    options = ["--log-level", "error", "--timeout", 5]
    with gunicorn.start("tiny:application", folder=folder, environment=environment, options=options) as server:
        assert get(server)
        assert server.logs() == ""
    assert list(home.iterdir()) == []


@pytest.mark.parametrize("option", ["--bind", "-b", "-b127.0.0.1:8000", "--bind=127.0.0.1:8000", "--config", "-c"])
def test_an_option_cannot_move_it(option):
    with pytest.raises(ValueError, match=f"{option}.*leave it out"):
        gunicorn.start("tiny:application", options=[option, "127.0.0.1:8000"])


def test_a_request_under_way_is_finished_before_it_stops(folder):
    server, answers = gunicorn.start("tiny:application", folder=folder), []
    asking = threading.Thread(target=lambda: answers.append(get(server, "/slow")))
    asking.start()
    while not (folder / "requests").exists():
        time.sleep(0.01)
    server.stop()
    asking.join()
    assert len(answers) == 1 and answers[0].endswith("False")


def test_a_crash_takes_the_workers_too_and_a_restart_has_the_same_port(folder):
    with gunicorn.start("tiny:application", workers=2, folder=folder) as server:
        port, workers = server.port, server.workers()
        server.kill()
        with pytest.raises(urllib.error.URLError, match="refused"):
            get(server)
        server.restart()
        assert not any(map(alive, workers))
        assert server.port == port
        assert get(server)
        assert len(server.workers()) == 2


def test_two_at_once_share_nothing(folder):
    with gunicorn.start("tiny:application", folder=folder) as first:
        with gunicorn.start("tiny:application", folder=folder) as second:
            assert first.port != second.port
            assert [int(get(each).split()[0]) for each in (first, second)] == first.workers() + second.workers()
            first.stop()
            assert get(second)


@pytest.mark.parametrize(
    ("application", "options", "told"),
    [
        ("nowhere:application", [], r"ModuleNotFoundError: No module named 'nowhere'"),
        ("tiny:nothing", [], r"Failed to find attribute 'nothing' in 'tiny'"),
        ("tiny:application", ["--no-such-option"], "unrecognized arguments: --no-such-option"),
    ],
)
def test_what_cannot_be_served_is_told_in_a_few_lines(folder, application, options, told):
    with pytest.raises(ServerDied, match=f"(?s)Its log says.*{told}") as raised:
        gunicorn.start(application, workers=2, folder=folder, options=options)
    assert len(str(raised.value).splitlines()) <= 4
    assert "File" not in str(raised.value)


def test_a_port_that_was_taken_meanwhile_is_told(folder):
    server = gunicorn.start("tiny:application", folder=folder)
    server.stop()
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind((server.host, server.port))
        other.listen()
        with pytest.raises(ServerDied, match="(?s)in use"):
            server.restart()
    assert not server.folder.exists()


@pytest.mark.parametrize("number", [0, -1, 1.5, True, "2"])
@pytest.mark.parametrize("name", ["workers", "threads"])
def test_a_number_that_is_none_gets_a_sentence(name, number):
    with pytest.raises(ValueError, match=f"^{name}=.*whole number"):
        gunicorn.start("tiny:application", **{name: number})


def test_options_in_one_text_get_a_sentence():
    with pytest.raises(ValueError, match="give a list"):
        gunicorn.start("tiny:application", options="--timeout 5")


def test_no_worker_outlives_a_killed_parent(folder):
    parent = subprocess.Popen([sys.executable, "-c", STARTS_ONE, str(folder)], stdout=subprocess.PIPE, text=True)
    pid, service, *workers = parent.stdout.readline().split()
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert len(workers) == 2
    assert gone([int(pid), *map(int, workers)], Path(service))
