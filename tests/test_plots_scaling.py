"""The picture of growth: points for what was measured, a line for each law, a dotted one for as many times one."""

import pandas as pd
import pytest

from helpers import plots_scaling
from helpers.scaling import Law

MEASURED = pd.DataFrame(
    [["order", 1, 10.0], ["order", 4, 25.0], ["compute", 1, 20.0], ["compute", 4, 40.0]],
    columns=["setup", "processes", "requests_per_s"],
)


def drawn(guess=None):
    ax = plots_scaling.growth(MEASURED, {"Amdahl": Law(10, 0.2)}, guess=guess)
    return ax, {line.get_label(): line for line in ax.lines}


def test_what_was_measured_is_points_and_laws_are_lines():
    ax, lines = drawn()
    assert list(lines) == ["as many times one", "Amdahl (fit)", "order (measured)", "compute (measured)"]
    assert list(lines["order (measured)"].get_ydata()) == [10, 25]
    assert lines["order (measured)"].get_linestyle() == "None" != lines["Amdahl (fit)"].get_linestyle()
    assert list(lines["as many times one"].get_ydata()) == [10, 40]
    assert lines["Amdahl (fit)"].get_ydata()[-1] == pytest.approx(25)
    assert ax.get_ylim()[0] == 0


def test_a_guess_is_so_many_times_one_and_dots_are_none():
    assert list(drawn(guess=3)[1]["your guess"].get_ydata()) == [30]
    assert "your guess" not in drawn(guess=...)[1]


def test_what_cannot_be_drawn_is_told():
    with pytest.raises(ValueError, match="no column requests_per_s"):
        plots_scaling.growth(MEASURED[["setup", "processes"]], {})
    for frame in (MEASURED[MEASURED.processes > 1], MEASURED[:0]):
        with pytest.raises(ValueError, match="nobody measured one process"):
            plots_scaling.growth(frame, {})
