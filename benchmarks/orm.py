"""What N+1 costs next to its cures, and what watching queries costs."""

import contextlib

from benchmarks.timing import interleaved, row
from helpers.project.boot import boot
from helpers.queries import watch


def rows():
    """The rows of this benchmark."""
    boot("medium")
    yield from _n_plus_1()
    yield from _watching()


def _n_plus_1():
    from helpers.conference.models import Talk

    def names(talks):
        return [(talk.title, talk.room.name, [speaker.name for speaker in talk.speakers.all()]) for talk in talks]

    ways = {
        "naive": lambda: names(Talk.objects.all()),
        "cured": lambda: names(Talk.objects.select_related("room").prefetch_related("speakers")),
    }
    counts = {}
    for name, way in ways.items():
        with watch() as seen:
            way()
        counts[name] = seen.count
    times = interleaved(ways, repeats=7)
    talks = Talk.objects.count()
    what = f"a list of {talks:,} talks with room and speakers, one query each"
    against = "select_related and prefetch_related"
    yield row(
        what, against, counts["naive"] / counts["cured"], f"× the queries ({counts['naive']:,} : {counts['cured']})"
    )
    yield row(what, against, times["naive"] / times["cured"], "× the time")


def _watching():
    from helpers.conference.models import Talk

    ids = list(Talk.objects.values_list("id", flat=True)) * 1_000

    def thousand(watching):
        with watching:
            for number in ids[:1_000]:
                Talk.objects.get(id=number)

    times = interleaved(
        {"bare": lambda: thousand(contextlib.nullcontext()), "watched": lambda: thousand(watch())}, repeats=9
    )
    ratio = times["watched"] / times["bare"]
    yield row("queries.watch around 1,000 queries", "the bare block", ratio, "× its time", "≤ 1.3 ×", ratio <= 1.3)
