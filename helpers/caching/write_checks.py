"""What the write model takes from a learner's functions, and whose fault an error was."""

import sys

import numpy as np

from helpers.caching.meter import came_from_the_cache


def check_answer(key, answer) -> tuple[int, bool]:
    """(version, hit) as `read(key)` has to return them; TypeError in a sentence for anything else."""
    pair = answer if isinstance(answer, tuple) and len(answer) == 2 else (None, None)
    version, hit = pair
    if not is_whole(version) or not isinstance(hit, (bool, np.bool_)):
        raise TypeError(
            f"read({key}) returned {answer!r}: it must return (version, hit) on every path, a whole number and True "
            "for a hit or False for a miss."
        )
    return int(version), bool(hit)


def is_whole(number) -> bool:
    """True for a whole number, NumPy's too; a bool is none."""
    return isinstance(number, (int, np.integer)) and not isinstance(number, bool)


def is_of_a_service(error) -> bool:
    """True where the database or the cache raised the error, False where the learner's own code did."""
    modules = [sys.modules.get(name) for name in ("django.db", "sqlite3", "psycopg")]
    databases = tuple(module.Error for module in modules if module)
    return isinstance(error, databases) or came_from_the_cache(error)
