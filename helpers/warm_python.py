"""A Python process that has Django's modules loaded and forks itself for every command: a fifth of the usual wait.

Each command still runs in a process of its own, with its own environment, folder, settings and exit status. The warm
process ends with the kernel: it reads its orders from a pipe, and a pipe closes however its owner dies.
"""

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections import namedtuple

Done = namedtuple("Done", "status text")

# What manage.py imports in nearly every run, and what may be imported before there are settings.
_PRELOADED = (
    "django.core.management",
    *(
        f"django.core.management.commands.{each}"
        for each in ("check", "makemigrations", "migrate", "shell", "showmigrations", "sqlmigrate", "squashmigrations")
    ),
    *(f"django.db.migrations.{each}" for each in ("autodetector", "executor", "loader", "questioner", "writer")),
    *(f"django.{each}" for each in ("core.checks", "db", "db.models", "forms", "template.loader", "test.signals")),
    *(f"django.{each}" for each in ("urls", "views.debug", "contrib.admin.checks", "contrib.staticfiles.finders")),
    *(f"django.db.backends.{each}.base" for each in ("sqlite3", "postgresql")),
)

_warm: subprocess.Popen | None = None


def run(code: str, arguments: list[str], folder, environment: dict, typed: str = "", patience_s: float = 60) -> Done:
    """Run the Python source `code` in a process of its own; returns its exit `status` and all that it wrote.

    `arguments` become sys.argv[1:], `folder` the working directory, `environment` the whole environment, `typed` the
    standard input. After `patience_s` seconds it is killed: status 124. Raises RuntimeError where no process can start.
    """
    order = {"code": code, "arguments": arguments, "folder": str(folder), "environment": environment}
    process = _process()
    try:
        process.stdin.write(json.dumps({**order, "typed": typed, "patience_s": patience_s}) + "\n")
        process.stdin.flush()
        answer = process.stdout.readline()
        if not answer:
            raise RuntimeError("The process that runs manage.py has ended: run this cell again, another one starts.")
    except BaseException:  # an interrupt, too: the next answer would be the one to this order
        stop()
        raise
    return Done(**json.loads(answer))


def stop() -> None:
    """End the warm process; the next `run` starts another one."""
    global _warm
    if _warm is not None:
        with contextlib.suppress(OSError):
            _warm.stdin.close()
        _warm.kill()
        _warm.wait()
        _warm.stdout.close()
        _warm = None


def _process():
    global _warm
    if _warm is None or _warm.poll() is not None:
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        # A session of its own: an interrupt of the kernel is not meant for it.
        _warm = subprocess.Popen([sys.executable, "-I", __file__], **pipes, start_new_session=True)
    return _warm


def _serve():
    import importlib

    for name in _PRELOADED:
        with contextlib.suppress(Exception):  # then that module is loaded by the command itself
            importlib.import_module(name)
    orders = os.fdopen(os.dup(0), "r")
    for line in orders:
        answer = _obey(json.loads(line), orders)
        print(json.dumps(answer), flush=True)


def _obey(order, orders):
    with tempfile.TemporaryFile() as typed, tempfile.TemporaryFile() as output:
        typed.write(order["typed"].encode())
        typed.seek(0)
        child = os.fork()
        if child == 0:
            _become(order, typed, output)
        status = _wait(child, order["patience_s"], orders)
        output.seek(0)
        return {"status": status, "text": output.read().decode(errors="replace")}


def _wait(child, patience_s, orders):
    deadline = time.monotonic() + patience_s
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        abandoned = select.select([orders], [], [], 0.003)[0]  # nothing is ordered meanwhile: the pipe was closed
        if abandoned or time.monotonic() > deadline:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            if abandoned:
                os._exit(0)
            return 124


def _become(order, typed, output):
    """Never returns: runs the order in this forked child, and ends it."""
    status = 1
    try:
        for number, file in enumerate((typed, output, output)):
            os.dup2(file.fileno(), number)
        sys.stdin = os.fdopen(0, "r")
        # Nothing is held back, so that both streams stay in order.
        sys.stdout = sys.stderr = open(1, "w", buffering=1, closefd=False)  # noqa: SIM115 - until the child ends
        os.chdir(order["folder"])
        os.environ.clear()
        os.environ.update(order["environment"])
        sys.argv = ["manage.py", *order["arguments"]]
        sys.path.insert(0, order["folder"])
        # Two edits in one second, of the same length, would leave a stale .pyc in force: write none.
        sys.dont_write_bytecode = True
        status = _execute(order["code"])
        sys.stdout.flush()
    finally:
        os._exit(status)


def _execute(code):
    try:
        exec(compile(code, "<command>", "exec"), {"__name__": "__main__"})
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code)
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        import traceback

        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    _serve()
