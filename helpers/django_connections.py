"""Database connections of threads: Django gives each thread its own, and nobody closes them for it."""

import sys
from collections.abc import Callable


def closer() -> Callable | None:
    """What closes the connections of the thread that calls it; None where Django's databases are not in use.

    That Django is imported does not mean that it is set up: without settings, closing would be an error of its own.
    """
    if "django.db" not in sys.modules or not sys.modules["django.conf"].settings.configured:
        return None
    return sys.modules["django.db"].connections.close_all
