"""The commands that prove the workshop: the count, cells twice and out of order, the soak, another user, wheels."""

import json
import os
import pwd
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pandas as pd
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from helpers import paths
from helpers.commands import counts, other_user, reruns, soak, wheels


def notebook(*sources):
    return new_notebook(cells=[new_code_cell(textwrap.dedent(each), id=f"c{at}") for at, each in enumerate(sources)])


@pytest.fixture(autouse=True)
def work(tmp_path, monkeypatch):
    monkeypatch.setenv("TROUBLESPOTS_WORK", str(tmp_path / "work"))
    return tmp_path / "work"


# --- the count ---------------------------------------------------------------------------------------------------


def proof(folder):
    """A small project with the root's conftest.py: a notebook of four cells, and a gate that counts six things."""
    cells = [
        new_markdown_cell("# A title", id="m0"),
        new_code_cell("from helpers.claims import claim\nx = 2", id="c1", execution_count=1),
        new_code_cell("claim('Two is two.', x, equals=2); claim('And above one.', x, above=1)", execution_count=2),
        new_code_cell("import time\nprint(time.time())", execution_count=3),
        new_code_cell("1 / 0", id="c4"),
    ]
    cells[2].outputs = [new_output("stream", text="✔ Two is two.\n✔ And above one.\n")]
    cells[3].metadata.tags = ["nbval-ignore-output"]
    cells[3].outputs = [new_output("stream", text="0\n")]
    cells[4].metadata.tags = ["needs-no-such-server"]
    (folder / "notebooks").mkdir()
    nbformat.write(new_notebook(cells=cells), folder / "notebooks" / "01-small.ipynb")
    (folder / "conftest.py").write_text((paths.ROOT / "conftest.py").read_text())
    (folder / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers\nmarkers = system_server(name): x\n")
    (folder / "test_gate.py").write_text(
        "import pytest\n"
        "@pytest.mark.parametrize('e', 'ab')\ndef test_the_stub_waits_and_help_is_there(e): pass\n"
        "@pytest.mark.parametrize('e', 'ab')\ndef test_every_solution_is_right_twice(e): assert e == 'a'\n"
        "@pytest.mark.parametrize('e', 'abc')\ndef test_every_mistake_is_refused_in_its_own_words(e): pass\n"
        "def test_another(): pass\n"
    )


def prove(folder, *words):
    # The variables of the run that we are in would change what this one does.
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "TROUBLESPOTS"))}
    kept |= {"TROUBLESPOTS_COUNTS": str(folder / "counts"), "PYTHONPATH": str(paths.ROOT)}
    run = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--nbval", "--nbval-current-env", *words]
    done = subprocess.run([*run, "test_gate.py", "notebooks"], cwd=folder, env=kept, capture_output=True, text=True)
    (written,) = (folder / "counts").glob("*.json")
    return done, json.loads(written.read_text())


def test_what_really_passed_is_counted_side_by_side_too(tmp_path):
    proof(tmp_path)
    done, _ = prove(tmp_path, "-n", "2", "--dist", "loadfile")
    assert "1 failed, 10 passed, 1 skipped" in done.stdout  # one solution is wrong, on purpose
    assert counts.summary(tmp_path / "counts") == (
        "Troublespots: 1 lesson, 2 cells compared (1 run, their output not compared; 1 skipped), "
        "2 claims, 2 exercises, 1 solution, 3 mistakes."
    )


def test_a_claim_that_does_not_print_what_is_stored_is_not_counted(tmp_path):
    proof(tmp_path)
    path = tmp_path / "notebooks" / "01-small.ipynb"
    path.write_text(path.read_text().replace("x = 2", "x = 3"))
    done, counted = prove(tmp_path)
    assert done.returncode == 1 and counted["cells compared"] == 1 and not counted["claims"]


def test_nothing_counted_is_a_failure(tmp_path):
    (tmp_path / "1.json").write_text('{"lessons": 1, "cells compared": 3, "exercises": 2, "solutions": 1, "claims": 0}')
    with pytest.raises(ValueError, match="nothing was counted for claims, mistakes"):
        counts.summary(tmp_path)


def test_the_gate_that_is_counted_exists():
    from tests import test_exercise_gate

    assert all(callable(getattr(test_exercise_gate, name)) for name in counts.GATE)


@pytest.mark.parametrize(
    ("variables", "outcome", "words"),
    [
        ({}, pytest.skip.Exception, "is not on this machine"),
        ({"TROUBLESPOTS_REQUIRE_SERVERS": "1"}, pytest.fail.Exception, "nothing may be skipped here"),
        (
            {"TROUBLESPOTS_REQUIRE_SERVERS": "1", "TROUBLESPOTS_SERVERS": "embedded"},
            pytest.skip.Exception,
            "leaves the system's no-such-server out",
        ),
    ],
    ids=["on a learner's machine", "in CI", "with embedded servers"],
)
def test_a_missing_server(monkeypatch, pytestconfig, variables, outcome, words):
    # By its path: tests/ has a conftest of its own, and `import conftest` is the one that was loaded last.
    conftest = pytestconfig.pluginmanager.get_plugin(str(paths.ROOT / "conftest.py"))
    for name in ("TROUBLESPOTS_REQUIRE_SERVERS", "TROUBLESPOTS_SERVERS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    item = SimpleNamespace(iter_markers=lambda name: [pytest.mark.system_server("no-such-server").mark])
    with pytest.raises((pytest.skip.Exception, pytest.fail.Exception), match=words) as told:
        conftest.pytest_runtest_setup(item)
    assert told.type is outcome  # a skip that came through would skip this very test


# --- cells twice, and in the wrong order -------------------------------------------------------------------------


def test_cells_run_in_the_order_given_in_one_kernel_and_the_notebook_stays_as_it_was():
    small = notebook("x = 1", "x = x + 1\nprint(x)")
    ran = reruns.run(small, [0, 1, 1])
    assert [position for position, _ in ran] == [0, 1, 1]
    assert [output.text for _, outputs in ran for output in outputs] == ["2\n", "3\n"]
    assert all(cell.outputs == [] for cell in small.cells)


def test_a_cell_that_only_works_once_is_found():
    found = reruns.faults_of_twice(
        notebook(
            "y = [1, 2]",
            "print(y.pop())",
            "y.remove(1) if y else print('✘ y is empty')",
            "import sys; n = globals().get('n', 0) + 1; n > 1 and print('a warning', file=sys.stderr)",
        )
    )
    assert found == ["cell 3, second time, on stderr: a warning"]
    found = reruns.faults_of_twice(
        notebook("z = globals().get('z', [1])", "z.pop()", "print('✘ empty') if not z else 1")
    )
    assert found[0] == "cell 2, first time: ✘ empty" and found[1].startswith("cell 1, second time: IndexError")


def test_a_wrong_order_is_seeded_and_never_the_right_one():
    small = notebook("1", "2", "3")
    small.cells.insert(1, new_markdown_cell("text"))
    small.cells.append(new_code_cell("  "))
    orders = [reruns.wrong_order(small, seed) for seed in range(20)]
    assert all(sorted(order) == [0, 2, 3] and order != [0, 2, 3] for order in orders)
    assert orders == [reruns.wrong_order(small, seed) for seed in range(20)] and len(set(map(tuple, orders))) > 2
    assert reruns.wrong_order(notebook("1"), seed=1) == [0]


def test_out_of_order_a_missing_name_is_a_sentence_and_another_error_is_a_fault():
    assert reruns.faults_of_wrong_order(notebook("a = 1", "b = a + 1", "b + 1"), seed=1) == []
    small = notebook("a = {}", "a = {'key': 1}", "a['key']")
    seeds = {seed: reruns.wrong_order(small, seed) for seed in range(10)}
    bad = next(seed for seed, order in seeds.items() if order.index(1) < order.index(0) < order.index(2))
    assert reruns.faults_of_wrong_order(small, bad) == [f"cell 2, wrong order {bad}: KeyError: 'key'"]


def test_a_cell_that_never_ends_or_ends_the_kernel_is_told():
    ran = reruns.run(notebook("while True: pass", "1"), [0, 1], timeout_seconds=1)
    assert [(position, outputs[0].ename) for position, outputs in ran] == [(0, "CellTimeoutError")]
    ran = reruns.run(notebook("import os; os._exit(1)", "1"), [0, 1])
    assert [(position, outputs[0].ename) for position, outputs in ran] == [(0, "DeadKernelError")]
    assert not reruns.is_sentence(ran[0][1][0])


def test_reruns_fail_on_faults_and_on_nothing_to_run(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(paths, "NOTEBOOKS", tmp_path)
    monkeypatch.setattr(reruns, "SEEDS", (1,))
    assert "no notebook to run" in reruns.main([])
    nbformat.write(notebook("a = [1]", "a.clear() if a else 1 / 0"), tmp_path / "01-small.ipynb")
    assert reruns.main([]) is None  # `a` is made again by its own cell
    assert capsys.readouterr().out.endswith("1 notebooks, 2 cells: each twice in one kernel, and in 1 wrong orders.\n")
    nbformat.write(notebook("globals().setdefault('a', [1])", "a.pop()"), tmp_path / "01-small.ipynb")
    assert reruns.main([]) == "✘ 1 faults in 1 notebooks."
    assert "cell 1, second time: IndexError" in capsys.readouterr().out


# --- the soak ----------------------------------------------------------------------------------------------------


def test_numbers_choose_notebooks():
    notebooks = [Path("01-the-orm.ipynb"), Path("09-hit-rate.ipynb"), Path("10-caching-patterns.ipynb")]
    assert reruns.chosen(notebooks, []) == notebooks
    assert reruns.chosen(notebooks, ["10", "01"]) == [notebooks[0], notebooks[2]]
    assert reruns.chosen(notebooks, ["07"]) == []


def test_cores_are_kept_busy_and_left_alone_afterwards():
    with soak.busy(2) as spinners:
        processes = [psutil.Process(each.pid) for each in spinners]
        assert [each.is_running() for each in processes] == [True, True]
    assert [each.poll() is not None for each in spinners] == [True, True]


def test_a_spinner_ends_with_a_parent_that_was_killed():
    code = "from helpers.commands import soak\nwith soak.busy(1) as s: print(s[0].pid, flush=True); input()"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", code], cwd=paths.ROOT, text=True, **pipes) as parent:
        spinner = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    deadline = time.monotonic() + 10
    while spinner.is_running() and spinner.status() != psutil.STATUS_ZOMBIE and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not spinner.is_running() or spinner.status() == psutil.STATUS_ZOMBIE


def test_the_soak_counts_claims_and_errors_and_names_what_did_not_hold(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(paths, "NOTEBOOKS", tmp_path)
    small = notebook(
        "from helpers.claims import claim",
        "claim('It is one.', 1, equals=1)\nclaim('It is two (nearly).', 1, equals=2)",
        "print('✔ not a claim')",
        "1 / 0",
    )
    nbformat.write(small, tmp_path / "01-small.ipynb")
    output = tmp_path / "soak.md"
    assert soak.main(["--rounds", "2", "--output", str(output)]) == "✘ Not everything held: see the table."
    text = output.read_text()
    assert "| 01-small | 2 | 4 | 2 | 2 |" in text
    assert "- 01-small: It is two (nearly). (2 times)" in text
    assert "- 01-small: cell 3: ZeroDivisionError: division by zero (2 times)" in text


def test_the_table_says_when_all_held():
    rows = [("01", number, 10.0 * number, "held", "A claim.") for number in (1, 2, 3)]
    text = soak.report(pd.DataFrame(rows, columns=["lesson", "round", "seconds", "what", "text"]), cores=2)
    assert "| 01 | 3 | 3 | 3 | 0 | 20 | 30 |" in text and text.endswith("Every claim held in every run.\n")


def test_a_soak_without_claims_is_a_failure(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "NOTEBOOKS", tmp_path)
    assert soak.main(["--rounds", "1", "--output", str(tmp_path / "soak.md")]).startswith("✘ No claim ran")
    assert not (tmp_path / "soak.md").exists()


# --- as another user ---------------------------------------------------------------------------------------------


@pytest.fixture
def clone(tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    for name, text in {".gitignore": "left-out/\n", "kept.txt": "1", "new.txt": "2", "left-out/x": "3"}.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text)
    (root / "link").symlink_to("kept.txt")
    (root / "run").write_text("#!/bin/sh\n")
    (root / "run").chmod(0o755)
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    subprocess.run(["git", "-C", str(root), "add", "kept.txt", "run"], check=True)
    return root


def test_the_copy_holds_what_a_clone_would_and_changes_not_yet_committed(clone, tmp_path):
    assert other_user.copy(clone, tmp_path / "copy") == 5
    copied = {each.name for each in (tmp_path / "copy").iterdir()}
    assert copied == {".gitignore", "kept.txt", "new.txt", "link", "run"}
    assert (tmp_path / "copy" / "link").is_symlink() and os.access(tmp_path / "copy" / "run", os.X_OK)
    (clone / "kept.txt").unlink()
    assert "kept.txt" not in other_user.files(clone)


def test_a_folder_without_files_is_refused(tmp_path):
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    with pytest.raises(ValueError, match="holds no file that git knows"):
        other_user.copy(tmp_path, tmp_path / "copy")


def test_the_other_user_gets_no_folder_of_ours(monkeypatch):
    monkeypatch.setenv("MAKEFLAGS", "-n")
    monkeypatch.setenv("XDG_CACHE_HOME", "/root/.cache")
    monkeypatch.setenv("TROUBLESPOTS_REQUIRE_SERVERS", "1")
    found = other_user.environment(Path("/its/home"))
    assert found["HOME"] == "/its/home" and found["TMPDIR"] == "/its/home/tmp"
    assert not {"TROUBLESPOTS_WORK", "MAKEFLAGS", "XDG_CACHE_HOME"} & set(found)
    assert found["TROUBLESPOTS_REQUIRE_SERVERS"] == "1"


def test_an_ordinary_user_is_told_that_this_part_is_left_out(monkeypatch, capsys):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert other_user.main() == 0
    assert "only root can become another" in capsys.readouterr().out


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_root_runs_make_as_another_user_in_a_copy_and_its_status_counts(clone, monkeypatch, capfd):
    (clone / "Makefile").write_text("test:\n\t@id -un; touch made; $(PYTHON) -c 'print(6 * 7)'; exit $(STATUS)\n")
    monkeypatch.setattr(paths, "ROOT", clone)
    before = {each for each in Path(other_user.tempfile.gettempdir()).glob("troublespots-other-*")}
    for status in (0, 2):
        monkeypatch.setattr(sys, "argv", ["other_user", "test", f"STATUS={status}"])
        assert (other_user.main() != 0) == (status != 0)
    printed = capfd.readouterr().out
    assert printed.count(f"{other_user.USER}\n42") == 2
    assert not (clone / "made").exists()
    assert {each for each in Path(other_user.tempfile.gettempdir()).glob("troublespots-other-*")} == before


def test_a_user_that_there_is_not_gets_a_sentence(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(other_user, "USER", "no-such-user")
    assert "no user 'no-such-user' on this machine" in other_user.main()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_links_are_given_and_what_they_point_to_is_not(tmp_path):
    (tmp_path / "mine").write_text("")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "link").symlink_to(tmp_path / "mine")
    (tmp_path / "folder" / "dangling").symlink_to("nowhere")
    other_user.give(tmp_path / "folder", "nobody")
    nobody = pwd.getpwnam("nobody").pw_uid
    assert [each.lstat().st_uid for each in (tmp_path / "folder", *(tmp_path / "folder").iterdir())] == [nobody] * 3
    assert (tmp_path / "mine").stat().st_uid == 0


# --- wheels on every platform ------------------------------------------------------------------------------------


def test_the_command_for_a_platform_takes_wheels_alone_and_names_no_index():
    words = wheels.command(Path("a.lock"), "3.13", "aarch64-apple-darwin", Path("nowhere"))
    line = " ".join(words[1:])
    assert line == (
        "pip install --quiet --dry-run --only-binary :all: --require-hashes --python-version 3.13 "
        "--python-platform aarch64-apple-darwin --target nowhere -r a.lock"
    )


def test_twelve_platforms_are_asked_and_a_refusal_is_kept(monkeypatch, tmp_path):
    asked = []

    def run(words, **options):
        asked.append(words)
        assert options["cwd"] != paths.ROOT
        bad = "3.14" in words and "aarch64-apple-darwin" in words
        return subprocess.CompletedProcess(words, int(bad), stderr="no wheel" if bad else "")

    monkeypatch.setattr(wheels.subprocess, "run", run)
    reasons = wheels.check(tmp_path / "lock")
    assert len(asked) == len({tuple(each) for each in asked}) == 12
    assert {key: reason for key, reason in reasons.items() if reason} == {("macOS arm64", "3.14"): "no wheel"}


def test_a_missing_wheel_fails_the_command_and_so_does_a_missing_uv(monkeypatch, capsys):
    monkeypatch.setattr(wheels, "uv", lambda: "uv")
    monkeypatch.setattr(
        wheels, "check", lambda lock: {("Linux arm64", "3.11"): "no wheel", ("Linux x86-64", "3.11"): ""}
    )
    assert wheels.main() == "✘ The lock does not install from wheels on 1 of 2 platforms."
    assert capsys.readouterr().out == "✘ Linux arm64, Python 3.11\nno wheel\n✔ Linux x86-64, Python 3.11\n"
    monkeypatch.setattr(wheels, "uv", lambda: None)
    assert "needs uv" in wheels.main()
