"""Trying forms and views of lessons 04, 05 and 07: a view behind an address of its own, a form with its fields."""

import contextlib
import logging
from collections.abc import Callable, Iterator

from django import forms
from django.test import override_settings
from django.urls import path

from helpers import pages
from helpers.exercises.base import Incorrect
from helpers.exercises.grading import is_environment
from helpers.project import cells

ADDRESS = "/trial/"


@contextlib.contextmanager
def answered_by(view: Callable, templates: dict[str, str]) -> Iterator[None]:
    """Let `view` answer ADDRESS in the block, with these `templates` (name → text), whatever the notebook has set."""
    loaders = [
        ("django.template.loaders.locmem.Loader", templates),
        "django.template.loaders.app_directories.Loader",
    ]
    engine = {"BACKEND": "django.template.backends.django.DjangoTemplates", "OPTIONS": {"loaders": loaders}}
    with override_settings(ROOT_URLCONF=cells.urls([path(ADDRESS[1:], view)]), TEMPLATES=[engine]):
        yield


def ask(method: str, words: str, data: dict | None = None, address: str = ADDRESS):
    """The response to a "get", "post" or "put" of `data`; what the view does wrong becomes Incorrect, in words."""
    try:
        with _no_second_telling():
            if method == "get":
                return pages.get(address, query_params=data)
            return pages.post(address, data, REQUEST_METHOD=method.upper())
    except Exception as error:
        if isinstance(error, Incorrect) or is_environment(error):
            raise
        told = f"{error}" if isinstance(error, ValueError) else f"raised {type(error).__name__}: {error}"
        if "cleaned_data" in told:
            told = f"{told.rstrip('.')}. Nothing was checked before it was saved: is_valid(), with its brackets."
        raise Incorrect(f"{words}: {told}") from error


@contextlib.contextmanager
def _no_second_telling():
    """A redirect that Django refuses is logged with its traceback; the learner gets a sentence from the check."""
    log = logging.getLogger("django.security.DisallowedRedirect")
    before, log.disabled = log.disabled, True
    try:
        yield
    finally:
        log.disabled = before


def expect_form(attempt: type, names: list[str]) -> None:
    """Raise Incorrect unless `attempt` is a form class with fields of these names."""
    if not issubclass(attempt, forms.BaseForm):
        raise Incorrect(f"{attempt.__name__} is no form: write class {attempt.__name__}(forms.Form).")
    fields = list(attempt.base_fields)
    if not fields:
        raise Incorrect(
            f"{attempt.__name__} has no fields: each is an attribute of the class, as in code = forms.CharField(), "
            "with the brackets."
        )
    missing = [name for name in names if name not in fields]
    if missing:
        raise Incorrect(f"{attempt.__name__} has no field {missing[0]}: leave the fields as they were.")


def checked(form, words: str) -> dict[str, list[str]]:
    """The errors of `form`, field → messages; what its checks raise instead becomes Incorrect, in words."""
    try:
        return {name: list(messages) for name, messages in form.errors.items()}
    except Exception as error:
        if is_environment(error):
            raise
        nudge = ""
        if isinstance(error, KeyError):
            nudge = " What has failed, or was left empty, is not in cleaned_data: ask with .get."
        elif isinstance(error, TypeError) and "NoneType" in str(error):
            nudge = " A field that has failed gives None: ask for both before you compare."
        elif isinstance(error, AttributeError) and "NoneType" in str(error):
            nudge = " What was left empty is None, where the field is not required."
        told = str(error).rstrip(".")
        raise Incorrect(f"{words}: is_valid() raised {type(error).__name__}: {told}.{nudge}") from error
