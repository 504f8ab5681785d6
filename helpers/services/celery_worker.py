"""A Celery worker as a child process: it takes tasks from a broker that is already running."""

import os
import sys
from importlib.metadata import version

from helpers.services.process import Server
from helpers.services.python_server import environment, whole

POOLS = ("solo", "prefork", "threads")


def start(
    application: str, broker: str, pool: str = "solo", processes: int = 1, environment=None, folder=None, options=()
) -> "CeleryWorker":
    """Start a worker of the Celery `application` ("module:name", or "module") and return it once it answers a ping.

    `broker` is the address that the application uses too, such as `valkey.start().url`; the worker gets it as
    CELERY_BROKER_URL. `pool` is one of POOLS, `processes` how many tasks run at a time. `environment`, `folder` and
    `options` as for uvicorn. Raises ValueError for an unknown pool and options in one text, ServerDied with the end of
    its log when the application cannot be loaded.
    """
    if pool not in POOLS:
        raise ValueError(f"pool={pool!r}: take one of {', '.join(POOLS)}.")
    if isinstance(options, str):
        raise ValueError(f'options={options!r} is one text: give a list of arguments, as in ["--loglevel", "INFO"].')
    whole("processes", processes, "Celery")
    return CeleryWorker(application, broker, pool, processes, environment, folder, options).start(60)


class CeleryWorker(Server):
    """A running worker; `logs()` tell of every task, `kill()` is what a crash does to it."""

    name = "Celery"
    patience_seconds = 5.0
    flavour = "wheel"

    def __init__(self, application, broker, pool="solo", processes=1, environment=None, folder=None, options=()):
        super().__init__()
        self.application, self.broker, self.pool, self.processes = application, broker, pool, processes
        self.options, self._environment, self._modules = [str(each) for each in options], environment, folder
        self.node = f"{os.urandom(4).hex()}@troublespots"

    def command(self) -> list[str]:
        quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
        words = [sys.executable, "-m", "celery", "-A", self.application, "-b", self.broker, "worker"]
        words += ["--pool", self.pool, "--concurrency", str(self.processes), "--hostname", self.node]
        return [*words, "--loglevel", "INFO", *quiet, *self.options]

    def environment(self) -> dict[str, str]:
        mine = environment(self._environment, self._modules)
        # A killed worker leaves its temporary folder behind: let it lie in the one that goes with the server.
        return {**mine, "CELERY_BROKER_URL": self.broker, "TMPDIR": str(self.folder)}

    def ready(self) -> bool:
        from celery import Celery
        from kombu.exceptions import OperationalError

        if "ready." not in self.logs():
            return False  # and no second spent on a ping that nobody can answer
        self.version = self.version or version("celery")
        with Celery(broker=self.broker) as asking:
            asking.conf.broker_connection_timeout = 2
            try:
                return bool(asking.control.ping(destination=[self.node], timeout=1, limit=1))
            except OperationalError as error:
                raise OSError(str(error)) from None
