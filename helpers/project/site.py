"""The conference site under gunicorn: several worker processes on the notebook's own database, or on another."""

import json
import os
import sys
from pathlib import Path, PurePosixPath

from helpers import paths
from helpers.services.gunicorn import Gunicorn

SETTINGS = "TROUBLESPOTS_SETTINGS"
_EXAMPLES = {"settings": '{"CACHES": {...}}', "files": '{"counting.py": "…"}'}
# A file of this name would stand before the module that Django, gunicorn or Python itself wants.
_TAKEN = sys.stdlib_module_names | {"django", "gunicorn", "helpers"}


def start(
    workers: int = 1, threads: int = 1, settings: dict | None = None, files: dict | None = None, options=()
) -> "Site":
    """Serve the conference with this many `workers` (processes) and `threads` in each; returned once all answer.

    `settings` are Django's, by name, and replace those of the project: `{"CACHES": {...}}`; `files` are texts by name,
    `{"counting.py": "…"}`, importable in the site, so that `{"ROOT_URLCONF": "counting"}` finds that one; `options` are
    more of gunicorn's own. Without DATABASES the site shares the notebook's. Raises ValueError for settings or names of
    files that a site cannot have, SyntaxError, before anything starts, for a file that is no Python, ServerDied with
    the end of its log where the site cannot be loaded.
    """
    return Site(workers, threads, settings, files, options).start(patience_seconds=30)


class Site(Gunicorn):
    """A running conference site; change its `settings` or `files` (dicts) and `restart()` it to see them at work."""

    def __init__(self, workers=1, threads=1, settings: dict | None = None, files: dict | None = None, options=()):
        super().__init__(f"{__name__}:application()", workers, threads, options=options)
        for name, given in (("settings", settings), ("files", files)):
            if not isinstance(given, dict | None):
                raise ValueError(f"{name}={given!r} is no dict: give it as in {_EXAMPLES[name]}.")
        self.settings, self.files = dict(settings or {}), dict(files or {})
        self._check()

    def restart(self):
        """Stop the site and start it with its `settings` and `files` as they are now, on the same port."""
        self._check()  # before it stops: a mistake should not cost the running site
        return super().restart()

    def prepare(self) -> None:
        super().prepare()
        self._work_in = self.folder / "files"
        self._work_in.mkdir()
        for name, text in self.files.items():
            path = self._work_in / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def environment(self) -> dict[str, str]:
        return environment(self.settings)

    def _check(self):
        _plain_settings(self.settings)
        for name, text in self.files.items():
            _check_file(name, text)


def environment(settings: dict | None = None) -> dict[str, str]:
    """What a child process gets that is to run the project with these `settings`: a server of any kind, a command.

    "helpers.project.wsgi:application" and "helpers.project.asgi:application" are what servers load. Raises ValueError
    as `start` does.
    """
    from helpers.project import boot

    found = boot.child_environment()
    given = json.loads(found.get(SETTINGS) or "{}") | _plain_settings(settings or {})
    modules = os.pathsep.join(filter(None, [str(paths.ROOT), found.get("PYTHONPATH")]))
    return {**found, SETTINGS: json.dumps(given), "PYTHONPATH": modules}


def application():
    """The site as a WSGI application, its addresses loaded: a mistake in them ends the start, not every request."""
    from django.core.wsgi import get_wsgi_application
    from django.urls import get_resolver

    made = get_wsgi_application()
    get_resolver().url_patterns
    return made


def _plain_settings(settings):
    for name in settings:
        if not (isinstance(name, str) and name.isidentifier() and name.isupper()):
            raise ValueError(f"settings has {name!r}, and Django reads only names in capital letters, as CACHES.")
    return {name: _plain(value, name) for name, value in settings.items()}


def _plain(value, where):
    """The value as JSON holds it: paths become text, tuples lists."""
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, (list, tuple)):
        return [_plain(each, f"{where}[{number}]") for number, each in enumerate(value)]
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {key: _plain(each, f"{where}[{key!r}]") for key, each in value.items()}
    what = "a dict with keys that are no text" if isinstance(value, dict) else f"a {type(value).__name__}"
    raise ValueError(
        f"settings: {where} is {what}, which cannot be handed to other processes as JSON: use text, numbers, True, "
        'False, None, lists and dicts, and name a function or a class by its path, as in "counting.make_key".'
    )


def _check_file(name, text):
    path = PurePosixPath(name) if isinstance(name, str) else PurePosixPath()
    if not path.parts or path.is_absolute() or ".." in path.parts:
        raise ValueError(f'files has the name {name!r}: give a name inside the site\'s folder, as in "counting.py".')
    if path.parts[0].removesuffix(".py") in _TAKEN:
        raise ValueError(f"files has {name!r}, which would hide the module that has this name already: choose another.")
    if not isinstance(text, str):
        raise ValueError(f"files[{name!r}] is a {type(text).__name__}: give the text of the file.")
    if path.suffix == ".py":
        try:
            compile(text, name, "exec", dont_inherit=True)
        except SyntaxError as error:
            raise SyntaxError(f"{name}, line {error.lineno}: {error.msg}; mend it and run this cell again.") from None
        except ValueError as error:  # Python 3.11 says so of a text with a null byte
            raise SyntaxError(f"{name}: {error}; mend it and run this cell again.") from None
