"""The exercises of lesson 14 about what stands in front: the cookies that count, the lines of a balancer."""

import re

from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.grading import call, described, expect_call

LESSON = "14-higher-loads"
_COUNT = ("sessionid", "csrftoken")


class Cookies(Exercise):
    """The header `Cookie` with only sessionid and csrftoken left; None if neither is there.

    As in "_ga=1; sessionid=abc" → "sessionid=abc"; what is left stays in its order.
    """

    id = "loads-2-cookies"
    name = "cookies_that_count"

    def stub(header): ...

    hints = (
        'A cookie ends at ";", and its name at the first "=": part.strip().partition("=")[0].',
        'Keep the parts whose whole name is one of the two, and put them together again with "; ".join(…) or None.',
    )

    def check(attempt):
        whole = "Compare whole names: my_sessionid and sessionid2 are other cookies."
        for header, expected, nudge in (
            ("_ga=1; sessionid=abc", "sessionid=abc", "Only the two are left."),
            ("csrftoken=t; _ga=1; sessionid=abc", "csrftoken=t; sessionid=abc", "In their order, with “; ” between."),
            ("sessionid=abc; csrftoken=t", "sessionid=abc; csrftoken=t", "In their order, with “; ” between."),
            ("_ga=1", None, "None is left, and the cache may answer: None, not an empty text."),
            ("", None, "An empty header holds neither."),
            ("my_sessionid=1; _ga=2", None, whole),
            ("sessionid2=1; sessionid=abc", "sessionid=abc", whole),
            ("theme=sessionid; next=csrftoken", None, "Here the word is a value, not a name: look left of the “=”."),
            ("_ga=1;sessionid=abc", "sessionid=abc", "A space after the “;” is usual, and may be missing."),
            ("sessionid=ab==; _ga=1", "sessionid=ab==", "A value may hold “=” too: the first one ends the name."),
        ):
            expect_call(attempt, header, expected=expected, nudge=nudge)
        return "ten headers: sessions and tokens stay, statistics go"

    @solution
    def by_whole_names(header):
        parts = [part.strip() for part in header.split(";")]
        kept = [part for part in parts if part.partition("=")[0] in ("sessionid", "csrftoken")]
        return "; ".join(kept) or None

    @mistake("not an empty text")
    def an_empty_text(header):
        parts = [part.strip() for part in header.split(";")]
        return "; ".join(part for part in parts if part.partition("=")[0] in _COUNT)

    @mistake("Compare whole names")
    def somewhere_in_the_part(header):
        parts = [part.strip() for part in header.split(";")]
        return "; ".join(part for part in parts if any(f"{name}" in part.partition("=")[0] for name in _COUNT)) or None

    @mistake("a value, not a name")
    def somewhere_at_all(header):
        parts = [part.strip() for part in header.split(";")]
        return (
            "; ".join(part for part in parts if {*re.split("=", part)} & {*_COUNT} or part.split("=")[0] in _COUNT)
            or None
        )

    @mistake("may be missing")
    def split_at_semicolon_and_space(header):
        return "; ".join(part for part in header.split("; ") if part.partition("=")[0] in _COUNT) or None

    @mistake("the first one ends the name")
    def split_at_each_sign(header):
        pairs = [part.strip().split("=") for part in header.split(";")]
        return "; ".join(f"{pair[0]}={pair[1]}" for pair in pairs if pair[0] in _COUNT) or None

    @mistake("In their order")
    def session_first(header):
        found = dict(part.strip().partition("=")[::2] for part in header.split(";"))
        return "; ".join(f"{name}={found[name]}" for name in _COUNT if name in found) or None

    @mistake("In their order")
    def the_session_alone(header):
        parts = [part.strip() for part in header.split(";")]
        return "; ".join(part for part in parts if part.partition("=")[0] == "sessionid") or None


class ServerLines(Exercise):
    """The `server` lines of HAProxy's backend, as one text: one line a name of the dict `ports`.

    Each is on 127.0.0.1 and checked; those in `draining` get "weight 0", others no weight.
    """

    id = "loads-3-servers"
    name = "server_lines"

    def stub(ports, draining=()): ...

    hints = (
        'A line is "server NAME 127.0.0.1:PORT check", and " weight 0" after it for those that drain.',
        'Loop over ports.items() and join the lines with "\\n"; `name in draining` decides about the weight.',
    )

    def check(attempt):
        for ports, draining in (
            ({"one": 8001, "two": 8002}, ()),
            ({"one": 8001, "two": 8002, "three": 8003}, ("two",)),
            ({"app": 9001, "app-1": 9002}, ["app-1"]),
            ({}, ()),
        ):
            shown = f"{ports}" + (f", draining={list(draining)}" if draining else "")
            got = call(attempt, ports, draining, shown=shown) if draining else call(attempt, ports, shown=shown)
            if got is None:
                raise Incorrect(f"server_lines({shown}): nothing came back. Is there a `return`?")
            if not isinstance(got, str):
                raise Incorrect(f"server_lines({shown}): one text is expected, got {described(got)}: join the lines.")
            _compare(shown, ports, draining, [line.split() for line in got.splitlines() if line.strip()])
        return "each server has its line and its check; who drains gets nothing new"

    @solution
    def joined(ports, draining=()):
        lines = []
        for name, port in ports.items():
            weight = " weight 0" if name in draining else ""
            lines.append(f"    server {name} 127.0.0.1:{port} check{weight}")
        return "\n".join(lines)

    @mistake("is not checked")
    def without_a_check(ports, draining=()):
        return "\n".join(
            f"server {name} 127.0.0.1:{port}" + (" weight 0" if name in draining else "")
            for name, port in ports.items()
        )

    @mistake("finish what it has")
    def left_out(ports, draining=()):
        return "\n".join(
            f"server {name} 127.0.0.1:{port} check" for name, port in ports.items() if name not in draining
        )

    @mistake("finish what it has")
    def disabled(ports, draining=()):
        return "\n".join(
            f"server {name} 127.0.0.1:{port} check" + (" disabled" if name in draining else "")
            for name, port in ports.items()
        )

    @mistake("gets new visitors")
    def nobody_drains(ports, draining=()):
        return "\n".join(f"server {name} 127.0.0.1:{port} check" for name, port in ports.items())

    @mistake("join the lines")
    def a_list(ports, draining=()):
        return [
            f"server {name} 127.0.0.1:{port} check" + (" weight 0" if name in draining else "")
            for name, port in ports.items()
        ]

    @mistake("a line of its own")
    def on_one_line(ports, draining=()):
        return " ".join(
            f"server {name} 127.0.0.1:{port} check" + (" weight 0" if name in draining else "")
            for name, port in ports.items()
        )

    @mistake("in vain")
    def all_but_those_rest(ports, draining=()):
        return "\n".join(
            f"server {name} 127.0.0.1:{port} check weight {0 if draining else 1}" for name, port in ports.items()
        )


def _compare(shown, ports, draining, lines):
    words = f"server_lines({shown})"
    for line in lines:
        if line.count("server") > 1 or len(line) < 3 or line[0] != "server":
            raise Incorrect(
                f"{words}: each server needs a line of its own, as in “server one 127.0.0.1:8001 check”; "
                f"got {described(' '.join(line))}."
            )
    found = {line[1]: line[2:] for line in lines}
    for name in draining:
        if name not in found or "disabled" in found[name]:
            raise Incorrect(
                f"{words}: {name} has to finish what it has: a line that is left out or disabled cuts it off. "
                "Weight 0 gives it nothing new."
            )
    if [line[1] for line in lines] != list(ports):
        raise Incorrect(f"{words}: expected the servers {list(ports)}, got {[line[1] for line in lines]}.")
    for name, (address, *options) in found.items():
        if address != f"127.0.0.1:{ports[name]}":
            raise Incorrect(f"{words}: {name} stands at 127.0.0.1:{ports[name]}, got {address}.")
        if "check" not in options:
            raise Incorrect(f"{words}: {name} is not checked: HAProxy would go on sending it visitors once it is dead.")
        rest = [option for option in options if option != "check"]
        if name in draining and rest != ["weight", "0"]:
            raise Incorrect(f"{words}: {name} is to drain, and gets new visitors still: write “weight 0” after it.")
        if name not in draining and rest:
            raise Incorrect(
                f"{words}: {name} does not drain, so “{' '.join(rest)}” is there in vain, or does harm: leave it out."
            )
