"""Runs the operations of an exercise's answer on a small table, in the check's own copy of the database."""

from helpers.exercises.base import Incorrect
from helpers.exercises.grading import described

LABEL = "shop"


class Trial:
    """One table with rows, and a history of states: `forwards` runs operations on it, `backwards` undoes them all."""

    def __init__(self, name: str, fields: dict, rows: list[dict]):
        from django.db import connection, models
        from django.db.migrations.state import ModelState, ProjectState

        state = ProjectState()
        key = ("id", models.BigAutoField(primary_key=True))
        state.add_model(ModelState(LABEL, name, [key, *fields.items()]))
        self.name, self.states, self.ran = name, [state], []
        with connection.schema_editor() as editor:
            editor.create_model(self.model)
        self.model.objects.bulk_create(self.model(**row) for row in rows)

    @property
    def model(self):
        """The model as it is after all operations so far."""
        return self.states[-1].apps.get_model(LABEL, self.name)

    @property
    def apps(self):
        """What a data migration gets as its first argument."""
        return self.states[-1].apps

    def forwards(self, operations) -> None:
        """Run the operations, each in a transaction of its own; raises Incorrect for what is no list of operations."""
        from django.db import connection
        from django.db.migrations.operations.base import Operation

        if not isinstance(operations, (list, tuple)) or not all(isinstance(each, Operation) for each in operations):
            raise Incorrect(
                f"a list of operations is expected, such as [migrations.AddField(…), …], got {described(operations)}."
            )
        for operation in operations:
            new = self.states[-1].clone()
            operation.state_forwards(LABEL, new)
            with connection.schema_editor() as editor:
                operation.database_forwards(LABEL, editor, self.states[-1], new)
            self.states.append(new)
            self.ran.append(operation)

    def backwards(self) -> None:
        """Undo everything, last things first; raises Incorrect for an operation that has no way back."""
        from django.db import connection

        while self.ran:
            operation = self.ran.pop()
            new = self.states.pop()
            if not operation.reversible:
                kind = type(operation).__name__
                raise Incorrect(f"{kind} has no way back here: give it a second function, for the reverse.")
            with connection.schema_editor() as editor:
                operation.database_backwards(LABEL, editor, new, self.states[-1])

    def values(self, field: str) -> list:
        """The values of a column, in the order of the rows."""
        return list(self.model.objects.order_by("pk").values_list(field, flat=True))

    def fields(self) -> dict:
        """The model's fields by name."""
        return {field.name: field for field in self.model._meta.fields}
