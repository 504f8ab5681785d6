"""The clinic at the end of lesson 17: patient three mended, a form that knows of every room."""

from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.grading import call, described

LESSON = "17-python-all-the-way"


class ThreeMend(Exercise):
    """A form class with one field, `room`: every room there is at the moment a form is made of it."""

    id = "python-way-clinic-three-mend"
    name = "room_form"
    uses_database = True

    def stub(): ...

    hints = (
        "A list of rows is read once, when the class is made. A queryset, or a function, is asked for each form.",
        "forms.ModelChoiceField(queryset=Room.objects.all()), or ChoiceField with a callable as `choices`.",
    )

    def check(attempt):
        from django import forms

        from helpers.conference.models import Room

        form_class = call(attempt)
        if not isinstance(form_class, type) or not issubclass(form_class, forms.BaseForm):
            raise Incorrect(f"room_form(): a form class is expected, got {described(form_class)}. Return the class.")
        for name in (None, "Annex"):
            if name:
                Room.objects.create(name=name, slug=name.lower(), seats=9)
            form = form_class()
            if list(form.fields) != ["room"]:
                raise Incorrect(f"the form has the fields {list(form.fields)}, expected one: room.")
            if not hasattr(form.fields["room"], "choices"):
                raise Incorrect("the field room offers no choices: which fields of a form do?")
            offered = [label for value, label in form.fields["room"].choices if str(value)]
            if sorted(offered) != sorted(Room.objects.values_list("name", flat=True)):
                moment = "a form made after a new room" if name else "a new form"
                raise Incorrect(
                    f"{moment} offers {len(offered)} rooms by name, and there are {Room.objects.count()}. "
                    "When was the question asked?"
                )
        return "a new room is offered by the next form, without a restart"

    @solution
    def by_a_queryset():
        from django import forms

        from helpers.conference.models import Room

        class RoomForm(forms.Form):
            room = forms.ModelChoiceField(queryset=Room.objects.all())

        return RoomForm

    @solution
    def by_a_callable():
        from django import forms

        from helpers.conference.models import Room

        class RoomForm(forms.Form):
            room = forms.ChoiceField(choices=lambda: list(Room.objects.values_list("slug", "name")))

        return RoomForm

    @mistake("When was the question asked")
    def in_the_class_body():
        from django import forms

        from helpers.conference.models import Room

        class RoomForm(forms.Form):
            room = forms.ChoiceField(choices=list(Room.objects.values_list("slug", "name")))

        return RoomForm

    @mistake("When was the question asked")
    def a_frozen_queryset():
        from django import forms

        from helpers.conference.models import Room

        known = list(Room.objects.values_list("pk", flat=True))

        class RoomForm(forms.Form):
            room = forms.ModelChoiceField(queryset=Room.objects.filter(pk__in=known))

        return RoomForm

    @mistake("a form class is expected")
    def a_form():
        from django import forms

        from helpers.conference.models import Room

        class RoomForm(forms.Form):
            room = forms.ModelChoiceField(queryset=Room.objects.all())

        return RoomForm()

    @mistake("offers no choices")
    def any_text():
        from django import forms

        class RoomForm(forms.Form):
            room = forms.CharField()

        return RoomForm
