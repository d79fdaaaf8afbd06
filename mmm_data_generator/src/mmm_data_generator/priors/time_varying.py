"""The prior of ``time_varying`` worlds: everything is drawn anew for every seed.

Its law leaves a density in closed form, so that an exact reference posterior exists.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from mmm_data_generator.fields.parts import REVERSION
from mmm_data_generator.fields.rules import (
    Rule,
    check_fields,
    checked,
    fail,
    integer,
    names,
    number,
)

if TYPE_CHECKING:
    from mmm_data_generator.world.seeds import Streams
    from mmm_data_generator.world.world import World


POSITIVE = (
    "spend_median",
    "decay_a",
    "decay_b",
    "half_saturation_median",
    "slope_median",
    "sales_median",
    "split",
    "control_unit",
    "noise_share",
)
NOT_NEGATIVE = (
    "spend_sd",
    "spend_log_sd",
    "half_saturation_sd",
    "slope_sd",
    "volatility",
    "jump_sd",
    "control_volatility",
    "control_jump_sd",
    "control_sd",
    "sales_sd",
)


@checked
class TimeVaryingPrior:
    r"""The law of a world whose coefficients move; one geo, T weeks, J channels, K controls.

    *Spend* (observed, so it never enters a posterior)::

        x[t,j] = X[j] * shape[t,j] * exp(v z[t,j] - v^2/2),   z ~ N(0, 1)
        log X[j] ~ N(log spend_median, spend_sd^2),   v = spend_log_sd

    The shape is, with equal chances, level; one sine wave a year with amplitude U(0.2, 0.8) and
    phase U(0, 2 pi); bursts (start probability U(0.15, 0.5), lengths uniform on 2 to 8 weeks); or
    a line whose slope over the window is U(-0.8, 1.5) of its start. Each has mean 1 while active.

    *Controls* (observed): the first is a sine wave of the year with phase U(0, 2 pi), the second
    a line from -1 to 1; every further one a stationary Gaussian AR(1) of variance 1 and
    coefficient ``control_persistence``.

    *Transforms*, independent over channels::

        adstock   w[l] = d^l / sum_k d^k,  l = 0..l_max-1,   d ~ Beta(decay_a, decay_b)
        a[t]      = sum_l w[l] x[t-l]                        (no spend before the window)
        h[t]      = a[t]^s / (a[t]^s + (k m)^s),             m = mean spend over weeks with spend
        log k ~ N(log half_saturation_median, half_saturation_sd^2)
        log s ~ N(log slope_median, slope_sd^2)

    *Paths*. For each channel u, and for each control g, with e the weekly innovations::

        u[t] = (1 - reversion) u[t-1] + e[t]
        e[t] ~ (1 - p) N(0, s^2) + p N(0, s^2 + r^2),    independent over weeks
        u[0] ~ N(0, (s^2 + p r^2) / (1 - (1 - reversion)^2))

    with p = ``jump_probability`` and (s, r) = (``volatility``, ``jump_sd``) for channels,
    (``control_volatility``, ``control_jump_sd``) for controls.

    *Scales*. Expected mean weekly sales S, media share q and its split w::

        log S ~ N(log sales_median, sales_sd^2)
        q ~ Uniform(share_low, share_high),   w ~ Dirichlet(split, ..., split)
        sigma = noise_share * S

    *The map to sales.* The share is exact by construction: the level of a channel's log
    coefficient is what makes its mean weekly contribution q w[j] S; control coefficients are
    signed, in units of ``control_unit`` * S; the intercept is what is left of S::

        contribution[t,j] = q w[j] S * exp(u[t,j]) h[t,j] / mean_t(exp(u[t,j]) h[t,j])
        coefficient[t,j]  = L[j] exp(u[t,j]),  L[j] = q w[j] S / mean_t(exp(u[t,j]) h[t,j])
        gamma[t,k]        = control_unit * S * (b[k] + g[t,k]),   b[k] ~ N(0, control_sd^2)
        intercept         = (1 - q) S - mean_t(sum_k gamma[t,k] c[t,k])
        sales[t] ~ N(intercept + sum_j contribution[t,j] + sum_k gamma[t,k] c[t,k], sigma^2)

    Trend and seasonality of the baseline are zero: they are controls here.
    """

    channels: tuple[str, ...] = ("TV", "Digital", "Social", "Print", "Radio")
    controls: tuple[str, ...] = ("Seasonality", "Trend", "CompetitorPrice")
    spend_median: float = 1000.0  # currency per week while active
    spend_sd: float = 0.7  # of the log level
    spend_log_sd: float = 0.4  # of the log of one week's noise
    l_max: int = 8  # weeks
    decay_a: float = 2.0
    decay_b: float = 3.0
    half_saturation_median: float = 1.0  # multiples of mean spend while active
    half_saturation_sd: float = 0.4
    slope_median: float = 1.2
    slope_sd: float = 0.25
    reversion: float = REVERSION  # per week
    volatility: float = 0.12  # per week, log coefficient
    jump_probability: float = 0.02  # per week
    jump_sd: float = 0.5  # log coefficient
    control_volatility: float = 0.08  # per week, control units
    control_jump_sd: float = 0.3  # control units
    control_sd: float = 1.0  # control units
    control_unit: float = 0.04  # share of mean sales per unit of control and of coefficient
    control_persistence: float = 0.9  # per week
    sales_median: float = 10000.0  # currency per week
    sales_sd: float = 0.5
    share_low: float = 0.30  # media share of expected sales
    share_high: float = 0.50
    split: float = 3.0  # Dirichlet concentration of each channel
    noise_share: float = 0.03  # noise standard deviation over expected mean sales

    RULES: ClassVar[dict[str, Rule]] = {
        "channels": names,
        "controls": lambda value: () if value in ((), []) else names(value),
        **dict.fromkeys(POSITIVE, number(above=0)),
        **dict.fromkeys(NOT_NEGATIVE, number(at_least=0)),
        "l_max": integer(at_least=1),
        "reversion": number(above=0, at_most=1),
        "jump_probability": number(at_least=0, at_most=1),
        "control_persistence": number(at_least=0, below=1),
        "share_low": number(above=0, below=1),
        "share_high": number(above=0, below=1),
    }

    def __post_init__(self) -> None:
        check_fields(self)
        if self.share_high < self.share_low:
            raise fail(
                self, "share_high", f" = {self.share_high}: must be >= share_low ({self.share_low})"
            )

    def draw(self, streams: Streams, n_worlds: int, n_periods: int) -> World:
        """Draw a batch of worlds, with a leading world axis.

        Parameters
        ----------
        streams
            Gives the generator of a purpose and name: named streams for a dataset, one shared
            generator for a batch.
        """
        from mmm_data_generator.priors.time_varying_law import draw

        return draw(self, streams, n_worlds, n_periods)
