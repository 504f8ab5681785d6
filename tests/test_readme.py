"""The README says what is there: the table of lessons, the picture, and the numbers under it."""

import re

import nbformat

from helpers import curriculum, paths
from helpers.commands import refresh

README = (paths.ROOT / "README.md").read_text(encoding="utf-8")
HIT_RATE = nbformat.read(paths.NOTEBOOKS / "09-hit-rate.ipynb", 4)


def test_the_table_of_lessons_is_the_curriculum():
    rows = re.findall(r"^\| (\d\d) \| (.*?) \| (?:(\d+) min)? ?\| (?:(\d+) min)? ?\| (\w+) \|$", README, re.MULTILINE)
    known = curriculum.lessons().astype(object).fillna("").astype(str)
    assert [list(row) for row in rows] == known.values.tolist()


def test_the_picture_is_the_one_that_the_notebook_shows():
    assert refresh.readme_picture(HIT_RATE) == refresh.PICTURE.read_bytes()


def test_the_numbers_under_the_picture_are_the_notebooks():
    (cell,) = (cell for cell in HIT_RATE.cells if "for memory_mb in range(2, 11)" in cell.source)
    table = cell.outputs[0].data["text/plain"]
    rates = [float(line.split()[3]) for line in table.splitlines()[1:]]
    assert len(rates) == 9
    said = re.search(r"from (\d+) % to (\d+) % hits", " ".join(README.split()))
    # The lowest and the highest differ by tenths from run to run, and may round either way.
    for percent, rate in zip(said.groups(), (min(rates), max(rates)), strict=True):
        assert abs(int(percent) - 100 * rate) <= 1


def test_links_inside_the_repository_resolve():
    for name in ("README.md", "CONTRIBUTING.md"):
        links = re.findall(r"\]\(([^)#:]+)\)", (paths.ROOT / name).read_text(encoding="utf-8"))
        assert [link for link in links if not (paths.ROOT / link).exists()] == []


def test_the_stored_table_of_lesson_00_is_the_curriculum_of_today():
    """A new core time in one lesson makes the stored output of another one wrong; nbval would say so much later."""
    stored = nbformat.read(paths.ROOT / "notebooks" / "00-start-here.ipynb", 4)
    shown = curriculum.lessons().astype(object).fillna("").to_html()
    rows = re.findall(r"<td>.*?</td>", shown)
    (told,) = [
        output["data"]["text/html"]
        for cell in stored.cells
        if "curriculum.lessons()" in cell.source
        for output in cell.get("outputs", [])
    ]
    assert re.findall(r"<td>.*?</td>", told) == rows, "run `make refresh LESSON=00`"
