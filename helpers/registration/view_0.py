"""Register a talk for the open space: a form that knows nothing, and one view that does it all."""

# ruff: noqa: RET505, SIM102 - it is bad on purpose

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
    if request.method == "POST":
        form = RegisterForm(request.POST)
        if form.is_valid():
            data = form.cleaned_data
            kind = data["kind"]
            ok = True
            minutes = None
            room = None
            starts_at = None
            years = None
            if data["name"] == "":
                form.add_error("name", "This field is required.")
                ok = False
            if data["website"] != "":
                parts = urlsplit(data["website"])
                if parts.scheme not in ("http", "https") or "." not in parts.netloc:
                    form.add_error("website", "Enter a valid URL.")
                    ok = False
            if data["years"] != "":
                try:
                    years = int(data["years"])
                    if years < 0:
                        form.add_error("years", "Ensure this value is greater than or equal to 0.")
                        ok = False
                except ValueError:
                    form.add_error("years", "Enter a whole number.")
                    ok = False
            if data["title"] == "":
                form.add_error("title", "This field is required.")
                ok = False
            else:
                if Talk.objects.filter(slug=slugify(data["title"])).exists():
                    form.add_error("title", "There is a talk with this title already.")
                    ok = False
            if data["minutes"] == "":
                form.add_error("minutes", "This field is required.")
                ok = False
            else:
                try:
                    minutes = int(data["minutes"])
                except ValueError:
                    form.add_error("minutes", "Enter a whole number.")
                    ok = False
            if kind == "":
                form.add_error("kind", "This field is required.")
                ok = False
            elif kind not in ("keynote", "talk", "panel", "tutorial", "lightning"):
                form.add_error("kind", f"Select a valid choice. {kind} is not one of the available choices.")
                ok = False
            else:
                if kind == "keynote":
                    if not request.user.is_staff:
                        form.add_error("kind", "Only the staff registers a keynote.")
                        ok = False
                if minutes is not None:
                    if kind == "lightning":
                        if minutes < 5 or minutes > 10:
                            form.add_error("minutes", "This kind takes 5 to 10 minutes.")
                            ok = False
                    elif kind == "tutorial":
                        if minutes < 60 or minutes > 240:
                            form.add_error("minutes", "This kind takes 60 to 240 minutes.")
                            ok = False
                    else:
                        if minutes < 15 or minutes > 60:
                            form.add_error("minutes", "This kind takes 15 to 60 minutes.")
                            ok = False
            if data["starts_at"] == "":
                form.add_error("starts_at", "This field is required.")
                ok = False
            else:
                try:
                    starts_at = timezone.make_aware(datetime.strptime(data["starts_at"], "%Y-%m-%d %H:%M"))
                except ValueError:
                    form.add_error("starts_at", "Enter a valid date/time.")
                    ok = False
            room = Room.objects.filter(slug=data["room"]).first()
            if data["room"] == "":
                form.add_error("room", "This field is required.")
                ok = False
            elif room is None:
                form.add_error("room", "Select a valid choice. That choice is not one of the available choices.")
                ok = False
            else:
                if starts_at is not None and minutes is not None:
                    for talk in Talk.objects.filter(room=room):
                        if talk.starts_at < starts_at + timedelta(minutes=minutes):
                            if talk.ends_at > starts_at:
                                form.add_error("starts_at", "The room is taken at that time.")
                                ok = False
                                break
            if data["rules"] == "":
                form.add_error("rules", "This field is required.")
                ok = False
            if ok:
                speaker = Speaker.objects.filter(slug=slugify(data["name"])).first()
                if speaker is None:
                    speaker = Speaker.objects.create(name=data["name"], slug=slugify(data["name"]))
                if data["website"] != "" or years is not None:
                    if Profile.objects.filter(speaker=speaker).exists():
                        profile = Profile.objects.get(speaker=speaker)
                    else:
                        profile = Profile(speaker=speaker)
                    profile.website = data["website"]
                    profile.years_with_django = years
                    profile.save()
                talk = Talk(title=data["title"], slug=slugify(data["title"]), kind=kind)
                talk.minutes = minutes
                talk.room = room
                talk.starts_at = starts_at
                talk.save()
                Speaking.objects.create(talk=talk, speaker=speaker)
                messages.success(request, "Your talk is registered.")
                return redirect(talk)
            else:
                return render(request, "register.html", {"form": form})
        else:
            return render(request, "register.html", {"form": form})
    else:
        form = RegisterForm()
        return render(request, "register.html", {"form": form})
