"""What an autocache has to go through in lesson 12: reads, saves, rollbacks, two models, a delete."""

import contextlib
import gc

from helpers.exercises.base import Incorrect
from helpers.exercises.cache_desk import RecordingCache
from helpers.exercises.grading import call, described


class _Undone(Exception):
    pass


class Trial:
    """One room in one cache, read and changed step by step; each step raises Incorrect in its own words."""

    def __init__(self, attempt):
        from helpers.conference.models import Room

        self.attempt, self.model, self.cache = attempt, Room, RecordingCache()
        self.room = Room.objects.create(name="Hall", slug="hall-of-the-check", seats=10)
        self.auto = call(attempt, Room, self.cache, shown="Room, cache")

    def read_twice(self):
        """The second read asks nobody."""
        for queries, seats in ((1, 10), (0, 10)):
            self.expect(seats, "a second time" if not queries else "for the first time", queries)

    def save(self):
        """A save replaces what is there."""
        self.write(20)
        if self.seats() == 10:
            raise Incorrect(
                "a room was saved with 20 seats: get(pk) still finds 10. Is a receiver of post_save connected, for "
                "this model, and still alive? A weak reference to a local function is dead when __init__ has ended."
            )
        self.write(30)
        self.expect(30, "after a save: replace the entry, so that no reader has to ask the database again", 0)

    def roll_back(self):
        """What was undone is not there."""
        with contextlib.suppress(_Undone), self.atomic():
            self.write(40)
            raise _Undone
        self.expect(
            30, "after a save with 40 seats that was rolled back: wait for the commit, by transaction.on_commit"
        )

    def roll_back_after_a_look(self):
        """Nor is what somebody looked at before it was undone."""
        self.cache.clear()
        with contextlib.suppress(_Undone), self.atomic():
            self.write(50)
            self.seats()
            raise _Undone
        self.expect(
            30,
            "after a transaction in which 50 seats were saved, looked at by get, and rolled back: inside a transaction "
            "(connection.in_atomic_block) keep nothing",
        )

    def two_models(self):
        """A speaker with the same pk is somebody else."""
        from helpers.conference.models import Speaker

        self.seats()
        speaker = Speaker.objects.filter(pk=self.room.pk).first() or Speaker(
            pk=self.room.pk, name="Ann", slug="ann-of-the-check"
        )
        speaker.save()
        speakers = call(self.attempt, Speaker, self.cache, shown="Speaker, cache")
        found = call(speakers.get, self.room.pk, shown="pk of a speaker")
        if not isinstance(found, Speaker):
            raise Incorrect(
                f"AutoCache(Speaker, cache).get(pk) found {described(type(found).__name__)}: the key has to name the "
                "model, or the same pk of another model is served."
            )
        found = call(self.auto.get, self.room.pk, shown="pk of a room")
        if not isinstance(found, self.model):
            raise Incorrect(
                "a speaker with the pk of a room was saved: get(pk) of the room finds the speaker. The receivers hear "
                "every model: connect with sender=model."
            )

    def forgotten_by_all(self):
        """The receivers outlive the object that connected them."""
        self.seats()
        self.auto = None
        gc.collect()
        self.write(60)
        self.auto = call(self.attempt, self.model, self.cache, shown="Room, cache")
        self.expect(
            60,
            "in a new AutoCache, after a save when no name held the first one any more: receivers are to work "
            "as long as Python runs, so connect with weak=False",
        )

    def delete(self):
        """What was deleted is nowhere."""
        pk, other = self.room.pk, self.model.objects.create(name="Nook", slug="nook-of-the-check", seats=5)
        self.seats()
        with self.atomic():
            self.room.delete()
        if self.finds(pk):
            raise Incorrect(
                "a room was deleted: get(pk) still finds it. Take its entry out after the commit, and make the key "
                "before: by then the instance has lost its pk."
            )
        pk = other.pk
        call(self.auto.get, pk, shown="pk")
        with self.atomic():
            before = dict(self.cache._cache), dict(self.cache._expire_info)
            other.delete()
            self.cache._cache.update(before[0])  # as another process would, which still finds the row
            self.cache._expire_info.update(before[1])
        if self.finds(pk):
            raise Incorrect(
                "a room was deleted, and another process read the old row once more before the commit: get(pk) finds "
                "it for ever. Take the entry out after the commit."
            )

    def finds(self, pk):
        """Whether get finds a room that may be gone; None for one that is not there is as good as DoesNotExist."""
        try:
            return self.auto.get(pk) is not None
        except self.model.DoesNotExist:
            return False

    def write(self, seats):
        """Save the room with so many seats."""
        self.room.seats = seats
        self.room.save()

    def seats(self):
        """What get finds."""
        found = call(self.auto.get, self.room.pk, shown="pk")
        if not isinstance(found, self.model):
            raise Incorrect(f"get(pk): expected a Room, got {described(found)}.")
        return found.seats

    def expect(self, seats, when, queries=None):
        """Raise Incorrect unless get finds so many seats, in so many queries."""
        from helpers.queries import watch

        with watch() as seen:
            found = self.seats()
        if found != seats:
            raise Incorrect(f"get(pk) {when}: expected {seats} seats, got {found}.")
        if queries is not None and seen.count > queries:
            raise Incorrect(f"get(pk) {when}: {queries} queries are enough, and this ran {seen.count}.")

    def atomic(self):
        """A transaction."""
        from django.db import transaction

        return transaction.atomic()
