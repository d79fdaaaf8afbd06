r"""A linear change of coordinates in which a posterior is near the standard normal.

Where the prior is near N(0, I) and the likelihood is Gaussian in residuals r(z), the precision at
z is near ``I + J'J`` with ``J = dr/dz`` (Gauss and Newton). J has as many rows as there are weeks,
so ``I + J'J`` is the identity but for that many directions: ``z = centre + y + V (scale - 1) V'y``
with V the right singular vectors of J costs little, where a dense mass matrix of the same
effect would cost dimension squared in every step.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from mmm_benchmark.fitters.numpyro_mmm.curvature import Density, value_and_slope

type Array = NDArray[np.float64]


class Whitening(NamedTuple):
    """``z = centre + y + V (scale - 1) V'y``."""

    centre: Any  # (dimension,)
    V: Any  # (dimension, rank), orthonormal columns
    scale: Any  # (rank,)

    def __call__(self, y: Any) -> Any:
        """Map whitened coordinates back."""
        return self.centre + y + self.V @ ((self.scale - 1) * (self.V.T @ y))

    def inverse(self, z: Any) -> Any:
        """Whitened coordinates of ``z``."""
        off = z - self.centre
        return off + self.V @ ((1 / self.scale - 1) * (self.V.T @ off))


@cache
def _jacobian(residual: Density) -> Any:
    return jax.jit(jax.jacrev(residual))


def gauss_newton(residual: Density, points: Array, data: Any) -> Whitening:
    """Whiten with the Gauss-Newton precision averaged over ``points`` (point, dimension).

    The rank is the number of residuals, or the dimension if that is smaller, whatever the data:
    one compiled sampler serves all datasets of a shape.
    """
    jacobians = [np.asarray(_jacobian(residual)(jnp.asarray(z), data), float) for z in points]
    rank = min(jacobians[0].shape)
    rows = np.concatenate(jacobians) / np.sqrt(len(points))
    _, singular, Vt = np.linalg.svd(rows, full_matrices=False)
    dtype = jnp.result_type(float)
    return Whitening(
        jnp.asarray(points.mean(axis=0), dtype),
        jnp.asarray(Vt[:rank].T, dtype),
        jnp.asarray(1 / np.sqrt(1 + singular[:rank] ** 2), dtype),
    )


def descend(
    log_density: Density, residual: Density, start: Array, data: Any, steps: int = 40
) -> tuple[Array, float]:
    """Levenberg-Marquardt steps from ``start`` towards a mode, and its log density there.

    (Levenberg 1944; Marquardt 1963.)
    """

    def look(z: Array) -> tuple[float, Array]:
        value, slope = value_and_slope(log_density)(jnp.asarray(z), data)
        return float(value), np.asarray(slope, float)

    z, damping = np.asarray(start, float), 1.0
    here, g = look(z)
    for _ in range(steps):
        J = np.asarray(_jacobian(residual)(jnp.asarray(z), data), float)
        lift = 1 + damping
        inner = lift * np.eye(len(J)) + J @ J.T
        change = -(g - J.T @ np.linalg.solve(inner, J @ g)) / lift  # Woodbury
        there, slope = look(z + change)
        if there < here:
            gain, z, here, g = here - there, z + change, there, slope
            damping = max(damping / 4, 1e-4)
            if gain < 0.1:
                break
        else:
            damping *= 4
    return z, -here
