"""What each hop of the stack adds to a page, and the same site behind each Python web server."""

from benchmarks.timing import interleaved, row
from helpers import load, tracing
from helpers.project import site, stack
from helpers.project.boot import boot
from helpers.services import granian, nginx, tornado, twisted, uvicorn
from helpers.services.processes import memory_mb

PAGE = "/talks/"
REQUESTS = 200


def rows():
    """The rows of this benchmark."""
    boot()
    if nginx.available():
        yield from _hops()
    yield from _servers()


def _hops():
    with stack.start() as whole:
        behind = {"one app alone": whole["app-1"], "HAProxy": whole["haproxy"], "nginx and HAProxy": whole["nginx"]}
        pages = {name: load.Page(server.url + PAGE) for name, server in behind.items()}
        medians = _medians({name: lambda page=page: page("") for name, page in pages.items()})
        for name in list(behind)[1:]:
            yield row(
                f"the talks through {name}", "one app alone", medians[name] / medians["one app alone"], "× its time"
            )
        frame = tracing.read(*stack.logs(whole))
    complete = frame.groupby("request_id").filter(lambda rows: len(rows) == 5)
    means = complete.groupby("hop", sort=False).own_ms.mean()
    for hop, share in (means / means.sum()).items():
        yield row(f"the talks through the whole stack, time spent in {hop}", "all of it", 100 * share, "%")


def _servers():
    wsgi, asgi = "helpers.project.wsgi:application", "helpers.project.asgi:application"
    environment = site.environment()
    starts = {
        "gunicorn, one worker": lambda: site.start(),
        "gunicorn, four threads": lambda: site.start(threads=4),
        "uvicorn (ASGI)": lambda: uvicorn.start(asgi, environment=environment),
        "granian (WSGI)": lambda: granian.start(wsgi, environment=environment),
        "granian (ASGI)": lambda: granian.start(asgi, "asginl", environment=environment),
        "Tornado": lambda: tornado.start(wsgi, environment=environment),
        "Twisted Web": lambda: twisted.start(wsgi, environment=environment),
    }
    running = {name: start() for name, start in starts.items()}
    try:
        pages = {name: load.Page(server.url + PAGE) for name, server in running.items()}
        medians = _medians({name: lambda page=page: page("") for name, page in pages.items()})
        memory = {name: memory_mb(server.pid) for name, server in running.items()}
    finally:
        for server in running.values():
            server.stop()
    first = next(iter(starts))
    for name in list(starts)[1:]:
        yield row(f"the talks, {name}", first, medians[name] / medians[first], "× its time")
        yield row(f"memory of its processes, {name}", first, memory[name] / memory[first], "× as much")


def _medians(ways):
    """The median seconds of each way, once all of them are warm."""
    interleaved(ways, repeats=5)
    return interleaved(ways, repeats=REQUESTS)
