"""One core for a replay and its cache: without wake-ups across cores the same requests take a third of the time."""

import os
import re
import threading
from contextlib import contextmanager
from pathlib import Path

_lock = threading.Lock()
_held: dict[int, dict] = {}  # process → its threads' own cores, and how many replays hold it: two may share one server


@contextmanager
def pinned(server):
    """Hold the calling thread and every thread of `server`'s process on one core, and give both their cores back.

    `server` is anything with a `pid`; yields the core, or None where nothing was pinned (no server, no Linux, or a
    process that this user may not move). They are given back whatever ends the block: an exception, an interrupt, a
    server that died or was started again meanwhile. Other threads and other servers keep their cores.
    """
    pid = getattr(server, "pid", None)
    if pid is None or not hasattr(os, "sched_setaffinity"):
        yield None
        return
    own = os.sched_getaffinity(0)
    core = choose_core(own)
    try:
        yield core if _hold(pid, core) else None
    finally:
        os.sched_setaffinity(0, own)
        _release(pid, getattr(server, "pid", None), own)


def choose_core(allowed, environ=os.environ) -> int:
    """The core out of `allowed` for this process: by TROUBLESPOTS_CORE, else the test worker's number, else the pid.

    The pid spreads the kernels of many learners on one machine; numbers beyond the last core start again.
    """
    cores = sorted(allowed)
    worker = environ.get("TROUBLESPOTS_CORE") or environ.get("PYTEST_XDIST_WORKER") or ""
    number = re.search(r"\d+$", worker)
    return cores[(int(number.group()) if number else os.getpid()) % len(cores)]


def _hold(pid, core):
    with _lock:
        if pid not in _held:
            cores = {thread: _cores_of(thread) for thread in _threads(pid)}
            _held[pid] = {"cores": {thread: own for thread, own in cores.items() if own}, "replays": 0}
        _held[pid]["replays"] += 1
        threads = list(_held[pid]["cores"])
    # our own thread last: pinned without its server, it would only be slower
    return bool(threads) and all(_move(thread, {core}) for thread in threads) and _move(0, {core})


def _release(pid, pid_now, own):
    with _lock:
        held = _held[pid]
        held["replays"] -= 1
        if held["replays"]:
            return
        del _held[pid]
    usual = held["cores"].get(pid, own)
    # a thread born during the run, or a server started again by our thread, inherited the pin
    for process in {pid, pid_now} - {None}:
        for thread in _threads(process):
            _move(thread, held["cores"].get(thread, usual))


def _threads(pid):
    try:
        return [int(entry.name) for entry in Path(f"/proc/{pid}/task").iterdir()]
    except OSError:
        return []


def _cores_of(thread):
    try:
        return os.sched_getaffinity(thread)
    except OSError:
        return None


def _move(thread, cores):
    try:
        os.sched_setaffinity(thread, cores)
    except OSError:
        return False
    return True
