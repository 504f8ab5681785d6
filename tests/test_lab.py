"""`make lab`: what it copies, what it leaves alone, and how it starts JupyterLab."""

import json

import nbformat
import pytest

from helpers import paths
from helpers.commands import lab


@pytest.fixture
def work(tmp_path, monkeypatch):
    monkeypatch.setenv("TROUBLESPOTS_WORK", str(tmp_path))
    return tmp_path


def test_copies_carry_no_outputs_and_are_never_overwritten(work):
    assert lab.fill() == []
    copies = sorted(work.glob("*.ipynb"))
    assert [each.name for each in copies] == sorted(each.name for each in paths.NOTEBOOKS.glob("*.ipynb"))
    cells = [cell for cell in nbformat.read(copies[0], 4).cells if cell.cell_type == "code"]
    assert cells and all(cell.outputs == [] and cell.execution_count is None for cell in cells)
    copies[0].write_text("mine")
    lab.fill()
    assert copies[0].read_text() == "mine"


def test_a_changed_original_is_told(work):
    lab.fill()
    record = work / ".originals.json"
    record.write_text(json.dumps({name: "older" for name in json.loads(record.read_text())}))
    assert "has changed since you began it" in lab.fill()[0]


def test_the_command_opens_a_lesson_on_loopback(work):
    lab.fill()
    words = lab.command(port=8899, browser=False)
    assert "--ip=127.0.0.1" in words and "--port=8899" in words and "--no-browser" in words
    assert any(word.startswith("--LabApp.default_url=/lab/tree/") and word.endswith(".ipynb") for word in words)
