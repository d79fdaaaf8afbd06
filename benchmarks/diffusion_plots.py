"""Pictures of the diffusion model: training history, coefficient paths, decomposition of sales.

.venvs/diffusion/bin/python benchmarks/diffusion_plots.py --history FIRST.csv SECOND.csv
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from mmm_benchmark.fit import Budget
from mmm_benchmark.fitters.diffusion.fitter import Diffusion
from mmm_data_generator import generate_mmm_dataset

HERE = Path(__file__).parent / "results" / "diffusion"
LOSSES = ("campaign", "channel", "spectral", "temporal", "sales", "contribution", "sign")
BLUE, TRUE = "#0b5394", "#222222"


def joined(paths: list[Path]) -> pd.DataFrame:
    """Histories of trainings that followed one another, steps and worlds counted on."""
    tables: list[pd.DataFrame] = []
    for number, path in enumerate(paths, 1):
        table = pd.read_csv(path)
        if tables:
            counted = ["step", "worlds", "seconds"]
            table[counted] += tables[-1][counted].iloc[-1]
        table.insert(0, "training", number)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def history(table: pd.DataFrame, out: Path) -> None:
    """Every loss by worlds seen, unweighted, with a running median; a line where one began."""
    starts = table.groupby("training")["worlds"].min().iloc[1:] / 1000
    figure = Figure(figsize=(13, 5.4), layout="constrained")
    axes = figure.subplots(2, 4, sharex=True).ravel()
    for axis, name in zip(axes, (*LOSSES, "total"), strict=True):
        axis.plot(table["worlds"] / 1000, table[name], color="0.75", lw=0.8)
        for _, part in table.groupby("training"):
            smooth = part[name].rolling(9, center=True, min_periods=1).median()
            axis.plot(part["worlds"] / 1000, smooth, color=BLUE, lw=1.8)
        for start in starts:
            axis.axvline(start, color=TRUE, lw=0.8, ls=":")
        low, high = table[name].quantile([0.02, 0.93])
        axis.set(title=name, ylim=(max(0.0, low * 0.8), high * 1.3 + 1e-9))
    figure.supxlabel("thousand fresh worlds")
    figure.suptitle("Training losses (total: weighted, with the ramp); dotted: the next training")
    figure.savefig(out / "training_history.png", dpi=120)


def coefficients(truth: xr.Dataset, posterior: xr.Dataset, out: Path) -> None:
    """True coefficient paths, posterior mean, 80% band and two single draws."""
    drawn = posterior["coefficient"].values[0, :, 0]  # (draw, date, channel)
    right = truth["coefficient"].values[0]
    names = truth["channel"].values
    figure = Figure(figsize=(13, 5.4), layout="constrained")
    axes = figure.subplots(2, 3, sharex=True).ravel()
    for axis, j, name in zip(axes, range(len(names)), names, strict=False):
        low, high = np.quantile(drawn[..., j], [0.1, 0.9], axis=0)
        axis.fill_between(range(len(low)), low, high, color=BLUE, alpha=0.2, lw=0, label="80%")
        axis.plot(drawn[:2, :, j].T, color=BLUE, lw=0.7, alpha=0.6)
        axis.plot(np.exp(np.log(drawn[..., j]).mean(0)), color=BLUE, lw=2, label="posterior mean")
        axis.plot(right[:, j], color=TRUE, lw=1.4, label="truth")
        axis.set(title=str(name), ylim=(0, max(high.max(), right[:, j].max()) * 1.1))
    for axis in axes[len(names) :]:
        axis.axis("off")
    axes[-1].legend(*axes[0].get_legend_handles_labels(), frameon=False, loc="center")
    figure.supxlabel("week")
    figure.supylabel("sales a week at full saturation")
    figure.suptitle("Coefficients of one held-out world; thin lines: two single draws")
    figure.savefig(out / "coefficients.png", dpi=120)


def decomposition(
    observed: xr.Dataset, truth: xr.Dataset, posterior: xr.Dataset, out: Path
) -> None:
    """Posterior-mean parts stacked, and the true parts beside them."""

    def parts(source: xr.Dataset) -> Any:
        base = source["baseline"] + source["control_contribution"].sum("control")
        media = source["contribution"].isel(geo=0).transpose("date", "channel").values
        return [base.isel(geo=0).values, *media.T]

    estimate = posterior.mean(("chain", "draw"))
    figure = Figure(figsize=(13, 4.6), layout="constrained")
    axes = figure.subplots(1, 2, sharey=True)
    labels = ["base and controls", *map(str, truth["channel"].values)]
    colours = ["0.8", "#4477aa", "#66ccee", "#228833", "#ccbb44", "#ee6677"]
    for axis, source, title in zip(axes, (truth, estimate), ("truth", "diffusion"), strict=True):
        stacked = parts(source)
        axis.stackplot(range(len(stacked[0])), stacked, labels=labels, colors=colours)
        axis.plot(observed["sales"].values[0], color=TRUE, lw=1, label="sales")
        axis.set(title=title, xlabel="week")
    axes[0].set_ylabel("sales a week")
    axes[1].legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    figure.savefig(out / "decomposition.png", dpi=120)


def main() -> None:
    """Draw all three."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--history", type=Path, nargs="+", help="one training after the other")
    parser.add_argument("--seed", type=int, default=0, help="of the time_varying world")
    given = parser.parse_args()
    HERE.mkdir(parents=True, exist_ok=True)
    if given.history is not None:
        table = joined(given.history)
        table.to_csv(HERE / "training_history.csv", index=False)
        history(table, HERE)
    world = generate_mmm_dataset("time_varying", seed=given.seed)
    fit = Diffusion(sampler="dpm", steps=8).fit(world.observed, Budget(), given.seed)
    coefficients(world.truth, fit.posterior, HERE)
    decomposition(world.observed, world.truth, fit.posterior, HERE)


if __name__ == "__main__":
    main()
