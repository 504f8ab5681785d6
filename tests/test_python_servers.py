"""uvicorn, granian, Tornado, Twisted Web, Celery, mail and names: what each does, and what it says of a mistake."""

import os
import smtplib
import subprocess
import time
from email.message import EmailMessage

import pytest
from server_kinds import ZONE

from helpers.load import Page
from helpers.services import celery_worker, dns_server, granian, smtp_server, sshd, tornado, twisted, uvicorn, valkey
from helpers.services.process import ServerDied
from helpers.services.python_server import environment

STARTS = {
    "uvicorn": lambda *given, **more: uvicorn.start(*given, **more),
    "granian": lambda *given, **more: granian.start(*given, **more),
    "tornado": lambda *given, **more: tornado.start(*given, **more),
    "twisted": lambda *given, **more: twisted.start(*given, **more),
}


@pytest.mark.parametrize("start", STARTS.values(), ids=STARTS)
class TestEachWebServer:
    @pytest.mark.parametrize("application", ["served", "a:b:c", None, 5])
    def test_an_application_is_a_module_and_a_name(self, start, application):
        with pytest.raises(ValueError, match="give the module and the name in it"):
            start(application)

    def test_one_that_cannot_be_loaded_is_in_its_log(self, start, kinds):
        with pytest.raises(ServerDied, match="no_such_module|could not|Could not|object has no"):
            start("no_such_module:application", folder=kinds.folder)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: uvicorn.start("a:b", workers=0),
        lambda: granian.start("a:b", workers=True),
        lambda: granian.start("a:b", threads=1.5),
        lambda: tornado.start("a:b", threads="4"),
        lambda: celery_worker.start("a", "redis://", processes=0),
    ],
)
def test_numbers_are_whole_and_above_0(wrong):
    with pytest.raises(ValueError, match="takes a whole number of .*, at least 1"):
        wrong()


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (lambda: uvicorn.start("a:b", options="--reload"), "is one text: give a list"),
        (lambda: celery_worker.start("a", "redis://", options="-B"), "is one text: give a list"),
        (lambda: granian.start("a:b", interface="fcgi"), "granian speaks wsgi, asgi, asginl"),
        (lambda: celery_worker.start("a", "redis://", pool="gevent"), "take one of solo, prefork, threads"),
        (lambda: smtp_server.start(delay_seconds=-1), "cannot answer before it is asked"),
        (lambda: smtp_server.start(delay_seconds=float("nan")), "cannot answer before it is asked"),
        (lambda: smtp_server.start(size_limit=0), "whole number of bytes"),
        (lambda: dns_server.start(""), "give the text of a zone"),
        (lambda: dns_server.start("x y z"), "this zone cannot be read"),
        (lambda: dns_server.start("example.test. 60 IN A nonsense"), "this zone cannot be read .*nonsense"),
        (lambda: sshd.start("ssh-ed25519 AAAA"), "give a list with one line"),
    ],
)
def test_other_mistakes_are_a_sentence_too(wrong, told):
    with pytest.raises(ValueError, match=told):
        wrong()


def test_granian_speaks_asgi_too_and_uvicorn_takes_several_processes(kinds):
    with granian.start("served:asgi", "asginl", folder=kinds.folder) as server:
        assert Page(server.url + "/")("") == "200"
    with uvicorn.start("served:asgi", workers=2, folder=kinds.folder) as server:
        assert Page(server.url + "/")("") == "200"


def test_a_child_gets_the_environment_that_it_is_given_and_the_modules_first(tmp_path):
    found = environment({"A": "1", "PYTHONPATH": "old"}, tmp_path)
    assert found["A"] == "1" and found["PYTHONPATH"].split(os.pathsep)[0] == str(tmp_path)
    assert found["PYTHONPATH"].endswith("old") and "HOME" not in found


class TestCelery:
    @pytest.mark.parametrize("pool", celery_worker.POOLS)
    def test_a_task_is_done_elsewhere(self, kinds, pool):
        broker = kinds.shared("valkey").url
        with celery_worker.start("served", broker, pool=pool, folder=kinds.folder) as worker:
            assert ask_celery(broker, 21) == 42
            assert "Task served.double" in worker.logs()

    def test_two_workers_are_told_apart(self, kinds):
        broker = kinds.shared("valkey").url
        with celery_worker.start("served", broker, folder=kinds.folder) as one:
            with celery_worker.start("served", broker, folder=kinds.folder) as two:
                two.kill()
                assert one.answers() and not two.answers()

    def test_an_application_that_is_not_there_is_in_its_log(self, kinds):
        with pytest.raises(ServerDied, match="no_such_module"):
            celery_worker.start("no_such_module", kinds.shared("valkey").url)

    def test_a_broker_that_is_gone_is_told(self, kinds):
        with valkey.start() as broker:
            url = broker.url
        worker = celery_worker.CeleryWorker("served", url, folder=kinds.folder)
        with pytest.raises(ServerDied, match="Cannot connect to redis"):
            worker.start(patience_seconds=8)


def ask_celery(broker, number):
    from celery import Celery

    with Celery(broker=broker, backend=broker) as app:
        return app.send_task("served.double", [number]).get(timeout=20)


class TestMail:
    @staticmethod
    def send(server, subject="ORM", size=10):
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = "ana@example.test", "ben@example.test", subject
        message.set_content("x" * size)
        began = time.monotonic()
        with smtplib.SMTP(server.host, server.port) as client:
            client.send_message(message)
        return time.monotonic() - began

    def test_messages_are_kept_in_their_order(self):
        with smtp_server.start() as server:
            for subject in ("Grüße", "ORM"):
                self.send(server, subject)
            assert [each["Subject"] for each in server.messages()] == ["Grüße", "ORM"]
            server.kill()
            assert len(server.messages()) == 2

    def test_it_is_as_slow_as_it_is_told_to_be(self):
        with smtp_server.start(delay_seconds=0.5) as server:
            assert self.send(server) >= 0.5

    def test_what_is_too_large_is_refused(self):
        with smtp_server.start(size_limit=1000) as server:
            with pytest.raises(smtplib.SMTPException):
                self.send(server, size=5000)
            assert server.messages() == []

    def test_another_handler_may_refuse(self, tmp_path):
        (tmp_path / "deaf.py").write_text(
            "class Deaf:\n    async def handle_DATA(self, server, session, envelope):\n        return '554 no'\n"
        )
        with smtp_server.start(handler="deaf:Deaf", folder=tmp_path) as server:
            with pytest.raises(smtplib.SMTPDataError, match="554"):
                self.send(server)


class TestNames:
    def test_it_answers_from_its_zone_over_udp_and_tcp_and_notes_the_questions(self):
        import dns.resolver

        with dns_server.start(ZONE) as server:
            asking = resolver(server)
            assert [str(each) for each in asking.resolve("example.test", "MX")] == ["10 mail.example.test."]
            assert [str(each) for each in asking.resolve("www.example.test", "CNAME", tcp=True)] == ["example.test."]
            with pytest.raises(dns.resolver.NXDOMAIN):
                asking.resolve("nobody.test", "A")
            assert server.questions()[:2] == [("example.test.", "MX"), ("www.example.test.", "CNAME")]

    def test_silenced_it_leaves_a_question_without_an_answer(self):
        import dns.resolver

        with dns_server.start(ZONE) as server:
            server.pause()
            with pytest.raises(dns.resolver.LifetimeTimeout):
                resolver(server).resolve("example.test", "A", lifetime=0.5)
            server.resume()
            assert resolver(server).resolve("example.test", "A")[0].address == "127.0.0.1"


def resolver(server):
    import dns.resolver

    made = dns.resolver.Resolver(configure=False)
    made.nameservers, made.port = [server.host], server.port
    return made


@pytest.mark.system_server("sshd")
class TestSshd:
    @staticmethod
    def run(server, key, *words):
        program = ["ssh", *server.client_options(key), f"{server.login}@{server.host}", *words]
        return subprocess.run(program, capture_output=True, text=True, timeout=30)

    @pytest.mark.skipif(not sshd.has_shell(), reason="this account has no shell to log in to")
    def test_a_key_that_is_allowed_gets_in_and_no_other(self, tmp_path):
        mine, other = sshd.key(tmp_path, "mine"), sshd.key(tmp_path, "other")
        with sshd.start([mine.with_suffix(".pub").read_text()]) as server:
            assert self.run(server, mine, "echo hello").stdout == "hello\n"
            assert "Permission denied (publickey)." in self.run(server, other, "echo hello").stderr
            server.allow(other.with_suffix(".pub").read_text())
            assert self.run(server, other, "echo hello").stdout == "hello\n"

    @pytest.mark.skipif(not sshd.has_shell(), reason="this account has no shell to log in to")
    def test_a_key_with_a_command_can_do_that_and_nothing_else(self, tmp_path):
        key = sshd.key(tmp_path)
        line = f'restrict,command="echo only this" {key.with_suffix(".pub").read_text()}'
        with sshd.start([line]) as server:
            assert self.run(server, key, "rm -rf everything").stdout == "only this\n"

    def test_a_key_is_never_written_over(self, tmp_path):
        sshd.key(tmp_path)
        with pytest.raises(ValueError, match="id_ed25519 is in that folder already"):
            sshd.key(tmp_path)

    def test_a_configuration_that_it_refuses_is_told_in_its_own_words(self):
        with pytest.raises(ServerDied, match="Bad configuration option: UseMagic"):
            sshd.start(configuration=sshd.CONFIGURATION + "UseMagic yes\n")
