"""The library's saturation curves in numpy: what spend brings, for an asymptote parameter of one.

Each takes adstocked spend ``x`` in multiples of the largest spend and at most two parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

type Array = NDArray[np.float64]


@dataclass(frozen=True)
class Curve:
    """One curve: the names of its variables in the library, and its equations."""

    asymptote: str
    parameters: tuple[str, str]  # the same twice where there is one
    response: Callable[[Array, Array, Array], Array]  # of x and the parameters
    full: Callable[[Array, Array], Array]  # share of the asymptote that unlimited spend reaches
    half: Callable[[Array, Array], Array]  # x at half of that

    def roles(self) -> dict[str, str]:
        """Role of each variable, those of a prior over geos included."""
        effects = {f"{self.asymptote}{end}": "effects" for end in ("", "_mu", "_sigma")}
        return effects | dict.fromkeys(self.parameters, "saturation")


def _sigmoid(x: Array, steepness: Array, midpoint: Array) -> Array:
    return expit(steepness * (x - midpoint)) - expit(-steepness * midpoint)


def _sigmoid_half(steepness: Array, midpoint: Array) -> Array:
    return midpoint + logit((1 + expit(-steepness * midpoint)) / 2) / steepness


#: ``HillSaturationSigmoid``: a sigmoid through the origin.
SIGMOID: Final = Curve(
    asymptote="saturation_sigma",
    parameters=("saturation_beta", "saturation_lam"),
    response=_sigmoid,
    full=lambda steepness, midpoint: expit(steepness * midpoint),
    half=_sigmoid_half,
)
#: ``LogisticSaturation``: (1 - exp(-lam x)) / (1 + exp(-lam x)) = tanh(lam x / 2).
LOGISTIC: Final = Curve(
    asymptote="saturation_beta",
    parameters=("saturation_lam", "saturation_lam"),
    response=lambda x, lam, _: np.tanh(lam * x / 2),
    full=lambda lam, _: np.ones_like(lam),
    half=lambda lam, _: np.log(3.0) / lam,
)
#: ``MichaelisMentenSaturation``: x / (lam + x), Meridian's Hill curve of slope one.
MICHAELIS_MENTEN: Final = Curve(
    asymptote="saturation_alpha",
    parameters=("saturation_lam", "saturation_lam"),
    response=lambda x, lam, _: x / (lam + x),
    full=lambda lam, _: np.ones_like(lam),
    half=lambda lam, _: lam,
)


def curve_of(variables: Container[str]) -> Curve:
    """The curve whose variables these are."""
    for curve in (SIGMOID, MICHAELIS_MENTEN, LOGISTIC):
        if curve.asymptote in variables:
            return curve
    raise ValueError("no saturation curve that this project knows")
