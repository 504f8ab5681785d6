"""Database connections of threads: Django gives each thread its own, and nobody closes them for it."""

import sys
from collections.abc import Callable


def closer() -> Callable | None:
    """What closes the connections of the thread that calls it; None where Django's databases are not in use."""
    database = sys.modules.get("django.db")
    return database.connections.close_all if database else None
