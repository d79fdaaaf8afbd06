"""What a sample of :mod:`.nuts` says of itself, as fields of a ``Fit``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from mmm_benchmark.estimands import kept_draws
from mmm_benchmark.fitters.common.report import convergence_checks, nuts_diagnostics
from mmm_benchmark.fitters.jax_inference.nuts import Sample


def nuts_report(
    free: Mapping[str, ArrayLike], contribution: NDArray[np.floating], sample: Sample
) -> dict[str, Any]:
    """Diagnostics of the full sample, checks on them, and statistics at the kept draws.

    Parameters
    ----------
    free
        Free parameters by name, shape ``(chain, draw, ...)``.
    contribution
        Contributions at some cells, ``(chain, draw, cell)``.
    """
    found = nuts_diagnostics(
        free,
        contribution,
        diverging=sample.diverging,
        tree_depth=sample.tree_depth,
        energy=sample.energy,
    )
    return {
        "diagnostics": found,
        "checks": convergence_checks(found),
        "sample_stats": sample_stats(sample),
    }


def sample_stats(sample: Sample) -> xr.Dataset:
    """The sampler's statistics at the kept draws."""
    kept = kept_draws(*sample.diverging.shape)
    values = {
        "diverging": sample.diverging,
        "tree_depth": sample.tree_depth,
        "energy": sample.energy,
        "acceptance_rate": sample.acceptance,
    }
    return xr.Dataset({name: (("chain", "draw"), value[:, kept]) for name, value in values.items()})
