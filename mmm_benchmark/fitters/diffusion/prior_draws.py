"""What the diffusion fitters say of ROAS before any sales are seen.

``wiener``: its own prior. The network: the Gaussian law that its physics knows, to which the laws
it was trained with are standardised; their tails are a little longer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import torch

from mmm_benchmark.diffusion.inference import total
from mmm_benchmark.diffusion.inference.answer import chunks
from mmm_benchmark.diffusion.inference.sample import decode
from mmm_benchmark.diffusion.physics.posterior import prior_states
from mmm_benchmark.fitters.common.prior_draws import labelled

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from mmm_benchmark.diffusion.problem.observed import Observed

DRAWS: Final = 400


def prior_of_roas(
    observed: xr.Dataset,
    scaled: Observed,
    order: NDArray[np.intp],
    seed: int,
    *,
    unsaid_total: bool = False,
    draws: int = DRAWS,
) -> xr.Dataset:
    """Draws of every channel's ROAS, ``roas (chain, draw, channel)``; beliefs are heeded.

    Parameters
    ----------
    observed, scaled, order
        The dataset, as it is and as ``answer.read`` scaled it, and the order of its channels.
    unsaid_total
        Whether totals of media are held to the law of training (``inference/total.py``).
    """
    generator = torch.Generator().manual_seed(seed)
    states = prior_states(scaled, draws * (total.MORE if unsaid_total else 1), seed)
    if unsaid_total:
        states, _ = total.heeded(states, scaled, draws, seed)
    unit = torch.from_numpy(observed["sales"].values.astype(float).mean(1))[:, None, None]
    parts = []
    for part in chunks(states, scaled):
        many = scaled.take(torch.zeros(len(part.level), dtype=torch.long))
        contribution = decode(part, many, generator).contribution.double()  # (draw, G, T, C)
        parts.append((contribution * unit).sum((1, 2)).numpy())
    spend = observed["spend"].values.astype(float).sum((0, 1))[order]
    roas = np.concatenate(parts) / np.where(spend > 0, spend, np.inf)  # 0 where nothing was spent
    return labelled(observed, roas[:, np.argsort(order)])
