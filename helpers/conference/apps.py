"""The app's name and label."""

from django.apps import AppConfig


class ConferenceConfig(AppConfig):
    name = "helpers.conference"
    label = "conference"
    verbose_name = "Conference"
