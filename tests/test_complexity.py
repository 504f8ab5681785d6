"""Complexity of a source text: each number against a text whose numbers are counted by hand."""

import pandas as pd
import pytest

from helpers import complexity

FLAT = "def flat(a):\n    return a\n"
DEEP = '''
class Talks:
    """Not counted."""

    def deep(self, a):
        """Two lines
        of words."""
        # nor this
        for b in a:
            if b:
                with b:
                    return [c for c in b if c]
            elif a:
                return 1 if b else 2

        return None
'''


def row(source):
    return complexity.measure(source).iloc[0].to_dict()


def test_a_flat_function_has_one_path():
    assert row(FLAT) == {"name": "flat", "complexity": 1, "lines": 2, "nesting": 0, "conditionals": 0}


def test_a_deep_method_is_counted_as_by_hand():
    # for, if, elif, conditional expression, comprehension and its if: six decisions; for > if > with: three deep.
    assert row(DEEP) == {"name": "Talks.deep", "complexity": 7, "lines": 8, "nesting": 3, "conditionals": 4}


@pytest.mark.parametrize(
    ("body", "nesting", "conditionals"),
    [
        ("if a: pass", 1, 1),
        ("if a: pass\n elif b: pass\n elif c: pass", 1, 3),
        ("if a: pass\n else:\n  if b: pass\n  c = 1", 2, 2),
        ("while a:\n  try: pass\n  except A: pass", 2, 0),
        ("match a:\n  case 1: pass\n  case 2: pass", 1, 2),
        ("def inner():\n  if a: pass", 1, 1),
    ],
)
def test_nesting_and_conditionals(body, nesting, conditionals):
    found = row(f"def f(a, b, c):\n {body}\n")
    assert (found["nesting"], found["conditionals"]) == (nesting, conditionals)


def test_functions_come_in_the_order_of_the_text_and_indented_text_will_do():
    assert complexity.measure(f"{FLAT}{DEEP}").name.tolist() == ["flat", "Talks.deep"]
    assert row("    def f(a):\n        return a")["lines"] == 2
    assert row("@decorated\nasync def f(a):\n    return a")["complexity"] == 1


def test_a_class_within_a_class_is_found_too():
    inner = "class A:\n  class B:\n    def f(self):\n      if a: pass\n  if x:\n    def g(self): pass\n"
    table = complexity.measure(inner)
    assert (table.name.tolist(), table.complexity.tolist()) == (["A.B.f", "A.g"], [2, 1])


def test_texts_are_compared_as_wholes():
    table = complexity.compare({"flat": FLAT, "both": FLAT + DEEP, "none": "a = 1\n"}).set_index("name")
    assert table.loc["flat"].tolist() == [1, 2, 0, 0]
    assert table.loc["both"].tolist() == [8, 11, 3, 4]
    assert table.loc["none"].tolist() == [0, 1, 0, 0]
    assert (table.dtypes == "int64").all()


def test_a_text_without_functions_gives_no_row():
    assert isinstance(complexity.measure(""), pd.DataFrame) and complexity.measure("a = 1").empty


def test_what_is_no_python_is_told_in_a_sentence():
    with pytest.raises(ValueError, match="line 2 of the source is no Python"):
        complexity.measure("a = 1\nb = = 2")
    with pytest.raises(ValueError, match="mine: line 1"):
        complexity.compare({"mine": "def"})
    with pytest.raises(ValueError, match="hand in text"):
        complexity.measure(test_texts_are_compared_as_wholes)
