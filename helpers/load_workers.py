"""The threads and processes that send a load: no pandas and no Django in here, so that a new process starts fast."""

import http.client
import itertools
import threading
import time
from urllib.parse import quote, urlsplit

_barrier = None


class Page:
    """`Page("http://127.0.0.1:8000/talks/{key}/")(key)` asks for that page and returns the status, as in "200".

    Every thread keeps a connection of its own open, as a browser does. A server that takes longer than `timeout_s`
    raises TimeoutError. `headers` are sent along.
    """

    def __init__(self, url: str, timeout_s: float = 10.0, headers: dict | None = None):
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.hostname:
            raise ValueError(f'url={url!r}: a whole address is needed, as in "http://127.0.0.1:8000/talks/{{key}}/".')
        self.url, self.timeout_s, self.headers = url, timeout_s, dict(headers or {})
        self._local = threading.local()

    def __call__(self, key):
        target = urlsplit(self.url.replace("{key}", quote(str(key))))
        path = f"{target.path or '/'}{'?' + target.query if target.query else ''}"
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = http.client.HTTPConnection(target.hostname, target.port, timeout=self.timeout_s)
            self._local.connection = connection
        try:
            connection.request("GET", path, headers=self.headers)
            answer = connection.getresponse()
            answer.read()
        except BaseException:
            connection.close()
            self._local.connection = None
            raise
        return str(answer.status)

    def __getstate__(self):
        return {"url": self.url, "timeout_s": self.timeout_s, "headers": self.headers}

    def __setstate__(self, state):
        self.__init__(**state)


def closed(call, keys, began, deadline, worker, close=None):
    """Send `keys` one after the other, each when the last one is answered; rows of (start_s, latency_ms, outcome)."""
    rows = []
    try:
        for number, key in keys:
            start = time.perf_counter()
            if start >= deadline:
                break
            outcome = _outcome(call, key)
            rows.append((number, start - began, 1000 * (time.perf_counter() - start), outcome, worker))
    finally:
        if close is not None:
            close()
    return rows


def open_(call, due, began, deadline, worker, close=None):
    """Take the next of `due` (an iterator shared by all workers), wait for its moment, send it; rows as `closed`.

    The latency counts from the moment at which the request was due: a request that finds every worker busy has waited.
    """
    rows = []
    try:
        for number, key, moment in due:
            if moment + began >= deadline:
                break
            time.sleep(max(0.0, began + moment - time.perf_counter()))
            if time.perf_counter() >= deadline:
                break
            outcome = _outcome(call, key)
            rows.append((number, moment, 1000 * (time.perf_counter() - began - moment), outcome, worker))
    finally:
        if close is not None:
            close()
    return rows


class Shared:
    """An iterator that several threads may draw from."""

    def __init__(self, items):
        self._items, self._lock = iter(items), threading.Lock()

    def __iter__(self):
        return self

    def __next__(self):
        with self._lock:
            return next(self._items)


def meet_at(barrier):
    """What a new process does first: keep the barrier at which all of them meet before the first request."""
    global _barrier
    _barrier = barrier


def in_process(call, keys, seconds, worker):
    """What one process does: `closed`, once all of them are there; `start_s` is the machine's own clock."""
    _barrier.wait()
    return closed(call, keys, 0.0, time.perf_counter() + seconds, worker)


def numbered(keys, workers):
    """(number, key) for each worker: worker w gets the keys w, w + workers, w + 2 · workers, …"""
    pairs = list(enumerate(keys))
    return [list(itertools.islice(pairs, worker, None, workers)) for worker in range(workers)]


def _outcome(call, key):
    try:
        outcome = call(key)
    except Exception as error:
        return type(error).__name__
    return "ok" if outcome is None else str(outcome)
