"""The two laws of scaling: known parameters are found again, also from noisy data; what is refused."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import scaling

COUNTS = [1, 2, 3, 4, 8]


def measured(law, counts=COUNTS, noise=0.0, seed=0):
    wobble = 1 + noise * np.random.default_rng(seed).standard_normal(len(counts))
    return pd.DataFrame({"processes": counts, "requests_per_s": law.per_s(counts) * wobble})


@given(st.floats(0.5, 500), st.floats(0, 0.9), st.floats(0, 0.1))
def test_known_parameters_are_found_again(one_per_s, shared, crosstalk):
    law = scaling.Law(one_per_s, shared, crosstalk)
    found = scaling.universal(measured(law))
    assert found.one_per_s == pytest.approx(one_per_s, rel=1e-6)
    assert (found.shared, found.crosstalk) == pytest.approx((shared, crosstalk), abs=1e-6)


@given(st.floats(0.5, 500), st.floats(0, 1))
def test_amdahls_law_finds_its_own(one_per_s, shared):
    found = scaling.amdahl(measured(scaling.Law(one_per_s, shared)))
    assert (found.one_per_s, found.shared) == (pytest.approx(one_per_s), pytest.approx(shared, abs=1e-6))
    assert found.crosstalk == 0


@pytest.mark.parametrize("seed", range(5))
def test_noise_of_three_percent_moves_them_little(seed):
    counts = [1, 1, 2, 2, 3, 3, 4, 4, 8, 8, 16, 16]
    found = scaling.universal(measured(scaling.Law(20, 0.2, 0.01), counts, 0.03, seed))
    assert found.one_per_s == pytest.approx(20, rel=0.1)
    assert found.shared == pytest.approx(0.2, abs=0.08) and found.crosstalk == pytest.approx(0.01, abs=0.006)


@given(st.lists(st.floats(0.1, 1000), min_size=5, max_size=5))
def test_whatever_was_measured_no_part_is_below_nothing(per_s):
    found = scaling.universal(pd.DataFrame({"processes": COUNTS, "requests_per_s": per_s}))
    assert found.one_per_s > 0 and 0 <= found.shared <= 1 and found.crosstalk >= 0


def test_the_law_by_hand():
    law = scaling.Law(10, shared=0.25)
    assert law.per_s([1, 2, 5]) == pytest.approx([10, 16, 25])  # 10·5 / (1 + 0.25·4)
    assert law.ceiling_per_s() == 40 and law.most_useful() == float("inf")
    assert scaling.Law(10, 0).ceiling_per_s() == float("inf")
    assert scaling.Law(10, 0.19, 0.01).most_useful() == pytest.approx(9)


def test_the_most_useful_number_is_where_the_law_is_highest():
    law = scaling.Law(10, 0.1, 0.02)
    counts = np.linspace(1, 30, 3_000)
    assert counts[law.per_s(counts).argmax()] == pytest.approx(law.most_useful(), abs=0.02)


def test_what_cannot_be_fitted_is_told():
    with pytest.raises(ValueError, match="no column 'requests_per_s'"):
        scaling.amdahl(pd.DataFrame({"processes": COUNTS}))
    with pytest.raises(ValueError, match="2 numbers of processes were measured, and this law has 3 unknowns"):
        scaling.universal(measured(scaling.Law(10, 0.1), [1, 2, 2]))
    with pytest.raises(ValueError, match="a throughput above 0"):
        scaling.amdahl(pd.DataFrame({"processes": [1, 2], "requests_per_s": [5.0, 0.0]}))
