"""A stated prior in place of the law that the model was built or trained with.

The model's unknowns are normal: log share of sales, logit decay, log half-saturation, log slope.
Each stated law enters as the normal law nearest to it on that scale (same mean and variance). What
that leaves out is said in one line beside the answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import ndtri

from mmm_benchmark.diffusion.problem.beliefs import SUREST
from mmm_benchmark.diffusion.problem.laws import with_laws
from mmm_benchmark.diffusion.problem.observed import LEVELS, Observed
from mmm_benchmark.diffusion.problem.state import (
    LEVEL_MEAN,
    LEVEL_SCALE,
    SHAPE_MEAN,
    SHAPE_SCALE,
)
from mmm_benchmark.diffusion.problem.structure import with_structure
from mmm_benchmark.priors import numbers
from mmm_benchmark.priors.predictive import drawn_channel
from mmm_benchmark.priors.prior import ChannelPrior, Prior, check_channels
from mmm_benchmark.priors.units import units_of_spend

if TYPE_CHECKING:
    import xarray as xr

type Array = NDArray[np.float64]

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
    tied = np.zeros(len(names))
    told = np.empty((len(names), 4, 2 + len(LEVELS)))  # mean, standard deviation, quantiles
    for c, name in enumerate(names):
        law, of_channel = prior.of(name), spend[c].astype(float)
        per_spend = float(sales.sum() / max(of_channel.sum(), 1e-30))
        half = numbers.rescaled(law.half_saturation, units_of_spend(of_channel))
        tied[c] = law.effect_is == "effect"
        told[c] = [
            _log_share(law, of_channel, weight, per_spend),
            figures(numbers.values(law.adstock_decay, "logit")),
            figures(numbers.values(half, "log")),
            figures(numbers.values(law.slope, "log")),
        ]
    laws = standardised(told[None], tied[None], float(observed.channels[0]))
    return with_structure(with_laws(observed, *laws), prior.effects_move, prior.baseline_wanders)


def figures(at: Array) -> Array:
    """Mean, standard deviation and quantiles at ``LEVELS`` of a tabulated law."""
    at_levels = np.interp(ndtri(LEVELS), numbers.deviates(), at)
    return np.concatenate([numbers.moments(at), at_levels])


def normal_figures(mean: float, sd: float) -> Array:
    """The same of a normal law."""
    return np.concatenate([[mean, sd], mean + sd * ndtri(LEVELS)])


def standardised(
    told: Array, tied: Array, channels: float, said: Array | None = None
) -> tuple[torch.Tensor, ...]:
    """What :func:`.laws.with_laws` takes, of laws on the log scale (logit for decay).

    Parameters
    ----------
    told
        (B, C, 4, 2 + Q) what :func:`figures` says of log share, decay, half-saturation and slope.
    tied
        (B, C) 1 where the level's law is one of sales at full saturation.
    channels
        How many are active.
    said
        (B, C, 4) where a law is stated; everywhere if not given.
    """
    centre = np.array([LEVEL_MEAN - np.log(channels), *SHAPE_MEAN])[:, None]
    unit = np.array([LEVEL_SCALE, *SHAPE_SCALE])
    said = np.ones(told.shape[:-1]) if said is None else said
    mean = (told[..., 0] - centre[:, 0]) / unit
    variance = np.maximum(told[..., 1] / unit, SUREST) ** 2
    law = (told[..., 2:] - centre) / unit[:, None]
    flags = np.concatenate([said, (tied * said[..., 0])[..., None]], -1)
    return tuple(torch.from_numpy(x).float() for x in (law, mean, variance, flags))


def _log_share(law: ChannelPrior, spend: Array, weight: Array, per_spend: float) -> Array:
    """Figures of the log share of sales."""
    if law.effect_is == "effect":  # sales at full saturation: the curve says how much of it is used
        rng = np.random.default_rng(SEED)
        share, _ = drawn_channel(law, spend, weight, per_spend, rng)
        log_share = np.log(np.maximum(share, 1e-9))
        return normal_figures(float(log_share.mean()), float(log_share.std()))
    shift = np.log(per_spend) if law.effect_is == "roas" else 0.0
    return figures(numbers.values(law.effect, "log") - shift)


def left_out(prior: Prior, cut: int = 0, quantiles: bool = False) -> tuple[str, ...]:
    """What an answer under ``prior`` does not hold, as notes of a fit.

    Parameters
    ----------
    cut
        How many of the laws a network could only be told in part.
    quantiles
        Whether the network reads the quantiles of each law.
    """
    laws = [prior.every, *prior.channels.values()]
    normal = "each law by its normal on the log scale (logit for decay)"
    said = [f"{normal} to the physics, by its quantiles to the network" if quantiles else normal]
    if any(law.effect_is == "effect" for law in laws):
        said.append("sales at full saturation as the share they imply, their tie to the curve lost")
    if prior.curve == "sigmoid":
        said.append("Hill curves near PyMC-Marketing's own, no hierarchy of effects")
    if cut:
        said.append(f"{cut} of its laws cut to what the network was trained for: check with wiener")
    structure = prior.structure or ("effects may move",)
    said.append(", ".join(("season, noise and geos by the model's own law", *structure)))
    if quantiles and prior.curve == "published":  # published_stated.py
        return (f"prior '{prior.name}', learnt from worlds of the whole law: " + "; ".join(said),)
    return (f"prior '{prior.name}': " + "; ".join(said), *prior.cautions)
