"""The form behind sound.html: Django writes labels, fieldset and ties; what it cannot guess is said here."""

from django import forms


class BookForm(forms.Form):
    name = forms.CharField(label="Your name", widget=forms.TextInput({"autocomplete": "name"}))
    email = forms.EmailField(label="E-mail", widget=forms.EmailInput({"autocomplete": "email"}))
    tutorial = forms.ChoiceField(
        label="Your tutorial", widget=forms.RadioSelect, choices=[("orm", "The ORM"), ("forms", "Forms")]
    )
    seat = forms.ChoiceField(choices=[("front", "front"), ("back", "back")])


SENT = {"name": "Ada Byron", "email": "ada", "tutorial": "orm", "seat": "front"}  # the address is none
