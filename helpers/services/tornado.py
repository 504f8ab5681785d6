"""Tornado on loopback: a WSGI application in threads behind Tornado's event loop, on a free port.

Run as `python -m helpers.services.tornado APPLICATION HOST PORT THREADS`.
"""

import sys

from helpers.services.python_server import PythonServer, whole


def start(application: str, threads: int = 4, environment=None, folder=None) -> "Tornado":
    """Serve the WSGI `application` ("module:name") with this many threads and return once it answers.

    `environment` and `folder` as for uvicorn. Raises ValueError for what is no application or no number, ServerDied
    with the end of its log when the application cannot be loaded.
    """
    return Tornado(application, whole("threads", threads, "Tornado"), environment, folder).start(30)


class Tornado(PythonServer):
    """A running Tornado; `url` is the address of its root."""

    name, distribution = "Tornado", "tornado"

    def __init__(self, application: str, threads: int = 4, environment=None, folder=None):
        super().__init__(application, environment, folder)
        self.threads = threads

    def command(self) -> list[str]:
        return self.module("helpers.services.tornado", self.application, self.host, self.port, self.threads)


def main(application: str, host: str, port: int, threads: int) -> None:
    """Serve until the process ends; with one thread more requests wait, as with one worker of gunicorn."""
    import asyncio
    from concurrent.futures import ThreadPoolExecutor
    from importlib import import_module

    import tornado.httpserver
    import tornado.wsgi

    module, _, name = application.partition(":")
    served = getattr(import_module(module), name)

    async def serve():
        container = tornado.wsgi.WSGIContainer(served, ThreadPoolExecutor(threads))
        tornado.httpserver.HTTPServer(container).listen(port, host)
        await asyncio.Event().wait()

    asyncio.run(serve())


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
