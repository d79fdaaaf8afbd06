"""How bent are the response curves that each prior expects, and those of the presets?

    python benchmarks/curve_priors.py

The figure is the elasticity of a channel's response at its mean spend while active, which is what
turns the swings of sales that the data show into a level: share of sales = swing / elasticity. A
straight line has 1, a saturated curve nearly 0. Data of two years hardly tell curves apart, so for
a channel that always spends the prior of this figure decides the level. Spend is that of the same
worlds for all priors (``published``, five channels, 104 weeks).
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mmm_data_generator import PublishedPrior, draw_batch, generate_mmm_dataset
from mmm_data_generator.world.transforms import spend_figure

Array = NDArray[np.float64]
OUT = Path(__file__).parent / "results" / "curve_priors.csv"
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
PRESETS = ("small_business", "growing_business", "medium_business")


def hill(mean: Array, slope: Array, half: Array) -> Array:
    """Elasticity of a Hill curve: slope / (1 + (x / half)^slope)."""
    return slope / (1 + (mean / half) ** slope)


def sigmoid(mean: Array, rng: np.random.Generator) -> Array:
    """PyMC-Marketing's HillSaturationSigmoid under its default priors, by finite differences."""
    steep, middle = np.abs(rng.normal(0, 1.5, (2, *mean.shape)))

    def value(x: Array) -> Array:
        return 1 / (1 + np.exp(-steep * (x - middle))) - 1 / (1 + np.exp(steep * middle))

    return np.log(value(mean * 1.001) / value(mean / 1.001)) / np.log(1.001**2)


def elasticities(rng: np.random.Generator) -> Iterator[tuple[str, Array]]:
    """Each prior with a sample of the figure."""
    for name in PRESETS:
        parts = []
        for seed in range(5):
            world = generate_mmm_dataset(name, seed=seed).world
            assert world is not None
            parts.append(hill(active_mean(world.spend), world.power, world.pivot).ravel())
        yield name, np.concatenate(parts)
    for name in ("worlds", "published", "time_varying"):
        batch = draw_batch(rng, name, 1000)
        yield name, hill(active_mean(batch["spend"]), batch.world.power, batch.world.pivot).ravel()
    one = {"robyn": 0, "meridian": 1, "pymc-marketing, hill": 2}
    for name, place in one.items():
        chances = tuple(float(i == place) for i in range(4))
        batch = draw_batch(rng, PublishedPrior(curve_chances=chances), 1000)
        yield name, hill(active_mean(batch["spend"]), batch.world.power, batch.world.pivot).ravel()
    spend = draw_batch(rng, "published", 1000)["spend"]
    yield (
        "pymc-marketing, sigmoid (the baselines)",
        sigmoid((active_mean(spend) / spend.max(2)).ravel(), rng),
    )
    z = rng.standard_normal((2, 20_000))  # fitters/oracle/constant.py
    yield (
        "oracle, constant worlds",
        hill(np.ones(20_000), 1.3 * np.exp(0.6 * z[0]), np.exp(1.2 * z[1])),
    )


def active_mean(spend: Array) -> Array:
    """Mean spend (..., geo, channel) over the weeks with spend, of (..., geo, date, channel)."""
    return spend_figure(spend.swapaxes(-1, -2), "mean_active")


def main() -> None:
    """Print the table and keep it."""
    rows = [
        [name, *np.quantile(values, LEVELS).round(3)]
        for name, values in elasticities(np.random.default_rng(7))
    ]
    with OUT.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["curves", *(f"q{round(100 * p)}" for p in LEVELS)])
        writer.writerows(rows)
    print(OUT.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
