"""The third exercise of lesson 04: what the visitor does not choose is set by the view, and nothing is lost."""

from django import forms

from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.grading import call, described

LESSON = "04-forms"


class WhoseRow(Exercise):
    """Save a valid ModelForm whose model has an `owner` that the form does not ask for.

    All that the visitor chose is saved, many-to-many fields too. Return the saved object.
    """

    id = "forms-owner"
    name = "save_for"
    uses_database = True

    def stub(form, owner): ...

    hints = (
        "form.save(commit=False) gives the object, not yet written: there is time to set its owner.",
        "Many-to-many rows need the key of the object: form.save_m2m() comes after object.save().",
        "Or shorter: the object is form.instance, already before save().",
    )

    def check(attempt):
        Person, Topic, Proposal = _models()
        ada, topics = Person.objects.create(), [Topic.objects.create() for _ in range(2)]
        form_class = forms.modelform_factory(Proposal, fields=["title", "topics"])
        form = form_class({"title": "Forms", "topics": [each.pk for each in topics]})
        form.is_valid()
        got = _saved_by(attempt, form, ada)
        if Proposal.objects.count() != 1:
            raise Incorrect(
                f"save_for(form, ada): expected 1 new row, got {Proposal.objects.count()}. commit=False only builds "
                "the object: it still wants its save()."
            )
        row = Proposal.objects.get()
        if row.owner_id != ada.pk:
            raise Incorrect("save_for(form, ada): the row is saved, with another owner than ada.")
        if row.topics.count() != 2:
            raise Incorrect(
                f"save_for(form, ada): two topics were chosen, {row.topics.count()} are saved. After commit=False "
                "the many-to-many fields are left to you."
            )
        if not isinstance(got, Proposal) or got.pk != row.pk:
            raise Incorrect(
                f"save_for(form, ada): expected the saved object back, got {described(type(got).__name__)}."
            )
        changed = form_class({"title": "Forms!", "topics": [topics[0].pk]}, instance=row)
        changed.is_valid()
        _saved_by(attempt, changed, ada)
        left = (Proposal.objects.count(), Proposal.objects.get(pk=row.pk).topics.count())
        if left != (1, 1):
            raise Incorrect(
                f"a form with instance=, whose topics are now one: expected 1 row with 1 topic, got {left[0]} with "
                f"{left[1]}."
            )
        return "the owner, the title and the topics, for a new row and for a changed one"

    @solution
    def in_three_steps(form, owner):
        saved = form.save(commit=False)
        saved.owner = owner
        saved.save()
        form.save_m2m()
        return saved

    @solution
    def before_saving(form, owner):
        form.instance.owner = owner
        return form.save()

    @mistake("NOT NULL")
    def saved_too_early(form, owner):
        saved = form.save()
        saved.owner = owner
        saved.save()
        return saved

    @mistake("many-to-many fields are left to you")
    def topics_forgotten(form, owner):
        saved = form.save(commit=False)
        saved.owner = owner
        saved.save()
        return saved

    @mistake("it still wants its save()")
    def never_written(form, owner):
        saved = form.save(commit=False)
        saved.owner = owner
        return saved

    @mistake("no key yet")
    def topics_first(form, owner):
        saved = form.save(commit=False)
        saved.owner = owner
        form.save_m2m()
        saved.save()
        return saved

    @mistake("expected the saved object back")
    def nothing_returned(form, owner):
        form.instance.owner = owner
        form.save()

    @mistake("with 2")
    def topics_only_added(form, owner):
        saved = form.save(commit=False)
        saved.owner = owner
        saved.save()
        saved.topics.add(*form.cleaned_data["topics"])
        return saved


def _saved_by(attempt, form, owner):
    try:
        return call(attempt, form, owner, shown="form, ada")
    except Incorrect as error:
        nudge = ""
        if "NOT NULL" in str(error):
            nudge = " The row was written before it had an owner."
        elif "needs to have a value" in str(error):
            nudge = " The object has no key yet: it is not saved."
        raise Incorrect(f"{str(error).rstrip('.')}.{nudge}" if nudge else str(error)) from error


def _models():
    """Person, Topic and Proposal, with empty tables, in the copy that the check runs on."""
    from django.db import models

    from helpers.project.boot import clear_scratch, create_tables

    clear_scratch()

    class Person(models.Model):
        class Meta:
            app_label = "scratch"

    class Topic(models.Model):
        class Meta:
            app_label = "scratch"

    class Proposal(models.Model):
        title = models.CharField(max_length=80)
        owner = models.ForeignKey(Person, on_delete=models.CASCADE)
        topics = models.ManyToManyField(Topic, blank=True)

        class Meta:
            app_label = "scratch"

    create_tables(Person, Topic, Proposal)
    return Person, Topic, Proposal
