"""A world in which more happens than weekly media plus controls: the law that stressors change.

Every part first has an *effect* in currency per week, as if it acted alone::

    e[t,j] = coefficient[t,j] h[t,j] + brand[t,j] + sum_k synergy[j,k] h[t,j] h[t,k] / 2
    e[t,k] = control_coefficient[t,k] control[t,k] + control_shift[t,k]

In an additive world the effects add to the baseline B. In a multiplicative one they add in logs,
``sales = B exp(E / B)`` with E the sum of all effects. Attribution: two channels share their
synergy in halves (the Shapley value of a two-player product; Shapley 1953), and in a
multiplicative world the joint sales ``B (exp(E / B) - 1)`` are shared in proportion to the
effects (the Aumann-Shapley value along the path that scales all effects; Aumann, Shapley 1974).
Both add up exactly. Response curves, ROAS and optimum need no such rule: they are differences of
total expected sales.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from mmm_data_generator.world import transforms
from mmm_data_generator.world.world import World

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class StressedWorld(World):
    """A world with everything that stressors may add; see the module for its law."""

    control_shift: Array  # (geo, date, control), currency per week beside coefficient x value
    unobserved: Array  # (geo, date), currency per week, part of the truth's intercept
    efficiency: Array  # (geo, date, channel), exposure bought per unit of spend, mean 1
    brand_weights: Array  # (geo, lag, channel), weights of the slow adstock
    brand_coefficient: Array  # (geo, channel), currency per week at full saturation
    synergy: Array  # (geo, channel, channel), symmetric, zero diagonal, currency per week
    recorded: Array  # (geo, date), 1 where sales were recorded, 0 where they are imputed
    audience: Array  # (geo, date, channel), people a reach & frequency channel addresses, else 0
    impression_price: Array  # (channel,), currency
    half_frequency: Array  # (channel,), impressions per person reached
    frequency_slope: Array  # (channel,)
    multiplicative: bool = False

    @classmethod
    def of(cls, world: World, n_controls: int) -> StressedWorld:
        """Return the same world with room for stressors and for ``n_controls`` controls."""
        if isinstance(world, StressedWorld):
            return world
        g, t, c = world.spend.shape
        values = {f.name: getattr(world, f.name) for f in fields(World)}
        room = ((0, 0), (0, 0), (0, n_controls - world.controls.shape[-1]))
        for name in ("controls", "control_coefficient"):
            values[name] = np.pad(values[name], room)
        return cls(
            **values,
            control_shift=np.zeros((g, t, n_controls)),
            unobserved=np.zeros((g, t)),
            efficiency=np.ones((g, t, c)),
            brand_weights=np.zeros((g, 1, c)),
            brand_coefficient=np.zeros((g, c)),
            synergy=np.zeros((g, c, c)),
            recorded=np.ones((g, t)),
            audience=np.zeros((g, t, c)),
            impression_price=np.ones(c),
            half_frequency=np.ones(c),
            frequency_slope=np.ones(c),
        )

    def but(self, **changes: Any) -> Self:
        """Return a copy with some arrays changed."""
        return replace(self, **changes)

    @property
    def baseline(self) -> Array:
        """Intercept, trend, seasonality and what nobody observes, (geo, date)."""
        return self.intercept + self.trend + self.seasonality + self.unobserved

    def response(self, spend: Array | None = None) -> Array:
        """Return transformed exposure, (geo, date, channel): the coefficient's multiplier."""
        x = self.spend if spend is None else spend
        h = super().response(x * self.efficiency)
        if not self.audience.any():
            return h
        return np.where(self.by_frequency[..., None, None, :], self._exposed(x), h)

    @property
    def by_frequency(self) -> NDArray[np.bool_]:
        """Which channels are bought as reach and frequency, (channel,)."""
        return np.asarray(self.audience.any((-3, -2)))

    def impressions(self, spend: Array | None = None) -> Array:
        """Return what a plan buys, (geo, date, channel); of reach and frequency channels only."""
        x = self.spend if spend is None else spend
        bought: Array = x * self.efficiency / self.impression_price[..., None, None, :]
        return bought

    def _exposed(self, spend: Array) -> Array:
        """Return adstock(reach x Hill(frequency)), reach over the mean audience."""
        people = np.where(self.audience > 0, self.audience, 1.0)
        reach, frequency = transforms.reach_and_frequency(self.impressions(spend), people)
        z = (frequency / self.half_frequency[..., None, None, :]) ** self.frequency_slope[
            ..., None, None, :
        ]
        felt = reach / people.mean(-2, keepdims=True) * (1 - 1 / (1 + z))
        return transforms.adstock(felt, self.lag_weights)

    @property
    def half_saturation(self) -> Array:
        """As in a plain world, NaN for reach and frequency channels."""
        return np.where(self.by_frequency[..., None, :], np.nan, super().half_saturation)

    @property
    def slope(self) -> Array:
        """As in a plain world, NaN for reach and frequency channels."""
        return np.where(self.by_frequency[..., None, :], np.nan, super().slope)

    def brand(self, spend: Array | None = None) -> Array:
        """Return the slow effect alone, (geo, date, channel), before any sharing."""
        if not self.brand_coefficient.any():
            return np.zeros_like(self.coefficient)
        x = (self.spend if spend is None else spend) * self.efficiency
        slow = self._saturate(transforms.adstock(x, self.brand_weights))
        return self.brand_coefficient[..., None, :] * slow

    def media_effect(self, h: Array, brand: Array) -> Array:
        """Return each channel's effect, (geo, date, channel), from responses and slow effects."""
        return (self.coefficient + self._pairs(h)) * h + brand

    def joint(self, effect: Array) -> Array:
        """Return sales per unit of effect when the effects (geo, date) act together."""
        if not self.multiplicative:
            return np.ones_like(effect)
        log = effect / self.baseline
        # expm1(x) / x, which is 1 at 0
        return np.where(np.abs(log) < 1e-12, 1.0, np.expm1(log) / np.where(log == 0, 1.0, log))

    def contribution(self, spend: Array | None = None) -> Array:
        """Return sales due to each channel under a plan, (geo, date, channel)."""
        media = self.media_effect(self.response(spend), self.brand(spend))
        return media * self._together(media)[..., None]

    def brand_contribution(self) -> Array:
        """Return the long-term part of each channel's contribution, (geo, date, channel)."""
        media = self.media_effect(self.response(), self.brand())
        return self.brand() * self._together(media)[..., None]

    @property
    def effective_coefficient(self) -> Array:
        """Return what multiplies the response in the contribution, (geo, date, channel)."""
        h = self.response()
        joint = self._together(self.media_effect(h, self.brand()))
        return (self.coefficient + self._pairs(h)) * joint[..., None]

    @property
    def control_effect(self) -> Array:
        """Effect of each control, (geo, date, control)."""
        return self.control_coefficient * self.controls + self.control_shift

    @property
    def control_contribution(self) -> Array:
        """Sales due to each control under the world's own plan, (geo, date, control)."""
        media = self.media_effect(self.response(), self.brand())
        return self.control_effect * self._together(media)[..., None]

    def total(self, h: Array, brand: Array) -> Array:
        """Return expected sales (geo, date) from responses and slow effects."""
        effect = self.media_effect(h, brand).sum(-1) + self.control_effect.sum(-1)
        if self.multiplicative:
            return self.baseline * np.exp(effect / self.baseline)
        return self.baseline + effect

    def expected_sales(self, spend: Array | None = None) -> Array:
        """Return sales without noise under a plan, (geo, date)."""
        return self.total(self.response(spend), self.brand(spend))

    def sales(self, spend: Array | None = None) -> Array:
        """Return recorded sales with this world's own noise under a plan, (geo, date).

        In a multiplicative world the noise is log-normal; weeks without a record are imputed by
        the line between their recorded neighbours.
        """
        expected = self.expected_sales(spend)
        if self.multiplicative:
            noisy = expected * np.exp(self.shock / self.baseline.mean(-1, keepdims=True))
        else:
            noisy = expected + self.shock
        if self.nonnegative:
            noisy = np.maximum(noisy, 0.0)
        return _imputed(noisy, self.recorded)

    def parts(self) -> dict[str, Array]:
        """As in a plain world, with what stressors add."""
        own = {
            **super().parts(),
            "coefficient": self.effective_coefficient,
            # so that intercept, trend and seasonality still add up to the baseline
            "intercept": self.intercept + self.unobserved,
            "unobserved": self.unobserved,
            "brand_contribution": self.brand_contribution(),
            "recorded": self.recorded,
        }
        by = self.by_frequency
        if by.any():
            for name in ("half_frequency", "frequency_slope"):
                own[name] = np.where(by, getattr(self, name), np.nan)
        return own

    def _pairs(self, h: Array) -> Array:
        """Return half the synergy with all other channels, (geo, date, channel)."""
        return 0.5 * np.einsum("...tk,...jk->...tj", h, self.synergy)

    def _together(self, media: Array) -> Array:
        return self.joint(media.sum(-1) + self.control_effect.sum(-1))

    def item(self, i: int) -> Self:
        """Return world ``i`` of a batch."""
        return replace(self, **{name: getattr(self, name)[i] for name in ARRAYS})

    @classmethod
    def stack(cls, worlds: Sequence[Self]) -> Self:
        """Stack worlds of one shape along a new leading axis, padding lags with zeros."""
        stacked: dict[str, Any] = {}
        for name in ARRAYS:
            arrays = [getattr(world, name) for world in worlds]
            if name.endswith("_weights"):
                lags = max(array.shape[-2] for array in arrays)
                arrays = [np.pad(a, ((0, 0), (0, lags - a.shape[-2]), (0, 0))) for a in arrays]
            stacked[name] = np.stack(arrays)
        return replace(worlds[0], **stacked)


#: The fields that are arrays, and so carry the axis of a batch.
ARRAYS = tuple(
    f.name for f in fields(StressedWorld) if f.name not in ("nonnegative", "multiplicative")
)


def _imputed(sales: Array, recorded: Array) -> Array:
    """Put the line between recorded neighbours where nothing was recorded."""
    if recorded.all():
        return sales
    out = sales.copy()
    week = np.arange(sales.shape[-1], dtype=float)
    for row, kept in zip(
        out.reshape(-1, len(week)), recorded.reshape(-1, len(week)) > 0, strict=True
    ):
        row[~kept] = np.interp(week[~kept], week[kept], row[kept])
    return out
