"""An exercise of lesson 13: the steps of a deploy during which no visitor sees an error."""

from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.grading import call, described

LESSON = "13-the-standard-stack"


class DeploySteps(Exercise):
    """The steps, in order, of a deploy without downtime, for these changes of the models.

    `changes` are ("add", NAME), ("remove", NAME) and ("rename", OLD, NEW). Steps are "add NAME",
    "copy OLD to NEW", "reload" (once, always) and "remove NAME". What is added comes first, then
    copies; after the reload copies again (old code wrote meanwhile), then what is removed; each
    group in the order of the changes.
    """

    id = "stack-5-deploy"
    name = "deploy_steps"

    def stub(changes): ...

    hints = (
        "Four groups: adds, copies, ['reload'], copies once more, removes. A rename has its part in three of them.",
        'adds = [f"add {names[-1]}" for what, *names in changes if what in ("add", "rename")]; for a rename names[-1] '
        "is the new name, names[0] the old one.",
    )

    def check(attempt):
        for changes in (
            [("add", "level")],
            [("remove", "fax")],
            [],
            [("rename", "speaker", "presenter")],
            [("remove", "fax"), ("add", "level")],
            [("rename", "speaker", "presenter"), ("add", "level"), ("remove", "fax"), ("rename", "room", "hall")],
        ):
            words = f"deploy_steps({changes})"
            got = call(attempt, list(changes), shown=str(changes))
            if not isinstance(got, list):
                raise Incorrect(f"{words}: a list of texts is expected, got {described(got)}.")
            expected = _steps(changes)
            if got != expected:
                raise Incorrect(f"{words}: expected {expected}, got {described(got)}. {_nudge(got, expected)}")
        return "right for six deploys, two of them with a rename"

    @solution
    def four_groups(changes):
        adds = [f"add {names[-1]}" for what, *names in changes if what in ("add", "rename")]
        copies = [f"copy {names[0]} to {names[1]}" for what, *names in changes if what == "rename"]
        removes = [f"remove {names[0]}" for what, *names in changes if what in ("remove", "rename")]
        return [*adds, *copies, "reload", *copies, *removes]

    @mistake("old code that is still running asks for it")
    def all_migrations_before_the_code(changes):
        adds = [f"add {names[-1]}" for what, *names in changes if what in ("add", "rename")]
        copies = [f"copy {names[0]} to {names[1]}" for what, *names in changes if what == "rename"]
        removes = [f"remove {names[0]}" for what, *names in changes if what in ("remove", "rename")]
        return [*adds, *copies, *removes, "reload"]

    @mistake("new code asks for what is not there yet")
    def code_first(changes):
        adds = [f"add {names[-1]}" for what, *names in changes if what in ("add", "rename")]
        copies = [f"copy {names[0]} to {names[1]}" for what, *names in changes if what == "rename"]
        removes = [f"remove {names[0]}" for what, *names in changes if what in ("remove", "rename")]
        return ["reload", *adds, *copies, *removes]

    @mistake("between the copy and the reload")
    def copied_once(changes):
        adds = [f"add {names[-1]}" for what, *names in changes if what in ("add", "rename")]
        copies = [f"copy {names[0]} to {names[1]}" for what, *names in changes if what == "rename"]
        removes = [f"remove {names[0]}" for what, *names in changes if what in ("remove", "rename")]
        return [*adds, *copies, "reload", *removes]

    @mistake("a rename is no step")
    def renamed_in_one_step(changes):
        adds = [f"add {names[0]}" for what, *names in changes if what == "add"]
        renames = [f"rename {names[0]} to {names[1]}" for what, *names in changes if what == "rename"]
        removes = [f"remove {names[0]}" for what, *names in changes if what == "remove"]
        return [*adds, *renames, "reload", *removes]

    @mistake("one reload")
    def change_by_change(changes):
        steps = []
        for what, *names in changes:
            steps += [f"add {names[-1]}"] if what in ("add", "rename") else []
            copy = [f"copy {names[0]} to {names[1]}"] if what == "rename" else []
            steps += [*copy, "reload", *copy]
            steps += [f"remove {names[0]}"] if what in ("remove", "rename") else []
        return steps

    @mistake("what it was copied to")
    def forgets_to_drop_the_old_name(changes):
        adds = [f"add {names[-1]}" for what, *names in changes if what in ("add", "rename")]
        copies = [f"copy {names[0]} to {names[1]}" for what, *names in changes if what == "rename"]
        removes = [f"remove {names[0]}" for what, *names in changes if what == "remove"]
        return [*adds, *copies, "reload", *copies, *removes]


def _steps(changes):
    """The expected steps, one group after the other."""
    before, copies, after = [], [], []
    for what, *names in changes:
        before += [f"add {names[-1]}"] if what != "remove" else []
        copies += [f"copy {names[0]} to {names[1]}"] if what == "rename" else []
        after += [f"remove {names[0]}"] if what != "add" else []
    return before + copies + ["reload"] + copies + after


def _nudge(got, expected):
    if any(str(each).startswith("rename") for each in got):
        return (
            "Code runs before and after it, so a rename is no step: add the new name, copy, and later remove the old."
        )
    if got.count("reload") != 1:
        return "All changes come with one release, so one reload stands in every deploy."
    early, late = got[: got.index("reload")], got[got.index("reload") :]
    if any(str(each).startswith("remove") for each in early):
        return "What is removed before the reload is gone while old code that is still running asks for it."
    if any(str(each).startswith("add") for each in late):
        return "What is added after the reload is late: new code asks for what is not there yet."
    if len([each for each in late if each.startswith("copy")]) < expected.count("reload") * len(
        {each for each in expected if each.startswith("copy")}
    ):
        return "Rows that old code writes between the copy and the reload have only the old name: copy once more."
    if len(got) < len(expected):
        return "The old name of a rename is removed too, once all is in what it was copied to."
    return "Each group stands in the order of the changes: adds, copies, reload, copies, removes."
