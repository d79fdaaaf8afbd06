"""A stated prior in place of the law that the model was built or trained with.

The model's unknowns are normal: log share of sales, logit decay, log half-saturation, log slope.
Each stated law enters as the normal law nearest to it on that scale (same mean and variance). What
that leaves out is said in one line beside the answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from mmm_benchmark.diffusion.problem.beliefs import with_prior
from mmm_benchmark.diffusion.problem.observed import Observed
from mmm_benchmark.diffusion.problem.state import (
    LEVEL_MEAN,
    LEVEL_SCALE,
    SHAPE_MEAN,
    SHAPE_SCALE,
)
from mmm_benchmark.priors import numbers
from mmm_benchmark.priors.predictive import drawn_channel
from mmm_benchmark.priors.prior import ChannelPrior, Prior, check_channels
from mmm_benchmark.priors.units import units_of_spend

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

#: A number stated as known is as sure as this, in standard deviations of the model's law.
SUREST = 0.02
SEED = 5  # of the draws that turn sales at full saturation into a share


def heed_prior(prior: Prior, dataset: xr.Dataset, observed: Observed) -> Observed:
    """``observed`` (one world, channels in the order of their names) under ``prior``.

    Raises
    ------
    UserError
        Where the prior speaks of a channel that the data do not have.
    """
    names = sorted(dataset["channel"].values.astype(str))
    check_channels(prior, names)
    spend = dataset["spend"].sel(channel=names).transpose("channel", "geo", "date").values
    sales = dataset["sales"].transpose("geo", "date").values.astype(float)
    weight = sales.sum(1) / sales.sum()
    mean, scale = np.empty((len(names), 4)), np.empty((len(names), 4))
    for c, name in enumerate(names):
        law, of_channel = prior.of(name), spend[c].astype(float)
        per_spend = float(sales.sum() / max(of_channel.sum(), 1e-30))
        half = numbers.rescaled(law.half_saturation, units_of_spend(of_channel))
        mean[c], scale[c] = np.transpose(
            [
                _log_share(law, of_channel, weight, per_spend),
                numbers.log_moments(law.adstock_decay, "logit"),
                numbers.log_moments(half, "log"),
                numbers.log_moments(law.slope, "log"),
            ]
        )
    centre = np.array([LEVEL_MEAN - np.log(float(observed.channels[0])), *SHAPE_MEAN])
    unit = np.array([LEVEL_SCALE, *SHAPE_SCALE])
    variance = np.maximum(scale / unit, SUREST) ** 2
    return with_prior(observed, _one_world((mean - centre) / unit), _one_world(variance))


def _one_world(values: NDArray[np.float64]) -> torch.Tensor:
    return torch.from_numpy(values).float()[None]


def _log_share(
    law: ChannelPrior, spend: NDArray[np.float64], weight: NDArray[np.float64], per_spend: float
) -> tuple[float, float]:
    """Mean and standard deviation of the log share of sales."""
    if law.effect_is == "effect":  # sales at full saturation: the curve says how much of it is used
        rng = np.random.default_rng(SEED)
        share, _ = drawn_channel(law, spend, weight, per_spend, rng)
        log_share = np.log(np.maximum(share, 1e-9))
        return float(log_share.mean()), float(log_share.std())
    middle, spread = numbers.log_moments(law.effect, "log")
    return middle - (np.log(per_spend) if law.effect_is == "roas" else 0.0), spread


def left_out(prior: Prior, cut: int = 0) -> tuple[str, ...]:
    """What an answer under ``prior`` does not hold, as notes of a fit.

    Parameters
    ----------
    cut
        How many of the laws a network could only be told in part.
    """
    laws = [prior.every, *prior.channels.values()]
    said = ["each law by its normal on the log scale (logit for decay)"]
    if any(law.effect_is == "effect" for law in laws):
        said.append("sales at full saturation as the share they imply, their tie to the curve lost")
    if prior.curve == "sigmoid":
        said.append("Hill curves near PyMC-Marketing's own, no hierarchy of effects")
    if cut:
        said.append(f"{cut} of its laws cut to what the network was trained for: check with wiener")
    said.append("season, noise and geos by the model's own law, effects may move")
    return (f"prior '{prior.name}': " + "; ".join(said), *prior.cautions)
