"""The addresses of the conference, in the namespace `conference`."""

from django.urls import path

from helpers.conference import views

app_name = "conference"
urlpatterns = [
    path("", views.schedule, name="schedule"),
    path("talks/", views.talk_list, name="talk_list"),
    path("talks/<slug:slug>/", views.talk_detail, name="talk_detail"),
    path("speakers/<slug:slug>/", views.speaker_detail, name="speaker_detail"),
]
