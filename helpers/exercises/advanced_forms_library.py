"""The last exercise of lesson 05, in a second domain: a library's form whose choices depend on the reader."""

from helpers.exercises.advanced_forms_rows import form_of, valid
from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.grading import described

LESSON = "05-advanced-forms"
FREE = {"b1": "Two Scoops", "b2": "Fluent Python", "b5": "Refactoring"}


class Library(Exercise):
    """A field `books`: one or several of `free` (code → title), at most `may_take`."""

    id = "advanced-forms-library"
    name = "Reserve"
    kind = "class"
    uses_database = True

    def stub():
        from django import forms

        class Reserve(forms.Form):
            def __init__(self, *args, free, may_take, **kwargs):
                super().__init__(*args, **kwargs)
                self.may_take = may_take
                self.fields["books"] = ...

            def clean_books(self): ...

        return Reserve

    hints = (
        "forms.MultipleChoiceField(choices=…) takes pairs, as free.items() gives them.",
        "In clean_books: how many are in self.cleaned_data? Too many: raise; else return them.",
    )

    def check(attempt):
        def sent(books, may_take=2, free=FREE):
            form = form_of(attempt, {"books": books}, free=free, may_take=may_take)
            if list(form.fields) != ["books"]:
                raise Incorrect(f"expected one field, books, got {', '.join(form.fields)}.")
            return valid(form), form

        taken, form = sent(["b1", "b5"])
        if not taken:
            raise Incorrect(f"two free books for a reader who may take two were refused: {_told(form)}")
        if form.cleaned_data.get("books") != ["b1", "b5"]:
            got = described(form.cleaned_data.get("books"))
            raise Incorrect(
                f"expected the books ['b1', 'b5'] in cleaned_data, got {got}: does clean_books return them?"
            )
        for books, may_take, words in (
            (["b1", "b2", "b5"], 2, "three books for a reader who may take two"),
            (["b1", "b2"], 1, "two books for a reader who may take one"),
            (["b9"], 2, "a book that is not free"),
            ([], 2, "no book at all"),
        ):
            if sent(books, may_take)[0]:
                raise Incorrect(f"{words}: this was taken as valid.")
        if sent(["b1"], free={"b2": "Fluent Python"})[0]:
            raise Incorrect("a book that was free for another form was taken: choices belong to each form made.")
        return "free books only, and no more than the reader may take"

    @solution
    def choices_of_this_form():
        from django import forms

        class Reserve(forms.Form):
            def __init__(self, *args, free, may_take, **kwargs):
                super().__init__(*args, **kwargs)
                self.may_take = may_take
                self.fields["books"] = forms.MultipleChoiceField(choices=list(free.items()))

            def clean_books(self):
                books = self.cleaned_data["books"]
                if len(books) > self.may_take:
                    raise forms.ValidationError("You may take %(may)s.", params={"may": self.may_take})
                return books

        return Reserve

    @mistake("does clean_books return them")
    def returns_nothing():
        from django import forms

        class Reserve(forms.Form):
            def __init__(self, *args, free, may_take, **kwargs):
                super().__init__(*args, **kwargs)
                self.may_take = may_take
                self.fields["books"] = forms.MultipleChoiceField(choices=list(free.items()))

            def clean_books(self):
                if len(self.cleaned_data["books"]) > self.may_take:
                    raise forms.ValidationError("Too many.")

        return Reserve

    @mistake("three books for a reader who may take two")
    def no_limit():
        from django import forms

        class Reserve(forms.Form):
            def __init__(self, *args, free, may_take, **kwargs):
                super().__init__(*args, **kwargs)
                self.fields["books"] = forms.MultipleChoiceField(choices=list(free.items()))

        return Reserve

    @mistake("were refused")
    def one_too_few():
        from django import forms

        class Reserve(forms.Form):
            def __init__(self, *args, free, may_take, **kwargs):
                super().__init__(*args, **kwargs)
                self.may_take = may_take
                self.fields["books"] = forms.MultipleChoiceField(choices=list(free.items()))

            def clean_books(self):
                if len(self.cleaned_data["books"]) >= self.may_take:
                    raise forms.ValidationError("Too many.")
                return self.cleaned_data["books"]

        return Reserve

    @mistake("were refused: Select a valid choice")
    def one_book_only():
        from django import forms

        class Reserve(forms.Form):
            def __init__(self, *args, free, may_take, **kwargs):
                super().__init__(*args, **kwargs)
                self.may_take = may_take
                self.fields["books"] = forms.ChoiceField(choices=list(free.items()))

        return Reserve

    @mistake("a book that is not free")
    def any_text():
        from django import forms

        class Reserve(forms.Form):
            def __init__(self, *args, free, may_take, **kwargs):
                super().__init__(*args, **kwargs)
                self.may_take = may_take
                self.fields["books"] = forms.JSONField()

            def clean_books(self):
                if len(self.cleaned_data["books"]) > self.may_take:
                    raise forms.ValidationError("Too many.")
                return self.cleaned_data["books"]

        return Reserve

    @mistake("has no fields")
    def no_field():
        from django import forms

        class Reserve(forms.Form):
            def __init__(self, *args, free, may_take, **kwargs):
                super().__init__(*args, **kwargs)
                self.books = list(free.items())

        return Reserve


def _told(form):
    return " ".join(each for messages in form.errors.values() for each in messages)
