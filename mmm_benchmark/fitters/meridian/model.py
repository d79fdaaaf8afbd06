"""Four Meridian models: the counterpart of the stated PyMC-Marketing model, and the three ways.

All are the library's own model; they differ in what its ``ModelSpec`` is given. What a way leaves
out is the installed library's default, read when the model is built. ``docs/fairness.md`` argues
each choice.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import xarray as xr
from meridian import backend
from meridian.model.model import Meridian
from meridian.model.prior_distribution import PriorDistribution
from meridian.model.spec import ModelSpec
from numpy.typing import NDArray

from mmm_benchmark.fitters.common import matched as same
from mmm_benchmark.fitters.common.media_priors import media_prior_scale
from mmm_benchmark.fitters.meridian import priors as dist
from mmm_benchmark.fitters.meridian.calibration import roi_law
from mmm_benchmark.fitters.meridian.data import input_data, rests

KNOT_EVERY: Final = 8  # weeks, of the stated model
MAX_LAG: Final = 8  # weeks before the current one, of the stated and the published models
PUBLISHED_KNOT_EVERY: Final = 26

type Experiments = Sequence[Mapping[str, Any]]


def stated(
    observed: xr.Dataset,
    *,
    priors: str = "neutral",
    automatic_knots: bool = False,
    knot_every: int = KNOT_EVERY,
    media_effects: str = "normal",
    half_saturation: str = "library",
    slope: str = "library",
    season_modes: int = 0,
    experiments: Experiments | None = None,
) -> Meridian:
    """The model that answers to the stated PyMC-Marketing one: priors on effects, not on ROI.

    Parameters
    ----------
    observed
        Satisfies ``schema.OBSERVED``.
    priors
        ``"neutral"`` or ``"spend-share"``, see :func:`media_prior_scale`.
    automatic_knots
        Let the library choose the knots.
    knot_every
        Otherwise a knot every so many weeks, and at the end.
    media_effects
        How effects spread over geos: ``"normal"`` or ``"log_normal"``.
    half_saturation
        ``"library"``: its default prior; ``"beta"``: Beta(2, 2) in multiples of median spend.
    slope
        ``"library"``: its default, fixed at 1; ``"gamma"``: Gamma(2, 1).
    season_modes
        Yearly Fourier modes handed over as controls.
    experiments
        Lift tests, whose priors on ROI take the place of those on effects.
    """
    given: dict[str, Any] = {
        "alpha_m": dist.beta(1.0, 3.0, "alpha_m"),
        "beta_m": dist.log_normal(0.0, media_prior_scale(observed, priors), "beta_m"),
        "gamma_c": dist.normal(1.0, "gamma_c"),
        "xi_c": dist.half_normal(1.0, "xi_c"),
    }
    if half_saturation == "beta":
        given["ec_m"] = dist.beta(2.0, 2.0, "ec_m")
    if slope == "gamma":
        given["slope_m"] = dist.gamma_slope(rests(observed, MAX_LAG))
    last = observed.sizes["date"] - 1
    return _build(
        observed,
        season_modes,
        **_told(observed, given, experiments, MAX_LAG),
        media_effects_dist=_over_geos(observed, media_effects),
        max_lag=MAX_LAG,
        unique_sigma_for_each_geo=observed.sizes["geo"] > 1,
        knots=None if automatic_knots else sorted({*range(0, last, knot_every), last}),
        enable_aks=automatic_knots,
    )


def default(observed: xr.Dataset, experiments: Experiments | None = None) -> Meridian:
    """What the library's getting-started guide runs: its own priors, knots by its own selection.

    Experiments set the priors on ROI, and nothing else.
    """
    spec: dict[str, Any] = {}
    if experiments is not None:
        law = roi_law(input_data(observed), experiments, ModelSpec().max_lag)
        spec = {"prior": PriorDistribution(roi_m=law)}
    return _build(observed, 0, enable_aks=True, **spec)


def published(observed: xr.Dataset, *, edition: str = "first") -> Meridian:
    """The code of the public comparison, pymc-labs/mmm-param-recovery.

    Parameters
    ----------
    observed
        Satisfies ``schema.OBSERVED``.
    edition
        ``"first"`` (commit 8a8468f): effects by spend share, knots every 26 weeks.
        ``"follow-up"`` (commit 44bd70b): the library's default effects, automatic knots.
        Everything else is the library's default in both.
    """
    given: dict[str, Any] = {"alpha_m": dist.beta(1.0, 3.0, "alpha_m")}
    knots: dict[str, Any] = {"enable_aks": True}
    if edition == "first":
        scale = media_prior_scale(observed, "spend-share")
        given["beta_m"] = dist.log_normal(0.0, scale, "beta_m")
        knots = {"knots": list(range(0, observed.sizes["date"], PUBLISHED_KNOT_EVERY))}
    return _build(
        observed,
        0,
        prior=PriorDistribution(**given),
        media_prior_type="coefficient",
        media_effects_dist=_over_geos(observed, "log_normal"),
        max_lag=MAX_LAG,
        hill_before_adstock=False,
        unique_sigma_for_each_geo=observed.sizes["geo"] > 1,
        **knots,
    )


def matched(observed: xr.Dataset, experiments: Experiments | None = None) -> Meridian:
    """The same season, carry-over, curve and priors as PyMC-Marketing's matched row.

    Experiments put priors on ROI in the place of that on effects: the library takes one of them.

    The library's units (sales per head in standard deviations, media per head in medians,
    controls standardised) are taken from a model built on the same data.
    """
    scales = same.Scales.of(observed)
    units = default(observed)
    people = np.asarray(units.population)[order(observed, units)]
    sales_sd = float(units.kpi_transformer.population_scaled_stdev) * people  # (geo,)
    spend = np.asarray(units.media_tensors.media_transformer.scale_factors_gm)
    active = scales.active_spend / spend[order(observed, units)]  # (geo, channel)
    effect = same.EFFECT * float((scales.sales_mean / sales_sd).mean())
    noise = float((scales.sales_sd / sales_sd).mean())  # 1 for one geo
    data = input_data(observed, same.SEASON_MODES)
    waves = data.controls.values.reshape(-1, data.controls.shape[-1]).std(0)
    controls = np.where(
        np.arange(waves.size) < observed.sizes["control"], same.LEVEL, same.SEASON * waves
    )
    spread = same.GEO_SPREAD / same.EFFECT * effect
    given: dict[str, Any] = {
        "alpha_m": dist.beta(*same.DECAY, "alpha_m"),
        "beta_m": dist.half_normal(effect, "beta_m"),
        "eta_m": dist.half_normal(spread, "eta_m"),
        "ec_m": dist.log_normal(np.log(active).mean(0), same.HALF_SATURATION_LOG_SD, "ec_m"),
        "slope_m": backend.tfd.Deterministic(backend.np_float_dtype(1.0), name="slope_m"),
        "gamma_c": dist.normal(noise * controls, "gamma_c"),
        "xi_c": dist.half_normal(noise, "xi_c"),
        "knot_values": dist.normal(same.LEVEL, "knot_values"),
        "tau_g_excl_baseline": dist.normal(same.LEVEL, "tau_g_excl_baseline"),
        "sigma": dist.half_normal(same.NOISE * noise, "sigma"),
    }
    return _build(
        observed,
        same.SEASON_MODES,
        **_told(observed, given, experiments, same.LAGS - 1),
        media_effects_dist="normal",
        max_lag=same.LAGS - 1,
        unique_sigma_for_each_geo=observed.sizes["geo"] > 1,
        knots=1,
    )


def order(observed: xr.Dataset, model: Meridian) -> NDArray[np.intp]:
    """Where each observed geo stands in the model, which sorts geos and renames a single one."""
    if model.is_national:
        return np.zeros(1, np.intp)
    names = [str(name) for name in model.input_data.geo.values]
    return np.array([names.index(str(name)) for name in observed["geo"].values])


def _build(observed: xr.Dataset, modes: int, **spec: Any) -> Meridian:
    with warnings.catch_warnings():
        # The library prefers ROI priors; these comparisons are stated in coefficients.
        warnings.filterwarnings("ignore", message="Using coefficient priors")
        # What a national model resets, docs/fairness.md says.
        warnings.filterwarnings("ignore", message="In a nationally aggregated model")
        return Meridian(input_data=input_data(observed, modes), model_spec=ModelSpec(**spec))


def _told(
    observed: xr.Dataset, given: dict[str, Any], experiments: Experiments | None, max_lag: int
) -> dict[str, Any]:
    """Priors on effects, or those on ROI that experiments make: the library takes one of them."""
    if experiments is None:
        return {"prior": PriorDistribution(**given), "media_prior_type": "coefficient"}
    rest = {name: law for name, law in given.items() if name != "beta_m"}
    law = roi_law(input_data(observed), experiments, max_lag)
    return {"prior": PriorDistribution(**rest, roi_m=law), "media_prior_type": "roi"}


def _over_geos(observed: xr.Dataset, wanted: str) -> str:
    return "normal" if observed.sizes["geo"] == 1 else wanted
