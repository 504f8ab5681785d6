"""The exercise of lesson 12 that takes up django-autocache: one object by its pk, right after every commit."""

import gc
import warnings
from functools import partial

from django.core.cache import CacheKeyWarning
from django.db import connection, transaction
from django.db.models.signals import post_delete, post_save

from helpers.exercises.backends_autocache_trial import Trial
from helpers.exercises.base import Exercise, mistake, solution
from helpers.exercises.signals_quiet import quiet

LESSON = "12-backends-libraries-many-servers"


class Auto(Exercise):
    """get(pk) finds one object of `model` in `cache`, else in the database, and keeps it.

    After the commit of a save the new object is there; after that of a delete, none is.
    Nothing that is rolled back is ever kept. It works as long as Python runs, even when no
    name holds the AutoCache any more.
    """

    id = "backends-autocache"
    name = "AutoCache"
    kind = "class"
    uses_database = True

    def stub():
        class AutoCache:
            def __init__(self, model, cache): ...

            def get(self, pk): ...

        return AutoCache

    hints = (
        "post_save and post_delete tell the moment, transaction.on_commit waits for the commit. Connect with "
        "weak=False: nobody else holds your receivers.",
        "In get, inside a transaction (connection.in_atomic_block), keep nothing: it may all be rolled back.",
    )

    @quiet()
    def check(attempt):
        with warnings.catch_warnings():
            warnings.simplefilter("error", CacheKeyWarning)  # a key that memcached would refuse
            trial = Trial(attempt)
            trial.read_twice()
            trial.save()
            trial.roll_back()
            trial.roll_back_after_a_look()
            trial.two_models()
            trial.forgotten_by_all()
            trial.delete()
            gc.collect()
        return "kept, replaced and removed after the commit; nothing was kept that was rolled back"

    @solution
    def thirty_lines():
        from functools import partial

        from django.db import connection, transaction
        from django.db.models.signals import post_delete, post_save

        class AutoCache:
            def __init__(self, model, cache):
                self.model, self.cache = model, cache
                post_save.connect(self.saved, sender=model, weak=False)
                post_delete.connect(self.deleted, sender=model, weak=False)

            def key(self, pk):
                return f"auto:{self.model._meta.label_lower}:{pk}"

            def get(self, pk):
                found = self.cache.get(self.key(pk))
                if found is None:
                    found = self.model.objects.get(pk=pk)
                    if not connection.in_atomic_block:
                        self.cache.set(self.key(pk), found, None)
                return found

            def saved(self, instance, **kwargs):
                transaction.on_commit(partial(self.cache.set, self.key(instance.pk), instance, None))

            def deleted(self, instance, **kwargs):
                transaction.on_commit(partial(self.cache.delete, self.key(instance.pk)))

        return AutoCache

    @mistake("transaction.on_commit")
    def at_once():
        class AutoCache(_Right):
            def saved(self, instance, **kwargs):
                self.cache.set(self.key(instance.pk), instance, None)

        return AutoCache

    @mistake("in_atomic_block")
    def kept_inside_a_transaction():
        class AutoCache(_Right):
            def get(self, pk):
                found = self.cache.get(self.key(pk))
                if found is None:
                    found = self.model.objects.get(pk=pk)
                    self.cache.set(self.key(pk), found, None)
                return found

        return AutoCache

    @mistake("replace")
    def deleted_on_save():
        class AutoCache(_Right):
            def saved(self, instance, **kwargs):
                self.deleted(instance)

        return AutoCache

    @mistake("still alive")
    def local_receivers():
        class AutoCache(_Right):
            def connect(self):
                def saved(instance, **kwargs):
                    self.saved(instance)

                post_save.connect(saved, sender=self.model)

        return AutoCache

    @mistake("as long as Python runs")
    def weak_methods():
        class AutoCache(_Right):
            def connect(self):
                post_save.connect(self.saved, sender=self.model)
                post_delete.connect(self.deleted, sender=self.model)

        return AutoCache

    @mistake("another model")
    def one_key_for_all_models():
        class AutoCache(_Right):
            def key(self, pk):
                return f"auto:{pk}"

        return AutoCache

    @mistake("connect with sender=model")
    def every_sender():
        class AutoCache(_Right):
            def connect(self):
                post_save.connect(self.saved, weak=False)
                post_delete.connect(self.deleted, weak=False)

        return AutoCache

    @mistake("if used with memcached")
    def a_key_with_spaces():
        class AutoCache(_Right):
            def key(self, pk):
                return f"{self.model} {pk}"

        return AutoCache

    @mistake("read the old row once more before the commit")
    def deleted_too_soon():
        class AutoCache(_Right):
            def deleted(self, instance, **kwargs):
                self.cache.delete(self.key(instance.pk))

        return AutoCache

    @mistake("has lost its pk")
    def key_after_the_delete():
        class AutoCache(_Right):
            def deleted(self, instance, **kwargs):
                transaction.on_commit(lambda: self.cache.delete(self.key(instance.pk)))

        return AutoCache

    @mistake("0 queries are enough")
    def never_kept():
        class AutoCache(_Right):
            def get(self, pk):
                return self.model.objects.get(pk=pk)

        return AutoCache


class _Right:
    """What the mistakes are made from."""

    def __init__(self, model, cache):
        self.model, self.cache = model, cache
        self.connect()

    def connect(self):
        post_save.connect(self.saved, sender=self.model, weak=False)
        post_delete.connect(self.deleted, sender=self.model, weak=False)

    def key(self, pk):
        return f"auto:{self.model._meta.label_lower}:{pk}"

    def get(self, pk):
        found = self.cache.get(self.key(pk))
        if found is None:
            found = self.model.objects.get(pk=pk)
            if not connection.in_atomic_block:
                self.cache.set(self.key(pk), found, None)
        return found

    def saved(self, instance, **kwargs):
        transaction.on_commit(partial(self.cache.set, self.key(instance.pk), instance, None))

    def deleted(self, instance, **kwargs):
        transaction.on_commit(partial(self.cache.delete, self.key(instance.pk)))
