"""Simulated worlds -> tensors: the scaled data and the standardised truth."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mmm_benchmark.diffusion.problem.observed import Observed, scale_observed
from mmm_benchmark.diffusion.problem.state import (
    BASE_MEAN,
    BASE_SCALE,
    CONTROL_SCALE,
    HYPER_MEAN,
    HYPER_SCALE,
    LEVEL_MEAN,
    LEVEL_SCALE,
    LIMIT,
    MIN_VOLATILITY,
    PATH_SCALE,
    SHAPE_MEAN,
    SHAPE_SCALE,
    State,
)
from mmm_benchmark.diffusion.problem.truth import Truth
from mmm_data_generator.fields.parts import REVERSION

NEEDED = (
    "sales",
    "spend",
    "controls",
    "contribution",
    "coefficient",
    "baseline",
    "control_contribution",
    "noise",
    "adstock_decay",
    "half_saturation",
    "slope",
)

Arrays = Mapping[str, NDArray[np.float64]]


def usable(arrays: Arrays) -> NDArray[np.bool_]:
    """Worlds with positive mean sales in every geo, and some spend in every geo and channel."""
    positive = (arrays["sales"].mean(2) > 0).all(axis=1)
    spends = np.any(arrays["spend"] > 0, axis=2)
    return np.asarray(positive & np.all(spends, axis=(1, 2)))


def observed_and_truth(arrays: Arrays) -> tuple[Observed, Truth]:
    """Scale a batch of simulated worlds of one size.

    Parameters
    ----------
    arrays
        ``sales``, ``baseline``, ``noise`` (B, G, T); ``spend``, ``contribution``, ``coefficient``
        (B, G, T, C); ``controls``, ``control_contribution`` (B, G, T, K); ``adstock_decay``,
        ``half_saturation`` (multiples of mean weekly spend), ``slope`` (B, G, C).
    """
    data = {name: torch.from_numpy(np.array(arrays[name], dtype=np.float64)) for name in NEEDED}
    observed = scale_observed(data["sales"], data["spend"], data["controls"])
    unit = data["sales"].mean(2)[:, :, None, None]  # (B, G, 1, 1)
    active = observed.active
    keep = active[:, None, None].double()
    contribution = data["contribution"] / unit * keep
    coefficient = data["coefficient"] / unit
    mean_response = (contribution / coefficient.clamp(min=1e-9)).mean(2)  # (B, G, C)
    z = (coefficient * mean_response[:, :, None]).clamp(min=1e-5).log().mean(1).mT  # (B, C, T)
    level = z.mean(-1)
    path = (z - level[..., None]) * active[..., None]
    innovation = path[..., 1:] - (1 - REVERSION) * path[..., :-1]
    volatility = (innovation.square().mean(-1) * active).sum(-1) / observed.channels
    noise = (data["noise"] / unit[..., 0]).square().mean((1, 2)).sqrt()
    hyper = torch.stack([noise.clamp(min=1e-3), volatility.sqrt().clamp(min=MIN_VOLATILITY)], -1)
    baseline = (data["baseline"] / unit[..., 0]).mean(1)
    effect = data["control_contribution"] / unit
    u = observed.controls.double()
    gamma = (effect * u).sum((1, 2)) / u.square().sum((1, 2)).clamp(min=1e-9)
    centre = LEVEL_MEAN - observed.channels.log()[:, None]
    state = State(
        path=path / PATH_SCALE,
        level=(level - centre) / LEVEL_SCALE * active,
        shape=_standard(_natural_shape(data), SHAPE_MEAN, SHAPE_SCALE) * active[..., None],
        base=(baseline - BASE_MEAN) / BASE_SCALE,
        control=gamma / CONTROL_SCALE,
        hyper=_standard(hyper.log(), HYPER_MEAN, HYPER_SCALE),
    )
    state = State(*(getattr(state, n).clamp(-LIMIT, LIMIT).float() for n in State.__annotations__))
    expected = (data["sales"] - data["noise"]) / unit[..., 0]
    return observed, Truth(state, contribution.mean(1).float(), expected.mean(1).float())


def _standard(x: Tensor, mean: tuple[float, ...], scale: tuple[float, ...]) -> Tensor:
    return (x - x.new_tensor(mean)) / x.new_tensor(scale)


def _natural_shape(data: Mapping[str, Tensor]) -> Tensor:
    """Logit decay, log half-saturation over *active* mean spend, log slope; geos averaged."""
    spend = data["spend"]
    on = (spend > 0).double().mean(2).clamp(min=1e-9)  # mean over weeks = on x mean while active
    decay = data["adstock_decay"].clamp(0.02, 0.95)
    shape = torch.stack(
        [decay.logit(), (data["half_saturation"] * on).log(), data["slope"].log()], -1
    )
    return shape.mean(1)
