"""The write model: real commits, a strategy for the cache after each, and which reads returned an older version.

Staleness is counted, not guessed: the database counts each row's versions up, and a read is stale if it returned a
lower one than had already been committed, and reported as committed, when the read began.
"""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd

from helpers.caching.trace import check_at_least, check_marks, check_trace
from helpers.caching.write_checks import check_answer, is_of_a_service, is_whole
from helpers.django_connections import closer

MOST_WORKERS = 64
_TYPES = {
    "request": "int64",
    "key": "int64",
    "kind": "str",
    "hit": "boolean",
    "version": "Int64",
    "newest": "Int64",
    "stale": "boolean",
    "start_s": "float64",
    "latency_ms": "float64",
    "worker": "int64",
    "error": "str",
}


def play(
    trace, writes, commit, after_commit, read, workers=1, pace_per_s: float | None = None, close=None
) -> pd.DataFrame:
    """Send every request of `trace`: to `read(key)`, or, where `writes` is True, to `commit(key)` and the strategy.

    `commit(key)` changes the row in the database, commits, and returns its new version, a whole number that goes up
    with each commit of that key. When it has returned, `after_commit(key, version)` does to the cache what the strategy
    under test says. `read(key)` returns `(version, hit)`: the version of what it found, and whether the cache had it.

    Request i is sent by worker i modulo `workers`. One worker is the calling thread, and its run has one outcome; more
    are threads, which meet as they please. With `pace_per_s` request i does not begin before i / pace_per_s seconds. A
    thread ends with `close()`, or by closing its Django connections where Django is in use.

    Returns one row a request that was begun, in the order of their start: `request` (its place in the trace), `key`,
    `kind` ("read" or "write"), `hit` (of a read), `version` (read or committed), `newest` (the highest version of the
    key whose commit had returned when the request began, 0 for none in this run), `stale` (of a read: version <
    newest), `start_s`, `latency_ms` (of a write: commit and strategy), `worker`, `error` (""). What does not apply is
    missing (NA).

    An error of the database or the cache is noted in `error`, the run goes on, and one sentence tells how many there
    were. An interrupt ends the run with the rows so far. Any other error of your functions is raised. Raises TypeError
    or ValueError for a wrong trace, marks that do not fit, a version that is no whole number, and a commit that returns
    a version which the key already had.
    """
    run = _Run(check_trace(trace), writes, commit, after_commit, read, workers, pace_per_s)
    began = time.perf_counter()
    try:
        if workers == 1:
            run.work(0, began)
        else:
            run.in_threads(close or closer())
    except KeyboardInterrupt:
        print(f"✘ Interrupted after {len(run.rows):,} of {run.total:,} requests: the rows cover those.")
    run.tell_errors()
    frame = pd.DataFrame(run.rows, columns=list(_TYPES)).astype(_TYPES)
    return frame.sort_values(["start_s", "request"], ignore_index=True)


def summary(frame: pd.DataFrame, strategy: str = "") -> pd.DataFrame:
    """What `play` came to, as one row of a table: pd.concat them, one for each `strategy`.

    Columns: `strategy`, `reads` and `writes` (those answered without an error, and those committed), `hit_rate` (hits
    per read), `stale_share` (stale reads per read), `database_reads` (reads that missed the cache), `errors` (requests
    with one). Shares are 0–1, and missing where nothing was read. Raises ValueError for a frame that `play` did not
    make.
    """
    missing = {"kind", "hit", "version", "stale", "error"} - set(frame.columns)
    if missing:
        raise ValueError(f"this frame has no column {min(missing)!r}: hand in what writing.play() returned.")
    reads = frame[(frame["kind"] == "read") & frame["version"].notna()]
    row = {
        "strategy": strategy,
        "reads": len(reads),
        "writes": int(((frame["kind"] == "write") & frame["version"].notna()).sum()),
        "hit_rate": float(reads["hit"].mean()) if len(reads) else np.nan,
        "stale_share": float(reads["stale"].mean()) if len(reads) else np.nan,
        "database_reads": int((~reads["hit"]).sum()),
        "errors": int((frame["error"] != "").sum()),
    }
    return pd.DataFrame([row])


class _Run:
    """What the workers of one `play` share: the functions, the newest version of each key, and the rows so far."""

    def __init__(self, trace, writes, commit, after_commit, read, workers, pace_per_s):
        self.keys, self.total = trace.tolist(), trace.size
        self.marks = check_marks(writes, self.total)
        for name, function in (("commit", commit), ("after_commit", after_commit), ("read", read)):
            if not callable(function):
                raise TypeError(
                    f"{name}={function!r} cannot be called: hand in a function, even one that does nothing."
                )
        check_at_least("workers", workers, 1)
        if workers > MOST_WORKERS:
            raise ValueError(
                f"workers={workers}: each is a thread with connections of its own; take {MOST_WORKERS} or fewer."
            )
        if pace_per_s is not None and not 0 < pace_per_s < np.inf:
            raise ValueError(f"pace_per_s={pace_per_s}: requests begin at a pace above 0, such as 200 a second.")
        self.commit, self.after_commit, self.read = commit, after_commit, read
        self.workers, self.pace_per_s = workers, pace_per_s
        self.newest, self.committed = {}, set()
        self.rows, self.lock, self.stop = [], threading.Lock(), threading.Event()

    def in_threads(self, close):
        gate, began = threading.Barrier(self.workers), []

        def work(worker):
            gate.wait()
            began.append(time.perf_counter())
            try:
                self.work(worker, began[0])
            finally:
                if close:
                    close()

        with ThreadPoolExecutor(self.workers) as pool:
            try:
                for each in [pool.submit(work, worker) for worker in range(self.workers)]:
                    each.result()
            except BaseException:
                self.stop.set()
                raise

    def work(self, worker, began):
        for number in range(worker, self.total, self.workers):
            if self.pace_per_s:
                self.stop.wait(max(0.0, began + number / self.pace_per_s - time.perf_counter()))
            if self.stop.is_set():
                return
            try:
                self.one(number, worker, began)
            except BaseException:
                self.stop.set()  # the other workers would go on for nobody
                raise

    def one(self, number, worker, began):
        key, is_write = self.keys[number], self.marks[number]
        newest = self.newest.get(key, 0)
        row = dict.fromkeys(_TYPES) | {"request": number, "key": key, "worker": worker, "error": "", "newest": newest}
        row["kind"] = "write" if is_write else "read"
        start = time.perf_counter()
        try:
            if is_write:
                row["version"] = self.write(key)
                self.after_commit(key, row["version"])
            else:
                row["version"], row["hit"] = check_answer(key, self.read(key))
        except Exception as error:
            if not is_of_a_service(error):
                raise
            row["error"] = f"{type(error).__name__}: {error}"
        row["latency_ms"] = 1000 * (time.perf_counter() - start)
        row["start_s"] = start - began
        if row["hit"] is not None:
            row["stale"] = row["version"] < newest
        self.rows.append(row)

    def write(self, key):
        version = self.commit(key)
        if not is_whole(version):
            raise TypeError(
                f"commit({key}) returned {version!r}: it must return the row's new version, a whole number, so that "
                "later reads can be judged by it."
            )
        version = int(version)
        with self.lock:
            twice = (key, version) in self.committed
            self.committed.add((key, version))
            self.newest[key] = max(version, self.newest.get(key, version))
        if twice:
            raise ValueError(
                f"commit({key}) returned version {version} for the second time, so a stale read would look fresh: let "
                'the database count, with F("version") + 1, and read the number in the same transaction.'
            )
        return version

    def tell_errors(self):
        texts = [row["error"] for row in self.rows if row["error"]]
        if texts:
            first = texts[0].splitlines()[0]
            print(f"✘ {len(texts):,} of {len(self.rows):,} requests met an error; the first was {first}")
