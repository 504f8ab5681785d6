"""Servers of Python applications other than gunicorn: what uvicorn, granian, Tornado and Twisted Web have in common."""

import os
import sys
from importlib.metadata import version
from pathlib import Path

from helpers.services.on_port import WebServer

ROOT = Path(__file__).resolve().parents[2]  # where the package `helpers` is found, also by a child process


class PythonServer(WebServer):
    """A running web server that was told which application to load ("module:name").

    Raises ValueError for an application that is written otherwise, and for options in one text.
    """

    distribution = ""  # the package's name, for its version
    patience_seconds = 5.0

    def __init__(self, application: str, environment=None, folder=None, options=()):
        super().__init__()
        if not isinstance(application, str) or application.count(":") != 1:
            raise ValueError(
                f'application={application!r}: give the module and the name in it, as in "config.wsgi:application".'
            )
        if isinstance(options, str):
            raise ValueError(
                f'options={options!r} is one text: give a list of arguments, as in ["--log-level", "info"].'
            )
        self.application, self.options = application, [str(option) for option in options]
        self._environment, self._modules = environment, folder

    def environment(self) -> dict[str, str]:
        return environment(self._environment, self._modules)

    def module(self, name: str, *words) -> list[str]:
        """The command that runs the module `name` with this Python."""
        return [sys.executable, "-m", name, *map(str, words), *self.options]

    def ready(self) -> bool:
        self.version = self.version or version(self.distribution)
        return super().ready()


def environment(given: dict | None = None, modules=None) -> dict[str, str]:
    """What a child gets: `given` (all of ours without it), and the folder `modules` first where Python looks."""
    given = dict(os.environ if given is None else given)
    places = [str(modules) if modules else None, str(ROOT), given.get("PYTHONPATH")]
    return {**given, "PYTHONPATH": os.pathsep.join(filter(None, places)), "PYTHONUNBUFFERED": "1"}


def whole(name: str, number, of: str) -> int:
    """The number, where it is a whole one above 0; ValueError in a sentence where it is not."""
    if isinstance(number, bool) or not isinstance(number, int) or number < 1:
        raise ValueError(f"{name}={number!r}: {of} takes a whole number of {name}, at least 1.")
    return number
