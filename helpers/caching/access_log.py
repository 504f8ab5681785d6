"""Reads the access log of a web server: which page was asked for, and when, as a frame and as a trace."""

import gzip
import io
import re
import zlib
from pathlib import Path

import numpy as np
import pandas as pd
from apachelogs import COMBINED, COMMON, InvalidEntryError, LogParser

# On noise the parser's time grows as the square of the line, so it gets only what may be a log line: with a date, and
# no longer than the longest request line that a web server takes as it comes.
_DATE = re.compile(r"\[\d\d/\w{3}/\d{4}:")
_LONGEST = 8_190  # bytes
# Bytes that are not UTF-8 stay readable as \xff; the same bytes still make the same path.
_COMBINED = LogParser(COMBINED, encoding="utf-8", errors="backslashreplace")
_COMMON = LogParser(COMMON, encoding="utf-8", errors="backslashreplace")
_GZIP = b"\x1f\x8b"
_ENDS_EARLY = (EOFError, zlib.error, gzip.BadGzipFile)


def read(path, cacheable_only: bool = True) -> pd.DataFrame:
    """The requests in the access log at `path`, in common or combined format, plain or gzipped, in the order of time.

    Returns one row a request: `time` (UTC), `time_s` (seconds since the first row), `method`, `path`, `status`,
    `bytes` (0 where the log has "-"), and `key`, the number of the path in the order of first appearance, int64 from 0:
    `frame.key.to_numpy()` is a trace. A path keeps its query string: `/talks/?page=2` is another page than `/talks/`,
    and a cache that does not know better keeps `/talks/?from=newsletter` as one more page still.

    Only GET requests answered with 200 or 304 are kept, since a cache of pages could have answered those;
    `cacheable_only=False` keeps all. Lines that cannot be read, or hold no HTTP request, are left out, counted and told
    in one printed sentence. Raises FileNotFoundError where there is no such file, another OSError where it may not be
    read, and ValueError where no line of it can be read, or none is kept.
    """
    rows, lines, unreadable = [], 0, []
    for number, line in enumerate(_lines(path), start=1):
        if not line.strip():
            continue
        lines += 1
        row = _parse(line.rstrip("\r\n"))
        if row is None:
            unreadable.append(number)
        else:
            rows.append(row)
    if not rows:
        raise ValueError(
            f"none of the {lines:,} lines of {path} is a line of an access log in common or combined format: hand in "
            'the log that your web server writes, with lines such as 192.0.2.1 - - [08/Sep/2011:09:00:00 -0700] "GET / '
            'HTTP/1.1" 200 512.'
        )
    if unreadable:
        print(
            f"✎ {len(unreadable):,} of {lines:,} lines could not be read and were left out (first: line "
            f"{unreadable[0]:,})."
        )
    return _frame(rows, path, cacheable_only)


def _frame(rows, path, cacheable_only):
    seconds, *others = zip(*rows, strict=True)
    frame = pd.DataFrame(dict(zip(("method", "path", "status", "bytes"), others, strict=True)))
    frame.insert(0, "time", pd.to_datetime(np.array(seconds), unit="s", utc=True))
    if cacheable_only:
        frame = frame[(frame.method == "GET") & frame.status.isin((200, 304))]
        if frame.empty:
            raise ValueError(
                f"no GET request in {path} was answered with 200 or 304, so a cache of pages could answer none: "
                "read all requests with cacheable_only=False."
            )
    # A server writes a line when the answer is out, with the time when the request came in.
    frame = frame.sort_values("time", kind="stable", ignore_index=True)
    frame.insert(1, "time_s", (frame.time - frame.time.iloc[0]).dt.total_seconds())
    frame["key"] = pd.factorize(frame.path)[0].astype(np.int64)
    return frame


def _parse(line):
    """(seconds since 1970, method, path, status, bytes) of a log line, or None where it cannot be read."""
    if len(line) > _LONGEST or not _DATE.search(line):
        return None
    parser = _COMBINED if line.endswith('"') else _COMMON
    try:
        entry = parser.parse(line)
        seconds = int(entry.request_time.timestamp())
    # The library lets a date such as 31 September, or a number of thousands of digits, through to Python.
    except (InvalidEntryError, ValueError, OverflowError):
        return None
    method, _, rest = (entry.request_line or "").partition(" ")
    path = rest.rpartition(" HTTP/")[0]
    size = entry.bytes_sent or 0
    if not method.isalpha() or not path or entry.final_status is None or not 0 <= size < 2**63:
        return None
    return seconds, method, path, entry.final_status, size


def _lines(path):
    """The lines of a file, gzipped or not, whatever its name says; of a damaged archive, those before the damage."""
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"there is no file {path}: check the folder and the spelling of the name.")
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder: hand in one access log inside it.")
    with open(path, "rb") as raw:
        is_gzip = raw.read(2) == _GZIP
        raw.seek(0)
        content = gzip.GzipFile(fileobj=raw) if is_gzip else raw
        # As Apache does, write any byte outside ASCII as \xNN, which the parser knows how to read.
        text = io.TextIOWrapper(content, encoding="ascii", errors="backslashreplace", newline="\n")
        try:
            yield from text
        except _ENDS_EARLY as error:
            print(f"✎ {path.name} is damaged or ends early ({error}): only the lines before that are read.")
