"""Settings of the workshop's project: safe without a single environment variable, and steered by a few of them.

TROUBLESPOTS_DATABASE       path of the SQLite file (a kernel and the servers it starts share one)
TROUBLESPOTS_SECRET_KEY     shared by the processes of one site; without it every process makes its own
TROUBLESPOTS_DEBUG          "1" switches DEBUG on
TROUBLESPOTS_ALLOWED_HOSTS  host names, separated by commas
TROUBLESPOTS_STATIC_ROOT    where `collectstatic` puts its files
TROUBLESPOTS_LOG_LEVEL      of Django's own loggers, ERROR without it
TROUBLESPOTS_SETTINGS       a JSON object, setting → value: each replaces the one below, as {"DEBUG": true}
"""

import json
import os
import secrets

from django.core.exceptions import ImproperlyConfigured

from helpers import paths

SECRET_KEY = os.environ.get("TROUBLESPOTS_SECRET_KEY") or secrets.token_urlsafe(50)
DEBUG = os.environ.get("TROUBLESPOTS_DEBUG") == "1"
# "testserver" is the name that Django's test Client gives itself; the lessons use that client in the kernel.
ALLOWED_HOSTS = os.environ.get("TROUBLESPOTS_ALLOWED_HOSTS", "127.0.0.1,localhost,[::1],testserver").split(",")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "helpers.conference",
    "helpers.scratch",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "helpers.project.urls"
WSGI_APPLICATION = "helpers.project.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ.get("TROUBLESPOTS_DATABASE") or str(paths.work() / "conference.sqlite3"),
    },
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Named, so that a lesson that replaces it (`override_settings(CACHES=…)`) replaces this one and no other.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "troublespots"}}

LANGUAGE_CODE = "en-us"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "static/"
STATIC_ROOT = os.environ.get("TROUBLESPOTS_STATIC_ROOT")
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("MinimumLengthValidator", "CommonPasswordValidator", "NumericPasswordValidator")
]
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"stderr": {"class": "logging.StreamHandler"}},
    "loggers": {
        "django": {
            "handlers": ["stderr"],
            "level": os.environ.get("TROUBLESPOTS_LOG_LEVEL", "ERROR"),
            "propagate": False,
        },
    },
}


def replacements(text: str) -> dict:
    """The settings in the JSON object `text`, by name; ImproperlyConfigured in a sentence where it is none."""
    example = 'write it as in {"DEBUG": true}.'
    try:
        found = json.loads(text or "{}")
    except ValueError as error:
        raise ImproperlyConfigured(f"TROUBLESPOTS_SETTINGS is not JSON ({error}): {example}") from None
    if not isinstance(found, dict):
        raise ImproperlyConfigured(f"TROUBLESPOTS_SETTINGS={text!r} is no JSON object: {example}")
    for name in found:
        if not (name.isidentifier() and name.isupper()):
            raise ImproperlyConfigured(
                f"TROUBLESPOTS_SETTINGS names {name!r}, and Django reads only settings in capital letters: {example}"
            )
    return found


globals().update(replacements(os.environ.get("TROUBLESPOTS_SETTINGS", "")))
