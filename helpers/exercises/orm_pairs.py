"""An exercise of lesson 01 about reading rows: pairs instead of model objects."""

from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.grading import call, described
from helpers.exercises.querysets import within

LESSON = "01-the-orm"


class Pairs(Exercise):
    """(title, name of its room) of every talk, as a list of tuples: one query, no objects."""

    id = "orm-5-pairs"
    name = "titles_and_rooms"
    options = {"queries": 1}
    uses_database = True

    def stub(): ...

    hints = (
        "A relation is followed with two underscores, in values_list as in filter.",
        'list(Talk.objects.values_list(...)) with "title" and "room__name".',
    )

    def check(attempt):
        from django.db.models.signals import post_init

        from helpers.conference.models import Talk

        words, made = f"{attempt.__name__}()", []

        def count(sender, **_):
            made.append(sender.__name__)

        post_init.connect(count)
        try:
            got = within(1, lambda: _read(call(attempt)), words=words, nudge="The room's name can come with the title.")
        finally:
            post_init.disconnect(count)
        if made:
            raise Incorrect(f"{words}: no model objects are needed, and this made {len(made)} of them.")
        if not isinstance(got, list):
            raise Incorrect(f"{words}: a list is expected, got {type(got).__name__}: wrap it in list().")
        if got and not isinstance(got[0], tuple):
            raise Incorrect(f"{words}: tuples are expected, got {type(got[0]).__name__}s: values_list() gives tuples.")
        expected = sorted((talk.title, talk.room.name) for talk in Talk.objects.select_related("room"))
        if sorted(got) != expected:
            raise Incorrect(
                f"{words}: expected {len(expected)} pairs like {described(expected[0])}, got {len(got)}, like "
                f"{described(got[0] if got else None)}. A foreign key alone gives the id of the room."
            )
        return f"{len(got)} pairs, 1 query, 0 objects"

    @solution
    def values_list():
        from helpers.conference.models import Talk

        return list(Talk.objects.values_list("title", "room__name"))

    @mistake("the id of the room")
    def the_key_alone():
        from helpers.conference.models import Talk

        return list(Talk.objects.values_list("title", "room"))

    @mistake("no model objects are needed")
    def objects_all_the_same():
        from helpers.conference.models import Talk

        return [(talk.title, talk.room.name) for talk in Talk.objects.select_related("room")]

    @mistake("enough, and this ran")
    def a_query_for_each_room():
        from helpers.conference.models import Talk

        return [(talk.title, talk.room.name) for talk in Talk.objects.all()]

    @mistake("tuples are expected")
    def dictionaries():
        from helpers.conference.models import Talk

        return list(Talk.objects.values("title", "room__name"))

    @mistake("wrap it in list()")
    def still_a_promise():
        from helpers.conference.models import Talk

        return Talk.objects.values_list("title", "room__name")


def _read(got):
    """Ask the database for what is still a promise, so that its query is counted."""
    if got is not None and not isinstance(got, list) and hasattr(got, "__iter__"):
        list(got)
    return got
