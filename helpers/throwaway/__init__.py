"""A real Django project to throw away: made by `django-admin`, driven by its own manage.py, gone with the kernel."""

from helpers.throwaway.making import start
from helpers.throwaway.project import Project, Ran, Refused

__all__ = ["Project", "Ran", "Refused", "start"]
