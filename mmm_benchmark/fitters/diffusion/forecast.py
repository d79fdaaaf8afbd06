"""Weeks to come: paths and baseline go on by the laws that the solve has them under.

Both are Gaussian over weeks, so what follows a draw of the weeks seen is a draw from the exact
conditional law (Rasmussen & Williams 2006, eq. A.6): its mean is linear in what was seen. Curves
are those of the draw; spend and controls of the weeks to come are known.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from mmm_benchmark.diffusion.inference.answer import chunks
from mmm_benchmark.diffusion.inference.sample import decode, saturation
from mmm_benchmark.diffusion.physics.geos import GEO_BASE_SD
from mmm_benchmark.diffusion.physics.kernels import base_covariance, ou_kernel
from mmm_benchmark.diffusion.problem.observed import Observed, control_unit, lags, spend_unit
from mmm_benchmark.diffusion.problem.state import (
    BASE_MEAN,
    BASE_SCALE,
    CONTROL_SCALE,
    PATH_SCALE,
    State,
    natural_hyper,
)
from mmm_benchmark.diffusion.problem.structure import known_calm, known_to_stay
from mmm_benchmark.fitters.common.forecast import asked, forecast, weeks_to_come, whole_window

if TYPE_CHECKING:
    import xarray as xr

    from mmm_benchmark.shapes.torch import PerWorld, WorldChannelDate, WorldGeoDate

LEAST = 1e-9  # eigenvalues of the weeks seen below this part of the largest count as none


def forecast_of(
    dataset: xr.Dataset, observed: Observed, state: State, seed: int
) -> xr.Dataset | None:
    """Draws of sales in the weeks to come; None where none are asked for.

    Parameters
    ----------
    dataset
        What the fit was given, with the spend and controls of the weeks to come.
    observed, state
        The scaled weeks seen, one world, and its draws.
    """
    if not asked(dataset):
        return None
    generator = torch.Generator().manual_seed(seed)
    unit = torch.from_numpy(dataset["sales"].values.astype(float).mean(1))  # (G,) currency per week
    parts = [_expected(dataset, observed, draws, generator) for draws in chunks(state, observed)]
    expected, noise = (torch.cat(part).double() for part in zip(*parts, strict=True))
    money = (expected * unit[:, None]).numpy()[None]
    return forecast(dataset, money, (noise[:, None] * unit).numpy()[None], seed)


def _expected(
    dataset: xr.Dataset, observed: Observed, state: State, generator: torch.Generator
) -> tuple[WorldGeoDate, PerWorld]:
    """Expected sales to come and the noise's standard deviation, in mean sales."""
    many = observed.take(torch.zeros(len(state.level), dtype=torch.long))
    decoded = decode(state, many, generator)
    later, ahead = _later(dataset, many), weeks_to_come(dataset)
    path = path_ahead(state, ahead, generator, moves=not known_to_stay(observed))
    moved = (PATH_SCALE * (path - state.path[..., :1])).exp().mT[:, None]
    media = (decoded.coefficient[:, :, :1] * moved * saturation(state, later)).sum(-1)
    controls = (later.controls * (CONTROL_SCALE * state.control)[:, None, None]).sum(-1)
    base = base_ahead(decoded.baseline, ahead, generator, wanders=not known_calm(observed))
    return media + base + controls, decoded.noise


def path_ahead(
    state: State, ahead: int, generator: torch.Generator, *, moves: bool = True
) -> WorldChannelDate:
    """Each path's next weeks (B, C, ahead): an OU path less its mean over the weeks seen."""
    if not moves:
        return torch.zeros(*state.path.shape[:2], ahead)
    seen = state.path.shape[-1]
    kernel = ou_kernel(seen + ahead).double()
    less_mean = torch.eye(seen + ahead, dtype=torch.float64)
    less_mean[:, :seen] -= 1 / seen
    gain, root = _conditional(less_mean @ kernel @ less_mean.T, seen)
    _, volatility = natural_hyper(state.hyper.clamp(-4, 4))
    shocks = torch.randn(*state.path.shape[:2], ahead, generator=generator)
    scale = (volatility / PATH_SCALE)[:, None, None]
    return state.path @ gain.T + scale * shocks @ root.T


def base_ahead(
    baseline: WorldGeoDate, ahead: int, generator: torch.Generator, *, wanders: bool = True
) -> WorldGeoDate:
    """The baseline's next weeks (B, G, ahead): what geos share, and what each has of its own."""
    draws, geos, seen = baseline.shape
    gain, root = _conditional(base_covariance(seen + ahead, (seen - 1) / 2, wanders), seen)
    shared = torch.randn(draws, 1, ahead, generator=generator)
    own = GEO_BASE_SD * torch.randn(draws, geos, ahead, generator=generator)
    shocks = shared if geos == 1 else shared + own
    return BASE_MEAN + (baseline - BASE_MEAN) @ gain.T + BASE_SCALE * shocks @ root.T


def _conditional(covariance: Tensor, seen: int) -> tuple[Tensor, Tensor]:
    """Gain (ahead, seen) and root of the covariance of what comes, given the first ``seen``."""
    values, vectors = torch.linalg.eigh(covariance[:seen, :seen])
    some = values > LEAST * values.max()
    inverse = torch.where(some, 1 / torch.where(some, values, torch.ones_like(values)), 0.0)
    gain = covariance[seen:, :seen] @ (vectors * inverse) @ vectors.T
    left = covariance[seen:, seen:] - gain @ covariance[:seen, seen:]
    values, vectors = torch.linalg.eigh((left + left.T) / 2)
    return gain.float(), (vectors * values.clamp(min=0).sqrt()).float()


def _later(dataset: xr.Dataset, observed: Observed) -> Observed:
    """The weeks to come as a world for each draw, in the units of the weeks seen; no sales."""
    window, seen = whole_window(dataset), dataset.sizes["date"]
    order = np.argsort(dataset["channel"].values.astype(str), kind="stable")
    spend = _tensor(window["spend"].transpose("geo", "date", "channel"))[..., order]
    lagged = lags((spend / spend_unit(spend[:, :, :seen])).float())
    controls = _tensor(window["controls"].transpose("geo", "date", "control"))
    controls = (controls / control_unit(controls[:, :, :seen])).float()
    draws, ahead = len(observed.sales), window.sizes["date"] - seen

    def for_each(x: Tensor) -> Tensor:
        return x[:, :, seen:].expand(draws, *[-1] * (x.ndim - 1))

    return replace(
        observed,
        sales=observed.sales.new_zeros(draws, spend.shape[1], ahead),
        lagged=for_each(lagged),
        controls=for_each(controls),
    )


def _tensor(values: xr.DataArray) -> Tensor:
    """One world of these values, in double precision."""
    return torch.from_numpy(np.array(values.values, dtype=np.float64))[None]
