"""What the tests leave behind is found: a process, a folder; what was there before, or is kept on purpose, is not."""

import subprocess
import sys
import time

import pytest

from helpers.commands import leftovers


@pytest.fixture
def began(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temp"))
    (tmp_path / "temp").mkdir()
    stamp = tmp_path / "began"
    stamp.touch()
    return stamp


def run(monkeypatch, stamp, patience="0"):
    monkeypatch.setattr(sys, "argv", ["leftovers", "--since", str(stamp), "--patience", patience])
    leftovers.main()


def test_nothing_is_left(began, monkeypatch, capsys):
    run(monkeypatch, began)
    assert capsys.readouterr().out.startswith("✔ No server")


def test_a_folder_that_is_left_is_named_and_one_that_is_kept_is_not(began, monkeypatch):
    temp = began.parent / "temp"
    for name in ("troublespots-postgres-15-0", "another", "troublespots-nginx-abc"):
        (temp / name).mkdir()
    with pytest.raises(SystemExit) as told:
        run(monkeypatch, began)
    assert str(told.value).splitlines()[1:] == [str(temp / "troublespots-nginx-abc")]


def test_a_process_that_is_left_is_named_until_it_ends(began, monkeypatch, capsys):
    folder = began.parent / "temp" / "troublespots-nginx-abc"
    folder.mkdir()
    left = subprocess.Popen([sys.executable, "-c", "input()"], cwd=folder, stdin=subprocess.PIPE)
    try:
        with pytest.raises(SystemExit, match=rf"{left.pid}: .*input\(\)"):
            run(monkeypatch, began)
    finally:
        left.communicate(b"\n")
    folder.rmdir()
    run(monkeypatch, began)
    assert "✔" in capsys.readouterr().out


def test_what_was_there_before_is_not_ours(began, monkeypatch, capsys):
    (began.parent / "temp" / "troublespots-old").mkdir()
    time.sleep(0.05)
    began.touch()
    run(monkeypatch, began)
    assert "✔" in capsys.readouterr().out


def test_without_the_moment_it_says_what_to_run(tmp_path, monkeypatch):
    with pytest.raises(SystemExit, match="run `make test-all`, which writes it"):
        run(monkeypatch, tmp_path / "missing")
