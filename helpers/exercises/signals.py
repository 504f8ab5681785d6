"""The exercises of lesson 06 about who hears a signal: stay connected, and run once."""

from django.db.models.signals import post_save
from django.dispatch import Signal

from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.grading import call, described
from helpers.exercises.signals_quiet import quiet

LESSON = "06-signals"


class StayConnected(Exercise):
    """Write the stars of each saved `model` into the list `heard`, as long as Python runs."""

    id = "signals-stay-connected"
    name = "listen"
    uses_database = True

    def stub(model, heard):
        def note(instance, **kwargs):
            heard.append(instance.stars)

        post_save.connect(note, sender=..., weak=...)

    hints = (
        "Whose rows are meant? Only those of `model`: that is the sender.",
        "When `listen` has ended, nobody but the signal knows `note`: a weak reference would be dead by then.",
    )

    @quiet()
    def check(attempt):
        from helpers.conference.models import Rating, Talk

        heard, rating = [], Rating.objects.order_by("id").first()
        call(attempt, Rating, heard, shown="Rating, heard")
        _save(rating)
        if heard == []:
            raise Incorrect(
                "after listen(Rating, heard) a rating was saved: expected its stars in heard, got nothing. "
                "Is `note` still alive when listen has ended, and is Rating its sender?"
            )
        _save(Talk.objects.order_by("id").first())
        if heard != [rating.stars]:
            raise Incorrect(f"one rating of {rating.stars} stars was saved: heard is {described(heard)}.")
        return "a rating was heard after the function had ended, and a talk was not"

    @solution
    def kept_alive(model, heard):
        def note(instance, **kwargs):
            heard.append(instance.stars)

        post_save.connect(note, sender=model, weak=False)

    @mistake("still alive")
    def a_weak_reference(model, heard):
        def note(instance, **kwargs):
            heard.append(instance.stars)

        post_save.connect(note, sender=model, weak=True)

    @mistake("every model")
    def whoever_is_saved(model, heard):
        def note(instance, **kwargs):
            heard.append(instance.stars)

        post_save.connect(note, sender=None, weak=False)

    @mistake("still alive")
    def a_text_that_only_looks_like_the_model(model, heard):
        def note(instance, **kwargs):
            heard.append(instance.stars)

        post_save.connect(note, sender=model(), weak=False)


def _save(instance):
    try:
        instance.save()
    except AttributeError as error:
        raise Incorrect(
            f"saving a {type(instance).__name__} raised AttributeError: {error}. Your receiver hears every model: "
            "it is meant to hear the sender `model` alone."
        ) from error
    except TypeError as error:
        raise Incorrect(
            f"saving raised TypeError: {error}. Django hands a receiver keywords: take **kwargs."
        ) from error


class ConnectOnce(Exercise):
    """Connect `receiver`, weakly, so that a copy of it, from another import, does not run too.

    A copy has the same `__qualname__` and another `__module__`; a receiver with another
    `__qualname__` is not a copy, and has to run.
    """

    id = "signals-once"
    name = "connect_once"

    def stub(signal, receiver): ...

    hints = (
        "Without a dispatch_uid Django tells receivers apart by their address in memory, and a copy has its own.",
        "A good dispatch_uid is the same for both copies, and another for every other receiver: which name is that?",
    )

    @quiet()
    def check(attempt):
        for first, second, expected, nudge in (
            (("board.signals", "tell"), ("signals", "tell"), 1, "The file was imported under two names: both run."),
            (("board.signals", "tell"), ("board.signals", "count"), 2, "Two receivers need two dispatch_uids."),
        ):
            signal, ran = Signal(), []
            made = [_receiver(*each, ran) for each in (first, second)]
            for each in made:
                call(attempt, signal, each, shown=f"signal, {each.__module__}.{each.__qualname__}")
            signal.send(sender=None)
            if len(ran) != expected:
                names = " and ".join(".".join(each) for each in (first, second))
                raise Incorrect(
                    f"connected {names}, then sent once: expected {expected} to run, {len(ran)} ran. {nudge}"
                )
        del made, each
        signal.send(sender=None)
        if len(ran) != 2:
            raise Incorrect("a receiver that nobody keeps any more still ran: leave `weak` as it is.")
        return "two imports run once, two receivers run both"

    @solution
    def by_its_name(signal, receiver):
        signal.connect(receiver, dispatch_uid=receiver.__qualname__)

    @mistake("imported under two names")
    def by_its_address(signal, receiver):
        signal.connect(receiver)

    @mistake("imported under two names")
    def with_the_module(signal, receiver):
        signal.connect(receiver, dispatch_uid=f"{receiver.__module__}.{receiver.__qualname__}")

    @mistake("two dispatch_uids")
    def one_uid_for_all(signal, receiver):
        signal.connect(receiver, dispatch_uid="once")

    @mistake("leave `weak` as it is")
    def for_ever(signal, receiver):
        signal.connect(receiver, dispatch_uid=receiver.__qualname__, weak=False)


def _receiver(module, name, ran):
    def run(**kwargs):
        ran.append(name)

    run.__module__, run.__qualname__, run.__name__ = module, name, name
    return run
