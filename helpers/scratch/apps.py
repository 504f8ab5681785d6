"""The app's name and label: a model declared in a cell says `app_label = "scratch"`."""

from django.apps import AppConfig


class ScratchConfig(AppConfig):
    name = "helpers.scratch"
    label = "scratch"
    verbose_name = "Scratch models of the notebooks"
