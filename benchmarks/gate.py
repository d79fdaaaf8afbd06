"""What is to weigh network against physics: a gate learnt on worlds whose truth is known.

    python benchmarks/gate.py simulate [--worlds 120]   # goes on where it stopped
    python benchmarks/gate.py told [--worlds 120]       # worlds of priors that both are told
    python benchmarks/gate.py said [--worlds 120]       # and whether effects move, baselines wander
    python benchmarks/gate.py presets [--seeds 8]       # worlds that no training aims at
    python benchmarks/gate.py learn                     # weights, and what they buy out of sample

Worlds of the laws ``worlds`` and ``published`` of training, none of them of the suite, half of
them told beliefs; and half as many whose prior was drawn first, told that prior. Each is answered
by the shipped network (8 steps) and by ``wiener``. What is noted is what is seen before the truth,
and five numbers from which the CRPS of every mixture of the two follows: with weight w of the
network, w a + (1-w) b - w^2 c - (1-w)^2 d - w (1-w) e, summed over weeks and channels and divided
by the mean contribution. Beside them, of each channel's total, the share of draws of each that lie
below the truth: the mixture's is their weighted mean, which says what its intervals hold. Needs
the extra ``diffusion``.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

type Array = NDArray[np.float64]

RESULTS = Path(__file__).parent / "results" / "diffusion"
OUT, TOLD, SAID, OF_PRESETS, BOUGHT, BOUGHT_TOLD, BOUGHT_SAID = (
    RESULTS / f"gate{n}.csv"
    for n in ("", "_told", "_said", "_presets", "_bought", "_bought_told", "_bought_said")
)
SEEN = (
    *("outside", "gain", "misfit_network", "misfit_physics", "told", "cut", "apart", "moves"),
    "weeks",
)
PRESETS = ("small_business", "time_varying")
PRIORS_FROM = 1000  # seeds of worlds whose prior is drawn first
TOLD_FROM = 2000  # and of those that the weight under a told prior is learnt on
SAID_FROM = 3000  # and of those of which is said whether effects move and baselines wander
FIRST_SEED = 901  # of presets: no choice was made on these
ROUNDING = 1e-4  # paths below are of effects that stay
PARTS = ("a", "b", "c", "d", "e")
WEIGHTS = ("k_hat", "weights_ess")  # where the physics answered by weights
EFFECTIVE = (0, 10, 30, 100, np.inf)  # classes of effective draws
DRAWS = 100
PENALTY = 0.02  # ridge of the gate's slopes, per world
FOLDS = 10


def one(seed: int) -> dict[str, Any] | None:
    """One world of training's laws: what is seen, and the parts of its CRPS."""
    from mmm_benchmark.diffusion.problem.beliefs import draw_beliefs
    from mmm_benchmark.diffusion.training import worlds
    from mmm_benchmark.diffusion.training.simulated import NEEDED, observed_and_truth, usable
    from mmm_data_generator import draw_batch

    rng = np.random.default_rng([4711, seed])
    law = ("worlds", "published")[seed % 2]
    channels, weeks = int(rng.integers(3, 8)), int(rng.choice([78, 104, 131]))
    arrays = draw_batch(rng, worlds.LAWS[law], 1, channels, int(rng.integers(0, 4)), weeks, 1)
    if not usable(arrays).all():
        return None
    scaled, truth = observed_and_truth({name: arrays[name] for name in NEEDED})
    if seed % 4 > 1:
        scaled = draw_beliefs(rng, scaled, truth)
    return {"seed": seed, "law": law, **answered(arrays, scaled, truth, seed)}


def of_prior(seed: int) -> dict[str, Any]:
    """One world whose prior was drawn first, both told that prior."""
    from mmm_benchmark.diffusion.problem.laws import with_laws
    from mmm_benchmark.diffusion.problem.structure import known_to_stay, with_structure
    from mmm_benchmark.diffusion.training import prior_first
    from mmm_benchmark.diffusion.training.simulated import observed_and_truth

    rng = np.random.default_rng([4711, seed])
    channels, weeks = int(rng.integers(3, 8)), int(rng.choice([78, 104, 131]))
    controls = int(rng.integers(0, 4))
    geos = int(rng.choice([1, 1, 2])) if seed >= TOLD_FROM else 1
    arrays, told = prior_first.draw_arrays(rng, 1, channels, controls, weeks, geos)
    scaled, truth = observed_and_truth(arrays)
    scaled = with_laws(scaled, *told)
    if seed >= SAID_FROM:
        moves = float(truth.state.path.abs().max()) > ROUNDING
        scaled = with_structure(scaled, moves, baseline_wanders=False)
    law = "stays" if known_to_stay(scaled) else "prior first"
    return {"seed": seed, "law": law, **answered(arrays, scaled, truth, seed)}


def of_preset(preset: str, seed: int) -> dict[str, Any]:
    """The same of a world that no training aims at."""
    from mmm_benchmark.diffusion.training.simulated import NEEDED, observed_and_truth
    from mmm_data_generator import get_preset_config, simulate_batch

    arrays = simulate_batch(get_preset_config(preset), [seed])
    scaled, truth = observed_and_truth({name: arrays[name] for name in NEEDED})
    return {"seed": seed, "law": preset, **answered(arrays, scaled, truth, seed)}


def answered(arrays: Any, scaled: Any, truth: Any, seed: int) -> dict[str, Any]:
    """What is seen of both answers, and the parts of the CRPS of their mixtures."""
    import torch

    from mmm_benchmark.diffusion.inference import checkpoint, limits, total
    from mmm_benchmark.diffusion.inference.sample import Plan, decode, sample
    from mmm_benchmark.diffusion.problem.beliefs import expected, within_training
    from mmm_benchmark.diffusion.problem.schedule import cosine_schedule
    from mmm_benchmark.fitters.diffusion.wiener import solved

    # rows before were made when no network of its own answered under a prior
    as_users = seed >= TOLD_FROM
    folder = limits.SHIPPED_TOLD if as_users else limits.SHIPPED
    network, config, record = checkpoint.load(folder, torch.device("cpu"))
    schedule = cosine_schedule(config.diffusion_steps, config.cosine_offset)
    known, cut = scaled, 0
    if bool(scaled.said.any()):
        known, cut = within_training(scaled, config.network.priors)
    count = total.MORE * DRAWS if as_users else DRAWS
    of_network = sample(network, schedule, known, count, Plan("dpm", 8, 10), seed)
    if as_users:
        of_network, _ = total.heeded(of_network, known, DRAWS, seed)
    of_physics = solved(scaled, DRAWS, seed)
    many = scaled.take(torch.zeros(DRAWS, dtype=torch.long))
    generator = torch.Generator().manual_seed(seed)
    decoded = [decode(state, many, generator) for state in (of_network, of_physics.state)]
    n, p = (each.contribution.mean(1).double().numpy() for each in decoded)
    misfit = [
        float(np.log(((scaled.sales[0] - each.expected.mean(0)) ** 2).mean().item()
                     / (each.noise**2).mean().item()))
        for each in decoded
    ]  # fmt: skip
    certain = 1 - expected(scaled)[1][scaled.active].numpy()
    seen = {
        "outside": outside(arrays, record),
        "gain": float(np.log1p(of_physics.diagnostics.get("evidence_gain", 0.0))),
        "misfit_network": misfit[0],
        "misfit_physics": misfit[1],
        "told": float(certain.clip(min=0).mean()),
        "cut": cut / certain.size,
        "apart": float(np.log(n.sum() / p.sum())),
        "moves": float(of_network.hyper[:, 1].mean()),
        "weeks": float(scaled.sales.shape[-1]),
    } | {name: of_physics.diagnostics[name] for name in WEIGHTS if name in of_physics.diagnostics}
    right = truth.contribution[0].double().numpy()
    unit = right.mean() * right.size
    below = [" ".join(f"{x:.3f}" for x in (d.sum(1) < right.sum(0)).mean(0)) for d in (n, p)]
    return {name: round(value, 4) for name, value in seen.items()} | {
        "below_network": below[0],
        "below_physics": below[1],
        "a": float(np.abs(n - right).mean(0).sum() / unit),
        "b": float(np.abs(p - right).mean(0).sum() / unit),
        "c": within(n) / unit,
        "d": within(p) / unit,
        "e": float(np.abs(n[:, None] - p[None]).mean((0, 1)).sum() / unit),
    }


def outside(arrays: Any, record: dict[str, Any]) -> float:
    """How far the data lie from the middle of training, in half ranges: the furthest figure."""
    from mmm_benchmark.diffusion.inference.limits import array_summaries

    found = array_summaries(arrays["sales"], arrays["spend"])
    far = [
        abs(float(found[name]) - (low + high) / 2) / max((high - low) / 2, 1e-9)
        for name, (low, high) in record["prior_ranges"].items()
    ]
    return max(far)


def within(draws: Array) -> float:
    """Half the mean distance of two draws, summed over cells."""
    n = len(draws)
    weight = (2 * np.arange(1, n + 1) - n - 1).reshape(-1, *[1] * (draws.ndim - 1))
    return float((weight * np.sort(draws, axis=0)).sum() / (n * (n - 1)))


def simulate(count: int) -> None:
    """Worlds that are not there yet."""
    rows = read(OUT)
    done = {int(row["seed"]) for row in rows}
    for seed in range(count):
        if seed not in done and (found := one(seed)) is not None:
            kept(OUT, rows, found)
    for seed in range(PRIORS_FROM, PRIORS_FROM + count // 2):
        if seed not in done:
            kept(OUT, rows, of_prior(seed))


def told(path: Path, first: int, count: int) -> None:
    """Worlds whose prior was drawn first that are not there yet; a third has two geos."""
    rows = read(path)
    done = {int(row["seed"]) for row in rows}
    for seed in range(first, first + count):
        if seed not in done:
            kept(path, rows, of_prior(seed))


def presets(count: int) -> None:
    """So many seeds of each preset."""
    rows = read(OF_PRESETS)
    done = {(row["law"], int(row["seed"])) for row in rows}
    for seed in range(FIRST_SEED, FIRST_SEED + count):
        for preset in PRESETS:
            if (preset, seed) not in done:
                kept(OF_PRESETS, rows, of_preset(preset, seed))


def kept(path: Path, rows: list[dict[str, Any]], found: dict[str, Any]) -> None:
    """Write one row more."""
    rows.append({k: str(v) for k, v in found.items()})
    written(path, rows)
    at = [f"{crps(parts_of([found]), w)[0]:.3f}" for w in (0.0, 0.5, 1.0)]
    print(found["seed"], found["law"], *at, flush=True)


def written(path: Path, rows: list[dict[str, Any]]) -> None:
    """Write a table."""
    with path.open("w", newline="", encoding="utf-8") as file:
        names = max(rows, key=len)  # not every physics answers by weights
        writer = csv.DictWriter(file, list(names), restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def read(path: Path) -> list[dict[str, Any]]:
    """Rows so far."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def parts_of(rows: list[dict[str, Any]]) -> Array:
    """The five numbers of each world."""
    return np.array([[float(row[name]) for name in PARTS] for row in rows])


def crps(parts: Array, w: Array | float) -> Array:
    """CRPS of the mixture with weight ``w`` of the network, (world,)."""
    a, b, c, d, e = parts.T
    v = 1 - np.asarray(w)
    return np.asarray(w * a + v * b - w**2 * c - v**2 * d - w * v * e)


def ranks(rows: list[dict[str, Any]], w: Array) -> Array:
    """Where the truth of each channel's total lies in the mixture, between 0 and 1."""
    found = []
    for row, weight in zip(rows, w, strict=True):
        n, p = (np.array(row[f"below_{of}"].split(), float) for of in ("network", "physics"))
        found.append(weight * n + (1 - weight) * p)
    return np.concatenate(found)


def fitted(x: Array, parts: Array) -> Array:
    """Intercept and slopes of the gate's logit that make the mean log CRPS least."""
    from scipy.optimize import minimize
    from scipy.special import expit

    def loss(theta: Array) -> float:
        w = expit(theta[0] + x @ theta[1:])
        return float(np.log(crps(parts, w)).mean() + PENALTY * np.sum(theta[1:] ** 2))

    return np.asarray(minimize(loss, np.zeros(x.shape[1] + 1), method="L-BFGS-B").x)


def learn() -> None:
    """Fit the gate, and say what it buys on worlds it was not fitted to."""
    from scipy.special import expit

    rows, others = read(OUT), read(OF_PRESETS)
    gate, even, bought = out_of_fold(rows)
    for preset in sorted({row["law"] for row in others}):
        of = [row for row in others if row["law"] == preset]
        bought += compared(preset, of, gate(of), even)
    written(BOUGHT, bought)
    by_effective_draws(rows)
    by_effective_draws(others)
    for table, into in ((TOLD, BOUGHT_TOLD), (SAID, BOUGHT_SAID)):
        under_priors = read(table)
        _, _, bought = out_of_fold(under_priors)
        written(into, bought)
        parts, rng = parts_of(under_priors), np.random.default_rng(0)
        again = [
            expit(fitted(np.empty((len(some), 0)), some)[0])
            for some in parts[rng.integers(len(parts), size=(400, len(parts)))]
        ]
        print(table.stem, "one weight, worlds drawn again:", np.quantile(again, [0.025, 0.975]))
        by_effective_draws(under_priors)


def out_of_fold(
    rows: list[dict[str, Any]],
) -> tuple[Callable[[list[dict[str, Any]]], Array], float, list[dict[str, Any]]]:
    """The gate of these worlds, the one weight for all, and what each buys out of sample."""
    from scipy.special import expit

    raw = seen_of(rows)
    middle, scale = raw.mean(0), raw.std(0) + 1e-9
    x = ((raw - middle) / scale).clip(-3, 3)
    parts = parts_of(rows)
    w = np.empty(len(x))
    fold = np.random.default_rng(0).permutation(len(x)) % FOLDS
    for k in range(FOLDS):
        theta = fitted(x[fold != k], parts[fold != k])
        w[fold == k] = expit(theta[0] + x[fold == k] @ theta[1:])
    even = float(expit(fitted(np.empty((len(x), 0)), parts)[0]))
    bought = compared("all, out of fold", rows, w, even)
    for law in sorted({row["law"] for row in rows}):
        some = np.array([row["law"] == law for row in rows])
        own = [row for row in rows if row["law"] == law]
        bought += compared(f"{law}, out of fold", own, w[some], even)
    theta = fitted(x, parts)
    print("logit =", round(float(theta[0]), 3),
          *(f"{t:+.3f} {name}" for name, t in zip(SEEN, theta[1:], strict=True)))  # fmt: skip

    def gate(others: list[dict[str, Any]]) -> Array:
        far = ((seen_of(others) - middle) / scale).clip(-3, 3)
        return np.asarray(expit(theta[0] + far @ theta[1:]))

    return gate, even, bought


def by_effective_draws(rows: list[dict[str, Any]]) -> None:
    """CRPS over the network's at weights 0, 1/2 and the one for all, by effective draws."""
    ess = np.array([float(row["weights_ess"] or np.nan) for row in rows])
    parts, bounds = parts_of(rows), pairwise(EFFECTIVE)
    classes = [("solves", np.isnan(ess))]
    classes += [(f"{low} to {high}", (ess >= low) & (ess < high)) for low, high in bounds]
    for name, some in classes:
        if some.any():
            gain = [np.log(crps(parts[some], w) / crps(parts[some], 1.0)) for w in (0, 0.5, 0.785)]
            said = (f"{np.exp(g.mean()):.3f} (se {g.std() / len(g) ** 0.5:.3f})" for g in gain)
            print(f"effective draws {name:12} {some.sum():3} worlds:", *said)


def seen_of(rows: list[dict[str, Any]]) -> Array:
    """What a gate looks at, (world, feature)."""
    return np.array([[float(row.get(name) or 0) for name in SEEN] for row in rows])


def compared(where: str, rows: list[dict[str, Any]], w: Array, even: float) -> list[dict[str, Any]]:
    """The gate beside each alone and beside one weight for all, world by world."""
    parts, found = parts_of(rows), []
    best = np.log(crps(parts, w))
    answers = {"gate": w, "network": 0 * w + 1, "physics": 0 * w, "one weight": 0 * w + even}
    for name, each in answers.items():
        gain = best - np.log(crps(parts, each))
        error = gain.std(ddof=1) / len(gain) ** 0.5
        low, middle, high = np.exp(gain.mean() + 1.96 * error * np.array([-1, 0, 1]))
        rank = ranks(rows, each)
        held = [f"{(np.abs(rank - 0.5) <= x / 2).mean():.3f}" for x in (0.5, 0.8, 0.9)]
        found.append(
            {
                "worlds": where,
                "count": len(rows),
                "answer": name,
                "weight": f"{np.mean(each):.3f}",
                "crps": f"{np.exp(np.log(crps(parts, each)).mean()):.4f}",
                "gate_over_it": f"{middle:.4f}",
                "low": f"{low:.4f}",
                "high": f"{high:.4f}",
                **dict(zip(("held_50", "held_80", "held_90"), held, strict=True)),
            }
        )
        print(*found[-1].values(), flush=True)
    return found


def main() -> None:
    """Simulate or learn."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", choices=("simulate", "told", "said", "presets", "learn"))
    parser.add_argument("--worlds", type=int, default=120)
    parser.add_argument("--seeds", type=int, default=8)
    given = parser.parse_args()
    if given.part == "learn":
        learn()
        return
    import torch

    torch.set_num_threads(1)
    if given.part == "simulate":
        simulate(given.worlds)
    elif given.part == "told":
        told(TOLD, TOLD_FROM, given.worlds)
    elif given.part == "said":
        told(SAID, SAID_FROM, given.worlds)
    else:
        presets(given.seeds)


if __name__ == "__main__":
    main()
