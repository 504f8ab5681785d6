"""A stack and its parts: what it is made of, how it is, a request followed through its logs, a replica that follows."""

import time
import urllib.request

import pandas as pd
import psycopg
import pytest

from helpers import plots_stack, tracing
from helpers.load import Page
from helpers.project import boot, stack
from helpers.services import memcached, postgres, postgres_replica
from helpers.services.process import MissingServer
from helpers.services.stack import Stack

SYSTEM = [pytest.mark.system_server("nginx"), pytest.mark.system_server("HAProxy")]


def new(whole, known):
    """The hops of the requests that are not `known` yet."""
    frame = tracing.read(*stack.logs(whole))
    return frame[~frame.request_id.isin(known)].hop.tolist()


def until(check, within_seconds=15):
    deadline = time.monotonic() + within_seconds
    while not (found := check()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return found


@pytest.fixture(scope="module")
def whole():
    boot.boot()
    with stack.start() as made:
        yield made


class TestWhole:
    pytestmark = SYSTEM

    def test_it_serves_the_conference_and_says_how_it_is(self, whole):
        assert repr(whole) == "<stack of nginx, haproxy, app-2, app-1, memcached, valkey, postgresql>"
        assert [Page(whole["nginx"].url + path)("") for path in ("/", "/talks/", "/health/")] == ["200"] * 3
        health = pd.DataFrame(whole.health()).set_index("part")
        assert health.healthy.all()
        assert (health.memory_mb > 0.5).all() and (health.processes >= 1).all()
        assert health.loc["nginx", "asks"] == ["haproxy"]
        assert health.loc["app-1", "asks"] == ["postgresql", "valkey", "memcached"]

    def test_it_runs_on_its_postgresql_and_keeps_sessions_in_valkey(self, whole):
        import redis
        from django.contrib.auth.models import User

        User.objects.db_manager(stack.ALIAS).create_superuser("root", password="only a test")
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        url = whole["nginx"].url + "/admin/login/"
        opener.open(url, timeout=10)
        token = _token(opener)
        body = f"username=root&password=only+a+test&csrfmiddlewaretoken={token}&next=/admin/"
        assert b"Site administration" in opener.open(url, body.encode(), timeout=10).read()
        with redis.from_url(whole["valkey"].url) as client:
            assert any(b"django.contrib.sessions.cache" in key for key in client.scan_iter())

    def test_files_come_from_nginx_without_python(self, whole):
        known = set(tracing.read(*stack.logs(whole)).request_id) if whole["nginx"].access_log() else set()
        assert Page(whole["nginx"].url + "/static/conference/site.css")("") == "200"
        assert until(lambda: new(whole, known)) == ["nginx"]

    def test_a_request_is_followed_through_every_hop(self, whole):
        page = Page(whole["nginx"].url + "/talks/?page={key}")
        assert {page(number) for number in range(1, 11)} == {"200"}
        until(lambda: len(tracing.read(*stack.logs(whole)).query("hop == 'haproxy'")) >= 10)
        frame = tracing.read(*stack.logs(whole))
        complete = frame.groupby("request_id").hop.apply(list)
        through = complete[complete.map(len) == 5]
        assert len(through) >= 10
        assert through.iloc[0] == ["nginx", "haproxy", "gunicorn", "django", "sql"]
        assert (frame.own_ms >= 0).all() and (frame.own_ms <= frame.total_ms).all()
        followed = tracing.followed(frame, through.index[0], *stack.logs(whole))
        assert len(followed) == 5 and sum("trace sql" in line for line in followed) == 1
        ax = plots_stack.hops(frame)
        assert [label.get_text() for label in ax.get_yticklabels()] == through.iloc[0]

    def test_a_part_that_dies_is_seen_and_the_rest_goes_on(self, whole):
        whole["app-1"].kill()
        try:
            health = pd.DataFrame(whole.health()).set_index("part")
            assert not health.loc["app-1", "healthy"] and health.healthy.sum() == len(health) - 1
            page = Page(whole["nginx"].url + "/talks/")
            assert {page("") for _ in range(20)} == {"200"}
        finally:
            whole["app-1"].restart()
        assert until(lambda: {row["status"] for row in whole["haproxy"].servers()} == {"UP"})


def _token(opener):
    jar = next(handler.cookiejar for handler in opener.handlers if hasattr(handler, "cookiejar"))
    return next(cookie.value for cookie in jar if cookie.name == "csrftoken")


@pytest.mark.parametrize("apps", [0, 9, True, "2", 1.5])
def test_a_number_of_apps_that_is_none(apps):
    with pytest.raises(ValueError, match="whole number from 1 to 8"):
        stack.start(apps=apps)


def test_without_one_of_its_servers_nothing_starts(monkeypatch):
    monkeypatch.setattr("helpers.services.haproxy.binary", lambda: None)
    monkeypatch.setattr(postgres, "start", lambda: pytest.fail("it started a server first"))
    monkeypatch.setattr("helpers.services.nginx.binary", lambda: "/there")
    with pytest.raises(MissingServer, match="HAProxy is not on this machine"):
        stack.start()


def test_a_configuration_that_there_is_not():
    with pytest.raises(ValueError, match="no configuration .apache.conf.: take one of haproxy.cfg, nginx.conf"):
        stack.configuration("apache.conf")


def test_configurations_are_short_enough_to_read():
    for name in ("nginx.conf", "haproxy.cfg"):
        lines = stack.configuration(name).splitlines()
        assert len(lines) <= 32 and max(map(len, lines)) <= 100


def test_a_stack_of_any_parts():
    with Stack() as made:
        assert repr(made) == "<stack of nothing yet>" and made.health() == []
        first = made.add("store", memcached.start())
        made.add("second", memcached.start(), asks=["store"])
        with pytest.raises(ValueError, match="'store' is in this stack already"):
            made.add("store", first)
        with pytest.raises(ValueError, match=r"'queue' is not in this stack \(it holds store, second\)"):
            made.add("third", first, asks=["queue"])
        with pytest.raises(ValueError, match="'queue' is not in this stack: it holds store, second"):
            made["queue"]
        made.remove("store")
        assert first.pid is None and made.behind == {"second": []}
        second = made["second"]
        made.stop()
        assert second.pid is None
        assert [row["healthy"] for row in made.health()] == [False]


class TestFiles:
    pytestmark = SYSTEM

    def test_a_module_of_ones_own_is_served_by_every_app_one_that_comes_later_too(self):
        boot.boot()
        text = "from django.http import HttpResponse\nfrom django.urls import path\n"
        files = {"own_pages.py": text + "urlpatterns = [path('health/', lambda request: HttpResponse('of a file'))]\n"}
        with stack.start(apps=1, settings={"ROOT_URLCONF": "own_pages"}, files=files) as made:
            later = {**stack.production(made), "ROOT_URLCONF": "own_pages"}
            stack.add_app(made, 2, later, files)
            for name in ("nginx", "app-1", "app-2"):
                with urllib.request.urlopen(made[name].url + "/health/", timeout=10) as answer:
                    assert answer.read() == b"of a file"

    def test_a_module_that_is_no_python_ends_the_start_and_every_part_of_it(self, monkeypatch):
        boot.boot()
        ended = []
        monkeypatch.setattr(
            Stack, "stop", lambda self, stop=Stack.stop: (ended.extend(self.parts.values()), stop(self))
        )
        with pytest.raises(SyntaxError, match=r"own_pages.py, line 1"):
            stack.start(apps=1, files={"own_pages.py": "def ("})
        assert len(ended) == 3 and not any(part.answers() for part in ended)


class TestTracing:
    LOGS = (
        "trace nginx a 0.030 s\ntrace nginx b 0.001 s\nnoise\ntrace nginx - 1 s\n",
        "trace haproxy a 29 ms app-1\n",
        "trace gunicorn a 25000 us\ntrace django a 20.5 ms\ntrace sql a 5.5 ms\ntrace gunicorn - 900 us\n",
        "trace django c 3.0 ms\n",
    )

    def test_times_become_milliseconds_and_own_times(self):
        frame = tracing.read(*self.LOGS)
        assert frame.values.tolist() == [
            ["a", "nginx", 30.0, 1.0],
            ["a", "haproxy", 29.0, 4.0],
            ["a", "gunicorn", 25.0, 4.5],
            ["a", "django", 20.5, 15.0],
            ["a", "sql", 5.5, 5.5],
            ["b", "nginx", 1.0, 1.0],
        ]

    def test_a_hop_that_does_not_know_the_request_is_passed_over(self):
        frame = tracing.read(
            "trace nginx a 0.030 s", "trace django a 20 ms", "trace nginx b 0.002 s\ntrace haproxy b 1 ms"
        )
        assert frame.own_ms.tolist() == [10.0, 20.0, 1.0, 1.0]

    def test_whole_milliseconds_never_make_a_time_below_0(self):
        frame = tracing.read("trace nginx a 0.001 s", "trace django a 1.9 ms")
        assert frame.own_ms.tolist() == [0.0, 1.9]

    @pytest.mark.parametrize("logs", [(), ("",), ("nothing here\n trace nginx a 1 s",)])
    def test_logs_without_a_trace(self, logs):
        with pytest.raises(ValueError, match="no line of these logs begins with `trace`"):
            tracing.read(*logs)

    def test_the_lines_of_one_request(self):
        frame = tracing.read(*self.LOGS)
        assert len(tracing.followed(frame, "a", *self.LOGS)) >= 5
        with pytest.raises(ValueError, match="request_id='z' is not in this frame"):
            tracing.followed(frame, "z", *self.LOGS)


class TestPictures:
    FRAME = pd.DataFrame(
        [("store", "memcached", 4001, False, []), ("app", "gunicorn", 4002, True, ["store", "gone"])],
        columns=["part", "server", "port", "healthy", "asks"],
    )

    def test_parts_stand_before_what_they_ask_and_say_how_they_are(self):
        ax = plots_stack.drawn(self.FRAME)
        boxes = {text.get_text().split("\n")[0]: text for text in ax.texts if text.get_text()}
        assert boxes["app"].get_text() == "app\ngunicorn : 4002\n✔"
        assert boxes["store"].get_text() == "store\nmemcached : 4001\n✘ no answer"
        assert boxes["app"].xy[0] < boxes["store"].xy[0]
        assert [patch.get_linestyle() for patch in ax.patches if patch.get_width()] == ["--", "-"]
        assert len([text for text in ax.texts if not text.get_text()]) == 1

    def test_hops_say_their_share(self):
        frame = pd.DataFrame({"hop": ["nginx", "django", "sql", "sql"], "own_ms": [1.0, 6.0, 2.0, 4.0]})
        texts = [text.get_text() for text in plots_stack.hops(frame).texts]
        assert texts == ["1.0 ms, 10%", "6.0 ms, 60%", "3.0 ms, 30%"]

    @pytest.mark.parametrize("draw", [plots_stack.drawn, plots_stack.hops])
    def test_frames_that_cannot_be_drawn(self, draw):
        with pytest.raises(ValueError, match="no column"):
            draw(pd.DataFrame({"a": [1]}))
        columns = [*self.FRAME.columns, "hop", "own_ms"]
        with pytest.raises(ValueError, match="there is no"):
            draw(pd.DataFrame(columns=columns))


@pytest.fixture(scope="module")
def primary():
    with postgres.start() as server:
        yield server


class TestReplica:
    def test_it_repeats_everything_also_a_mistake_and_refuses_writes(self, primary):
        with postgres_replica.start(primary) as replica, primary.connection() as first, replica.connection() as second:
            first.execute("CREATE TABLE talk AS SELECT generate_series(1, 100) AS id")
            there = "SELECT to_regclass('talk') IS NOT NULL"
            assert until(lambda: second.execute(there).fetchone()[0])
            with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
                second.execute("DELETE FROM talk")
            first.execute("DROP TABLE talk")
            assert until(lambda: not second.execute(there).fetchone()[0])
            assert until(lambda: replica.lag_bytes() == 0)

    def test_a_delayed_one_is_late_and_a_promoted_one_is_on_its_own(self, primary):
        with postgres_replica.start(primary, delay_seconds=30) as replica:
            with primary.connection() as first, replica.connection() as second:
                first.execute("CREATE TABLE late (id int)")
                time.sleep(0.5)
                assert second.execute("SELECT to_regclass('late')").fetchone()[0] is None
                assert replica.lag_bytes() > 0
        with postgres_replica.start(primary) as replica:
            replica.promote()
            assert replica.answers()
            with replica.connection() as second:
                second.execute("CREATE TABLE mine (id int)")
            with primary.connection() as first:
                assert first.execute("SELECT to_regclass('mine')").fetchone()[0] is None

    @pytest.mark.parametrize("delay", [-1, float("nan")])
    def test_a_delay_below_0(self, primary, delay):
        with pytest.raises(ValueError, match="a replica cannot be ahead"):
            postgres_replica.start(primary, delay)
