"""The plain least-squares script, kept as it was so that its shortcomings are a row in the tables.

Unscaled parameters, fixed bounds, one start, numerical gradients, and a baseline that is assumed
known. Compare :mod:`mmm_benchmark.fitters.scipy_hill.fitter`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from mmm_benchmark.fit import Budget, Fit
from mmm_benchmark.phases import phase

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr
    from numpy.typing import NDArray

    type Array = NDArray[np.float64]

# decay, slope, half-saturation of the unnormalised adstock (currency), effect (currency/week)
BOUNDS = ((0.0, 0.9), (1.0, 5.0), (5_000.0, 50_000.0), (5_000.0, 50_000.0))
START = (0.3, 2.0, 15_000.0, 20_000.0)
CONTROL_BOUNDS = (0.0, 20_000.0)  # currency/week
CONTROL_START = 5_000.0


class ScipyPlain:
    """L-BFGS-B on the raw parameters from one start, with the baseline given.

    The baseline is part of the method, not of the data: ``base`` plus a yearly sine of
    ``amplitude`` over week 1, 2, ... Its defaults are those of the world the script was written
    for, so data of any other shape are declined; pass your own constants to use it elsewhere.

    Parameters
    ----------
    base, amplitude
        Currency per week.
    period
        Weeks.
    channels
        The channels of the only world whose baseline it knows.
    """

    name = "scipy-plain"
    extra: ClassVar[str | None] = None
    version: ClassVar[str] = "1"

    def __init__(
        self,
        *,
        base: float = 5_000.0,
        amplitude: float = 4_000.0,
        period: float = 52.0,
        channels: tuple[str, ...] | list[str] = ("Shopify", "TikTok", "Meta"),
    ) -> None:
        self.base = base
        self.amplitude = amplitude
        self.period = period
        self.channels = list(channels)

    def settings(self) -> dict[str, Any]:
        """The constructor's keywords."""
        return dict(vars(self))

    def skip(self, observed: xr.Dataset) -> str | None:
        """Decline data whose geos, channels or controls are not those of its own world."""
        channels = sorted(str(name) for name in observed["channel"].values)
        geos, controls = observed.sizes["geo"], observed.sizes["control"]
        if (channels, geos, controls) == (sorted(self.channels), 1, 1):
            return None
        return (
            f"knows the baseline of one world only (base {self.base:g}, seasonal amplitude "
            f"{self.amplitude:g}): 1 geo, 1 control, channels {', '.join(self.channels)}; "
            f"this data has {geos} geo(s), {controls} control(s), channels {', '.join(channels)}"
        )

    def fit(self, observed: xr.Dataset, budget: Budget, seed: int) -> Fit:
        """Minimise the raw sum of squares; ``budget`` and ``seed`` do not apply."""
        with phase("import"):
            import numpy as np
            from scipy.optimize import minimize
            from threadpoolctl import threadpool_limits
        with phase("build"):
            sales = observed["sales"].values[0].astype(float)
            spend = observed["spend"].values[0].T.astype(float)  # (channel, date)
            control = observed["controls"].values[0, :, 0].astype(float)
            week = np.arange(1, sales.size + 1)
            baseline = self.base + self.amplitude * np.sin(2 * np.pi * week / self.period)

        def sum_of_squares(parameters: Array) -> float:
            expected = baseline + parameters[-1] * control
            expected = expected + contributions(spend, parameters).sum(0)
            return float(np.sum((sales - expected) ** 2))

        with phase("sample"), threadpool_limits(1):
            result = minimize(
                sum_of_squares,
                np.array([*START * len(spend), CONTROL_START]),
                bounds=[*BOUNDS * len(spend), CONTROL_BOUNDS],
                method="L-BFGS-B",
            )
        with phase("summarise"):
            return self._summarise(observed, baseline, result.x, result)

    def _summarise(
        self, observed: xr.Dataset, baseline: Array, parameters: Array, result: Any
    ) -> Fit:
        import numpy as np

        from mmm_benchmark import estimands

        spend = observed["spend"].values[0].T.astype(float)
        control = observed["controls"].values[0, :, 0].astype(float)
        decay, slope, half, effect = parameters[:-1].reshape(-1, 4).T
        one = (1, 1, 1)  # chain, draw, geo
        steady = half * (1 - decay) / spend.mean(-1)  # multiples of mean weekly spend
        posterior = estimands.posterior(
            observed,
            contribution=contributions(spend, parameters).T.reshape(*one, *spend.T.shape),
            baseline=baseline.reshape(*one, -1),
            control_contribution=(parameters[-1] * control).reshape(*one, -1, 1),
            response=estimands.response(
                lambda m: contributions(m * spend, parameters).sum(-1)[None, None],
                spend.sum(-1),
            ),
            coefficient=np.broadcast_to(effect, (*one, *spend.T.shape)),
            adstock_decay=decay.reshape(*one, -1),
            half_saturation=steady.reshape(*one, -1),
            slope=slope.reshape(*one, -1),
        )
        channels = len(spend)
        return Fit(
            posterior=posterior,
            diagnostics={
                "sum_of_squares": float(result.fun),
                "function_evaluations": float(result.nfev),
            },
            parameter_counts={
                "adstock": channels,
                "saturation": 2 * channels,
                "effects": channels,
                "controls": 1,
            },
            checks={"optimizer_converged": bool(result.success)},
            notes=("the baseline is given, not estimated",),
        )


def contributions(spend: Array, parameters: Array) -> Array:
    """Hill of unnormalised geometric adstock, shape (channel, date), currency per week."""
    from mmm_benchmark.fitters.common.hill import geometric_sum, hill

    decay, slope, half, effect = parameters[:-1].reshape(-1, 4).T[..., None]
    return effect * hill(geometric_sum(spend, decay[:, 0]), half, slope)
