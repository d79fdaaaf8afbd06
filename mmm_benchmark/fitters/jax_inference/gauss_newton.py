r"""A linear change of coordinates in which a posterior is near the standard normal.

Where the prior is near N(0, I) and the likelihood is Gaussian in residuals r(z), the precision at
z is near ``I + J'J`` with ``J = dr/dz`` (Gauss and Newton). J has as many rows as there are weeks,
so ``I + J'J`` is the identity but for that many directions, the right singular vectors of J: a thin
frame costs little, where a dense mass matrix of the same effect would cost dimension squared in
every step.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from mmm_benchmark.fitters.jax_inference.curvature import Density, ThinFrame, value_and_slope
from mmm_benchmark.shapes.jax import ResidualDimension, Residuals, Vector

type Array = NDArray[np.float64]
type Misfit[D] = Callable[[Vector, D], Residuals]  # residuals of unit variance


@cache
def _jacobian[D](residual: Misfit[D]) -> Callable[[Vector, D], ResidualDimension]:
    return jax.jit(jax.jacrev(residual))


def gauss_newton[D](residual: Misfit[D], points: Array, data: D) -> ThinFrame:
    """Coordinates of the Gauss-Newton precision averaged over ``points`` (point, dimension).

    The rank is the number of residuals, or the dimension if that is smaller, whatever the data:
    one compiled sampler serves all datasets of a shape.
    """
    jacobians = [np.asarray(_jacobian(residual)(jnp.asarray(z), data), float) for z in points]
    rank = min(jacobians[0].shape)
    rows = np.concatenate(jacobians) / np.sqrt(len(points))
    _, singular, Vt = np.linalg.svd(rows, full_matrices=False)
    return ThinFrame(
        centre=points.mean(axis=0),
        scale=np.ones(points.shape[1]),
        V=Vt[:rank].T,
        stretch=1 / np.sqrt(1 + singular[:rank] ** 2) - 1,
    )


def descend[D](
    log_density: Density[D], residual: Misfit[D], start: Array, data: D, steps: int = 40
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
