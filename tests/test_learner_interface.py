"""The learner's interface in a real kernel: `%%needs` and errors in a sentence; then pictures and progress."""

import json
import os
import subprocess
import sys

import nbformat
import pytest
from matplotlib.figure import Figure
from nbclient import NotebookClient

from helpers import needs, progress, sentences, showing

CELLS = [
    "from helpers import needs, sentences\n"
    "from helpers.project.boot import boot\n"
    "boot()\nneeds.register(get_ipython())\nneeds.register(get_ipython())\nsentences.register(get_ipython())",
    "%%needs no-such-server\nraise SystemError('this must not run')",
    "%%needs python3\nruns = 6 * 7\nruns",
    "never_made + 1",
    "from helpers.services import memcached\nmemcached.start(memory_mb=0)",
    "1 / 0",
    "from django.db import models\n"
    "class Page(models.Model):\n    class Meta:\n        app_label = 'scratch'\n"
    "Page.objects.count()",
]


@pytest.fixture(scope="module")
def outputs():
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(each) for each in CELLS])
    NotebookClient(notebook, timeout=60, allow_errors=True, kernel_name="python3").execute()
    return [cell.outputs for cell in notebook.cells]


def test_set_up_prints_nothing_of_its_own(outputs):
    assert outputs[0] == []


def test_a_cell_whose_server_is_missing_is_left_out_in_one_sentence(outputs):
    assert [each.output_type for each in outputs[1]] == ["stream"]
    assert "needs the system's no-such-server" in outputs[1][0].text


def test_a_cell_whose_server_is_there_runs_as_any_other(outputs):
    assert outputs[2][-1].data["text/plain"] == "42"


def test_a_missing_name_is_a_sentence_that_says_what_to_run(outputs):
    (error,) = outputs[3]
    assert error.ename == "NameError"
    assert len(error.traceback) == 1
    assert "`never_made` does not exist yet" in error.traceback[0]
    assert "no-such-server" in error.traceback[0]


def test_a_refusal_of_ours_is_a_sentence_and_other_errors_keep_their_traceback(outputs):
    assert outputs[4][-1].traceback == [f"✘ {outputs[4][-1].evalue}"]
    assert "memory_mb=0" in outputs[4][-1].evalue
    assert len(outputs[5][-1].traceback) > 1


def test_a_forgotten_table_is_one_sentence_in_the_kernel(outputs):
    (error,) = outputs[6]
    assert error.ename == "OperationalError"
    assert len(error.traceback) == 1 and "`scratch_page` is not there yet" in error.traceback[0]


def test_an_interrupted_cell_is_told_that_nothing_is_lost():
    assert "still there" in sentences.sentence(KeyboardInterrupt, KeyboardInterrupt(), "/anywhere.py")


def test_a_forgotten_set_up_cell_is_told_and_other_settings_errors_keep_their_own_words():
    from django.core.exceptions import AppRegistryNotReady, ImproperlyConfigured

    forgotten = ImproperlyConfigured("Requested setting DATABASES, but settings are not configured.")
    for error in (forgotten, AppRegistryNotReady("Apps aren't loaded yet.")):
        assert "lesson.start" in sentences.sentence(type(error), error, "/django/conf.py")
    other = ImproperlyConfigured("The SECRET_KEY setting must not be empty.")
    assert sentences.sentence(ImproperlyConfigured, other, "/django/conf.py") is None


def test_a_table_that_no_cell_has_made_is_told_and_other_database_errors_keep_their_own_words():
    from django.db import OperationalError

    missing = OperationalError("no such table: scratch_person_friends")
    words = sentences.sentence(OperationalError, missing, "/django/db/backends/utils.py")
    assert "`scratch_person_friends`" in words and "create_tables" in words
    for other in ("no such table: conference_talk", "database is locked"):
        assert sentences.sentence(OperationalError, OperationalError(other), "/django/db/backends/utils.py") is None


def test_a_server_that_has_ended_is_told():
    refused = ConnectionRefusedError(111, "refused")
    assert "has ended" in sentences.sentence(ConnectionRefusedError, refused, "/socket.py")


def test_needs_without_a_name_says_so_and_other_cells_are_left_alone():
    assert "wants the name" in needs.transform(["%%needs\n", "1\n"])[0]
    assert needs.transform(["1\n"]) == ["1\n"]
    assert needs.transform([]) == []


def test_start_knows_its_lessons():
    program = "from helpers import lesson; lesson.start('99-no-such-lesson')"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert 'there is no lesson "99-no-such-lesson"' in ended.stderr


def displayed(monkeypatch, call):
    seen = []
    monkeypatch.setattr(showing, "display", lambda bundle, raw: seen.append(bundle))
    call()
    return seen[0]


def test_a_figure_carries_its_alt_text_escaped(monkeypatch):
    axes = Figure().subplots()
    axes.set_title("Rises")
    bundle = displayed(monkeypatch, lambda: showing.show(axes, alt='Rises to "99 %" & stays <flat>'))
    assert 'alt="Rises to &quot;99 %&quot; &amp; stays &lt;flat&gt;"' in bundle["text/html"]
    assert "data:image/png;base64,iVBOR" in bundle["text/html"]


def test_a_figure_without_alt_text_or_no_figure_at_all_gets_a_sentence():
    with pytest.raises(ValueError, match="needs alt="):
        showing.show(Figure(), alt=" ")
    with pytest.raises(TypeError, match="this is int"):
        showing.show(3, alt="three")


@pytest.mark.parametrize("place", ["suptitle", "center", "left", "right"])
def test_a_figure_states_its_finding_in_a_title_wherever_it_stands(monkeypatch, place):
    figure = Figure()
    first, second = figure.subplots(1, 2)
    with pytest.raises(ValueError, match="a title that states the finding"):
        showing.show(first, alt="Nothing yet")
    if place == "suptitle":
        figure.suptitle("More costs more")
    else:
        second.set_title("More costs more", loc=place)
    assert displayed(monkeypatch, lambda: showing.show(first, alt="Rises"))["text/plain"] == "Figure: Rises"


def test_what_stands_between_backticks_is_code_and_nothing_else_is_markup(monkeypatch):
    shown = []
    monkeypatch.setattr(showing, "display", lambda data, raw: shown.append(data["text/html"]))
    showing.quiz("What does `<b>` do?", right={"`a` or `b`": "See `c`."}, wrong={"One ` alone": "No."})
    showing.recall({"Why `x`?": "Because of `y`."})
    for each in ("<code>&lt;b&gt;</code>", "<code>a</code> or <code>b</code>", "See <code>c</code>.", "One ` alone"):
        assert each in shown[0]
    assert "<code>x</code>" in shown[1] and "<code>y</code>" in shown[1]


def test_a_quiz_gives_every_option_its_reason_in_one_order(monkeypatch):
    def ask():
        showing.quiz("Which is <faster>?", right={"get": "One trip."}, wrong={"set": "Two.", "add": "Three."})

    first, again = displayed(monkeypatch, ask), displayed(monkeypatch, ask)
    assert first == again
    assert first["text/html"].count("<details>") == 3
    assert "✔ Right. One trip." in first["text/html"]
    assert "&lt;faster&gt;" in first["text/html"]


def test_questions_from_before_bring_back_the_last_solution_that_was_looked_at(monkeypatch, work):
    from helpers import lesson

    questions = {"one?": "1", "two?": "2", "three <3?": "3"}
    before = displayed(monkeypatch, lambda: lesson.recall(questions))
    assert before["text/html"].count("<details>") == 3 and "three &lt;3?" in before["text/html"]
    progress.saw_solution("hit-rate-ttl")
    progress.saw_solution("hit-rate-count")
    after = displayed(monkeypatch, lambda: lesson.recall(questions))
    assert "three" not in after["text/html"] and after["text/html"].count("<details>") == 3
    assert "solution of hit-rate-count" in after["text/plain"]


def test_the_map_of_all_lessons_marks_what_was_solved_and_what_is_coming(work, capsys, monkeypatch):
    from helpers import curriculum, lesson, paths

    all_but_the_last = paths.lessons()[:-1]
    monkeypatch.setattr(paths, "lessons", lambda: all_but_the_last)

    progress.attempted("hit-rate-count", "return 1", solved=True)
    progress.attempted("hit-rate-break-even", "return 1", solved=False)
    lesson.progress()
    lines = capsys.readouterr().out.splitlines()
    assert [line[:2] for line in lines] == list(curriculum.TITLES)
    assert "✔·✘" in lines[9] and "1 of 8 solved" in lines[9]
    assert lines[17].endswith("coming") and not any(line.endswith("coming") for line in lines[:17])


def test_minutes_come_from_the_lessons_own_first_lines():
    from helpers import curriculum

    lessons = curriculum.lessons().set_index("lesson")
    assert lessons.state["09"] == "ready" and 20 <= lessons.core_minutes["09"] <= 60
    assert set(curriculum.routes().lesson) <= set(lessons.index)


@pytest.fixture
def work(tmp_path, monkeypatch):
    monkeypatch.setenv("TROUBLESPOTS_WORK", str(tmp_path))
    return tmp_path


def test_progress_counts_different_attempts_and_never_forgets_a_solved_one(work):
    progress.attempted("a", "return 1", solved=True)
    progress.attempted("a", "return 1", solved=False)
    progress.attempted("a", "return 2", solved=False)
    known = progress.of("a")
    assert (len(known["attempts"]), known["solved"], known["seen"]) == (2, True, False)
    assert sorted(each.name for each in work.iterdir()) == ["progress.json", "progress.lock"]


def test_a_broken_progress_file_is_kept_aside_with_a_sentence(work, capsys):
    (work / "progress.json").write_text("{broken")
    assert progress.read() == {}
    assert "kept as progress.broken.json" in capsys.readouterr().out
    assert (work / "progress.broken.json").read_text() == "{broken"


def test_a_full_disk_loses_no_earlier_progress_and_says_so(work, monkeypatch, capsys):
    progress.attempted("a", "return 1", solved=True)

    def no_room(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", no_room)
    progress.attempted("b", "return 1", solved=True)
    assert "could not be kept (No space left on device)" in capsys.readouterr().out
    assert set(json.loads((work / "progress.json").read_text())) == {"a"}


def test_kernels_that_write_at_once_lose_nothing(work):
    program = (
        "import sys; from helpers import progress\n"
        "for number in range(20): progress.attempted(f'{sys.argv[1]}-{number}', 'x', True)"
    )
    kernels = [subprocess.Popen([sys.executable, "-c", program, name]) for name in ("one", "two")]
    assert [each.wait() for each in kernels] == [0, 0]
    assert len(progress.read()) == 40
