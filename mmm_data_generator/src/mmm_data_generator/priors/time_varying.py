"""The prior of ``time_varying`` worlds: everything is drawn anew for every seed.

Its law leaves a density in closed form, so that an exact reference posterior exists.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from mmm_data_generator.errors import ConfigError
from mmm_data_generator.fields.parts import REVERSION
from mmm_data_generator.fields.periods import WEEKS_PER_YEAR
from mmm_data_generator.fields.rules import (
    Rule,
    check_fields,
    checked,
    fail,
    integer,
    names,
    number,
)
from mmm_data_generator.priors.base import Size, draw_seed
from mmm_data_generator.world import transforms
from mmm_data_generator.world.coefficients import autoregress, ou_path
from mmm_data_generator.world.seeds import Streams
from mmm_data_generator.world.spend import bursts, noise, seasonal, unit_mean
from mmm_data_generator.world.world import World

Array = NDArray[np.float64]

N_WEEKS = 104  # of a world whose length nobody says

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

    WORLD: ClassVar[str] = "time_varying"
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

    def draw(self, streams: Streams, n_worlds: int, size: Size) -> World:
        """Draw worlds as arrays; the law and its symbols are in the class's docstring."""
        return _draw(self.resized(size), streams, n_worlds, size.n_weeks or N_WEEKS)

    def draw_fields(self, rng: np.random.Generator, size: Size) -> dict[str, Any]:
        """Draw a config's seed: everything else is drawn anew for every seed."""
        seed = draw_seed(rng)
        return {
            "name": self.WORLD,
            "n_periods": size.n_weeks or N_WEEKS,
            "prior": self.resized(size),
            "seed": seed,
        }

    def resized(self, size: Size) -> TimeVaryingPrior:
        """Return the prior with other numbers of channels and controls, its own names first."""
        if size.n_geos not in (None, 1):
            raise ConfigError("n_geos", f" = {size.n_geos}: time_varying worlds have one geo")
        changes: dict[str, Any] = {}
        for field, n in (("channels", size.n_channels), ("controls", size.n_controls)):
            own = getattr(self, field)
            if n is not None and n != len(own):
                changes[field] = (*own[:n], *(f"{field[:-1]}_{i + 1}" for i in range(len(own), n)))
        return replace(self, **changes) if changes else self


def _draw(p: TimeVaryingPrior, streams: Streams, n: int, T: int) -> World:
    rng = streams("time_varying scales")
    S = p.sales_median * np.exp(p.sales_sd * rng.standard_normal(n))
    q = rng.uniform(p.share_low, p.share_high, n)
    shock = p.noise_share * S[:, None] * streams("time_varying noise").standard_normal((n, T))

    media = [_channel(p, streams, name, n, T) for name in p.channels]
    x, w, pivot, slope, decay, u, weight = (
        np.stack([one[i] for one in media], axis=-1) for i in range(7)
    )
    split = weight / weight.sum(-1, keepdims=True)  # normalised gammas: Dirichlet
    h = transforms.saturate(
        transforms.adstock(x[:, None], w[:, None]),
        np.zeros(len(p.channels), dtype=np.int8),
        pivot[:, None],
        slope[:, None],
    )[:, 0]
    moving = np.exp(u)
    level = (q * S)[:, None] * split / (moving * h).mean(1)

    c = np.stack(_controls(p, streams, n, T), axis=-1) if p.controls else np.zeros((n, T, 0))
    gamma = np.zeros_like(c)
    for k, name in enumerate(p.controls):
        rng = streams("time_varying control path", name=name)
        b = p.control_sd * rng.standard_normal((n, 1))
        g = ou_path(
            rng,
            (n,),
            T,
            p.control_volatility,
            p.reversion,
            p.jump_probability,
            p.control_jump_sd,
        )
        gamma[..., k] = p.control_unit * S[:, None] * (b + g)
    intercept = (1 - q) * S - (gamma * c).sum(-1).mean(-1)

    flat = np.zeros((n, 1, T))
    return World(
        spend=x[:, None],
        controls=c[:, None],
        population=np.full((n, 1), 1e6),
        lag_weights=w[:, None],
        adstock_first=np.ones((n, len(p.channels)), dtype=bool),
        kind=np.full((n, len(p.channels)), transforms.HILL, dtype=np.int8),
        pivot=pivot[:, None],
        power=slope[:, None],
        coefficient=(level[:, None, :] * moving)[:, None],
        control_coefficient=gamma[:, None],
        intercept=np.repeat(intercept[:, None, None], T, axis=2),
        trend=flat,
        seasonality=flat.copy(),
        shock=shock[:, None],
        adstock_decay=decay[:, None],
    )


def _channel(p: TimeVaryingPrior, streams: Streams, name: str, n: int, T: int) -> tuple[Array, ...]:
    """Return spend, lag weights, pivot, slope, decay, path and Dirichlet weight of a channel."""
    rng = streams("time_varying spend", name=name)
    level = p.spend_median * np.exp(p.spend_sd * rng.standard_normal((n, 1)))
    shape = _shapes(rng, n, T)
    z = rng.standard_normal((n, T))
    x = level * shape * noise(z, np.sqrt(np.expm1(p.spend_log_sd**2)))

    rng = streams("time_varying transforms", name=name)
    d = rng.beta(p.decay_a, p.decay_b, n)
    k = p.half_saturation_median * np.exp(p.half_saturation_sd * rng.standard_normal(n))
    s = p.slope_median * np.exp(p.slope_sd * rng.standard_normal(n))
    weight = rng.gamma(p.split, size=n)
    lag = d[:, None] ** np.arange(int(p.l_max))
    lag /= lag.sum(1, keepdims=True)
    mean_active = transforms.spend_figure(x, "mean_active")

    rng = streams("time_varying path", name=name)
    u = ou_path(rng, (n,), T, p.volatility, p.reversion, p.jump_probability, p.jump_sd)
    return x, lag, k * mean_active, s, d, u, weight


def _shapes(rng: np.random.Generator, n: int, T: int) -> Array:
    t = np.arange(T, dtype=float)
    pattern = rng.integers(0, 4, (n, 1))
    wave = seasonal(t, rng.uniform(0.2, 0.8, (n, 1)), rng.uniform(0, 2 * np.pi, (n, 1)))
    line = 1 + rng.uniform(-0.8, 1.5, (n, 1)) * t / max(T - 1, 1)
    flights = bursts(rng, rng.uniform(0.15, 0.5, n), np.full(n, 2), np.full(n, 8), T)
    return unit_mean(
        np.select(
            [pattern == 0, pattern == 1, pattern == 2], [np.ones((n, T)), wave, flights], line
        )
    )


def _controls(p: TimeVaryingPrior, streams: Streams, n: int, T: int) -> list[Array]:
    t = np.arange(T, dtype=float)
    out = []
    for k, name in enumerate(p.controls):
        rng = streams("time_varying control", name=name)
        if k == 0:
            phase = rng.uniform(0, 2 * np.pi, (n, 1))
            out.append(np.sin(2 * np.pi * t / WEEKS_PER_YEAR + phase))
        elif k == 1:
            out.append(np.repeat(np.linspace(-1.0, 1.0, T)[None], n, axis=0))
        else:
            steps = rng.standard_normal((n, T))
            steps[:, 1:] *= np.sqrt(1 - p.control_persistence**2)
            out.append(autoregress(steps, p.control_persistence))
    return out
