"""`make doctor`: one row a thing, words for what is missing, a status that tells whether the core works."""

import os
import shutil
import sys
from collections import namedtuple
from importlib import metadata
from pathlib import Path

import pytest

from helpers import paths
from helpers.commands import doctor
from helpers.services import installing

Usage = namedtuple("Usage", "free")


def row(what, **options):
    (found,) = doctor.table(**options).query("what == @what").itertuples(index=False)
    return found[1], found[2]


def test_one_row_a_thing_each_with_a_mark_and_words():
    table = doctor.table()
    assert list(table.columns) == ["what", "state", "what to do"]
    assert {"Python", "packages", "free disk", "temp folder", *doctor.SERVERS} <= set(table["what"])
    assert table["what"].is_unique
    assert table.state.str.fullmatch(r"[✔✎✘] .+").all()
    # What is not fine says what to do, and what is fine says nothing.
    assert ((table["what to do"] == "") == table.state.str.startswith("✔")).all()


def test_no_cell_tells_about_this_machine(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    text = doctor.table().to_csv()
    assert not [word for word in (str(paths.ROOT), str(paths.work()), str(Path.home()), "/tmp", "/usr") if word in text]


def test_the_lock_is_read_with_its_markers():
    text = (
        "alpha==1.2 \\\n    --hash=sha256:00 \\\n    --hash=sha256:01\n    # via beta==9\n"
        "beta==2.0 ; sys_platform == 'nowhere' \\\n    --hash=sha256:02\n"
        "gamma-delta==3 ; python_full_version >= '3.11' \\\n    --hash=sha256:03\n"
    )
    assert doctor.locked(text) == {"alpha": "1.2", "gamma-delta": "3"}


def test_the_real_lock_is_what_is_installed():
    state, _ = row("packages")
    assert state.startswith("✔ all ") and int(state.split()[2]) > 100


def test_another_version_and_a_missing_package_are_named(monkeypatch):
    def version(name, real=metadata.version):
        if name == "django":
            raise metadata.PackageNotFoundError(name)
        return "2.2.0" if name == "pandas" else real(name)

    monkeypatch.setattr(metadata, "version", version)
    state, to_do = row("packages")
    assert state.startswith("✘") and "django missing (locked: 5.2." in state and "pandas 2.2.0 (locked: 3." in state
    assert "make lab" in to_do


def test_a_python_that_is_too_old(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 10, 4, "final", 0))
    assert row("Python")[0] == "✘ 3.10.4 is too old"


@pytest.mark.parametrize("name", doctor.SERVERS)
def test_a_server_is_found_by_any_of_its_programs_or_its_packages_are_named(name, monkeypatch, tmp_path):
    monkeypatch.setattr(installing, "_MORE_FOLDERS", (str(tmp_path / "s*"),))
    monkeypatch.setenv("PATH", "/nowhere")
    state, to_do = row(name)
    assert state.startswith("✎") and "Debian: apt install " in to_do and "macOS: brew install " in to_do
    assert ("conda: conda install" in to_do) == (doctor.SERVERS[name][3] is not None)
    program = tmp_path / "sbin" / doctor.SERVERS[name][0][-1]
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert row(name) == ("✔ found", "")


def test_folders_that_cannot_be_written_say_what_to_set(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TROUBLESPOTS_WORK", str(tmp_path / "file"))
    state, to_do = row("folder for your copies")
    assert state.startswith("✘ cannot be written") and "TROUBLESPOTS_WORK" in to_do
    monkeypatch.setattr(doctor.tempfile, "gettempdir", lambda: str(tmp_path / "gone"))
    assert row("temp folder")[0].startswith("✘ cannot be written") and "TMPDIR" in row("temp folder")[1]
    assert row("free disk")[0] == "✘ cannot be read"


@pytest.mark.parametrize(("free", "state"), [(5e9, "✔ 5.0 GB"), (1e9, "✎ 1.0 GB"), (1e8, "✘ 0.1 GB")])
def test_free_disk(monkeypatch, free, state):
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: Usage(free))
    assert row("free disk")[0] == state


@pytest.mark.parametrize(("cores", "mark"), [(1, "✎"), (8, "✔")])
def test_one_core_is_said_to_measure_badly(monkeypatch, cores, mark):
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    assert row("cores and memory")[0].startswith(f"{mark} {cores} cores")


def test_a_kernel_is_started_only_when_asked():
    assert "Jupyter kernel" not in set(doctor.table()["what"])
    assert row("Jupyter kernel", kernel=True) == ("✔ starts", "")


def test_a_kernel_that_cannot_be_started(monkeypatch, tmp_path):
    spec = tmp_path / "kernels" / "python3" / "kernel.json"
    spec.parent.mkdir(parents=True)
    spec.write_text('{"argv": ["/nowhere/python", "{connection_file}"], "display_name": "gone", "language": "python"}')
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    state, to_do = row("Jupyter kernel", kernel=True)
    assert state == "✘ does not start (FileNotFoundError)" and "make lab" in to_do


def test_the_status_is_good_while_only_servers_are_missing(monkeypatch, capsys):
    monkeypatch.setattr(installing, "_MORE_FOLDERS", ())
    monkeypatch.setenv("PATH", "/nowhere")
    assert doctor.main([]) is None
    printed = capsys.readouterr().out
    assert "✎ not found" in printed and printed.endswith("✔ The core of the workshop runs on this machine.\n")


def test_the_status_is_bad_when_the_core_cannot_work(monkeypatch, capsys):
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: Usage(0))
    assert doctor.main([]) == "✘ The workshop cannot run yet: mend free disk, as said above."
