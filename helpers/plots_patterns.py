"""Pictures of lesson 10: strategies by the share of writes, a herd of readers, and counts against what caused them."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from helpers import plots

PANELS = {
    "hit_rate": ("hit rate of reads (%)", True),
    "stale_share": ("stale reads (%)", True),
    "database_reads": ("database reads per 100 reads", False),
}


def by_writes(frame: pd.DataFrame, ceilings: pd.DataFrame | None = None):
    """Three panels against `write_share` (0–1, log scale, shown in %): hit rate, stale reads, database reads.

    `frame` has one row a `setup` and write share, with `hit_rate`, `stale_share` (both 0–1) and `database_reads` (a
    hundred reads); each setup is one kind of points. `ceilings` has `write_share`, `hit_rate`, `source`: lines in the
    first panel. Returns the figure. Raises ValueError for a frame without those columns.
    """
    plots.need(frame, ("setup", "write_share", *PANELS), "hand in the one of the cell above")
    figure = Figure(figsize=(10.5, 3.9), layout="constrained")
    panels = figure.subplots(1, len(PANELS), sharex=True)
    for ax, (column, (ylabel, percent)) in zip(panels, PANELS.items(), strict=True):
        if column == "hit_rate" and ceilings is not None:
            for number, (name, rows) in enumerate(ceilings.groupby("source", sort=False)):
                ax.plot(rows.write_share, rows.hit_rate, plots.LINES[number], color=plots.BLACK, label=name, lw=1.2)
        _points(ax, frame, "write_share", column)
        ax.set_xscale("log")
        ax.xaxis.set_major_formatter(PercentFormatter(xmax=1, symbol=""))
        ax.minorticks_off()
        ax.set_xticks(sorted(set(frame.write_share)))
        ax.set_xticklabels([f"{share:.1%}".removesuffix(".0%").rstrip("%") for share in sorted(set(frame.write_share))])
        _looks(ax, "writes (% of requests)", ylabel, percent)
        top = 1.05 if percent else 1.1 * max(1, frame[column].max())
        ax.set_ylim(-0.04 * top, top)
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=5, frameon=False)
    return figure


def herd(frame: pd.DataFrame, theory: pd.DataFrame | None = None, guess=None):
    """Panels against `readers` (log scale): `computations` of each `case`, and `slowest_ms` of the first, the wait.

    One kind of points for each `setup`, the same in all panels; a frame without a `case` is one case. `theory`
    (`readers`, `computations`, `source`, and `case` where the frame has it) becomes lines; a number as `guess` is a
    level in the first panel, `...` draws nothing. Returns the figure. Raises ValueError for a frame without those
    columns.
    """
    plots.need(frame, ("setup", "readers", "computations", "slowest_ms"), "hand in the one of the cell above")
    setups, cases = list(dict.fromkeys(frame.setup)), _cases(frame)
    figure = Figure(figsize=(3.4 + 3.3 * len(cases), 4.2), layout="constrained")
    *counts, wait = figure.subplots(1, len(cases) + 1, sharex=True)
    sources = [] if theory is None else list(dict.fromkeys(theory.source))
    for ax, (case, rows) in zip(counts, cases.items(), strict=True):
        expected = {} if theory is None else _cases(theory).get(case, theory[:0]).groupby("source", sort=False)
        for name, line in dict(iter(expected)).items():
            style = plots.LINES[sources.index(name)]
            ax.plot(line.readers, line.computations, style, color=plots.BLACK, label=name, lw=1.2)
        _points(ax, rows, "readers", "computations", setups)
        ax.set_yscale("log", base=2)
        ax.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
        ax.set_title(case, fontsize="medium")
    _points(wait, next(iter(cases.values())), "readers", "slowest_ms", setups)
    wait.set_title(next(iter(cases)), fontsize="medium")
    if isinstance(guess, (int, float)) and not isinstance(guess, bool) and guess > 0:
        counts[0].axhline(guess, color=plots.PURPLE, linestyle=":", linewidth=1.4)
        counts[0].annotate("your guess", (0.02, guess), xycoords=("axes fraction", "data"), va="bottom")
    for ax, ylabel in [(each, "computations") for each in counts] + [(wait, "slowest reader (ms)")]:
        ax.set_xscale("log", base=2)
        ax.set_xticks(sorted(set(frame.readers)), [str(each) for each in sorted(set(frame.readers))])
        ax.minorticks_off()
        _looks(ax, "readers", ylabel, False)
    wait.set_ylim(bottom=0)
    known = {label: handle for ax in counts for handle, label in zip(*ax.get_legend_handles_labels(), strict=True)}
    figure.legend(known.values(), known.keys(), loc="outside lower center", ncols=4, frameon=False)
    return figure


def against(frame: pd.DataFrame, x: str, y: str, xlabel: str, ylabel: str, percent=(), guess=None, ax=None):
    """Draw `y` against `x`: rows with the `source` "measured" are points, one kind a `setup`, other sources lines.

    `percent` names which of the two columns are shares (0–1, shown in %). A number as `guess` is drawn as a level,
    `...` draws nothing. Returns the Axes. Raises ValueError for a frame without those columns.
    """
    plots.need(frame, (x, y, "source"), "hand in the one of the cell above")
    ax = ax if ax is not None else plots.axes()
    measured = frame.source == "measured"
    for number, (name, rows) in enumerate(frame[~measured].groupby("source", sort=False)):
        rows = rows.sort_values(x)
        ax.plot(rows[x], rows[y], plots.LINES[number], color=plots.BLACK, label=name, linewidth=1.2)
    _points(ax, frame[measured], x, y)
    if isinstance(guess, (int, float)) and not isinstance(guess, bool):
        ax.axhline(guess, color=plots.PURPLE, linestyle=":", linewidth=1.4)
        ax.annotate("your guess", (0.99, guess), xycoords=("axes fraction", "data"), ha="right", va="bottom")
    if x in percent:
        ax.xaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0, symbol=""))
    _looks(ax, xlabel, ylabel, y in percent)
    ax.legend(frameon=False)
    return ax


def orders(frame: pd.DataFrame, ax=None):
    """A grid of orders: one column an `order` (letters, one a step), one row a `setup`, a sign where it is `wrong`.

    A cross stands for a cache that is wrong after that order, a dot for one that is right. Returns the Axes. Raises
    ValueError for a frame without those columns.
    """
    plots.need(frame, ("setup", "order", "wrong"), "hand in the one of the cell above")
    ax = ax if ax is not None else plots.axes(width=8.5, height=3.4)
    names, columns = list(dict.fromkeys(frame.setup))[::-1], list(dict.fromkeys(frame.order))
    for wrong, marker, colour, size, label in (
        (False, "o", plots.BLUE, 6, "right afterwards"),
        (True, "X", plots.VERMILION, 12, "wrong afterwards"),
    ):
        rows = frame[frame.wrong == wrong]
        places = rows.order.map(columns.index), rows.setup.map(names.index)
        ax.plot(*places, marker, color=colour, markersize=size, label=label)
    ax.set_xticks(range(len(columns)), columns)
    ax.set_yticks(range(len(names)), names)
    ax.set(xlabel="order of the steps", xlim=(-0.6, len(columns) - 0.4), ylim=(-0.6, len(names) - 0.4))
    ax.figure.legend(*ax.get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False)
    return ax


def _cases(frame):
    return dict(iter(frame.groupby("case", sort=False))) if "case" in frame else {"": frame}


def _points(ax, frame, x, y, setups=None):
    groups = frame.groupby("setup", sort=False) if "setup" in frame else [("measured", frame)]
    names = list(setups or [name for name, _ in groups])
    for name, rows in groups:
        number, rows = names.index(name), rows.sort_values(x)
        # Larger below smaller: setups that agree lie on each other, and all of them stay visible.
        size = max(11 - 2 * number, 4) if len(names) > 1 else 7
        colour, marker = plots.COLOURS[number], plots.MARKERS[number]
        ax.plot(rows[x], rows[y], marker, color=colour, label=name, markersize=size, clip_on=False)
        if len(rows) > 1:
            ax.plot(rows[x], rows[y], ":", color=colour, linewidth=0.8)


def _looks(ax, xlabel, ylabel, percent):
    ax.set(xlabel=xlabel, ylabel=ylabel)
    if percent:
        ax.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0, symbol=""))
    ax.grid(alpha=0.25)
    ax.spines[["top", "right"]].set_visible(False)
