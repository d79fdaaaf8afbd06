"""Recovery of the diffusion model, its physics alone and references, on held-out seeds.

One row a fit in ``benchmarks/results/diffusion/recovery.csv``, made in whatever environment has the
fitter's extra; fits already there are not made again:

    .venvs/diffusion/bin/python benchmarks/diffusion_evaluation.py fit diffusion-fast wiener
    .venvs/numpyro/bin/python benchmarks/diffusion_evaluation.py fit oracle --seeds 6
    .venvs/diffusion/bin/python benchmarks/diffusion_evaluation.py report

Training draws worlds by (training seed, step); a preset's dataset of any seed is never among them.
"""

from __future__ import annotations

import argparse
import csv
import importlib
import time
from pathlib import Path
from typing import Any

import numpy as np

from mmm_benchmark.fit import Budget
from mmm_benchmark.metrics import calibration
from mmm_benchmark.plan.registry import BUILT_IN
from mmm_benchmark.schema import REFERENCE_KIND
from mmm_data_generator import generate_mmm_dataset

HERE = Path(__file__).parent / "results" / "diffusion"
ROWS = HERE / "recovery.csv"
FIELDS = (
    "fitter", "dataset", "seed", "draws", "seconds", "within", "within_draw", "crps", "srmse",
    "cover50", "cover80", "cover90", "points", "variation_draw", "variation_mean", "mape",
    "positive", "true_level", "level", "accepted",
)  # fmt: skip


def crps_of(drawn: Any, world: Any) -> float:
    """CRPS of contributions over their mean; ``drawn`` is (draw, geo, date, channel)."""
    truth = world.truth["contribution"].values
    ordered = calibration.sort_draws(np.moveaxis(drawn.astype(float), 0, -1))
    return float(calibration.crps(ordered, truth).mean() / truth.mean())


def measure(fitter: Any, dataset: str, seed: int, budget: Budget) -> dict[str, Any]:
    """Fit one dataset and compare with its truth; figures are means over geos and channels."""
    world = generate_mmm_dataset(dataset, seed=seed)
    observed, truth = world.observed, world.truth
    if fitter.name == "oracle":
        from mmm_benchmark.plan.generating_family import family_text

        observed.attrs["family"] = family_text(world)
    start = time.perf_counter()
    fit = fitter.fit(observed, budget, seed)
    seconds = time.perf_counter() - start
    drawn = fit.posterior.stack(sample=("chain", "draw")).transpose("sample", ...)
    contribution = drawn["contribution"].values.astype(float)  # (draw, geo, date, channel)
    right = truth["contribution"].values
    ordered = calibration.sort_draws(np.moveaxis(contribution, 0, -1))
    point = contribution.mean(0)
    scale = right.mean((0, 1))
    sales = observed["sales"].values
    expected = drawn["expected_sales"].values.mean(0)
    counts = [calibration.coverage(ordered, right, level) for level in (0.5, 0.8, 0.9)]
    row = {
        "draws": len(contribution),
        "seconds": seconds,
        "crps": crps_of(contribution, world),
        "srmse": np.sqrt(((point - right) ** 2).mean((0, 1)).mean()) / scale.mean(),
        "cover50": counts[0][0], "cover80": counts[1][0], "cover90": counts[2][0],
        "points": counts[0][1],
        "mape": 100 * np.abs(expected / sales - 1).mean(),
        "positive": 100 * (contribution >= 0).mean(),
        "true_level": _joined(np.log(scale / sales.mean())),
        "level": _joined(np.log(contribution.mean((1, 2)) / sales.mean()).mean(0)),
        # what a reference must meet; fitters without chains have no such checks
        "accepted": int(all(ok for name, ok in fit.checks.items() if name != REFERENCE_KIND)),
    }  # fmt: skip
    if (
        "coefficient" in drawn
        and np.ptp(truth["coefficient"].values, axis=1).max() > 1e-6 * scale.mean()
    ):
        row |= _paths(drawn["coefficient"].values, truth["coefficient"].values)
    return {"dataset": dataset, "seed": seed, **row}


def _joined(values: Any) -> str:
    return ";".join(f"{v:.5f}" for v in values)


def _paths(drawn: Any, right: Any) -> dict[str, float]:
    z, true = np.log(np.maximum(drawn, 1e-9)).astype(float), np.log(np.maximum(right, 1e-9))
    mean = z.mean(0)
    return {
        "within": _correlation(mean, true).mean(),
        "within_draw": _correlation(z[0], true).mean(),
        "variation_draw": z.std(2).mean() / true.std(1).mean(),
        "variation_mean": mean.std(1).mean() / true.std(1).mean(),
    }


def _correlation(a: Any, b: Any) -> Any:
    a, b = (x - x.mean(1, keepdims=True) for x in (a, b))  # over dates
    return (a * b).sum(1) / np.sqrt((a**2).sum(1) * (b**2).sum(1) + 1e-12)


def read() -> list[dict[str, str]]:
    """All rows so far."""
    if not ROWS.exists():
        return []
    with ROWS.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def fit(
    names: list[str], dataset: str, seeds: int, budget: Budget, settings: dict[str, int]
) -> None:
    """Fit and append, seed by seed, so that a stop leaves all fitters equally far."""
    HERE.mkdir(parents=True, exist_ok=True)
    done = {(r["fitter"], r["dataset"], r["seed"]) for r in read()}
    entries = {entry.name: entry for entry in BUILT_IN}
    for seed in range(seeds):
        for name in names:
            if (name, dataset, str(seed)) in done:
                continue
            module, _, attribute = entries[name].target.partition(":")
            kind = getattr(importlib.import_module(module), attribute)
            fitter = kind(**{**entries[name].settings, **settings})
            row = measure(fitter, dataset, seed, budget)
            fresh = not ROWS.exists()
            with ROWS.open("a", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, FIELDS)
                if fresh:
                    writer.writeheader()
                short = {k: round(v, 5) if isinstance(v, float) else v for k, v in row.items()}
                writer.writerow({"fitter": name, **short})
            print(
                name, dataset, seed, f"{row['seconds']:.1f} s  CRPS {row['crps']:.3f}", flush=True
            )


def summary(rows: list[dict[str, str]]) -> dict[str, str]:
    """Means over seeds with their standard errors; coverage pooled over points."""

    def column(name: str) -> Any:
        return np.array([float(r[name]) for r in rows if r[name] != ""])

    def with_error(name: str, digits: int = 3) -> str:
        x = column(name)
        if not x.size:
            return ""
        error = x.std(ddof=1) / len(x) ** 0.5 if len(x) > 1 else np.nan
        return f"{x.mean():.{digits}f} ± {error:.{digits}f}"

    found = {"fits": str(len(rows)), "within-series corr.": with_error("within")}
    found["level corr."] = f"{_level(rows):.3f}"
    found["CRPS / mean contribution"] = with_error("crps")
    found["SRMSE"] = with_error("srmse")
    for level_name in ("50", "80", "90"):
        inside, points = column(f"cover{level_name}"), column("points")
        error = calibration.coverage_standard_error(inside, points)
        found[f"{level_name}% coverage"] = (
            f"{100 * inside.sum() / points.sum():.1f} ± {100 * error:.1f}"
        )
    found["variation ratio, draws"] = with_error("variation_draw", 2)
    found["variation ratio, mean"] = with_error("variation_mean", 2)
    found["positive media, %"] = f"{column('positive').mean():.1f}"
    found["sales MAPE, %"] = with_error("mape", 2)
    found["seconds, median"] = f"{np.median(column('seconds')):.1f}"
    return found


def report() -> None:
    """Write ``recovery.md``: one table a dataset, all fits, then the seeds all fitters share."""
    rows = read()
    text = ["# Recovery on held-out seeds", ""]
    for dataset in dict.fromkeys(r["dataset"] for r in rows):
        here = [r for r in rows if r["dataset"] == dataset]
        by = {
            n: [r for r in here if r["fitter"] == n]
            for n in dict.fromkeys(r["fitter"] for r in here)
        }
        common = set.intersection(*({r["seed"] for r in group} for group in by.values()))
        shared = {n: [r for r in group if r["seed"] in common] for n, group in by.items()}
        text += [f"## {dataset}", "", *_table(by)]
        if any(len(group) != len(common) for group in by.values()) and len(common) > 1:
            text += [f"On the {len(common)} seeds every fitter has:", "", *_table(shared)]
        if "oracle" in by:
            text += against_oracle(by)
    (HERE / "recovery.md").write_text("\n".join(text) + "\n", encoding="utf-8")
    print("\n".join(text))


def against_oracle(by: dict[str, list[dict[str, str]]]) -> list[str]:
    """Each fitter against the oracle on the seeds both have; the error is over seeds, paired."""
    oracle = {r["seed"]: r for r in by["oracle"]}
    passed = sum(r["accepted"] == "1" for r in oracle.values())
    lines = [
        f"Against the oracle, on shared seeds (its own checks passed on {passed} of {len(oracle)} "
        "fits; on the others a few of its parameters have less than 400 effective samples):",
        "",
        "| | seeds | within corr., share of the oracle's | level corr., share | CRPS ratio "
        "| sales MAPE, difference in points |",
        "|---|---|---|---|---|---|",
    ]
    for name, rows in by.items():
        pairs = [(r, oracle[r["seed"]]) for r in rows if r["seed"] in oracle]
        if name != "oracle" and pairs:
            ours, best = [a for a, _ in pairs], [b for _, b in pairs]
            cells = [
                _ratio(ours, best, "within"),
                f"{_level(ours) / _level(best):.2f}",
                _ratio(ours, best, "crps"),
                f"{_mean(ours, 'mape') - _mean(best, 'mape'):+.2f}",
            ]
            lines.append(f"| {name} | {len(pairs)} | " + " | ".join(cells) + " |")
    return [*lines, ""]


def _mean(rows: list[dict[str, str]], name: str) -> float:
    return float(np.mean([float(r[name]) for r in rows if r[name] != ""] or [np.nan]))


def _ratio(ours: list[dict[str, str]], best: list[dict[str, str]], name: str) -> str:
    """Ratio of means, with its error over seeds by the jackknife."""
    ratio = _mean(ours, name) / _mean(best, name)
    if len(ours) < 2 or not np.isfinite(ratio):
        return "" if not np.isfinite(ratio) else f"{ratio:.2f}"
    without = [
        _mean(ours[:i] + ours[i + 1 :], name) / _mean(best[:i] + best[i + 1 :], name)
        for i in range(len(ours))
    ]
    error = np.sqrt((len(ours) - 1) * np.var(without))
    return f"{ratio:.2f} ± {error:.2f}"


def _level(rows: list[dict[str, str]]) -> float:
    true, level = (
        np.concatenate([np.array(r[name].split(";"), float) for r in rows])
        for name in ("true_level", "level")
    )
    return float(np.corrcoef(true, level)[0, 1])


def _table(groups: dict[str, list[dict[str, str]]]) -> list[str]:
    columns = {name: summary(rows) for name, rows in groups.items()}
    lines = ["| | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    keys = next(iter(columns.values()))
    lines += [f"| {key} | " + " | ".join(c[key] for c in columns.values()) + " |" for key in keys]
    return [*lines, ""]


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("what", choices=("fit", "report"))
    parser.add_argument("fitters", nargs="*")
    parser.add_argument("--dataset", default="time_varying")
    parser.add_argument("--seeds", type=int, default=50, help="0, 1, ... below this")
    parser.add_argument("--draws", type=int, default=500, help="of samplers with chains, per chain")
    parser.add_argument("--own-draws", type=int, help="of diffusion and wiener; 200 if not given")
    parser.add_argument("--chains", type=int, default=4)
    given = parser.parse_args()
    if given.what == "report":
        report()
    else:
        budget = Budget(chains=given.chains, draws=given.draws, tune=given.draws)
        settings = {} if given.own_draws is None else {"draws": given.own_draws}
        fit(given.fitters, given.dataset, given.seeds, budget, settings)


if __name__ == "__main__":
    main()
