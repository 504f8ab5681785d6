"""Models that cells declare in the app "scratch": forget them, give them tables, set them aside and bring them back.

Running a cell that declares a model twice leaves two classes of one name, and relations that point to the first; so a
cell that declares models begins with `clear()`. Made for Django 5.2, whose registry has no public way to do this.
"""

import contextlib
from collections.abc import Iterator

from django.apps import apps
from django.contrib import admin
from django.db import connection

LABEL = "scratch"


def clear() -> None:
    """Forget every declared model, with the accessors it left on other models, and unregister it from the admin."""
    for model in list(admin.site._registry):
        if model._meta.app_label == LABEL:
            admin.site.unregister(model)
    for owner, name, _ in _accessors():
        delattr(owner, name)
    for key in [key for key in apps._pending_operations if key[0] == LABEL]:
        del apps._pending_operations[key]
    apps.all_models[LABEL].clear()
    apps.clear_cache()


def create_tables(*models: type) -> None:
    """Make empty tables for these models, many-to-many tables included, in place of those they had.

    Declared models that point to one of them get new tables as well, and tables of models that are no longer declared
    go: their rows would point nowhere. Raises ValueError for a model of another app, RuntimeError inside a transaction.
    """
    for model in models:
        if model._meta.app_label != LABEL:
            raise ValueError(
                f"{model.__name__} belongs to the app {model._meta.app_label!r}, whose tables its migrations make; "
                f'create_tables is for models with `app_label = "{LABEL}"` in their Meta.'
            )
    if connection.in_atomic_block:
        raise RuntimeError(
            "Tables cannot be made inside a transaction, where SQLite goes on checking foreign keys: "
            "call create_tables outside the `atomic` block."
        )
    models = _with_dependents([model for model in models if model._meta.can_migrate(connection)])
    kept = {table for model in _ready_models() if model not in models for table in _tables(model)}
    with connection.schema_editor() as editor:
        for table in connection.introspection.table_names():
            if table.startswith(f"{LABEL}_") and table not in kept or any(table in _tables(model) for model in models):
                editor.execute(editor.sql_delete_table % {"table": editor.quote_name(table)})
        for model in models:
            editor.create_model(model)


def create_declared_tables() -> None:
    """Make empty tables for every declared model whose relations are complete; does nothing where there is none."""
    models = _ready_models()
    if models:
        create_tables(*models)


@contextlib.contextmanager
def kept() -> Iterator[None]:
    """Whatever the block declares or clears, afterwards the declared models are those of before."""
    models = dict(apps.all_models[LABEL])
    accessors = list(_accessors())
    registered = {model: site for model, site in admin.site._registry.items() if model._meta.app_label == LABEL}
    pending = {key: list(value) for key, value in apps._pending_operations.items() if key[0] == LABEL}
    try:
        yield
    finally:
        if apps.all_models[LABEL] != models:
            clear()
            apps.all_models[LABEL].update(models)
            for owner, name, descriptor in accessors:
                setattr(owner, name, descriptor)
            admin.site._registry.update(registered)
            apps._pending_operations.update(pending)
            apps.clear_cache()


def _accessors():
    """The reverse accessors, as (class, name, descriptor), that declared models have put on models of other apps."""
    for owner in apps.get_models(include_auto_created=True):
        if owner._meta.app_label != LABEL:
            for name, descriptor in list(vars(owner).items()):
                relation = getattr(descriptor, "rel", None) or getattr(descriptor, "related", None)
                related = getattr(relation, "related_model", None)
                if getattr(getattr(related, "_meta", None), "app_label", None) == LABEL:
                    yield owner, name, descriptor


def _ready_models():
    models = [model for model in apps.all_models[LABEL].values() if not model._meta.auto_created]
    return [model for model in models if model._meta.can_migrate(connection) and _is_complete(model)]


def _is_complete(model):
    fields = (*model._meta.local_fields, *model._meta.local_many_to_many)
    return not any(isinstance(field.related_model, str) for field in fields if field.is_relation)


def _with_dependents(models):
    models = list(dict.fromkeys(models))
    for model in models:  # grows while it is walked: dependents of dependents come too
        for other in _ready_models():
            fields = (*other._meta.local_fields, *other._meta.local_many_to_many)
            if other not in models and any(field.related_model is model for field in fields):
                models.append(other)
    return models


def _tables(model):
    through = [field.remote_field.through for field in model._meta.local_many_to_many]
    return {model._meta.db_table, *(each._meta.db_table for each in through if each._meta.auto_created)}
