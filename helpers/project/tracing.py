"""A request's way through the stack: Django's part of it, noted under the request id that nginx gave."""

import contextlib
import logging
import time

from django.db import connections

LOGGER = "troublespots.trace"
HEADER = "X-Request-ID"
MIDDLEWARE = f"{__name__}.Trace"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"bare": {"format": "%(message)s"}},
    "handlers": {
        "bare": {"class": "logging.StreamHandler", "formatter": "bare"},
        "stderr": {"class": "logging.StreamHandler"},
    },
    "loggers": {
        LOGGER: {"handlers": ["bare"], "level": "INFO", "propagate": False},
        "django": {"handlers": ["stderr"], "level": "ERROR", "propagate": False},
    },
}
# gunicorn's own line for each request, in the form that helpers/tracing.py reads.
ACCESS_LOG = ("--access-logfile", "-", "--access-logformat", "trace gunicorn %({x-request-id}i)s %(D)s us")


class Trace:
    """Middleware that notes, for a request with an id, the time in Django and the part of it spent in SQL.

    Put it first: what stands before it is not in its time.
    """

    def __init__(self, get_response):
        self.get_response, self.logger = get_response, logging.getLogger(LOGGER)

    def __call__(self, request):
        number = request.headers.get(HEADER)
        if not number:
            return self.get_response(request)
        sql, began = [], time.perf_counter()

        def timed(execute, *arguments):
            start = time.perf_counter()
            try:
                return execute(*arguments)
            finally:
                sql.append(time.perf_counter() - start)

        with contextlib.ExitStack() as wrapped:
            for connection in connections.all():
                wrapped.enter_context(connection.execute_wrapper(timed))
            response = self.get_response(request)
        spent = time.perf_counter() - began
        self.logger.info("trace django %s %.3f ms", number, 1000 * spent)
        self.logger.info("trace sql %s %.3f ms", number, 1000 * sum(sql))
        return response
