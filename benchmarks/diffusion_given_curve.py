"""Why the diffusion model misses the level of an always-on channel: the curve, or the network?

    .venvs/diffusion/bin/python benchmarks/diffusion_given_curve.py

``small_business``, its channel that always spends and follows the seasons (Social-Media). Two
tables in ``benchmarks/results/diffusion``:

* ``given_curve_regression.csv``: least squares with everything else known (the other channels'
  responses, the decay) and that channel's response a power of its spend. The share of sales that
  each power implies, and how much less likely it makes the data than the likeliest of them.
* ``given_curve_draws.csv``: draws of ``diffusion-fast``, sorted by the elasticity of that
  channel's curve at mean spend: the share of sales given the curve.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mmm_benchmark.fit import Budget
from mmm_benchmark.fitters.diffusion.fitter import Diffusion
from mmm_data_generator import MMMDataset, generate_mmm_dataset

HERE = Path(__file__).parent / "results" / "diffusion"
PRESET, CHANNEL = "small_business", "Social-Media"
POWERS = (0.3, 0.5, 0.75, 1.0, 1.4)
ELASTICITIES = (0.0, 0.4, 0.6, 0.8, 1.0, 1.3, np.inf)
LAGS = 8


def true_share(world: MMMDataset) -> float:
    """Share of sales that the channel truly brings."""
    assert world.truth is not None
    brought = world.truth["contribution"].sel(channel=CHANNEL).mean()
    return float(brought / world.observed["sales"].mean())


def regression(seed: int) -> list[dict[str, float]]:
    """Share by power of spend, and nats of likelihood below the best power."""
    world = generate_mmm_dataset(PRESET, seed=seed)
    assert world.truth is not None
    observed, truth = world.observed.isel(geo=0), world.truth.isel(geo=0)
    sales = observed["sales"].values
    weeks = len(sales)
    angle = 2 * np.pi * np.arange(weeks) / (365.25 / 7)
    season = [f(k * angle) for k in (1, 2) for f in (np.sin, np.cos)]
    controls = observed["controls"].values.T
    others = truth["contribution"].drop_sel(channel=CHANNEL).values.T
    rest = [np.ones(weeks), *season, *controls, *others]
    decay = float(truth["adstock_decay"].sel(channel=CHANNEL))
    weights = decay ** np.arange(LAGS)
    spend = observed["spend"].sel(channel=CHANNEL).values
    stock = np.convolve(spend, weights / weights.sum())[:weeks]
    rows = []
    for power in POWERS:
        response = stock**power / (stock**power).mean()
        X = np.column_stack([*rest, response])
        coefficients, *_ = np.linalg.lstsq(X, sales / sales.mean(), rcond=None)
        left = sales / sales.mean() - X @ coefficients
        nats = -0.5 * weeks * np.log(left @ left)
        rows.append({"power": power, "share": coefficients[-1], "nats": nats})
    best = max(row["nats"] for row in rows)
    common = {"seed": seed, "true_share": true_share(world)}
    return [{**common, **row, "nats": row["nats"] - best} for row in rows]


def conditional(seed: int, draws: int) -> list[dict[str, float]]:
    """Mean share among draws by the elasticity of the channel's curve."""
    world = generate_mmm_dataset(PRESET, seed=seed)
    fit: Any = Diffusion(sampler="dpm", steps=8, draws=draws).fit(world.observed, Budget(), seed)
    one = fit.posterior.stack(sample=("chain", "draw")).sel(channel=CHANNEL).mean("geo")
    share = one["contribution"].mean("date").values / float(world.observed["sales"].mean())
    slope, half = one["slope"].values, one["half_saturation"].values
    elasticity = slope / (1 + half**-slope)
    place = np.digitize(elasticity, ELASTICITIES) - 1
    found = pd.DataFrame({"from": np.take(ELASTICITIES, place), "share": share})
    table = found.groupby("from")["share"].agg(["size", "mean", "std"]).reset_index()
    table.columns = ["elasticity_from", "draws", "share", "share_sd"]
    return table.assign(seed=seed, true_share=true_share(world)).to_dict("records")


def main() -> None:
    """Write both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 3, 5, 7, 8, 9])
    parser.add_argument("--fitted", type=int, nargs="+", default=[3, 9], help="of the seeds")
    parser.add_argument("--draws", type=int, default=400)
    given = parser.parse_args()
    tables = {
        "regression": [row for seed in given.seeds for row in regression(seed)],
        "draws": [row for seed in given.fitted for row in conditional(seed, given.draws)],
    }
    for name, rows in tables.items():
        table = pd.DataFrame(rows).round(3)
        table.to_csv(HERE / f"given_curve_{name}.csv", index=False)
        print(table.to_string(index=False))


if __name__ == "__main__":
    main()
