"""Every notebook as shipped: built from its lesson, executed, with no solution and no stored error in it."""

import ast
import os
import re

import nbformat
import pytest

from helpers import curriculum, paths
from helpers.building.convert import convert, notebook_path
from helpers.building.execute import LessonFailed, execute, refuse_failures
from helpers.building.normalise import normalise
from helpers.exercises.desk import registry

SOURCES = paths.lessons()
TEMPORARY = [f"tempfile.{name}" for name in ("mkdtemp", "mkstemp", "TemporaryDirectory", "NamedTemporaryFile")]
IDENTIFIER = re.compile(r'^(?:@exercise|answer)\("([^"]+)"', re.MULTILINE)


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_there_are_lessons():
    assert [each.stem[:2] for each in SOURCES] == [f"{number:02}" for number in range(18)]


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
class TestNotebook:
    def test_it_is_built_from_its_lesson(self, source):
        stored, built = nbformat.read(notebook_path(source), 4), convert(source)
        assert [(c.cell_type, c.source, c.id) for c in stored.cells] == [
            (c.cell_type, c.source, c.id) for c in built.cells
        ], "run `make refresh`"

    def test_every_cell_ran_once_in_order_without_an_error(self, source):
        stored = nbformat.read(notebook_path(source), 4)
        refuse_failures(stored)
        cells = code(stored)
        assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
        for cell in cells:
            for output in cell.outputs:
                assert not {"image/png", "image/svg+xml"} & set(output.get("data", {})), "a figure without alt text"
                html = output.get("data", {}).get("text/html", "")
                assert html.count("<img") == len(re.findall(r'<img alt="[^"]{20,}"', html))

    def test_cells_are_short_and_few_are_ignored(self, source):
        cells = code(nbformat.read(notebook_path(source), 4))
        for cell in cells:
            lines = [line for line in cell.source.splitlines() if line.strip()]
            assert len(lines) <= 15, cell.source
            ast.parse(re.sub(r"^%%.*", "", cell.source))
        ignored = sum("nbval-ignore-output" in cell.metadata.get("tags", []) for cell in cells)
        assert ignored <= len(cells) / 4

    def test_one_title_and_headings_that_do_not_jump(self, source):
        text = "\n".join(c.source for c in convert(source).cells if c.cell_type == "markdown")
        levels = [len(marks) for marks in re.findall(r"^(#+) ", text, re.MULTILINE)]
        assert levels.count(1) == 1 and levels[0] == 1
        assert all(after - before <= 1 for before, after in zip(levels, levels[1:], strict=False))

    def test_it_has_the_anatomy_of_a_lesson(self, source):
        text = "\n".join(c.source for c in convert(source).cells)
        known = curriculum.lessons().set_index("lesson").loc[source.stem[:2]]
        assert known.core_minutes <= 60
        wanted = ["**Core:**", "**needs:**", "**starts:**", "Credit:", f'lesson.start("{paths.lesson_name(source)}"']
        wanted += ["You may stop here.", "## There is a method for that", "## The Django way, and when to fight it"]
        wanted += ["## What you now know", "guess", "Next:"]
        assert [each for each in wanted if each not in text] == []
        order = [
            text.index(each) for each in ("**Core:**", "lesson.start(", "You may stop here.", "## There is a method")
        ]
        assert order == sorted(order)
        core, _, deeper = text.partition("You may stop here.")
        assert 2 <= len(re.findall(r"^## \d+\. ", core, re.MULTILINE)) <= 5
        assert len(IDENTIFIER.findall(core)) <= 4
        if source.stem[:2] == "00":
            return
        assert text.count("lesson.quiz(") == 5 and text.count("lesson.recall(") == 1
        assert "## Go deeper" in deeper and "## Why it trips people up" in core
        sections = len(re.findall(r"^###? \d+\. ", text, re.MULTILINE))
        for each in ("because = ", "**Why.**", "**In your project:**"):
            assert text.count(each) == sections, f"{each} stands {text.count(each)} times in {sections} sections"

    def test_prose_between_two_code_cells_is_short(self, source):
        words = 0
        for cell in convert(source).cells:
            if cell.cell_type == "code":
                words = 0
                continue
            why = re.search(r"\*\*Why\.\*\*.*?(?=\*\*In your project|\Z)", cell.source, re.DOTALL)
            assert len(why.group().split() if why else []) <= 150, why
            if re.match(r"## (There is a method|What you now know)", cell.source):
                continue
            words += len(cell.source.replace(why.group() if why else "", "").split())
            assert words <= 80, cell.source

    def test_every_stub_is_the_one_of_its_exercise(self, source):
        for cell in code(convert(source)):
            for identifier in IDENTIFIER.findall(cell.source):
                registry()[identifier].check_stub(cell.source)

    def test_with_every_solution_filled_in_all_is_right_and_every_claim_can_fail(self, source, tmp_path, monkeypatch):
        monkeypatch.setenv("TROUBLESPOTS_WORK", str(tmp_path))
        notebook, filled = convert(source), []
        cells = []
        for cell in notebook.cells:
            cells.append(cell)
            if cell.cell_type != "code":
                continue
            for identifier in IDENTIFIER.findall(cell.source):
                cell.source = registry()[identifier].filled(cell.source)
                filled.append(identifier)
            if CLAIM.search(cell.source):
                cells.append(spoiling(cell))
        notebook.cells = cells
        execute(notebook)
        printed = "".join(output.get("text", "") for cell in code(notebook) for output in cell.outputs)
        for identifier in filled:
            assert f"✔ {identifier}" in printed
        assert "is waiting for you" not in printed
        unnoticed = re.findall(r"^spoilt: (.*)$", printed, re.MULTILINE)
        ran = [cell for cell in code(notebook) if CLAIM.search(cell.source) and not left_out(cell)]
        assert len(unnoticed) == len(ran) >= 1
        assert [each for each in unnoticed if each != "[]"] == []


CLAIM = re.compile(r"^ *claim\(", re.MULTILINE)


def spoiling(cell):
    """A cell that spoils what the claims of `cell` were measured on, and prints which of them did not notice."""
    first, _, rest = cell.source.partition("\n")
    needs_line, body = (first + "\n", rest) if first.startswith("%%needs") else ("", cell.source)
    return nbformat.v4.new_code_cell(
        f"{needs_line}from helpers.building import spoil as _spoil\n"
        f"print('spoilt:', _spoil.unnoticed({body!r}, get_ipython().user_ns))",
        metadata=cell.metadata,
    )


def left_out(cell):
    return any("This cell was left out" in output.get("text", "") for output in cell.outputs)


def test_every_exercise_stands_in_exactly_one_cell():
    used = [found for source in SOURCES for found in IDENTIFIER.findall(source.read_text(encoding="utf-8"))]
    assert sorted(used) == sorted(registry())


def test_a_learners_progress_is_never_touched():
    assert os.environ["TROUBLESPOTS_WORK"]
    assert paths.work() != paths.ROOT / "work"


@pytest.mark.parametrize(
    "output",
    [
        nbformat.v4.new_output("error", ename="KeyError", evalue="", traceback=[]),
        nbformat.v4.new_output("stream", name="stderr", text="a warning"),
        nbformat.v4.new_output("stream", name="stdout", text="fine\n✘ a claim"),
    ],
)
def test_a_lesson_that_went_wrong_is_refused(output):
    cell = nbformat.v4.new_code_cell("1 / 0", outputs=[output])
    with pytest.raises(LessonFailed, match="cell 0"):
        refuse_failures(nbformat.v4.new_notebook(cells=[cell]))


def test_what_belongs_to_this_machine_is_refused():
    output = nbformat.v4.new_output("stream", name="stdout", text=f"in {paths.ROOT}/data")
    with pytest.raises(LessonFailed, match="belongs to this machine"):
        normalise(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1", outputs=[output])]))


@pytest.mark.parametrize("place", ["lessons", "helpers"])
def test_a_temporary_folder_is_one_that_the_sweeper_finds(place):
    """A killed kernel tidies nothing up: its folders lie in its own one, or bear our name."""
    unseen = []
    for path in sorted((paths.ROOT / place).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in TEMPORARY:
                given = {each.arg: ast.unparse(each.value) for each in node.keywords}
                if "dir" not in given and not re.match(r"f?['\"]troublespots-|PREFIX|f'\{", given.get("prefix", "")):
                    unseen.append(f"{path.name}, line {node.lineno}: {ast.unparse(node)}")
    assert unseen == []
