"""Projection of a denoised state onto what is possible, every K steps of sampling.

PhysDiff (Yuan et al. 2023, arXiv:2212.02500) and projected diffusion (Christopher et al. 2024,
arXiv:2402.03559) pull x_0 back to the feasible set between steps. Here the set is: paths have no
mean of their own, media explain at most ``MOST`` of mean sales, the baseline is not negative,
transform and noise parameters stay where training saw them. Positive media need no projection:
shares are exponentials.
"""

from __future__ import annotations

from dataclasses import replace

from mmm_benchmark.diffusion.problem.state import (
    BASE_MEAN,
    BASE_SCALE,
    LEVEL_SCALE,
    State,
    log_share,
)
from mmm_benchmark.shapes.torch import ActiveChannel, PerWorld

MOST = 0.98  # of mean sales
BOUND = 4.0  # standard deviations of the prior


def project(state: State, channels: PerWorld, active: ActiveChannel) -> State:
    """Nearest state in the set, constraint by constraint; projecting twice changes nothing.

    Parameters
    ----------
    channels, active
        (B,) and (B, C): how many channels there are, and which.
    """
    path = state.path - state.path.mean(-1, keepdim=True)
    level = state.level.clamp(max=BOUND)
    share = log_share(path, level, channels).exp().mean(-1) * active
    excess = (share.sum(-1) / MOST).clamp(min=1.0).log()
    return replace(
        state,
        path=path,
        level=level - excess[:, None] / LEVEL_SCALE,
        shape=state.shape.clamp(-BOUND, BOUND),
        base=state.base.clamp(min=-BASE_MEAN / BASE_SCALE),
        hyper=state.hyper.clamp(-BOUND, BOUND),
    )
