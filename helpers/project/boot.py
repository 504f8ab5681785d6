"""Django inside a kernel: `boot()` once, and the notebook has the conference in a temporary database of its own."""

import contextlib
import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from helpers.conference.generator import check_size
from helpers.project import template, temporary

ASYNC_UNSAFE = "DJANGO_ALLOW_ASYNC_UNSAFE"
DATABASE, SECRET_KEY, SETTINGS_MODULE = "TROUBLESPOTS_DATABASE", "TROUBLESPOTS_SECRET_KEY", "DJANGO_SETTINGS_MODULE"
ALIAS = "default"


@dataclass(frozen=True)
class Booted:
    """The running conference: its `size`, and the `database` file of this kernel (not shown: it differs each time)."""

    size: str
    database: Path = field(repr=False)


def boot(size: str = "small") -> Booted:
    """Set Django up in this process with a database of its own, holding the conference in this `size`.

    A second call with the same size leaves everything as it is; another size replaces what is in the database. The file
    is removed when the process ends. Raises ValueError for an unknown size, RuntimeError where Django already runs with
    other settings or another size is asked for inside a transaction, OSError where the database cannot be written.
    """
    global _booted
    check_size(size)
    if _booted is None:
        _booted = _start(size)
    elif _booted.size != size:
        _replace(size, _booted.database)
        _booted = Booted(size, _booted.database)
    return _booted


def fresh() -> Booted:
    """Give the notebook an untouched conference again; tables of models declared in cells go too: make them anew.

    Raises RuntimeError inside a transaction, TimeoutError where another thread or server keeps the database locked.
    """
    booted = running()
    from django.db import connections

    _replace(booted.size, Path(connections[ALIAS].settings_dict["NAME"]))
    return booted


@contextlib.contextmanager
def isolated_database(size: str | None = None) -> Iterator[Path]:
    """Run the block on an untouched copy of the conference, then bring back what was there; yields the copy's path.

    Threads and servers that the block starts see the copy, and have to end with the block. What was there before is set
    aside, not closed: the notebook's connection, an open transaction of it, the models in the scratch app, which have
    empty tables in the copy. `size` is that of `boot()` unless given. Blocks nest, but only in one thread at a time.
    """
    booted = running()
    size = size or booted.size
    check_size(size)
    from django.db import connections

    from helpers.scratch import declared

    copy = temporary.folder() / f"copy-{next(_numbers)}.sqlite3"
    template.copy(size, copy)
    connection, settings, name = connections[ALIAS], connections.settings[ALIAS], os.environ.get(DATABASE)
    try:
        # Another wrapper stands in: closing the learner's would end an open transaction of theirs.
        connections.settings[ALIAS] = {**settings, "NAME": str(copy)}
        connections[ALIAS] = connections.create_connection(ALIAS)
        os.environ[DATABASE] = str(copy)
        _forget_content_types()
        with declared.kept():
            declared.create_declared_tables()
            yield copy
    finally:
        # First what matters most: an interrupt may cut the rest short.
        stand_in, connections[ALIAS] = connections[ALIAS], connection
        connections.settings[ALIAS] = settings
        _put_back(DATABASE, name)
        if stand_in is not connection:
            stand_in.close()
        _forget_content_types()
        for left in copy.parent.glob(f"{copy.name}*"):
            left.unlink(missing_ok=True)


def child_environment() -> dict[str, str]:
    """The environment for a server that this kernel starts: same settings, same database, same secret key.

    Without DJANGO_ALLOW_ASYNC_UNSAFE: a kernel needs it, in a server it would hide a real mistake.
    """
    running()
    from django.conf import settings

    environment = {key: value for key, value in os.environ.items() if key != ASYNC_UNSAFE}
    environment.setdefault(SECRET_KEY, settings.SECRET_KEY)
    return environment


def clear_scratch() -> None:
    """Forget the models that cells declared in the app "scratch"; begin a cell that declares some with it."""
    running()
    from helpers.scratch import declared

    declared.clear()


def create_tables(*models: type) -> None:
    """Make empty tables for these models of the app "scratch", in place of those they had (see `declared`)."""
    running()
    from helpers.scratch import declared

    declared.create_tables(*models)


_booted: Booted | None = None
_numbers = itertools.count(1)


def running() -> Booted:
    """The running conference, whatever its size; a small one is booted where there is none."""
    return _booted or boot()


def _start(size):
    from django.apps import apps
    from django.conf import settings

    if settings.configured and getattr(settings, "SETTINGS_MODULE", None) != template.SETTINGS:
        raise RuntimeError(
            "Django already runs in this kernel with other settings, and a process can have only one set: "
            "restart the kernel, and call boot() before anything else of Django."
        )
    database = temporary.folder() / "conference.sqlite3"
    template.copy(size, database)
    os.environ[SETTINGS_MODULE] = template.SETTINGS
    os.environ[DATABASE] = str(database)
    os.environ[ASYNC_UNSAFE] = "true"  # a notebook's cells run while the kernel's event loop does
    if apps.ready:  # somebody else called django.setup() with our settings: only the database has to change
        from django.db import connections

        connections[ALIAS].close()
        connections.settings[ALIAS]["NAME"] = str(database)
    else:
        import django

        django.setup()
    return Booted(size, database)


def _replace(size, database):
    from django.db import connections

    connection = connections[ALIAS]
    if connection.in_atomic_block:
        raise RuntimeError(
            "The database cannot be replaced inside a transaction, which would then be neither done nor undone: "
            "leave the `atomic` block first."
        )
    connection.close()
    template.overwrite(size, database)
    _forget_content_types()


def _forget_content_types():
    from django.contrib.contenttypes.models import ContentType

    ContentType.objects.clear_cache()


def _put_back(name, value):
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value
