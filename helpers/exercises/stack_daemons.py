"""An exercise of lesson 13: the unit file by which systemd starts a daemon again."""

import configparser

from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.grading import call, described

LESSON = "13-the-standard-stack"


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
