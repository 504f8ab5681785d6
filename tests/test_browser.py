"""Every lesson in JupyterLab in Chromium: Run All Cells reaches the end, and no output is an error."""

import pytest

from helpers import paths
from helpers.building.browser import run_in_lab
from helpers.building.convert import notebook_path
from helpers.building.execute import refuse_failures

pytestmark = pytest.mark.system_server("chromium")


@pytest.mark.parametrize("source", paths.lessons(), ids=lambda source: source.stem)
def test_it_runs_from_top_to_bottom_and_folded_cells_run_too(source):
    saved = run_in_lab(notebook_path(source))
    cells = [cell for cell in saved.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    refuse_failures(saved)
    assert any("<img alt=" in output.get("data", {}).get("text/html", "") for cell in cells for output in cell.outputs)
