"""The conference on a whole stack: nginx → HAProxy → gunicorn, twice → PostgreSQL, Valkey, memcached."""

import subprocess
import sys
from pathlib import Path

from helpers.project import databases, site, tracing
from helpers.services import haproxy, memcached, nginx, postgres, valkey
from helpers.services.process import MissingServer
from helpers.services.stack import Stack

_FILES = Path(__file__).with_name("stack_files")
ALIAS = "production"


def start(apps: int = 2, size: str = "small", settings: dict | None = None, files: dict | None = None) -> Stack:
    """Start every part and return the stack once the conference answers through all of them.

    `apps` is how many gunicorns stand behind HAProxy, each with one worker; `size` is that of the conference in
    PostgreSQL, which Django in the notebook reaches as the database "production". `settings` replace those of
    `production()`, `files` are more modules for the apps, as `site.start` takes them. Raises ValueError for a number of
    apps that is none, MissingServer for the first server that is not on this machine, before anything starts.
    """
    if isinstance(apps, bool) or not isinstance(apps, int) or not 1 <= apps <= 8:
        raise ValueError(f"apps={apps!r}: a whole number from 1 to 8 is needed.")
    for name, module in (("nginx", nginx), ("HAProxy", haproxy), ("PostgreSQL", postgres), ("Valkey or Redis", valkey)):
        if not module.available():
            raise MissingServer(name)
    stack = Stack()
    try:
        for name, module in (("postgresql", postgres), ("valkey", valkey), ("memcached", memcached)):
            stack.add(name, module.start())
        databases.add(ALIAS, stack["postgresql"], size)
        given = {**production(stack), **(settings or {})}
        for number in range(1, apps + 1):
            add_app(stack, number, given, files)
        names = [name for name in stack.parts if name.startswith("app-")]
        stack.add("haproxy", haproxy.start(configuration("haproxy.cfg"), {"servers": backends(stack)}), names)
        static = collected(stack["haproxy"].folder / "static", given)
        values = {"balancer": stack["haproxy"].port, "static": static}
        stack.add("nginx", nginx.start(configuration("nginx.conf"), values), ["haproxy"])
    except BaseException:
        stack.stop()
        raise
    return stack


def production(stack: Stack) -> dict:
    """Settings of a site on this stack: its database, its two stores, its logs; sessions live in Valkey."""
    return {
        "DATABASES": {"default": {**stack["postgresql"].settings(), "CONN_MAX_AGE": 60}},
        "CACHES": {
            "default": {
                "BACKEND": "django.core.cache.backends.memcached.PyMemcacheCache",
                "LOCATION": stack["memcached"].url,
            },
            "valkey": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": stack["valkey"].url},
        },
        "SESSION_ENGINE": "django.contrib.sessions.backends.cache",
        "SESSION_CACHE_ALIAS": "valkey",
        "ROOT_URLCONF": "helpers.project.production_urls",
        "MIDDLEWARE": [tracing.MIDDLEWARE, *_middleware()],
        "LOGGING": tracing.LOGGING,
    }


def add_app(stack: Stack, number: int, settings: dict, files: dict | None = None) -> site.Site:
    """Start one more gunicorn with these settings (and files), and take it into the stack as "app-NUMBER"."""
    options = tracing.ACCESS_LOG
    behind = ["postgresql", "valkey", "memcached"]
    return stack.add(f"app-{number}", site.start(settings=settings, files=files, options=options), behind)


def backends(stack: Stack) -> str:
    """The lines `server …` of HAProxy's configuration, one for each app of the stack."""
    apps = {name: server for name, server in stack.parts.items() if name.startswith("app-")}
    return "\n".join(f"    server {name} {server.host}:{server.port}" for name, server in apps.items())


def configuration(name: str) -> str:
    """The text of one of the stack's configuration files ("nginx.conf", "haproxy.cfg"), with blanks such as <port>."""
    path = _FILES / name
    if not path.is_file():
        have = ", ".join(sorted(each.name for each in _FILES.iterdir()))
        raise ValueError(f"there is no configuration {name!r}: take one of {have}.")
    return path.read_text()


def collected(folder: Path, settings: dict | None = None) -> Path:
    """Put every static file of the project into `folder`, by `manage.py collectstatic` with these settings."""
    environment = {**site.environment(settings), "TROUBLESPOTS_STATIC_ROOT": str(folder)}
    words = [sys.executable, "-m", "django", "collectstatic", "--noinput", "--verbosity", "0"]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"collectstatic failed: {(done.stderr or done.stdout).strip().splitlines()[-1]}")
    return folder


def logs(stack: Stack) -> list[str]:
    """The logs that tell of requests, as `helpers.tracing.read` takes them."""
    first = ["\n".join(stack["nginx"].access_log())] if "nginx" in stack.parts else []
    others = [name for name in stack.parts if name == "haproxy" or name.startswith("app-")]
    return first + [stack[name].logs() for name in others]


def _middleware():
    from django.conf import settings

    return list(settings.MIDDLEWARE)
