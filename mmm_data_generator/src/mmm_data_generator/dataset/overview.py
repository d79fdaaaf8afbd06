"""What a table of observed data holds, and what looks odd in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import xarray as xr

TOGETHER = 0.9  # correlation of two channels' spend from which they cannot be told apart
FOLLOWS = 0.7  # correlation of a channel's spend with the sales of the same period
SMALL = 0.01  # share of all spend below which a channel is lost in the noise


def overview(observed: xr.Dataset) -> list[str]:
    """Lines for a person: sizes, totals, spend by channel, then what looks odd.

    Parameters
    ----------
    observed
        ``sales(geo, date)``, ``spend(geo, date, channel)``, ``controls(geo, date, control)``.
    """
    dates = observed["date"].values.astype("datetime64[D]")
    spend = observed["spend"].values
    total = spend.sum((0, 1))
    geos = observed.sizes["geo"]
    lines = [
        f"{len(dates)} periods, {dates[0]} to {dates[-1]}; {geos} geo{'s' * (geos != 1)}; "
        f"sales {observed['sales'].values.sum():,.0f}, spend {total.sum():,.0f}"
    ]
    width = max(len(str(channel)) for channel in observed["channel"].values)
    for j, channel in enumerate(observed["channel"].values):
        share, active = total[j] / total.sum(), (spend[..., j] > 0).mean()
        lines.append(
            f"  {channel!s:<{width}}  {total[j]:>14,.0f}  {share:4.0%} of spend,"
            f" in {active:.0%} of periods"
        )
    return lines + [f"note: {oddity}" for oddity in oddities(observed)]


def oddities(observed: xr.Dataset) -> Iterator[str]:
    """What makes a channel hard or impossible to measure."""
    channels = [str(channel) for channel in observed["channel"].values]
    spend = observed["spend"].values  # geo, date, channel
    flat = _within(spend).reshape(-1, len(channels))
    constant = _constant(spend)
    follows = spend_with_sales(observed)
    share = spend.sum((0, 1)) / spend.sum()
    for j, channel in enumerate(channels):
        if constant[j]:
            yield f"'{channel}' is spent alike in every period: its effect cannot be seen in sales"
            continue
        if share[j] < SMALL:
            yield f"'{channel}' is {share[j]:.1%} of spend: its effect is lost in the noise"
        if follows[j] > FOLLOWS:
            yield (
                f"spend of '{channel}' follows sales (correlation {follows[j]:.2f}): where demand"
                " drives spend, models credit the channel with it"
            )
        for k in range(j + 1, len(channels)):
            if not constant[k] and (shared := _correlation(flat[:, j], flat[:, k])) > TOGETHER:
                yield (
                    f"'{channel}' and '{channels[k]}' are planned together (correlation"
                    f" {shared:.2f}): only their sum can be measured"
                )
    unknowns = 4 * len(channels) + observed.sizes["control"] + 6  # season, intercept, noise
    periods = observed.sizes["date"] * observed.sizes["geo"]
    if periods < 2 * unknowns:
        yield f"{periods} observations for about {unknowns} unknowns: the priors will decide"


def spend_with_sales(observed: xr.Dataset) -> np.ndarray:
    """Correlation of each channel's spend with the sales of the same period, ``(channel,)``.

    The mean of each geo is taken out of both, so that a large geo alone correlates nothing. NaN
    where a channel is spent alike in every period.
    """
    spend = observed["spend"].values
    flat, sales = _within(spend).reshape(-1, spend.shape[-1]), _within(observed["sales"].values)
    found = np.array([_correlation(column, sales.ravel()) for column in flat.T])
    return np.where(_constant(spend), np.nan, found)


def _within(values: np.ndarray) -> np.ndarray:
    """Deviations from the mean of each geo, ``(geo, date, ...)``."""
    return values - values.mean(axis=1, keepdims=True)


def _constant(spend: np.ndarray) -> np.ndarray:
    """Whether a channel's spend never moves, ``(channel,)``."""
    moved = (_within(spend) ** 2).sum((0, 1))
    return np.sqrt(moved) <= 1e-9 * np.sqrt((spend**2).sum((0, 1)))


def _correlation(one: np.ndarray, other: np.ndarray) -> float:
    size = np.sqrt((one**2).sum() * (other**2).sum())
    return float((one * other).sum() / size) if size else 0.0
