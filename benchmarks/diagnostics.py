"""Diagnosing four hundred series: all at once, and one after another as ``arviz_stats`` does.

    uv run benchmarks/diagnostics.py

Processor time of R-hat, bulk and tail ESS and the ESS of the mean of 4 chains of 1000 draws, the
two ways in turn; medians of ``--repeats``, and their ratio.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
from arviz_stats.base import array_stats

from mmm_benchmark.metrics import effective


def at_once(values: np.ndarray) -> None:
    """What a fit does."""
    for measure in (
        effective.rhat,
        effective.ess_bulk,
        effective.ess_tail,
        effective.ess_mean,
    ):
        measure(values)


def one_after_another(values: np.ndarray) -> None:
    """The library's functions, which loop over the series."""
    array_stats.rhat(values)
    array_stats.ess(values, method="bulk")
    array_stats.ess(values, method="tail", prob=(0.05, 0.95))
    array_stats.mcse(values, method="mean")


def seconds(work: Callable[[np.ndarray], None], values: np.ndarray) -> float:
    """Processor seconds of one run."""
    start = time.process_time()
    work(values)
    return time.process_time() - start


def main() -> None:
    """Print both medians and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--series", type=int, default=400)
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    noise = np.random.default_rng(0).standard_normal((given.series, 4, 1000))
    values = 0.02 * noise.cumsum(axis=-1) + noise
    at_once(values[:2]), one_after_another(values[:2])  # imports
    pairs = [
        (seconds(at_once, values), seconds(one_after_another, values)) for _ in range(given.repeats)
    ]
    fast, slow = np.median(pairs, axis=0)
    print(f"at once {fast:.2f} s, one after another {slow:.2f} s, ratio {slow / fast:.1f}")


if __name__ == "__main__":
    main()
