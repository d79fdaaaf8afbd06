"""``exact`` beside long chains of NUTS under the same prior and likelihood, world by world.

    python benchmarks/exact_study.py run [--small 12] [--growing 8]  # goes on where it stopped
    python benchmarks/exact_study.py proposals [--worlds 8]          # what each proposal buys
    python benchmarks/exact_study.py report

Run it in the environment of the extra ``numpyro``. Worlds are small_business (one geo) and
growing_business (several) of seeds no choice was made on. Of each channel's contribution over the
window the 5, 50 and 95% points of both answers are compared in units of their Monte Carlo error
(errors of quantiles by the effective sample size of the indicator, Vehtari et al. 2021; of weights
by theirs). Each fit is timed in a process of its own, cold: ``default`` is ``numpyro-mmm`` with
4 x (1000 + 1000). Rows are in ``results/exact_study``; draws stay in ``work/``.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

type Array = NDArray[np.float64]

HERE = Path(__file__).parent
OUT = HERE / "results" / "exact_study"
KEPT = HERE.parent / "work" / "exact_study"
FIRST_SEED = 801
POINTS = (0.05, 0.5, 0.95)
#: Budgets by part: chains, tune, draws.
BUDGETS = {"exact": (4, 1000, 1000), "default": (4, 1000, 1000), "long": (4, 1000, 3000)}
PARTS = ("exact", "default", "long")
CHUNK = 500


def fit_one(preset: str, seed: int, part: str) -> dict[str, Any]:
    """One fit, cold, timed; its totals by channel are kept."""
    begun = time.perf_counter()
    from mmm_benchmark.fit import Budget
    from mmm_benchmark.fitters.jax_inference import weighted
    from mmm_benchmark.fitters.numpyro_mmm import sampling
    from mmm_benchmark.fitters.numpyro_mmm.exact import Exact
    from mmm_benchmark.fitters.numpyro_mmm.fitter import NumpyroMMM
    from mmm_data_generator import generate_mmm_dataset

    imported = time.perf_counter() - begun
    observed = generate_mmm_dataset(preset, seed=seed).observed
    chains, tune, draws = BUDGETS[part]
    budget = Budget(chains=chains, tune=tune, draws=draws)
    found: list[Any] = []
    if part == "exact":
        weighted.draw = _kept(weighted.draw, found)
    else:
        sampling.METHODS["nuts"] = _kept(sampling.METHODS["nuts"], found)
    fitter = Exact() if part == "exact" else NumpyroMMM()
    begun = time.perf_counter()
    fit = fitter.fit(observed, budget, 1)
    seconds = imported + time.perf_counter() - begun
    z = np.asarray(found[0].z, np.float64)
    KEPT.mkdir(parents=True, exist_ok=True)
    _, first, times = np.unique(
        z.reshape(-1, z.shape[-1]), axis=0, return_inverse=True, return_counts=True
    )
    repeats = times[first].reshape(z.shape[:2])
    path = KEPT / f"{preset}_{seed}_{part}.npz"
    np.savez(path, totals=totals(observed, z), z=z, repeats=repeats)
    own = fit.diagnostics
    return {
        "seconds": round(seconds, 2),
        "k_hat": round(own.get("k_hat", float("nan")), 3),
        "weights_ess": round(own.get("weights_ess", float("nan")), 1),
        "answered_by": "chains" if part != "exact" or found[0].sample is not None else "weights",
        "r_hat": round(own.get("r_hat", float("nan")), 4),
        "ess_bulk": round(own.get("ess_bulk", float("nan")), 1),
        "divergences": own.get("divergences", 0.0),
        "self_check": own.get("self_check", ""),
        "dimension": z.shape[-1],
    }


def _kept(call: Callable[..., Any], found: list[Any]) -> Callable[..., Any]:
    def kept(*given: Any, **named: Any) -> Any:
        found.append(call(*given, **named))
        return found[-1]

    return kept


def totals(observed: Any, z: Array) -> Array:
    """Contribution of each channel over the window, (chain, draw, channel)."""
    import jax

    from mmm_benchmark.fitters.jax_inference.over_draws import over_draws
    from mmm_benchmark.fitters.numpyro_mmm import answer, density, prepare

    with jax.enable_x64(True):
        given = prepare.inputs(observed, "neutral")
        data = density.device_data(given)
        rows = z.reshape(-1, z.shape[-1])
        if rows.shape[1] < density.dimension(data):  # the means, which move no contribution
            c = len(np.asarray(data.prior_scale))
            rows = np.insert(rows, [3 * c] * c, 0.0, axis=1)
        parts = []
        for some in np.split(rows, range(CHUNK, len(rows), CHUNK)):
            drawn = over_draws(answer._constrained, some[None], data)
            flat = {name: value[0] for name, value in drawn.items() if name != "media"}
            parts.append(answer._contributions(flat, given)[0].sum((1, 2)))
    return np.concatenate(parts).reshape(*z.shape[:2], -1).astype(float)


def point_error(draws: Array, p: float, repeats: Array | None) -> tuple[Array, Array]:
    """The point of each channel and its Monte Carlo error.

    ``repeats`` says how often each draw was resampled, where weights made them: a draw that
    stands for many moves a point by as many.
    """
    from arviz_stats.base import array_stats

    flat = draws.reshape(-1, draws.shape[-1])
    point = np.quantile(flat, p, axis=0)
    error = np.empty_like(point)
    for c in range(draws.shape[-1]):
        below = (draws[..., c] <= point[c]).astype(float)
        if repeats is None:
            chance = (p * (1 - p) / float(array_stats.ess(below, method="mean"))) ** 0.5
        else:  # the sum over distinct draws of their squared weights, and of resampling
            chance = float(np.sum(repeats * (below - p) ** 2) / flat.shape[0] ** 2) ** 0.5
        near = np.quantile(flat[:, c], [max(p - chance, 0.0), min(p + chance, 1.0)])
        error[c] = (near[1] - near[0]) / 2
    return point, error


def compared(preset: str, seed: int, of_exact: dict[str, Any]) -> list[dict[str, Any]]:
    """Points of both answers, and how many of their errors they are apart."""
    own, other = (np.load(KEPT / f"{preset}_{seed}_{part}.npz") for part in ("exact", "long"))
    ours, theirs = own["totals"], other["totals"]
    repeats = own["repeats"] if of_exact["answered_by"] == "weights" else None
    rows = []
    for p in POINTS:
        point, own_error = point_error(ours, p, repeats)
        long, other_error = point_error(theirs, p, None)
        spread = np.std(theirs.reshape(-1, theirs.shape[-1]), axis=0)
        apart = (point - long) / np.hypot(own_error, other_error)
        rows += [
            {
                "preset": preset,
                "seed": seed,
                "channel": c,
                "point": p,
                "exact": f"{point[c]:.6g}",
                "long": f"{long[c]:.6g}",
                "apart": round(apart[c], 3),
                "in_sd": round((point[c] - long[c]) / spread[c], 4),
            }
            for c in range(len(point))
        ]
    return rows


def run(worlds: Iterable[tuple[str, int]]) -> None:
    """Fit what is not fitted, each in a process of its own, and compare."""
    fits, points = read("fits.csv"), read("points.csv")
    for preset, seed in worlds:
        own: dict[str, dict[str, Any]] = {}
        for part in PARTS:
            known = [r for r in fits if (r["preset"], r["seed"], r["part"]) ==
                     (preset, str(seed), part)]  # fmt: skip
            if not known:
                command = [sys.executable, __file__, "one", preset, str(seed), part]
                said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
                known = [{"preset": preset, "seed": str(seed), "part": part}
                         | json.loads(said.splitlines()[-1])]  # fmt: skip
                fits.append(known[0])
                write("fits.csv", fits)
                print(*known[0].values(), flush=True)
            own[part] = known[0]
        if not any((r["preset"], r["seed"]) == (preset, str(seed)) for r in points):
            points += [{k: str(v) for k, v in r.items()}
                       for r in compared(preset, seed, own["exact"])]  # fmt: skip
            write("points.csv", points)


def proposals(worlds: Iterable[tuple[str, int]]) -> None:
    """k-hat and effective draws of several proposals, adapted blindly and given the answer."""
    import jax

    from mmm_benchmark.fitters.common import importance, triangular
    from mmm_benchmark.fitters.jax_inference import weighted
    from mmm_benchmark.fitters.jax_inference.curvature import around, double_look, locate
    from mmm_benchmark.fitters.numpyro_mmm import density, prepare, without_means
    from mmm_data_generator import generate_mmm_dataset

    rows = read("proposals.csv")
    for preset, seed in worlds:
        if any((r["preset"], r["seed"]) == (preset, str(seed)) for r in rows):
            continue
        observed = generate_mmm_dataset(preset, seed=seed).observed
        answer = np.load(KEPT / f"{preset}_{seed}_long.npz")["z"]
        answer = answer.reshape(-1, answer.shape[-1])
        answer = answer[np.random.default_rng(0).permutation(len(answer))[:3000]]
        with jax.enable_x64(True):
            data = density.device_data(prepare.inputs(observed, "neutral"))
            c = len(np.asarray(data.prior_scale))
            for model, module in (("means drawn", density), ("means out", without_means)):
                target = weighted.Target(module.log_density, data, module.start(data))
                heights = weighted.batched(target)
                look = double_look(target.log_density, target.data)
                first = weighted.proposal(locate(look, around(target.start)))
                kept = answer if model == "means drawn" else np.delete(
                    answer, range(3 * c, 4 * c), axis=1)  # fmt: skip
                for name, refit in (("mixture of t", None), ("triangular", importance.bent)):
                    rng = np.random.default_rng(1)
                    begun = time.perf_counter()
                    found = importance.sample(
                        heights, first, rng, weighted.ROUND, weighted.MOST_ROUNDS,
                        weighted.LEAST_ESS, refit,
                    )  # fmt: skip
                    took = time.perf_counter() - begun
                    rows.append(_row(preset, seed, model, name, "adapted", found, took))
                    even = np.full(len(kept), 1 / len(kept))
                    begun = time.perf_counter()
                    told: importance.Proposal = (
                        importance.refitted(first, kept, even) if refit is None
                        else triangular.fitted(kept, even)
                    )  # fmt: skip
                    fresh = told.draw(rng, 2 * weighted.ROUND)
                    weight, k_hat, ess = importance._weighed(
                        heights(fresh) - told.log_density(fresh)
                    )
                    told_found = importance.Weighted(fresh, np.log(weight), k_hat, ess, told)
                    took = time.perf_counter() - begun
                    rows.append(
                        _row(preset, seed, model, name, "given the answer", told_found, took)
                    )
                    write("proposals.csv", rows)
                    print(*rows[-2].values(), "|", *rows[-1].values(), flush=True)


def _row(
    preset: str, seed: int, model: str, name: str, how: str, found: Any, took: float
) -> dict[str, str]:
    return {
        "preset": preset,
        "seed": str(seed),
        "model": model,
        "proposal": name,
        "how": how,
        "dimension": str(found.z.shape[1]),
        "k_hat": f"{found.k_hat:.3f}",
        "ess": f"{found.ess:.0f}",
        "of": str(len(found.z)),
        "seconds": f"{took:.2f}",
    }


def report() -> None:
    """Agreement, time and what proposals buy."""
    from scipy import stats

    points, fits, tried = read("points.csv"), read("fits.csv"), read("proposals.csv")
    for preset in ("small_business", "growing_business"):
        apart = np.array([float(r["apart"]) for r in points if r["preset"] == preset])
        if not apart.size:
            continue
        in_sd = np.array([abs(float(r["in_sd"])) for r in points if r["preset"] == preset])
        far, n = int((np.abs(apart) > 1.96).sum()), len(apart)
        low, high = stats.binomtest(far, n).proportion_ci(0.95)
        limit = stats.norm.ppf(1 - 0.025 / n)
        print(f"{preset}: {n} points; beyond 1.96 errors {far} ({far / n:.1%} "
              f"[{low:.1%}, {high:.1%}], 5% expected); furthest {np.abs(apart).max():.2f} "
              f"(Bonferroni {limit:.2f}); median {np.median(in_sd):.3f} sd, "
              f"largest {in_sd.max():.3f} sd")  # fmt: skip
        by = {part: {r["seed"]: r for r in fits if (r["preset"], r["part"]) == (preset, part)}
              for part in PARTS}  # fmt: skip
        for other in ("default", "long"):
            both = sorted(set(by["exact"]) & set(by[other]))
            ratio = np.log([float(by["exact"][s]["seconds"]) / float(by[other][s]["seconds"])
                            for s in both])  # fmt: skip
            if len(both) > 1:
                wide = stats.t.ppf(0.975, len(both) - 1) * ratio.std(ddof=1) / len(both) ** 0.5
                low, mid, high = np.exp([ratio.mean() - wide, ratio.mean(), ratio.mean() + wide])
                print(f"  time of exact over {other}: {mid:.2f} [{low:.2f}, {high:.2f}], "
                      f"{len(both)} worlds")  # fmt: skip
        own = list(by["exact"].values())
        k = np.array([float(r["k_hat"]) for r in own])
        weights = sum(r["answered_by"] == "weights" for r in own)
        print(f"  k-hat {k.min():.2f} to {k.max():.2f}, median {np.median(k):.2f}; "
              f"weights answered {weights} of {len(own)}")  # fmt: skip
    keys = sorted({(r["preset"], r["model"], r["proposal"], r["how"]) for r in tried})
    for key in keys:
        some = [r for r in tried if (r["preset"], r["model"], r["proposal"], r["how"]) == key]
        k = np.array([float(r["k_hat"]) for r in some])
        share = np.array([float(r["ess"]) / float(r["of"]) for r in some])
        print(*key, f"| k-hat {np.median(k):.2f} ({k.min():.2f} to {k.max():.2f}), "
              f"{(k <= 0.7).sum()} of {len(k)} below 0.7; effective share {np.median(share):.1%}; "
              f"{np.median([float(r['seconds']) for r in some]):.1f} s")  # fmt: skip


def read(name: str) -> list[dict[str, Any]]:
    """Rows so far."""
    path = OUT / name
    if not path.exists():
        return []
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def write(name: str, rows: list[dict[str, Any]]) -> None:
    """All rows again."""
    OUT.mkdir(parents=True, exist_ok=True)
    with (OUT / name).open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def worlds(small: int, growing: int) -> list[tuple[str, int]]:
    """In turn, so that a run cut short has both kinds."""
    found = [("small_business", FIRST_SEED + i) for i in range(small)]
    for i in range(growing):
        found.insert(min(2 * i + 1, len(found)), ("growing_business", FIRST_SEED + i))
    return found


def main() -> None:
    """Run one part."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", choices=("run", "proposals", "report", "one"))
    parser.add_argument("one", nargs="*")
    parser.add_argument("--small", type=int, default=12)
    parser.add_argument("--growing", type=int, default=8)
    given = parser.parse_args()
    if given.part == "one":
        preset, seed, part = given.one
        print(json.dumps(fit_one(preset, int(seed), part)))
    elif given.part == "run":
        run(worlds(given.small, given.growing))
    elif given.part == "proposals":
        proposals(worlds(given.small, given.growing))
    else:
        report()


if __name__ == "__main__":
    main()
