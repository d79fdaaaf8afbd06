"""Is the oracle's law of the ``published`` cells calibrated? (Talts et al. 2018.)

Worlds are drawn as the cell draws them, those with a week of negative sales thrown away with it;
the rank of every true value among 99 thinned draws is uniform if, and only if on average, law
and sampler are right. Values that lie on an atom (a slope of one, no effect at all) are ranked at
random among their equals. One process, one compiled program: all worlds have four channels and 104
weeks (of several geos three, of which the first is ranked where geos differ).

    UV_PROJECT_ENVIRONMENT=.venvs/numpyro uv run --extra numpyro \\
        python benchmarks/published_calibration.py --worlds 120

Resumable: worlds already in the CSV are not sampled again; ``--plot-only`` draws and tests what is
there. ``--cell`` takes another cell.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from oracle_calibration import KEPT, write_report

HERE = Path(__file__).parent / "results" / "published_calibration"
WEEKS, CHANNELS, GEOS = 104, 4, 3
SHOWN = 2  # channels whose values are ranked: all have one law
PARTS = ("roas", "decay", "half_saturation", "slope", "contribution", "marginal_roas")


def true_and_drawn(
    cell: str, seed: int
) -> tuple[dict[str, float], dict[str, NDArray[np.floating]], float]:
    """True values of world ``seed``, draws of them, and the largest R-hat."""
    from mmm_benchmark.fit import Budget
    from mmm_benchmark.fitters.published_mmm import answer, model, sampling
    from mmm_benchmark.metrics.diagnostics import diagnose
    from mmm_benchmark.plan.published_law import published_law
    from mmm_data_generator import generate_mmm_dataset
    from mmm_data_generator.presets.cells import CELLS

    own = replace(CELLS[cell], weeks=(WEEKS, WEEKS), channels=(CHANNELS, CHANNELS))
    if own.geos > 1:
        own = replace(own, geos=GEOS)
    config = own.config(seed)
    dataset = generate_mmm_dataset(config)
    observed, truth = dataset.observed, dataset.truth
    assert truth is not None
    data = model.prepare(observed, published_law(own, CHANNELS))
    budget = Budget(chains=2, draws=500, tune=300, target_accept=0.9)
    drawn = sampling.sample(data, budget, seed)
    rows = answer.Joined(drawn.sample.z, drawn.kinds).rows()
    free = answer.parameters(rows, data)
    found = answer.estimands(rows, data, observed)

    week = WEEKS // 2
    sales = float(observed["sales"].mean())
    expected = observed["sales"] - truth["noise"]
    spend = observed["spend"].sum(("geo", "date")).to_numpy()
    sold = found["contribution"].sum(axis=(2, 3))
    more = (found["totals"][..., -1, :] - sold) / (0.01 * spend)
    values = {
        "share": float(truth["contribution"].sum() / expected.sum()),
        "noise": config.regions.sales_volatility * float(truth["intercept"][0, 0]) / sales,
        "baseline": float(truth["baseline"][0, week]),
        "control": float(truth["control_contribution"][0].sum("date")[0]),
    }
    draws = {
        "share": free["share"],
        "noise": free["noise"].reshape(*rows.shape[:2], -1)[..., 0],
        "baseline": found["baseline"][:, :, 0, week],
        "control": found["control_contribution"][:, :, 0, :, 0].sum(axis=2),
    }
    for j in range(SHOWN):
        values |= {
            f"roas_{j + 1}": float(truth["contribution"][..., j].sum()) / spend[j],
            f"decay_{j + 1}": float(truth["adstock_decay"][0, j]),
            f"half_saturation_{j + 1}": float(truth["half_saturation"][0, j]),
            f"slope_{j + 1}": float(truth["slope"][0, j]),
            f"contribution_{j + 1}": float(truth["contribution"][0, week, j]),
            f"marginal_roas_{j + 1}": float(truth["marginal_roas"][j]),
        }
        draws |= {
            f"roas_{j + 1}": sold[..., j] / spend[j],
            f"decay_{j + 1}": found["adstock_decay"][:, :, 0, j],
            f"half_saturation_{j + 1}": found["half_saturation"][:, :, 0, j],
            f"slope_{j + 1}": found["slope"][:, :, 0, j],
            f"contribution_{j + 1}": found["contribution"][:, :, 0, week, j],
            f"marginal_roas_{j + 1}": more[..., j],
        }
        if not draws[f"contribution_{j + 1}"].any():
            del values[f"contribution_{j + 1}"]  # no spend in reach: truth and draws are all zero
    return values, draws, diagnose(free)["r_hat"]


def rank(value: float, draws: NDArray[np.floating], rng: np.random.Generator) -> int:
    """How many of 99 evenly thinned draws lie below the true value, equals at random."""
    flat = np.moveaxis(draws, 0, 1).reshape(-1)
    kept = flat[np.linspace(0, flat.size - 1, KEPT).round().astype(int)]
    equal = int(np.isclose(kept, value, rtol=1e-9, atol=0).sum())
    below = int((kept < value - 1e-9 * abs(value)).sum())
    return below + int(rng.integers(equal + 1))


def done(path: Path) -> dict[int, dict[str, str]]:
    """Rows of worlds already sampled, by seed."""
    if not path.exists():
        return {}
    with path.open() as file:
        return {int(row["seed"]): row for row in csv.DictReader(file)}


def names() -> Iterator[str]:
    """Quantities that are ranked."""
    yield from ("share", "noise", "baseline", "control")
    for j in range(SHOWN):
        yield from (f"{part}_{j + 1}" for part in PARTS)


def sample_worlds(cell: str, count: int) -> None:
    """Sample worlds that are missing, writing each as it is done."""
    import jax

    jax.config.update("jax_enable_x64", True)
    path = HERE / f"{cell}.csv"
    known = done(path)
    HERE.mkdir(parents=True, exist_ok=True)
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, ["seed", "r_hat", *names()], restval="")
        if not known:
            writer.writeheader()
        for seed in range(count):
            if seed in known:
                continue
            values, draws, r_hat = true_and_drawn(cell, seed)
            rng = np.random.default_rng(seed)
            ranks = {name: rank(value, draws[name], rng) for name, value in values.items()}
            writer.writerow({"seed": seed, "r_hat": f"{r_hat:.4f}", **ranks})
            file.flush()
            print(f"world {seed}: R-hat {r_hat:.3f}", flush=True)


def report(cell: str) -> None:
    """Test uniformity, write the summary and draw the differences from the uniform law."""
    rows = list(done(HERE / f"{cell}.csv").values())
    found = {name: np.array([int(r[name]) for r in rows if r[name] != ""]) for name in names()}
    found = {name: ranks for name, ranks in found.items() if ranks.size}
    r_hat = float(np.median([float(row["r_hat"]) for row in rows]))
    about: dict[str, object] = {"cell": cell, "worlds": len(rows), "median_r_hat": r_hat}
    title = f"Simulation-based calibration of the oracle on {cell}, {len(rows)} worlds (95% bands)"
    write_report(found, about, title, HERE / f"{cell}.json", (4, 4), f"{cell}.png")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worlds", type=int, default=120)
    parser.add_argument("--cell", default="published")
    parser.add_argument("--plot-only", action="store_true")
    arguments = parser.parse_args()
    if not arguments.plot_only:
        sample_worlds(arguments.cell, arguments.worlds)
    report(arguments.cell)
