"""The MMM of the published comparison, built with PyMC-Marketing, and the two other ways.

Structure of the first: geometric adstock (normalised, eight weeks), Hill saturation in its
sigmoid form with asymptotes pooled over geos, two yearly Fourier modes, controls, an intercept
and a noise level for each geo. Spend and sales are divided by their largest value in each geo,
which is what ``dims=()`` means in the library: the maximum is taken over dates only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pymc as pm
import xarray as xr
from numpy.typing import NDArray
from pymc.model.transform.optimization import freeze_dims_and_data
from pymc_extras.prior import Prior
from pymc_marketing.mmm import (
    MMM,
    GeometricAdstock,
    HillSaturationSigmoid,
    LogisticSaturation,
    MichaelisMentenSaturation,
    SoftPlusHSGP,
)

from mmm_benchmark.fitters.common import matched as same
from mmm_benchmark.fitters.common.experiments import frame_of
from mmm_benchmark.fitters.common.media_priors import media_prior_scale
from mmm_data_generator.experiments import for_pymc_marketing

L_MAX = 8  # weeks of the adstock kernel
N_FOURIER = 2  # modes of the yearly seasonality
TREND = "linear trend"  # the control that the quickstart adds to those of the data

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


def default(observed: xr.Dataset) -> MMM:
    """The model of the library's quickstart: its own priors, curve and scaling.

    The quickstart's model has eight weeks of geometric adstock, logistic saturation, two yearly
    Fourier modes, and a linear trend among its controls; for several geos the library asks for
    the dimension. Whatever is not named here is the installed library's default.
    """
    several = observed.sizes["geo"] > 1
    data = inputs(observed, with_trend=True)
    mmm = MMM(
        date_column="date",
        target_column="sales",
        channel_columns=[str(name) for name in observed["channel"].values],
        control_columns=[str(name) for name in data["control"].values],
        adstock=GeometricAdstock(l_max=L_MAX),
        saturation=LogisticSaturation(),
        yearly_seasonality=N_FOURIER,
        **({"dims": ("geo",)} if several else {}),
    )
    mmm.build_model(data if several else data.isel(geo=0, drop=True))
    return mmm


def matched(observed: xr.Dataset) -> MMM:
    """The same season, carry-over, curve and priors as Meridian's matched row.

    ``MichaelisMentenSaturation`` is the Hill curve of slope one, Meridian's default. Priors are
    stated in currency (``common/matched.py``) and brought to units of each geo's largest sales.
    """
    scales = same.Scales.of(observed)
    largest = _by_geo(observed["sales"].max("date"))
    most_spend = observed["spend"].max("date").transpose("geo", "channel").to_numpy()
    mean, sd = scales.sales_mean / largest, scales.sales_sd / largest
    half = np.log(scales.active_spend / most_spend).mean(0)
    steps = np.where(scales.control_sd > 0, scales.control_sd, 1.0)
    per_control = control_scale(observed).to_numpy() / steps

    def geo(values: NDArray[np.float64]) -> xr.DataArray:
        return xr.DataArray(values, dims=("geo",))

    if observed.sizes["geo"] == 1:
        effect = Prior("HalfNormal", sigma=float(same.EFFECT * mean[0]), dims=("channel", "geo"))
    else:
        effect = Prior(
            "Normal",
            mu=Prior("HalfNormal", sigma=float(same.EFFECT * mean.mean()), dims="channel"),
            sigma=Prior("HalfNormal", sigma=float(same.GEO_SPREAD * mean.mean()), dims="channel"),
            dims=("channel", "geo"),
        )
    controls = xr.DataArray(same.LEVEL * np.outer(sd, per_control), dims=("geo", "control"))
    a, b = same.DECAY
    mmm = MMM(
        date_column="date",
        target_column="sales",
        channel_columns=[str(name) for name in observed["channel"].values],
        control_columns=[str(name) for name in observed["control"].values] or None,
        dims=("geo",),
        scaling={
            "channel": {"method": "max", "dims": ()},
            "target": {"method": "max", "dims": ()},
        },
        adstock=GeometricAdstock(
            l_max=same.LAGS, priors={"alpha": Prior("Beta", alpha=a, beta=b, dims="channel")}
        ),
        saturation=MichaelisMentenSaturation(
            priors={
                "alpha": effect,
                "lam": Prior(
                    "LogNormal",
                    mu=xr.DataArray(half, dims=("channel",)),
                    sigma=same.HALF_SATURATION_LOG_SD,
                    dims="channel",
                ),
            }
        ),
        yearly_seasonality=same.SEASON_MODES,
        model_config={
            "intercept": Prior("Normal", mu=geo(mean), sigma=geo(same.LEVEL * sd), dims="geo"),
            "gamma_control": Prior("Normal", mu=0, sigma=controls, dims=("geo", "control")),
            "gamma_fourier": Prior(
                "Normal", mu=0, sigma=geo(same.SEASON * sd), dims=("geo", "fourier_mode")
            ),
            "likelihood": Prior(
                "Normal",
                sigma=Prior("HalfNormal", sigma=geo(same.NOISE * sd), dims="geo"),
                dims=("date", "geo"),
            ),
        },
    )
    mmm.build_model(inputs(observed))
    return mmm


def calibrate(mmm: MMM, experiments: Sequence[Mapping[str, Any]]) -> None:
    """Add lift tests to a built model, through the library's own interface.

    A national model is told the sum over the geos of each test.
    """
    tests = for_pymc_marketing(frame_of(experiments), national="geo" not in mmm.dims)
    mmm.add_lift_test_measurements(tests.drop(columns="date"))


def sampling_model(mmm: MMM) -> pm.Model:
    """The model that the library's own ``fit`` samples: data and dimensions made constant."""
    return freeze_dims_and_data(mmm.model)


def inputs(observed: xr.Dataset, *, with_trend: bool = False) -> xr.Dataset:
    """Sales, spend and scaled controls under the names that the library knows.

    ``with_trend`` adds a control that rises from 0 to 1 over the window.
    """
    data = {"media": observed["spend"], "target": observed["sales"]}
    controls = observed["controls"] / control_scale(observed)
    if with_trend:
        line = trend(observed).expand_dims({"geo": observed["geo"], "control": [TREND]})
        controls = xr.concat([controls, line.transpose(*controls.dims)], "control")
    if controls.sizes["control"]:
        data["_control"] = controls
    return xr.Dataset(data)


def trend(observed: xr.Dataset) -> xr.DataArray:
    """A line from 0 to 1 over the window, ``(date,)``."""
    date = observed["date"]
    return xr.DataArray(np.linspace(0.0, 1.0, date.size), coords={"date": date}, dims="date")


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
