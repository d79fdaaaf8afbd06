"""Is the oracle calibrated? Simulation-based calibration on tiny worlds (Talts et al. 2018).

Worlds are drawn from the prior of ``time_varying`` with two channels, one control and 40 weeks;
the oracle samples each posterior; the rank of every true value among 99 thinned draws is uniform
if, and only if on average, law and sampler are right. One process, one compiled program.

    python benchmarks/oracle_calibration.py --worlds 120

Resumable: worlds already in the CSV are not sampled again. ``--plot-only`` draws and tests what is
there.
"""

from __future__ import annotations

import argparse
import csv
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

HERE = Path(__file__).parent / "results" / "oracle_calibration"
RANKS = HERE / "ranks.csv"
WEEKS = 40
KEPT = 99  # draws that a rank is taken among
BINS = 10
PARTS = ("decay", "half_saturation", "slope", "contribution", "log_coefficient")


def true_and_drawn(seed: int) -> tuple[dict[str, float], dict[str, NDArray[np.floating]], float]:
    """True values of world ``seed``, their thinned draws, and the largest R-hat."""
    from mmm_benchmark.fit import Budget
    from mmm_benchmark.fitters.oracle import answer, sampling, time_varying
    from mmm_benchmark.metrics.diagnostics import diagnose
    from mmm_benchmark.plan.generating_family import family_of
    from mmm_data_generator import MMMDataConfig, generate_mmm_dataset
    from mmm_data_generator.priors.time_varying import TimeVaryingPrior

    prior = TimeVaryingPrior(channels=("A", "B"), controls=("Season",))
    config = MMMDataConfig(name="tiny", n_periods=WEEKS, prior=prior, seed=seed)
    dataset = generate_mmm_dataset(config)
    family = family_of(dataset)
    assert family is not None
    data = time_varying.prepare(dataset.observed, family)
    drawn = sampling.sample_time_varying(data, Budget(chains=3, draws=660, tune=400), seed)
    free = answer.time_varying_parameters(drawn.z, data)
    found = answer.time_varying_estimands(drawn.z, data, dataset.observed)
    week = WEEKS // 2
    truth = dataset.truth
    assert truth is not None

    values = {
        "sales": float((dataset.observed["sales"] - truth["noise"]).mean()),
        "share": float(truth["contribution"].sum("channel").mean())
        / float((dataset.observed["sales"] - truth["noise"]).mean()),
        "control": float(truth["control_contribution"][0, week, 0]),
    }
    draws = {
        "sales": free["sales"],
        "share": free["share"],
        "control": found["control_contribution"][:, :, 0, week, 0],
    }
    spend = dataset.observed["spend"].isel(geo=0)
    for j, name in enumerate("AB"):
        values |= {
            f"decay_{name}": float(truth["adstock_decay"][0, j]),
            f"half_saturation_{name}": float(truth["half_saturation"][0, j]),
            f"slope_{name}": float(truth["slope"][0, j]),
            f"contribution_{name}": float(truth["contribution"][0, week, j]),
            f"log_coefficient_{name}": float(np.log(truth["coefficient"][0, week, j])),
        }
        draws |= {
            f"decay_{name}": found["adstock_decay"][:, :, 0, j],
            f"half_saturation_{name}": found["half_saturation"][:, :, 0, j],
            f"slope_{name}": found["slope"][:, :, 0, j],
            f"contribution_{name}": found["contribution"][:, :, 0, week, j],
            f"log_coefficient_{name}": np.log(found["coefficient"][:, :, 0, week, j]),
        }
        if float(spend[week, j]) == 0 and values[f"contribution_{name}"] == 0:
            del values[f"contribution_{name}"]  # no spend in reach: truth and draws are all zero
    return values, draws, diagnose(free)["r_hat"]


def rank(value: float, draws: NDArray[np.floating]) -> int:
    """How many of 99 evenly thinned draws lie below the true value."""
    flat = np.moveaxis(draws, 0, 1).reshape(-1)
    kept = flat[np.linspace(0, flat.size - 1, KEPT).round().astype(int)]
    return int((kept < value).sum())


def done() -> dict[int, dict[str, str]]:
    """Rows of worlds already sampled, by seed."""
    if not RANKS.exists():
        return {}
    with RANKS.open() as file:
        return {int(row["seed"]): row for row in csv.DictReader(file)}


def sample_worlds(count: int) -> None:
    """Sample worlds that are missing, writing each as it is done."""
    known = done()
    names = [f"{part}_{name}" for name in "AB" for part in PARTS]
    header = ["seed", "r_hat", "sales", "share", "control", *names]
    HERE.mkdir(parents=True, exist_ok=True)
    with RANKS.open("a", newline="") as file:
        writer = csv.DictWriter(file, header, restval="")
        if not known:
            writer.writeheader()
        for seed in range(count):
            if seed in known:
                continue
            values, draws, r_hat = true_and_drawn(seed)
            ranks = {name: rank(value, draws[name]) for name, value in values.items()}
            writer.writerow({"seed": seed, "r_hat": f"{r_hat:.4f}", **ranks})
            file.flush()
            print(f"world {seed}: R-hat {r_hat:.3f}", flush=True)


def uniformity(ranks: NDArray[np.int64]) -> float:
    """p-value of the chi-square test that ranks 0..99 are uniform."""
    from scipy.stats import chisquare

    counts = np.bincount(ranks * BINS // (KEPT + 1), minlength=BINS)
    return float(chisquare(counts).pvalue)


def columns() -> dict[str, NDArray[np.int64]]:
    """Ranks by quantity."""
    rows = list(done().values())
    names = [name for name in rows[0] if name not in ("seed", "r_hat")]
    return {name: np.array([int(row[name]) for row in rows if row[name] != ""]) for name in names}


def report() -> None:
    """Test uniformity, write the summary and draw the differences from the uniform law."""
    title = f"Simulation-based calibration of the oracle, {len(done())} worlds (95% bands)"
    write_report(columns(), {"worlds": len(done())}, title, HERE / "summary.json", (3, 5))


def write_report(
    found: dict[str, NDArray[np.int64]],
    about: dict[str, object],
    title: str,
    summary_at: Path,
    panels: tuple[int, int],
    picture_name: str = "ranks.png",
) -> None:
    """A summary in JSON, ``about`` in front of it, and a picture of ``panels`` beside it."""
    import matplotlib.pyplot as plt
    from scipy.stats import combine_pvalues

    p_values = {name: uniformity(ranks) for name, ranks in found.items()}
    summary = {
        **about,
        "kept_draws": KEPT,
        "smallest_p_value": min(p_values.values()),
        "bonferroni_p_value": min(1.0, min(p_values.values()) * len(p_values)),
        "fisher_p_value": float(combine_pvalues(list(p_values.values())).pvalue),
        "p_values": p_values,
    }
    summary_at.write_text(json.dumps(summary, indent=1) + "\n")
    rows, across = panels
    size = (2.6 * across, 2.1 * rows)
    figure, axes = plt.subplots(rows, across, figsize=size, sharex=True, sharey=True)
    grid = np.linspace(0, 1, KEPT + 2)
    for axis, (name, ranks) in zip(axes.flat, found.items(), strict=False):
        u = (ranks + 0.5) / (KEPT + 1)
        ecdf = (u[:, None] <= grid).mean(axis=0)
        band = simultaneous_band(len(u), grid)
        axis.fill_between(grid, -band, band, color="0.85", lw=0)
        axis.plot(grid, ecdf - grid, color="C0", lw=1.2)
        axis.set_title(f"{name}  (p = {p_values[name]:.2f})", fontsize=9)
    for axis in axes.flat[len(found) :]:
        axis.set_axis_off()
    figure.supxlabel("rank of the true value, as a share")
    figure.supylabel("ECDF less uniform")
    figure.suptitle(title)
    figure.tight_layout()
    figure.savefig(summary_at.parent / picture_name, dpi=110)
    print(json.dumps(summary, indent=1))


def simultaneous_band(
    n: int, grid: NDArray[np.floating], level: float = 0.95
) -> NDArray[np.floating]:
    """Half-width, at each point, that holds 95% of whole ECDFs of ``n`` uniform values.

    (Sailynoja, Buerkner and Vehtari 2022, by simulation.)
    """
    rng = np.random.default_rng(0)
    shape = np.sqrt(grid * (1 - grid) / n)
    inner = shape > 0
    sims = (rng.random((2000, n, 1)) <= grid).mean(axis=1) - grid
    reach = (np.abs(sims[:, inner]) / shape[inner]).max(axis=1)
    return np.quantile(reach, level) * shape


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worlds", type=int, default=120)
    parser.add_argument("--plot-only", action="store_true")
    arguments = parser.parse_args()
    if not arguments.plot_only:
        sample_worlds(arguments.worlds)
    report()
