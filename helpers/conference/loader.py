"""Fill a migrated database with the conference, in one of three sizes, within seconds."""

from django.core.management.color import no_style
from django.db import connections, transaction

from helpers.conference import generator, tables
from helpers.conference.models import Attendee, Profile, Rating, Room, Speaker, Speaking, Talk

OBJECTS_AT_ONCE = 5_000  # 300,000 living model instances would keep Python's garbage collector busy
MODELS = {
    "rooms": Room,
    "speakers": Speaker,
    "profiles": Profile,
    "talks": Talk,
    "speaking": Speaking,
    "attendees": Attendee,
    "ratings": Rating,
}


def load(size: str = "small", using: str = "default") -> dict[str, int]:
    """Replace the conference in the database `using` by that of `size`; returns the number of rows in each table.

    "small" is what the CSV files in `data/conference-2011` hold; "medium" and "large" are generated in memory from the
    same seed. Everything or nothing is loaded. Raises ValueError for another size.
    """
    generator.check_size(size)
    rows = tables.read() if size == "small" else generator.conference(size)
    with transaction.atomic(using=using):
        for model in reversed(MODELS.values()):
            model._base_manager.using(using)._raw_delete(using)  # no cascade to collect: all of it goes
        for name, model in MODELS.items():
            for some in _portions(rows[name]):
                model._base_manager.using(using).bulk_create(_objects(model, tables.COLUMNS[name], some))
        _reset_sequences(using)
    return {name: len(rows[name]) for name in MODELS}


def _portions(rows):
    for start in range(0, len(rows), OBJECTS_AT_ONCE):
        yield rows[start : start + OBJECTS_AT_ONCE]


def _objects(model, columns, rows):
    wanted = {field.attname for field in model._meta.concrete_fields}
    places = [(place, name) for place, name in enumerate(columns) if name in wanted]
    return [model(**{name: row[place] for place, name in places}) for row in rows]


def _reset_sequences(using):
    """PostgreSQL does not notice ids that were given; without this its next insert would try id 1 again."""
    connection = connections[using]
    statements = connection.ops.sequence_reset_sql(no_style(), list(MODELS.values()))
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
