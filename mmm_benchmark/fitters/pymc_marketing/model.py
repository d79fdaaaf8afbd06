"""The MMM of the published comparison, built with PyMC-Marketing.

Structure: geometric adstock (normalised, eight weeks), Hill saturation in its sigmoid form with
asymptotes pooled over geos, two yearly Fourier modes, controls, an intercept and a noise level
for each geo. Spend and sales are divided by their largest value in each geo, which is what
``dims=()`` means in the library: the maximum is taken over dates only.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pymc as pm
import xarray as xr
from numpy.typing import NDArray
from pymc.model.transform.optimization import freeze_dims_and_data
from pymc_extras.prior import Prior
from pymc_marketing.mmm import MMM, GeometricAdstock, HillSaturationSigmoid, SoftPlusHSGP

from mmm_benchmark.fitters.common.media_priors import media_prior_scale

L_MAX = 8  # weeks of the adstock kernel
N_FOURIER = 2  # modes of the yearly seasonality

#: Length scales (weeks) that hold 90% of the prior of time-varying media: six weeks to half a year.
LENGTH_SCALE = (6.0, 26.0)


def build(observed: xr.Dataset, *, priors: str, time_varying: bool) -> MMM:
    """Build the MMM on one dataset; a new instance every time, because ``fit`` would reuse it.

    Parameters
    ----------
    observed
        Satisfies ``schema.OBSERVED``.
    priors
        ``"neutral"`` or ``"spend-share"``, see :func:`media_prior_scale`.
    time_varying
        Whether each channel's effect is multiplied by a smooth path of mean one
        (softplus of a Hilbert-space Gaussian process), shared by all geos.
    """
    controls = [str(name) for name in observed["control"].values]
    mmm = MMM(
        date_column="date",
        target_column="sales",
        channel_columns=[str(name) for name in observed["channel"].values],
        control_columns=controls or None,
        dims=("geo",),
        scaling={
            "channel": {"method": "max", "dims": ()},
            "target": {"method": "max", "dims": ()},
        },
        adstock=GeometricAdstock(
            l_max=L_MAX, priors={"alpha": Prior("Beta", alpha=1, beta=3, dims="channel")}
        ),
        saturation=HillSaturationSigmoid(priors=saturation_priors(observed, priors)),
        yearly_seasonality=N_FOURIER,
        time_varying_media=media_process(observed.sizes["date"]) if time_varying else False,
        model_config=linear_priors(observed),
    )
    mmm.build_model(inputs(observed))
    return mmm


def sampling_model(mmm: MMM) -> pm.Model:
    """The model that the library's own ``fit`` samples: data and dimensions made constant."""
    return freeze_dims_and_data(mmm.model)


def inputs(observed: xr.Dataset) -> xr.Dataset:
    """Sales, spend and scaled controls under the names that the library knows."""
    data = {"media": observed["spend"], "target": observed["sales"]}
    if observed.sizes["control"]:
        data["_control"] = observed["controls"] / control_scale(observed)
    return xr.Dataset(data)


def control_scale(observed: xr.Dataset) -> xr.DataArray:
    """Largest absolute value of each control, ``(control,)``; 1 for a control that is all zero.

    The library leaves controls as they are and asks for a comparable scale, since one prior
    serves them all.
    """
    largest = abs(observed["controls"]).max(("geo", "date"))
    return largest.where(largest > 0, 1.0)


def saturation_priors(observed: xr.Dataset, priors: str) -> dict[str, Prior]:
    """Priors of asymptote (pooled over geos), steepness and midpoint of the sigmoid."""
    scale = xr.DataArray(media_prior_scale(observed, priors), dims=("channel",))
    return {
        "sigma": Prior(
            "InverseGamma",
            mu=Prior("HalfNormal", sigma=scale, dims="channel"),
            sigma=Prior("HalfNormal", sigma=1.5),
            dims=("channel", "geo"),
        ),
        "beta": Prior("HalfNormal", sigma=1.5, dims="channel"),
        "lam": Prior("HalfNormal", sigma=1.5, dims="channel"),
    }


def linear_priors(observed: xr.Dataset) -> dict[str, Any]:
    """Priors of intercept, controls, seasonality and noise; sales are in units of their maximum."""
    sales = observed["sales"] / observed["sales"].max("date")
    mean = xr.DataArray(_by_geo(sales.mean("date")), dims=("geo",))
    twice_sd = xr.DataArray(2 * _by_geo(sales.std("date")), dims=("geo",))
    return {
        "intercept": Prior("Normal", mu=mean, sigma=twice_sd, dims="geo"),
        "gamma_control": Prior("Normal", mu=0, sigma=2, dims="control"),
        "gamma_fourier": Prior("Normal", mu=0, sigma=1, dims=("geo", "fourier_mode")),
        "likelihood": Prior(
            "Normal",
            sigma=Prior("HalfNormal", sigma=twice_sd, dims="geo"),
            dims=("date", "geo"),
        ),
    }


def media_process(n_dates: int) -> SoftPlusHSGP:
    """One path per channel, shared by geos: the library's own time-varying media.

    The Matern 3/2 kernel is the roughest the library has, so the nearest to paths that move like
    an Ornstein-Uhlenbeck process; basis size and boundary are the library's recommendation for
    these length scales.
    """
    shortest, longest = LENGTH_SCALE
    return SoftPlusHSGP.parameterize_from_data(
        X=np.arange(n_dates, dtype=float),
        dims=("date", "channel"),
        ls_lower=shortest,
        ls_upper=longest,
        cov_func="matern32",
    )


def _by_geo(values: xr.DataArray) -> NDArray[np.float64]:
    return values.transpose("geo").to_numpy()
