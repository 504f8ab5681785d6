"""The exercises of the deeper part of lesson 03: a way chosen from a measured frame, and a library's loans."""

import pandas as pd

from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.grading import call, expect_call
from helpers.exercises.migrations_trial import Trial

LESSON = "03-migrations"


class ChooseWay(Exercise):
    """The quickest `way` whose `longest_wait_ms` is at most `allowed_ms`; None if there is none.

    `timed` is a frame such as the one above; a way with a status other than 0 has failed.
    """

    id = "migrations-choose-way"
    name = "choose_way"

    def stub(timed, allowed_ms): ...

    hints = (
        "Three conditions: it did not fail, nobody waits too long, and of those that are left the fewest seconds.",
        "good = timed[(timed.status == 0) & (timed.longest_wait_ms <= allowed_ms)], then "
        'good.set_index("way").seconds.idxmin().',
    )

    def check(attempt):
        timed = pd.DataFrame(
            {
                "way": ["one", "batches", "small batches", "concurrently"],
                "status": [0, 0, 0, 1],
                "seconds": [2.0, 3.5, 6.0, 0.5],
                "longest_wait_ms": [1_900.0, 120.0, 40.0, 5.0],
            }
        )
        quickest = "Of the ways that did not fail, and that nobody waits too long for, the quickest is wanted."
        for allowed_ms, expected, nudge in (
            (5_000, "one", quickest),
            (120, "batches", "Exactly the allowed wait is allowed: use <=."),
            (100, "small batches", quickest),
            (10, None, "No way that works is gentle enough: return None. One that failed is no way."),
        ):
            expect_call(attempt, timed, allowed_ms, expected=expected, shown=f"timed, {allowed_ms}", nudge=nudge)
        return "the quickest that is gentle enough, or None"

    @solution
    def quickest_gentle_enough(timed, allowed_ms):
        good = timed[(timed.status == 0) & (timed.longest_wait_ms <= allowed_ms)]
        return None if good.empty else good.set_index("way").seconds.idxmin()

    @mistake("the quickest is wanted")
    def the_gentlest(timed, allowed_ms):
        good = timed[(timed.status == 0) & (timed.longest_wait_ms <= allowed_ms)]
        return None if good.empty else good.set_index("way").longest_wait_ms.idxmin()

    @mistake("use <=")
    def strictly_below(timed, allowed_ms):
        good = timed[(timed.status == 0) & (timed.longest_wait_ms < allowed_ms)]
        return None if good.empty else good.set_index("way").seconds.idxmin()

    @mistake("did not fail")
    def failed_ones_too(timed, allowed_ms):
        good = timed[timed.longest_wait_ms <= allowed_ms]
        return None if good.empty else good.set_index("way").seconds.idxmin()


class Library(Exercise):
    """Operations that turn `loan.back` ("yes" or "no") into `loan.returned` (True or False).

    Nothing may be lost, and there has to be a way back; `back` is gone at the end.
    """

    id = "migrations-library"
    name = "loan_operations"
    uses_database = True

    def stub(): ...

    hints = (
        "Three steps again: add `returned` with default=False, fill it from `back`, remove `back`.",
        "The way back runs the list from its end: `back` comes again, every row with its default, and then the second "
        "function of RunPython fills it from `returned`.",
    )

    def check(attempt):
        from django.db import models

        loans = [{"book": "Pro Django", "back": "yes"}, {"book": "Two Scoops", "back": "no"}]
        loans.append({"book": "Spartan Forms", "back": "yes"})
        fields = {"book": models.CharField(max_length=80), "back": models.CharField(max_length=3, default="no")}
        trial = Trial("Loan", fields, loans)
        trial.forwards(call(attempt))
        names = trial.fields()
        if "returned" not in names or not isinstance(names["returned"], models.BooleanField):
            raise Incorrect('afterwards a loan needs a BooleanField "returned"; it has ' + ", ".join(names) + ".")
        got = trial.values("returned")
        if got != [True, False, True]:
            raise Incorrect(
                f"the loans with back = yes, no, yes have returned = {got} afterwards: "
                "fill it before `back` is removed."
            )
        if "back" in names:
            raise Incorrect("`back` is still there: two columns with one meaning will disagree some day. Remove it.")
        trial.backwards()
        got = trial.values("back")
        if got != ["yes", "no", "yes"]:
            raise Incorrect(
                f"after going back, the loans have back = {got}: the reverse has to fill it from `returned`."
            )
        return "three loans there and back again, with nothing lost"

    @solution
    def add_fill_remove():
        from django.db import migrations, models

        def fill(apps, schema_editor):
            apps.get_model("shop", "Loan").objects.filter(back="yes").update(returned=True)

        def restore(apps, schema_editor):
            apps.get_model("shop", "Loan").objects.filter(returned=True).update(back="yes")

        add = migrations.AddField("loan", "returned", models.BooleanField(default=False))
        return [add, migrations.RunPython(fill, restore), migrations.RemoveField("loan", "back")]

    @mistake("fill it before")
    def removed_and_added():
        from django.db import migrations, models

        return [
            migrations.RemoveField("loan", "back"),
            migrations.AddField("loan", "returned", models.BooleanField(default=False)),
        ]

    @mistake("has no way back")
    def one_way_only():
        from django.db import migrations, models

        def fill(apps, schema_editor):
            apps.get_model("shop", "Loan").objects.filter(back="yes").update(returned=True)

        return [
            migrations.AddField("loan", "returned", models.BooleanField(default=False)),
            migrations.RunPython(fill),
            migrations.RemoveField("loan", "back"),
        ]

    @mistake("the reverse has to fill it")
    def back_without_filling():
        from django.db import migrations, models

        def fill(apps, schema_editor):
            apps.get_model("shop", "Loan").objects.filter(back="yes").update(returned=True)

        return [
            migrations.AddField("loan", "returned", models.BooleanField(default=False)),
            migrations.RunPython(fill, migrations.RunPython.noop),
            migrations.RemoveField("loan", "back"),
        ]

    @mistake("Remove it")
    def both_stay():
        from django.db import migrations, models

        def fill(apps, schema_editor):
            apps.get_model("shop", "Loan").objects.filter(back="yes").update(returned=True)

        return [
            migrations.AddField("loan", "returned", models.BooleanField(default=False)),
            migrations.RunPython(fill, migrations.RunPython.noop),
        ]
