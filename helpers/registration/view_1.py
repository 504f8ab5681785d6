"""Step 1, early return: whatever is wrong is said at once, and no block waits for another."""

from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django import forms
from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.text import slugify

from helpers.conference.models import Profile, Room, Speaker, Speaking, Talk


class RegisterForm(forms.Form):
    name = forms.CharField(required=False)
    website = forms.CharField(required=False)
    years = forms.CharField(required=False)
    title = forms.CharField(required=False)
    kind = forms.CharField(required=False)
    minutes = forms.CharField(required=False)
    room = forms.CharField(required=False)
    starts_at = forms.CharField(required=False)
    rules = forms.CharField(required=False)


def register(request):
    form = RegisterForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return render(request, "register.html", {"form": form})
    data = form.cleaned_data
    minutes = years = starts_at = None
    for name in ("name", "title", "kind", "minutes", "room", "starts_at", "rules"):
        if data[name] == "":
            form.add_error(name, "This field is required.")
    parts = urlsplit(data["website"])
    if data["website"] and (parts.scheme not in ("http", "https") or "." not in parts.netloc):
        form.add_error("website", "Enter a valid URL.")
    if data["years"]:
        try:
            years = int(data["years"])
        except ValueError:
            form.add_error("years", "Enter a whole number.")
    if years is not None and years < 0:
        form.add_error("years", "Ensure this value is greater than or equal to 0.")
    if data.get("title") and Talk.objects.filter(slug=slugify(data["title"])).exists():
        form.add_error("title", "There is a talk with this title already.")
    if data.get("minutes"):
        try:
            minutes = int(data["minutes"])
        except ValueError:
            form.add_error("minutes", "Enter a whole number.")
    kind = data.get("kind")
    if kind and kind not in ("keynote", "talk", "panel", "tutorial", "lightning"):
        form.add_error("kind", f"Select a valid choice. {kind} is not one of the available choices.")
    if kind == "keynote" and not request.user.is_staff:
        form.add_error("kind", "Only the staff registers a keynote.")
    if minutes is not None and kind == "lightning" and not 5 <= minutes <= 10:
        form.add_error("minutes", "This kind takes 5 to 10 minutes.")
    if minutes is not None and kind == "tutorial" and not 60 <= minutes <= 240:
        form.add_error("minutes", "This kind takes 60 to 240 minutes.")
    if minutes is not None and kind in ("keynote", "talk", "panel") and not 15 <= minutes <= 60:
        form.add_error("minutes", "This kind takes 15 to 60 minutes.")
    if data.get("starts_at"):
        try:
            starts_at = timezone.make_aware(datetime.strptime(data["starts_at"], "%Y-%m-%d %H:%M"))
        except ValueError:
            form.add_error("starts_at", "Enter a valid date/time.")
    room = Room.objects.filter(slug=data.get("room")).first()
    if "room" in data and room is None:
        form.add_error("room", "Select a valid choice. That choice is not one of the available choices.")
    if room is not None and starts_at is not None and minutes is not None:
        ends_at = starts_at + timedelta(minutes=minutes)
        earlier = Talk.objects.filter(room=room, starts_at__lt=ends_at)
        if any(talk.ends_at > starts_at for talk in earlier):
            form.add_error("starts_at", "The room is taken at that time.")
    if form.errors:
        return render(request, "register.html", {"form": form})
    speaker, _ = Speaker.objects.get_or_create(slug=slugify(data["name"]), defaults={"name": data["name"]})
    if data["website"] or years is not None:
        about = {"website": data["website"], "years_with_django": years}
        Profile.objects.update_or_create(speaker=speaker, defaults=about)
    talk = Talk.objects.create(
        title=data["title"],
        slug=slugify(data["title"]),
        kind=kind,
        minutes=minutes,
        room=room,
        starts_at=starts_at,
    )
    Speaking.objects.create(talk=talk, speaker=speaker)
    messages.success(request, "Your talk is registered.")
    return redirect(talk)
