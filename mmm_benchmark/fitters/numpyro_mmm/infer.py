"""Three ways from a log density to draws: NUTS, variational, Laplace; and what they report."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr
from numpy.typing import NDArray

from mmm_benchmark.estimands import kept_draws
from mmm_benchmark.fit import Budget
from mmm_benchmark.fitters.numpyro_mmm import answer, density
from mmm_benchmark.fitters.numpyro_mmm.prepare import Inputs
from mmm_benchmark.fitters.numpyro_mmm.sampling import MAX_TREE_DEPTH, Sample, nuts
from mmm_benchmark.metrics.diagnostics import diagnose
from mmm_benchmark.phases import phase

#: Above this many dimensions a dense mass matrix costs more than it gains.
MAX_DENSE = 400

#: Curvature along a direction is taken to be at least this: a standard deviation of at most 3.
FLATTEST = 1 / 9

SVI_STEPS = 8000
SVI_RATE = 0.01
SVI_PARTICLES = 4

NO_PATH = ("path",)  # deterministic: never among the free parameters


class Inferred(NamedTuple):
    """Draws of the unconstrained vector and what is known of how they came about."""

    z: NDArray[np.floating]  # (chain, draw, dimension)
    sample: Sample | None
    checks: Mapping[str, bool]
    notes: tuple[str, ...]


def by_nuts(data: density.Data, budget: Budget, seed: int) -> Inferred:
    """Markov chains: the posterior itself."""
    rng = np.random.default_rng(seed)
    size = density.dimension(data)
    starts = density.start(data) + 0.2 * rng.standard_normal((budget.chains, size))
    sample = nuts(density.log_density, data, starts, budget, seed, dense=size <= MAX_DENSE)
    return Inferred(sample.z, sample, {}, ())


def by_laplace(data: density.Data, budget: Budget, seed: int) -> Inferred:
    """The normal distribution of the curvature at the mode, in the sampler's coordinates."""
    with phase("sample"):
        mode, converged = find_mode(data)
        hessian = np.asarray(
            jax.jit(jax.hessian(lambda z: -density.log_density(z, data)))(jnp.asarray(mode)),
            np.float64,
        )
        values, vectors = np.linalg.eigh((hessian + hessian.T) / 2)
        definite = bool(values.min() > 0)
        spread = vectors / np.sqrt(np.maximum(values, FLATTEST))
        z = _normal_draws(mode, spread, budget, seed)
    checks = {"mode_found": converged, "curvature_positive": definite}
    note = "a normal approximation at the mode; its intervals are not those of the posterior"
    return Inferred(z, None, checks, (note,))


def by_svi(data: density.Data, budget: Budget, seed: int) -> Inferred:
    """A full-rank normal that minimises the Kullback-Leibler divergence (Kucukelbir et al. 2017).

    Starts at the mode; the step falls to nothing by a cosine, so that the last iterate is steady.
    """
    import numpyro
    from numpyro import distributions as dist
    from numpyro.infer import SVI, Trace_ELBO, init_to_value
    from numpyro.infer.autoguide import AutoMultivariateNormal
    from numpyro.optim import Adam

    with phase("sample"):
        mode, _ = find_mode(data)
        size = density.dimension(data)

        def model() -> None:
            flat = dist.ImproperUniform(dist.constraints.real, (), (size,))
            z = numpyro.sample("z", flat)
            numpyro.factor("log_density", density.log_density(z, data))

        def rate(step: Any) -> Any:
            return SVI_RATE * 0.5 * (1 + jnp.cos(jnp.pi * jnp.minimum(step / SVI_STEPS, 1.0)))

        start = init_to_value(values={"z": jnp.asarray(mode, jnp.result_type(float))})
        guide = AutoMultivariateNormal(model, init_loc_fn=start, init_scale=0.1)
        svi = SVI(model, guide, Adam(rate), Trace_ELBO(num_particles=SVI_PARTICLES))
        found = svi.run(jax.random.key(seed), SVI_STEPS, progress_bar=False)
        trace = -np.asarray(found.losses, np.float64)
        normal = guide.get_posterior(found.params)
        factor = np.asarray(normal.scale_tril, np.float64)
        z = _normal_draws(np.asarray(normal.loc, np.float64), factor, budget, seed)
    tail = SVI_STEPS // 10
    gain = trace[-tail:].mean() - trace[-3 * tail : -2 * tail].mean()
    checks = {"elbo_settled": bool(np.isfinite(trace).all() and abs(gain) < 1.0)}
    note = "a variational normal approximation; its intervals tend to be too narrow"
    return Inferred(z, None, checks, (note,))


def find_mode(data: density.Data) -> tuple[NDArray[np.float64], bool]:
    """The highest of a few modes found by L-BFGS (Liu and Nocedal 1989), and whether it is one."""
    from scipy.optimize import minimize

    value_and_slope = jax.jit(jax.value_and_grad(lambda z: -density.log_density(z, data)))

    def target(z: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        value, slope = value_and_slope(jnp.asarray(z))
        return float(value), np.asarray(slope, np.float64)

    rng = np.random.default_rng(0)
    first = density.start(data)
    starts = [first, *(first + 0.5 * rng.standard_normal((3, first.size)))]
    options = {"maxiter": 2000, "maxcor": 30}
    found = [minimize(target, z, jac=True, method="L-BFGS-B", options=options) for z in starts]
    best = min(found, key=lambda result: result.fun)
    _, slope = target(best.x)
    return best.x, bool(np.abs(slope).max() < 0.1)


def _normal_draws(
    mean: NDArray[np.float64], factor: NDArray[np.float64], budget: Budget, seed: int
) -> NDArray[np.floating]:
    """Independent draws of N(mean, factor factor'), (chain, draw, dimension)."""
    rng = np.random.default_rng(seed)
    eps = rng.standard_normal((budget.chains, budget.draws, len(mean)))
    return np.asarray(mean + eps @ factor.T, jnp.result_type(float))


METHODS: dict[str, Callable[[density.Data, Budget, int], Inferred]] = {
    "nuts": by_nuts,
    "laplace": by_laplace,
    "svi": by_svi,
}


def report(inferred: Inferred, draws: answer.Draws, given: Inputs) -> dict[str, Any]:
    """Diagnostics on the full sample, checks, notes and per-draw statistics."""
    free = {name: value for name, value in draws.items() if name not in NO_PATH}
    series = answer.contribution_series(draws, given)
    sample = inferred.sample
    if sample is None:
        found = diagnose(free, contribution=series)
        return {"diagnostics": found, "checks": inferred.checks, "notes": inferred.notes}
    found = diagnose(
        free,
        contribution=series,
        diverging=sample.diverging,
        tree_depth=sample.tree_depth,
        max_tree_depth=MAX_TREE_DEPTH,
        energy=sample.energy,
    )
    return {
        "diagnostics": found,
        "checks": sampler_checks(found),
        "notes": inferred.notes,
        "sample_stats": sample_stats(sample),
    }


def sampler_checks(found: Mapping[str, float]) -> dict[str, bool]:
    """Conditions a reader may rely on, over free parameters."""
    return {
        "r_hat_below_1_01": found.get("r_hat", np.inf) < 1.01,
        "ess_above_400": found.get("ess_bulk", 0.0) > 400,
        "no_divergences": found.get("divergences", np.inf) == 0,
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
