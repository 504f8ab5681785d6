"""Exercises of lesson 13: two environments compared, a systemd unit, and whom a library has to call."""

import configparser

from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.grading import call, described, expect_call

LESSON = "13-the-standard-stack"


class Parity(Exercise):
    """A list of (area, name) that differ between two environments, the worst area first.

    `one` and `other` are {area: {name: value}}; an area or a name may be missing on one side.
    `rank` lists areas, the worst first; others come last, by name. Within an area: by name.
    Names in `may_differ` are left out.
    """

    id = "stack-3-parity"
    name = "differing"

    def stub(one, other, rank, may_differ): ...

    hints = (
        "The names of both sides: set(one.get(area, {})) | set(other.get(area, {})); areas the same way.",
        "A value may be None on one side and missing on the other: ask `name in side` too. Sort by "
        "(rank.index(area) if area in rank else len(rank), area, name).",
    )

    def check(attempt):
        one = {
            "packages": {"django": "5.2", "gunicorn": "27", "old": "1"},
            "settings": {"DEBUG": True, "SECRET_KEY": "a", "ADMINS": None, "TIME_ZONE": "UTC"},
            "migrations": {"talks.0001": "applied", "talks.0002": "applied"},
            "cron": {"backup": "0 4 * * *"},
        }
        other = {
            "packages": {"django": "5.1", "gunicorn": "27", "new": "2"},
            "settings": {"DEBUG": False, "SECRET_KEY": "b", "TIME_ZONE": "UTC"},
            "migrations": {"talks.0001": "applied"},
            "beats": {"backup": "daily"},
        }
        expected = [
            ("migrations", "talks.0002"), ("settings", "ADMINS"), ("settings", "DEBUG"), ("packages", "django"),
            ("packages", "new"), ("packages", "old"), ("beats", "backup"), ("cron", "backup"),
        ]  # fmt: skip
        rank, may_differ = ["migrations", "settings", "packages"], ["SECRET_KEY"]
        got = call(attempt, one, other, rank, may_differ, shown="staging, production, rank, may_differ")
        if not isinstance(got, list) or not all(isinstance(each, tuple) and len(each) == 2 for each in got):
            raise Incorrect(f"differing(…): a list of (area, name) is expected, got {described(got)}.")
        extra = [each for each in got if each not in expected]
        if extra:
            raise Incorrect(f"differing(…): {extra[0]} is in the list, and it is equal on both sides or may differ.")
        nudges = {
            ("settings", "ADMINS"): "None on one side and missing on the other are different.",
            ("packages", "new"): "It is missing on the first side: look at the names of both.",
            ("packages", "old"): "It is missing on the second side: look at the names of both.",
            ("beats", "backup"): "A whole area is missing on one side, or is not in `rank`: it counts all the same.",
            ("cron", "backup"): "A whole area is missing on one side, or is not in `rank`: it counts all the same.",
        }
        for each in expected:
            if each not in got:
                raise Incorrect(f"differing(…): {each} is not in the list. {nudges.get(each, 'Its values differ.')}")
        if got != expected:
            raise Incorrect(
                f"differing(…): all is there, in another order: {described([area for area, _ in got])}. The worst area "
                "first, others last by name; within an area by name."
            )
        expect_call(attempt, one, one, rank, may_differ, expected=[], shown="production, production, rank, may_differ")
        return "eight differences, the worst first, and none between an environment and itself"

    @solution
    def names_of_both_sides(one, other, rank, may_differ):
        found = []
        for area in set(one) | set(other):
            left, right = one.get(area, {}), other.get(area, {})
            for name in set(left) | set(right):
                same = name in left and name in right and left[name] == right[name]
                if not same and name not in may_differ:
                    found.append((area, name))
        return sorted(found, key=lambda each: (rank.index(each[0]) if each[0] in rank else len(rank), *each))

    @mistake("missing on the first side")
    def names_of_the_first(one, other, rank, may_differ):
        return [
            (area, name)
            for area in [*rank, "beats", "cron"]
            for name in sorted(one.get(area, {}))
            if (name not in other.get(area, {}) or one[area][name] != other[area][name]) and name not in may_differ
        ]

    @mistake("are different")
    def none_is_missing(one, other, rank, may_differ):
        return [
            (area, name)
            for area in [*rank, "beats", "cron"]
            for name in sorted(set(one.get(area, {})) | set(other.get(area, {})))
            if one.get(area, {}).get(name) != other.get(area, {}).get(name) and name not in may_differ
        ]

    @mistake("not in `rank`")
    def areas_of_the_rank(one, other, rank, may_differ):
        missing = object()
        return [
            (area, name)
            for area in rank
            for name in sorted(set(one.get(area, {})) | set(other.get(area, {})))
            if one.get(area, {}).get(name, missing) != other.get(area, {}).get(name, missing) and name not in may_differ
        ]

    @mistake("in another order")
    def by_name(one, other, rank, may_differ):
        missing = object()
        return [
            (area, name)
            for area in sorted(set(one) | set(other))
            for name in sorted(set(one.get(area, {})) | set(other.get(area, {})))
            if one.get(area, {}).get(name, missing) != other.get(area, {}).get(name, missing) and name not in may_differ
        ]

    @mistake("may differ")
    def secrets_too(one, other, rank, may_differ):
        return [
            (area, name)
            for area in [*rank, "beats", "cron"]
            for name in sorted(set(one.get(area, {})) | set(other.get(area, {})))
            if one.get(area, {}).get(name, "-") != other.get(area, {}).get(name, "-")
        ]


class Unit(Exercise):
    """The text of a systemd unit for the daemon `command` (a list of words), as this `user`.

    [Service] with User, EnvironmentFile=/etc/NAME/environment, ExecStart (the words, one space
    between them), Restart=on-failure; [Install] with WantedBy=multi-user.target.
    ValueError where the command does not begin with "/", holds --daemon, or the user is root.
    """

    id = "stack-4-unit"
    name = "unit"

    def stub(name, command, user): ...

    hints = (
        'Refuse first: if not command[0].startswith("/") or "--daemon" in command or user == "root": raise ValueError.',
        'Then one text with two headings: f"[Service]\\nUser={user}\\n…\\n[Install]\\n…". " ".join(command) makes '
        "one line.",
    )

    def check(attempt):
        for name, command, user in (
            ("talks", ["/srv/talks/bin/gunicorn", "--workers", "2", "talks.wsgi"], "talks"),
            ("beat", ["/srv/library/bin/celery", "-A", "library", "beat"], "library"),
        ):
            words = f"unit({name!r}, {command}, {user!r})"
            text = call(attempt, name, list(command), user)
            if not isinstance(text, str):
                raise Incorrect(f"{words}: a text is expected, got {described(text)}.")
            found = configparser.ConfigParser(interpolation=None)
            found.optionxform = str
            try:
                found.read_string(text)
            except configparser.Error as error:
                raise Incorrect(f"{words}: this is no unit file: {str(error).splitlines()[0]}") from None
            for section, key, value, why in (
                ("Service", "User", user, "Without it the daemon runs as root."),
                (
                    "Service",
                    "EnvironmentFile",
                    f"/etc/{name}/environment",
                    "Secrets are there, not in the unit.",
                ),
                ("Service", "ExecStart", " ".join(command), "systemd starts exactly that."),
                ("Service", "Restart", "on-failure", "Without it nobody starts what has died."),
                ("Install", "WantedBy", "multi-user.target", "Without it the daemon is gone after a reboot."),
            ):
                got = found.get(section, key, fallback=None)
                if got != value:
                    raise Incorrect(
                        f"{words}: [{section}] {key} is expected to be {value!r}, got {described(got)}. {why}"
                    )
        for command, user, why in (
            (["gunicorn", "talks.wsgi"], "talks", "systemd wants a whole path: which gunicorn is it?"),
            (["/bin/gunicorn", "--daemon", "talks.wsgi"], "talks", "--daemon ends the process that systemd watches."),
            (["/bin/gunicorn", "talks.wsgi"], "root", "A hole in a view would be a hole in the machine."),
        ):
            try:
                attempt("talks", list(command), user)
            except ValueError:
                continue
            raise Incorrect(f"unit('talks', {command}, {user!r}): expected ValueError, and nothing was raised. {why}")
        return "two daemons, started again when they die, also after a reboot"

    @solution
    def refused_then_written(name, command, user):
        if not command[0].startswith("/") or "--daemon" in command or user == "root":
            raise ValueError("a whole path, no --daemon, and an ordinary user")
        service = f"[Service]\nUser={user}\nEnvironmentFile=/etc/{name}/environment\n"
        service += f"ExecStart={' '.join(command)}\nRestart=on-failure\n"
        return service + "[Install]\nWantedBy=multi-user.target\n"

    @mistake("after a reboot")
    def without_install(name, command, user):
        return (
            f"[Service]\nUser={user}\nEnvironmentFile=/etc/{name}/environment\n"
            f"ExecStart={' '.join(command)}\nRestart=on-failure\n"
        )

    @mistake("what has died")
    def never_restarted(name, command, user):
        return (
            f"[Service]\nUser={user}\nEnvironmentFile=/etc/{name}/environment\n"
            f"ExecStart={' '.join(command)}\n[Install]\nWantedBy=multi-user.target\n"
        )

    @mistake("which gunicorn is it")
    def nothing_is_refused(name, command, user):
        return (
            f"[Service]\nUser={user}\nEnvironmentFile=/etc/{name}/environment\n"
            f"ExecStart={' '.join(command)}\nRestart=on-failure\n[Install]\nWantedBy=multi-user.target\n"
        )

    @mistake("that systemd watches")
    def daemon_is_taken(name, command, user):
        if not command[0].startswith("/") or user == "root":
            raise ValueError("a whole path and an ordinary user")
        return (
            f"[Service]\nUser={user}\nEnvironmentFile=/etc/{name}/environment\n"
            f"ExecStart={' '.join(command)}\nRestart=on-failure\n[Install]\nWantedBy=multi-user.target\n"
        )

    @mistake("this is no unit file")
    def without_headings(name, command, user):
        return f"User={user}\nExecStart={' '.join(command)}\nRestart=on-failure\n"


class WhomToCall(Exercise):
    """Whom to call: "Django", "nginx" or "nobody": whose layer answered a reader's request with an error.

    `status` is what the reader saw; the other two say, True or False, whether that log gained
    a line. Below 400: "nobody". A line of Django's: "Django". No line in either: "Django" too,
    if the status is 500 (its LOGGING is not set), else "nginx".
    """

    id = "stack-5-library"
    name = "whom_to_call"

    def stub(status, nginx_error, django_log): ...

    hints = (
        "Ask in the order of the task: below 400 first, whatever the logs say; then django_log.",
        'What is left: a line of nginx\'s is "nginx"; without one, only 500 is "Django".',
    )

    def check(attempt):
        for status, nginx_error, django_log, expected, nudge in (
            (200, False, False, "nobody", "There was no error."),
            (302, False, True, "nobody", "Below 400 nobody is called, whatever a log says."),
            (200, True, False, "nobody", "Below 400 nobody is called, whatever a log says."),
            (404, False, True, "Django", "Its log tells of it."),
            (404, True, False, "nginx", "A 404 may be nginx's: a file that is not there."),
            (500, False, True, "Django", "Its log tells of it."),
            (500, False, False, "Django", "An error 500 without a line in any log: LOGGING is not set."),
            (500, True, False, "nginx", "nginx has a line, so it could not even ask (a loop in its rules)."),
            (502, True, False, "nginx", "Nothing listened where nginx knocked."),
            (504, True, False, "nginx", "Django never gave this answer."),
            (504, True, True, "Django", "A line of Django's comes first: it tells why it was slow."),
            (413, False, False, "nginx", "No line at all, and not 500: the log level of nginx is too high."),
            (400, False, True, "Django", "The host is not in ALLOWED_HOSTS."),
        ):
            expect_call(attempt, status, nginx_error, django_log, expected=expected, nudge=nudge)
        return "right in thirteen cases, also where no log says anything"

    @solution
    def in_the_order_of_the_task(status, nginx_error, django_log):
        if status < 400:
            return "nobody"
        if django_log or (status == 500 and not nginx_error):
            return "Django"
        return "nginx"

    @mistake("whatever a log says")
    def by_logs_alone(status, nginx_error, django_log):
        return "Django" if django_log else "nginx" if nginx_error else "nobody"

    @mistake("a file that is not there")
    def by_status_alone(status, nginx_error, django_log):
        return "nobody" if status < 400 else "nginx" if status in (413, 502, 504) else "Django"

    @mistake("LOGGING is not set")
    def silence_is_nginx(status, nginx_error, django_log):
        return "nobody" if status < 400 else "Django" if django_log else "nginx"

    @mistake("could not even ask")
    def every_500_is_django(status, nginx_error, django_log):
        return "nobody" if status < 400 else "Django" if django_log or status == 500 else "nginx"

    @mistake("it tells why it was slow")
    def nginx_first(status, nginx_error, django_log):
        if status < 400:
            return "nobody"
        return "nginx" if nginx_error else "Django" if django_log or status == 500 else "nginx"
