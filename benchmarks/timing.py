"""Times candidates in turn, so that all meet the same moments of a shared machine; medians, and a row for the table."""

import statistics
import time


def interleaved(candidates: dict, repeats: int) -> dict[str, float]:
    """Call each of `candidates` (name → function) in turn, `repeats` times; returns the median seconds of each."""
    spent = {name: [] for name in candidates}
    for _ in range(repeats):
        for name, call in candidates.items():
            began = time.perf_counter()
            call()
            spent[name].append(time.perf_counter() - began)
    return {name: statistics.median(times) for name, times in spent.items()}


def row(what: str, against: str, value: float, unit: str, goal: str = "", holds: bool | None = None) -> dict:
    """One line of the table; `holds` is whether the goal was reached, None where there is none."""
    return {
        "what": what,
        "against": against,
        "measured": f"{value:.3g} {unit}".strip(),
        "goal": goal,
        "reached": {None: "", True: "✔", False: "✘"}[holds],
    }
