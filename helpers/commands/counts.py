"""What a test run has proved: `make test` counts lessons, cells, claims, exercises and mistakes, and prints one line.

The root's conftest.py asks `marks` what each test stands for, and writes one file of counts per pytest run; run as a
command, this module adds up a folder of them.
"""

import collections
import json
import sys
from pathlib import Path

# The parametrised tests of the exercise gate: each of their cases is one exercise, one solution or one mistake.
GATE = {
    "test_the_stub_waits_and_help_is_there": "exercises",
    "test_every_solution_is_right_twice": "solutions",
    "test_every_mistake_is_refused_in_its_own_words": "mistakes",
}
NAMES = ("lessons", "cells compared", "cells ignored", "cells skipped", "claims", "exercises", "solutions", "mistakes")


def marks(item) -> dict:
    """What a collected test counts for when it passes: how many of each of `NAMES`, and the notebook it belongs to."""
    cell = getattr(item, "cell", None)
    if cell is None:
        kind = GATE.get(getattr(item, "originalname", None))
        return {kind: 1} if kind else {}
    if "nbval-ignore-output" in cell.metadata.get("tags", []):
        return {"lesson": Path(item.path).stem, "cells ignored": 1}
    return {"lesson": Path(item.path).stem, "cells compared": 1, "claims": claims_held(cell)}


def claims_held(cell) -> int:
    """How many claims that hold stand in the stored output of a cell: nbval compares them with the new output."""
    if "claim(" not in cell.source:
        return 0
    printed = "".join(output.get("text", "") for output in cell.get("outputs", []))
    return sum(line.startswith("✔ ") for line in printed.splitlines())


class Counter:
    """Adds up the marks of the tests that passed."""

    def __init__(self):
        self.counts, self.lessons = collections.Counter(), set()

    def add(self, outcome: str, marked: dict) -> None:
        """Count a test with `marked` from `marks()`: only one that passed counts; a cell left out is told as such."""
        if "lesson" in marked and outcome == "skipped":
            self.counts["cells skipped"] += 1
        if outcome != "passed":
            return
        self.lessons |= {marked["lesson"]} if "lesson" in marked else set()
        self.counts.update({name: number for name, number in marked.items() if name in NAMES})

    def write(self, path: Path) -> None:
        """Keep the counts as a small file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({**self.counts, "lessons": len(self.lessons)}), encoding="utf-8")


def summary(folder: Path) -> str:
    """One line for all counts in a folder. Raises ValueError when a part of the proof has run nothing."""
    total = collections.Counter()
    for path in sorted(folder.glob("*.json")):
        total.update(json.loads(path.read_text(encoding="utf-8")))
    nothing = [name for name in NAMES if not total[name] and name not in ("cells ignored", "cells skipped")]
    if nothing:
        raise ValueError(f"nothing was counted for {', '.join(nothing)}: a test that should have run did not.")
    cells = f"{total['cells compared']} cells compared ({total['cells ignored']} run, their output not compared"
    cells += f"; {total['cells skipped']} skipped)" if total["cells skipped"] else ")"
    rest = ", ".join(_plural(total[name], name) for name in ("claims", "exercises", "solutions", "mistakes"))
    return f"Troublespots: {_plural(total['lessons'], 'lessons')}, {cells}, {rest}."


def _plural(number: int, name: str) -> str:
    return f"{number} {name.removesuffix('s') if number == 1 else name}"


def main() -> str | None:
    try:
        print(summary(Path(sys.argv[1])))
    except ValueError as error:
        return f"✘ {error}"
    return None


if __name__ == "__main__":
    sys.exit(main())
