"""The lock, environment.yml, apt.txt, postBuild, .ci/run and the Makefile fit together, and name nobody's machine."""

import os
import re
import shutil
import subprocess
import tomllib

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from helpers import paths
from helpers.commands import lab, wheels
from helpers.commands.doctor import SERVERS

PROJECT = tomllib.loads((paths.ROOT / "pyproject.toml").read_text())["project"]
REQUIRED = ("jupyterlab", "nbval", "pandas", "matplotlib", "pymemcache", "django")
LOCKS = ("requirements.lock", "requirements-peers.lock")
# A host or an address of an index, in whatever form it would come.
ADDRESS = re.compile(r"[a-z+]+://|--(extra-)?index-url|--find-links|--trusted-host|pythonhosted|pypi\.", re.IGNORECASE)


def read(name):
    return (paths.ROOT / name).read_text(encoding="utf-8")


def pins(name):
    """Package → the lock's lines for it (several where versions differ by Python), each as a Requirement."""
    found = {}
    for line in re.findall(r"^([A-Za-z0-9][^\\\n]*?)\s*\\$", read(name), re.MULTILINE):
        requirement = Requirement(line)
        found.setdefault(canonicalize_name(requirement.name), []).append(requirement)
    return found


@pytest.fixture(scope="module")
def environment():
    return yaml.safe_load(read("environment.yml"))


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_pins_every_package_with_hashes_and_names_no_index(name):
    assert not ADDRESS.search(read(name))
    blocks = re.split(r"^(?=\S)", re.sub(r"^\s*#.*\n", "", read(name), flags=re.MULTILINE), flags=re.MULTILINE)[1:]
    assert len(blocks) > 100
    for block in blocks:
        assert "==" in block.splitlines()[0] and "--hash=sha256:" in block, block


@pytest.mark.parametrize("name", REQUIRED)
def test_the_required_packages_are_in_the_lock_and_in_reach_of_what_the_project_asks(name):
    (asked,) = (each for each in map(Requirement, PROJECT["dependencies"]) if each.name == name)
    assert any(each.operator == "<" for each in asked.specifier), f"{name} has no upper bound"
    for pinned in pins("requirements.lock")[name]:
        (version,) = pinned.specifier
        assert version.version in asked.specifier
        assert pinned.marker is None or len(pins("requirements.lock")[name]) > 1


def test_every_dependency_of_the_project_is_locked_and_django_is_the_lts():
    locked = pins("requirements.lock")
    for each in map(Requirement, PROJECT["dependencies"]):
        assert all(next(iter(pin.specifier)).version in each.specifier for pin in locked[canonicalize_name(each.name)])
    assert [next(iter(pin.specifier)).version.rsplit(".", 1)[0] for pin in locked["django"]] == ["5.2"]


def test_the_peers_lock_differs_by_the_peers_alone():
    locked, peers = ({name: [str(each) for each in found] for name, found in pins(lock).items()} for lock in LOCKS)
    assert {name: peers.get(name) for name in locked} == locked
    assert {"uv", "cachetools"} <= set(peers) - set(locked)


def test_conda_brings_python_and_servers_and_the_lock_brings_every_package(environment):
    *conda, last = environment["dependencies"]
    assert environment["channels"] == ["conda-forge"] and last == {"pip": ["-r requirements.lock"]}
    names = {re.split("[=<>]", each)[0] for each in conda}
    assert not names & (set(pins("requirements.lock")) - {"pip"}), "a package would come twice, in two versions"
    assert {"python", "pip", "make"} <= names
    # What `make doctor` tells conda users to install is what the environment brings.
    assert names - {"python", "pip", "make"} == {server[3] for server in SERVERS.values() if server[3]}


def test_condas_python_is_one_that_the_lock_is_checked_for(environment):
    (version,) = (each.partition("=")[2] for each in environment["dependencies"] if str(each).startswith("python="))
    assert version in wheels.PYTHONS
    assert PROJECT["requires-python"] == f">={wheels.PYTHONS[0]}"


@pytest.mark.parametrize("name", ["environment.yml", "apt.txt", "postBuild", "Makefile", ".ci/run", "pyproject.toml"])
def test_no_address_and_no_host(name):
    assert not ADDRESS.search(read(name))


def test_apt_packages_are_names_alone():
    names = [line.partition("#")[0].strip() for line in read("apt.txt").splitlines()]
    names = [name for name in names if name]
    assert {"memcached", "libmemcached-tools"} <= set(names)
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9.+-]+", name) for name in names)  # Binder refuses anything else


@pytest.mark.parametrize("name", ["postBuild", ".ci/run"])
def test_scripts_can_be_run_stop_at_an_error_and_are_bash(name):
    assert os.access(paths.ROOT / name, os.X_OK)
    assert read(name).startswith("#!/usr/bin/env bash\n") and "\nset -euo pipefail\n" in read(name)
    subprocess.run(["bash", "-n", str(paths.ROOT / name)], check=True)


def test_binder_gets_the_project_without_its_dependencies_and_the_courses_settings(tmp_path, monkeypatch):
    shutil.copy2(paths.ROOT / "postBuild", tmp_path)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").write_text(
        '#!/bin/sh\necho "$@" >> called\ncase "$*" in *lab*) mkdir -p work/.jupyter/settings/x;; esac\n'
    )
    (tmp_path / "bin" / "python").chmod(0o755)
    variables = {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "HOME": str(tmp_path / "home"), "REPO_DIR": "x"}
    subprocess.run([str(tmp_path / "postBuild")], env=variables, check=True, cwd="/")
    assert (tmp_path / "called").read_text().splitlines() == [
        "-m pip install --quiet --no-deps --no-build-isolation -e .",
        "-m helpers.commands.lab --prepare",
    ]
    assert (tmp_path / "home" / ".jupyter" / "lab" / "user-settings" / "x").is_dir()
    monkeypatch.setenv("TROUBLESPOTS_WORK", str(tmp_path / "work"))
    assert lab.environment()["JUPYTERLAB_SETTINGS_DIR"] == str(tmp_path / "work" / ".jupyter" / "settings")


def test_ci_installs_what_apt_txt_names_skips_nothing_and_proves_everything(tmp_path):
    """Run .ci/run with an apt-get and a make that only note how they were called."""
    for name in ("apt-get", "make", "sudo"):
        (tmp_path / name).write_text(
            '#!/bin/sh\necho "${0##*/} $* [$TROUBLESPOTS_REQUIRE_SERVERS]" >> "$NOTES"\n'
            '[ "${0##*/}" = sudo ] && { shift; exec "$@"; }\n[ "${0##*/}" = make ] && exit "$STATUS"\nexit 0\n'
        )
        (tmp_path / name).chmod(0o755)
    variables = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "NOTES": str(tmp_path / "notes")}
    for status in ("0", "2"):
        run = subprocess.run([str(paths.ROOT / ".ci" / "run")], env={**variables, "STATUS": status})
        assert run.returncode == int(status)
    notes = [line for line in (tmp_path / "notes").read_text().splitlines() if not line.startswith("sudo")]
    assert len(notes) == 6
    assert notes[0] == "apt-get update -qq [1]"
    assert {"memcached", "libmemcached-tools", "chromium", "make", "python3-venv", "git"} <= set(notes[1].split())
    assert notes[2] == "make test-all LOCK=requirements-peers.lock [1]"


def make(*words):
    # Without the flags of the make that runs these tests.
    kept = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    return subprocess.run(["make", "-s", *words], cwd=paths.ROOT, env=kept, capture_output=True, text=True)


def test_help_lists_every_command():
    listed = re.findall(r"^make (\S+) +\S", make("help").stdout, re.MULTILINE)
    (phony,) = re.findall(r"^\.PHONY: (.*)$", read("Makefile"), re.MULTILINE)
    assert sorted(listed) == sorted(phony.split())
    assert {"lab", "test", "doctor", "refresh", "benchmark", "reset", "clean"} <= set(listed)
    assert make().stdout == make("help").stdout


@pytest.mark.parametrize(
    ("words", "runs"),
    [
        (["lab", "PORT=8899", "BROWSER=no"], '-m helpers.commands.lab --port "8899" --no-browser'),
        (["lab"], "-m helpers.commands.lab"),
        (["reset", "LESSON=09", "PROGRESS=yes"], "-m helpers.commands.reset 09 --progress"),
        (["reset"], "-m helpers.commands.reset"),
        (["benchmark"], "-m benchmarks"),
        (["refresh", "LESSON=09"], "-m helpers.commands.refresh 09"),
    ],
    ids=" ".join,
)
def test_what_a_command_runs(tmp_path, words, runs):
    done = make(
        "-n", *words, f"VENV={tmp_path}", f"STAMP={paths.ROOT / 'Makefile'}", "-o", str(paths.ROOT / "Makefile")
    )
    assert done.stdout.strip() == f"{tmp_path}/bin/python {runs}", done.stderr


@pytest.mark.parametrize("failing", ["ruff", "pytest -n", "--nbval", "counts"])
def test_a_part_that_fails_fails_make_test_and_nothing_runs_after_it(tmp_path, failing):
    (tmp_path / "bin").mkdir()
    python = tmp_path / "bin" / "python"
    python.write_text(f'#!/bin/sh\necho "$*" >> "{tmp_path}/called"\ncase "$*" in *"{failing}"*) exit 3;; esac\n')
    python.chmod(0o755)
    stamp = ["-o", str(paths.ROOT / "Makefile"), f"STAMP={paths.ROOT / 'Makefile'}", f"VENV={tmp_path}"]
    assert make("test", f"COUNTS=build/test-{tmp_path.name}", *stamp).returncode == 2
    assert failing in (tmp_path / "called").read_text().splitlines()[-1]


@pytest.mark.skipif(not shutil.which("git"), reason="needs git")
def test_git_leaves_the_learners_folder_and_what_is_built_alone(tmp_path):
    # In a repository of its own: a copy of the workshop without git's folder is proved by the same tests.
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    shutil.copy2(paths.ROOT / ".gitignore", tmp_path)
    ignored = ["work/09-hit-rate.ipynb", ".venv/bin/python", "build/counts/1.json", "helpers/__pycache__/x.pyc"]
    kept = ["postBuild", "notebooks/09-hit-rate.ipynb", "docs/soak.md"]
    run = subprocess.run(["git", "check-ignore", *ignored, *kept], cwd=tmp_path, capture_output=True, text=True)
    assert run.stdout.split() == ignored
