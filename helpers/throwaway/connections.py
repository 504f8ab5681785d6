"""A way to a throw-away project's database that does not pass through Django."""

import functools


def driver(entry):
    """How to connect to the database of a DATABASES entry without Django, and which errors its driver raises."""
    if entry["ENGINE"].endswith("sqlite3"):
        import sqlite3

        return functools.partial(sqlite3.connect, entry["NAME"]), sqlite3.Error
    import psycopg

    names = {"HOST": "host", "PORT": "port", "USER": "user", "PASSWORD": "password", "NAME": "dbname"}
    where = {ours: entry[theirs] for theirs, ours in names.items() if entry.get(theirs)}
    return functools.partial(psycopg.connect, autocommit=True, **where), psycopg.Error
