"""How good is the self-check of amortised answers as a classifier? It sees no truth.

    python benchmarks/self_check.py stored RESULTS    # fits of the suite's lite worlds, as stored
    python benchmarks/self_check.py fresh [--seeds N] [--fitters exact] # presets, fitted here
    python benchmarks/self_check.py study    # answers of exact that exact_study.py has kept
    python benchmarks/self_check.py report

An answer is *wrong* as ``silent_failures.csv`` counts it, and *off* when its 90% intervals of ROAS
hold fewer than three quarters of the truths: an honest wide answer is wrong, not off. Shares have
exact binomial 95% intervals (Clopper & Pearson 1934). ``fresh`` needs the environment of the extra
``diffusion`` (of ``numpyro`` for ``exact``) and goes on where it stopped.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

OUT = Path(__file__).parent / "results" / "self_check.csv"
COLUMNS = (
    *("fitter", "world", "seed", "source", "wrong", "covered"),
    *("median_error", "worst_error", "level", "chance_wrong", "held", "evidence_gain"),
)
FITTERS = ("diffusion-fast", "wiener", "exact")
PRESETS = ("small_business", "time_varying")
STUDY = Path(__file__).parent / "results" / "exact_study" / "fits.csv"
DRAWS = Path(__file__).parents[1] / "work" / "exact_study"
THRESHOLDS = (0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5)  # chances of being wrong, by its own draws
LEVELS = ("trust", "check", "do not use")


def judged(
    posterior: Any, predictive: Any, observed: Any, truth: Any, said: Mapping[str, float]
) -> dict[str, Any]:
    """The verdict on one answer, then the truth."""
    from mmm_benchmark.scoring.roas import roas_rows

    rows = roas_rows(posterior, observed, truth, bayesian=False)
    errors = np.abs(
        [float(row.get("roas_error", np.nan)) for row in rows if row["channel"] != "all"]
    )
    errors = errors[np.isfinite(errors)]
    covered = float(next(row["roas_covered_90"] for row in rows if row["channel"] == "all"))
    return {
        **against_truth(errors, covered),
        "level": int(said["self_check"]),
        "chance_wrong": round(said["chance_wrong"], 3),
        "held": round(said["weeks_held"], 3),
        "evidence_gain": round(said["evidence_gain"], 2) if "evidence_gain" in said else "",
    }


def against_truth(errors: Any, covered: float) -> dict[str, Any]:
    """Whether relative errors of ROAS (channel,) and what intervals hold make an answer wrong."""
    from mmm_benchmark.scoring.silent import LEAST_COVERAGE, MEDIAN_ERROR, WORST_ERROR

    median, worst = float(np.median(errors)), float(np.max(errors))
    return {
        "wrong": int(median > MEDIAN_ERROR or worst > WORST_ERROR or covered < LEAST_COVERAGE),
        "covered": round(covered, 3),
        "median_error": round(median, 3),
        "worst_error": round(worst, 3),
    }


def stored(results: Path) -> Iterator[dict[str, Any]]:
    """Answers of the suite's lite worlds."""
    from mmm_benchmark.store.datasets import load_dataset
    from mmm_benchmark.store.fits import Store

    for fit in Store(results, print):
        if fit.job["fitter"] not in FITTERS or fit.record["status"] != "ok":
            continue
        world = fit.job["dataset"]
        dataset = load_dataset(results, world["id"])
        with fit.tree() as tree:
            posterior = tree["posterior"].to_dataset().load()
            predictive = tree["posterior_predictive"].to_dataset().load()
        said = fit.record["diagnostics"]
        if "self_check" not in said:  # of a version that did not judge itself
            continue
        named = {"fitter": fit.job["fitter"], "world": world["name"], "seed": world["seed"]}
        yield (
            named
            | {"source": "suite lite"}
            | judged(posterior, predictive, dataset.observed, dataset.truth, said)
        )


def study(done: set[tuple[str, str, str]]) -> Iterator[dict[str, Any]]:
    """Answers of ``exact`` to the worlds of ``exact_study.py``, from their totals by channel."""
    from mmm_benchmark.metrics.self_check import chance_wrong
    from mmm_data_generator import generate_mmm_dataset

    with STUDY.open(encoding="utf-8") as file:
        fits = [row for row in csv.DictReader(file) if row["part"] == "exact"]
    for fit in fits:
        if ("exact", fit["preset"], fit["seed"]) in done:
            continue
        truth = generate_mmm_dataset(fit["preset"], seed=int(fit["seed"])).truth
        right = truth["contribution"].sum(("geo", "date")).values
        totals = np.load(DRAWS / f"{fit['preset']}_{fit['seed']}_exact.npz")["totals"]
        totals = totals.reshape(-1, len(right))
        low, high = np.quantile(totals, (0.05, 0.95), axis=0)
        errors = np.abs(totals.mean(0) / right - 1)
        covered = float(((low <= right) & (right <= high)).mean())
        yield {
            "fitter": "exact",
            "world": fit["preset"],
            "seed": fit["seed"],
            "source": "presets",
            **against_truth(errors, covered),
            "level": int(float(fit["self_check"])),
            "chance_wrong": round(chance_wrong(totals), 3),
        }


def made_by(name: str) -> Any:
    """A fitter as its row has it."""
    if name == "exact":
        from mmm_benchmark.fitters.numpyro_mmm.exact import Exact

        return Exact()
    import torch

    from mmm_benchmark.fitters.diffusion.fitter import Diffusion
    from mmm_benchmark.fitters.diffusion.wiener import Wiener

    torch.set_num_threads(1)
    return Wiener() if name == "wiener" else Diffusion(sampler="dpm", steps=8)


def fresh(
    seeds: int, fitters: Sequence[str], done: set[tuple[str, str, str]]
) -> Iterator[dict[str, Any]]:
    """Answers to worlds whose seeds no choice was made on."""
    from mmm_benchmark.fit import Budget
    from mmm_data_generator import generate_mmm_dataset

    for seed in range(701, 701 + seeds):
        for preset in PRESETS:
            made = generate_mmm_dataset(preset, seed=seed)
            for name in fitters:
                if (name, preset, str(seed)) in done:
                    continue
                fit = made_by(name).fit(made.observed, Budget(), 42)
                named = {"fitter": name, "world": preset, "seed": seed, "source": "presets"}
                yield named | judged(
                    fit.posterior,
                    fit.posterior_predictive,
                    made.observed,
                    made.truth,
                    fit.diagnostics,
                )


def keep(rows: Iterator[dict[str, Any]], kept: list[dict[str, Any]]) -> None:
    """Write each row as it comes."""
    for row in rows:
        kept.append(row)
        with OUT.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows(kept)
        print(row["fitter"], row["world"], row["seed"], LEVELS[int(row["level"])], flush=True)


def share(part: int, whole: int) -> str:
    """A share with its interval."""
    if not whole:
        return "none"
    from scipy.stats import binomtest

    low, high = binomtest(part, whole).proportion_ci(0.95)
    return f"{part} of {whole}: {part / whole:.0%} [{low:.0%}, {high:.0%}]"


def report(rows: list[dict[str, str]]) -> None:
    """Flagged wrong answers and false alarms, by source, fitter and what counts as a flag."""
    for source in ("suite lite", "presets"):
        for fitter in FITTERS:
            own = [row for row in rows if row["source"] == source and row["fitter"] == fitter]
            worlds = sorted({row["world"] for row in own}) if source == "presets" else [""]
            for world in worlds:
                some = [row for row in own if world in ("", row["world"])]
                print(f"\n{fitter}, {source} {world}: {len(some)} answers")
                counts = [sum(int(row["level"]) == level for row in some) for level in range(3)]
                print(
                    "  " + ", ".join(f"{n} {name}" for n, name in zip(counts, LEVELS, strict=True))
                )
                for what in ("wrong", "off"):
                    bad = [
                        (float(r["covered"]) < 0.75) if what == "off" else r["wrong"] == "1"
                        for r in some
                    ]
                    for least, flag in ((1, "check or do not use"), (2, "do not use")):
                        flags = [int(row["level"]) >= least for row in some]
                        hit = sum(f and b for f, b in zip(flags, bad, strict=True))
                        false = sum(f and not b for f, b in zip(flags, bad, strict=True))
                        print(
                            f"  {what}, flag = {flag}: flagged {share(hit, sum(bad))};"
                            f" false alarms {share(false, len(bad) - sum(bad))}"
                        )


def by_threshold(rows: list[dict[str, str]]) -> None:
    """What *check* would flag at other chances, seeds by halves: one to choose on, one to judge."""
    for name, half in (("odd seeds", 1), ("even seeds", 0)):
        for fitter in (*FITTERS, "all"):
            some = [
                row
                for row in rows
                if row["source"] == "presets" and fitter in ("all", row["fitter"])
                if int(row["seed"]) % 2 == half
            ]
            if not some:
                continue
            print(f"\n{fitter}, presets, {name}: {len(some)} answers")
            bad = np.array([row["wrong"] == "1" for row in some])
            chance = np.array([float(row["chance_wrong"]) for row in some])
            refused = np.array([int(row["level"]) == 2 for row in some])
            for most in THRESHOLDS:
                flags = (chance > most) | refused
                print(
                    f"  above {most}: flagged {share(int((flags & bad).sum()), int(bad.sum()))};"
                    f" false alarms {share(int((flags & ~bad).sum()), int((~bad).sum()))}"
                )


def main() -> None:
    """Run one part."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", choices=("stored", "fresh", "study", "report"))
    parser.add_argument("results", nargs="?", type=Path)
    parser.add_argument("--seeds", type=int, default=14)
    parser.add_argument("--fitters", nargs="+", choices=FITTERS, default=FITTERS[:2])
    given = parser.parse_args()
    kept: list[dict[str, Any]] = []
    if OUT.exists():
        with OUT.open(encoding="utf-8") as file:
            kept = list(csv.DictReader(file))
    if given.part == "stored":
        rows = list(stored(given.results))
        made = {row["fitter"] for row in rows}
        others = [r for r in kept if r["source"] != "suite lite" or r["fitter"] not in made]
        keep(iter(rows), others)
    elif given.part in ("fresh", "study"):
        done = {(r["fitter"], r["world"], r["seed"]) for r in kept}
        keep(
            study(done) if given.part == "study" else fresh(given.seeds, given.fitters, done), kept
        )
    else:
        report(kept)
        by_threshold(kept)


if __name__ == "__main__":
    main()
