"""How a throw-away project comes to be: `startproject` and `startapp` once for each app name, copied afterwards."""

from pathlib import Path

from helpers.throwaway import children
from helpers.throwaway.children import SITE
from helpers.throwaway.folders import copied, empty_folder
from helpers.throwaway.project import Project

_IN_HASTE = """
# This project is thrown away: nothing in it has to survive a loss of power.
DATABASES["default"]["OPTIONS"] = {"init_command": "PRAGMA synchronous = OFF"}
"""

_pristine: dict[str, Path] = {}


def start(app: str = "shop", databases: dict | None = None) -> Project:
    """Make a project by `django-admin startproject` and `manage.py startapp`, with `app` in INSTALLED_APPS.

    `databases` are more entries for DATABASES, as in `{"postgres": server.settings()}`; "default" stays SQLite, in a
    file of the project, unless it is among them. Raises ValueError for a name that no app can have, OSError where
    nothing can be written.
    """
    if not isinstance(app, str) or not app.isidentifier() or app == SITE:
        raise ValueError(f'app={app!r}: an app is a Python package, so its name is a word such as "shop"; choose one.')
    if _pristine.get(app) is None or not _pristine[app].exists():
        _pristine[app] = _make(app)
    project = Project(app, copied(_pristine[app]), dict(databases or {}))
    if databases:
        plain = {alias: {key: _plain(value) for key, value in entry.items()} for alias, entry in databases.items()}
        project.write(f"{SITE}/settings.py", f"{project.read(f'{SITE}/settings.py')}\nDATABASES |= {plain!r}\n")
    return project


def _make(app):
    folder = empty_folder()
    made = Project(app, folder)
    for code, words in ((children.DJANGO_ADMIN, ["startproject", SITE, "."]), (children.MANAGE, ["startapp", app])):
        status, text = made.run(code, words)
        if status:
            raise ValueError(f"app={app!r}: Django refuses it: {text.splitlines()[-1]}")
    settings = made.read(f"{SITE}/settings.py")
    last = '"django.contrib.staticfiles",' if '"django.contrib.staticfiles",' in settings else None
    last = last or "'django.contrib.staticfiles',"
    made.write(f"{SITE}/settings.py", settings.replace(last, f'{last}\n    "{app}",') + _IN_HASTE)
    return folder


def _plain(value):
    return str(value) if isinstance(value, Path) else value
