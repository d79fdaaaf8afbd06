"""An xarray dataset in, scaled tensors; states out, the estimands every fitter answers in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray
from torch import Tensor

from mmm_benchmark.diffusion.inference.sample import contribution_at, decode
from mmm_benchmark.diffusion.problem.observed import Observed, scale_observed
from mmm_benchmark.diffusion.problem.state import State
from mmm_benchmark.estimands import Response, posterior, predictive, response
from mmm_benchmark.fit import Fit
from mmm_benchmark.metrics.diagnostics import diagnose

CHUNK = 4_000_000  # numbers decoded at once: geos x weeks x channels x lags x draws


def read(observed: xr.Dataset) -> tuple[Observed, NDArray[np.intp]]:
    """Scale a dataset; channels are put in the order of their names, which is returned.

    A random draw then belongs to a name, not to a position: permuting channels permutes the answer.
    """
    order = np.argsort(observed["channel"].values.astype(str), kind="stable")

    def tensor(name: str) -> Tensor:
        return torch.from_numpy(np.array(observed[name].values, dtype=np.float64))[None]

    return scale_observed(tensor("sales"), tensor("spend")[..., order], tensor("controls")), order


def to_fit(
    dataset: xr.Dataset,
    observed: Observed,
    order: NDArray[np.intp],
    state: State,
    seed: int,
    diagnostics: Mapping[str, float] | None = None,
    **extra: Any,
) -> Fit:
    """Decode draws of one dataset into a :class:`Fit`; ``extra`` are fields of it."""
    generator = torch.Generator().manual_seed(seed)
    parts = [_decode(dataset, observed, part, generator) for part in chunks(state, observed)]
    found = {name: np.concatenate([p[name] for p in parts])[None] for name in parts[0]}
    back = np.argsort(order)
    for name in ("contribution", "coefficient", "adstock_decay", "half_saturation", "slope"):
        found[name] = found[name][..., back]
    curves = Response(
        *(
            found.pop(n)[..., back, :] if n == "response_curve" else found.pop(n)[..., back]
            for n in Response._fields
        )
    )
    sales = found.pop("sales")
    return Fit(
        posterior=posterior(dataset, response=curves, **found),
        posterior_predictive=predictive(dataset, sales),
        diagnostics={**independence(state), **(diagnostics or {})},
        **extra,
    )


def independence(state: State) -> dict[str, float]:
    """Diagnose the draws as two chains, their halves: independent draws should look it."""
    half = len(state.level) // 2

    def chains(x: Tensor) -> NDArray[np.float32]:
        return x[: 2 * half].unflatten(0, (2, half)).numpy()

    names = ("level", "shape", "control", "hyper")
    free = {name: chains(getattr(state, name)) for name in names}
    return diagnose({name: x for name, x in free.items() if x.size})


def chunks(state: State, observed: Observed) -> list[State]:
    """Draws in parts small enough to decode at once."""
    per_draw = max(observed.lagged.numel(), 1)
    size = max(1, CHUNK // per_draw)
    fields = {n: getattr(state, n).split(size) for n in State.__annotations__}
    return [State(*parts) for parts in zip(*fields.values(), strict=True)]


def _decode(
    dataset: xr.Dataset, observed: Observed, state: State, generator: torch.Generator
) -> Mapping[str, NDArray[np.float64]]:
    n = len(state.level)
    many = observed.take(torch.zeros(n, dtype=torch.long))
    decoded = decode(state, many, generator)
    sales = dataset["sales"].values.astype(float)
    geos, weeks = sales.shape
    unit = torch.from_numpy(sales.mean(1)).float()[:, None]  # (G, 1) currency per week
    spend = dataset["spend"].values.astype(float)
    order = np.argsort(dataset["channel"].values.astype(str), kind="stable")
    total_spend = spend.sum((0, 1))[order]

    def totals(multiplier: float) -> NDArray[np.float64]:
        at = contribution_at(state, decoded, many, multiplier)
        return (at * unit[..., None]).sum((1, 2)).double().numpy()

    noise = decoded.noise[:, None, None] * torch.randn(n, geos, weeks, generator=generator)
    active_share = torch.from_numpy((spend > 0).mean(1)[:, order]).clamp(min=1e-9)  # (G, C)

    def by_geo(x: Tensor) -> NDArray[np.float64]:
        return x[:, None].expand(n, geos, -1).double().numpy()

    return {
        "contribution": (decoded.contribution * unit[..., None]).double().numpy(),
        "baseline": (decoded.baseline * unit).double().numpy(),
        "control_contribution": (decoded.control_contribution * unit[..., None]).double().numpy(),
        "coefficient": (decoded.coefficient * unit[..., None]).double().numpy(),
        "adstock_decay": by_geo(decoded.decay),
        "half_saturation": (decoded.half_saturation[:, None] / active_share).double().numpy(),
        "slope": by_geo(decoded.slope),
        "sales": ((decoded.expected + noise) * unit).double().numpy(),
        **response(totals, total_spend)._asdict(),
    }


def counts(observed: Observed) -> dict[str, int]:
    """Unknowns by role."""
    _, _, weeks, channels = observed.lagged.shape[:4]
    return {
        "adstock": channels,
        "saturation": 2 * channels,
        "effects": channels,
        "controls": observed.controls.shape[-1],
        "baseline": weeks,
        "time": channels * weeks,
        "noise": 2,
    }
