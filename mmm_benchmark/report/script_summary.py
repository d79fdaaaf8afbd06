"""The plain script's outputs from a stored fit: ``mmm_summary.csv`` and three pictures.

They are pure functions of a posterior, what was observed and, where it is known, the truth, so
they can be made for any fitter that reports decay, half-saturation and slope.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mmm_benchmark.errors import UserError

type Array = NDArray[np.float64]

NATIVE = ("adstock_decay", "half_saturation", "slope", "coefficient")
COLUMNS = ("channel", "parameter", "true_value", "fitted_value")


def write_summary(
    posterior: xr.Dataset, observed: xr.Dataset, truth: xr.Dataset | None, directory: Path
) -> list[Path]:
    """Write the table and the pictures; returns their paths.

    Raises
    ------
    UserError
        When there are several geos, or the fit has no native parameters.
    """
    table = summary_table(posterior, observed, truth)
    directory.mkdir(parents=True, exist_ok=True)
    paths = [directory / "mmm_summary.csv"]
    table.to_csv(paths[0], index=False)
    fitted = posterior.mean(("chain", "draw")).isel(geo=0)
    seen = observed.isel(geo=0)
    figures = {
        "response_curves": _response_curves(table, seen),
        "predicted_vs_actual": _predicted_vs_actual(fitted, seen),
        "contribution_breakdown": _contribution_breakdown(fitted, seen),
    }
    for name, figure in figures.items():
        paths.append(directory / f"{name}.png")
        figure.savefig(paths[-1], dpi=120)
    return paths


def summary_table(
    posterior: xr.Dataset, observed: xr.Dataset, truth: xr.Dataset | None
) -> pd.DataFrame:
    """Five parameters for each channel, true and fitted (the mean over draws).

    ``hill_K`` belongs to the unnormalised adstock y[t] = x[t] + decay y[t-1], in currency.
    ``mROI_at_avg_spend`` is what one more unit of weekly spend, kept up, returns each week at the
    channel's mean spend, carry-over included; the script left the carry-over out and gave no
    true value.
    """
    if observed.sizes["geo"] != 1:
        raise UserError(f"mmm_summary.csv is for one geo; this dataset has {observed.sizes['geo']}")
    missing = [name for name in NATIVE if name not in posterior]
    if missing:
        raise UserError(f"mmm_summary.csv needs {', '.join(missing)}, which this fit does not have")
    mean_spend = observed["spend"].isel(geo=0).mean("date").values
    draws = {name: _values(posterior[name]) for name in NATIVE}
    fitted = {name: value.mean(0) for name, value in _parameters(draws, mean_spend).items()}
    true: dict[str, Array] = {}
    if truth is not None and all(name in truth for name in NATIVE):
        aligned = truth.sel(channel=observed["channel"])
        true = _parameters({name: _values(aligned[name]) for name in NATIVE}, mean_spend)
        true = {name: value[0] for name, value in true.items()}
    rows = [
        (str(channel), name, true[name][c] if true else np.nan, fitted[name][c])
        for c, channel in enumerate(observed["channel"].values)
        for name in fitted
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _values(variable: xr.DataArray) -> Array:
    """Shape (draw, channel); truth counts as one draw, a coefficient by date as its mean."""
    if "date" in variable.dims:
        variable = variable.mean("date")
    return variable.isel(geo=0).values.reshape(-1, variable.sizes["channel"]).astype(float)


def _parameters(native: dict[str, Array], mean_spend: Array) -> dict[str, Array]:
    decay, alpha, beta = native["adstock_decay"], native["slope"], native["coefficient"]
    ratio = native["half_saturation"]
    # d/ds of beta s^alpha / (k^alpha + s^alpha) at the mean spend s, with k = ratio * s
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = beta * alpha * ratio**alpha / (ratio**alpha + 1.0) ** 2 / mean_spend
    return {
        "adstock_decay": decay,
        "hill_alpha (shape)": alpha,
        "hill_K (saturation_point)": ratio * mean_spend / (1.0 - decay),
        "hill_beta (max_effect)": beta,
        "mROI_at_avg_spend": np.where(beta > 0.0, slope, 0.0),
    }


def _figure(title: str, xlabel: str, ylabel: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(10, 5), layout="constrained")
    axes = figure.subplots()
    axes.set(title=title, xlabel=xlabel, ylabel=ylabel)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _response_curves(table: pd.DataFrame, observed: xr.Dataset) -> Figure:
    """Sales per week against spend kept up week after week; dashed where the truth is known."""
    figure, axes = _figure(
        "Response curves at steady spend", "spend (currency/week)", "contribution (currency/week)"
    )
    values = table.pivot(
        index="channel", columns="parameter", values=["true_value", "fitted_value"]
    )
    for i, channel in enumerate(observed["channel"].values):
        spend = np.linspace(0.0, 1.2 * float(observed["spend"].sel(channel=channel).max()), 200)
        for column, style in (("fitted_value", "-"), ("true_value", "--")):
            p = values[column].loc[str(channel)]
            k = p["hill_K (saturation_point)"] * (1.0 - p["adstock_decay"])
            alpha = p["hill_alpha (shape)"]
            with np.errstate(divide="ignore", invalid="ignore"):
                sales = p["hill_beta (max_effect)"] * spend**alpha / (k**alpha + spend**alpha)
            if np.isfinite(sales).any():
                label = f"{channel}, {'fitted' if style == '-' else 'true'}"
                axes.plot(spend, sales, style, color=f"C{i}", label=label)
    axes.legend(frameon=False)
    return figure


def _predicted_vs_actual(fitted: xr.Dataset, observed: xr.Dataset) -> Figure:
    figure, axes = _figure("Predicted against actual sales", "", "sales (currency/week)")
    axes.plot(observed["date"], observed["sales"], color="0.4", label="actual")
    axes.plot(observed["date"], fitted["expected_sales"], color="C0", label="predicted")
    axes.legend(frameon=False)
    return figure


def _contribution_breakdown(fitted: xr.Dataset, observed: xr.Dataset) -> Figure:
    figure, axes = _figure("What sales are made of", "", "sales (currency/week)")
    parts = {"baseline": fitted["baseline"].values}
    for kind in ("control", "channel"):
        variable = fitted["control_contribution" if kind == "control" else "contribution"]
        for name in variable[kind].values:
            parts[str(name)] = variable.sel({kind: name}).values
    dates = observed["date"].values
    # what takes from sales hangs below zero, so that it hides nothing of what brings them
    colours = [f"C{i}" for i in range(len(parts))]
    above = [np.maximum(values, 0.0) for values in parts.values()]
    below = [np.minimum(values, 0.0) for values in parts.values()]
    axes.stackplot(dates, above, labels=list(parts), colors=colours, alpha=0.85)
    if any(values.any() for values in below):
        axes.stackplot(dates, below, colors=colours, alpha=0.85)
        axes.axhline(0.0, color="black", lw=0.6)
    axes.plot(observed["date"], observed["sales"], ":", color="black", label="actual sales")
    axes.set_ylim(min(0.0, axes.get_ylim()[0]), 1.2 * float(observed["sales"].max()))  # legend
    axes.legend(frameon=False, loc="upper left", ncols=5)
    return figure
