"""Runs notebooks as learners do, for `make test-all`: every cell a second time, and all cells in the wrong order."""

import copy
import os
import random
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError

from helpers import paths
from helpers.commands import lab
from helpers.commands.copies import originals

SEEDS = (1, 2)  # one wrong order each
AT_ONCE = 2  # notebooks, as `make test` runs them


def run(notebook, order: list[int], timeout_seconds: int = 180) -> list[tuple[int, list]]:
    """Run the cells at the positions `order` in one fresh kernel, with the course's settings.

    Returns (position, outputs) of each cell that ran, in that order; the notebook stays as it was. A cell that takes
    longer than `timeout_seconds`, or ends the kernel, is the last one, with an error output that says so.
    """
    notebook = copy.deepcopy(notebook)
    where = {"metadata": {"path": str(paths.NOTEBOOKS)}}
    client = NotebookClient(
        notebook, timeout=timeout_seconds, kernel_name="python3", allow_errors=True, resources=where
    )
    ran = []
    with client.setup_kernel(env={**os.environ, **lab.environment()}):
        for position in order:
            cell = notebook.cells[position]
            cell.outputs = []
            try:
                client.execute_cell(cell, position)
            except (CellTimeoutError, DeadKernelError) as error:
                name, lines = type(error).__name__, str(error).splitlines()[:1]
                ended = nbformat.v4.new_output("error", ename=name, evalue="".join(lines), traceback=[name, *lines])
                return [*ran, (position, [ended])]
            ran.append((position, copy.deepcopy(cell.outputs)))
    return ran


def code_cells(notebook) -> list[int]:
    """The positions of the code cells that have something to run."""
    return [at for at, cell in enumerate(notebook.cells) if cell.cell_type == "code" and cell.source.strip()]


def wrong_order(notebook, seed: int) -> list[int]:
    """The positions of the code cells in an order that is not theirs, the same for each `seed`."""
    right = code_cells(notebook)
    order, choose = list(right), random.Random(seed)
    while order == right and len(right) > 1:
        choose.shuffle(order)
    return order


def chosen(notebooks: list, numbers: list[str]) -> list:
    """Those of `notebooks` whose names begin with one of `numbers`; all of them where there is no number."""
    return [path for path in notebooks if not numbers or path.name.startswith(tuple(numbers))]


def faults_of_twice(notebook) -> list[str]:
    """What goes wrong when all cells run in order, and then all again in the same kernel: no error, no ✘, no stderr."""
    once = code_cells(notebook)
    ran, faults = run(notebook, once + once), []
    for number, (position, outputs) in enumerate(ran):
        time = "first" if number < len(once) else "second"
        for output in outputs:
            if output.output_type == "error":
                faults.append(f"cell {position}, {time} time: {output.ename}: {output.evalue}")
            elif output.output_type == "stream" and output.name == "stderr":
                faults.append(f"cell {position}, {time} time, on stderr: {output.text.strip()}")
            else:
                lines = output.get("text", "").splitlines()
                faults += [f"cell {position}, {time} time: {line}" for line in lines if line.startswith("✘")]
    return faults


def faults_of_wrong_order(notebook, seed: int) -> list[str]:
    """What a learner could not understand when the cells run in a wrong order: every error that is not one sentence.

    A claim that does not hold is no fault here: out of order it may measure something else.
    """
    return [
        f"cell {position}, wrong order {seed}: {output.ename}: {output.evalue}"
        for position, outputs in run(notebook, wrong_order(notebook, seed))
        for output in outputs
        if output.output_type == "error" and not is_sentence(output)
    ]


def is_sentence(error) -> bool:
    """True for an error output whose whole traceback is one line, as helpers/sentences.py shows it."""
    return len(error.traceback) == 1 and "\n" not in error.traceback[0].strip()


def main(numbers: list[str]) -> str | None:
    """Run notebooks twice and in two wrong orders, all or those of `numbers` ("09"); returns the number of faults."""
    notebooks = chosen(originals(), numbers)
    if not notebooks:
        return "✘ There is no notebook to run: `make refresh` builds them."
    faults, cells = [], 0
    with ProcessPoolExecutor(min(AT_ONCE, len(notebooks))) as pool:
        for path, (found, run_cells) in zip(notebooks, pool.map(_faults_and_cells, notebooks), strict=True):
            cells += run_cells
            faults += found
            sign = "✘" if found else "✔"
            print(f"{sign} {path.stem}: twice, and in {len(SEEDS)} wrong orders", *found, sep="\n  ", flush=True)
    if faults:
        return f"✘ {len(faults)} faults in {len(notebooks)} notebooks."
    print(f"{len(notebooks)} notebooks, {cells} cells: each twice in one kernel, and in {len(SEEDS)} wrong orders.")
    return None


def _faults_and_cells(path) -> tuple[list[str], int]:
    notebook = nbformat.read(path, 4)
    with tempfile.TemporaryDirectory(prefix="troublespots-reruns-", ignore_cleanup_errors=True) as work:
        os.environ["TROUBLESPOTS_WORK"] = work
        found = faults_of_twice(notebook)
        for seed in SEEDS:
            found += faults_of_wrong_order(notebook, seed)
    return found, len(code_cells(notebook))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
