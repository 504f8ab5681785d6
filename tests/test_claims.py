"""Claims hold, fail and never raise; expected errors say when they did not come."""

import numpy as np
import pytest

from helpers import claims
from helpers.claims import RECORD, claim, expect


@pytest.mark.parametrize(
    ("value", "condition"),
    [
        (0.75, {"between": (0.7, 0.8)}),
        (2, {"above": 1}),
        (np.float64(0.5), {"below": 1}),
        ({"a"}, {"equals": {"a"}}),
        (1.01, {"near": (1, 0.02)}),
        (5, {"above": 1, "below": 9}),
    ],
)
def test_a_claim_that_holds_prints_its_text_alone(value, condition, capsys):
    claim("It holds.", value, **condition)
    assert capsys.readouterr().out == "✔ It holds.\n"
    assert RECORD[-1].ok


@pytest.mark.parametrize(
    ("value", "condition"),
    [
        (0.62, {"between": (0.7, 0.8)}),
        (1, {"above": 1}),
        (1, {"below": 1}),
        (2, {"equals": 1}),
        (1.1, {"near": (1, 0.02)}),
        (5, {"above": 1, "below": 4}),
        (float("nan"), {"above": 0}),
        (None, {"below": 1}),
        ("text", {"near": (1, 1)}),
        (np.array([1, 2]), {"above": 0}),
        (1, {}),
    ],
)
def test_a_claim_that_does_not_hold_says_so_and_never_raises(value, condition, capsys):
    claim("It holds.", value, **condition)
    assert capsys.readouterr().out.startswith("✘ It holds. (")
    assert not RECORD[-1].ok


def test_expect_prints_the_error_or_its_absence_and_lets_others_through(capsys):
    with expect(ZeroDivisionError):
        1 / 0
    with expect(KeyError, ValueError):
        pass
    assert capsys.readouterr().out == (
        "ZeroDivisionError: division by zero\n"
        "✘ Nothing was raised; this block was meant to raise KeyError or ValueError.\n"
    )
    with pytest.raises(TypeError), expect(KeyError):
        len(3)


def test_a_guess_stands_next_to_the_measurement_and_dots_are_no_guess(capsys):
    claims.compare(0.9, 0.65)
    claims.compare(..., "LRU")
    assert capsys.readouterr().out.splitlines() == [
        "✎ your guess: 0.9 · measured: 0.65",
        "✎ no guess yet · measured: 'LRU'",
    ]
