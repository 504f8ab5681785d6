"""What a cell needs: `%%needs memcached` leaves a cell out, in one sentence, where that server is missing."""

import importlib

from helpers.services import installing

SKIPPED: list[str] = []  # the servers that cells of this kernel were left out for


def available(name: str) -> bool:
    """True where the system has the server `name`; a name without a service module is looked up as a program."""
    module = _module(name)
    return module.available() if module else installing.find(name) is not None


def obstacle(name: str) -> str:
    """Why this account cannot use the server `name` although it is there, as its service module says; "" as a rule."""
    of_module = getattr(_module(name), "obstacle", None)
    return of_module() if of_module else ""


def named(cell: str) -> list[str] | None:
    """The servers that a cell's first line names after `%%needs`; None for a cell without that line."""
    first = cell.partition("\n")[0]
    return first.split()[1:] if first.startswith("%%needs") else None


def skipped(*names: str) -> None:
    """Print why the cell was left out; called in place of the cell's own lines."""
    SKIPPED.extend(names)
    why = (
        f"it needs the system's {' and '.join(names)}, which this machine does not have (or TROUBLESPOTS_SERVERS "
        "leaves out)"
    )
    if all(map(available, names)):
        why = "; ".join(filter(None, map(obstacle, names)))
    print(f"This cell was left out: {why}. Everything else in the lesson runs.")


def transform(lines: list[str]) -> list[str]:
    """The input transformer behind `%%needs`: cell lines in, cell lines out, as IPython calls it.

    A transformer, not a cell magic, so that a cell that is not left out runs as any other cell: same errors, same
    last value, same line numbers.
    """
    names = named(lines[0]) if lines else None
    if names is None:
        return lines
    if not names:
        return ["print('%%needs wants the name of a server, as in: %%needs memcached')\n"]
    missing = [name for name in names if not available(name) or obstacle(name)]
    if missing:
        return [f"__import__('helpers.needs', fromlist=['needs']).skipped(*{missing!r})\n"]
    return ["\n", *lines[1:]]


def _module(name):
    """The service module of that name; None where there is none."""
    try:
        return importlib.import_module(f"helpers.services.{name.lower()}")
    except ModuleNotFoundError:
        return None


def register(shell) -> None:
    """Make `%%needs` known to this kernel; calling it twice changes nothing."""
    if transform not in shell.input_transformers_cleanup:
        shell.input_transformers_cleanup.insert(0, transform)
