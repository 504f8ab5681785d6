"""The exercises of lesson 17's core on deploys: a switch that may run twice, and a plan that says what it would do."""

import contextlib
import subprocess
import tempfile
from pathlib import Path

from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.grading import call, described

LESSON = "17-python-all-the-way"


class _Failed(Exception):
    """A command ended with another status than 0, as Fabric's UnexpectedExit says."""


class _Shell:
    """What stands for the connection: run() gives a command to the shell of this machine, in a folder of its own."""

    def __init__(self, folder):
        self.folder, self.commands = folder, []

    def run(self, command, **_):
        self.commands.append(command)
        done = subprocess.run(["/bin/sh", "-c", command], cwd=self.folder, capture_output=True, text=True, check=False)
        if done.returncode:
            raise _Failed(done.stderr.strip().replace(str(self.folder), "…") or f"status {done.returncode}")
        return done


class Switch(Exercise):
    """Let the link `root/current` point to `root/releases/<release>`, by commands through `c.run`.

    It may run twice, and names of folders may hold spaces. A release that is not there
    changes nothing: an error is welcome then.
    """

    id = "python-way-1-switch"
    name = "switch"

    def stub(c, root, release): ...

    hints = (
        "ln -s fails where a link is; ln -sf makes the new link *inside* the folder that the old one points to.",
        "ln -sfn replaces the link itself. Before it: test -d the folder, joined by &&.",
        "shlex.quote(text) makes one word of a name with spaces, for any shell.",
    )

    def check(attempt):
        for name in ("site", "our site"):
            with tempfile.TemporaryDirectory(prefix="troublespots-switch-") as folder:
                root = Path(folder) / name
                for release in ("1", "2", "3"):
                    (root / "releases" / release).mkdir(parents=True)
                (root / "current").symlink_to("releases/1")
                _switched(attempt, _Shell(folder), root, name)
        return "switched, switched again and back, with a space in the name, and a missing release left all as it was"

    @solution
    def tested_and_replaced(c, root, release):
        import shlex

        folder, link = shlex.quote(f"{root}/releases/{release}"), shlex.quote(f"{root}/current")
        c.run(f"test -d {folder} && ln -sfn {folder} {link}")

    @solution
    def in_two_commands(c, root, release):
        import shlex

        c.run(f"cd {shlex.quote(str(root))} && test -d releases/{shlex.quote(str(release))}")
        c.run(f"cd {shlex.quote(str(root))} && ln -sfn releases/{shlex.quote(str(release))} current")

    @mistake("inside the folder")
    def link_once(c, root, release):
        c.run(f"test -d {root}/releases/{release} && ln -s {root}/releases/{release} {root}/current")

    @mistake("inside the folder")
    def link_inside(c, root, release):
        c.run(f"test -d {root}/releases/{release} && ln -sf {root}/releases/{release} {root}/current")

    @mistake("to a release that is not there")
    def to_nowhere(c, root, release):
        c.run(f"ln -sfn {root}/releases/{release} {root}/current")

    @mistake("a space in its name")
    def two_words(c, root, release):
        c.run(f"test -d {root}/releases/{release} && ln -sfn {root}/releases/{release} {root}/current")

    @mistake("is no link any more")
    def a_copy(c, root, release):
        new, link = f"{root}/releases/{release}", f"{root}/current"
        c.run(f"test -d '{new}' && rm -rf '{link}' && cp -r '{new}' '{link}'")

    @mistake("no `current`")
    def gone_for_a_moment(c, root, release):
        c.run(f"test -d '{root}/releases/{release}' && rm '{root}/current'")
        c.run(f"ln -s 'releases/{release}' '{root}/current'")

    @mistake("gave no command to c.run")
    def beside_the_connection(c, root, release):
        import os

        if os.path.isdir(f"{root}/releases/{release}"):
            os.remove(f"{root}/current")
            os.symlink(f"{root}/releases/{release}", f"{root}/current")


def _switched(attempt, shell, root, name):
    seen, run = [], shell.run

    def watched(command, **options):
        done = run(command, **options)
        seen.append((root / "current").exists())
        return done

    shell.run = watched
    for release in ("2", "2", "1"):
        words = f'switch(c, "/srv/{name}", "{release}")'
        where = "" if name == "site" else " This root has a space in its name: make one word of it for the shell."
        try:
            attempt(shell, str(root), release)
        except _Failed as error:
            raise Incorrect(f"{words} raised _Failed: {error}.{where} Think of a link that is there.") from None
        except Exception as error:
            raise Incorrect(f"{words} raised {type(error).__name__}: {error}") from error
        if not shell.commands:
            raise Incorrect(f"{words} gave no command to c.run: what you did happened on your own machine.")
        inside = [each.parent.name for each in root.glob("releases/*/*")]
        if inside:
            raise Incorrect(f"{words}: a new link stands inside the folder releases/{inside[0]}: what does ln -n do?")
        if not all(seen):
            raise Incorrect(f"{words}: between two of your commands there was no `current`. A visitor came then.")
        if not (root / "current").is_symlink():
            raise Incorrect(f"{words}: `current` is no link any more, and the next switch cannot be one.")
        got = (root / "current").resolve().name
        if got != release:
            raise Incorrect(f"{words}: current points to {got!r}, expected {release!r}.{where}")
    with contextlib.suppress(Exception):  # an error is welcome here
        attempt(shell, str(root), "9")
    if not (root / "current").is_symlink() or (root / "current").resolve().name != "1":
        raise Incorrect(f'switch(c, "/srv/{name}", "9") points to a release that is not there; the site is down.')


class Plan(Exercise):
    """The steps that make the files `found` on a server those `wanted`: an empty list if nothing is to do.

    Both are dicts, path → checksum. First ("put", path) for what is missing or differs,
    then ("remove", path) for what is not wanted; each in the order of the alphabet.
    """

    id = "python-way-2-plan"
    name = "plan"

    def stub(found, wanted): ...

    hints = (
        "A file is put if found.get(path) is not the checksum that is wanted: missing and changed in one question.",
        "sorted(set(found) - set(wanted)) are those to remove.",
    )

    def check(attempt):
        for found, wanted, nudge in (
            ({"a.py": "11"}, {"a.py": "11"}, "Nothing differs, so nothing is to do: that is what idempotent means."),
            ({"a.py": "11"}, {"a.py": "12"}, "The file is there, and it is an old one."),
            ({}, {"b.py": "2", "a.py": "1"}, "The order of the alphabet makes two plans comparable."),
            ({"z.py": "9", "old.py": "5"}, {"a.py": "1"}, "First what is put, then what goes."),
            ({"old.py": "5"}, {}, "What nobody wants any more has to go."),
        ):
            kept = dict(found), dict(wanted)
            got = call(attempt, found, wanted)
            if (found, wanted) != kept:
                raise Incorrect(f"plan({kept[0]}, {kept[1]}) changed what it was given. A plan only says what to do.")
            puts = [("put", path) for path in sorted(wanted) if found.get(path) != wanted[path]]
            expected = puts + [("remove", path) for path in sorted(set(found) - set(wanted))]
            if not isinstance(got, list) or got != expected:
                words = f"plan({found}, {wanted})"
                raise Incorrect(f"{words}: expected {described(expected)}, got {described(got)}. {nudge}")
        return "five plans, one of them empty, and nothing was changed by planning"

    @solution
    def two_lists(found, wanted):
        puts = [("put", path) for path in sorted(wanted) if found.get(path) != wanted[path]]
        return puts + [("remove", path) for path in sorted(set(found) - set(wanted))]

    @solution
    def by_loops(found, wanted):
        steps = []
        for path, checksum in sorted(wanted.items()):
            if path not in found or found[path] != checksum:
                steps.append(("put", path))
        for path in sorted(found):
            if path not in wanted:
                steps.append(("remove", path))
        return steps

    @mistake("what idempotent means")
    def everything_again(found, wanted):
        return [("put", path) for path in sorted(wanted)] + [
            ("remove", path) for path in sorted(set(found) - set(wanted))
        ]

    @mistake("an old one")
    def only_new_names(found, wanted):
        return [("put", path) for path in sorted(set(wanted) - set(found))] + [
            ("remove", path) for path in sorted(set(found) - set(wanted))
        ]

    @mistake("The order of the alphabet")
    def as_it_comes(found, wanted):
        puts = [("put", path) for path in wanted if found.get(path) != wanted[path]]
        return puts + [("remove", path) for path in sorted(set(found) - set(wanted))]

    @mistake("then what goes")
    def removes_first(found, wanted):
        removed = [("remove", path) for path in sorted(set(found) - set(wanted))]
        return removed + [("put", path) for path in sorted(wanted) if found.get(path) != wanted[path]]

    @mistake("what goes")
    def never_removes(found, wanted):
        return [("put", path) for path in sorted(wanted) if found.get(path) != wanted[path]]

    @mistake("only says what to do")
    def does_it(found, wanted):
        steps = [("put", path) for path in sorted(wanted) if found.get(path) != wanted[path]]
        steps += [("remove", path) for path in sorted(set(found) - set(wanted))]
        found.clear()
        found.update(wanted)
        return steps
