"""What is to weigh network against physics: a gate learnt on worlds whose truth is known.

    python benchmarks/gate.py simulate [--worlds 120]   # goes on where it stopped
    python benchmarks/gate.py learn                     # weights, and what they buy out of sample

Worlds of the laws ``worlds`` and ``published`` of training, none of them of the suite; half of them
told beliefs. Each is answered by the shipped network (8 steps) and by ``wiener``. What is noted is
what is seen before the truth, and five numbers from which the CRPS of every mixture of the two
follows: with weight w of the network, w a + (1-w) b - w^2 c - (1-w)^2 d - w (1-w) e, summed over
weeks and channels and divided by the mean contribution. Needs the extra ``diffusion``.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

type Array = NDArray[np.float64]

OUT = Path(__file__).parent / "results" / "diffusion" / "gate.csv"
SEEN = ("outside", "gain", "misfit_network", "misfit_physics", "told", "apart", "moves", "weeks")
PARTS = ("a", "b", "c", "d", "e")
DRAWS = 100
PENALTY = 0.02  # ridge of the gate's slopes, per world
FOLDS = 10


def one(seed: int) -> dict[str, Any] | None:
    """One world: what is seen, and the parts of its CRPS."""
    import torch

    from mmm_benchmark.diffusion.inference import checkpoint
    from mmm_benchmark.diffusion.inference.sample import Plan, decode, sample
    from mmm_benchmark.diffusion.problem.beliefs import draw_beliefs, expected
    from mmm_benchmark.diffusion.problem.schedule import cosine_schedule
    from mmm_benchmark.diffusion.training import worlds
    from mmm_benchmark.diffusion.training.simulated import NEEDED, observed_and_truth
    from mmm_benchmark.fitters.diffusion.wiener import solved
    from mmm_data_generator import draw_batch

    rng = np.random.default_rng([4711, seed])
    law = ("worlds", "published")[seed % 2]
    channels, weeks = int(rng.integers(3, 8)), int(rng.choice([78, 104, 131]))
    arrays = draw_batch(rng, worlds.LAWS[law], 1, channels, int(rng.integers(0, 4)), weeks, 1)
    if not worlds.usable(arrays).all():
        return None
    scaled, truth = observed_and_truth({name: arrays[name] for name in NEEDED})
    if seed % 4 > 1:
        scaled = draw_beliefs(rng, scaled, truth)
    network, config, record = checkpoint.load(None, torch.device("cpu"))
    schedule = cosine_schedule(config.diffusion_steps, config.cosine_offset)
    of_network = sample(network, schedule, scaled, DRAWS, Plan("dpm", 8, 10), seed)
    of_physics = solved(scaled, DRAWS, seed)
    many = scaled.take(torch.zeros(DRAWS, dtype=torch.long))
    generator = torch.Generator().manual_seed(seed)
    decoded = [decode(state, many, generator) for state in (of_network, of_physics.state)]
    n, p = (each.contribution[:, 0].double().numpy() for each in decoded)
    right = truth.contribution[0].double().numpy()
    sales = scaled.sales[0, 0].double().numpy()
    misfit = [
        float(np.log(((sales - each.expected[:, 0].double().numpy().mean(0)) ** 2).mean()
                     / (each.noise.double().numpy() ** 2).mean()))
        for each in decoded
    ]  # fmt: skip
    certain = 1 - expected(scaled)[1][scaled.active].double().numpy()
    unit = right.mean() * right.size
    return {
        "seed": seed,
        "law": law,
        "outside": round(outside(arrays, record), 4),
        "gain": round(float(np.log1p(of_physics.diagnostics["evidence_gain"])), 4),
        "misfit_network": round(misfit[0], 4),
        "misfit_physics": round(misfit[1], 4),
        "told": round(float(certain.clip(min=0).mean()), 4),
        "apart": round(float(np.log(n.sum() / p.sum())), 4),
        "moves": round(float(of_network.hyper[:, 1].mean()), 4),
        "weeks": weeks,
        "a": np.abs(n - right).mean(0).sum() / unit,
        "b": np.abs(p - right).mean(0).sum() / unit,
        "c": within(n) / unit,
        "d": within(p) / unit,
        "e": np.abs(n[:, None] - p[None]).mean((0, 1)).sum() / unit,
    }


def within(draws: Array) -> float:
    """Half the mean distance of two draws, summed over cells."""
    n = len(draws)
    weight = (2 * np.arange(1, n + 1) - n - 1).reshape(-1, *[1] * (draws.ndim - 1))
    return float((weight * np.sort(draws, axis=0)).sum() / (n * (n - 1)))


def outside(arrays: Any, record: dict[str, Any]) -> float:
    """How far the data lie from the middle of training, in half ranges: the furthest figure."""
    from mmm_benchmark.diffusion.inference.limits import array_summaries

    found = array_summaries(arrays["sales"], arrays["spend"])
    far = [
        abs(float(found[name]) - (low + high) / 2) / max((high - low) / 2, 1e-9)
        for name, (low, high) in record["prior_ranges"].items()
    ]
    return max(far)


def simulate(count: int) -> None:
    """Worlds that are not there yet."""
    import torch

    torch.set_num_threads(1)
    rows = read()
    done = {int(row["seed"]) for row in rows}
    for seed in range(count):
        if seed in done or (found := one(seed)) is None:
            continue
        rows.append({k: str(v) for k, v in found.items()})
        OUT.parent.mkdir(parents=True, exist_ok=True)
        with OUT.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        at = [f"{crps(parts_of([found]), w)[0]:.3f}" for w in (0.0, 0.5, 1.0)]
        print(seed, found["law"], *at, flush=True)


def read() -> list[dict[str, Any]]:
    """Rows so far."""
    if not OUT.exists():
        return []
    with OUT.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def parts_of(rows: list[dict[str, Any]]) -> Array:
    """The five numbers of each world."""
    return np.array([[float(row[name]) for name in PARTS] for row in rows])


def crps(parts: Array, w: Array | float) -> Array:
    """CRPS of the mixture with weight ``w`` of the network, (world,)."""
    a, b, c, d, e = parts.T
    v = 1 - np.asarray(w)
    return np.asarray(w * a + v * b - w**2 * c - v**2 * d - w * v * e)


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

    rows = read()
    x = np.array([[float(row[name]) for name in SEEN] for row in rows])
    middle, scale = x.mean(0), x.std(0) + 1e-9
    x = ((x - middle) / scale).clip(-3, 3)
    parts = parts_of(rows)
    w = np.empty(len(x))
    fold = np.random.default_rng(0).permutation(len(x)) % FOLDS
    for k in range(FOLDS):
        theta = fitted(x[fold != k], parts[fold != k])
        w[fold == k] = expit(theta[0] + x[fold == k] @ theta[1:])
    even = fitted(np.empty((len(x), 0)), parts)
    best = np.log(crps(parts, w))
    print(f"{len(x)} worlds; weight of the network: mean {w.mean():.2f}, "
          f"5 to 95% {np.quantile(w, 0.05):.2f} to {np.quantile(w, 0.95):.2f}")  # fmt: skip
    for name, other in (("physics alone", 0.0), ("network alone", 1.0),
                        ("one weight for all", float(expit(even[0])))):  # fmt: skip
        gain = best - np.log(crps(parts, other))
        se = gain.std(ddof=1) / len(gain) ** 0.5
        print(
            f"  gate over {name}: CRPS x {np.exp(gain.mean()):.3f} "
            f"[{np.exp(gain.mean() - 1.96 * se):.3f}, {np.exp(gain.mean() + 1.96 * se):.3f}]"
        )
    theta = fitted(x, parts)
    print("  logit =", round(float(theta[0]), 3),
          *(f"{t:+.3f} {name}" for name, t in zip(SEEN, theta[1:], strict=True)))  # fmt: skip
    print("  middle", middle.round(4).tolist(), "scale", scale.round(4).tolist())


def main() -> None:
    """Simulate or learn."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", choices=("simulate", "learn"))
    parser.add_argument("--worlds", type=int, default=120)
    given = parser.parse_args()
    if given.part == "simulate":
        simulate(given.worlds)
    else:
        learn()


if __name__ == "__main__":
    main()
