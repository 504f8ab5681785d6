"""granian on loopback: a WSGI or ASGI application behind a server written in Rust, on a free port."""

from helpers.services.python_server import PythonServer, whole

INTERFACES = ("wsgi", "asgi", "asginl")


def start(
    application: str,
    interface: str = "wsgi",
    workers: int = 1,
    threads: int = 1,
    environment=None,
    folder=None,
    options=(),
) -> "Granian":
    """Serve the `application` ("module:name") and return once it answers.

    `interface` is one of INTERFACES ("asginl" is ASGI without lifespan events, which Django does not have), `workers`
    are processes, `threads` are those that run Python in each. `environment`, `folder` and `options` as for uvicorn.
    Raises ValueError for what is no application, interface or number, ServerDied with the end of its log when the
    application cannot be loaded.
    """
    if interface not in INTERFACES:
        raise ValueError(f"interface={interface!r}: granian speaks {', '.join(INTERFACES)} to Python.")
    numbers = whole("workers", workers, "granian"), whole("threads", threads, "granian")
    return Granian(application, interface, *numbers, environment, folder, options).start(30)


class Granian(PythonServer):
    """A running granian; `url` is the address of its root."""

    name = distribution = "granian"

    def __init__(self, application, interface="wsgi", workers=1, threads=1, environment=None, folder=None, options=()):
        super().__init__(application, environment, folder, options)
        self.interface, self.workers, self.threads = interface, workers, threads

    def command(self) -> list[str]:
        words = ["--interface", self.interface, "--host", self.host, "--port", self.port, "--workers", self.workers]
        blocking = ["--blocking-threads", self.threads] if self.interface == "wsgi" else []
        return self.module("granian", *words, *blocking, self.application)
