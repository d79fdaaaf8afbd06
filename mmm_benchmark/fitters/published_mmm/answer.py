"""Draws of :mod:`.density` in the estimands that every fitter answers in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr
from numpy.typing import NDArray

from mmm_benchmark.estimands import kept_draws
from mmm_benchmark.fit import Fit
from mmm_benchmark.fitters.common import labelled as common
from mmm_benchmark.fitters.common.labelled import MULTIPLIERS
from mmm_benchmark.fitters.common.prior_draws import labelled
from mmm_benchmark.fitters.common.report import parameter_counts
from mmm_benchmark.fitters.jax_inference.mixed import Mixed
from mmm_benchmark.fitters.jax_inference.nuts import Sample
from mmm_benchmark.fitters.jax_inference.over_draws import Draws, over_draws
from mmm_benchmark.fitters.published_mmm import density, geo_answer, geos
from mmm_benchmark.fitters.published_mmm.model import Data, made
from mmm_benchmark.metrics.diagnostics import pick_series

type Array = NDArray[np.floating]
#: Fields of a ``Fit`` from free parameters, contributions at some cells, and the sample.
type Report = Callable[[Draws, Array, Sample], dict[str, Any]]


ROLES = {
    "decay": "adstock",
    "half_saturation": "saturation",
    "slope": "saturation",
    "roas": "effects",
    "sales": "baseline",
    "share": "effects",
    "r2": "noise",
    "trend": "baseline",
    "wave": "baseline",
    "control": "controls",
}
#: What several geos have more.
GEO_ROLES = {"effect": "effects", "size": "baseline", "spread": "baseline"}


class Joined(NamedTuple):
    """A vector with the laws of its curves behind it, so that one array holds a draw."""

    z: Array
    kinds: NDArray[np.int64]

    def rows(self) -> Array:
        """(chain, draw, dimension + channel)."""
        return np.concatenate([self.z, self.kinds.astype(self.z.dtype)], axis=-1)


def _parameters(row: Any, data: Data) -> dict[str, Any]:
    params, _, world, height = made(row, data)
    own = params._asdict() | {"roas": params.sells * params.roas}
    del own["sells"]
    return {**own, "noise": world.noise, "log_density": height}


def parameters(rows: Array, data: Data) -> Draws:
    """Free parameters, noise and log density; scales are multiples of mean sales."""
    return over_draws(_parameters, rows, data)


def _estimands(row: Any, given: tuple[density.Data, Any, Any]) -> dict[str, Any]:
    data, sales, per_mean = given
    params, a, world, _ = made(row, data)

    def total(m: Any) -> Any:
        h = density.response(m * a, params.half_saturation, params.slope)
        return sales * world.coefficient * h.sum(1)

    coefficient = jnp.broadcast_to(world.coefficient, (1, a.shape[1], a.shape[0]))
    return {
        "contribution": sales * world.contribution.T[None],
        "baseline": sales * world.baseline[None],
        "control_contribution": sales * world.control_contribution.T[None],
        "totals": jax.lax.map(total, jnp.asarray(MULTIPLIERS, a.dtype)),
        "coefficient": sales * coefficient,
        "adstock_decay": params.decay[None],
        "half_saturation": (params.half_saturation * per_mean)[None],
        "slope": params.slope[None],
        "noise": sales * world.noise[None],
    }


def estimands(rows: Array, data: Data, observed: xr.Dataset) -> Draws:
    """Contributions and the rest of kept draws."""
    spend = observed["spend"].transpose("channel", "geo", "date").to_numpy()
    per_mean = jnp.asarray(spend.max(axis=2) / np.maximum(spend.mean(axis=2), density.NOTHING))
    sales = jnp.asarray(observed["sales"].to_numpy().mean())
    if isinstance(data, geos.Data):
        return over_draws(geo_answer.estimands, rows, (data, sales, per_mean))
    return over_draws(_estimands, rows, (data, sales, per_mean[:, 0]))


def _series(row: Any, given: tuple[Data, Any]) -> dict[str, Any]:
    data, cells = given
    return {"series": made(row, data)[2].contribution.ravel()[cells]}


def contribution_series(rows: Array, data: Data) -> Array:
    """Contributions of the full sample at a few hundred cells that move, (chain, draw, cell)."""
    moves = np.flatnonzero(np.asarray(data.lagged).any(axis=-1))
    cells = jnp.asarray(moves[pick_series(moves.size)])
    return over_draws(_series, rows, (data, cells))["series"]


PRIOR_DRAWS = 400


def prior_of_roas(observed: xr.Dataset, family: dict[str, Any], seed: int) -> xr.Dataset:
    """ROAS as the law draws it, the same for every channel, ``roas (chain, draw, channel)``."""
    mean, sd = family["returns"]
    rng = np.random.default_rng([seed, 2])
    size = (PRIOR_DRAWS, channels := observed.sizes["channel"])
    roas = np.exp(mean + sd * rng.standard_normal(size))
    if without := family.get("without", 0):
        roas[rng.permuted(np.tile(np.arange(channels), (PRIOR_DRAWS, 1)), axis=1) < without] = 0.0
    return labelled(observed, roas)


def as_fit(
    observed: xr.Dataset,
    family: dict[str, Any],
    data: Data,
    drawn: Mixed,
    seed: int,
    report: Report,
) -> Fit:
    """Diagnose the full sample by ``report(free, series, sample)``, answer from kept draws."""
    rows = Joined(drawn.sample.z, drawn.kinds).rows()
    free = parameters(rows, data)
    found = estimands(rows[:, kept_draws(*rows.shape[:2])], data, observed)
    roles = ROLES | (GEO_ROLES if isinstance(data, geos.Data) else {})
    own = {name: free[name] for name in roles}
    return common.as_fit(
        observed,
        found,
        seed,
        parameter_counts=parameter_counts(own, roles),
        prior=prior_of_roas(observed, family, seed),
        **report(free, contribution_series(rows, data), drawn.sample),
    )
