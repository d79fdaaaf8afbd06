"""Three ways from the log density to draws: NUTS, variational, Laplace."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from mmm_benchmark.fit import Budget
from mmm_benchmark.fitters.jax_inference.curvature import (
    AnyFrame,
    Framed,
    Look,
    around,
    double_look,
    in_frame,
    locate,
)
from mmm_benchmark.fitters.jax_inference.nuts import Sample, nuts_near_mode
from mmm_benchmark.fitters.numpyro_mmm import density
from mmm_benchmark.phases import phase
from mmm_benchmark.shapes.jax import Scalar

SVI_STEPS = 2000
SVI_RATE = 0.01
SVI_PARTICLES = 4


class Inferred(NamedTuple):
    """Draws of the unconstrained vector and what is known of how they came about."""

    z: NDArray[np.floating]  # (chain, draw, dimension)
    sample: Sample | None
    checks: Mapping[str, bool]
    notes: tuple[str, ...]


def by_nuts(data: density.Data, budget: Budget, seed: int) -> Inferred:
    """Markov chains: the posterior itself."""
    size = density.dimension(data)
    known = density.dimension(data._replace(path_filter=None))
    find = partial(coordinates, data)
    sample = nuts_near_mode(density.log_density, data, find, size, budget, seed, known=known)
    return Inferred(sample.z, sample, {}, ())


def coordinates(data: density.Data, look: Look) -> AnyFrame:
    """Coordinates in which to sample: those of the curvature at the mode of constant effects.

    Paths that move have no mode of their own: it would leave no noise.
    """
    constant = data._replace(path_filter=None)
    if data.path_filter is not None or jnp.result_type(float) != jnp.float64:
        look = double_look(density.log_density, constant)
    frame = locate(look, around(density.start(constant))).frame()
    return frame.extended(density.start(data)[len(frame.centre) :])


def by_laplace(data: density.Data, budget: Budget, seed: int) -> Inferred:
    """The normal distribution of the curvature at the mode."""
    with phase("sample"):
        look = double_look(density.log_density, data)
        located = locate(look, around(density.start(data)))
        rng = np.random.default_rng(seed)
        u = rng.standard_normal((budget.chains, budget.draws, len(located.mode)))
        z = located.frame().rows(u)
    checks = {"mode_found": located.converged, "curvature_positive": located.definite}
    note = "a normal approximation at the mode; its intervals are not those of the posterior"
    return Inferred(z, None, checks, (note,))


def by_svi(data: density.Data, budget: Budget, seed: int) -> Inferred:
    """A full-rank normal that minimises the Kullback-Leibler divergence (Kucukelbir et al. 2017).

    Starts at Laplace's approximation, in whose coordinates it works; the step falls to nothing by
    a cosine, so that the last iterate is steady.
    """
    import numpyro
    from numpyro import distributions as dist
    from numpyro.infer import SVI, Trace_ELBO, init_to_value
    from numpyro.infer.autoguide import AutoMultivariateNormal
    from numpyro.optim import Adam

    with phase("sample"):
        look = double_look(density.log_density, data)
        frame = locate(look, around(density.start(data))).frame().cast()
        size = density.dimension(data)
        framed = in_frame(density.log_density)

        def model() -> None:
            flat = dist.ImproperUniform(dist.constraints.real, (), (size,))
            u = numpyro.sample("u", flat)
            numpyro.factor("log_density", framed(u, Framed(frame, data)))

        def rate(step: Scalar) -> Scalar:
            return SVI_RATE * 0.5 * (1 + jnp.cos(jnp.pi * jnp.minimum(step / SVI_STEPS, 1.0)))

        start = init_to_value(values={"u": jnp.zeros(size, jnp.result_type(float))})
        guide = AutoMultivariateNormal(model, init_loc_fn=start, init_scale=1.0)
        svi = SVI(model, guide, Adam(rate), Trace_ELBO(num_particles=SVI_PARTICLES))
        found = svi.run(jax.random.key(seed), SVI_STEPS, progress_bar=False)
        trace = -np.asarray(found.losses, np.float64)
        normal = guide.get_posterior(found.params)
        factor = np.asarray(normal.scale_tril, np.float64)
        rng = np.random.default_rng(seed)
        eps = rng.standard_normal((budget.chains, budget.draws, size))
        z = frame.rows(np.asarray(normal.loc, np.float64) + eps @ factor.T)
    tail = SVI_STEPS // 10
    gain = trace[-tail:].mean() - trace[-3 * tail : -2 * tail].mean()
    checks = {"elbo_settled": bool(np.isfinite(trace).all() and abs(gain) < 1.0)}
    note = "a variational normal approximation; its intervals tend to be too narrow"
    return Inferred(z, None, checks, (note,))


METHODS: dict[str, Callable[[density.Data, Budget, int], Inferred]] = {
    "nuts": by_nuts,
    "laplace": by_laplace,
    "svi": by_svi,
}
