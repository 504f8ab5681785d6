"""An exercise of lesson 01 that two offices try at once: take a seat, and lose none."""

from unittest import mock

from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.grading import call, described

LESSON = "01-the-orm"


class Seat(Exercise):
    """Take one of the room's seats: True, or False where only one is left, which stays.

    It has to be right also when two offices ask at the same moment.
    """

    id = "orm-6-seat"
    name = "take_seat"
    uses_database = True

    def stub(rooms, room_id): ...

    hints = (
        "Let the database subtract, and let the same statement say for which rows. What does update() return?",
        "rooms.filter(id=room_id, seats__gt=1).update(...) tells how many rows it changed: one, or none.",
    )

    def check(attempt):
        from helpers.conference.models import Room

        room = Room.objects.order_by("id")[0]
        words = f"{attempt.__name__}(rooms, {room.id})"
        for seats, right in ((5, True), (1, False)):
            Room.objects.filter(id=room.id).update(seats=seats)
            got = call(attempt, Room.objects.all(), room.id, shown=f"rooms, {room.id}")
            left = Room.objects.get(id=room.id).seats
            if left != seats - right:
                raise Incorrect(f"{words} with {seats} seats: expected {seats - right} to be left, got {left}.")
            if got is not right:
                raise Incorrect(
                    f"{words} with {seats} seats: expected {right}, got {described(got)}. True or False is expected."
                )
        Room.objects.filter(id=room.id).update(seats=5)
        sold = 1 + _with_a_rival(room.id, lambda: call(attempt, Room.objects.all(), room.id, shown="rooms, id"))
        left = Room.objects.get(id=room.id).seats
        if left != 5 - sold:
            raise Incorrect(
                f"{words} while another office takes a seat between your reading and your writing: {sold} seats were "
                f"sold of 5, and {left} are left. What you read was old when you wrote."
            )
        return "one seat is taken, the last one stays, and nothing is lost between two offices"

    @solution
    def one_statement(rooms, room_id):
        from django.db.models import F

        return rooms.filter(id=room_id, seats__gt=1).update(seats=F("seats") - 1) == 1

    @solution
    def locked_row(rooms, room_id):
        from django.db import transaction

        with transaction.atomic():
            room = rooms.select_for_update().get(id=room_id)
            if room.seats <= 1:
                return False
            room.seats -= 1
            room.save(update_fields=["seats"])
            return True

    @mistake("What you read was old")
    def read_then_save(rooms, room_id):
        room = rooms.get(id=room_id)
        if room.seats <= 1:
            return False
        room.seats -= 1
        room.save()
        return True

    @mistake("IntegrityError")
    def no_condition(rooms, room_id):
        from django.db.models import F

        return rooms.filter(id=room_id).update(seats=F("seats") - 1) == 1

    @mistake("True or False is expected")
    def a_number(rooms, room_id):
        from django.db.models import F

        return rooms.filter(id=room_id, seats__gt=1).update(seats=F("seats") - 1)


def _with_a_rival(room_id, take) -> int:
    """Run `take` while another office takes a seat right after the room was read; returns how many it took.

    A row that `select_for_update` has locked makes the other office wait: SQLite has no such locks, so it is played.
    """
    from django.db import connection
    from django.db.models import QuerySet

    locked, taken, lock = [], [], QuerySet.select_for_update

    def locking(rows, *arguments, **options):
        if connection.in_atomic_block:
            locked.append(True)
        return lock(rows, *arguments, **options)

    def rival(execute, sql, params, many, context):
        result = execute(sql, params, many, context)
        if sql.startswith("SELECT") and "conference_room" in sql and not locked and not taken:
            taken.append(True)
            with connection.cursor() as cursor:
                cursor.execute("UPDATE conference_room SET seats = seats - 1 WHERE id = %s", [room_id])
        return result

    with mock.patch.object(QuerySet, "select_for_update", locking), connection.execute_wrapper(rival):
        take()
    return len(taken)
