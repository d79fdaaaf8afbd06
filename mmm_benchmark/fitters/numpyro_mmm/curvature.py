r"""Where a posterior is highest and how it is curved there: coordinates that suit every method.

With the mode m and the eigenvectors V and eigenvalues w of the curvature at it,
``z = m + V w^(-1/2) u`` makes the posterior of u near N(0, I). NUTS then needs a diagonal mass
matrix only, which a few draws can estimate; a dense one, estimated from fewer draws than there
are dimensions, makes trees as deep as they may be (medium_business, 105 dimensions: 1023 steps
a transition instead of 40). Laplace's approximation is N(0, I) itself, and variational inference
starts there.

Mode and curvature are found in double precision, the curvature by central differences of the
gradient: one more program to compile, and one that compiles fast.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

type Array = NDArray[np.float64]
type Density = Callable[[Any, Any], Any]  # log density of a vector, and data

#: Curvature along a direction is taken to be at least this: a standard deviation of at most 3.
FLATTEST = 1 / 9

STEP = 1e-4  # of the central differences
LARGEST_SLOPE = 1e-2  # of the log density, at what may be called a mode


class Frame(NamedTuple):
    """Coordinates u of ``z = centre + axes u``."""

    centre: Any  # (dimension,)
    axes: Any  # (dimension, dimension)

    def __call__(self, u: Any) -> Any:
        """Map one ``u`` (dimension,) to z."""
        return self.centre + self.axes @ u

    def rows(self, u: NDArray[np.floating]) -> NDArray[np.floating]:
        """Map every ``u`` (..., dimension) to z, in numpy."""
        return np.asarray(self.centre) + u @ np.asarray(self.axes).T

    def extended(self, centre: Array) -> Frame:
        """Append coordinates of which no curvature is known: ``z = centre + u``."""
        known, more = len(self.centre), len(centre)
        axes = np.eye(known + more)
        axes[:known, :known] = self.axes
        return Frame(np.concatenate([self.centre, centre]), axes)

    def cast(self) -> Frame:
        """On the device, in the precision that JAX runs in."""
        return Frame(*(jnp.asarray(part, jnp.result_type(float)) for part in self))


class Located(NamedTuple):
    """A mode and the curvature there."""

    mode: Array  # (dimension,)
    eigenvalues: Array  # of the negative Hessian, ascending
    eigenvectors: Array  # (dimension, eigenvalue)
    converged: bool  # whether the slope vanishes at the mode

    @property
    def definite(self) -> bool:
        """Whether the log density falls in every direction."""
        return bool(self.eigenvalues[0] > 0)

    def frame(self) -> Frame:
        """Coordinates in which the curvature is one."""
        axes = self.eigenvectors / np.sqrt(np.maximum(self.eigenvalues, FLATTEST))
        return Frame(self.mode, axes)


def blank_frame(dimension: int) -> Frame:
    """A frame to compile with before the mode is known."""
    return Frame(np.zeros(dimension), np.eye(dimension)).cast()


class Framed(NamedTuple):
    """The data of a density in the coordinates of a frame."""

    frame: Frame
    data: Any


@cache
def in_frame(log_density: Density) -> Density:
    """The density of u, given ``Framed`` data; the map is linear, its Jacobian constant."""

    def framed(u: Any, given: Framed) -> Any:
        return log_density(given.frame(u), given.data)

    return framed


def locate(log_density: Density, data: Any, starts: list[Array]) -> Located:
    """Find the highest of the modes that L-BFGS reaches from ``starts``, and the curvature there.

    (Liu and Nocedal 1989.) In double precision, whatever the precision of ``data``.
    """
    from scipy.optimize import minimize

    with jax.enable_x64(True):
        data = jax.tree.map(_double, data)

        def target(z: Array) -> tuple[float, Array]:
            value, slope = value_and_slope(log_density)(z, data)
            return float(value), np.asarray(slope)

        options = {"maxiter": 2000, "maxcor": 30, "ftol": 1e-13}
        found = [minimize(target, z, jac=True, method="L-BFGS-B", options=options) for z in starts]
        mode = min(found, key=lambda result: result.fun).x
        hessian = np.stack(
            [
                (target(mode + step)[1] - target(mode - step)[1]) / (2 * STEP)
                for step in STEP * np.eye(mode.size)
            ]
        )
        slope = target(mode)[1]
    eigenvalues, eigenvectors = np.linalg.eigh((hessian + hessian.T) / 2)
    return Located(mode, eigenvalues, eigenvectors, bool(np.abs(slope).max() < LARGEST_SLOPE))


def potential(log_density: Density, data: Any, z: NDArray[np.floating]) -> tuple[Array, Array]:
    """Negative log density (row,) and its slope (row, dimension) at rows of ``z``.

    By the program that :func:`locate` has compiled for the same data.
    """
    with jax.enable_x64(True):
        data = jax.tree.map(_double, data)
        found = [value_and_slope(log_density)(row, data) for row in z]
    values, slopes = zip(*found, strict=True)
    return np.array(values, float), np.stack(slopes)


@cache
def value_and_slope(log_density: Density) -> Any:
    """Compiled ``(z, data)`` to the negative log density and its slope."""
    return jax.jit(jax.value_and_grad(lambda z, data: -log_density(z, data)))


def around(first: Array) -> list[Array]:
    """Where a search for the mode begins: ``first`` and three points near it, always the same."""
    rng = np.random.default_rng(0)
    return [first, *(first + 0.5 * rng.standard_normal((3, first.size)))]


def _double(values: Any) -> Any:
    return jnp.asarray(np.asarray(values, np.float64))
