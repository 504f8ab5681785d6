"""The form behind sound.html: Django writes labels, fieldset and ties; what it cannot guess is said here."""

from pathlib import Path

from django import forms
from django.template import engines


class BookForm(forms.Form):
    name = forms.CharField(label="Your name", widget=forms.TextInput({"autocomplete": "name"}))
    email = forms.EmailField(label="E-mail", widget=forms.EmailInput({"autocomplete": "email"}))
    tutorial = forms.ChoiceField(
        label="Your tutorial", widget=forms.RadioSelect, choices=[("orm", "The ORM"), ("forms", "Forms")]
    )
    seat = forms.ChoiceField(choices=[("front", "front"), ("back", "back")])


SENT = {"name": "Ada Byron", "email": "ada", "tutorial": "orm", "seat": "front"}  # the address is none


def page(name: str) -> str:
    """The booking page `name` ("faulty" or "sound") as HTML, its form holding an address that is none."""
    template = (Path(__file__).parent / f"{name}.html").read_text(encoding="utf-8")
    return engines["django"].from_string(template).render({"form": BookForm(SENT)})
