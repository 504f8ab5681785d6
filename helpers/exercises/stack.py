"""The first exercises of lesson 13: the hop to mend, decided from a trace, and settings from the environment."""

import pandas as pd

from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.grading import call, described, expect_call

LESSON = "13-the-standard-stack"


class Hop(Exercise):
    """The hop that spends most time of its own in the slowest requests.

    `trace` has one row a request and hop: request_id, hop, total_ms, own_ms. The slowest
    requests are the tenth with the largest total_ms at "nginx", at least one of them.
    """

    id = "stack-1-hop"
    name = "hop_to_mend"

    def stub(trace): ...

    hints = (
        'Begin with the rows of nginx: trace[trace.hop == "nginx"].nlargest(n, "total_ms").request_id names the '
        "slowest requests; n = max(1, number of requests // 10).",
        "Keep the rows of those requests: trace[trace.request_id.isin(ids)]. Then "
        'groupby("hop").own_ms.sum().idxmax().',
    )

    def check(attempt):
        slow = {"nginx": 1.0, "haproxy": 2.0, "gunicorn": 3.0, "django": 30.0, "sql": 400.0}
        usual = {"nginx": 1.0, "haproxy": 1.0, "gunicorn": 2.0, "django": 60.0, "sql": 5.0}
        queue = {"nginx": 1.0, "haproxy": 300.0, "gunicorn": 3.0, "django": 90.0, "sql": 5.0}
        one_django = {**usual, "django": 350.0}
        for words, requests, expected in (
            ("20 requests, two of them slow in SQL", [usual] * 18 + [slow] * 2, "sql"),
            ("20 requests, one waits in HAProxy, one is slow in SQL", [slow] + [usual] * 18 + [queue], "sql"),
            ("3 requests, one waits in HAProxy", [usual, queue, usual], "haproxy"),
            ("10 requests, one slow in Django", [usual] * 9 + [one_django], "django"),
        ):
            trace = _traced(requests)

            def advice(got):
                if not isinstance(got, str):
                    return "One hop is wanted, as text: .idxmax() gives the name of the largest."
                if got == "nginx":
                    return "total_ms holds all that stands behind, so nginx always has the most: take own_ms."
                if got == "django":
                    return "In most requests Django takes longest, but the slow ones are asked for."
                return "Is it the tenth with the largest total_ms at nginx, and at least one request?"

            expect_call(attempt, trace, expected=expected, shown=words, nudge=advice)
        return "right where SQL is slow, where requests wait in HAProxy, and with three requests only"

    @solution
    def own_time_of_the_slowest(trace):
        outer = trace[trace.hop == "nginx"]
        ids = outer.nlargest(max(1, len(outer) // 10), "total_ms").request_id
        return trace[trace.request_id.isin(ids)].groupby("hop").own_ms.sum().idxmax()

    @mistake("take own_ms")
    def whole_times(trace):
        return trace.groupby("hop").total_ms.sum().idxmax()

    @mistake("the slow ones are asked for")
    def over_all_requests(trace):
        return trace.groupby("hop").own_ms.median().idxmax()

    @mistake("at least one")
    def none_of_three(trace):
        outer = trace[trace.hop == "nginx"]
        ids = outer.nlargest(len(outer) // 10, "total_ms").request_id
        chosen = trace[trace.request_id.isin(ids)]
        return chosen.groupby("hop").own_ms.sum().idxmax() if len(chosen) else "none"

    @mistake("as text")
    def all_hops(trace):
        outer = trace[trace.hop == "nginx"]
        ids = outer.nlargest(max(1, len(outer) // 10), "total_ms").request_id
        return trace[trace.request_id.isin(ids)].groupby("hop").own_ms.sum()


def _traced(requests):
    """Hops with their own times → a trace as helpers.tracing.read gives one."""
    rows = []
    for number, own in enumerate(requests):
        left = sum(own.values())
        for hop, own_ms in own.items():
            rows.append((f"r{number}", hop, left, own_ms))
            left -= own_ms
    return pd.DataFrame(rows, columns=["request_id", "hop", "total_ms", "own_ms"])


class Environment(Exercise):
    """Settings from a dict of texts: {"SECRET_KEY": …, "DEBUG": …, "ALLOWED_HOSTS": …}.

    SECRET_KEY must be there and not empty: KeyError otherwise. DEBUG is True for "1" alone.
    ALLOWED_HOSTS is a list: names separated by commas, spaces around them dropped; [] without.
    """

    id = "stack-2-environment"
    name = "from_environment"

    def stub(environ): ...

    hints = (
        'bool("False") is True, like every text that is not empty: compare, environ.get("DEBUG") == "1".',
        '"".split(",") is [""], a host without a name: keep only what is left after .strip(). An empty SECRET_KEY '
        'is as bad as none: raise KeyError("SECRET_KEY") yourself.',
    )

    def check(attempt):
        debug = 'Every text that is not empty is true, "False" and "0" too: only "1" switches DEBUG on.'
        hosts = "ALLOWED_HOSTS is a list of names, without spaces and without an empty one."
        for environ, expected, nudge in (
            ({"SECRET_KEY": "k", "DEBUG": "1", "ALLOWED_HOSTS": "a.example"}, (True, ["a.example"]), hosts),
            ({"SECRET_KEY": "k", "DEBUG": "False", "ALLOWED_HOSTS": "a.example"}, (False, ["a.example"]), debug),
            ({"SECRET_KEY": "k", "DEBUG": "0", "ALLOWED_HOSTS": "a.example"}, (False, ["a.example"]), debug),
            ({"SECRET_KEY": "k", "ALLOWED_HOSTS": "a.example, b.example"}, (False, ["a.example", "b.example"]), hosts),
            ({"SECRET_KEY": "k", "ALLOWED_HOSTS": ""}, (False, []), hosts),
            ({"SECRET_KEY": "k"}, (False, []), "Without DEBUG and ALLOWED_HOSTS: the safe values, False and []."),
        ):
            wanted = {"SECRET_KEY": "k", "DEBUG": expected[0], "ALLOWED_HOSTS": expected[1]}
            got = call(attempt, dict(environ))
            same = isinstance(got, dict) and got == wanted and isinstance(got["DEBUG"], bool)
            if not same:
                raise Incorrect(
                    f"from_environment({described(environ)}): expected {wanted}, got {described(got)}. {nudge}"
                )
        for environ in ({}, {"SECRET_KEY": "", "DEBUG": "1"}):
            try:
                got = attempt(dict(environ))
            except KeyError:
                continue
            raise Incorrect(
                f"from_environment({environ}): expected KeyError, got {described(got)}. A site that starts without its "
                "secret is worse than one that does not start."
            )
        return "safe where something is missing, and no start without a secret"

    @solution
    def compared_and_split(environ):
        if not environ.get("SECRET_KEY"):
            raise KeyError("SECRET_KEY")
        hosts = [each.strip() for each in environ.get("ALLOWED_HOSTS", "").split(",")]
        found = {"SECRET_KEY": environ["SECRET_KEY"], "DEBUG": environ.get("DEBUG") == "1"}
        return found | {"ALLOWED_HOSTS": [each for each in hosts if each]}

    @mistake("is true")
    def truth_of_a_text(environ):
        hosts = [each.strip() for each in environ.get("ALLOWED_HOSTS", "").split(",") if each.strip()]
        return {"SECRET_KEY": environ["SECRET_KEY"], "DEBUG": bool(environ.get("DEBUG")), "ALLOWED_HOSTS": hosts}

    @mistake("without an empty one")
    def split_alone(environ):
        hosts = [each.strip() for each in environ.get("ALLOWED_HOSTS", "").split(",")]
        return {"SECRET_KEY": environ["SECRET_KEY"], "DEBUG": environ.get("DEBUG") == "1", "ALLOWED_HOSTS": hosts}

    @mistake("a list of names")
    def one_text(environ):
        return {
            "SECRET_KEY": environ["SECRET_KEY"],
            "DEBUG": environ.get("DEBUG") == "1",
            "ALLOWED_HOSTS": environ.get("ALLOWED_HOSTS", ""),
        }

    @mistake("worse than one that does not start")
    def with_a_spare_secret(environ):
        hosts = [each.strip() for each in environ.get("ALLOWED_HOSTS", "").split(",") if each.strip()]
        secret = environ.get("SECRET_KEY", "insecure")
        return {"SECRET_KEY": secret, "DEBUG": environ.get("DEBUG") == "1", "ALLOWED_HOSTS": hosts}

    @mistake("worse than one that does not start")
    def an_empty_secret(environ):
        hosts = [each.strip() for each in environ.get("ALLOWED_HOSTS", "").split(",") if each.strip()]
        return {"SECRET_KEY": environ["SECRET_KEY"], "DEBUG": environ.get("DEBUG") == "1", "ALLOWED_HOSTS": hosts}
