"""From a fitted model to the estimands that every fitter answers in.

A model that adds its channels up needs one function: the contribution of each channel, summed
over geos and dates, when spend is multiplied. Response curve, ROAS and marginal ROAS follow by
the definitions of ``mmm_benchmark.schema``, so no fitter writes them again.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from mmm_benchmark import schema

type Array = NDArray[np.floating]

UNITS = {
    "contribution": "currency/week",
    "baseline": "currency/week",
    "control_contribution": "currency/week",
    "expected_sales": "currency/week",
    "coefficient": "currency/week",
    "roas": "currency of sales per currency of spend",
    "marginal_roas": "currency of sales per currency of spend",
    "response_curve": "currency",
    "adstock_decay": "1",
    "half_saturation": "multiples of mean weekly spend",
    "slope": "1",
}


class Response(NamedTuple):
    """What spend returns; leading axes are those of the draws, often (chain, draw)."""

    response_curve: Array  # (..., channel, spend_multiplier), currency
    roas: Array  # (..., channel)
    marginal_roas: Array  # (..., channel)


def response(totals: Callable[[float], Array], total_spend: ArrayLike) -> Response:
    """Response curve, ROAS and marginal ROAS of an additive model.

    Parameters
    ----------
    totals
        ``totals(m)`` is the contribution, summed over geos and dates, of each channel when its
        whole spend path is multiplied by ``m``; shape (..., channel), currency. Channels are
        additive, so all of them may be multiplied at once.
    total_spend
        Spend of each channel over all geos and dates, shape (channel,), currency.

    Returns
    -------
    Response
        ROAS is (curve(1) - curve(0)) / spend; marginal ROAS is (curve(1.01) - curve(1)) over
        1% of spend. A channel that never spends has ROAS and marginal ROAS of zero.
    """
    spend = np.asarray(total_spend, dtype=float)
    curve = np.stack([totals(m) for m in schema.SPEND_MULTIPLIERS], axis=-1)
    at_zero = curve[..., schema.SPEND_MULTIPLIERS.index(0.0)]
    at_one = curve[..., schema.SPEND_MULTIPLIERS.index(1.0)]
    step = totals(1.0 + schema.MARGINAL_STEP) - at_one
    per_currency = np.divide(1.0, spend, out=np.zeros_like(spend), where=spend > 0)
    return Response(
        response_curve=curve,
        roas=(at_one - at_zero) * per_currency,
        marginal_roas=step / schema.MARGINAL_STEP * per_currency,
    )


def kept_draws(chains: int, draws: int, at_most: int = schema.MAX_STORED_DRAWS) -> NDArray[np.intp]:
    """Indices of evenly spaced draws of each chain, so that chains x kept <= ``at_most``.

    Compute ESS and R-hat before applying them: thinned draws say less than was sampled.
    """
    per_chain = max(1, at_most // chains)
    if draws <= per_chain:
        return np.arange(draws)
    return np.linspace(0, draws - 1, per_chain).round().astype(np.intp)


def posterior(
    observed: xr.Dataset,
    *,
    contribution: Array,
    baseline: Array,
    control_contribution: Array,
    response: Response,
    **native: Array,
) -> xr.Dataset:
    """Label arrays as the posterior of ``schema.POSTERIOR``; expected sales are the parts' sum.

    Parameters
    ----------
    observed
        Gives the coordinates of geo, date, channel and control.
    contribution, baseline, control_contribution
        Shapes (chain, draw, geo, date, channel), (chain, draw, geo, date) and
        (chain, draw, geo, date, control), currency per week.
    response
        From :func:`response`, leading axes (chain, draw).
    native
        Any of ``schema.OPTIONAL_POSTERIOR``, shaped as it says.

    Raises
    ------
    ContractError
        When an array's values are not finite.
    ValueError
        When an array's shape does not fit the observed coordinates.
    """
    unknown = sorted(set(native) - set(schema.OPTIONAL_POSTERIOR))
    if unknown:
        known = ", ".join(schema.OPTIONAL_POSTERIOR)
        raise ValueError(f"unknown native parameter '{unknown[0]}'; the schema has: {known}")
    values: dict[str, Array] = {
        "contribution": contribution,
        "baseline": baseline,
        "control_contribution": control_contribution,
        "expected_sales": baseline + contribution.sum(-1) + control_contribution.sum(-1),
        **response._asdict(),
        **native,
    }
    dims = {**schema.POSTERIOR, **schema.OPTIONAL_POSTERIOR}
    result = xr.Dataset(
        {
            name: (dims[name], np.asarray(value, dtype=np.float32), {"units": UNITS[name]})
            for name, value in values.items()
        },
        coords=_coords(observed, baseline.shape[:2]),
    )
    schema.check(result, schema.POSTERIOR, "posterior")
    for name in native:
        schema.check_dims(result, name, dims[name], "posterior")
    return result


def predictive(observed: xr.Dataset, sales: Array) -> xr.Dataset:
    """Label draws of sales, shape (chain, draw, geo, date), as a posterior predictive."""
    coords = _coords(observed, sales.shape[:2])
    kept = {name: coords[name] for name in ("chain", "draw", "geo", "date")}
    data = np.asarray(sales, dtype=np.float32)
    variable = ((*schema.SAMPLE, "geo", "date"), data, {"units": "currency/week"})
    return xr.Dataset({"sales": variable}, coords=kept)


def _coords(observed: xr.Dataset, sample: tuple[int, ...]) -> dict[Hashable, ArrayLike]:
    chains, draws = sample
    return {
        "chain": np.arange(chains),
        "draw": np.arange(draws),
        "geo": observed["geo"].values,
        "date": observed["date"].values,
        "channel": observed["channel"].values,
        "control": observed["control"].values,
        "spend_multiplier": np.array(schema.SPEND_MULTIPLIERS),
    }
