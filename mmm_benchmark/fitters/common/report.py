"""What a fitter says beside its posterior: what it declines, checks, counts, predictive noise.

Every fitter says it by these functions, so that a condition in the tables means the same in every
row, and one dataset is declined in one sentence whoever declines it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from mmm_benchmark.errors import UserError

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr
    from numpy.typing import ArrayLike, NDArray

    type Array = NDArray[np.floating[Any]]

#: Every NUTS of the suite stops doubling a trajectory at this depth, the default of each library.
MAX_TREE_DEPTH: Final = 10

#: A sample is trusted below this R-hat and above this bulk ESS, over all free parameters (Vehtari,
#: Gelman, Simpson, Carpenter & Bürkner 2021, doi:10.1214/20-BA1221).
LARGEST_R_HAT: Final = 1.01
LEAST_ESS: Final = 400


def one_of(name: str, value: str, allowed: Sequence[str]) -> None:
    """Raise a :class:`UserError` unless the setting ``name`` has one of the ``allowed`` values."""
    if value not in allowed:
        raise UserError(f"{name} = {value!r}; allowed: {', '.join(allowed)}")


def silent_channel(observed: xr.Dataset) -> str | None:
    """Why a model that scales spend declines this dataset, or None: a channel never spends."""
    spend = observed["spend"].sum(("geo", "date"))
    silent = observed["channel"].values[(spend <= 0).to_numpy()]
    return f"channel '{silent[0]}' never spends; leave it out" if silent.size else None


def nothing_to_scale(observed: xr.Dataset) -> str | None:
    """Why a model that divides by largest values declines this dataset, or None.

    A channel never spends, or a geo has no positive sales.
    """
    if reason := silent_channel(observed):
        return reason
    empty = observed["geo"].values[(observed["sales"].max("date") <= 0).to_numpy()]
    return f"geo '{empty[0]}' has no positive sales; leave it out" if empty.size else None


def nuts_diagnostics(
    free: Mapping[str, ArrayLike],
    contribution: ArrayLike,
    *,
    diverging: ArrayLike | None,
    tree_depth: ArrayLike | None,
    energy: ArrayLike | None = None,
) -> dict[str, float]:
    """Diagnose a full sample of NUTS: ``metrics.diagnostics.diagnose`` at the common depth."""
    from mmm_benchmark.metrics.diagnostics import diagnose

    return diagnose(
        free,
        contribution=contribution,
        diverging=diverging,
        tree_depth=tree_depth,
        max_tree_depth=MAX_TREE_DEPTH,
        energy=energy,
    )


def convergence_checks(diagnostics: Mapping[str, float]) -> dict[str, bool]:
    """Conditions a reader may rely on, all on free parameters.

    A sampler that does not say whether it diverged has no check on it; what could not be
    diagnosed (one chain has no R-hat) has not been met.
    """
    found = {
        "r_hat_below_1_01": diagnostics.get("r_hat", float("inf")) < LARGEST_R_HAT,
        "ess_above_400": diagnostics.get("ess_bulk", 0.0) > LEAST_ESS,
    }
    if "divergences" in diagnostics:
        found["no_divergences"] = diagnostics["divergences"] == 0
    return found


def parameter_counts(
    free: Mapping[str, Any],
    roles: Mapping[str, str],
    *,
    otherwise: str | None = None,
    fixed: Mapping[str, int] | None = None,
) -> dict[str, int]:
    """Free parameters by role.

    Parameters
    ----------
    free
        Arrays by name, shape ``(chain, draw, ...)``.
    roles
        Role of each name; a name without one counts as ``otherwise``, or not at all.
    fixed
        By name, how many of its entries are not free.
    """
    counts: dict[str, int] = {}
    for name, values in free.items():
        role = roles.get(name, otherwise)
        if role is not None:
            size = 1
            for length in values.shape[2:]:
                size *= length
            counts[role] = counts.get(role, 0) + size - (fixed or {}).get(name, 0)
    return counts


def noisy_sales(observed: xr.Dataset, posterior: xr.Dataset, noise: Array, seed: int) -> xr.Dataset:
    """Posterior predictive sales: what is expected plus independent normal noise.

    Parameters
    ----------
    posterior
        Has ``expected_sales (chain, draw, geo, date)``.
    noise
        Standard deviation, currency per week, broadcasts against ``(chain, draw, geo)``.
    """
    import numpy as np

    from mmm_benchmark import estimands

    expected = posterior["expected_sales"].to_numpy()
    shocks = np.random.default_rng(seed).standard_normal(expected.shape)
    return estimands.predictive(observed, expected + noise[..., None] * shocks)
