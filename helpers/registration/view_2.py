"""Step 2, fields: what a single value has to be is said by the field that holds it, once."""

from datetime import timedelta

from django import forms
from django.contrib import messages
from django.core.validators import URLValidator
from django.shortcuts import redirect, render
from django.utils.text import slugify

from helpers.conference.models import Profile, Room, Speaker, Speaking, Talk


class WebField(forms.URLField):
    default_validators = [URLValidator(schemes=["http", "https"])]


class RegisterForm(forms.Form):
    name = forms.CharField(max_length=80)
    website = WebField(required=False, assume_scheme="https")
    years = forms.IntegerField(min_value=0, required=False)
    title = forms.CharField(max_length=120)
    kind = forms.ChoiceField(choices=Talk.Kind)
    minutes = forms.IntegerField()
    room = forms.ModelChoiceField(Room.objects.all(), to_field_name="slug")
    starts_at = forms.DateTimeField()
    rules = forms.BooleanField()


def register(request):
    form = RegisterForm(request.POST if request.method == "POST" else None)
    if not form.is_bound:
        return render(request, "register.html", {"form": form})
    form.full_clean()
    data = form.cleaned_data
    kind, minutes, starts_at = data.get("kind"), data.get("minutes"), data.get("starts_at")
    if "title" in data and Talk.objects.filter(slug=slugify(data["title"])).exists():
        form.add_error("title", "There is a talk with this title already.")
    if kind == "keynote" and not request.user.is_staff:
        form.add_error("kind", "Only the staff registers a keynote.")
    if kind and minutes is not None:
        if kind == "lightning":
            least, most = 5, 10
        elif kind == "tutorial":
            least, most = 60, 240
        else:
            least, most = 15, 60
        if not least <= minutes <= most:
            form.add_error("minutes", f"This kind takes {least} to {most} minutes.")
    if "room" in data and starts_at and minutes is not None:
        earlier = Talk.objects.filter(room=data["room"], starts_at__lt=starts_at + timedelta(minutes=minutes))
        if any(talk.ends_at > starts_at for talk in earlier):
            form.add_error("starts_at", "The room is taken at that time.")
    if form.errors:
        return render(request, "register.html", {"form": form})
    speaker, _ = Speaker.objects.get_or_create(slug=slugify(data["name"]), defaults={"name": data["name"]})
    if data["website"] or data["years"] is not None:
        about = {"website": data["website"], "years_with_django": data["years"]}
        Profile.objects.update_or_create(speaker=speaker, defaults=about)
    talk = Talk.objects.create(
        title=data["title"],
        slug=slugify(data["title"]),
        kind=kind,
        minutes=minutes,
        room=data["room"],
        starts_at=starts_at,
    )
    Speaking.objects.create(talk=talk, speaker=speaker)
    messages.success(request, "Your talk is registered.")
    return redirect(talk)
