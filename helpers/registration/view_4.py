"""Step 4, save: a ModelForm writes what it has checked, and the view only says what comes next."""

from datetime import timedelta

from django import forms
from django.contrib import messages
from django.core.validators import URLValidator
from django.shortcuts import redirect, render
from django.utils.text import slugify

from helpers.conference.models import Profile, Room, Speaker, Speaking, Talk

MINUTES = {"lightning": (5, 10), "tutorial": (60, 240), "talk": (15, 60), "panel": (15, 60), "keynote": (15, 60)}


class WebField(forms.URLField):
    default_validators = [URLValidator(schemes=["http", "https"])]


class RegisterForm(forms.ModelForm):
    name = forms.CharField(max_length=80)
    website = WebField(required=False, assume_scheme="https")
    years = forms.IntegerField(min_value=0, required=False)
    room = forms.ModelChoiceField(Room.objects.all(), to_field_name="slug")
    rules = forms.BooleanField()

    class Meta:
        model = Talk
        fields = ["title", "kind", "minutes", "starts_at", "room"]

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_title(self):
        title = self.cleaned_data["title"]
        if Talk.objects.filter(slug=slugify(title)).exists():
            raise forms.ValidationError("There is a talk with this title already.")
        return title

    def clean(self):
        self.check_room()
        self.check_minutes()
        if self.cleaned_data.get("kind") == "keynote" and not self.user.is_staff:
            self.add_error("kind", "Only the staff registers a keynote.")

    def check_room(self):
        room, starts_at, minutes = map(self.cleaned_data.get, ("room", "starts_at", "minutes"))
        if None in (room, starts_at, minutes):
            return
        earlier = Talk.objects.filter(room=room, starts_at__lt=starts_at + timedelta(minutes=minutes))
        if any(talk.ends_at > starts_at for talk in earlier):
            self.add_error("starts_at", "The room is taken at that time.")

    def check_minutes(self):
        kind, minutes = map(self.cleaned_data.get, ("kind", "minutes"))
        if None in (kind, minutes):
            return
        least, most = MINUTES[kind]
        if not least <= minutes <= most:
            self.add_error("minutes", f"This kind takes {least} to {most} minutes.")

    def save(self):
        data, talk = self.cleaned_data, self.instance
        talk.slug = slugify(talk.title)
        talk = super().save()
        speaker, _ = Speaker.objects.get_or_create(slug=slugify(data["name"]), defaults={"name": data["name"]})
        Speaking.objects.create(talk=talk, speaker=speaker)
        about = {"website": data["website"], "years_with_django": data["years"]}
        if about != {"website": "", "years_with_django": None}:
            Profile.objects.update_or_create(speaker=speaker, defaults=about)
        return talk


def register(request):
    form = RegisterForm(request.POST if request.method == "POST" else None, user=request.user)
    if not form.is_valid():
        return render(request, "register.html", {"form": form})
    talk = form.save()
    messages.success(request, "Your talk is registered.")
    return redirect(talk)
