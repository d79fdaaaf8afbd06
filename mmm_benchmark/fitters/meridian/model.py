"""The Meridian model of the published comparison.

Adstock of this week and the eight before, Hill saturation after it, a spline baseline shared by
geos with a level for each, controls and media effects that vary over geos around a mean.
"""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import xarray as xr
from meridian import backend
from meridian.data.data_frame_input_data_builder import DataFrameInputDataBuilder
from meridian.data.input_data import InputData
from meridian.model.model import Meridian
from meridian.model.prior_distribution import PriorDistribution
from meridian.model.spec import ModelSpec
from numpy.typing import NDArray

from mmm_benchmark.fitters.common.media_priors import media_prior_scale

MAX_LAG = 8  # weeks before this one that adstock remembers
KNOT_EVERY = 26  # weeks


def build(
    observed: xr.Dataset,
    *,
    priors: str,
    automatic_knots: bool,
    media_effects: str,
    slope: str = "gamma",
) -> Meridian:
    """Build the model on one dataset.

    Parameters
    ----------
    observed
        Satisfies ``schema.OBSERVED``.
    priors
        ``"neutral"`` or ``"spend-share"``, see :func:`media_prior_scale`.
    automatic_knots
        Let the library choose the knots; otherwise there is one every 26 weeks.
    media_effects
        How effects spread over geos: ``"normal"`` or ``"log_normal"``.
    slope
        ``"gamma"``: Gamma(2, 1); ``"one"``: the library's own default, fixed at 1.
    """
    national = observed.sizes["geo"] == 1
    with warnings.catch_warnings():
        # The library prefers ROI priors; the comparison is stated in coefficients.
        warnings.filterwarnings("ignore", message="Using coefficient priors")
        spec = ModelSpec(
            prior=prior_distribution(
                media_prior_scale(observed, priors),
                slope_prior(rests(observed)) if slope == "gamma" else fixed_slope(),
            ),
            media_prior_type="coefficient",
            media_effects_dist="normal" if national else media_effects,
            max_lag=MAX_LAG,
            hill_before_adstock=False,
            unique_sigma_for_each_geo=not national,
            knots=None if automatic_knots else list(range(0, observed.sizes["date"], KNOT_EVERY)),
            enable_aks=automatic_knots,
        )
        return Meridian(input_data=input_data(observed), model_spec=spec)


def rests(observed: xr.Dataset) -> NDArray[np.bool_]:
    """Which channels have, in some geo, a week without spend in it or in the eight before it.

    There the library raises zero to the power of the slope, and for slopes below one the
    gradient is infinity times zero: one such week and the sampler stands still.
    """
    spend = observed["spend"].transpose("date", "geo", "channel").to_numpy()
    recent = np.lib.stride_tricks.sliding_window_view(
        np.pad(spend, ((MAX_LAG, 0), (0, 0), (0, 0))), MAX_LAG + 1, axis=0
    )
    silent = ~recent.any(axis=-1)  # (date, geo, channel)
    return np.any(silent, axis=(0, 1))


class PositiveMixture(backend.tfd.MixtureSameFamily):  # type: ignore[misc]
    """A mixture that tells NUTS its support; the library leaves that to whoever mixes."""

    def _default_event_space_bijector(self) -> backend.bijectors.Bijector:
        return backend.bijectors.Softplus()


def slope_prior(resting: NDArray[np.bool_]) -> backend.tfd.Distribution:
    """Gamma(2, 1); for channels that rest, the same cut off below one.

    Above one, the density x exp(-x) is that of 1 + y with y exponential or Gamma(2, 1), each with
    probability one half.
    """
    tfd, real = backend.tfd, backend.np_float_dtype
    exponential = np.where(resting, 0.5, 0.0).astype(real)
    shape = np.broadcast_to(np.array([1.0, 2.0], real), (resting.size, 2))
    gamma = PositiveMixture(
        tfd.Categorical(probs=np.stack([exponential, 1 - exponential], axis=-1)),
        tfd.Gamma(shape, np.ones_like(shape)),
    )
    return tfd.TransformedDistribution(
        gamma, backend.bijectors.Shift(resting.astype(real)), name="slope_m"
    )


def fixed_slope() -> backend.tfd.Distribution:
    """The library's default: no slope to infer."""
    return backend.tfd.Deterministic(backend.np_float_dtype(1.0), name="slope_m")


def prior_distribution(
    media_scale: NDArray[np.float64], slope: backend.tfd.Distribution
) -> PriorDistribution:
    """The stated priors; sales are standardised, media are multiples of their median.

    Parameters
    ----------
    media_scale
        Standard deviation of the logarithm of each channel's mean effect, ``(channel,)``.
    slope
        From :func:`slope_prior` or :func:`fixed_slope`.
    """
    tfd, real = backend.tfd, backend.np_float_dtype
    return PriorDistribution(
        alpha_m=tfd.Beta(real(1.0), real(3.0), name="alpha_m"),
        beta_m=tfd.LogNormal(
            np.zeros(media_scale.size, real), media_scale.astype(real), name="beta_m"
        ),
        eta_m=tfd.HalfNormal(real(1.0), name="eta_m"),
        ec_m=tfd.Beta(real(2.0), real(2.0), name="ec_m"),
        slope_m=slope,
        gamma_c=tfd.Normal(real(0.0), real(1.0), name="gamma_c"),
        xi_c=tfd.HalfNormal(real(1.0), name="xi_c"),
        tau_g_excl_baseline=tfd.Normal(real(0.0), real(5.0), name="tau_g_excl_baseline"),
        knot_values=tfd.Normal(real(0.0), real(5.0), name="knot_values"),
        sigma=tfd.HalfNormal(real(5.0), name="sigma"),
    )


def input_data(observed: xr.Dataset) -> InputData:
    """Sales as revenue, spend as media execution; the builder names a single geo national."""
    channels = [str(name) for name in observed["channel"].values]
    controls = [str(name) for name in observed["control"].values]
    frame = wide_frame(observed)
    builder = DataFrameInputDataBuilder(kpi_type="revenue").with_kpi(frame, kpi_col="sales")
    if observed.sizes["geo"] > 1:  # nationally the library sets it to one
        builder = builder.with_population(frame)
    builder = builder.with_media(
        frame,
        media_cols=[f"spend {name}" for name in channels],
        media_spend_cols=[f"spend {name}" for name in channels],
        media_channels=channels,
    )
    if controls:
        builder = builder.with_controls(frame, [f"control {name}" for name in controls])
    return builder.build()


def wide_frame(observed: xr.Dataset) -> pd.DataFrame:
    """One row for each geo and week; the prefixes keep channels and controls apart."""
    geos, dates = observed.sizes["geo"], observed.sizes["date"]
    days = observed["date"].dt.strftime("%Y-%m-%d").to_numpy()
    columns = {
        "geo": np.repeat([str(name) for name in observed["geo"].values], dates),
        "time": np.tile(days, geos),
        "sales": observed["sales"].transpose("geo", "date").to_numpy().ravel(),
        "population": np.repeat(observed["population"].to_numpy(), dates),
    }
    for name, dim, prefix in (
        ("spend", "channel", "spend"),
        ("controls", "control", "control"),
    ):
        values = observed[name].transpose(dim, "geo", "date").to_numpy()
        columns |= {
            f"{prefix} {label}": values[i].ravel() for i, label in enumerate(observed[dim].values)
        }
    return pd.DataFrame(columns)
