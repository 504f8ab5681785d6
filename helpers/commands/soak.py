"""`make soak`: ten runs of every notebook with all cores kept busy; how many claims held goes into docs/soak.md."""

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import pandas as pd

from helpers import paths
from helpers.commands.copies import originals
from helpers.commands.reruns import chosen, code_cells, run

# A spinner ends with its parent, also when that one is killed.
_SPIN = "import os, sys\nwhile os.getppid() == int(sys.argv[1]): pass"


@contextlib.contextmanager
def busy(cores: int):
    """Keep that many cores busy, each with one spinning child process, for the length of the block."""
    spinners = []
    try:
        for _ in range(cores):
            spinners.append(subprocess.Popen([sys.executable, "-I", "-c", _SPIN, str(os.getpid())]))
        yield spinners
    finally:
        for each in spinners:
            each.kill()
            each.wait()


def outcomes(notebook) -> list[tuple[str, str]]:
    """Run a notebook once: (what, text) for each claim ("held" or "missed") and each error ("error")."""
    found = []
    for position, outputs in run(notebook, code_cells(notebook)):
        claims = "claim(" in notebook.cells[position].source
        for output in outputs:
            if output.output_type == "error":
                found.append(("error", f"cell {position}: {output.ename}: {output.evalue}"))
            for line in output.get("text", "").splitlines() if claims else ():
                if line[:2] in ("✔ ", "✘ "):
                    text = line[2:].rpartition(" (here: ")[0] or line[2:] if line[0] == "✘" else line[2:]
                    found.append(("held" if line[0] == "✔" else "missed", text))
    return found


def soak(notebooks: list[Path], rounds: int) -> pd.DataFrame:
    """Run every notebook `rounds` times; a row (lesson, round, seconds, what, text) for each claim or error."""
    rows = []
    for number in range(1, rounds + 1):
        for path in notebooks:
            started = time.perf_counter()
            found = outcomes(nbformat.read(path, 4))
            seconds = time.perf_counter() - started
            rows += [(path.stem, number, seconds, what, text) for what, text in found]
            held, missed, errors = (sum(what == kind for what, _ in found) for kind in ("held", "missed", "error"))
            print(f"{number} {path.stem}: {held} held, {missed} missed, {errors} errors, {seconds:.0f} s", flush=True)
            for what, text in found:
                if what != "held":
                    print(f"  {what}: {text}", flush=True)
    return pd.DataFrame(rows, columns=["lesson", "round", "seconds", "what", "text"])


def report(found: pd.DataFrame, cores: int) -> str:
    """The table of docs/soak.md, from what `soak` returned; claims that missed are named below it."""
    lines = ["# Do the claims hold on a busy machine?", ""]
    lines += [f"Every notebook, again and again, with {cores} cores kept busy by other processes (`make soak`).", ""]
    lines += ["| lesson | runs | claims | held | errors | seconds, median | longest |", "|---|---|---|---|---|---|---|"]
    for lesson, rows in found.groupby("lesson"):
        seconds = rows.groupby("round").seconds.first()
        held, missed, errors = (int((rows.what == kind).sum()) for kind in ("held", "missed", "error"))
        lines.append(
            f"| {lesson} | {len(seconds)} | {held + missed} | {held} | {errors} "
            f"| {seconds.median():.0f} | {seconds.max():.0f} |"
        )
    bad = found[found.what != "held"].groupby(["lesson", "text"]).size()
    lines += ["", "Every claim held in every run." if bad.empty else "What did not hold:", ""]
    lines += [f"- {lesson}: {text} ({times} times)" for (lesson, text), times in bad.items()]
    return "\n".join(lines).rstrip() + "\n"


def main(arguments: list[str] | None = None) -> str | None:
    """Soak all notebooks and write the table; returns a sentence when something did not hold."""
    parser = argparse.ArgumentParser(prog="make soak")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--output", type=Path, default=paths.ROOT / "docs" / "soak.md")
    parser.add_argument("lessons", nargs="*", help='numbers, as in "01 09"; all of them without any')
    options = parser.parse_args(arguments)
    cores = os.cpu_count() or 1
    with tempfile.TemporaryDirectory(prefix="troublespots-soak-", ignore_cleanup_errors=True) as work, busy(cores):
        os.environ["TROUBLESPOTS_WORK"] = work
        found = soak(chosen(originals(), options.lessons), options.rounds)
    if not (found.what == "held").any():
        return "✘ No claim ran: are there notebooks?"
    text = report(found, cores)
    options.output.write_text(text, encoding="utf-8")
    print(text)
    return None if (found.what == "held").all() else "✘ Not everything held: see the table."


if __name__ == "__main__":
    sys.exit(main())
