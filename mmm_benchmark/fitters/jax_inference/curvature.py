r"""Where a posterior is highest and how it is curved there: coordinates that suit every method.

With the mode m and the eigenvectors V and eigenvalues w of the curvature at it,
``z = m + V w^(-1/2) u`` makes the posterior of u near N(0, I). NUTS then needs a diagonal mass
matrix only, which a few draws can estimate; a dense one, estimated from fewer draws than there
are dimensions, makes trees as deep as they may be (medium_business, 105 dimensions: 1023 steps
a transition instead of 40). Laplace's approximation is N(0, I) itself, and variational inference
starts there.

Mode and curvature are found in double precision, the curvature by central differences of the
gradient: no program is compiled for second derivatives.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from mmm_benchmark.shapes.jax import (
    DimensionDimension,
    DimensionRank,
    PerRank,
    Scalar,
    Vector,
)

type Array = NDArray[np.float64]
type Density[D] = Callable[[Vector, D], Scalar]  # log density of a vector, given data
type Look = Callable[[Array], tuple[float, Array]]  # negative log density of a vector, and slope

#: Curvature along a direction is taken to be at least this: a standard deviation of at most 3.
FLATTEST = 1 / 9

#: Dimensions up to which a frame is a full matrix, and the directions a thinner one turns.
MOST_DENSE = 400
RANK = 200

STEP = 1e-4  # of the central differences
PRECISE = 1e-11  # change of the log density, relative to it, at which a search ends
LARGEST_SLOPE = 1e-2  # of the log density, at what may be called a mode


class Frame(NamedTuple):
    """Coordinates u of ``z = centre + axes u``."""

    centre: Vector
    axes: DimensionDimension

    def __call__(self, u: Vector) -> Vector:
        """Map one ``u`` to z."""
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


class ThinFrame(NamedTuple):
    """Coordinates u of ``z = centre + scale (u + V (stretch V'u))``: near diagonal.

    Past a few hundred dimensions the product with a full matrix costs more than a gradient.
    """

    centre: Vector
    scale: Vector
    V: DimensionRank  # orthonormal columns
    stretch: PerRank

    def __call__(self, u: Vector) -> Vector:
        """Map one ``u`` to z."""
        return self.centre + self.scale * (u + self.V @ (self.stretch * (u @ self.V)))

    def rows(self, u: NDArray[np.floating]) -> NDArray[np.floating]:
        """Map every ``u`` (..., dimension) to z, in numpy."""
        centre, scale, V, stretch = (np.asarray(part) for part in self)
        return centre + scale * (u + ((u @ V) * stretch) @ V.T)

    def inverse(self, z: Vector) -> Vector:
        """Map one ``z`` back to u."""
        off = (z - self.centre) / self.scale
        return off + self.V @ ((1 / (1 + self.stretch) - 1) * (off @ self.V))

    def extended(self, centre: Array) -> ThinFrame:
        """Append coordinates of which no curvature is known: ``z = centre + u``."""
        more = len(centre)
        return ThinFrame(
            np.concatenate([self.centre, centre]),
            np.concatenate([self.scale, np.ones(more)]),
            np.concatenate([self.V, np.zeros((more, self.V.shape[1]))]),
            self.stretch,
        )

    def cast(self) -> ThinFrame:
        """On the device, in the precision that JAX runs in."""
        return ThinFrame(*(jnp.asarray(part, jnp.result_type(float)) for part in self))


type AnyFrame = Frame | ThinFrame


class Located(NamedTuple):
    """A mode and the curvature there."""

    mode: Array  # (dimension,)
    hessian: Array  # of the negative log density
    converged: bool  # whether the slope vanishes at the mode

    @property
    def definite(self) -> bool:
        """Whether the log density falls in every direction."""
        return bool(np.linalg.eigvalsh(self.hessian)[0] > 0)

    def frame(self) -> AnyFrame:
        """Coordinates in which the curvature is one, or near one in many dimensions."""
        if self.mode.size > MOST_DENSE:
            return self.thin_frame()
        eigenvalues, vectors = np.linalg.eigh(self.hessian)
        return Frame(self.mode, vectors / np.sqrt(np.maximum(eigenvalues, FLATTEST)))

    def thin_frame(self, rank: int = RANK) -> ThinFrame:
        """Each coordinate by its own curvature, then the directions that still differ most."""
        scale = 1 / np.sqrt(np.maximum(np.diagonal(self.hessian), FLATTEST))
        eigenvalues, vectors = np.linalg.eigh(scale[:, None] * self.hessian * scale)
        longest = np.sum((scale[:, None] * vectors) ** 2, axis=0)
        eigenvalues = np.maximum(eigenvalues, FLATTEST * longest)
        most = np.argsort(-np.abs(np.log(eigenvalues)))[:rank]
        return ThinFrame(self.mode, scale, vectors[:, most], eigenvalues[most] ** -0.5 - 1)


def blank_frame(dimension: int, known: int) -> AnyFrame:
    """A frame to compile with before the curvature of the ``known`` first dimensions is known."""
    if known > MOST_DENSE:
        nothing = np.zeros((dimension, RANK))
        return ThinFrame(np.zeros(dimension), np.ones(dimension), nothing, np.zeros(RANK)).cast()
    return Frame(np.zeros(dimension), np.eye(dimension)).cast()


class Framed[F: Frame | ThinFrame, D](NamedTuple):
    """The data of a density in the coordinates of a frame."""

    frame: F
    data: D


@cache
def in_frame[D](log_density: Density[D]) -> Density[Framed[Any, D]]:
    """The density of u, given ``Framed`` data; the map is linear, its Jacobian constant."""

    def framed(u: Vector, given: Framed[Any, D]) -> Scalar:
        return log_density(given.frame(u), given.data)

    return framed


def locate(look: Look, starts: list[Array]) -> Located:
    """Find the highest of the modes that L-BFGS nears from ``starts``, and the curvature there.

    (Liu and Nocedal 1989.) ``look`` must be of double precision.
    """
    from scipy.optimize import minimize

    search = partial(minimize, look, jac=True, method="L-BFGS-B")
    glance = {"maxiter": 300, "maxcor": 30, "ftol": 1e-9}
    best = min((search(z, options=glance) for z in starts), key=lambda result: result.fun)
    mode = search(best.x, options={"maxiter": 3000, "maxcor": 30, "ftol": PRECISE}).x
    steps = STEP * np.eye(mode.size)
    rises = [look(mode + step)[1] - look(mode - step)[1] for step in steps]
    hessian = np.stack(rises) / (2 * STEP)
    settled = bool(np.abs(look(mode)[1]).max() < LARGEST_SLOPE)
    return Located(mode, (hessian + hessian.T) / 2, settled)


def double_look[D](log_density: Density[D], data: D) -> Look:
    """A program of its own for the density and its slope, in double precision whatever JAX's."""
    with jax.enable_x64(True):
        data = jax.tree.map(_double, data)

    def look(z: Array) -> tuple[float, Array]:
        with jax.enable_x64(True):
            value, slope = value_and_slope(log_density)(z, data)
        return float(value), np.asarray(slope)

    return look


@cache
def value_and_slope[D](
    log_density: Density[D],
) -> Callable[[Vector, D], tuple[Scalar, Vector]]:
    """Compiled ``(z, data)`` to the negative log density and its slope."""
    return jax.jit(jax.value_and_grad(lambda z, data: -log_density(z, data)))


def around(first: Array) -> list[Array]:
    """Where a search for the mode begins: ``first`` and three points near it, always the same."""
    rng = np.random.default_rng(0)
    return [first, *(first + 0.5 * rng.standard_normal((3, first.size)))]


def _double(values: Any) -> Any:
    return jnp.asarray(np.asarray(values, np.float64))
