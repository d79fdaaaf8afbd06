"""Fitters told a prior, on worlds of that prior: network, physics and ``exact`` side by side.

    python benchmarks/told_prior.py draw [--worlds 30]     # extra diffusion
    python benchmarks/told_prior.py fit FITTER ...         # goes on; in the environment of each
    python benchmarks/told_prior.py report

Worlds of one geo, 4 to 7 channels, 104 to 156 weeks and 2 controls, whose decays, curves and
effects are draws of a named prior (``training/prior_first.py``; effects stay, as ``exact`` has it),
none of which training or its looks draw. Scores are of each channel's contribution over the window:
CRPS, summed over channels and divided by the sum of contributions, and what 90% intervals hold.
Worlds are kept in ``work/told_prior``, scores in ``results/told_prior.csv``.
"""

from __future__ import annotations

import argparse
import csv
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

HERE = Path(__file__).parent
OUT = HERE / "results" / "told_prior.csv"
KEPT = HERE.parent / "work" / "told_prior"
PRIORS = ("neutral", "meridian", "robyn")
ANY = "-any"  # ends the name of a network that holds the total of media to no law
#: Ends the name of a fitter that is told, besides the prior, what the model of ``exact`` and
#: ``numpyro-mmm`` says by its form: effects stay, and the baseline does not wander.
STILL = "-still"
FITTERS = (
    *("diffusion", "diffusion-fast", "diffusion-any", "diffusion-fast-any"),
    *("diffusion-still", "diffusion-fast-still", "wiener-still"),
    *("wiener", "exact", "numpyro-mmm"),
)
PAIRS = (
    ("diffusion-still", "exact"),
    ("diffusion-still", "wiener-still"),
    ("diffusion-still", "diffusion-fast-still"),
    ("diffusion-still", "diffusion"),
    ("diffusion-fast-still", "exact"),
    ("diffusion-fast-still", "wiener-still"),
    ("diffusion-fast-still", "diffusion-fast"),
    ("wiener-still", "exact"),
    ("wiener-still", "wiener"),
    ("diffusion", "diffusion-any"),
    ("diffusion-fast", "diffusion-fast-any"),
    ("diffusion", "exact"),
    ("diffusion", "wiener"),
    ("diffusion", "diffusion-fast"),
    ("diffusion-fast", "exact"),
    ("diffusion-fast", "wiener"),
    ("wiener", "exact"),
    ("numpyro-mmm", "exact"),
)
STREAM = 0x70_1D  # of these worlds
RETURNS = {"meridian": 0.2}  # priors of returns, and the log of their middle one
MIDDLE = 3  # place of the median among the quantiles that tell a law
RESAMPLES = 4000

type Array = NDArray[np.float64]


def draw(count: int) -> None:
    """Draw the worlds that are not there and keep what a fitter sees, and the truth beside it."""
    import pandas as pd
    import xarray as xr

    from mmm_benchmark.diffusion.training.prior_first import draw_arrays
    from mmm_benchmark.priors.prior import NAMED

    KEPT.mkdir(parents=True, exist_ok=True)
    for p, prior in enumerate(PRIORS):
        for number in range(count):
            if (path := KEPT / f"{prior}_{number}.nc").exists():
                continue
            rng = np.random.default_rng([STREAM, p, number])
            channels, weeks = int(rng.integers(4, 8)), int(rng.integers(104, 157))
            while True:  # a business has no week of negative sales
                arrays, told = draw_arrays(rng, 1, channels, 2, weeks, 1, prior=NAMED[prior].every)
                if (arrays["sales"] > 0).all():
                    break
            money = 1.0
            if prior in RETURNS:
                money = unit_of_spend(arrays, float(told[0][0, 0, 0, MIDDLE]), RETURNS[prior])
            names = ("geo", "date", "channel")
            world = xr.Dataset(
                {
                    "sales": (names[:2], arrays["sales"][0]),
                    "spend": (names, money * arrays["spend"][0]),
                    "controls": (("geo", "date", "control"), arrays["controls"][0]),
                    "population": (("geo",), [1e6]),
                    "truth": (("channel",), arrays["contribution"][0].sum((0, 1))),
                },
                coords={
                    "geo": ["geo_all"],
                    "date": pd.date_range("2023-01-02", periods=weeks, freq="W-MON"),
                    "channel": [f"channel_{c + 1}" for c in range(channels)],
                    "control": ["control_1", "control_2"],
                },
            )
            world.to_netcdf(path, engine="h5netcdf")


def unit_of_spend(arrays: dict[str, Any], told: float, log_return: float) -> float:
    """What spend is multiplied by, so that returns are the prior's.

    Training draws no unit of spend, which the network cannot see: it says how large a share the
    prior's middle return is of the first channel, ``told``, standardised.
    """
    from mmm_benchmark.diffusion.problem.state import LEVEL_MEAN, LEVEL_SCALE

    spend, sales = arrays["spend"][0].sum((0, 1)), arrays["sales"][0].sum()
    log_share = LEVEL_MEAN - np.log(len(spend)) + LEVEL_SCALE * told
    return float(np.exp(log_share - log_return) * sales / spend[0])


def fit(fitters: list[str]) -> None:
    """Every world that these fitters have not answered yet, by fitters told its prior."""
    import xarray as xr

    done = {(row["prior"], row["world"], row["fitter"]) for row in _rows()}
    for path in sorted(KEPT.glob("*.nc")):
        prior, number = path.stem.split("_")
        world = xr.load_dataset(path, engine="h5netcdf")
        truth, observed = world["truth"].values, world.drop_vars("truth")
        for name in fitters:
            if (prior, number, name) in done:
                continue
            row = {"prior": prior, "world": number, "fitter": name}
            row |= scored(made(name, prior), observed, truth)
            print(row, flush=True)
            append(OUT, row)


def scored(fitter: Any, observed: Any, truth: Array) -> dict[str, str]:
    """Fit, and score each channel's contribution over the window, ``truth`` (channel,)."""
    from mmm_benchmark.fit import Budget
    from mmm_benchmark.metrics.calibration import central_interval, crps, sort_draws

    begun = time.perf_counter()
    found = fitter.fit(observed, Budget(chains=2, draws=500, tune=500), 1)
    seconds = time.perf_counter() - begun
    drawn = found.posterior["contribution"].sum(("geo", "date"))
    ordered = sort_draws(drawn.stack(s=("chain", "draw")).transpose("channel", "s").values)
    low, high = central_interval(ordered, 0.9)
    return {
        "crps": f"{crps(ordered, truth).sum() / truth.sum():.5f}",
        "held_90": f"{((low <= truth) & (truth <= high)).mean():.4f}",
        "total_error": f"{ordered.mean(1).sum() / truth.sum() - 1:.4f}",
        "seconds": f"{seconds:.1f}",
    }


def made(name: str, named: str) -> Any:
    """The fitter of that name, told the prior."""
    prior: Any = named
    if name.endswith(STILL):
        name = name.removesuffix(STILL)
        prior = {"base": named, "effects_move": False, "baseline_wanders": False}
    if name.startswith("diffusion"):
        from mmm_benchmark.fitters.diffusion.fitter import Diffusion
        from mmm_benchmark.fitters.diffusion.gated import Gated

        kind = Diffusion if name.removesuffix(ANY) == "diffusion-fast" else Gated
        total = "any" if name.endswith(ANY) else "published"
        return kind(sampler="dpm", steps=8, prior=prior, total=total)
    if name == "wiener":
        from mmm_benchmark.fitters.diffusion.wiener import Wiener

        return Wiener(prior=prior)
    if name == "exact":
        from mmm_benchmark.fitters.numpyro_mmm.exact import Exact

        return Exact(prior=prior)
    from mmm_benchmark.fitters.numpyro_mmm.fitter import NumpyroMMM

    return NumpyroMMM(prior=prior)


def report() -> None:
    """Ratios over ``exact``, geometric means; worlds drawn again for the intervals."""
    rows = _rows()
    score = {(r["prior"], r["world"], r["fitter"]): float(r["crps"]) for r in rows}
    held = {(r["prior"], r["world"], r["fitter"]): float(r["held_90"]) for r in rows}
    for prior in (*PRIORS, "all"):
        for first, second in PAIRS:
            worlds = [k[:2] for k in score if k[2] == first and (*k[:2], second) in score]
            worlds = [k for k in worlds if prior in ("all", k[0])]
            if len(worlds) < 2:
                continue
            print(f"{prior:9} {compared(score, held, worlds, first, second)}")


def compared(
    score: dict[Any, float], held: dict[Any, float], worlds: list[Any], first: str, second: str
) -> str:
    """The ratio of two fitters' CRPS over these worlds, and what both's intervals hold."""
    rng = np.random.default_rng(0)
    ratio = np.log([score[*k, first] / score[*k, second] for k in worlds])
    means = ratio[rng.integers(len(ratio), size=(RESAMPLES, len(ratio)))].mean(1)
    low, high = np.exp(np.quantile(means, [0.025, 0.975]))
    holds = [np.mean([held[*k, name] for k in worlds]) for name in (first, second)]
    return (
        f"{first} over {second}: {np.exp(ratio.mean()):.3f} "
        f"[{low:.3f}, {high:.3f}] on {len(worlds)}; 90% hold {holds[0]:.0%}, {holds[1]:.0%}"
    )


def _rows() -> list[dict[str, str]]:
    return read(OUT)


def read(path: Path) -> list[dict[str, str]]:
    """Rows of a file that need not be there."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def append(path: Path, row: dict[str, str]) -> None:
    """Add a row at once, so that nothing finished is lost."""
    fresh = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(row), lineterminator="\n")
        if fresh:
            writer.writeheader()
        writer.writerow(row)


def main() -> None:
    """Do one part."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", choices=("draw", "fit", "report"))
    parser.add_argument("fitters", nargs="*", choices=FITTERS, metavar="FITTER")
    parser.add_argument("--worlds", type=int, default=30)
    given = parser.parse_args()
    if given.part == "draw":
        draw(given.worlds)
    elif given.part == "fit":
        fit(given.fitters)
    else:
        report()


if __name__ == "__main__":
    main()
