"""`make benchmark`: runs every benchmark, writes one table to docs/benchmarks.md; `--tests` times `make test` too.

With names, as in `python -m benchmarks pages stack`, only those run, and nothing is written.
"""

import platform
import subprocess
import sys
import time

from benchmarks import caching, curve, orm, pages, servers, stack, starting
from benchmarks.timing import row
from helpers import paths

HEAD = """# Benchmarks

Medians of repeats taken in turn, on the machine where `make benchmark` ran last ({machine}). Ratios compare two
things within one run; they hold for that machine, and roughly elsewhere.

| what | against | measured | goal | reached |
|---|---|---|---|---|
"""


def main() -> None:
    """Print the rows as they come, and store the table."""
    every = {each.__name__.rpartition(".")[2]: each for each in (curve, servers, starting, orm, caching, pages, stack)}
    chosen = [name for name in sys.argv[1:] if not name.startswith("-")]
    if unknown := [name for name in chosen if name not in every]:
        sys.exit(f"There is no benchmark {unknown[0]!r}: take some of {', '.join(every)}.")
    lines = []
    for benchmark in [every[name] for name in chosen or every]:
        for each in benchmark.rows():
            lines.append("| " + " | ".join(each.values()) + " |")
            print(lines[-1], flush=True)
    if "--tests" in sys.argv:
        began = time.perf_counter()
        passed = subprocess.run(["make", "test"], cwd=paths.ROOT, check=False).returncode == 0
        minutes = (time.perf_counter() - began) / 60
        lines.append(
            "| "
            + " | ".join(row("make test", "", minutes, "minutes", "≤ 15 minutes", passed and minutes <= 15).values())
            + " |"
        )
        print(lines[-1])
    if chosen:
        return
    machine = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    (paths.ROOT / "docs" / "benchmarks.md").write_text(HEAD.format(machine=machine) + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
