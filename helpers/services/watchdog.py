"""The watchdog: starts a server, holds a pipe from the kernel, and ends the whole server when that pipe closes.

Run as `python -I watchdog.py FOLDER PATIENCE command…`, in a session of its own, so that no interrupt reaches a server.
It prints the server's pid, or the reason why it could not be started. A pipe closes however the kernel ends, even by
kill -9; that is what atexit and PDEATHSIG cannot promise.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys


def main(folder: str, patience_seconds: float, command: list[str]) -> None:
    """Run `command` until standard input closes, then end its process group within the patience; remove `folder`."""
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    try:
        with open(os.path.join(folder, "server.log"), "ab") as log:
            server = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=folder,
                start_new_session=True,
                preexec_fn=with_default_signals,
            )
    except OSError as error:
        print(f"could not be started: {error}", flush=True)
        wait_for_the_end()
    else:
        print(server.pid, flush=True)
        wait_for_the_end()
        end(server, patience_seconds)
    shutil.rmtree(folder, ignore_errors=True)


def with_default_signals() -> None:
    """Give the server back the signals that this process ignores: ignored ones are inherited."""
    for each in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_DFL)


def wait_for_the_end() -> None:
    """Return when the kernel closes the pipe, or is gone."""
    while os.read(0, 4096):
        pass


def end(server: subprocess.Popen, patience_seconds: float) -> None:
    """Ask the server to end, then kill its whole process group: workers outlive a killed master otherwise."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        server.wait(patience_seconds)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(server.pid, signal.SIGKILL)
    server.wait()


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), sys.argv[3:])
