"""What an exercise is: a task with its stub, hints, check, solutions and mistakes, gathered from one class body.

    class HitRate(Exercise):
        '''The share of hits among the answers of a cache.'''

        id = "hit-rate-count"

        def stub(answers): ...
        hints = ("…", "…")
        def check(attempt): ...                 # raises Incorrect, or returns what was measured, in words

        @solution
        def by_sum(answers): ...

        @mistake("between 0 and 1")             # words that the feedback to this mistake must contain
        def in_percent(answers): ...

Solutions and mistakes are real functions; for a class as answer they are factories without arguments whose body
defines and returns the class; for a value they are functions without arguments that return it.
"""

import ast
import inspect
import re
import sys
import textwrap

REGISTRY: dict[str, type["Exercise"]] = {}


class Incorrect(Exception):
    """An attempt is wrong: the message says call, got and expected, and carries the nudge for that very mistake."""


def solution(function):
    """Mark a function of an exercise's body as a solution that the tests run."""
    function.role = "solution"
    return function


def mistake(words: str):
    """Mark a function as a common mistake; the feedback to it must contain `words`."""

    def mark(function):
        function.role, function.words = "mistake", words
        return function

    return mark


class Exercise:
    """One exercise; subclasses register themselves under their `id`.

    `kind` says what the learner hands in: "function", "class" or "value". `uses_database` gives every check a copy of
    the database of its own. `name` is what the learner's cell calls a function, `options` are what it
    shows, as in `@exercise("orm-3", queries=2)`.
    """

    id: str = ""
    name: str = "stub"
    kind = "function"
    uses_database = False
    options: dict = {}
    hints: tuple[str, ...] = ()
    solutions: tuple = ()
    mistakes: tuple = ()

    def __init_subclass__(cls):
        marked = [value for value in vars(cls).values() if hasattr(value, "role")]
        cls.solutions = tuple(each for each in marked if each.role == "solution")
        cls.mistakes = tuple(each for each in marked if each.role == "mistake")
        for name, value in list(vars(cls).items()):
            if inspect.isfunction(value):
                setattr(cls, name, staticmethod(value))
        if cls.id in REGISTRY and REGISTRY[cls.id].__qualname__ != cls.__qualname__:
            raise ValueError(f"two exercises have the id {cls.id!r}: rename one of them")
        REGISTRY[cls.id] = cls

    def stub(*arguments):
        """What the learner starts from."""

    def check(attempt) -> str:
        """Judge an attempt: return what was measured, or raise Incorrect."""
        raise NotImplementedError

    @classmethod
    def task(cls) -> str:
        """The task, in words."""
        return inspect.cleandoc(cls.__doc__ or "")

    @classmethod
    def lesson(cls) -> str:
        """The lesson that the exercise belongs to, as in "09-hit-rate": its module says so."""
        return sys.modules[cls.__module__].LESSON

    @classmethod
    def answer_from(cls, function):
        """What a learner would hand in, made from a solution or a mistake: a function, a class, or a value."""
        return function if cls.kind == "function" else function()

    @classmethod
    def solution_source(cls, which: int = 0) -> str:
        """The source of a solution as a learner would type it, under the stub's name."""
        function = cls.solutions[which]
        source = textwrap.dedent(inspect.getsource(function))
        definition = ast.parse(source).body[0]
        lines = source.splitlines()[definition.lineno - 1 :]
        if cls.kind == "function":
            lines[0] = lines[0].replace(f"def {definition.name}(", f"def {cls.name}(", 1)
            return "\n".join(lines)
        body = [each for each in definition.body if not _is_docstring(each)]
        first, last = body[0].lineno, body[-1].lineno
        whole = source.splitlines()
        if cls.kind == "class":
            return textwrap.dedent("\n".join(whole[first - 1 : last - 1])).rstrip()
        text = textwrap.dedent("\n".join(whole[first - 1 :]))
        return text.replace("return ", "", 1).rstrip()

    @classmethod
    def check_stub(cls, cell: str) -> None:
        """Raise ValueError unless the cell's stub is the one that the gate has tried: same name, arguments, blanks."""
        if cls.kind == "value":
            if not re.search(rf'answer\(\s*"{re.escape(cls.id)}",\s*\.\.\.\s*\)', cell):
                raise ValueError(f'{cls.id}: the cell must hand in answer("{cls.id}", ...), with dots to replace')
            return
        ours = ast.parse(textwrap.dedent(inspect.getsource(cls.stub))).body[0]
        ours = next(each for each in ours.body if isinstance(each, ast.ClassDef)) if cls.kind == "class" else ours
        ours.name = cls.name
        theirs = next(
            node
            for node in ast.parse(cell).body
            if any(_calls(each, "exercise", cls.id) for each in getattr(node, "decorator_list", []))
        )
        if inspect.cleandoc(ast.get_docstring(theirs) or "") != cls.task():
            raise ValueError(f"{cls.id}: the docstring in the lesson is not the task of the exercise")
        if _bare(theirs) != _bare(ours):
            raise ValueError(f"{cls.id}: the stub in the lesson is not the stub of the exercise")

    @classmethod
    def filled(cls, cell: str) -> str:
        """A cell of a lesson with the first solution put in place of the stub; the cell's other lines stay.

        Raises ValueError when the cell does not hold this exercise.
        """
        tree = ast.parse(cell)
        lines = cell.splitlines()
        for node in tree.body:
            if cls.kind == "value" and _calls(getattr(node, "value", None), "answer", cls.id):
                before, after = lines[: node.lineno - 1], lines[node.end_lineno :]
                return "\n".join([*before, f'answer("{cls.id}", {cls.solution_source()})', *after])
            decorators = getattr(node, "decorator_list", [])
            if any(_calls(each, "exercise", cls.id) for each in decorators):
                start = node.lineno - 1  # the line of def or class, below its decorators
                solved = cls.solution_source().splitlines()
                where = next(i for i, line in enumerate(solved) if line.startswith(("def ", "class ")))
                opening = decorators[0].lineno - 1
                return "\n".join(
                    [
                        *lines[:opening],
                        *solved[:where],
                        *lines[opening:start],
                        *solved[where:],
                        *lines[node.end_lineno :],
                    ]
                )
        raise ValueError(
            f"this cell does not hold the exercise {cls.id!r}: it has neither @exercise nor answer() for it"
        )


def _bare(node) -> str:
    """A definition without its decorators and docstring, to compare."""
    node = ast.parse(ast.unparse(node)).body[0]
    node.body = [each for each in node.body if not _is_docstring(each) and ast.unparse(each) not in ("...", "pass")]
    node.decorator_list = []
    return ast.dump(node)


def _is_docstring(node) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _calls(node, name: str, first_argument: str) -> bool:
    return (
        isinstance(node, ast.Call)
        and getattr(node.func, "id", getattr(node.func, "attr", None)) == name
        and bool(node.args)
        and getattr(node.args[0], "value", None) == first_argument
    )
