"""Four samplers for one PyMC model, each named explicitly.

Only free variables are stored: whatever follows from them is computed afterwards, on the draws
that are kept, so that memory does not grow with geos x weeks x channels x draws.
"""

from __future__ import annotations

import warnings
from contextlib import ExitStack
from typing import Any, Final

import pymc as pm
import xarray as xr

from mmm_benchmark.fit import Budget
from mmm_benchmark.fitters.common.report import MAX_TREE_DEPTH
from mmm_benchmark.fitters.pymc_marketing import devices
from mmm_benchmark.phases import phase

#: Statistics kept of each draw, under one name for all samplers.
STATISTICS: Final = ("diverging", "tree_depth", "n_steps", "step_size", "energy", "acceptance_rate")
NUTPIE_NAMES: Final = {"depth": "tree_depth", "mean_tree_accept": "acceptance_rate"}


def sample(
    model: pm.Model, sampler: str, budget: Budget, seed: int
) -> tuple[xr.Dataset, xr.Dataset]:
    """Sample the free variables of ``model``.

    Returns
    -------
    posterior
        Free variables on their natural scale, leading dimensions ``(chain, draw)``.
    sample_stats
        The :data:`STATISTICS` that the sampler reports, dimensions ``(chain, draw)``.
    """
    with warnings.catch_warnings():
        # JAX cannot keep the library's assertion that 0 <= decay <= 1; the Beta prior implies it.
        warnings.filterwarnings("ignore", message="Skipping .*Check.* Op")
        run = {"nutpie": _nutpie, "pymc": _pymc}.get(sampler, _jax)
        tree = run(model, sampler, budget, seed)
    return tree["posterior"].to_dataset(), _statistics(tree["sample_stats"].to_dataset())


def _nutpie(model: pm.Model, sampler: str, budget: Budget, seed: int) -> xr.DataTree:
    import nutpie

    with phase("compile"):
        compiled = nutpie.compile_pymc_model(model, backend="numba", var_names=_free(model))
    with phase("sample"):
        return nutpie.sample(
            compiled,
            draws=budget.draws,
            tune=budget.tune,
            chains=budget.chains,
            seed=seed,
            target_accept=budget.target_accept,
            maxdepth=MAX_TREE_DEPTH,
            save_warmup=False,
            progress_bar=False,
        )


def _pymc(model: pm.Model, sampler: str, budget: Budget, seed: int) -> xr.DataTree:
    with ExitStack() as stack:
        stack.enter_context(phase("compile"))
        compiling = True

        def first_draw(**_: Any) -> None:
            nonlocal compiling
            if compiling:
                compiling = False
                stack.close()
                stack.enter_context(phase("sample"))

        return pm.sample(
            **_arguments(model, budget, seed),
            nuts_sampler="pymc",
            nuts={"target_accept": budget.target_accept, "max_treedepth": MAX_TREE_DEPTH},
            callback=first_draw,
        )


def _jax(model: pm.Model, sampler: str, budget: Budget, seed: int) -> xr.DataTree:
    with phase("sample"):
        tree = pm.sample(
            **_arguments(model, budget, seed),
            nuts_sampler=sampler,
            nuts={
                "target_accept": budget.target_accept,
                "chain_method": devices.chain_method(budget.chains),
            },
        )
        # a JAX array is computed when it is asked for: here, not while summarising
        return tree.map_over_datasets(xr.Dataset.as_numpy)


def _arguments(model: pm.Model, budget: Budget, seed: int) -> dict[str, Any]:
    return {
        "model": model,
        "draws": budget.draws,
        "tune": budget.tune,
        "chains": budget.chains,
        "random_seed": seed,
        "var_names": _free(model),
        "progressbar": False,
        "quiet": True,
        "compute_convergence_checks": False,
    }


def _free(model: pm.Model) -> list[str]:
    return [variable.name for variable in model.free_RVs]


def _statistics(stats: xr.Dataset) -> xr.Dataset:
    renamed = stats.rename({old: new for old, new in NUTPIE_NAMES.items() if old in stats})
    return renamed[[name for name in STATISTICS if name in renamed]].reset_coords(drop=True)
