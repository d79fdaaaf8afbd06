r"""A linear change of coordinates in which a posterior is near the standard normal.

Where the prior is near N(0, I) and the likelihood is Gaussian in residuals r(z), the precision at
z is near ``I + J'J`` with ``J = dr/dz`` (Gauss and Newton). J has as many rows as there are weeks,
so ``I + J'J`` is the identity but for that many directions: ``z = centre + y + V (scale - 1) V'y``
with V the right singular vectors of J costs little, where a dense mass matrix of the same
effect would cost dimension squared in every step.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

type Array = NDArray[np.float64]


class Whitening(NamedTuple):
    """``z = centre + y + V (scale - 1) V'y``."""

    centre: Any  # (dimension,)
    V: Any  # (dimension, rank), orthonormal columns
    scale: Any  # (rank,)

    def __call__(self, y: Any) -> Any:
        """Map whitened coordinates back."""
        return self.centre + y + self.V @ ((self.scale - 1) * (self.V.T @ y))


def gauss_newton(residual: Callable[[Any], Any], points: Array) -> Whitening:
    """Whiten with the Gauss-Newton precision averaged over ``points`` (point, dimension)."""
    jacobian = jax.jit(jax.jacrev(residual))
    rank = min(jax.eval_shape(residual, jnp.asarray(points[0])).shape[0], points.shape[1])
    rows = np.concatenate([np.asarray(jacobian(jnp.asarray(z)), np.float64) for z in points])
    _, singular, Vt = np.linalg.svd(rows / np.sqrt(len(points)), full_matrices=False)
    dtype = jnp.result_type(float)
    return Whitening(
        jnp.asarray(points.mean(axis=0), dtype),
        jnp.asarray(Vt[:rank].T, dtype),
        jnp.asarray(1 / np.sqrt(1 + singular[:rank] ** 2), dtype),
    )


def descend(
    log_density: Callable[[Any, Any], Any],
    residual: Callable[[Any, Any], Any],
    start: Array,
    data: Any,
    steps: int = 40,
) -> Array:
    """Levenberg-Marquardt steps from ``start`` towards a mode (Levenberg 1944; Marquardt 1963)."""
    value = jax.jit(lambda z: -log_density(z, data))
    slope = jax.jit(jax.grad(lambda z: -log_density(z, data)))
    jacobian = jax.jit(jax.jacrev(lambda z: residual(z, data)))
    z, damping = np.asarray(start, np.float64), 1.0
    here = float(value(jnp.asarray(z)))
    for _ in range(steps):
        g = np.asarray(slope(jnp.asarray(z)), np.float64)
        J = np.asarray(jacobian(jnp.asarray(z)), np.float64)
        lift = 1 + damping
        inner = lift * np.eye(len(J)) + J @ J.T
        change = -(g - J.T @ np.linalg.solve(inner, J @ g)) / lift  # Woodbury
        there = float(value(jnp.asarray(z + change)))
        if there < here:
            gain, z, here = here - there, z + change, there
            damping = max(damping / 4, 1e-4)
            if gain < 0.1:
                break
        else:
            damping *= 4
    return z
