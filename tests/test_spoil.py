"""The gate behind every claim: spoilt measurements must turn it to ✘, and the notebook is left as it was."""

import numpy as np
import pandas as pd
import pytest

from helpers import claims
from helpers.building import spoil
from helpers.claims import claim

FRAME = pd.DataFrame({"hit_rate": [0.2, 0.5, 0.9], "setup": ["a", "b", "c"]})


def unnoticed(cell, **names):
    return spoil.unnoticed(cell, {"claim": claim, "np": np, "pd": pd, **names})


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ('claim("t", frame.hit_rate.max(), above=0.8)', {"frame": FRAME}),
        ('claim("t", frame.hit_rate.is_monotonic_increasing, equals=True)', {"frame": FRAME}),
        ('claim("t", rate, near=(0.5, 0.01))', {"rate": 0.5}),
        ('claim("t", abs(a - b), below=0.01)', {"a": 0.5, "b": 0.505}),
        ('claim("t", sum(answers) / len(answers), equals=0.5)', {"answers": [True, True, False, True, False, False]}),
        ('claim("t", len(lost), equals=2)', {"lost": ["x", "y"]}),
        ('claim("t", word, equals="miss")', {"word": "miss"}),
        ('claim("t", (frame.setup != "").sum() - len(frame), equals=0)', {"frame": FRAME}),
        ('claim("t", counts["a"] / counts["b"], above=2)', {"counts": {"a": 5, "b": 2}}),
        ('claim("t", hits[0] < hits[-1], equals=True)', {"hits": np.array([1, 2, 3])}),
        ('claim("t", table[4].max(), above=0.8)', {"table": FRAME.rename(columns={"hit_rate": 4})}),
    ],
)
def test_a_claim_about_a_measurement_notices(cell, names):
    assert unnoticed(cell, **names) == []


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ('claim("t", True, equals=True)', {"rate": 0.5}),
        ('rate\nclaim("t", 3, above=2)', {"rate": 0.5}),
        ('claim("t", frame.hit_rate.max(), above=-1)', {"frame": FRAME}),
        ('claim("t", len(frame), equals=3)', {"frame": FRAME}),
        ('claim("t", 0 * rate, below=1)', {"rate": 0.5}),
    ],
)
def test_a_claim_that_cannot_fail_is_named(cell, names):
    assert unnoticed(cell, **names) == ["t"]


def test_a_value_that_is_only_lost_proves_nothing():
    cell = 'claim("t", rate / rate if rate else float("nan"), equals=1)'
    assert unnoticed(cell, rate=0.5) == ["t"]


def test_names_and_the_record_are_put_back():
    names = {"claim": claim, "frame": FRAME.copy()}
    told = len(claims.RECORD)
    spoil.unnoticed('best = frame.hit_rate.max()\nclaim("t", best, above=0.8)', names)
    assert len(claims.RECORD) == told
    assert "best" not in names
    pd.testing.assert_frame_equal(names["frame"], FRAME)


def test_two_claims_of_one_cell_are_told_apart():
    assert unnoticed('claim("a", rate, above=0.4)\nclaim("b", 1, equals=1)', rate=0.5) == ["b"]
