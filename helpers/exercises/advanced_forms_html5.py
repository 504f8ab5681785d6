"""The exercise of lesson 05 about widgets that a phone and a browser understand."""

from datetime import date

from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.grading import call, described

LESSON = "05-advanced-forms"


class Html5(Exercise):
    """The widgets: `phone` with a telephone's keyboard, `email` with autocomplete.

    `day` with the browser's calendar, which shows its initial value in any language.
    """

    id = "advanced-forms-html5"
    name = "arrival_widgets"
    uses_database = True

    def stub():
        return {"phone": ..., "email": ..., "day": ...}

    hints = (
        "forms.TelInput, forms.EmailInput and forms.DateInput; a widget takes attrs={…}.",
        "A calendar is type date, and shows only values such as 2011-09-06: DateInput has format= for that.",
    )

    def check(attempt):
        from bs4 import BeautifulSoup
        from django import forms
        from django.utils import translation

        widgets = call(attempt)
        if not isinstance(widgets, dict) or set(widgets) != {"phone", "email", "day"}:
            raise Incorrect(f"a dictionary with phone, email and day is expected, got {described(widgets)}.")
        for name, widget in widgets.items():
            kind = widget if isinstance(widget, type) else type(widget)
            if not issubclass(kind, forms.Widget):
                raise Incorrect(f"{name}: a widget is expected, as in forms.TextInput(), got {described(widget)}.")
        fields = {"phone": forms.CharField, "email": forms.EmailField, "day": forms.DateField}
        made = {name: field(widget=widgets[name]) for name, field in fields.items()}
        Arrival = type("Arrival", (forms.Form,), made)

        def inputs(day):
            with translation.override("de"):
                html = BeautifulSoup(str(Arrival(initial={"day": day})), "html.parser")
            return {each["name"]: each for each in html.find_all("input")}

        found, later = inputs(date(2011, 9, 6)), inputs(date(2012, 2, 1))
        for name, wanted in (("phone", "tel"), ("email", "email"), ("day", "date")):
            kind = found[name]["type"] if name in found else "no input"
            if kind != wanted:
                raise Incorrect(f"{name}: expected the type {wanted}, got {kind}.")
        if found["email"].get("autocomplete") != "email":
            got = described(found["email"].get("autocomplete"))
            raise Incorrect(f'email: expected autocomplete="email", got {got}: the browser must know what is asked.')
        if found["day"].get("value") != "2011-09-06":
            raise Incorrect(
                f"day: in German its value is {described(found['day'].get('value'))}, and the calendar stays empty: "
                "a browser reads year-month-day alone."
            )
        if later["day"].get("value") != "2012-02-01":
            got = described(later["day"].get("value"))
            raise Incorrect(f"day: for 1 February 2012 its value is {got}: the form hands the day in, not the widget.")
        return "tel, email and date, and the calendar shows the day in German too"

    @solution
    def typed_and_formatted():
        from django import forms

        return {
            "phone": forms.TelInput(),
            "email": forms.EmailInput(attrs={"autocomplete": "email"}),
            "day": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        }

    @mistake("calendar stays empty")
    def no_format():
        from django import forms

        day = forms.DateInput(attrs={"type": "date"})
        return {"phone": forms.TelInput(), "email": forms.EmailInput(attrs={"autocomplete": "email"}), "day": day}

    @mistake("must know what is asked")
    def autocomplete_on():
        from django import forms

        day = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        return {"phone": forms.TelInput(), "email": forms.EmailInput(attrs={"autocomplete": "on"}), "day": day}

    @mistake("expected the type tel")
    def number_keyboard():
        from django import forms

        day = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        return {"phone": forms.NumberInput(), "email": forms.EmailInput(attrs={"autocomplete": "email"}), "day": day}

    @mistake("the form hands the day in")
    def day_by_heart():
        from django import forms

        day = forms.TextInput(attrs={"type": "date", "value": "2011-09-06"})
        return {"phone": forms.TelInput(), "email": forms.EmailInput(attrs={"autocomplete": "email"}), "day": day}

    @mistake("a widget is expected")
    def types_as_text():
        return {"phone": "tel", "email": "email", "day": "date"}

    @mistake("expected the type date")
    def django_s_default():
        from django import forms

        email = forms.EmailInput(attrs={"autocomplete": "email"})
        return {"phone": forms.TelInput, "email": email, "day": forms.DateInput}
