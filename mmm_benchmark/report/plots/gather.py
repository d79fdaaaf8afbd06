"""What the pictures need of one fit: bands over draws, for all geos together and for a few."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import xarray as xr

from mmm_benchmark.metrics.arrays import FloatArray
from mmm_benchmark.metrics.calibration import central_interval, sort_draws
from mmm_benchmark.scoring import marks
from mmm_benchmark.scoring.posterior import aligned, flat_draws, geo_draws
from mmm_benchmark.scoring.scorable import ScorableDataset, ScorableFit

TOGETHER = "all geos"
SINGLE_GEOS = 2  # shown beside the sum, when there are several
SHOWN_DRAWS = 3
BAND = 0.9


@dataclass(frozen=True)
class Band:
    """Posterior mean and central 90% interval; a point estimate has no interval."""

    mean: FloatArray
    low: FloatArray | None
    high: FloatArray | None
    draws: FloatArray  # a few, first axis


def band(draws: FloatArray) -> Band:
    """Summarise draws that lie on the last axis."""
    count = draws.shape[-1]
    mean = draws.mean(axis=-1, dtype=np.float64)
    if count == 1:
        return Band(mean, None, None, mean[None][:0])
    few = np.linspace(0, count - 1, SHOWN_DRAWS).round().astype(int)
    low, high = central_interval(sort_draws(draws), BAND)
    return Band(mean, low, high, np.moveaxis(draws[..., few], -1, 0))


@dataclass
class View:
    """One fit, ready to be drawn. Paths are keyed by panel: ``all geos`` or the name of a geo."""

    fitter: str
    mark: str = ""  # see scoring/marks.py
    expected: dict[str, Band] = field(default_factory=dict)  # (date)
    predicted: dict[str, Band] = field(default_factory=dict)  # (date), with noise
    contribution: dict[str, Band] = field(default_factory=dict)  # (channel, date)
    coefficient: dict[str, Band] = field(default_factory=dict)  # (channel, date), single geos
    curve: Band | None = None  # (channel, multiplier)
    roas: Band | None = None  # (channel)
    marginal_roas: Band | None = None

    @property
    def label(self) -> str:
        """The fitter's name and the signs of its marks."""
        return self.fitter + marks.signs(self.mark)


def panels(dataset: ScorableDataset) -> list[str]:
    """The panels of a dataset: the one geo, or all together and the first few."""
    geos = [str(geo) for geo in dataset.observed["geo"].values]
    return geos if len(geos) == 1 else [TOGETHER, *geos[:SINGLE_GEOS]]


def by_panel(variable: xr.DataArray) -> dict[str, FloatArray]:
    """True or observed values ``(geo, date, ...)`` by panel."""
    geos = [str(geo) for geo in variable["geo"].values]
    found = {geo: variable.isel(geo=i).values for i, geo in enumerate(geos[:SINGLE_GEOS])}
    return found if len(geos) == 1 else {TOGETHER: variable.sum("geo").values, **found}


def view(fit: ScorableFit, dataset: ScorableDataset) -> View:
    """Read a stored fit once, one geo at a time."""
    tree = fit.tree()
    try:
        what = f"fit of '{fit.job['fitter']}'"
        posterior = aligned(tree["posterior"].to_dataset(), dataset.observed, what)
        seen = View(fit.job["fitter"], marks.join(marks.marks(fit)))
        seen.expected = _bands(posterior["expected_sales"])
        seen.contribution = _bands(posterior["contribution"])
        if "coefficient" in posterior:
            few = posterior["coefficient"].isel(geo=slice(0, SINGLE_GEOS + 1))
            seen.coefficient = _bands(few, together=False)
        if "posterior_predictive" in tree.children:
            predictive = tree["posterior_predictive"].to_dataset()
            seen.predicted = _bands(aligned(predictive, dataset.observed, what)["sales"])
        seen.curve = band(flat_draws(posterior["response_curve"]))
        seen.roas = band(flat_draws(posterior["roas"]))
        seen.marginal_roas = band(flat_draws(posterior["marginal_roas"]))
    finally:
        tree.close()
    return seen


def _bands(variable: xr.DataArray, together: bool = True) -> dict[str, Band]:
    """Bands by panel; geos are added up draw by draw, so that the sum has its own interval."""
    geos = [str(geo) for geo in variable["geo"].values]
    single: dict[str, Band] = {}
    total: FloatArray | None = None
    shown = SINGLE_GEOS if together else len(geos)
    for i, geo in enumerate(geos):
        draws = geo_draws(variable, i)
        if i < shown:
            single[geo] = band(draws)
        if together and len(geos) > 1:
            total = draws.astype(np.float64) if total is None else total + draws
    return single if total is None else {TOGETHER: band(total), **single}
