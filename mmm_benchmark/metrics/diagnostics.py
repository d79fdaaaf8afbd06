"""Whether a sampler did its work: R-hat, effective sample size, Monte Carlo error, energy.

Fitters call :func:`diagnose` on their full sample, before draws are thinned for storage, inside
whatever environment they run in; so this module needs numpy and scipy only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from mmm_benchmark.metrics import effective

if TYPE_CHECKING:
    from mmm_benchmark.shapes.numpy import (
        ChainDraw,
        ChainDrawRest,
        Places,
        SeriesChainDraw,
    )

#: At most this many contribution series are diagnosed (:func:`pick_series`).
MAX_CONTRIBUTION_SERIES = 400

#: Chains stuck at different constants have an infinite R-hat, which JSON cannot hold.
R_HAT_CAP = 1000.0

#: Below this many draws per chain the split statistics do not exist.
MIN_DRAWS = 8


def pick_series(count: int, limit: int = MAX_CONTRIBUTION_SERIES) -> Places:
    """Flat indices of the series to diagnose: all, or ``limit`` of them evenly spaced.

    A fitter whose full contributions do not fit into memory may compute only these.
    """
    if count <= limit:
        return np.arange(count)
    return np.linspace(0, count - 1, limit).round().astype(np.intp)


def diagnose(
    free: Mapping[str, ArrayLike],
    *,
    contribution: ArrayLike | None = None,
    diverging: ArrayLike | None = None,
    tree_depth: ArrayLike | None = None,
    max_tree_depth: int | None = None,
    energy: ArrayLike | None = None,
) -> dict[str, float]:
    """Diagnose a sample; what cannot be known is left out of the answer.

    Parameters
    ----------
    free
        Free parameters by name, shape ``(chain, draw, ...)``; never deterministic quantities.
    contribution
        Channel contributions, shape ``(chain, draw, ...)``. Constant series (a channel not yet
        started) are left out, then at most ``MAX_CONTRIBUTION_SERIES`` evenly spaced ones count.
    diverging, tree_depth, energy
        Statistics of the sampler, shape ``(chain, draw)``.
    max_tree_depth
        The depth at which the sampler stops doubling.

    Returns
    -------
    dict
        ``r_hat`` (largest), ``ess_bulk``, ``ess_tail`` (smallest), ``mcse`` (largest Monte Carlo
        error of a mean, in posterior standard deviations), each over free parameters, and with
        the prefix ``contribution_`` over contributions; ``divergences`` (count),
        ``max_tree_depth_share``, ``e_bfmi`` (smallest over chains). R-hat needs two chains.

    Notes
    -----
    Rank-normalised split R-hat, bulk and tail (5% and 95% quantiles) ESS and MCSE after Vehtari,
    Gelman, Simpson, Carpenter & Bürkner (2021, doi:10.1214/20-BA1221); E-BFMI after Betancourt
    (2016, arXiv:1604.00695).
    """
    found = convergence([np.asarray(values) for values in free.values()])
    if contribution is not None:
        values = np.asarray(contribution)
        flat = values.reshape(*values.shape[:2], -1)
        moving = np.flatnonzero(flat.max(axis=(0, 1)) > flat.min(axis=(0, 1)))
        chosen = flat[:, :, moving[pick_series(moving.size)]]
        found |= {f"contribution_{name}": value for name, value in convergence([chosen]).items()}
    if diverging is not None:
        found["divergences"] = float(np.sum(np.asarray(diverging, bool)))
    if tree_depth is not None and max_tree_depth is not None:
        found["max_tree_depth_share"] = float(np.mean(np.asarray(tree_depth) >= max_tree_depth))
    if energy is not None:
        found |= _e_bfmi(np.asarray(energy, np.float64))
    return found


def convergence(variables: list[ChainDrawRest]) -> dict[str, float]:
    """Worst R-hat, ESS and MCSE over all series of all variables ``(chain, draw, ...)``.

    Series that never move carry no information on mixing and are left out; with one draw, or
    nothing that moves, the answer is empty.
    """
    series = [_moving_series(values) for values in variables]
    series = [values for values in series if values.size]
    if not series:
        return {}
    worst: dict[str, list[float]] = {}
    for values in series:  # (series, chain, draw)
        with np.errstate(divide="ignore", invalid="ignore"):  # stuck chains: capped below
            if values.shape[1] > 1:
                r_hat = np.nan_to_num(effective.rhat(values), nan=R_HAT_CAP, posinf=R_HAT_CAP)
                worst.setdefault("r_hat", []).append(min(float(r_hat.max()), R_HAT_CAP))
            bulk = np.nan_to_num(effective.ess_bulk(values), nan=1.0)
            tail = np.nan_to_num(effective.ess_tail(values), nan=1.0)
            mcse = effective.ess_mean(values) ** -0.5  # in posterior standard deviations
        worst.setdefault("ess_bulk", []).append(float(bulk.min()))
        worst.setdefault("ess_tail", []).append(float(tail.min()))
        worst.setdefault("mcse", []).append(float(np.nan_to_num(mcse, nan=1.0).max()))
    pick = {"r_hat": max, "ess_bulk": min, "ess_tail": min, "mcse": max}
    return {name: pick[name](values) for name, values in worst.items()}


def _moving_series(values: ChainDrawRest) -> SeriesChainDraw:
    """Series that move, as ``(series, chain, draw)``; empty when there are too few draws."""
    chains, draws = values.shape[:2]
    if draws < MIN_DRAWS:
        return np.empty((0, chains, draws))
    flat = np.moveaxis(values.reshape(chains, draws, -1), -1, 0).astype(np.float64)
    return flat[flat.max(axis=(1, 2)) > flat.min(axis=(1, 2))]


def _e_bfmi(energy: ChainDraw) -> dict[str, float]:
    """Squared energy steps over energy variance, the smallest chain's."""
    if energy.shape[1] < 2:
        return {}
    spread = energy.var(axis=1, ddof=1)
    if not (spread > 0).all():
        return {}
    return {"e_bfmi": float(((np.diff(energy, axis=1) ** 2).mean(axis=1) / spread).min())}
