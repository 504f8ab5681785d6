"""No orphan of a real kernel: a server survives an interrupt, and ends with a restart, a shutdown, TERM and kill -9."""

import os
import signal
import time
from pathlib import Path

import psutil
import pytest
from jupyter_client.manager import start_new_kernel

START = (
    "from helpers.services import memcached\nserver = memcached.start(memory_mb=2)\nprint(server.pid, server.folder)"
)


def run(client, code):
    printed = []
    client.execute_interactive(
        code, timeout=60, output_hook=lambda message: printed.append(message["content"].get("text", ""))
    )
    return "".join(printed)


@pytest.fixture(params=[pytest.param("system", marks=pytest.mark.system_server("memcached")), "embedded"])
def kernel(request, monkeypatch):
    monkeypatch.setenv("TROUBLESPOTS_SERVERS", request.param)
    manager, client = start_new_kernel()
    pid, folder = run(client, START).split()
    assert psutil.pid_exists(int(pid))
    yield manager, client, int(pid), Path(folder)
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def assert_gone(pid, folder):
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline and (psutil.pid_exists(pid) or folder.exists()):
        time.sleep(0.05)
    assert not psutil.pid_exists(pid)
    assert not folder.exists()


def test_an_interrupted_cell_leaves_it_alone(kernel):
    manager, client, pid, folder = kernel
    client.execute("import time; time.sleep(60)")
    time.sleep(1)
    manager.interrupt_kernel()
    assert client.get_shell_msg(timeout=10)["content"]["ename"] == "KeyboardInterrupt"
    time.sleep(0.5)  # for a moment a kernel drops what was queued behind an interrupted cell
    answer = run(client, "from pymemcache.client.base import Client\nprint(Client(server.address).set('a', b'1'))")
    assert "True" in answer
    assert psutil.pid_exists(pid)


@pytest.mark.parametrize("now", [False, True])
def test_a_restart_ends_it(kernel, now):
    manager, _, pid, folder = kernel
    manager.restart_kernel(now=now)
    assert_gone(pid, folder)


def test_a_shutdown_ends_it(kernel):
    manager, _, pid, folder = kernel
    manager.shutdown_kernel()
    assert_gone(pid, folder)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_killed_kernel_ends_it(kernel, how):
    manager, _, pid, folder = kernel
    os.kill(manager.provisioner.pid, how)
    assert_gone(pid, folder)
