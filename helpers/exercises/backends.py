"""The exercise of lesson 12 about backends: choose one from a measured frame."""

import pandas as pd

from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.grading import expect_call

LESSON = "12-backends-libraries-many-servers"


class Choose(Exercise):
    """The backend with the highest hit_rate among those that `workers` workers can share.

    Shared: all numbers in visits_known are equal, and above 0. At most slowest_ms of
    latency_p50_ms. If hit rates are equal, the faster one; None if no backend is left.
    """

    id = "backends-choose"
    name = "choose_backend"

    def stub(frame, workers, slowest_ms): ...

    hints = (
        "Three conditions on rows; frame.visits_known.map(function) says for each list whether the workers agree.",
        'Sort what is left: sort_values(["hit_rate", "latency_p50_ms"], ascending=[False, True]); it may be empty.',
    )

    def check(attempt):
        frame = pd.DataFrame(
            {
                "workers": [1, 2, 2, 2, 2, 2, 2],
                "backend": ["Valkey", "dummy", "memory", "files", "database", "memcached", "Valkey"],
                "hit_rate": [0.99, 0.0, 0.95, 0.9, 0.7, 0.8, 0.8],
                "latency_p50_ms": [1.0, 2.0, 1.0, 30.0, 20.0, 5.0, 4.0],
                "visits_known": [[60], [0, 0], [28, 32], [57, 57], [50, 50], [60, 60], [60, 60]],
            },
            index=[9, 4, 7, 1, 3, 8, 2],
        )
        for workers, slowest, expected, nudge in (
            (2, 40, "files", "Only rows of that many workers, whose numbers in visits_known are all equal."),
            (2, 30, "files", "files answer in 30 ms: exactly slowest_ms is fast enough."),
            (2, 25, "Valkey", _of_two_left),
            (
                2,
                3,
                None,
                "The dummy tells all workers the same, nothing at all: all equal, and above 0. Then none is left.",
            ),
        ):
            shown = f"frame, {workers}, {slowest}"
            expect_call(attempt, frame, workers, slowest, expected=expected, shown=shown, nudge=nudge)
        _without_a_row(attempt, frame)
        return "shared, fast enough, the most hits, then the faster one"

    @solution
    def sorted_rows(frame, workers, slowest_ms):
        def shared(known):
            return min(known) == max(known) > 0

        good = frame[(frame.workers == workers) & (frame.latency_p50_ms <= slowest_ms)]
        good = good[good.visits_known.map(shared).astype(bool)]
        best = good.sort_values(["hit_rate", "latency_p50_ms"], ascending=[False, True])
        return None if best.empty else best.backend.iloc[0]

    @mistake("are all equal")
    def sharing_forgotten(frame, workers, slowest_ms):
        good = frame[(frame.workers == workers) & (frame.latency_p50_ms <= slowest_ms)]
        return good.sort_values("hit_rate").backend.iloc[-1]

    @mistake("Only rows of that many workers")
    def workers_forgotten(frame, workers, slowest_ms):
        good = frame[frame.latency_p50_ms <= slowest_ms]
        good = good[[min(known) == max(known) > 0 for known in good.visits_known]]
        return good.sort_values("hit_rate").backend.iloc[-1]

    @mistake("exactly slowest_ms")
    def faster_than_slowest(frame, workers, slowest_ms):
        good = frame[(frame.workers == workers) & (frame.latency_p50_ms < slowest_ms)]
        good = good[[min(known) == max(known) > 0 for known in good.visits_known]]
        best = good.sort_values(["hit_rate", "latency_p50_ms"], ascending=[False, True])
        return None if best.empty else best.backend.iloc[0]

    @mistake("took 30 ms")
    def however_slow(frame, workers, slowest_ms):
        good = frame[frame.workers == workers]
        good = good[[min(known) == max(known) > 0 for known in good.visits_known]]
        best = good.sort_values(["hit_rate", "latency_p50_ms"], ascending=[False, True])
        return None if best.empty else best.backend.iloc[0]

    @mistake("picks no column")
    def trap_of_an_empty_list(frame, workers, slowest_ms):
        good = frame[(frame.workers == workers) & (frame.latency_p50_ms <= slowest_ms)]
        good = good[[min(known) == max(known) > 0 for known in good.visits_known]]
        best = good.sort_values(["hit_rate", "latency_p50_ms"], ascending=[False, True])
        return None if best.empty else best.backend.iloc[0]

    @mistake("the lower latency")
    def any_of_the_best(frame, workers, slowest_ms):
        good = frame[(frame.workers == workers) & (frame.latency_p50_ms <= slowest_ms)]
        good = good[[len(set(known)) == 1 for known in good.visits_known]]
        return good.loc[good.hit_rate.idxmax(), "backend"]

    @mistake("above 0")
    def nothing_is_equal_too(frame, workers, slowest_ms):
        good = frame[(frame.workers == workers) & (frame.latency_p50_ms <= slowest_ms)]
        good = good[[len(set(known)) == 1 for known in good.visits_known]]
        best = good.sort_values(["hit_rate", "latency_p50_ms"], ascending=[False, True])
        return None if best.empty else best.backend.iloc[0]


def _of_two_left(got):
    if got == "files":
        return "files took 30 ms, which is more than slowest_ms."
    return "Two have the highest hit rate that is left, 0.8: the one with the lower latency is wanted."


def _without_a_row(attempt, frame):
    """Raise Incorrect unless None comes back where no row has that many workers; pandas has a trap just there."""
    nudge = "This frame has no row for that many workers: return None."
    try:
        expect_call(attempt, frame, 4, 40, expected=None, shown="frame, 4, 40", nudge=nudge)
    except Incorrect as error:
        if " raised " not in str(error):
            raise
        raise Incorrect(
            f"{error}. This frame has no row for 4 workers. With no row left a list of True and False is empty, and "
            "good[[]] picks no column at all: return None as soon as `good` is empty."
        ) from error
