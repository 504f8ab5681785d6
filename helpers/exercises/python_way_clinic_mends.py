"""The clinic at the end of lesson 17: patients one and two mended."""

from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.grading import call, described
from helpers.exercises.querysets import expect_queryset, expect_rows, within

LESSON = "17-python-all-the-way"


class OneMend(Exercise):
    """All talks, as a queryset of two queries, each with the list `good`: its ratings of five stars."""

    id = "python-way-clinic-one-mend"
    name = "talks_with_good"
    uses_database = True

    def stub(): ...

    hints = (
        "The condition belongs into the prefetch: then one query brings the right rows for all talks.",
        'Prefetch("ratings", queryset=…, to_attr="good").',
    )

    def check(attempt):
        from helpers.conference.models import Talk

        talks = expect_queryset(attempt, Talk)
        expect_rows(talks.all(), Talk.objects.all(), "talks_with_good()", "Talks without such a rating count as well.")
        expected = {
            each.pk: sorted(each.ratings.filter(stars=5).values_list("pk", flat=True)) for each in Talk.objects.all()
        }
        found = within(2, list, talks.all(), words="talks_with_good()")
        for each in found:
            good = getattr(each, "good", None)
            if not isinstance(good, list):
                raise Incorrect(f"{each.title!r}.good: a list of ratings is expected, got {described(good)}.")
            if sorted(rating.pk for rating in good) != expected[each.pk]:
                raise Incorrect(
                    f"{each.title!r} has {len(expected[each.pk])} ratings of five stars, and {len(good)} in good. "
                    "Which condition does the prefetch have?"
                )
        return f"{len(found)} talks and their best ratings in two queries"

    @solution
    def filtered_prefetch():
        from django.db.models import Prefetch

        from helpers.conference.models import Rating, Talk

        five = Rating.objects.filter(stars=5)
        return Talk.objects.prefetch_related(Prefetch("ratings", queryset=five, to_attr="good"))

    @mistake("Which condition")
    def all_of_them():
        from django.db.models import Prefetch

        from helpers.conference.models import Talk

        return Talk.objects.prefetch_related(Prefetch("ratings", to_attr="good"))

    @mistake("without such a rating")
    def only_good_talks():
        from django.db.models import Prefetch

        from helpers.conference.models import Rating, Talk

        five = Rating.objects.filter(stars=5)
        good = Talk.objects.filter(pk__in=five.values("talk"))
        return good.prefetch_related(Prefetch("ratings", queryset=five, to_attr="good"))

    @mistake("a list of ratings is expected")
    def without_a_name():
        from django.db.models import Prefetch

        from helpers.conference.models import Rating, Talk

        return Talk.objects.prefetch_related(Prefetch("ratings", queryset=Rating.objects.filter(stars=5)))

    @mistake("a queryset is expected")
    def a_loop():
        from helpers.conference.models import Talk

        return [(talk, list(talk.ratings.filter(stars=5))) for talk in Talk.objects.all()]


class TwoMend(Exercise):
    """Call `save()` in a transaction; `box.thank(name)` is called once it is certain, and only then."""

    id = "python-way-clinic-two-mend"
    name = "vote_then_thank"
    uses_database = True

    def stub(box, save, name): ...

    hints = (
        "Django can be asked to call a function after the outermost commit.",
        "transaction.on_commit(lambda: box.thank(name)), inside the `with transaction.atomic():`.",
    )

    def check(attempt):
        from django.db import connection, transaction

        from helpers.conference.models import Room

        told, inside = [], []

        class Box:
            def thank(self, name):
                told.append((name, connection.in_atomic_block, Room.objects.filter(name=name).exists()))

        def save_as(name, fails=False):
            def save():
                inside.append(connection.in_atomic_block)
                Room.objects.create(name=name, slug=name.lower(), seats=9)
                if fails:
                    raise ValueError("the vote is not valid")

            return save

        call(attempt, Box(), save_as("Ada"), "Ada", shown='box, save, "Ada"')
        if inside != [True]:
            what = "was not called once" if len(inside) != 1 else "was called outside of a transaction"
            raise Incorrect(f'vote_then_thank(box, save, "Ada"): save {what}.')
        if [each[0] for each in told] != ["Ada"]:
            raise Incorrect(f'vote_then_thank(box, save, "Ada"): one thank for Ada is expected, got {described(told)}.')
        if told[0][1]:
            raise Incorrect(
                'vote_then_thank(box, save, "Ada") thanked in the transaction: it may still be rolled back.'
            )
        told.clear()
        try:
            attempt(Box(), save_as("Bob", fails=True), "Bob")
        except ValueError:
            pass
        else:
            raise Incorrect("save raised ValueError, and your function says nothing of it: the caller has to know.")
        if told or Room.objects.filter(name="Bob").exists():
            raise Incorrect("save failed for Bob, and a mail or a row of his is left: nothing may be.")
        try:
            with transaction.atomic():
                attempt(Box(), save_as("Eve"), "Eve")
                raise ValueError("the caller fails later")
        except ValueError:
            pass
        if told:
            raise Incorrect(
                "The caller had a transaction of its own, which was rolled back after your function had ended: Eve was "
                "thanked, and her row is gone. Who knows when the outermost one is certain?"
            )
        return "thanked after the commit; not for a failed save, and not for a caller who rolls back"

    @solution
    def on_commit(box, save, name):
        from django.db import transaction

        with transaction.atomic():
            save()
            transaction.on_commit(lambda: box.thank(name))

    @mistake("thanked in the transaction")
    def inside_it(box, save, name):
        from django.db import transaction

        with transaction.atomic():
            save()
            box.thank(name)

    @mistake("the outermost one")
    def below_the_with(box, save, name):
        from django.db import transaction

        with transaction.atomic():
            save()
        box.thank(name)

    @mistake("outside of a transaction")
    def without_one(box, save, name):
        save()
        box.thank(name)

    @mistake("the caller has to know")
    def swallows_it(box, save, name):
        from django.db import transaction

        try:
            with transaction.atomic():
                save()
                transaction.on_commit(lambda: box.thank(name))
        except ValueError:
            pass

    @mistake("one thank for Ada is expected")
    def never_thanks(box, save, name):
        from django.db import transaction

        with transaction.atomic():
            save()
