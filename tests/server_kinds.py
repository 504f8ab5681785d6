"""One way to start each kind of server, for the tests that ask the same of all of them."""

import textwrap

import pytest

from helpers.services import (
    celery_worker,
    dns_server,
    granian,
    gunicorn,
    haproxy,
    nginx,
    postgres,
    postgres_replica,
    smtp_server,
    sshd,
    tornado,
    twisted,
    uvicorn,
    valkey,
    varnish,
)

APPLICATION = textwrap.dedent(
    """
    import os

    from celery import Celery


    def application(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain"), ("Cache-Control", "max-age=60")])
        return [f"{environ['PATH_INFO']} from {os.getpid()}".encode()]


    async def asgi(scope, receive, send):
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
            await send({"type": "http.response.body", "body": f"{scope['path']} from {os.getpid()}".encode()})


    app = Celery("served", broker=os.environ.get("CELERY_BROKER_URL"), backend=os.environ.get("CELERY_BROKER_URL"))


    @app.task
    def double(number):
        return 2 * number
    """
)
NGINX = """\
error_log stderr;
events { worker_connections 64; }
http {
    include plumbing.conf;
    access_log access.log;
    server { listen 127.0.0.1:<port>; location / { proxy_pass http://127.0.0.1:<app>; } }
}
"""
HAPROXY = """\
global
    log stdout format raw local0
    stats socket <folder>/admin.sock level admin
defaults
    mode http
    log global
    option httplog
    timeout connect 500ms
    timeout client 5s
    timeout server 5s
frontend web
    bind 127.0.0.1:<port>
    default_backend apps
backend apps
    server one 127.0.0.1:<app>
"""
VARNISH = """\
vcl 4.1;
backend default { .host = "127.0.0.1"; .port = "<app>"; }
"""
ZONE = """\
example.test. 60 IN A 127.0.0.1
example.test. 60 IN MX 10 mail.example.test.
www.example.test. 60 IN CNAME example.test.
"""


class Kinds:
    """Starts servers by name; what they need besides (a folder with an application, a broker) is made once."""

    def __init__(self, folder):
        self.folder, self._shared = folder, {}
        (folder / "served.py").write_text(APPLICATION)

    def start(self, name: str):
        return getattr(self, f"_{name}")()

    def shared(self, name: str):
        if name not in self._shared:
            self._shared[name] = self.start(name)
        return self._shared[name]

    def stop(self):
        for server in reversed(self._shared.values()):
            server.stop()

    def _application(self):
        return gunicorn.start("served:application", folder=self.folder)

    def _postgres(self):
        return postgres.start()

    def _replica(self):
        return postgres_replica.start(self.shared("postgres"))

    def _valkey(self):
        return valkey.start()

    def _nginx(self):
        return nginx.start(NGINX, {"app": self.shared("application").port})

    def _haproxy(self):
        return haproxy.start(HAPROXY, {"app": self.shared("application").port})

    def _varnish(self):
        return varnish.start(VARNISH, {"app": self.shared("application").port})

    def _sshd(self):
        return sshd.start()

    def _uvicorn(self):
        return uvicorn.start("served:asgi", folder=self.folder)

    def _granian(self):
        return granian.start("served:application", folder=self.folder)

    def _tornado(self):
        return tornado.start("served:application", folder=self.folder)

    def _twisted(self):
        return twisted.start("served:application", folder=self.folder)

    def _celery(self):
        return celery_worker.start("served", self.shared("valkey").url, folder=self.folder)

    def _smtp(self):
        return smtp_server.start()

    def _dns(self):
        return dns_server.start(ZONE)


def system(kind, name):
    """A kind that only the system has."""
    return pytest.param(kind, marks=pytest.mark.system_server(name))


WEB = ["uvicorn", "granian", "tornado", "twisted"]
IN_FRONT = [system("nginx", "nginx"), system("haproxy", "HAProxy"), system("varnish", "Varnish")]
LISTENING = [*WEB, *IN_FRONT, system("sshd", "sshd"), "replica", "smtp", "dns"]
ALL = [*LISTENING, "celery"]
