"""The watchdog: starts a server, holds a pipe from the kernel, and ends the whole server when that pipe closes.

Run as `python -I watchdog.py FOLDER PATIENCE SIGNAL USER command…`, in a session of its own: no interrupt reaches it.
It prints the server's pid, or the reason why it could not be started. A pipe closes however the kernel ends, even by
kill -9; that is what atexit and PDEATHSIG cannot promise.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys


def main(folder: str, patience_seconds: float, end_signal: int, user: str, command: list[str]) -> None:
    """Run `command` until standard input closes, then end its process group within the patience; remove `folder`.

    `user` is who runs it, "" for whoever runs this; only root can name another.
    """
    other = {"user": user, "group": grp_of(user), "extra_groups": []} if user else {}
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
                **other,
            )
    except OSError as error:
        print(f"could not be started: {error}", flush=True)
        wait_for_the_end()
    else:
        print(server.pid, flush=True)
        wait_for_the_end()
        end(server, patience_seconds, end_signal)
    shutil.rmtree(folder, ignore_errors=True)


def with_default_signals() -> None:
    """Give the server back the signals that this process ignores: ignored ones are inherited."""
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_DFL)


def wait_for_the_end() -> None:
    """Return when the kernel closes the pipe, or is gone."""
    while os.read(0, 4096):
        pass


def grp_of(user: str) -> int:
    """The number of the user's own group."""
    import pwd

    return pwd.getpwnam(user).pw_gid


def end(server: subprocess.Popen, patience_seconds: float, end_signal: int) -> None:
    """Ask the server to end, then kill its whole process group: workers outlive a killed master otherwise."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(server.pid, end_signal)
    with contextlib.suppress(subprocess.TimeoutExpired):
        server.wait(patience_seconds)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(server.pid, signal.SIGKILL)
    server.wait()


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]), sys.argv[4], sys.argv[5:])
