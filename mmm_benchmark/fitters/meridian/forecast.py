"""Sales of weeks to come, by Meridian's equations; what moves by knots stays as it last was.

The library's own way, ``holdout_id``, masks weeks of a window whose sales it is given to scale by;
here a fit never sees them. Past its last knot the library's baseline is constant, so that is what
a forecast takes; season, controls and media follow what is known of the weeks to come.
"""

from __future__ import annotations

import numpy as np
import xarray as xr
from meridian.model.model import Meridian
from numpy.typing import NDArray

from mmm_benchmark.fitters.common import forecast, season
from mmm_benchmark.fitters.common.lags import lag_tensor, lag_weights
from mmm_benchmark.fitters.meridian import answer

type Array = NDArray[np.float64]


def forecast_of(
    observed: xr.Dataset, model: Meridian, posterior: xr.Dataset, fitted: xr.Dataset, seed: int
) -> xr.Dataset:
    """Draws of sales in the weeks to come.

    Parameters
    ----------
    posterior
        The library's kept draws.
    fitted
        The same draws as estimands, whose baseline ends where the forecast begins.
    """
    whole = forecast.whole_window(observed)
    ahead = slice(observed.sizes["date"], None)
    media = contribution(observed, whole, model, posterior)[..., ahead, :].sum(-1)
    controls = control_effect(observed, whole, model, posterior)[..., ahead]
    waves = season_effect(observed, whole, model, posterior)
    now = fitted["baseline"].transpose("chain", "draw", "geo", "date").to_numpy()[..., -1:]
    last = waves[..., ahead.start - 1, None]
    expected = now - last + waves[..., ahead] + media + controls
    return forecast.forecast(observed, expected, answer.noise_sd(observed, model, posterior), seed)


def contribution(
    observed: xr.Dataset, whole: xr.Dataset, model: Meridian, posterior: xr.Dataset
) -> Array:
    """Contributions on another window, (chain, draw, geo, date, channel), currency per week."""
    spend = whole["spend"].transpose("geo", "date", "channel").to_numpy()
    scaled = spend / answer.media_scale(observed, model)[:, None]
    lags = model.model_spec.max_lag + 1
    lagged = lag_tensor(scaled, lags, axis=1)  # (geo, date, channel, lag)
    weights: Array = lag_weights(posterior["alpha_m"].to_numpy(), lags)
    x = np.einsum("gtcl,sdcl->sdgtc", lagged, weights)
    slope, half = (posterior[name].to_numpy()[:, :, None, None] for name in ("slope_m", "ec_m"))
    effect = answer.over_geos(observed, model, posterior["beta_gm"])[..., None, :]
    some = x > 0
    risen = np.where(some, 1 / (1 + (half / np.where(some, x, 1.0)) ** slope), 0.0)
    return effect * risen * answer.sales_scale(observed, model)[:, None, None]


def control_effect(
    observed: xr.Dataset, whole: xr.Dataset, model: Meridian, posterior: xr.Dataset
) -> Array:
    """Sales brought by the controls, (chain, draw, geo, date): scaled as the fit scaled them."""
    count = observed.sizes["control"]
    spread = observed["controls"].transpose("geo", "date", "control").to_numpy().std(axis=(0, 1))
    values = whole["controls"].transpose("geo", "date", "control").to_numpy()
    scaled = np.divide(values, spread, out=np.zeros(values.shape), where=spread > 0)
    return _linear(observed, model, posterior, scaled, slice(count))


def season_effect(
    observed: xr.Dataset, whole: xr.Dataset, model: Meridian, posterior: xr.Dataset
) -> Array:
    """Sales by the yearly waves that the model holds as controls, (chain, draw, geo, date)."""
    count = observed.sizes["control"]
    own = posterior["gamma_gc"].sizes["control_variable"] - count if "gamma_gc" in posterior else 0
    modes = own // 2
    geos = observed.sizes["geo"]
    if modes == 0:
        shape = posterior.sizes["chain"], posterior.sizes["draw"], geos, whole.sizes["date"]
        return np.zeros(shape)
    seen = np.stack(list(season.fourier(observed["date"], modes).values()), axis=1)
    waves = np.stack(list(season.fourier(whole["date"], modes).values()), axis=1) / seen.std(0)
    tiled = np.broadcast_to(waves, (geos, *waves.shape))
    return _linear(observed, model, posterior, tiled, slice(count, None))


def _linear(
    observed: xr.Dataset, model: Meridian, posterior: xr.Dataset, scaled: Array, which: slice
) -> Array:
    if "gamma_gc" not in posterior:
        return np.zeros((1, 1, *scaled.shape[:2]))
    effect = answer.over_geos(observed, model, posterior["gamma_gc"])[..., which]
    money = np.einsum("sdgk,gtk->sdgt", effect, scaled)
    return money * answer.sales_scale(observed, model)[:, None]
