"""What Meridian's own priors say of ROAS before any sales are seen.

Under ROI priors that is the prior itself. Under priors on effects it follows from plain draws of
carry-over, curve and effects, by the equations of the media's part of sales. (The library's
``sample_prior`` draws every other parameter too, and warns of its seed under JAX.)
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import xarray as xr
from meridian import backend
from meridian.model.model import Meridian
from numpy.typing import NDArray

from mmm_benchmark.fitters.common.prior_draws import labelled
from mmm_benchmark.fitters.meridian.forecast import contribution

type Array = NDArray[np.float64]

DRAWS: Final = 400
CURVES: Final = ("alpha_m", "ec_m", "slope_m")


def prior_of_roas(observed: xr.Dataset, model: Meridian, seed: int) -> xr.Dataset | None:
    """Draws of every channel's ROAS, ``roas (chain, draw, channel)``.

    None where a prior on ROI holds for a part of the weeks alone.
    """
    rng = backend.RNGHandler(seed)
    if model.model_spec.effective_media_prior_type == "roi":
        if model.model_spec.roi_calibration_period is not None:
            return None
        roas = _draws(model, "roi_m", rng)
    else:
        money = contribution(observed, observed, model, _effects(model, rng)).sum((2, 3))
        roas = money / observed["spend"].sum(("geo", "date")).to_numpy()
    return labelled(observed, roas[0])


def _effects(model: Meridian, rng: Any) -> xr.Dataset:
    """Carry-over, curves and each geo's effects, named as the library names its draws."""
    mean, spread = _draws(model, "beta_m", rng), _draws(model, "eta_m", rng)
    shape = (*mean.shape[:2], model.n_geos, mean.shape[-1])
    deviates = np.random.default_rng(np.asarray(rng.get_next_seed())).standard_normal(shape)
    effect = mean[:, :, None] + spread[:, :, None] * deviates
    if model.media_effects_dist == "log_normal":
        effect = np.exp(effect)
    sample = ("chain", "draw")
    named = {name: ((*sample, "media"), _draws(model, name, rng)) for name in CURVES}
    return xr.Dataset({**named, "beta_gm": ((*sample, "place", "media"), effect)})


def _draws(model: Meridian, name: str, rng: Any) -> Array:
    """Draws ``(1, draw, channel)`` of one prior."""
    prior = getattr(model.prior_broadcast, name)
    return np.asarray(prior.sample(sample_shape=[1, DRAWS], seed=rng.get_next_seed()), np.float64)
