"""Shows the SQL that a block of code runs: how many queries, which are alike, and the line that caused each."""

import contextlib
import functools
import html
import linecache
import sys
import threading
import time
from collections import namedtuple

import pandas as pd
import sqlparse
from django.db import connections
from django.db.backends.signals import connection_created

Query = namedtuple("Query", "sql params ms line line_number database thread")

_NOT_THE_CALLER = ("/django/", "/helpers/queries.py", "/contextlib.py", "/functools.py", "/asgiref/", "/threading.py")


def watch(label: str | None = None, database: str | None = "default") -> "Watch":
    """Collect every query of a `with` block, or of each call of a decorated function, on `database` (None: on all).

        with watch("the list of talks") as seen:
            list(Talk.objects.all())
        seen.count, seen.frame, seen.similar

    It works with DEBUG off, in other threads, and inside another watch. In a decorated function, what its last call ran
    is `function.watched`. Raises ValueError for a database that the settings do not know.
    """
    if database is not None and database not in connections.settings:
        known = ", ".join(sorted(connections.settings))
        raise ValueError(f"database={database!r}: the settings know {known}; name one of them, or None for all.")
    return Watch(label, database)


def formatted(sql: str) -> str:
    """SQL laid out for reading: one clause a line, keywords in capitals."""
    return sqlparse.format(sql, reindent=True, keyword_case="upper")


class Watch:
    """What `watch` has collected so far; it displays itself as a table of alike queries."""

    def __init__(self, label, database):
        self.label, self.database, self.queries = label, database, []

    @property
    def count(self) -> int:
        """How many queries ran."""
        return len(self.queries)

    @property
    def frame(self) -> pd.DataFrame:
        """One row a query, in the order in which they ended.

        `sql` with %s for parameters, `params`, `ms` (milliseconds in the database and its driver), `line` and
        `line_number` of the code that caused it (the cell's, where it came from one), `database`, `thread`.
        """
        return pd.DataFrame(self.queries, columns=Query._fields)

    @property
    def similar(self) -> pd.DataFrame:
        """One row for each different `sql`, the most frequent first: `times`, `ms` in all, `line` of the first, `sql`.

        Many times the same SQL with other parameters is how N+1 is seen.
        """
        rows = self.frame.groupby("sql", sort=False, as_index=False)
        table = rows.agg(times=("sql", "size"), ms=("ms", "sum"), line=("line", "first"))
        return table.sort_values("times", ascending=False, kind="stable", ignore_index=True)[
            ["times", "ms", "line", "sql"]
        ]

    def __enter__(self):
        _listen()
        with _lock:
            _active.append(self)
        return self

    def __exit__(self, *_):
        with _lock:
            _active.remove(self)

    def __call__(self, function):
        @functools.wraps(function)
        def watched(*arguments, **options):
            with Watch(self.label, self.database) as watched.watched:
                return function(*arguments, **options)

        watched.watched = self
        return watched

    def __repr__(self):
        lines = [self._headline()]
        lines += [f"{row.times:>5} × {_shortened(row.sql)}" for row in self.similar.itertuples()]
        return "\n".join(lines)

    def _repr_html_(self):
        # No milliseconds: they differ on every run, and a notebook's output is compared.
        left = "<td style='text-align:left'><code>{}</code></td>"
        rows = "".join(
            f"<tr><td>{row.times}</td>"
            + left.format(html.escape(_shortened(row.sql, 140)))
            + left.format(html.escape(row.line[:60]))
            + "</tr>"
            for row in self.similar.itertuples()
        )
        head = "<tr><th>times</th><th style='text-align:left'>SQL</th><th style='text-align:left'>caused by</th></tr>"
        return f"<p><b>{html.escape(self._headline())}</b></p><table>{head}{rows}</table>"

    def _headline(self):
        queries = "1 query" if self.count == 1 else f"{self.count:,} queries"
        return f"{self.label}: {queries}" if self.label else queries


_lock = threading.Lock()
_active: list[Watch] = []


def _record(execute, sql, params, many, context):
    """Django's execute wrapper: on every connection that was opened since this room was entered."""
    if not _active:
        return execute(sql, params, many, context)
    line, number = _caller()
    began = time.perf_counter()
    try:
        return execute(sql, params, many, context)
    finally:
        spent_ms = 1000 * (time.perf_counter() - began)
        alias = context["connection"].alias
        query = Query(str(sql), params, spent_ms, line, number, alias, threading.current_thread().name)
        for each in tuple(_active):
            if each.database in (None, alias):
                each.queries.append(query)


def _wrap(connection, **_):
    if _record not in connection.execute_wrappers:
        connection.execute_wrappers.append(_record)


def _listen():
    """Wrap this thread's open connections; those that any thread opens later wrap themselves by Django's signal."""
    for connection in connections.all(initialized_only=True):
        _wrap(connection)


connection_created.connect(_wrap, dispatch_uid="helpers.queries")


def _caller():
    """The line of code that caused the query: of the notebook's cell if there is one on the stack, else the nearest."""
    frame, nearest = sys._getframe(2), None
    while frame is not None:
        if _is_cell(frame.f_code.co_filename):
            break
        if nearest is None and not _is_plumbing(frame.f_code.co_filename):
            nearest = frame
        frame = frame.f_back
    found = frame or nearest
    if found is None:
        return "", 0
    return linecache.getline(found.f_code.co_filename, found.f_lineno).strip(), found.f_lineno


@functools.lru_cache(maxsize=4096)
def _is_cell(filename):
    return "ipykernel_" in filename or filename.startswith("<ipython-input")


@functools.lru_cache(maxsize=4096)
def _is_plumbing(filename):
    return any(part in filename for part in _NOT_THE_CALLER)


def _shortened(sql, length=100):
    text = " ".join(sql.split()).replace('"', "")
    with contextlib.suppress(ValueError):
        if text.startswith("SELECT ") and len(text) > length:
            text = "SELECT …" + text[text.index(" FROM ") :]
    return text if len(text) <= length else text[: length - 1] + "…"
