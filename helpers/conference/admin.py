"""The admin's view of the conference: lists that sort, search and filter, with a constant number of queries a page."""

from django.contrib import admin
from django.db.models import Count, URLField

from helpers.conference.models import Attendee, Profile, Rating, Room, Speaker, Speaking, Talk


class SpeakingInline(admin.TabularInline):
    model = Speaking
    autocomplete_fields = ["speaker"]
    extra = 0


class ProfileInline(admin.StackedInline):
    model = Profile
    extra = 0
    formfield_overrides = {URLField: {"assume_scheme": "https"}}


@admin.register(Room)
class RoomAdmin(admin.ModelAdmin):
    list_display = ["name", "seats", "talks"]
    search_fields = ["name"]
    prepopulated_fields = {"slug": ["name"]}

    def get_queryset(self, request):
        return super().get_queryset(request).annotate(talk_count=Count("talk"))

    @admin.display(ordering="talk_count")
    def talks(self, room):
        return room.talk_count


@admin.register(Speaker)
class SpeakerAdmin(admin.ModelAdmin):
    list_display = ["name", "company", "origin"]
    list_filter = ["origin"]
    list_select_related = ["profile"]
    search_fields = ["name"]
    prepopulated_fields = {"slug": ["name"]}
    inlines = [ProfileInline, SpeakingInline]

    @admin.display(ordering="profile__company", empty_value="–")
    def company(self, speaker):
        return speaker.profile.company if hasattr(speaker, "profile") else None


@admin.register(Talk)
class TalkAdmin(admin.ModelAdmin):
    list_display = ["title", "kind", "room", "starts_at", "minutes", "origin"]
    list_filter = ["kind", "origin", "room"]
    list_select_related = ["room"]
    search_fields = ["title", "speakers__name"]
    date_hierarchy = "starts_at"
    prepopulated_fields = {"slug": ["title"]}
    inlines = [SpeakingInline]


@admin.register(Attendee)
class AttendeeAdmin(admin.ModelAdmin):
    list_display = ["name", "email", "registered_at"]
    search_fields = ["name", "email"]
    date_hierarchy = "registered_at"


@admin.register(Rating)
class RatingAdmin(admin.ModelAdmin):
    list_display = ["talk", "stars", "attendee", "created"]
    list_filter = ["stars"]
    list_select_related = ["talk", "attendee"]
    search_fields = ["talk__title"]
    autocomplete_fields = ["talk", "attendee"]
