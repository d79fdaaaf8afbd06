"""Meridian's own NUTS, with the library's data checks in front of it."""

from __future__ import annotations

import xarray as xr
from immutabledict import immutabledict  # type: ignore[import-not-found]
from meridian.model.model import Meridian, ModelFittingError

from mmm_benchmark.errors import UserError
from mmm_benchmark.fit import Budget
from mmm_benchmark.fitters.common.report import MAX_TREE_DEPTH


def sample(model: Meridian, budget: Budget, seed: int) -> tuple[xr.Dataset, xr.Dataset]:
    """Sample the posterior; it stays in ``model.inference_data`` too, where the analyzer looks.

    ``tune`` steps are split: the first half adapts step size and mass matrix (``n_adapt``), the
    second half runs with both fixed and is dropped (``n_burnin``). Chains advance in lockstep.

    Raises
    ------
    UserError
        When the library's data checks refuse the dataset; the message is the library's.
    """
    n_adapt = budget.tune // 2
    try:
        model.sample_posterior(
            n_chains=budget.chains,
            n_adapt=n_adapt,
            n_burnin=budget.tune - n_adapt,
            n_keep=budget.draws,
            dual_averaging_kwargs=immutabledict(target_accept_prob=budget.target_accept),
            max_tree_depth=MAX_TREE_DEPTH,
            seed=seed,
        )
    except ModelFittingError as refusal:
        reason = " ".join(str(refusal).split())
        raise UserError(f"Meridian's data checks refuse this dataset: {reason}") from refusal
    return model.inference_data["posterior"], model.inference_data["sample_stats"]
