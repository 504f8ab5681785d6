"""nginx, HAProxy and Varnish: their files, their logs, their consoles, and what they say of a mistake."""

import pytest
from server_kinds import HAPROXY, NGINX, VARNISH

from helpers.load import Page
from helpers.services import haproxy, nginx, varnish
from helpers.services.on_port import fill
from helpers.services.process import ServerDied


def ask(server, path, times=1):
    page = Page(server.url + path)
    return [page("") for _ in range(times)]


@pytest.mark.parametrize("start", [nginx.start, haproxy.start, varnish.start])
@pytest.mark.parametrize("text", ["", "  ", None, 7])
def test_a_configuration_is_a_text(start, text):
    with pytest.raises(ValueError, match="give the text of .* configuration file"):
        start(text)


def test_a_blank_without_a_value_is_named_before_anything_starts():
    with pytest.raises(ValueError, match=r"nginx: <app> has no value \(there are <folder>, <port>\)"):
        nginx.start(NGINX)
    assert fill("a <b> <C> < d>", {"b": 1}) == "a 1 <C> < d>"
    with pytest.raises(ValueError, match=r"<b> has no value \(there are none\)"):
        fill("<b>", {})


@pytest.mark.system_server("nginx")
class TestNginx:
    def test_it_passes_on_and_notes_each_request_but_not_our_own(self, kinds):
        with kinds.start("nginx") as server:
            assert ask(server, "/talks/", 3) == ["200"] * 3
            assert [line.split('"')[1] for line in server.access_log()] == ["GET /talks/ HTTP/1.1"] * 3

    def test_it_serves_files_by_their_type_and_smaller(self, kinds, tmp_path):
        import urllib.request

        (tmp_path / "site.css").write_text("body { color: black }\n" * 500)
        text = NGINX.replace(
            "location / {", "gzip on; gzip_types text/css; location /static/ { alias <static>/; } location / {"
        )
        with nginx.start(text, {"app": kinds.shared("application").port, "static": tmp_path}) as server:
            asked = urllib.request.Request(server.url + "/static/site.css", headers={"Accept-Encoding": "gzip"})
            with urllib.request.urlopen(asked, timeout=5) as answer:
                assert answer.headers["Content-Type"] == "text/css"
                assert answer.headers["Content-Encoding"] == "gzip"
                assert len(answer.read()) < 500

    def test_a_file_that_it_refuses_is_told_in_its_own_words(self, kinds):
        with pytest.raises(ServerDied, match='unknown directive "worker_connection"'):
            nginx.start(NGINX.replace("worker_connections", "worker_connection"), {"app": 1})

    def test_a_reload_changes_what_it_does_without_a_lost_request(self, kinds):
        gone = NGINX.replace("proxy_pass http://127.0.0.1:<app>", "return 410")
        with kinds.start("nginx") as server:
            pid, port = server.pid, server.port
            server.reload(gone)
            assert ask(server, "/", 2) == ["410", "410"]
            server.reload(NGINX)
            assert ask(server, "/") == ["200"]
            assert (server.pid, server.port) == (pid, port)

    @pytest.mark.parametrize(
        ("wrong", "told"),
        [
            ("proxy_past http", 'refuses .* the old one: .*"proxy_past"'),
            ("proxy_pass http://<nobody>; #", "<nobody> has no"),
        ],
    )
    def test_a_reload_with_a_mistake_leaves_the_old_one_running(self, kinds, wrong, told):
        with kinds.start("nginx") as server:
            with pytest.raises(ValueError, match=told):
                server.reload(NGINX.replace("proxy_pass http", wrong, 1))
            assert server.configuration == NGINX
            server.reload()
            assert ask(server, "/") == ["200"]


@pytest.mark.system_server("HAProxy")
class TestHAProxy:
    def test_it_answers_commands_and_counts_for_each_server(self, kinds):
        with kinds.start("haproxy") as server:
            ask(server, "/", 4)
            (row,) = server.servers()
            assert row == {
                "backend": "apps", "server": "one", "status": "no check", "requests": 4, "errors": 0, "connections": 0
            }  # fmt: skip
            assert "apps 1 one 127.0.0.1" in server.ask("show servers state")
            server.ask("set server apps/one state maint")
            assert ask(server, "/") == ["503"]
            assert server.servers()[0]["status"] == "MAINT"
            assert "GET / HTTP/1.1" in server.logs()

    def test_without_a_socket_a_command_is_refused_in_a_sentence(self, kinds):
        text = HAPROXY.replace("    stats socket <folder>/admin.sock level admin\n", "")
        with haproxy.start(text, {"app": kinds.shared("application").port}) as server:
            with pytest.raises(ValueError, match="no admin socket: write"):
                server.ask("show stat")

    def test_a_file_that_it_refuses_is_told_in_its_own_words(self):
        with pytest.raises(ServerDied, match="unknown keyword 'mood' in 'defaults' section"):
            haproxy.start(HAPROXY.replace("mode http", "mood http"), {"app": 1})


@pytest.mark.system_server("Varnish")
class TestVarnish:
    def test_it_keeps_an_answer_and_counts(self, kinds):
        with kinds.start("varnish") as server:
            assert server.statistics()["cache_hit"] == server.statistics()["cache_miss"] == 0
            assert ask(server, "/talks/", 4) == ["200"] * 4
            found = server.statistics()
            assert (found["cache_miss"], found["cache_hit"]) == (1, 3)
            assert server.told() == ["200 miss /talks/", *["200 hit /talks/"] * 3]
            assert "healthy" in server.administer("backend.list")
            server.administer("ban", "req.url ~ .")
            ask(server, "/talks/")
            assert server.statistics()["cache_miss"] == 2

    def test_rules_and_commands_that_it_refuses_are_told_in_its_own_words(self, kinds):
        with pytest.raises(ServerDied, match="Its log says:(.|\n)*'back'"):
            varnish.start(VARNISH.replace("backend", "back"), {"app": 1})
        with kinds.start("varnish") as server:
            with pytest.raises(ValueError, match="varnishadm no.such.command: .*[Uu]nknown request"):
                server.administer("no.such.command")

    @pytest.mark.parametrize("memory", [0, 1, True, "16", 1.5])
    def test_an_amount_of_memory_that_it_cannot_have(self, memory):
        with pytest.raises(ValueError, match="takes whole megabytes"):
            varnish.start(VARNISH, {"app": 1}, memory_mb=memory)
