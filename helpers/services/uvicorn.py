"""uvicorn on loopback: an ASGI application in an event loop, on a free port."""

from helpers.services.python_server import PythonServer, whole


def start(application: str, workers: int = 1, environment=None, folder=None, options=()) -> "Uvicorn":
    """Serve the ASGI `application` ("module:name") with this many processes and return once it answers.

    `environment` is all it gets of it (this process's own unless given), `folder` is where modules are looked for
    first, `options` are more of uvicorn's own arguments. Raises ValueError for what is no application or no number,
    ServerDied with the end of its log when the application cannot be loaded.
    """
    return Uvicorn(application, whole("workers", workers, "uvicorn"), environment, folder, options).start(30)


class Uvicorn(PythonServer):
    """A running uvicorn; `url` is the address of its root."""

    name = distribution = "uvicorn"

    def __init__(self, application: str, workers: int = 1, environment=None, folder=None, options=()):
        super().__init__(application, environment, folder, options)
        self.workers = workers

    def command(self) -> list[str]:
        words = [self.application, "--host", self.host, "--port", self.port, "--lifespan", "off", "--no-access-log"]
        return self.module("uvicorn", *words, *(["--workers", self.workers] if self.workers > 1 else []))
