"""Load: every key is sent once, a closed loop waits for its answers, an open one does not, quantiles have intervals."""

import http.server
import pickle
import sys
import threading
import time

import numpy as np
import pandas as pd
import pytest

from helpers import load

COLUMNS = ["request", "start_s", "latency_ms", "outcome", "worker"]


class Answers(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    connections, seen = set(), []

    def do_GET(self):
        type(self).connections.add(self.client_address)
        type(self).seen.append((self.path, self.headers.get("X-Who")))
        body = b"hello"
        self.send_response(404 if "missing" in self.path else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def site():
    handler = type("Fresh", (Answers,), {"connections": set(), "seen": []})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    server.answers, server.url = handler, f"http://127.0.0.1:{server.server_port}"
    yield server
    server.shutdown()
    server.server_close()


class TestClosed:
    @pytest.mark.parametrize("workers", [1, 3, 8])
    def test_every_key_is_sent_once_by_the_worker_whose_turn_it_is(self, workers):
        seen = []
        frame = load.closed(seen.append, np.arange(40), workers=workers)
        assert sorted(seen) == list(range(40))
        assert all(type(key) is int for key in seen)
        assert list(frame.columns) == COLUMNS
        assert (frame.request % workers == frame.worker).all()
        assert frame.start_s.is_monotonic_increasing

    def test_no_more_than_one_request_of_a_worker_is_under_way(self):
        under_way, most = [], []

        def call(key):
            under_way.append(key)
            most.append(len(under_way))
            time.sleep(0.002)
            under_way.remove(key)

        load.closed(call, range(30), workers=3)
        assert max(most) <= 3

    def test_outcomes_are_words_and_an_exception_is_one_of_them(self):
        def call(key):
            return {0: None, 1: "hit", 2: 503}.get(key) if key < 3 else {}[key]

        frame = load.closed(call, range(4)).sort_values("request")
        assert frame.outcome.tolist() == ["ok", "hit", "503", "KeyError"]

    def test_it_stops_by_itself(self):
        frame = load.closed(lambda key: time.sleep(0.01), range(10_000), workers=2, seconds=0.2)
        assert 2 <= len(frame) < 100

    @pytest.mark.parametrize("wrong, message", [
        ({"keys": []}, "no keys"), ({"workers": 0}, "workers=0"), ({"workers": True}, "workers=True"),
        ({"workers": 129}, "1 to 128"), ({"seconds": 0}, "seconds=0"),
    ])  # fmt: skip
    def test_what_cannot_work_is_told(self, wrong, message):
        with pytest.raises(ValueError, match=message):
            load.closed(**{"call": print, "keys": [1], **wrong})

    def test_something_that_cannot_be_called_is_told(self):
        with pytest.raises(TypeError, match="cannot be called"):
            load.closed("http://127.0.0.1", [1])

    def test_the_workers_close_their_database_connections(self):
        from helpers.project.boot import boot

        boot()
        from django.db import connection, connections

        held = []

        def call(key):
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
            held.append(connections["default"])

        load.closed(call, range(4), workers=2)
        assert len({id(each) for each in held}) == 2
        assert all(each.connection is None for each in held)


class TestOpen:
    def test_the_arrivals_are_the_seeds_and_have_the_rate_that_was_asked_for(self):
        first, again, other = (load.open_loop(abs, range(400), 2000, workers=4, seed=seed) for seed in (1, 1, 2))
        assert first.start_s.tolist() == again.start_s.tolist() != other.start_s.tolist()
        assert first.start_s.max() == pytest.approx(400 / 2000, rel=0.2)
        assert first.request.tolist() == list(range(400))

    def test_a_slow_server_gets_a_queue_in_an_open_loop_and_fewer_requests_in_a_closed_one(self):
        def call(key):
            time.sleep(0.01)

        waiting = load.open_loop(call, range(100), rate_per_s=400, workers=1)
        patient = load.closed(call, range(100), workers=1)
        assert waiting.latency_ms.iloc[-1] > 10 * waiting.latency_ms.iloc[0]
        assert waiting.latency_ms.median() > 10 * patient.latency_ms.median()

    def test_it_stops_by_itself(self):
        assert len(load.open_loop(abs, range(10_000), rate_per_s=200, seconds=0.2)) < 200

    def test_a_rate_has_to_be_above_zero(self):
        with pytest.raises(ValueError, match="rate_per_s=0"):
            load.open_loop(abs, [1], rate_per_s=0)


class TestPage:
    def test_the_key_is_part_of_the_address_and_the_status_is_the_outcome(self, site):
        frame = load.closed(load.Page(site.url + "/talks/{key}/?q={key}"), ["a b", "missing"])
        assert frame.outcome.tolist() == ["200", "404"]
        assert [path for path, _ in site.answers.seen] == ["/talks/a%20b/?q=a%20b", "/talks/missing/?q=missing"]

    def test_every_worker_keeps_its_connection(self, site):
        load.closed(load.Page(site.url), range(30), workers=3)
        assert len(site.answers.connections) == 3

    def test_headers_go_along_also_from_another_process(self, site):
        page = load.Page(site.url, headers={"X-Who": "Ana"})
        pickle.loads(pickle.dumps(page))(1)
        assert site.answers.seen == [("/", "Ana")]

    def test_a_server_that_is_gone_is_an_outcome(self, site):
        page = load.Page(site.url)
        site.shutdown()
        site.server_close()
        assert load.closed(page, range(3)).outcome.unique().tolist() == ["ConnectionRefusedError"]

    def test_half_an_address_is_told(self):
        with pytest.raises(ValueError, match="whole address"):
            load.Page("/talks/")

    def test_processes_send_too(self, site):
        frame = load.closed(load.Page(site.url + "/{key}"), range(20), workers=2, processes=True)
        assert sorted(path for path, _ in site.answers.seen) == sorted(f"/{key}" for key in range(20))
        assert frame.worker.value_counts().to_dict() == {0: 10, 1: 10}
        assert frame.start_s.min() == 0 and frame.start_s.max() < 5
        assert frame.outcome.unique().tolist() == ["200"]


class TestQuantiles:
    def test_they_are_those_of_each_group_and_lie_in_their_intervals(self):
        fast, slow = np.arange(1, 101, dtype=float), 10 * np.arange(1, 101, dtype=float)
        frame = pd.DataFrame({"latency_ms": [*fast, *slow], "way": ["fast"] * 100 + ["slow"] * 100})
        table = load.quantiles(frame, by="way")
        assert table.latency_ms.tolist() == [np.quantile(each, q) for each in (fast, slow) for q in (0.5, 0.99)]
        assert (table.low_ms <= table.latency_ms).all() and (table.latency_ms <= table.high_ms).all()
        assert table.requests.tolist() == [100] * 4

    def test_the_intervals_hold_the_truth_about_as_often_as_they_say(self):
        random, held = np.random.default_rng(3), 0
        for _ in range(100):
            frame = pd.DataFrame({"latency_ms": random.exponential(1.0, 200), "outcome": "ok"})
            row = load.quantiles(frame, wanted=(0.5,)).iloc[0]
            held += row.low_ms <= np.log(2) <= row.high_ms
        assert 87 <= held <= 100

    def test_more_rows_make_a_narrower_interval(self):
        random = np.random.default_rng(4)
        widths = []
        for rows in (100, 10_000):
            frame = pd.DataFrame({"latency_ms": random.exponential(1.0, rows), "outcome": "ok"})
            row = load.quantiles(frame, wanted=(0.5,)).iloc[0]
            widths.append(row.high_ms - row.low_ms)
        assert widths[1] < widths[0] / 3

    def test_a_missing_column_and_an_impossible_quantile_are_told(self):
        frame = pd.DataFrame({"latency_ms": [1.0], "outcome": ["ok"]})
        with pytest.raises(ValueError, match="no column 'way'"):
            load.quantiles(frame, by="way")
        with pytest.raises(ValueError, match="between 0 and 1"):
            load.quantiles(frame, wanted=(99,))


def test_throughput_counts_from_the_first_start_to_the_last_answer():
    frame = pd.DataFrame({"start_s": [1.0, 2.0], "latency_ms": [100.0, 1000.0]})
    assert load.throughput(frame) == pytest.approx(1.0)
    with pytest.raises(ValueError, match="no request"):
        load.throughput(frame.iloc[:0])


def test_a_new_process_needs_no_pandas():
    code = "import sys, helpers.load_workers; sys.exit('pandas' in sys.modules or 'django' in sys.modules)"
    import subprocess

    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_django_that_is_imported_and_not_set_up_does_not_matter():
    code = """
import django.db.utils, numpy
from helpers import load
from helpers.caching import writing

assert sorted(load.closed(abs, range(4), workers=2).outcome) == ["0", "1", "2", "3"]
reads = numpy.zeros(4, dtype=bool)
assert len(writing.play(numpy.arange(4), reads, abs, print, lambda key: (1, True), workers=2)) == 4
"""
    import os
    import subprocess

    environment = {key: value for key, value in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
