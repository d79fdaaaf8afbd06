"""Hill/adstock least squares: exact linear part, exact gradients, many starts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from mmm_benchmark.errors import UserError
from mmm_benchmark.fit import Budget, Fit
from mmm_benchmark.fitters.common.forecast import asked
from mmm_benchmark.phases import phase
from mmm_benchmark.schema import MAX_STORED_DRAWS

if TYPE_CHECKING:
    import xarray as xr

#: Fewer replicates give no R-hat: four to each of two halves.
FEWEST_REPLICATES = 8


class ScipyHill:
    """Least squares of sales on Hill(adstock(spend)), baseline and controls.

    Parameters
    ----------
    fourier_order
        Harmonics of the yearly seasonality; at most two per year of data are used.
    trend
        Whether the baseline has a linear trend.
    geo_effects
        ``"pooled"`` pulls each geo's linear effects towards the shared ones as far as the data
        ask; ``"shared"`` gives all geos the same effects per currency of mean sales.
    regularisation
        Weight of weak Gaussian penalties on transforms and effects, see
        ``scipy_hill.search.weak_penalty``; 0 is plain least squares.
    starts, polished
        Points of the Sobol design, and how many of the best L-BFGS-B improves.
    bootstrap
        Replicates of the moving-block bootstrap, each a stored draw; 0 gives a point estimate.
    block_length
        Weeks to a block; None takes the cube root of the number of dates.
    """

    name = "scipy"
    extra: ClassVar[str | None] = None
    forecasts: ClassVar[bool] = True
    version: ClassVar[str] = "1"

    def __init__(
        self,
        *,
        fourier_order: int = 2,
        trend: bool = True,
        geo_effects: str = "pooled",
        regularisation: float = 1.0,
        starts: int = 128,
        polished: int = 6,
        bootstrap: int = 0,
        block_length: int | None = None,
    ) -> None:
        self.fourier_order = fourier_order
        self.trend = trend
        self.geo_effects = geo_effects
        self.regularisation = regularisation
        self.starts = starts
        self.polished = polished
        self.bootstrap = bootstrap
        self.block_length = block_length

    def settings(self) -> dict[str, Any]:
        """The constructor's keywords."""
        return dict(vars(self))

    def skip(self, observed: xr.Dataset) -> str | None:
        """Decline data with fewer observations than parameters, or with no media variation."""
        from mmm_benchmark.fitters.scipy_hill.design import build

        self._check_settings()
        design = build(observed, self.fourier_order, self.trend)
        parameters = design.n_linear + 4 * design.live.size
        if design.live.size == 0:
            return "no channel's spend varies over time, so no effect can be told from the baseline"
        if design.sales.size <= parameters:
            return (
                f"{design.sales.size} observations cannot determine {parameters} parameters; "
                "give more weeks, or fewer channels or controls"
            )
        return None

    def fit(self, observed: xr.Dataset, budget: Budget, seed: int) -> Fit:
        """Fit by penalised least squares; ``budget`` does not apply."""
        with phase("import"):
            from threadpoolctl import threadpool_limits

            from mmm_benchmark.fitters.scipy_hill import answer, design, estimate, forecast
        with phase("build"):
            self._check_settings()
            built = design.build(observed, self.fourier_order, self.trend)
        # the optimiser's matrices are smaller than a thread's wake-up
        with phase("sample"), threadpool_limits(1):
            found = estimate.point_estimate(
                built,
                starts=self.starts,
                polished=self.polished,
                weight=self.regularisation,
                pooled=self.geo_effects == "pooled",
                seed=seed,
            )
            if self.bootstrap == 0:
                solutions, noise = [found.solution], None
            else:
                solutions, noise = estimate.bootstrap_estimates(
                    found, replicates=self.bootstrap, block_length=self.block_length, seed=seed
                )
        with phase("summarise"):
            fit = answer.summarise(observed, found, solutions, noise)
            if asked(observed):
                fit.forecast = forecast.forecast_of(
                    observed, solutions, noise, self.fourier_order, self.trend
                )
            return fit

    def _check_settings(self) -> None:
        least = {
            "fourier_order": 0,
            "regularisation": 0,
            "starts": 1,
            "polished": 1,
            "block_length": 1,
        }
        for name, minimum in least.items():
            value = getattr(self, name)
            if value is not None and value < minimum:
                raise UserError(f"scipy: {name} = {value}; it must be at least {minimum}")
        if self.geo_effects not in ("pooled", "shared"):
            raise UserError(
                f"scipy: geo_effects = {self.geo_effects!r}; allowed: 'pooled', 'shared'"
            )
        if self.bootstrap != 0 and not FEWEST_REPLICATES <= self.bootstrap <= MAX_STORED_DRAWS:
            raise UserError(
                f"scipy: bootstrap = {self.bootstrap}; allowed: 0 for a point estimate, or "
                f"{FEWEST_REPLICATES} to {MAX_STORED_DRAWS} replicates"
            )
