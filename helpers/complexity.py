"""How hard a piece of source is to follow: cyclomatic complexity, lines, depth of nesting and number of conditionals.

measure(source)                       one row a function or method
compare({"before": a, "after": b})    one row a text, its functions taken together
"""

import ast
import textwrap

import pandas as pd
from radon.raw import analyze
from radon.visitors import ComplexityVisitor

COLUMNS = ["name", "complexity", "lines", "nesting", "conditionals"]
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_NESTING = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.TryStar, ast.Match)


def measure(source: str) -> pd.DataFrame:
    """One row for each function and method of the Python text `source`, in the order of the text.

    `name` ("Class.method" for a method), `complexity` (McCabe, "A Complexity Measure", 1976, as radon counts it: 1 and
    one more for each decision), `lines` (without blank lines, comments and docstrings), `nesting` (blocks within blocks
    below the `def`; 0 for a flat one) and `conditionals` (`if`, `elif`, `a if b else c`, `case`, and the `if` of a
    comprehension). What stands outside of functions is left out. Raises ValueError for a text that is no Python.
    """
    source, tree = _parsed(source)
    rows = []
    for name, node in _functions(tree):
        text = "\n".join(source.splitlines()[node.lineno - 1 : node.end_lineno])
        rows.append([name, _decisions(node), _lines(text), _nesting(node), _conditionals(node)])
    return pd.DataFrame(rows, columns=COLUMNS)


def compare(sources: dict[str, str]) -> pd.DataFrame:
    """One row for each text of `sources` (name → Python text), in their order, with the columns of `measure`.

    `complexity` is the sum over its functions, `nesting` that of its deepest one; `lines` and `conditionals` count the
    whole text, decorators and class lines included. Raises ValueError for a text that is no Python, with its name.
    """
    rows = []
    for name, source in sources.items():
        try:
            functions, (text, tree) = measure(source), _parsed(source)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from error
        deepest = max(functions.nesting, default=0)
        rows.append([name, functions.complexity.sum(), _lines(text), deepest, _conditionals(tree)])
    return pd.DataFrame(rows, columns=COLUMNS).astype(dict.fromkeys(COLUMNS[1:], int))


def _parsed(source):
    if not isinstance(source, str):
        raise ValueError(f"source is {type(source).__name__}: hand in text, as inspect.getsource(function) returns it.")
    source = textwrap.dedent(source)
    try:
        return source, ast.parse(source)
    except SyntaxError as error:
        raise ValueError(f"line {error.lineno} of the source is no Python ({error.msg}): mend it first.") from error


def _functions(tree, above=""):
    for node in ast.iter_child_nodes(tree):
        name = getattr(node, "name", None)
        if isinstance(node, _FUNCTIONS):
            yield f"{above}{name}", node  # with what is defined inside it, as radon counts a closure
        elif isinstance(node, ast.ClassDef):
            yield from _functions(node, f"{above}{name}.")
        else:
            yield from _functions(node, above)


def _decisions(node):
    # Each function by itself: radon does not list the methods of a class within a class.
    return ComplexityVisitor.from_ast(ast.Module([node], type_ignores=[])).functions[0].complexity


def _lines(text):
    return analyze(textwrap.dedent(text)).sloc


def _nesting(node, depth=0):
    deepest = depth
    for child in ast.iter_child_nodes(node):
        # An elif is an `if` alone in an else: it reads flat, and does not count as deeper.
        flat = isinstance(child, ast.If) and isinstance(node, ast.If) and node.orelse == [child]
        deeper = isinstance(child, _NESTING) and not flat
        deepest = max(deepest, _nesting(child, depth + deeper))
    return deepest


def _conditionals(tree):
    single = sum(isinstance(node, (ast.If, ast.IfExp, ast.match_case)) for node in ast.walk(tree))
    return single + sum(len(node.ifs) for node in ast.walk(tree) if isinstance(node, ast.comprehension))
