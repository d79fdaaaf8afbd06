"""Effective samples per second of the Bayesian fitters, side by side in one run.

    python benchmarks/ess_per_second.py --datasets small_business growing_business

Every fit is a job of the public API: a process of its own, cold, one at a time. ``ess_per_s`` is
the smallest bulk ESS over free parameters (marginalised coefficients included, once they are
drawn) over total seconds: import, build, compilation, warm-up, sampling, summary. The ratio is to
the best PyMC-Marketing sampler on the same dataset and seed. What was measured on a quiet
machine is in ``results/ess_per_second/quiet.csv``.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent / "results"
NATIVE = "numpyro-mmm"
PEERS = ("nutpie", "numpyro", "pymc", "blackjax")
COLUMNS = ("dataset", "seed", "fitter", "status", "total_s", "sample_s", "ess_bulk", "r_hat",
           "divergences", "peak_rss_mb", "ess_per_s", "ratio_to_best_peer")  # fmt: skip


def row(fit: Any) -> dict[str, Any]:
    """What one stored fit says of its speed."""
    record = fit.record
    found = record.get("diagnostics", {})
    total = record.get("total_s")
    ess = found.get("ess_bulk")
    return {
        "dataset": fit.job["dataset"]["name"],
        "seed": fit.job["dataset"]["seed"],
        "fitter": fit.job["fitter"],
        "status": record["status"],
        "total_s": total,
        "sample_s": record.get("seconds", {}).get("sample"),
        "ess_bulk": ess,
        "r_hat": found.get("r_hat"),
        "divergences": found.get("divergences"),
        "peak_rss_mb": record.get("peak_rss_mb"),
        "ess_per_s": ess / total if ess and total else None,
    }


def with_ratios(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Add each fit's speed over that of the best peer on the same dataset."""
    rows = list(rows)
    for each in rows:
        peers = [
            other["ess_per_s"]
            for other in rows
            if other["fitter"] in PEERS
            and other["ess_per_s"]
            and (other["dataset"], other["seed"]) == (each["dataset"], each["seed"])
        ]
        known = each["ess_per_s"] and peers
        each["ratio_to_best_peer"] = each["ess_per_s"] / max(peers) if known else None
    return rows


def write(rows: list[dict[str, Any]], path: Path) -> None:
    """Write the table, numbers to four digits."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        for each in rows:
            shown = {
                name: f"{value:.4g}" if isinstance(value, float) else value
                for name, value in each.items()
            }
            writer.writerow(shown)
            print(*(f"{shown[name]!s:>16}" for name in COLUMNS))


def main() -> None:
    """Fit everything, one at a time, and write the table."""
    from mmm_benchmark import run_benchmark

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = ["small_business", "growing_business", "medium_business"]
    parser.add_argument("--datasets", nargs="+", default=default)
    parser.add_argument("--fitters", nargs="+", default=[NATIVE, "nutpie", "numpyro"])
    parser.add_argument("--chains", type=int, default=4)
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--tune", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--timeout", type=float, default=1800.0, help="seconds a fit may take")
    parser.add_argument("--results", type=Path, help="keep the fits there (made anew all the same)")
    parser.add_argument("--out", type=Path, default=HERE / "ess_per_second.csv")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as fresh:
        results = run_benchmark(
            given.datasets,
            samplers=given.fitters,
            chains=given.chains,
            draws=given.draws,
            tune=given.tune,
            seed=given.seed,
            timeout=given.timeout,
            results=given.results or fresh,
            force_rerun=True,
            plots=False,
        )
        write(with_ratios(row(fit) for fit in results.stored.values()), given.out)


if __name__ == "__main__":
    main()
