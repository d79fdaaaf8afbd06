"""What a fit's answer must satisfy, as functions that yield one sentence for each breach."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import xarray as xr

from mmm_benchmark import schema
from mmm_benchmark.fit import Fit

ABSURD = 1e6  # times all sales: beyond it an answer is an overflow, not an estimate


def answer_problems(fit: Fit, observed: xr.Dataset, monotone: bool) -> Iterator[str]:
    """Yield what ``check_fitter`` holds against an answer to easy data.

    To :func:`broken_promises` it adds what only easy data can ask for: diagnostics, a level near
    that of sales and, with ``monotone``, effects that are not negative.

    Raises
    ------
    ContractError
        When a variable of the schema is missing, has other dims, or is not finite.
    """
    yield from broken_promises(fit, observed)
    yield from _diagnostics(fit)
    if not any(_coordinates(fit.posterior, observed)):
        yield from _level(fit.posterior, observed)
        if monotone:
            yield from _monotone(fit.posterior, observed)


def broken_promises(fit: Fit, observed: xr.Dataset) -> Iterator[str]:
    """Yield what no answer may break, however poor the fit: a run stores none that does.

    Variables, dims and labels are those of the schema, every value is finite and of a size that
    can be, parts add up to expected sales, curves and ROAS agree with contributions, and no
    channel contributes before its first spend.

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
    problems = [*_coordinates(posterior, observed), *_size(fit, observed)]
    problems += [*_forecast(fit, observed), *_prior(fit, observed)]
    yield from problems
    if problems:
        return
    absurd = list(_absurd(posterior, observed))
    yield from absurd
    if not absurd:
        yield from _consistency(posterior, observed)
        yield from _silence(posterior, observed)


def _prior(fit: Fit, observed: xr.Dataset) -> Iterator[str]:
    if fit.prior is None:
        return
    schema.check(fit.prior, schema.PRIOR, "prior")
    if not np.array_equal(fit.prior["channel"].values, observed["channel"].values):
        yield "prior coordinate 'channel' is not that of the observed data"


def _forecast(fit: Fit, observed: xr.Dataset) -> Iterator[str]:
    """What was asked for is there, labelled as the weeks to come are."""
    if "future_spend" not in observed:
        return
    if fit.forecast is None:
        yield "the fit has no forecast of the weeks to come, which its fitter promises"
        return
    schema.check(fit.forecast, schema.FORECAST, "forecast")
    for dim in ("geo", "future_date"):
        if not np.array_equal(fit.forecast[dim].values, observed[dim].values):
            yield f"forecast coordinate '{dim}' is not that of the weeks to come"


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


def _size(fit: Fit, observed: xr.Dataset) -> Iterator[str]:
    draws = fit.posterior.sizes["chain"] * fit.posterior.sizes["draw"]
    if not 1 <= draws <= schema.MAX_STORED_DRAWS:
        yield f"posterior keeps {draws} draws; thin to at most {schema.MAX_STORED_DRAWS}"
    predictive = fit.posterior_predictive
    if predictive is None:
        return
    schema.check(predictive, {"sales": (*schema.SAMPLE, "geo", "date")}, "posterior predictive")
    for dim in ("geo", "date"):
        if dim not in predictive.coords or not np.array_equal(
            predictive[dim].values, observed[dim].values
        ):
            yield f"posterior predictive has another '{dim}' than the observed data"


def _diagnostics(fit: Fit) -> Iterator[str]:
    missing = [name for name in ("r_hat", "ess_bulk", "ess_tail") if name not in fit.diagnostics]
    if missing and fit.posterior.sizes["chain"] * fit.posterior.sizes["draw"] > 1:
        yield f"a fit with draws needs diagnostics {', '.join(missing)}, computed before thinning"


def _absurd(posterior: xr.Dataset, observed: xr.Dataset) -> Iterator[str]:
    """A value of 1e30 is finite, and its square is not."""
    most = ABSURD * float(np.abs(observed["sales"]).sum())
    spend = observed["spend"].sum(("geo", "date"))
    for name in schema.POSTERIOR:
        values = posterior[name] * spend if name in ("roas", "marginal_roas") else posterior[name]
        largest = float(np.abs(values).max()) if values.size else 0.0
        if not largest <= most:
            yield f"{name} reaches {largest:.3g}, more than {ABSURD:.0e} times all sales"


def _consistency(posterior: xr.Dataset, observed: xr.Dataset) -> Iterator[str]:
    sales = float(observed["sales"].mean())
    expected = posterior["expected_sales"]
    terms = (
        posterior["baseline"],
        posterior["contribution"].sum("channel"),
        posterior["control_contribution"].sum("control"),
    )
    gap = np.abs(sum(terms) - expected)
    rounding = 1e-5 * sum(np.abs(term) for term in terms)  # of float32, where terms are large
    if bool((gap > 1e-3 * sales + rounding).any()):
        yield (
            "baseline + contributions + controls miss expected_sales by up to "
            f"{float(gap.max()):.3g}"
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


def _level(posterior: xr.Dataset, observed: xr.Dataset) -> Iterator[str]:
    sales = float(observed["sales"].mean())
    expected = float(posterior["expected_sales"].mean())
    if not 0.5 * sales < expected < 1.5 * sales:
        yield (
            f"expected_sales average {expected:.3g} where sales average "
            f"{sales:.3g}; answer in the currency of sales"
        )


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
