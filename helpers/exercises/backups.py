"""The exercises of lesson 16's first half: which form of a backup, and a key that is good for one command."""

import pandas as pd

from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.grading import call, described

LESSON = "16-backups"


class BestForm(Exercise):
    """The name of the smallest form that is restored in at most `restore_s` and has all `tables`.

    `frame` has the columns form, size_kb, dump_s, restore_s, tables; None where no form will do.
    """

    id = "backups-1-form"
    name = "best_form"

    def stub(frame, restore_s, tables): ...

    hints = (
        "Two conditions on a row: fine = frame[(frame.restore_s <= restore_s) & (frame.tables >= tables)].",
        'Of those the smallest: fine.sort_values("size_kb").form.iloc[0]; and None where fine is empty.',
    )

    def check(attempt):
        frame = pd.DataFrame(
            [
                ["fixture", 300.0, 0.2, 9.0, 15],
                ["text", 900.0, 0.1, 2.0, 16],
                ["compressed", 80.0, 0.6, 4.0, 16],
                ["files", 40_000.0, 0.9, 0.5, 16],
                ["tiny", 20.0, 0.1, 1.0, 9],
            ],
            columns=["form", "size_kb", "dump_s", "restore_s", "tables"],
            index=[7, 3, 5, 1, 9],
        )
        for restore_s, tables, expected, nudge in (
            (10, 16, "compressed", "It is the smallest of those that have all 16 tables."),
            (4, 16, "compressed", "At most 4 seconds is also 4 itself."),
            (3, 16, "text", "restore_s is what counts on the day: the compressed one takes 4 seconds."),
            (1, 16, "files", "Large, and the only complete one that is back within a second."),
            (10, 15, "compressed", "More tables than asked for are no fault."),
            (0.1, 16, None, "No form is that fast: None says so."),
        ):
            shown = f"frame, {restore_s}, {tables}"
            got = call(attempt, frame.copy(), restore_s, tables, shown=shown)
            if got is ... or (got is None and expected is not None):
                raise Incorrect(f"best_form({shown}): nothing came back, expected {expected!r}. {nudge}")
            if expected is not None and not isinstance(got, str):
                raise Incorrect(
                    f"best_form({shown}): one name is expected, got {described(type(got).__name__)}: .iloc[0] takes "
                    "the first of a column."
                )
            if (got is None) != (expected is None) or (expected is not None and got != expected):
                raise Incorrect(f"best_form({shown}): expected {expected!r}, got {described(got)}. {nudge}")
        return "small enough is not enough: it has to be complete, and back in time"

    @solution
    def filtered_and_sorted(frame, restore_s, tables):
        fine = frame[(frame.restore_s <= restore_s) & (frame.tables >= tables)]
        return None if fine.empty else fine.sort_values("size_kb").form.iloc[0]

    @solution
    def by_the_smallest_index(frame, restore_s, tables):
        fine = frame[(frame.restore_s <= restore_s) & (frame.tables >= tables)].set_index("form")
        return fine.size_kb.idxmin() if len(fine) else None

    @mistake("the smallest of those that have all 16 tables")
    def the_smallest_of_all(frame, restore_s, tables):
        fine = frame[frame.restore_s <= restore_s]
        return None if fine.empty else fine.sort_values("size_kb").form.iloc[0]

    @mistake("is also 4 itself")
    def less_than(frame, restore_s, tables):
        fine = frame[(frame.restore_s < restore_s) & (frame.tables >= tables)]
        return None if fine.empty else fine.sort_values("size_kb").form.iloc[0]

    @mistake("restore_s is what counts on the day")
    def by_the_time_to_make_it(frame, restore_s, tables):
        fine = frame[(frame.dump_s <= restore_s) & (frame.tables >= tables)]
        return None if fine.empty else fine.sort_values("size_kb").form.iloc[0]

    @mistake("are no fault")
    def exactly_as_many_tables(frame, restore_s, tables):
        fine = frame[(frame.restore_s <= restore_s) & (frame.tables == tables)]
        return None if fine.empty else fine.sort_values("size_kb").form.iloc[0]

    @mistake("raised IndexError")
    def without_a_look_at_none(frame, restore_s, tables):
        fine = frame[(frame.restore_s <= restore_s) & (frame.tables >= tables)]
        return fine.sort_values("size_kb").form.iloc[0]

    @mistake("the smallest of those")
    def the_fastest(frame, restore_s, tables):
        fine = frame[(frame.restore_s <= restore_s) & (frame.tables >= tables)]
        return None if fine.empty else fine.sort_values("restore_s").form.iloc[0]

    @mistake("one name is expected")
    def a_list(frame, restore_s, tables):
        fine = frame[(frame.restore_s <= restore_s) & (frame.tables >= tables)]
        return fine.sort_values("size_kb").form.tolist()


class OneThing(Exercise):
    """The line of authorized_keys that lets this key in, for this one command and nothing else.

    A double quote within the command is written \\" there; the line has no line break.
    """

    id = "backups-2-key"
    name = "one_thing"

    def stub(public_key, command): ...

    hints = (
        "The line of this section is the model: the options come first, without a blank between them, then the key.",
        "quoted = command.replace('\"', '\\\\\"'), and public_key.strip(): the file that holds it ends with a line "
        "break. The options are restrict and command.",
    )

    def check(attempt):
        public = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFnM backup@vault"
        for key, command, told in (
            (public, "tar c -C /srv/site .", ""),
            (public + "\n", "cat /srv/dumps/last.dump", "The key comes from a file, and ends with a line break."),
            (public, 'sh -c "pg_dump -Fc site"', 'Within the command each " becomes \\".'),
        ):
            shown = f"{'key with a line break' if key.endswith(chr(10)) else 'key'}, {described(command)}"
            got = call(attempt, key, command, shown=shown)
            if not isinstance(got, str):
                raise Incorrect(f"one_thing({shown}): a text is expected, got {described(got)}. Return the line.")
            self_told = f"one_thing({shown}) gave {described(got)}."
            if "command='" in got:
                raise Incorrect(f"{self_told} sshd knows one kind of quotes: the command stands in double quotes.")
            options, own_command, rest = _parts(got.strip("\n"))
            if "\n" in got.strip("\n") or rest.strip() != public:
                raise Incorrect(
                    f"{self_told} After the options and one blank the key is expected, as it is, in one line. {told}"
                )
            if "restrict" not in options:
                raise Incorrect(
                    f"{self_told} sshd would also give it tunnels and agents: the option that switches off all of "
                    "them at once is missing."
                )
            if own_command != command:
                raise Incorrect(
                    f"{self_told} sshd would run {described(own_command)}, expected {described(command)}. "
                    f"{told or 'The command stands in double quotes, after command= and no blank.'}"
                )
            if len(options) != 1:
                extra = sorted(options - {"restrict"})
                raise Incorrect(f"{self_told} The option {extra[0]!r} is one too many: nothing else was asked for.")
        return "one key, one command, and quotes that hold"

    @solution
    def options_then_the_key(public_key, command):
        quoted = command.replace('"', '\\"')
        return f'restrict,command="{quoted}" {public_key.strip()}'

    @mistake("the option that switches off all of them")
    def not_restricted(public_key, command):
        quoted = command.replace('"', '\\"')
        return f'command="{quoted}" {public_key.strip()}'

    @mistake('each " becomes')
    def not_quoted(public_key, command):
        return f'restrict,command="{command}" {public_key.strip()}'

    @mistake("in one line")
    def the_line_break_in_the_middle(public_key, command):
        quoted = command.replace('"', '\\"')
        return f'{public_key} restrict,command="{quoted}"'

    @mistake("stands in double quotes")
    def single_quotes(public_key, command):
        return f"restrict,command='{command}' {public_key.strip()}"

    @mistake("stands in double quotes")
    def no_command(public_key, command):
        return f"restrict {public_key.strip()}"

    @mistake("one too many")
    def with_a_terminal(public_key, command):
        quoted = command.replace('"', '\\"')
        return f'restrict,pty,command="{quoted}" {public_key.strip()}'


def _parts(line):
    """As sshd reads it: the set of options without `command`, the command (None without one), and what follows."""
    options, name, value, quoted, place = set(), "", "", False, 0
    command = None

    def end():
        nonlocal command, name, value
        key, _, given = name.partition("=")
        if key.lower() == "command" and value is not None and "=" in name:
            command = value if value else given or None
        elif name:
            options.add(name)
        name, value = "", ""

    if line.startswith("ssh-"):
        return set(), None, line
    while place < len(line):
        letter = line[place]
        if quoted and letter == "\\" and line[place + 1 : place + 2] == '"':
            value, place = value + '"', place + 1
        elif letter == '"':
            quoted = not quoted
        elif quoted:
            value += letter
        elif letter == ",":
            end()
        elif letter == " ":
            break
        else:
            name += letter
        place += 1
    end()
    return options, command, line[place:]
