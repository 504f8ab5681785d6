"""The exercise of lesson 05 about a form that is made from rows, and what exercises ask of any form class."""

from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.grading import call, described

LESSON = "05-advanced-forms"
QUESTIONS = [
    {"name": "q_1", "label": "Where do you sit?", "required": True},
    {"name": "q_2", "label": "Anything else?", "required": False},
]


def form_of(attempt, data=None, shown="", **handed):
    """A form of the class `attempt`; a class that is none, an error or a form without fields becomes Incorrect."""
    from django import forms

    if not issubclass(attempt, forms.BaseForm):
        raise Incorrect(f"a form class is expected, as in `class {attempt.__name__}(forms.Form)`.")

    def make():
        return attempt(data, **handed)

    make.__name__ = attempt.__name__  # so that an error is told under the learner's name
    made = call(make, shown=shown or ", ".join(f"{name}=…" for name in handed))
    if not made.fields:
        raise Incorrect(f"{attempt.__name__} has no fields: put each into self.fields, under its name.")
    for name, field in made.fields.items():
        if not isinstance(field, forms.Field):
            got = f"the class {field.__name__}" if isinstance(field, type) else described(field)
            raise Incorrect(f"fields[{name!r}] is {got}: a field is made with brackets, as in forms.CharField(…).")
    return made


def valid(form) -> bool:
    """What is_valid() says; an error inside the form's checks becomes Incorrect."""
    return call(form.is_valid, shown="")


class Rows(Exercise):
    """A form with one field for each of `questions`, each a dictionary (name, label, required).

    A name in the data that begins with "q_" and is no field makes the whole form invalid.
    """

    id = "advanced-forms-rows"
    name = "Survey"
    kind = "class"
    uses_database = True

    def stub():
        from django import forms

        class Survey(forms.Form):
            def __init__(self, *args, questions, **kwargs):
                super().__init__(*args, **kwargs)
                for question in questions:
                    self.fields[question["name"]] = ...

            def clean(self): ...

        return Survey

    hints = (
        "forms.CharField takes label= and required=; self.data holds all that was sent.",
        'In clean(): the names of self.data that start with "q_", without those of self.fields. Any left? Raise.',
    )

    def check(attempt):
        form = form_of(attempt, questions=QUESTIONS)
        if list(form.fields) != ["q_1", "q_2"]:
            raise Incorrect(f"expected the fields q_1 and q_2, got {', '.join(form.fields)}.")
        if form.fields["q_1"].label != "Where do you sit?":
            raise Incorrect("a field's label is the question's own: label=question[…].")
        if [form.fields[name].required for name in ("q_1", "q_2")] != [True, False]:
            raise Incorrect("q_2 need not be answered, q_1 must: a field is told so by required=.")
        staffs = [{"name": "q_7", "label": "For the staff", "required": True}]
        if not form_of(attempt, questions=staffs).fields.get("q_7"):
            raise Incorrect("asked for other questions, q_7 alone, the form has no field q_7: take what is handed in.")
        if "q_7" in form_of(attempt, questions=QUESTIONS).fields:
            raise Incorrect("a form made later has the question of another one: base_fields belong to the class.")
        honest = form_of(attempt, {"q_1": "in front", "csrfmiddlewaretoken": "x"}, questions=QUESTIONS)
        if not valid(honest):
            raise Incorrect(
                "an honest post was refused: it sent q_1 and csrfmiddlewaretoken, which comes with every post, and not "
                "q_2, which need not be answered. Refuse only names that begin with q_ and are no field."
            )
        if not isinstance(honest.cleaned_data, dict):
            got = described(honest.cleaned_data)
            raise Incorrect(
                f"clean() returned {got}, and that became cleaned_data: return nothing, and raise if wrong."
            )
        if honest.cleaned_data.get("q_1") != "in front":
            raise Incorrect("expected the answer to q_1 in cleaned_data, and it is not there.")
        for extra, sent, asked in (
            ("q_9", {"q_1": "in front", "q_9": "yes"}, QUESTIONS),
            ("q_1", {"q_7": "yes", "q_1": "in front"}, staffs),
        ):
            if valid(form_of(attempt, sent, questions=asked)):
                names = " and ".join(each["name"] for each in asked)
                raise Incorrect(
                    f"asked for {names}, a post with {extra} besides was taken as valid: raise a ValidationError."
                )
        return "two fields, a token let through, a forged name refused"

    @solution
    def refuses_the_rest():
        from django import forms

        class Survey(forms.Form):
            def __init__(self, *args, questions, **kwargs):
                super().__init__(*args, **kwargs)
                for question in questions:
                    field = forms.CharField(label=question["label"], required=question["required"])
                    self.fields[question["name"]] = field

            def clean(self):
                unknown = {name for name in self.data if name.startswith("q_")} - set(self.fields)
                if unknown:
                    raise forms.ValidationError("This page does not ask that.")

        return Survey

    @mistake("taken as valid")
    def lets_it_pass():
        from django import forms

        class Survey(forms.Form):
            def __init__(self, *args, questions, **kwargs):
                super().__init__(*args, **kwargs)
                for question in questions:
                    field = forms.CharField(label=question["label"], required=question["required"])
                    self.fields[question["name"]] = field

        return Survey

    @mistake("comes with every post")
    def refuses_the_token():
        from django import forms

        class Survey(forms.Form):
            def __init__(self, *args, questions, **kwargs):
                super().__init__(*args, **kwargs)
                for question in questions:
                    field = forms.CharField(label=question["label"], required=question["required"])
                    self.fields[question["name"]] = field

            def clean(self):
                if set(self.data) - set(self.fields):
                    raise forms.ValidationError("No.")

        return Survey

    @mistake("belong to the class")
    def into_the_class():
        from django import forms

        class Survey(forms.Form):
            def __init__(self, *args, questions, **kwargs):
                for question in questions:
                    field = forms.CharField(label=question["label"], required=question["required"])
                    self.base_fields[question["name"]] = field
                super().__init__(*args, **kwargs)

        return Survey

    @mistake("has no fields")
    def nothing_made():
        from django import forms

        class Survey(forms.Form):
            def __init__(self, *args, questions, **kwargs):
                super().__init__(*args, **kwargs)
                self.questions = questions

        return Survey

    @mistake("with q_1 besides was taken as valid")
    def two_names_by_heart():
        from django import forms

        class Survey(forms.Form):
            def __init__(self, *args, questions, **kwargs):
                super().__init__(*args, **kwargs)
                for question in questions:
                    field = forms.CharField(label=question["label"], required=question["required"])
                    self.fields[question["name"]] = field

            def clean(self):
                for name in self.data:
                    if name.startswith("q_") and name not in ("q_1", "q_2", "q_7"):
                        raise forms.ValidationError("No.")

        return Survey

    @mistake("return nothing, and raise if wrong")
    def says_true_or_false():
        from django import forms

        class Survey(forms.Form):
            def __init__(self, *args, questions, **kwargs):
                super().__init__(*args, **kwargs)
                for question in questions:
                    field = forms.CharField(label=question["label"], required=question["required"])
                    self.fields[question["name"]] = field

            def clean(self):
                return not {name for name in self.data if name.startswith("q_")} - set(self.fields)

        return Survey

    @mistake("a field is made with brackets")
    def without_brackets():
        from django import forms

        class Survey(forms.Form):
            def __init__(self, *args, questions, **kwargs):
                super().__init__(*args, **kwargs)
                for question in questions:
                    self.fields[question["name"]] = forms.CharField

        return Survey

    @mistake("need not be answered, q_1 must")
    def all_required():
        from django import forms

        class Survey(forms.Form):
            def __init__(self, *args, questions, **kwargs):
                super().__init__(*args, **kwargs)
                for question in questions:
                    self.fields[question["name"]] = forms.CharField(label=question["label"])

        return Survey

    @mistake("a form class is expected")
    def no_form():
        class Survey:
            def __init__(self, *args, questions, **kwargs):
                self.fields = {question["name"]: question for question in questions}

        return Survey
