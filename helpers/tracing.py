"""Logs of a stack of servers → milliseconds that each request spent at each hop."""

import re

import pandas as pd

_LINE = re.compile(r"^trace (\w+) (\S+) ([\d.]+) (s|ms|us)\b", re.MULTILINE)
_MILLISECONDS = {"s": 1000.0, "ms": 1.0, "us": 0.001}
COLUMNS = ["request_id", "hop", "total_ms", "own_ms"]


def read(*logs: str, hops=("nginx", "haproxy", "gunicorn", "django", "sql")) -> pd.DataFrame:
    """One row for each request and hop that the logs know, outermost hop first.

    A line of interest begins with `trace HOP REQUEST_ID NUMBER UNIT` (s, ms or us). `total_ms` is the time from a
    request's arrival at the hop to its answer, all hops behind it included; `own_ms` is what is left without the next
    hop that knows the request, and never below 0, as nginx and HAProxy count whole milliseconds. Requests that the
    outermost of `hops` in these logs does not know are left out. Raises ValueError for logs without such lines.
    """
    found = [
        (number, hop, float(amount) * _MILLISECONDS[unit])
        for log in logs
        for hop, number, amount, unit in _LINE.findall(log)
        if hop in hops and number != "-"
    ]
    if not found:
        raise ValueError("no line of these logs begins with `trace`: set the log formats first, and ask for a page.")
    table = pd.DataFrame(found, columns=COLUMNS[:3]).drop_duplicates(["request_id", "hop"])
    wide = table.pivot(index="request_id", columns="hop", values="total_ms")
    wide = wide[[hop for hop in hops if hop in wide]]
    wide = wide[wide.iloc[:, 0].notna()]
    inner = wide.bfill(axis=1).shift(-1, axis=1).fillna(0.0)
    own = (wide - inner).clip(lower=0.0)
    tidy = pd.DataFrame({"total_ms": wide.stack(), "own_ms": own.stack()}).dropna()
    return tidy.rename_axis(["request_id", "hop"]).reset_index()[COLUMNS]


def followed(frame: pd.DataFrame, request_id: str, *logs: str) -> list[str]:
    """Every line of the logs about one request of `frame`, in the order of the logs; ValueError for an unknown id."""
    if request_id not in set(frame["request_id"]):
        raise ValueError(f"request_id={request_id!r} is not in this frame: take one of its column request_id.")
    return [line for log in logs for line in log.splitlines() if request_id in line]
