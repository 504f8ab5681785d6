"""Valkey and Redis as a service: both flavours start, hold what they may, crash, and leave nothing behind."""

import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import redis

from helpers.services import on_port, valkey
from helpers.services.process import MissingServer, ServerDied


@pytest.fixture(params=[pytest.param("system", marks=pytest.mark.system_server("Valkey or Redis")), "embedded"])
def flavour(request, monkeypatch):
    monkeypatch.setenv("TROUBLESPOTS_SERVERS", request.param)
    return request.param


@pytest.fixture
def connect():
    """Clients that are closed at the end of the test."""
    clients = []
    yield lambda server: clients.append(redis.from_url(server.url)) or clients[-1]
    for client in clients:
        client.close()


def gone(pid, folder, within_seconds=15):
    deadline = time.monotonic() + within_seconds
    while time.monotonic() < deadline and (psutil.pid_exists(pid) or folder.exists()):
        time.sleep(0.05)
    return not psutil.pid_exists(pid) and not folder.exists()


def test_it_answers_writes_nothing_to_disk_and_leaves_nothing(flavour, connect):
    with valkey.start(memory_mb=3) as server:
        pid, folder, client = server.pid, server.folder, connect(server)
        client.set("talk:1", "ORM")
        assert client.get("talk:1") == b"ORM"
        assert server.url == f"redis://127.0.0.1:{server.port}/0"
        assert server.flavour == flavour
        assert int(server.version.split(".")[0]) >= 6
        assert repr(server) == f"<{server.name} {server.version} ({flavour}), 3 MB, noeviction>"
        assert server.name == client.info("server").get("server_name", "redis").capitalize()
        expected = {"maxmemory": str(3 * 1024 * 1024), "save": "", "appendonly": "no", "dir": str(folder)}
        assert {name: client.config_get(name)[name] for name in expected} == expected
        listening = {each.laddr for each in psutil.Process(pid).net_connections() if each.status == "LISTEN"}
        assert listening == {("127.0.0.1", server.port)}
    assert gone(pid, folder)
    server.stop()


def fill(client):
    for number in range(30):
        client.set(f"talk:{number}", "x" * 100_000)


def test_full_it_refuses_or_evicts_as_the_policy_says(flavour, connect):
    with valkey.start(memory_mb=3) as server, pytest.raises(redis.exceptions.OutOfMemoryError):
        fill(connect(server))
    with valkey.start(memory_mb=3, policy="allkeys-lru", options=["--maxmemory-samples", "9"]) as server:
        client = connect(server)
        fill(client)
        assert client.get("talk:29")
        assert client.info("stats")["evicted_keys"] > 0
        assert client.config_get("maxmemory-samples") == {"maxmemory-samples": "9"}


def test_the_smallest_that_is_accepted_holds_something(flavour, connect):
    with valkey.start(memory_mb=2) as server:
        connect(server).set("talk:1", "x" * 100_000)


def test_after_a_crash_it_refuses_and_a_restart_is_empty_on_the_same_port(flavour, connect):
    with valkey.start() as server:
        port = server.port
        connect(server).set("talk:1", "ORM")
        server.kill()
        with pytest.raises(redis.exceptions.ConnectionError):
            connect(server).ping()
        server.restart()
        assert server.port == port
        assert connect(server).get("talk:1") is None


def test_two_at_once_share_nothing(flavour, connect):
    with valkey.start() as first, valkey.start() as second:
        connect(first).set("talk:1", "ORM")
        assert connect(second).get("talk:1") is None
        first.stop()
        assert connect(second).ping()


def test_an_option_that_it_does_not_know_is_in_the_log(flavour):
    with pytest.raises(ServerDied, match="no-such-option"):
        valkey.start(options=["--no-such-option", "1"])


def test_a_port_that_somebody_took_first_is_left_to_them(flavour, connect, monkeypatch):
    free = on_port.bound_port
    with valkey.start() as other:
        ports = iter([other.port, free()])
        monkeypatch.setattr(on_port, "bound_port", lambda: next(ports))
        with valkey.start() as server:
            assert server.port != other.port
            assert connect(server).info("server")["process_id"] == server.pid
        monkeypatch.setattr(on_port, "bound_port", lambda: other.port)
        with pytest.raises(ServerDied, match="in use"):
            valkey.start()


def test_on_a_restart_it_keeps_its_port_or_says_that_it_cannot(flavour):
    server = valkey.start()
    server.stop()
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind((server.host, server.port))
        other.listen()
        with pytest.raises(ServerDied, match="in use"):
            server.restart()


@pytest.mark.parametrize("memory_mb", [1, 0, -1, 2.5, True, "64"])
def test_an_amount_of_memory_that_it_cannot_have_gets_a_sentence(memory_mb):
    with pytest.raises(ValueError, match="whole megabytes"):
        valkey.start(memory_mb=memory_mb)


@pytest.mark.parametrize("policy", ["lru", None, ""])
def test_an_unknown_policy_gets_a_sentence_with_those_there_are(policy):
    with pytest.raises(ValueError, match="none of its eviction policies.*allkeys-lfu"):
        valkey.start(policy=policy)


def test_every_policy_is_one_that_it_takes(flavour, connect):
    with valkey.start() as server:
        for policy in valkey.POLICIES:
            assert connect(server).config_set("maxmemory-policy", policy)


def test_options_in_one_text_get_a_sentence():
    with pytest.raises(ValueError, match="give a list"):
        valkey.start(options="--maxmemory-samples 9")


def test_where_the_system_has_none_the_one_of_the_lock_is_started(monkeypatch, connect):
    monkeypatch.delenv("TROUBLESPOTS_SERVERS", raising=False)
    monkeypatch.setattr(valkey, "_system_binary", lambda: None)
    with valkey.start() as server:
        assert (server.flavour, server.name) == ("embedded", "Valkey")
    monkeypatch.setenv("TROUBLESPOTS_SERVERS", "system")
    assert not valkey.available()
    with pytest.raises(MissingServer, match="apt install redis-server"):
        valkey.start()


@pytest.mark.system_server("Valkey or Redis")
def test_the_systems_own_comes_first(monkeypatch):
    monkeypatch.delenv("TROUBLESPOTS_SERVERS", raising=False)
    with valkey.start() as server:
        assert server.flavour == "system"


def test_an_unknown_choice_of_servers_is_a_sentence(monkeypatch):
    monkeypatch.setenv("TROUBLESPOTS_SERVERS", "redis")
    with pytest.raises(ValueError, match="TROUBLESPOTS_SERVERS='redis'"):
        valkey.start()


def test_no_orphan_when_its_parent_is_killed(flavour):
    program = (
        "import time\nfrom helpers.services import valkey\nserver = valkey.start()\n"
        "print(server.pid, server.folder, flush=True)\ntime.sleep(600)"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    pid, folder = parent.stdout.readline().split()
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert gone(int(pid), Path(folder))
