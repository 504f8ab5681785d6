"""Spoils what a claim was measured on, and says which claims did not notice: one that cannot fail is no claim."""

import ast
import contextlib
import io
import random

import numpy as np
import pandas as pd

from helpers import claims

SEED = 2011


def unnoticed(cell: str, names: dict) -> list[str]:
    """The texts of the claims in `cell` that hold whatever is done to the measured names that the cell reads.

    `cell` is the source of a cell that has just run, `names` the notebook's names. The cell runs again with each
    measured name spoilt alone, then all together: zeroed, reversed, shuffled, halved, raised, levelled. What it
    assigns, and the record of claims, are put back. A claim has noticed when it turns to ✘ with a value that can be
    compared: one that is only lost (None, NaN, an error in the cell) proves nothing.
    """
    before, told = dict(names), len(claims.RECORD)
    code = compile(cell, "<claim>", "exec")
    measured = {name: names[name] for name in _read(cell) if name in names and _is_measured(names[name])}
    try:
        held, noticed = _texts(code, names), set()
        for spoilt in _spoilings(measured):
            names.update(spoilt)
            noticed |= {text for text in held if text in _texts(code, names, ok=False)}
            names.update(measured)
    finally:
        for added in names.keys() - before.keys():
            del names[added]
        names.update(before)
        del claims.RECORD[told:]
    return [text for text in held if text not in noticed]


def _texts(code, names, ok=True):
    start = len(claims.RECORD)
    with contextlib.redirect_stdout(io.StringIO()), np.errstate(all="ignore"), contextlib.suppress(Exception):
        exec(code, names)
    return [each.text for each in claims.RECORD[start:] if each.ok is ok and (ok or _comparable(each.value))]


def _comparable(value):
    try:
        return value is not None and not bool(pd.isna(value))
    except (TypeError, ValueError):  # a list, a set, a frame: there to be compared
        return True


def _read(cell):
    return {
        node.id for node in ast.walk(ast.parse(cell)) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }


def _is_measured(value):
    return isinstance(value, (int, float, np.number, np.ndarray, pd.Series, pd.DataFrame, list, tuple, dict, set, str))


def _spoilings(measured):
    for way in (_zeroed, _reversed, _shuffled, _halved, _raised, _levelled):
        for name, value in measured.items():
            yield {name: way(value)}
            if isinstance(value, pd.DataFrame):  # a frame reversed as a whole still says the same
                for column in value.columns[[_numeric(value[each]) for each in value]]:
                    yield {name: _with(value, {column: way(value[column])})}
        yield {name: way(value) for name, value in measured.items()}
    for name, value in measured.items():
        for column in value if isinstance(value, pd.DataFrame) else ():
            if not _numeric(value[column]):
                yield {name: _with(value, {column: ""})}


def _with(frame, columns):
    """The frame with these columns in the place of its own; their names need not be texts, as `assign` wants them."""
    changed = frame.copy()
    for name, column in columns.items():
        changed[name] = column
    return changed


def _zeroed(value):
    return _each(value, lambda numbers: numbers * 0)


def _reversed(value):
    return _each(value, lambda numbers: numbers[::-1], alone=lambda number: 1 - number)


def _shuffled(value):
    order = random.Random(SEED)

    def shuffle(numbers):
        places = list(range(len(numbers)))
        order.shuffle(places)
        return numbers[places]

    return _each(value, shuffle, alone=lambda number: number * 2)


def _halved(value):
    return _each(value, lambda numbers: numbers / 2)


def _raised(value):
    """A count of nothing becomes a count of something."""
    return _each(value, lambda numbers: numbers + 1)


def _levelled(value):
    """Everything as large as the largest: no difference is left."""
    return _each(value, lambda numbers: np.full(len(numbers), numbers.max()), alone=lambda number: number * 10)


def _each(value, change, alone=None):
    """`value` with `change` made to its numbers; its shape, index and other columns stay."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float, np.number)):
        return alone(value) if alone else change(np.array([value]))[0].item()
    if isinstance(value, str):
        return ""
    if isinstance(value, dict):
        return dict(zip(value, _each(list(value.values()), change) or [0] * len(value), strict=True))
    if isinstance(value, (list, tuple, set)):
        items = list(value)
        if not items or not all(isinstance(item, (bool, int, float, np.number)) for item in items):
            return type(value)()
        return type(value)(_changed(np.array(items), change).tolist())
    if isinstance(value, pd.DataFrame):
        return _with(value, {name: _each(column, change, alone) for name, column in value.items() if _numeric(column)})
    if isinstance(value, pd.Series):
        return pd.Series(_changed(value.to_numpy(), change), value.index, name=value.name) if _numeric(value) else value
    return _changed(value, change) if value.size and value.dtype.kind in "biuf" else value


def _changed(numbers, change):
    if not len(numbers):
        return numbers
    if numbers.dtype == bool:
        return change(numbers.astype(int)).astype(bool)
    return change(numbers)


def _numeric(column):
    return column.dtype.kind in "biuf"
