"""A second database beside the notebook's own: added while Django runs, migrated, and filled with the conference."""

import atexit

from helpers.django_connections import closer
from helpers.project.boot import running


def add(alias: str, server, size: str = "small") -> None:
    """Make the database of `server` (anything with `settings()`) usable as `alias`: `Talk.objects.using(alias)`.

    It is migrated and filled with the conference in this `size` ("small", "medium", "large"); what another server held
    under the same alias is forgotten. Raises ValueError for the alias "default", which is the notebook's own.
    """
    register(alias, server.settings())
    from django.core.management import call_command
    from django.db import connections

    from helpers.conference import loader
    from helpers.scratch import declared

    with declared.kept():
        declared.clear()  # migrate makes content types for every model, and one half declared would stop it
        call_command("migrate", database=alias, verbosity=0, interactive=False)
    loader.load(size, using=alias)
    with connections[alias].cursor() as cursor:
        cursor.execute("ANALYZE")  # what a production server does by itself, after a while


def register(alias: str, settings: dict) -> None:
    """Make the database of these `settings`, an entry of DATABASES, usable as `alias`; nothing is made or filled in it.

    Raises ValueError for the alias "default", which is the notebook's own.
    """
    if alias == "default":
        raise ValueError('"default" is the notebook\'s own database: give the other one another name, as "postgres".')
    running()
    from django.db import connections

    remove(alias)
    connections.settings[alias] = connections.configure_settings(
        {"default": connections.settings["default"], alias: settings}
    )[alias]


def remove(alias: str) -> None:
    """Forget the database `alias` and close this thread's connection to it; an unknown alias changes nothing."""
    from django.db import connections

    if alias in connections.settings and alias != "default":
        connections[alias].close()
        del connections[alias]
        del connections.settings[alias]


@atexit.register
def _close():
    """Close connections before their servers go: a kernel that ends has no need of error messages."""
    close = closer()
    if close:
        close()
