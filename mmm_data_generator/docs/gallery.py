"""Draws the pictures of gallery.md and priors.md: ``python mmm_data_generator/docs/gallery.py``.

Everything is drawn from seed 5, so the pictures change only when the worlds do.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from mmm_data_generator import (
    MMMDataset,
    customize_preset,
    draw_batch,
    generate_mmm_dataset,
    list_available_presets,
    list_cells,
)
from mmm_data_generator.media import media_measures

PICTURES = Path(__file__).parent / "pictures"
SEED = 5
GREY, BLUE, ORANGE = "#b0b0b0", "#0173b2", "#d55e00"
ROWS = 8  # stressors to a sheet

#: Published ranges, with their sources in priors.md.
HALF_LIFE_DECAYS = {"TV": (0.3, 0.8), "offline": (0.1, 0.4), "digital": (0.0, 0.3)}
ROI_80 = (0.39, 3.9)  # LogNormal(0.2, 0.9)
SHARE = (0.2, 0.6)
R2 = (0.8, 0.95)


def main() -> None:
    """Draw and save every picture."""
    PICTURES.mkdir(exist_ok=True)
    names = list_available_presets()
    save(presets([n for n in names if not n.startswith("stress_")]), "presets")
    stress = [n for n in names if n.startswith("stress_")]
    for sheet in range(0, len(stress), ROWS):
        save(stressors(stress[sheet : sheet + ROWS]), f"stressors_{sheet // ROWS + 1}")
    save(presets(list_cells()), "cells")
    save(closer(), "closer")
    save(priors(), "priors")


def save(figure: Figure, name: str) -> None:
    figure.savefig(PICTURES / f"{name}.png", dpi=90, metadata={"Software": None})


def presets(names: list[str]) -> Figure:
    """Draw the parts of national sales of each preset or cell, stacked."""
    rows = -(-len(names) // 3)
    figure = Figure(figsize=(12, 2.25 * rows), layout="constrained")
    axes = figure.subplots(rows, 3).ravel()
    for axis in axes[len(names) :]:
        axis.remove()
    for axis, name in zip(axes, names, strict=False):
        data = generate_mmm_dataset(name, seed=SEED)
        date, truth = data.observed["date"].values, data.truth.sum("geo")
        media = truth["contribution"].sum("channel").values
        # controls may be negative, so they are not a layer of their own
        outside = truth["baseline"].values + truth["control_contribution"].sum("control").values
        labels = ["Baseline and controls", "Media"]
        axis.stackplot(date, outside, media, labels=labels, colors=[GREY, BLUE], alpha=0.85)
        sales = data.observed["sales"].sum("geo")
        axis.plot(date, sales, color="black", linewidth=0.8, label="Sales")
        g, c = data.observed.sizes["geo"], data.observed.sizes["channel"]
        periods = f"{len(date)} {'days' if data.frequency == 'daily' else 'weeks'}"
        tidy(axis, f"{name}: {periods}, geos {g}, channels {c}")
    handles, labels = axis.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False)
    return figure


def stressors(names: list[str]) -> Figure:
    """Draw each stressed world beside the same world without its stressors."""
    figure = Figure(figsize=(13, 2.1 * len(names)), layout="constrained")
    axes = figure.subplots(len(names), 3, squeeze=False)
    for row, name in zip(axes, names, strict=True):
        stressed = generate_mmm_dataset(name, seed=SEED)
        calm = generate_mmm_dataset(customize_preset(name, stressors=()), seed=SEED)
        sales, spend, outside = row
        for data, color, width in ((calm, GREY, 2.2), (stressed, ORANGE, 1.0)):
            first = one_geo(data)
            date = first["date"].values
            sales.plot(date, first["sales"], color=color, linewidth=width)
            spend.plot(date, first["spend"].sum("channel"), color=color, linewidth=width)
            outside.plot(date, first["outside"], color=color, linewidth=width)
        tidy(sales, f"{name}: sales")
        tidy(spend, "total spend")
        tidy(outside, "baseline and controls (line), media (dots)")
        for data, color in ((calm, GREY), (stressed, BLUE)):
            first = one_geo(data)
            outside.plot(first["date"], first["media"], color=color, linewidth=0, marker=".", ms=2)
        outside.relim()
        outside.autoscale()
        sns.despine(ax=outside)
    figure.suptitle(
        "Colour: with the stressor; grey: the same world without (first geo)", fontsize=9
    )
    return figure


def closer() -> Figure:
    """Draw what yearly sheets cannot show: reach and frequency, weekdays, organic carry-over."""
    figure = Figure(figsize=(13, 3.6), layout="constrained")
    reached, often, week, organic = figure.subplots(1, 4)

    data = generate_mmm_dataset("stress_reach_frequency", seed=SEED)
    tv = media_measures(data).sel(channel="TV").isel(geo=0)
    spend = data.observed["spend"].sel(channel="TV").isel(geo=0)
    for axis, values, title in (
        (reached, tv["reach"] / 1000, "TV: thousands of people reached"),
        (often, tv["frequency"], "TV: impressions per person reached"),
    ):
        axis.scatter(spend, values, s=12, color=BLUE)
        axis.set_title(title, fontsize=9, loc="left")
        axis.set_xlabel("spend of the week", fontsize=8)

    some = slice(365, 365 + 42)
    days = one_geo(generate_mmm_dataset("daily", seed=SEED)).isel(date=some)
    week.plot(days["date"], days["outside"], color=GREY, linewidth=2)
    week.plot(days["date"], days["sales"], color="black", linewidth=0.8)
    week.set_title("daily: six weeks of sales; grey: without media", fontsize=9, loc="left")
    locator = AutoDateLocator(minticks=3, maxticks=6)
    week.xaxis.set_major_locator(locator)
    week.xaxis.set_major_formatter(ConciseDateFormatter(locator))

    for name, color in (("stress_organic", GREY), ("stress_organic_carryover", ORANGE)):
        made = generate_mmm_dataset(name, seed=SEED)
        part = made.truth["control_contribution"].sel(control="Organic-Impressions")
        organic.plot(part["date"][:52], part.isel(geo=0)[:52], color=color)
    organic.set_title("organic sales, with carry-over in colour", fontsize=9, loc="left")
    locator = AutoDateLocator(minticks=3, maxticks=6)
    organic.xaxis.set_major_locator(locator)
    organic.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    for axis in (reached, often, week, organic):
        axis.set_ylim(bottom=0)
        axis.tick_params(labelsize=7)
        sns.despine(ax=axis)
    return figure


def one_geo(data: MMMDataset) -> Any:
    """Return what is drawn of the first geo."""
    first = data.observed.isel(geo=0)
    truth = data.truth.isel(geo=0)
    return first.assign(
        outside=truth["baseline"] + truth["control_contribution"].sum("control"),
        media=truth["contribution"].sum("channel"),
    )


def priors() -> Figure:
    """Draw what the priors say of ROAS, shares, carry-over, curves, noise and autocorrelation."""
    figure = Figure(figsize=(16, 8.4), layout="constrained")
    axes = figure.subplots(3, 6)
    for row, prior in zip(axes, ("worlds", "time_varying", "published"), strict=True):
        batch = draw_batch(np.random.default_rng(SEED), prior, 2000, n_channels=5, n_weeks=104)
        sold, paid = batch["contribution"].sum((1, 2)), batch["spend"].sum((1, 2))
        roas = np.log10(np.maximum(sold / paid, 1e-3)).ravel()
        sales = batch["sales"].sum(1)
        share = sold.sum(1) / sales.sum(1)
        decay = batch["adstock_decay"].ravel()
        z = sales - sales.mean(1, keepdims=True)
        memory = (z[:, 1:] * z[:, :-1]).sum(1) / (z**2).sum(1)
        histogram(row[0], roas, f"{prior}: log10 ROAS of a channel", np.log10(ROI_80))
        histogram(row[1], share, "media share of sales", SHARE)
        histogram(row[2], decay[np.isfinite(decay)], "adstock decay per week", None)
        for place, (label, (low, high)) in enumerate(HALF_LIFE_DECAYS.items()):
            top = 0.93 - 0.09 * place
            across = row[2].get_xaxis_transform()
            row[2].plot([low, high], [top, top], color=ORANGE, linewidth=2, transform=across)
            row[2].text(high, top, f" {label}", fontsize=7, va="center", transform=across)
        over = batch["spend"].mean(2) / batch.world.pivot
        elasticity = batch.world.power / (1 + over**batch.world.power)
        histogram(row[3], np.minimum(elasticity, 3).ravel(), "elasticity at mean spend", None)
        expected = (batch["sales"] - batch["noise"]).var(2)[:, 0]
        r2 = expected / (expected + batch["noise"].var(2)[:, 0])
        histogram(row[4], r2, "R2 of expected sales", R2)
        histogram(row[5], memory, "lag-1 autocorrelation of sales", None)
    figure.suptitle("2,000 worlds of each prior; orange: published ranges (priors.md)", fontsize=9)
    return figure


def histogram(axis: Axes, values: Any, title: str, published: Any) -> None:
    axis.hist(values, bins=50, color=BLUE, alpha=0.8)
    if published is not None:
        axis.axvspan(*published, color=ORANGE, alpha=0.15)
    for quantile in np.quantile(values, [0.1, 0.5, 0.9]):
        axis.axvline(quantile, color="black", linewidth=0.7, linestyle=":")
    axis.set_title(title, fontsize=9, loc="left")
    axis.set_yticks([])
    axis.tick_params(labelsize=7)
    sns.despine(ax=axis, left=True)


def tidy(axis: Axes, title: str) -> None:
    axis.set_title(title, fontsize=9, loc="left")
    locator = AutoDateLocator(minticks=3, maxticks=9)
    axis.xaxis.set_major_locator(locator)
    axis.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    axis.yaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v / 1000:g}k"))
    axis.tick_params(labelsize=7)
    axis.set_ylim(bottom=0)
    sns.despine(ax=axis)


if __name__ == "__main__":
    main()
