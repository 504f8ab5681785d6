"""A throw-away project is a real one: its own settings and process, its commands told the same way on every run."""

import os
import subprocess
import sys
import time

import pytest

from helpers import throwaway, warm_python
from helpers.throwaway import project as project_module

BOOK = """
from django.db import models


class Book(models.Model):
    title = models.CharField(max_length=80)
"""
PAGES = "    pages = models.IntegerField()\n"


@pytest.fixture
def project():
    made = throwaway.start("shop")
    made.write("shop/models.py", BOOK)
    made.manage("makemigrations shop", quiet=True)
    return made


class TestProject:
    def test_it_is_what_django_admin_makes_with_the_app_installed(self, project):
        assert (project.folder / "manage.py").is_file()
        assert project.files("shop/migrations") == ["0001_initial.py", "__init__.py"]
        assert '"shop",' in project.read("mysite/settings.py")
        assert str(project.folder) not in repr(project)

    def test_two_projects_do_not_know_each_other(self, project):
        other = throwaway.start("shop")
        assert other.files("shop/migrations") == ["__init__.py"] and other.folder != project.folder

    def test_a_copy_has_the_files_and_the_rows_and_goes_its_own_way(self, project):
        project.manage("migrate shop", quiet=True)
        project.execute("INSERT INTO shop_book (title) VALUES (?)", [("Pro Django",), ("Two Scoops",)])
        copy = project.copy()
        copy.execute("DELETE FROM shop_book WHERE title = 'Pro Django'")
        assert copy.rows("SELECT title FROM shop_book").title.to_list() == ["Two Scoops"]
        assert len(project.rows("SELECT title FROM shop_book")) == 2

    def test_an_edit_of_the_same_length_in_the_same_second_counts(self, project):
        project.write("shop/models.py", BOOK.replace("80", "90"))
        assert "Alter field title" in project.manage("makemigrations", quiet=True).text
        project.write("shop/models.py", BOOK.replace("80", "70"))
        assert "Alter field title" in project.manage("makemigrations", quiet=True).text

    def test_other_databases_are_known_under_their_alias(self, tmp_path):
        entry = {"ENGINE": "django.db.backends.sqlite3", "NAME": tmp_path / "other.sqlite3"}
        made = throwaway.start("shop", databases={"other": entry})
        made.write("shop/models.py", BOOK)
        made.manage("makemigrations shop", quiet=True)
        assert made.manage("migrate shop --database other", quiet=True).status == 0
        assert len(made.rows("SELECT * FROM shop_book", database="other")) == 0
        with pytest.raises(throwaway.Refused, match="no such table"):
            made.rows("SELECT * FROM shop_book")
        with pytest.raises(ValueError, match="knows default, other"):
            made.rows("SELECT 1", database="postgres")

    @pytest.mark.parametrize("name", ["", "two words", "mysite", "class-y", None])
    def test_a_name_that_no_app_can_have_is_told(self, name):
        with pytest.raises(ValueError, match="app="):
            throwaway.start(name)

    def test_a_name_that_django_refuses_is_told_in_its_words(self):
        with pytest.raises(ValueError, match="conflicts with the name of an existing Python module"):
            throwaway.start("json")

    def test_files_outside_or_absent_or_unclear_are_told(self, project):
        with pytest.raises(ValueError, match="outside"):
            project.write("../elsewhere.py", "")
        with pytest.raises(ValueError, match="there is no file"):
            project.read("shop/books.py")
        with pytest.raises(ValueError, match="stands 2 times"):
            project.replace("shop/models.py", "models.Model", "models.Model") or project.replace(
                "shop/models.py", "import", "import import"
            ) or project.replace("shop/models.py", "import", "import")


class TestManage:
    def test_it_prints_command_and_output_and_returns_them(self, project, capsys):
        ran = project.manage("migrate", "shop")
        assert ran.status == 0 and "Applying shop.0001_initial... OK" in ran.text
        assert capsys.readouterr().out == f"$ python manage.py migrate shop\n{ran.text}\n"

    def test_quiet_prints_nothing(self, project, capsys):
        project.manage("check", quiet=True)
        assert capsys.readouterr().out == ""

    def test_answers_are_typed_and_shown(self, project):
        project.write("shop/models.py", BOOK + PAGES)
        text = project.manage("makemigrations shop", answers=[1, "7"]).text
        assert "Select an option: 1\n" in text and ">>> 7\n" in text
        assert "default=7" in project.read("shop/migrations/0002_book_pages.py")

    def test_too_few_answers_are_told_in_a_sentence(self, project, capsys):
        project.write("shop/models.py", BOOK + PAGES)
        project.manage("makemigrations shop", answers=[1], fails=True, quiet=True)
        assert "asked more than it got answers" in capsys.readouterr().out

    def test_a_failure_that_was_not_meant_is_told_in_a_sentence(self, project, capsys):
        assert project.manage("migrate nosuch", quiet=True).status == 1
        told = "✘ manage.py migrate failed (exit status 1). Its last line: CommandError: No installed app with label"
        assert capsys.readouterr().out.startswith(told)
        project.manage("migrate nosuch", quiet=True, fails=True)
        assert capsys.readouterr().out == ""
        project.manage("check", quiet=True, fails=True)
        assert "did not fail" in capsys.readouterr().out

    def test_the_same_commands_print_the_same_twice(self, project):
        def session(one):
            one.write("shop/models.py", BOOK + PAGES)
            ran = [one.manage("makemigrations shop --noinput", fails=True), one.manage("migrate shop")]
            ran += [one.manage("migrate shop zero -v 3"), one.manage("makemigrations shop", answers=[1, 0])]
            ran += [one.manage("shell", "-c", "1 / 0", fails=True)]
            return [each.text for each in ran] + [one.read("shop/migrations/0002_book_pages.py")]

        first, second = session(project.copy()), session(project.copy())
        assert first == second
        assert first[-1].startswith("# Generated by Django\n")
        assert first[-2].splitlines() == [
            "Traceback (most recent call last):",
            "  …",
            "ZeroDivisionError: division by zero",
        ]

    def test_no_path_of_this_machine_and_no_address_is_printed(self, project):
        text = project.manage("shell", "-c", "import os; print(os.getcwd(), open, object(), os.getcwd() + '/x')").text
        assert str(project.folder) not in text and "0x" not in text and text.endswith(" x")

    def test_the_kernels_own_settings_and_its_async_mark_stay_out(self, project, monkeypatch):
        monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "helpers.project.settings")
        code = "import os; print(os.environ['DJANGO_SETTINGS_MODULE'], 'DJANGO_ALLOW_ASYNC_UNSAFE' in os.environ)"
        assert project.manage("shell", "-c", code).text == "mysite.settings False"

    def test_a_command_that_never_ends_is_refused(self, project):
        with pytest.raises(ValueError, match="never end"):
            project.manage("runserver")

    def test_a_command_that_hangs_is_ended(self, project, monkeypatch, capsys):
        monkeypatch.setattr(project_module, "PATIENCE_S", 0.5)
        ran = project.manage("shell", "-c", "while True: pass")
        assert ran.status == 124 and "failed (exit status 124)" in capsys.readouterr().out


class TestGraph:
    def test_it_says_what_needs_what_and_what_is_applied(self, project):
        project.manage("migrate shop", quiet=True)
        for name in ("left", "right"):
            project.manage(f"makemigrations shop --empty --name {name}", quiet=True)
            (project.folder / f"shop/migrations/0002_{name}.py").rename(project.folder / name)
        for name in ("left", "right"):
            (project.folder / name).rename(project.folder / f"shop/migrations/0002_{name}.py")
        graph = project.graph().set_index("migration")
        assert graph.needs.to_dict() == {
            "0001_initial": (),
            "0002_left": ("0001_initial",),
            "0002_right": ("0001_initial",),
        }
        assert graph.index[graph.leaf].to_list() == ["0002_left", "0002_right"]
        assert graph.index[graph.applied].to_list() == ["0001_initial"]

    def test_a_graph_that_cannot_be_read_is_told(self, project):
        project.replace(
            "shop/migrations/0001_initial.py", "    dependencies = [\n", '    dependencies = [("shop", "0000"),\n'
        )
        with pytest.raises(ValueError, match="cannot read these migrations.*NodeNotFoundError"):
            project.graph()


class TestWarmPython:
    def run(self, code, **options):
        return warm_python.run(code, [], os.getcwd(), {}, **options)

    def test_every_command_has_a_process_of_its_own(self):
        assert self.run("import sys; sys.leak = 1; print('done')") == (0, "done\n")
        assert self.run("import sys; print(hasattr(sys, 'leak'))") == (0, "False\n")

    def test_the_exit_status_is_that_of_the_command(self):
        assert self.run("raise SystemExit(3)").status == 3
        assert self.run("raise SystemExit('no')") == (1, "no\n")
        assert self.run("1 / 0").status == 1

    def test_after_a_crash_of_the_warm_process_the_next_run_works(self):
        self.run("")
        warm_python._warm.kill()
        warm_python._warm.wait()
        assert self.run("print(2)") == (0, "2\n")

    def test_it_ends_with_its_owner_however_that_ends(self):
        owner = subprocess.Popen(
            [
                sys.executable,
                "-c",
                "import os, time; from helpers import warm_python\n"
                "warm_python.run('', [], '/', {}); print(warm_python._warm.pid, flush=True); time.sleep(60)",
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        warm = int(owner.stdout.readline())
        owner.kill()
        owner.wait()
        deadline = time.monotonic() + 10
        while _runs(warm) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not _runs(warm)


def _runs(process):
    import psutil

    try:
        return psutil.Process(process).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
