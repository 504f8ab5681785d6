"""Errors in a sentence: what a kernel prints for a missing name, an interrupted cell, or a refusal of ours."""

import re
from pathlib import Path

from django.core.exceptions import AppRegistryNotReady, ImproperlyConfigured
from django.db.utils import OperationalError
from pymemcache.exceptions import MemcacheUnexpectedCloseError

from helpers import needs

HERE = Path(__file__).resolve().parent
_SILENT = (ConnectionError, MemcacheUnexpectedCloseError)
_NOT_SET_UP = (AppRegistryNotReady, ImproperlyConfigured)
_NO_TABLE = re.compile(r"no such table: (scratch_\w+)")  # a table of a model that a cell declares
_REFUSALS = (ValueError, TypeError, OSError, RuntimeError, LookupError)


def register(shell) -> None:
    """Let this kernel say these errors in a sentence (`%tb` still shows the whole story)."""
    shell.set_custom_exc((NameError, KeyboardInterrupt, OperationalError, *_NOT_SET_UP, *_SILENT, *_REFUSALS), _show)


def sentence(kind, error, innermost: str) -> str | None:
    """The sentence for an error raised in the file `innermost`, or None where the usual traceback serves better."""
    if issubclass(kind, KeyboardInterrupt):
        return "You interrupted this cell. Servers go on running, and what earlier cells made is still there."
    if issubclass(kind, AppRegistryNotReady) or "settings are not configured" in str(error):
        return "Django is not set up in this kernel yet: run the lesson's first code cells, up to lesson.start(…)."
    if issubclass(kind, _SILENT):
        return "✘ Nothing answers there: its server has ended. Run the cell that starts it, then this one."
    if issubclass(kind, OperationalError) and (missing := _NO_TABLE.search(str(error))):
        return (
            f"The table `{missing[1]}` is not there yet, or no longer: its model is declared, and tables are made by "
            "create_tables(…). Run the cell that declares the model, the cell that makes its table, then this one."
        )
    ours = Path(innermost).is_relative_to(HERE)
    if issubclass(kind, NameError) and not ours and getattr(error, "name", None):
        why = "the cell that makes it has not run in this kernel"
        if needs.SKIPPED:
            why += f" (cells that need the system's {' and '.join(sorted(set(needs.SKIPPED)))} were left out)"
        return f"`{error.name}` does not exist yet: {why}. Choose Run ▸ Run All Above Selected Cell, then run this one."
    if ours and issubclass(kind, _REFUSALS) and str(error):
        return f"✘ {error}"
    return None


def _show(shell, kind, error, traceback, tb_offset=None):
    innermost = traceback
    while innermost.tb_next is not None:
        innermost = innermost.tb_next
    text = sentence(kind, error, innermost.tb_frame.f_code.co_filename)
    if text is None:
        shell.showtraceback((kind, error, traceback), tb_offset=tb_offset)
    else:
        shell._showtraceback(kind, error, [text])
