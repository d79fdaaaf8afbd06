"""NUTS on the Hill density under a stated prior, as ``numpyro-mmm`` runs it with ``--prior``."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import xarray as xr

from mmm_benchmark.fit import Budget, Fit
from mmm_benchmark.fitters.hill_mmm import answer, density
from mmm_benchmark.fitters.jax_inference.curvature import AnyFrame, Look, around, locate
from mmm_benchmark.fitters.jax_inference.nuts import nuts_near_mode
from mmm_benchmark.fitters.jax_inference.report import nuts_report
from mmm_benchmark.phases import phase
from mmm_benchmark.priors.prior import Prior


def fit(observed: xr.Dataset, prior: Prior, budget: Budget, seed: int) -> Fit:
    """Markov chains under a prior of Hill curves."""
    with phase("build"):
        plain = density.design(observed, prior)
        data = density.prepare(observed, prior, plain)
    first = density.start(data)

    def find(look: Look) -> AnyFrame:
        return locate(look, around(first)).frame()

    sample = nuts_near_mode(density.log_density, data, find, first.size, budget, seed)
    with phase("summarise"):
        report = partial(nuts_report, sample=sample)
        found = answer.as_fit(observed, sample.z, data, plain, seed, report)
    return replace(found, notes=(*found.notes, *prior.cautions))
