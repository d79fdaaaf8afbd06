"""How far two answers to the same question lie apart, and how far they may.

A mean of draws has a Monte Carlo error; two runs of a sampler differ by it even when both are
right. A fitter that draws nothing at random, or everything from its seed, has none: it may differ
by what another machine's arithmetic makes of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import xarray as xr

#: Compared: means of these, one number to a channel (the baseline has one in all).
COMPARED = ("roas", "marginal_roas", "contribution", "baseline")
SAMPLE = ("chain", "draw")


@dataclass(frozen=True)
class Tolerance:
    """What two answers of one fitter may differ by.

    Attributes
    ----------
    scale
        Share of the number's own size, or of the posterior's standard deviation if larger.
    errors
        Monte Carlo standard errors of the difference of two means.
    """

    scale: float
    errors: float
    why: str


SEEDED = Tolerance(1e-3, 0.0, "its draws follow from its seed: only arithmetic may differ")
SAMPLED = Tolerance(
    1e-3, 5.0, "two runs of a sampler differ by their Monte Carlo error: 5 standard errors"
)
#: By library; what is not named here samples.
TOLERANCES = {"scipy": SEEDED, "diffusion": SEEDED}


@dataclass(frozen=True)
class Difference:
    """One number of two answers, and what they may differ by."""

    quantity: str
    stored: float
    again: float
    allowed: float

    @property
    def apart(self) -> float:
        """Their distance."""
        return abs(self.stored - self.again)

    @property
    def agrees(self) -> bool:
        """Whether they are as near as they must be."""
        return self.apart <= self.allowed


def compare(stored: xr.Dataset, again: xr.Dataset, library: str) -> list[Difference]:
    """Every compared number of two posteriors of the same data.

    Parameters
    ----------
    stored, again
        ``schema.POSTERIOR``, of the same data.
    library
        The group of the fitter in the registry; chooses the tolerance.
    """
    tolerance = TOLERANCES.get(library, SAMPLED)
    found = []
    for name in COMPARED:
        for label, old, new in _numbers(name, stored, again):
            size = max(abs(float(old.mean())), float(old.std()))
            # drawn means carry both runs' errors; float32 on disk carries seven digits
            errors = np.hypot(standard_error(old), standard_error(new))
            allowed = tolerance.scale * size + tolerance.errors * float(errors)
            found.append(Difference(label, float(old.mean()), float(new.mean()), allowed))
    return found


def _numbers(
    name: str, stored: xr.Dataset, again: xr.Dataset
) -> list[tuple[str, NDArray[np.float64], NDArray[np.float64]]]:
    """Label and draws, ``(chain, draw)``, of each number."""
    old, new = (
        each[name].sum([dim for dim in each[name].dims if dim in ("geo", "date")])
        for each in (stored, again)
    )
    if "channel" not in old.dims:
        return [(name, _draws(old), _draws(new))]
    return [
        (f"{name} {channel}", _draws(old.sel(channel=channel)), _draws(new.sel(channel=channel)))
        for channel in old["channel"].values
    ]


def _draws(variable: xr.DataArray) -> NDArray[np.float64]:
    return variable.transpose(*SAMPLE).values.astype(np.float64)


def standard_error(draws: NDArray[np.float64]) -> float:
    """Monte Carlo standard error of the mean of ``(chain, draw)``; 0 for one draw.

    The larger of what its own effective sample and the spread between chains say: chains that do
    not agree have an effective sample too small to be estimated.
    """
    from mmm_benchmark.metrics.effective import ess_mean

    chains, n = draws.shape
    if draws.size == 1 or draws.std() == 0:
        return 0.0
    count = float(ess_mean(draws[None])[0]) if n >= 8 else float(draws.size)
    within = draws.std() / np.sqrt(max(1.0, count))
    between = draws.mean(axis=1).std(ddof=1) / np.sqrt(chains) if chains > 1 else 0.0
    return float(max(within, between))
