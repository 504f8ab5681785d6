"""Lesson 12 on a machine without pylibmc, whose wheels end at Python 3.11: it says so, and all the rest runs."""

import re

import pytest

from helpers import paths
from helpers.building.convert import convert
from helpers.building.execute import execute

SOURCE = paths.LESSONS / "12_backends_libraries_many_servers.py"
WHY_NOT = "No module named 'pylibmc', as the test wants it"
CLAIM = re.compile(r"^ *claim\(", re.MULTILINE)


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """The code cells of the whole lesson, run in a kernel, with servers, in which `import pylibmc` fails."""
    folder = tmp_path_factory.mktemp("without-pylibmc")
    (folder / "pylibmc.py").write_text(f"raise ModuleNotFoundError({WHY_NOT!r}, name='pylibmc')\n", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(folder))
        patch.setenv("TROUBLESPOTS_WORK", str(folder / "work"))
        notebook = execute(convert(SOURCE))  # refuses an error, a ✘ and text on stderr, with the cell
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def printed(cell):
    return "".join(
        output.get("text", "") + "".join(output.get("data", {}).get("text/plain", "")) for output in cell.outputs
    )


def test_every_cell_ran(ran):
    assert [cell.execution_count for cell in ran] == list(range(1, len(ran) + 1))
    assert len(ran) >= 130


def test_one_cell_says_what_is_left_out(ran):
    said = [printed(cell) for cell in ran if "pylibmc cannot be imported here" in printed(cell)]
    assert said == [f"pylibmc cannot be imported here ({WHY_NOT}): its two rows are left out below.\n"]


def test_the_other_clients_are_measured(ran):
    (ratios,) = [printed(cell) for cell in ran if "times pymemcache's get" in printed(cell)]
    assert "pylibmc" not in ratios and ratios.count("pymemcache, ") == 5
    assert sum("Figure: Time of a key for each client" in printed(cell) for cell in ran) == 1


def test_every_claim_that_runs_here_holds(ran):
    here = [cell for cell in ran if CLAIM.search(cell.source) and "This cell was left out" not in printed(cell)]
    held = sum(line.startswith("✔ ") for cell in here for line in printed(cell).splitlines())
    assert held == sum(len(CLAIM.findall(cell.source)) for cell in here) >= 38
    in_its_section = [cell for cell in here if "pymemcache, connects each time" in cell.source]
    assert len(in_its_section) == 1 and printed(in_its_section[0]).count("✔ ") == 2
