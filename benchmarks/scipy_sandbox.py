"""Compare ``scipy`` with ``scipy-plain`` on several seeds of the sandbox world.

Prints, for each fit: the sum of squares over that at the true parameters, R2, the error of total
contributions (mean over channels of |fitted / true - 1|), the relative RMSE of weekly
contributions, and the seconds of the fit without imports.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import pandas as pd

from mmm_benchmark.fit import Budget
from mmm_benchmark.fitters.scipy_hill.fitter import ScipyHill
from mmm_benchmark.fitters.scipy_plain import ScipyPlain
from mmm_data_generator import generate_mmm_dataset


def compare(seeds: list[int]) -> pd.DataFrame:
    """One row for each seed and fitter."""
    rows = []
    for seed in seeds:
        dataset = generate_mmm_dataset("sandbox", seed=seed)
        assert dataset.truth is not None
        sales = dataset.observed["sales"].values
        true = dataset.truth["contribution"].transpose("geo", "date", "channel").values
        at_truth = float((dataset.truth["noise"] ** 2).sum())
        for fitter in (ScipyHill(), ScipyPlain()):
            started = time.perf_counter()
            fit = fitter.fit(dataset.observed, Budget(), seed)
            seconds = time.perf_counter() - started
            fitted = fit.posterior["contribution"].values[0, 0]
            squares = fit.diagnostics["sum_of_squares"]
            rows.append(
                {
                    "seed": seed,
                    "fitter": fitter.name,
                    "sse_over_truth": squares / at_truth,
                    "r2": 1.0 - squares / np.sum((sales - sales.mean()) ** 2),
                    "total_error": np.abs(fitted.sum((0, 1)) / true.sum((0, 1)) - 1.0).mean(),
                    "relative_rmse": np.sqrt(np.mean((fitted - true) ** 2) / np.mean(true**2)),
                    "seconds": seconds,
                }
            )
    return pd.DataFrame(rows)


def main() -> None:
    """Print the table and its means."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=10, help="fit seeds 1 to this number")
    arguments = parser.parse_args()
    compare([1])  # imports and first-call costs are not the fit's
    table = compare(list(range(1, arguments.seeds + 1)))
    print(table.round(3).to_string(index=False))
    print("\nmeans")
    print(table.drop(columns="seed").groupby("fitter").mean().round(3).to_string())


if __name__ == "__main__":
    main()
