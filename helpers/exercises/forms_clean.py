"""The second exercise of lesson 04: one field that is changed, and two that must agree."""

from django import forms

from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.forms_trial import checked, expect_form
from helpers.exercises.grading import described

LESSON = "04-forms"


class Agree(Exercise):
    """Book a room by its code, in whole hours.

    `code` comes out in capitals, without spaces around it; `ends` is after `starts`, or
    `ends` has an error.
    """

    id = "forms-clean"
    name = "Booking"
    kind = "class"

    def stub():
        class Booking(forms.Form):
            code = forms.CharField()
            starts = forms.IntegerField()
            ends = forms.IntegerField()

            def clean_code(self): ...

            def clean(self): ...

        return Booking

    hints = (
        "What clean_code returns is the new value; what it does not return is lost.",
        "In clean one of the two hours may have failed: cleaned_data.get gives None for it.",
        "self.add_error takes the name of the field, and the message.",
    )

    def check(attempt):
        expect_form(attempt, ["code", "starts", "ends"])
        form = attempt({"code": " b2 ", "starts": "9", "ends": "11"})
        errors = checked(form, 'code=" b2 ", 9 to 11')
        if errors:
            raise Incorrect(
                f'code=" b2 ", 9 to 11: expected a valid form, got errors at {", ".join(errors)}. Hours are numbers in '
                "cleaned_data, and still text in data."
            )
        cleaned = form.cleaned_data or {}
        code = cleaned.get("code")
        if code != "B2":
            nudge = "Does clean_code return something?" if code is None else "Capitals, without spaces around."
            if "code" not in cleaned:
                nudge = "What clean returns takes the place of cleaned_data: return that, or nothing."
            raise Incorrect(f'code=" b2 ": expected the code "B2", got {described(code)}. {nudge}')
        for starts, ends in (("11", "9"), ("9", "9"), ("5", "0")):
            errors = checked(attempt({"code": "b2", "starts": starts, "ends": ends}), f"{starts} to {ends}")
            if not errors:
                nudge = "An error counts when it is raised, or handed to add_error."
                if ends == "0":
                    nudge = "Zero is an hour, and false: ask whether the hours are None."
                raise Incorrect(f"{starts} to {ends}: expected an error, and the form is valid. {nudge}")
            if list(errors) != ["ends"]:
                where = ", ".join("the whole form (__all__)" if each == "__all__" else each for each in errors)
                raise Incorrect(f"{starts} to {ends}: expected an error at ends alone, got one at {where}.")
        for starts, ends, failed in (("", "9", "starts"), ("nine", "11", "starts"), ("9", "", "ends")):
            words = f"starts={starts!r}, ends={ends!r}"
            errors = checked(attempt({"code": "b2", "starts": starts, "ends": ends}), words)
            if list(errors) != [failed] or len(errors[failed]) > 1:
                got = ", ".join(f"{len(told)} at {name}" for name, told in errors.items()) or "none"
                raise Incorrect(
                    f"{words}: expected one error, at {failed}, got {got}. Hours that are not both there cannot be "
                    "compared."
                )
        return "the code in capitals; hours the wrong way round, midnight, and hours that are missing"

    @solution
    def with_get():
        from django import forms

        class Booking(forms.Form):
            code = forms.CharField()
            starts = forms.IntegerField()
            ends = forms.IntegerField()

            def clean_code(self):
                return self.cleaned_data["code"].strip().upper()

            def clean(self):
                starts, ends = self.cleaned_data.get("starts"), self.cleaned_data.get("ends")
                if None not in (starts, ends) and ends <= starts:
                    self.add_error("ends", "The end comes after the start.")

        return Booking

    @mistake("Does clean_code return something?")
    def nothing_returned():
        class Booking(forms.Form):
            code = forms.CharField()
            starts = forms.IntegerField()
            ends = forms.IntegerField()

            def clean_code(self):
                self.cleaned_data["code"] = self.cleaned_data["code"].upper()

        return Booking

    @mistake("ask with .get")
    def trusting():
        class Booking(forms.Form):
            code = forms.CharField()
            starts = forms.IntegerField()
            ends = forms.IntegerField()

            def clean_code(self):
                return self.cleaned_data["code"].upper()

            def clean(self):
                if self.cleaned_data["ends"] <= self.cleaned_data["starts"]:
                    self.add_error("ends", "The end comes after the start.")

        return Booking

    @mistake("the whole form (__all__)")
    def of_no_field():
        class Booking(forms.Form):
            code = forms.CharField()
            starts = forms.IntegerField()
            ends = forms.IntegerField()

            def clean_code(self):
                return self.cleaned_data["code"].upper()

            def clean(self):
                starts, ends = self.cleaned_data.get("starts"), self.cleaned_data.get("ends")
                if starts and ends and ends <= starts:
                    raise forms.ValidationError("The end comes after the start.")

        return Booking

    @mistake("9 to 9: expected an error")
    def no_time_at_all():
        class Booking(forms.Form):
            code = forms.CharField()
            starts = forms.IntegerField()
            ends = forms.IntegerField()

            def clean_code(self):
                return self.cleaned_data["code"].upper()

            def clean(self):
                if self.cleaned_data.get("ends", 24) < self.cleaned_data.get("starts", 0):
                    self.add_error("ends", "The end comes after the start.")

        return Booking

    @mistake("still text in data")
    def compared_as_text():
        class Booking(forms.Form):
            code = forms.CharField()
            starts = forms.IntegerField()
            ends = forms.IntegerField()

            def clean_code(self):
                return self.cleaned_data["code"].upper()

            def clean(self):
                if self.data["ends"] <= self.data["starts"]:
                    self.add_error("ends", "The end comes after the start.")

        return Booking

    @mistake("Zero is an hour, and false")
    def midnight_is_false():
        class Booking(forms.Form):
            code = forms.CharField()
            starts = forms.IntegerField()
            ends = forms.IntegerField()

            def clean_code(self):
                return self.cleaned_data["code"].upper()

            def clean(self):
                starts, ends = self.cleaned_data.get("starts"), self.cleaned_data.get("ends")
                if starts and ends and ends <= starts:
                    self.add_error("ends", "The end comes after the start.")

        return Booking

    @mistake("got 2 at ends")
    def missing_hours_are_zero():
        class Booking(forms.Form):
            code = forms.CharField()
            starts = forms.IntegerField()
            ends = forms.IntegerField()

            def clean_code(self):
                return self.cleaned_data["code"].upper()

            def clean(self):
                if self.cleaned_data.get("ends", 0) <= self.cleaned_data.get("starts", 0):
                    self.add_error("ends", "The end comes after the start.")

        return Booking

    @mistake("has no fields")
    def without_brackets():
        class Booking(forms.Form):
            code = forms.CharField
            starts = forms.IntegerField
            ends = forms.IntegerField

            def clean_code(self):
                return self.cleaned_data["code"].upper()

        return Booking

    @mistake("is no form")
    def no_form_at_all():
        class Booking:
            code = forms.CharField()

            def clean_code(self):
                return self.cleaned_data["code"].upper()

        return Booking
