"""`make lab` and `make reset`: what they copy and leave alone, how JupyterLab starts, and what they say instead."""

import datetime
import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from jupyterlab_server.settings_utils import get_settings
from nbformat.v4 import new_code_cell, new_notebook

from helpers import paths
from helpers.commands import copies, lab, reset

SCHEMAS = Path(sys.prefix) / "share" / "jupyter" / "lab" / "schemas"


@pytest.fixture
def work(tmp_path, monkeypatch):
    """An empty folder for a learner, and two notebooks to give: 00 and 09."""
    monkeypatch.setattr(paths, "NOTEBOOKS", tmp_path / "notebooks")
    monkeypatch.setenv("TROUBLESPOTS_WORK", str(tmp_path / "work"))
    paths.NOTEBOOKS.mkdir()
    for name in ("00-start-here", "09-hit-rate"):
        write(name, f"print('{name}')")
    return tmp_path / "work"


def write(name, source, printed="a stored answer"):
    output = nbformat.v4.new_output("stream", text=printed)
    cell = new_code_cell(source, id="cell", outputs=[output], execution_count=1)
    nbformat.write(new_notebook(cells=[cell]), paths.NOTEBOOKS / f"{name}.ipynb")


def source(path):
    return nbformat.read(path, 4).cells[0].source


def test_the_shipped_notebooks_are_what_is_copied(tmp_path, monkeypatch):
    monkeypatch.setenv("TROUBLESPOTS_WORK", str(tmp_path))
    assert copies.fill() == []
    shipped = sorted(each.name for each in paths.NOTEBOOKS.glob("*.ipynb"))
    assert shipped and sorted(each.name for each in tmp_path.glob("*.ipynb")) == shipped


def test_copies_carry_no_outputs_and_are_never_overwritten(work):
    copies.fill()
    cell = nbformat.read(work / "09-hit-rate.ipynb", 4).cells[0]
    assert (cell.outputs, cell.execution_count) == ([], None)
    (work / "09-hit-rate.ipynb").write_text("mine")
    write("09-hit-rate", "print('newer')")
    copies.fill()
    assert (work / "09-hit-rate.ipynb").read_text() == "mine"


def test_a_newer_lesson_is_told_until_it_is_taken_and_new_outputs_are_not(work):
    copies.fill()
    write("09-hit-rate", "print('09-hit-rate')", printed="measured again")
    assert copies.fill() == []
    write("09-hit-rate", "print('newer')")
    (told,) = copies.fill()
    assert "newer 09-hit-rate" in told and "`make reset LESSON=09`" in told and "\n" not in told
    copies.renew("09")
    assert copies.fill() == []


def test_a_lost_record_is_begun_again(work):
    copies.fill()
    (work / ".originals.json").write_text('{"09-hit')
    assert copies.fill() == []
    write("09-hit-rate", "print('newer')")
    assert len(copies.fill()) == 1


def test_reset_gives_a_fresh_copy_and_keeps_every_older_one(work, capsys):
    copies.fill()
    today = datetime.date.today().isoformat()
    for mine in ("first", "second"):
        (work / "09-hit-rate.ipynb").write_text(mine)
        assert reset.main(["09"]) is None
    assert source(work / "09-hit-rate.ipynb") == "print('09-hit-rate')"
    assert (work / f"09-hit-rate.mine-{today}.ipynb").read_text() == "first"
    assert (work / f"09-hit-rate.mine-{today}-2.ipynb").read_text() == "second"
    assert source(work / "00-start-here.ipynb") == "print('00-start-here')"
    assert f"yours is now 09-hit-rate.mine-{today}-2.ipynb" in capsys.readouterr().out


def test_reset_keeps_progress_unless_told_and_then_aside(work):
    work.mkdir()
    (work / "progress.json").write_text("{}")
    reset.main([])
    assert (work / "progress.json").exists()
    reset.main(["--progress"])
    assert not (work / "progress.json").exists()
    assert len(list(work.glob("progress.mine-*.json"))) == 1


def test_reset_of_an_unknown_lesson_is_a_sentence_and_changes_nothing(work):
    copies.fill()
    before = sorted(work.iterdir())
    assert reset.main(["44"]).startswith("✘ no lesson starts with '44'")
    assert sorted(work.iterdir()) == before


def test_the_command_opens_the_first_lesson_on_loopback(work):
    copies.fill()
    (work / "00-a-note-of-mine.ipynb").write_text("mine")
    words = lab.command(port=8899, browser=False)
    assert {"--ip=127.0.0.1", "--port=8899", "--ServerApp.port_retries=0", "--no-browser"} <= set(words)
    assert "--LabApp.default_url=/lab/tree/00-start-here.ipynb" in words
    assert f"--ServerApp.root_dir={work}" in words
    assert "--no-browser" not in lab.command() and not any(word.startswith("--port=") for word in lab.command())


@pytest.mark.parametrize(("user", "allowed"), [(0, True), (1000, False)])
def test_only_root_is_allowed_root(work, monkeypatch, user, allowed):
    monkeypatch.setattr(os, "geteuid", lambda: user)
    assert ("--allow-root" in lab.command()) == allowed


def test_without_notebooks_jupyterlab_still_opens(work):
    for each in paths.NOTEBOOKS.iterdir():
        each.unlink()
    assert "--LabApp.default_url=/lab" in lab.command()


@pytest.mark.parametrize("name", lab.SETTINGS)
def test_jupyterlab_takes_every_setting(work, name):
    folder = lab.environment()["JUPYTERLAB_SETTINGS_DIR"]
    schema = name.replace("/", ":").replace(":", "/", 1)
    found, warnings = get_settings("", str(SCHEMAS), folder, schema_name=schema, overrides={})
    assert found["settings"] == lab.SETTINGS[name] and not any(warnings or [])
    assert set(lab.SETTINGS[name]) <= set(found["schema"]["properties"])


def test_a_learners_own_setting_stays(work):
    folder = Path(lab.environment()["JUPYTERLAB_SETTINGS_DIR"])
    path = folder / "@jupyterlab/docmanager-extension/plugin.jupyterlab-settings"
    path.write_text("{}")
    lab.environment()
    assert path.read_text() == "{}"


def test_a_free_port_is_fine_and_a_taken_or_wrong_one_is_a_sentence():
    assert lab.refusal(None) is None
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert lab.refusal(port) == lab.main(["--port", port]).removeprefix("✘ ")
        assert "is taken" in lab.refusal(port)
    assert lab.refusal(port) is None
    for wrong in ("", "80x", "0", "65536", "-1", "²"):
        assert "is not a port" in lab.refusal(wrong)


def test_a_folder_that_cannot_be_written_is_a_sentence(work, tmp_path, monkeypatch):
    (tmp_path / "a file").write_text("")
    monkeypatch.setenv("TROUBLESPOTS_WORK", str(tmp_path / "a file" / "work"))
    said = lab.main(["--prepare"])
    assert "make work/ writable for you" in said and "\n" not in said and str(tmp_path) not in said
    monkeypatch.setenv("TROUBLESPOTS_WORK", str(tmp_path / "a file"))
    assert "make work/ writable for you" in lab.main(["--prepare"])


def test_preparing_starts_nothing_and_leaves_the_environment_alone(work, monkeypatch):
    monkeypatch.setattr(os, "execv", lambda *words: pytest.fail("it was started"))
    monkeypatch.delenv("JUPYTERLAB_SETTINGS_DIR", raising=False)
    assert lab.main(["--prepare"]) is None
    assert (work / "00-start-here.ipynb").exists() and "JUPYTERLAB_SETTINGS_DIR" not in os.environ


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        # The Makefile's own question, answered by a Python that believes to be older.
        (f'exec {sys.executable} -c "import sys; sys.version_info = (3, 10, 9); $2"', "Troublespots needs Python 3.11"),
        ('case "$2" in *venv*) exit 1;; esac', "This Python has no venv"),
        (None, "Troublespots needs Python 3.11 or later"),
    ],
    ids=["too old", "no venv", "no Python"],
)
def test_a_python_that_cannot_do_it_gets_one_sentence(tmp_path, script, sentence):
    python = tmp_path / "python3"
    if script:
        python.write_text(f"#!/bin/sh\n{script}\n")
        python.chmod(0o755)
    words = ["make", "-s", "lab", f"PYTHON={python}", f"VENV={tmp_path / 'venv'}", "BROWSER=no"]
    kept = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    run = subprocess.run(words, cwd=paths.ROOT, env=kept, capture_output=True, text=True)
    assert run.returncode != 0
    assert run.stdout.startswith(sentence) and run.stdout.count("\n") == 1
    assert re.fullmatch(r"make: \*\*\* .*\n", run.stderr)
    assert not (tmp_path / "venv").exists()


def test_a_forgotten_set_up_cell_is_answered_by_a_sentence(work):
    from helpers.commands.reruns import run

    ((_, outputs),) = run(new_notebook(cells=[new_code_cell("lesson.start('09-hit-rate')")]), [0])
    assert "`lesson` does not exist yet" in outputs[0].traceback[0] and len(outputs[0].traceback) == 1


def test_the_record_is_a_file_of_hashes(work):
    copies.fill()
    record = json.loads((work / ".originals.json").read_text())
    assert sorted(record) == ["00-start-here.ipynb", "09-hit-rate.ipynb"]
    assert all(re.fullmatch("[0-9a-f]{64}", each) for each in record.values())
    assert not list(work.glob(".*.part"))
