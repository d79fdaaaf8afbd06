"""Priors that the library does not have ready: a slope that may rest, effects in coefficients."""

from __future__ import annotations

import numpy as np
from meridian import backend
from numpy.typing import NDArray

type Array = NDArray[np.float64]


class PositiveMixture(backend.tfd.MixtureSameFamily):  # type: ignore[misc]
    """A mixture that tells NUTS its support; the library leaves that to whoever mixes."""

    def _default_event_space_bijector(self) -> backend.bijectors.Bijector:
        return backend.bijectors.Softplus()


def gamma_slope(resting: NDArray[np.bool_]) -> backend.tfd.Distribution:
    """Gamma(2, 1); for channels that rest, the same cut off below one.

    Above one, the density x exp(-x) is that of 1 + y with y exponential or Gamma(2, 1), each with
    probability one half.
    """
    tfd, real = backend.tfd, backend.np_float_dtype
    exponential = np.where(resting, 0.5, 0.0).astype(real)
    shape = np.broadcast_to(np.array([1.0, 2.0], real), (resting.size, 2))
    gamma = PositiveMixture(
        tfd.Categorical(probs=np.stack([exponential, 1 - exponential], axis=-1)),
        tfd.Gamma(shape, np.ones_like(shape)),
    )
    return tfd.TransformedDistribution(
        gamma, backend.bijectors.Shift(resting.astype(real)), name="slope_m"
    )


def beta(a: float, b: float, name: str) -> backend.tfd.Distribution:
    """A Beta distribution in the library's precision."""
    real = backend.np_float_dtype
    return backend.tfd.Beta(real(a), real(b), name=name)


def log_normal(mean: Array | float, sd: Array | float, name: str) -> backend.tfd.Distribution:
    """A log-normal one, by mean and standard deviation of the logarithm."""
    return backend.tfd.LogNormal(_real(mean), _real(sd), name=name)


def half_normal(scale: Array | float, name: str) -> backend.tfd.Distribution:
    """A half-normal one."""
    return backend.tfd.HalfNormal(_real(scale), name=name)


def normal(scale: Array | float, name: str) -> backend.tfd.Distribution:
    """A normal one about zero."""
    return backend.tfd.Normal(backend.np_float_dtype(0.0), _real(scale), name=name)


def describe(distribution: backend.tfd.Distribution) -> str:
    """A distribution in a word or two, such as ``LogNormal(0.2, 0.9)``."""
    numbers = [
        f"{float(np.ravel(value)[0]):.3g}{'...' if np.size(value) > 1 else ''}"
        for value in distribution.parameters.values()
        if value is not None and not isinstance(value, str | bool) and np.ndim(value) <= 1
        and np.asarray(value).dtype.kind in "fi"
    ]  # fmt: skip
    return f"{type(distribution).__name__}({', '.join(numbers)})"


def _real(value: Array | float) -> NDArray[np.floating]:
    return np.asarray(value, backend.np_float_dtype)
