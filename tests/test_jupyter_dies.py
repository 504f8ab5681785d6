"""A real Jupyter server killed outright: its kernel, and the memcached that the kernel started, go with it."""

import json
import os
import secrets
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import psutil
import pytest
import websocket

pytestmark = pytest.mark.system_server("memcached")

START = (
    "from helpers.services import memcached\nserver = memcached.start(memory_mb=2)\nprint(server.pid, server.folder)"
)


@pytest.fixture
def jupyter(tmp_path):
    """A Jupyter server of its own: (process, address, token)."""
    token, runtime = secrets.token_hex(16), tmp_path / "runtime"
    words = ["--ip=127.0.0.1", "--no-browser", "--allow-root", f"--ServerApp.root_dir={tmp_path}"]
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyter_server", *words, f"--IdentityProvider.token={token}"],
        env={**os.environ, "JUPYTER_RUNTIME_DIR": str(runtime), "JUPYTER_CONFIG_DIR": str(tmp_path / "config")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    while not (written := list(runtime.glob("jpserver-*.json"))) and time.monotonic() < deadline:
        time.sleep(0.1)
    yield server, json.loads(written[0].read_text())["url"].rstrip("/"), token
    server.kill()
    server.wait()


def run_in_a_new_kernel(address, token, code):
    """What `code` printed in a kernel that the server started for us, asked for as a browser does."""
    ask = urllib.request.Request(f"{address}/api/kernels?token={token}", data=b"{}", method="POST")
    with urllib.request.urlopen(ask, timeout=30) as answer:
        kernel = json.load(answer)["id"]
    channels = f"{address.replace('http', 'ws', 1)}/api/kernels/{kernel}/channels?token={token}"
    connection = websocket.create_connection(channels, timeout=60)
    header = {"msg_id": "1", "msg_type": "execute_request", "session": "1", "username": "", "version": "5.3"}
    content = {"code": code, "silent": False, "store_history": False}
    request = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
    connection.send(json.dumps(request))
    while True:
        message = json.loads(connection.recv())
        if message["msg_type"] == "stream":
            return message["content"]["text"]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_outlives_a_jupyter_server(jupyter, how):
    server, address, token = jupyter
    pid, folder = run_in_a_new_kernel(address, token, START).split()
    assert psutil.pid_exists(int(pid))
    server.send_signal(how)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and (psutil.pid_exists(int(pid)) or Path(folder).exists()):
        time.sleep(0.1)
    assert not psutil.pid_exists(int(pid))
    assert not Path(folder).exists()
