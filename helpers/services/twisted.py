"""Twisted Web on loopback: a WSGI application in threads behind Twisted's reactor, on a free port."""

from helpers.services.python_server import PythonServer


def start(application: str, environment=None, folder=None, options=()) -> "Twisted":
    """Serve the WSGI `application` ("module:name") and return once it answers.

    `environment`, `folder` and `options` as for uvicorn. Raises ValueError for what is no application, ServerDied with
    the end of its log when it cannot be loaded.
    """
    return Twisted(application, environment, folder, options).start(30)


class Twisted(PythonServer):
    """A running Twisted Web; `url` is the address of its root."""

    name, distribution = "Twisted Web", "twisted"

    def complaint(self) -> str:
        wrong = [line for line in self.logs().splitlines() if line.startswith("Error: ")]
        return "\n".join(wrong) or super().complaint()

    def command(self) -> list[str]:
        where = f"tcp:{self.port}:interface={self.host}"
        return self.module("twisted", "web", "--listen", where, "--wsgi", self.application.replace(":", "."))
