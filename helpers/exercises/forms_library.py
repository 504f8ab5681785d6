"""The last exercise of lesson 04: a library counter where several books come back on one page of lines."""

from django import forms
from django.forms import BaseFormSet

from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.forms_trial import checked

LESSON = "04-forms"


class BroughtBack(Exercise):
    """The lines of a counter, one for each book (a number) that comes back.

    A book may stand in one line only. Empty lines and deleted lines do not count.
    """

    id = "forms-library"
    name = "Lines"
    kind = "class"

    def stub():
        class Lines(BaseFormSet):
            def clean(self): ...

        return Lines

    hints = (
        "self.forms holds all lines, those to be deleted are in self.deleted_forms.",
        'An empty line is valid and has nothing: cleaned_data.get("book") is None there.',
        "An error of the whole set is raised in clean, as in a form: forms.ValidationError.",
    )

    def check(attempt):
        if not issubclass(attempt, BaseFormSet):
            raise Incorrect(f"{attempt.__name__} is no formset: write class {attempt.__name__}(BaseFormSet).")
        counter = forms.formset_factory(_Line, formset=attempt, extra=2, can_delete=True)
        for books, deleted, fine, nudge in (
            (["1", "2"], (), True, ""),
            (["1", "1"], (), False, "The same book stands in two lines."),
            (["1", "2", "3", "1"], (), False, "The first and the last line are the same book."),
            (["1", "", ""], (), True, "Two empty lines are not the same book."),
            (["", ""], (), True, "Nothing has come back, and that is fine."),
            (["1", "1"], (1,), True, "One of the two lines is deleted."),
            (["1", "1"], (0,), True, "One of the two lines is deleted."),
            (["1", "one"], (), False, "The second line is no number: its own error is enough."),
        ):
            words = f"lines {', '.join(each or '(empty)' for each in books)}"
            words += f", line {deleted[0] + 1} deleted" if deleted else ""
            lines = counter(_data(books, deleted))
            valid = _valid(lines, words)
            if valid != fine:
                expected, got = ("valid", "an error") if fine else ("an error", "valid")
                raise Incorrect(f"{words}: expected {expected}, got {got}. {nudge}")
            if "one" in books and lines.non_form_errors():
                raise Incorrect(f"{words}: expected no error of the whole set, got one. {nudge}")
        return "eight counters: a book twice, empty lines, a deleted one, a line that is no number"

    @solution
    def with_a_set():
        from django import forms
        from django.forms import BaseFormSet

        class Lines(BaseFormSet):
            def clean(self):
                seen = set()
                for line in self.forms:
                    book = line.cleaned_data.get("book")
                    if book is None or line in self.deleted_forms:
                        continue
                    if book in seen:
                        raise forms.ValidationError("This book stands in two lines.")
                    seen.add(book)

        return Lines

    @mistake("Two empty lines are not the same book")
    def nothing_twice():
        class Lines(BaseFormSet):
            def clean(self):
                books = [each.cleaned_data.get("book") for each in self.forms if each not in self.deleted_forms]
                if len(books) > len(set(books)):
                    raise forms.ValidationError("This book stands in two lines.")

        return Lines

    @mistake("ask with .get")
    def every_line_is_full():
        class Lines(BaseFormSet):
            def clean(self):
                books = [each.cleaned_data["book"] for each in self.forms]
                if len(books) > len(set(books)):
                    raise forms.ValidationError("This book stands in two lines.")

        return Lines

    @mistake("One of the two lines is deleted")
    def deleted_ones_too():
        class Lines(BaseFormSet):
            def clean(self):
                books = [each.cleaned_data.get("book") for each in self.forms]
                books = [book for book in books if book]
                if len(books) > len(set(books)):
                    raise forms.ValidationError("This book stands in two lines.")

        return Lines

    @mistake("line 1 deleted: expected valid")
    def an_error_at_the_line():
        class Lines(BaseFormSet):
            def clean(self):
                seen = set()
                for line in self.forms:
                    book = line.cleaned_data.get("book")
                    if book in seen:
                        line.add_error("book", "This book stands in two lines.")
                    elif book:
                        seen.add(book)

        return Lines

    @mistake("The first and the last line")
    def neighbours_only():
        class Lines(BaseFormSet):
            def clean(self):
                books = [each.cleaned_data.get("book") for each in self.forms if each not in self.deleted_forms]
                if any(one and one == other for one, other in zip(books[:-1], books[1:], strict=True)):
                    raise forms.ValidationError("This book stands in two lines.")

        return Lines

    @mistake("The same book stands in two lines")
    def returned_instead_of_raised():
        class Lines(BaseFormSet):
            def clean(self):  # noqa: RET503 - that is the mistake
                books = [each.cleaned_data.get("book") for each in self.forms if each not in self.deleted_forms]
                if len(books) > len(set(books)):
                    return forms.ValidationError("This book stands in two lines.")

        return Lines

    @mistake("is no formset")
    def a_form():
        class Lines(forms.Form):
            def clean(self):
                raise forms.ValidationError("This book stands in two lines.")

        return Lines


class _Line(forms.Form):
    book = forms.IntegerField()


def _data(books, deleted):
    data = {"form-TOTAL_FORMS": len(books), "form-INITIAL_FORMS": 0}
    data |= {f"form-{number}-book": book for number, book in enumerate(books)}
    return data | {f"form-{number}-DELETE": "on" for number in deleted}


class _Errors:
    """A formset seen as `checked` sees a form: what its checks raise comes up in `errors`."""

    def __init__(self, lines):
        self.lines = lines

    @property
    def errors(self):
        return {"lines": [] if self.lines.is_valid() else ["an error"]}


def _valid(lines, words):
    return checked(_Errors(lines), words)["lines"] == []
