"""How throughput grows with processes: Amdahl's law and the Universal Scalability Law, and both fitted to measurements.

Of the work in a request a part is shared: only one process at a time can do it. Amdahl, "Validity of the single
processor approach to achieving large scale computing capabilities", 1967, says what this part costs. Gunther, "A Simple
Capacity Model of Massively Parallel Transaction Systems", 1993, adds what processes cost that have to agree with each
other, each with each: then more of them can do less. He called it the Universal Scalability Law later.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Law:
    """Requests a second that N processes do: one_per_s · N / (1 + shared · (N − 1) + crosstalk · N · (N − 1)).

    `one_per_s` is what one does; `shared` (0–1) is the part of its work that only one process can do at a time (σ in
    the papers, contention); `crosstalk` is what each pair of processes costs (κ, coherency). With crosstalk 0 this is
    Amdahl's law.
    """

    one_per_s: float
    shared: float
    crosstalk: float = 0.0

    def per_s(self, processes):
        """Requests a second for this many processes, a number or an array; never more than one_per_s for each."""
        count = np.asarray(processes, dtype=float)
        return self.one_per_s * count / (1 + self.shared * (count - 1) + self.crosstalk * count * (count - 1))

    def ceiling_per_s(self) -> float:
        """What no number of processes exceeds by Amdahl's part of the law: one_per_s / shared; inf with none shared."""
        return self.one_per_s / self.shared if self.shared else float("inf")

    def most_useful(self) -> float:
        """After how many more processes do less: √((1 − shared) / crosstalk); inf with crosstalk 0."""
        return ((1 - self.shared) / self.crosstalk) ** 0.5 if self.crosstalk else float("inf")


def amdahl(frame: pd.DataFrame) -> Law:
    """Amdahl's law fitted to `processes` and `requests_per_s`, one row a measurement; see `universal`."""
    return _fitted(frame, terms=2)


def universal(frame: pd.DataFrame) -> Law:
    """The Universal Scalability Law fitted to `processes` and `requests_per_s`, one row a measurement.

    Turned round, the law is linear: N / X = (1 + shared · (N − 1) + crosstalk · N · (N − 1)) / one_per_s, so least
    squares find it without a first guess. Each measurement counts by its relative error, so that the small ones are not
    drowned by the large. No part can be below 0, nor `shared` above 1. Raises ValueError for missing columns, for fewer
    numbers of processes than the law has unknowns, or for a throughput that is not above 0.
    """
    return _fitted(frame, terms=3)


def _fitted(frame, terms):
    count, per_s = _checked(frame, terms)
    ideal = count / per_s
    columns = np.array([np.ones_like(count), count - 1, count * (count - 1)])[:terms] / ideal
    best, least = None, np.inf
    # A part that would come out below 0 is 0: of all choices of the parts that stay, the best one that is allowed.
    for kept in (each for size in range(terms) for each in combinations(range(1, terms), size)):
        chosen = [0, *kept]
        found, *_ = np.linalg.lstsq(columns[chosen].T, np.ones_like(count), rcond=None)
        error = float(((columns[chosen].T @ found - 1) ** 2).sum())
        if (found >= 0).all() and found[0] > 0 and error < least - 1e-15:
            best, least = dict(zip(chosen, found.tolist(), strict=True)), error
    one = 1 / best[0]
    return Law(one, min(1.0, best.get(1, 0.0) * one), best.get(2, 0.0) * one)


def _checked(frame, terms):
    missing = [column for column in ("processes", "requests_per_s") if column not in frame.columns]
    if missing:
        raise ValueError(f"this frame has no column {missing[0]!r}: a row needs `processes` and `requests_per_s`.")
    count, per_s = (frame[column].to_numpy(dtype=float) for column in ("processes", "requests_per_s"))
    if len(set(count)) < terms:
        raise ValueError(
            f"{len(set(count))} numbers of processes were measured, and this law has {terms} unknowns: measure more."
        )
    if not (np.isfinite(per_s).all() and (per_s > 0).all() and (count >= 1).all()):
        raise ValueError("every row needs at least one process, and a throughput above 0: leave out what failed.")
    return count, per_s
