"""What a fit's answer must satisfy, as functions that yield one sentence for each breach."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import xarray as xr

from mmm_benchmark import schema
from mmm_benchmark.fit import Fit


def answer_problems(fit: Fit, observed: xr.Dataset, monotone: bool) -> Iterator[str]:
    """Yield what is wrong with an answer; ``monotone`` asks for non-negative effects too.

    Raises
    ------
    ContractError
        When a variable of the schema is missing, has other dims, or is not finite.
    """
    posterior = fit.posterior
    schema.check(posterior, schema.POSTERIOR, "posterior")
    for name, dims in schema.OPTIONAL_POSTERIOR.items():
        if name in posterior:
            schema.check_dims(posterior, name, dims, "posterior")
    problems = [*_coordinates(posterior, observed), *_size(fit)]
    yield from problems
    if not problems:
        yield from _consistency(posterior, observed)
        yield from _silence(posterior, observed)
        if monotone:
            yield from _monotone(posterior, observed)


def _coordinates(posterior: xr.Dataset, observed: xr.Dataset) -> Iterator[str]:
    expected: dict[str, Any] = {
        dim: observed[dim].values for dim in ("geo", "date", "channel", "control")
    }
    expected["spend_multiplier"] = np.array(schema.SPEND_MULTIPLIERS)
    for dim, values in expected.items():
        if dim not in posterior.coords:
            yield f"posterior has no coordinate '{dim}'; label it as observed is labelled"
        elif not np.array_equal(posterior[dim].values, values):
            yield (
                f"posterior coordinate '{dim}' is {_brief(posterior[dim].values)}; "
                f"it must be {_brief(values)}, in that order"
            )


def _size(fit: Fit) -> Iterator[str]:
    draws = fit.posterior.sizes["chain"] * fit.posterior.sizes["draw"]
    if not 1 <= draws <= schema.MAX_STORED_DRAWS:
        yield f"posterior keeps {draws} draws; thin to at most {schema.MAX_STORED_DRAWS}"
    missing = [name for name in ("r_hat", "ess_bulk", "ess_tail") if name not in fit.diagnostics]
    if draws > 1 and missing:
        yield f"a fit with draws needs diagnostics {', '.join(missing)}, computed before thinning"
    if fit.posterior_predictive is not None:
        dims = (*schema.SAMPLE, "geo", "date")
        schema.check(fit.posterior_predictive, {"sales": dims}, "posterior predictive")


def _consistency(posterior: xr.Dataset, observed: xr.Dataset) -> Iterator[str]:
    sales = float(observed["sales"].mean())
    expected = posterior["expected_sales"]
    parts = (
        posterior["baseline"]
        + posterior["contribution"].sum("channel")
        + posterior["control_contribution"].sum("control")
    )
    gap = float(np.abs(parts - expected).max())
    if gap > 1e-3 * sales:
        yield f"baseline + contributions + controls miss expected_sales by up to {gap:.3g}"
    if not 0.5 * sales < float(expected.mean()) < 1.5 * sales:
        yield (
            f"expected_sales average {float(expected.mean()):.3g} where sales average "
            f"{sales:.3g}; answer in the currency of sales"
        )
    total = posterior["contribution"].sum(("geo", "date"))
    curve = posterior["response_curve"]
    at_one = curve.sel(spend_multiplier=1.0, drop=True)
    if _apart(at_one, total, sales * observed.sizes["date"]):
        yield "response_curve at multiplier 1 must be the contribution summed over geo and date"
    spend = observed["spend"].sum(("geo", "date"))
    gain = at_one - curve.sel(spend_multiplier=0.0, drop=True)
    if _apart(posterior["roas"] * spend, gain, sales * observed.sizes["date"]):
        yield "roas must be (response_curve at 1 - response_curve at 0) / total spend"


def _apart(a: xr.DataArray, b: xr.DataArray, scale: float) -> bool:
    return not np.allclose(a.transpose(*b.dims).values, b.values, rtol=1e-2, atol=1e-4 * scale)


def _silence(posterior: xr.Dataset, observed: xr.Dataset) -> Iterator[str]:
    """A channel that has not begun to spend has contributed nothing: names cannot be mixed up."""
    sales = float(observed["sales"].mean())
    silent = observed["spend"].cumsum("date") <= 0
    early = abs(posterior["contribution"].where(silent, 0.0))
    for name in observed["channel"].values:
        if float(early.sel(channel=name).max()) <= 1e-3 * sales:
            continue
        yield (
            f"channel '{name}' contributes before its first spend; "
            "are contributions and channel names in the same order?"
        )


def _monotone(posterior: xr.Dataset, observed: xr.Dataset) -> Iterator[str]:
    scale = float(observed["sales"].sum())
    if float(posterior["contribution"].min()) < -1e-6 * scale:
        yield "contribution holds negative values; media effects are non-negative"
    curve = posterior["response_curve"]
    if float(curve.diff("spend_multiplier").min()) < -1e-5 * scale:
        yield "response_curve falls as spend rises; it must not decrease"
    one_percent = (
        schema.MARGINAL_STEP * posterior["marginal_roas"] * observed["spend"].sum(("geo", "date"))
    )
    ahead = curve.sel(spend_multiplier=1.2) - curve.sel(spend_multiplier=1.0)
    if bool((one_percent < -1e-5 * scale).any()) or bool(
        (one_percent > ahead + 1e-4 * scale).any()
    ):
        yield (
            "marginal_roas disagrees with response_curve; it is (curve at 1.01 - curve at 1) "
            "/ (0.01 * total spend)"
        )


def _brief(values: Any) -> str:
    listed = [str(value) for value in values[:6]]
    return "[" + ", ".join(listed) + (", ...]" if len(values) > 6 else "]")
