"""Channels, controls and patterns in the few words in which presets name them."""

from __future__ import annotations

from typing import Any

from mmm_data_generator.fields.parts import ChannelConfig, ControlConfig
from mmm_data_generator.fields.transforms import AdstockConfig, SaturationConfig


def channel(
    name: str,
    pattern: str,
    spend: float,
    volatility: float,
    effect: float,
    transform: tuple[float, float, float],
    **fields: Any,
) -> ChannelConfig:
    """Return a geometric-Hill channel; ``transform`` is (alpha, slope, kappa of the maximum)."""
    alpha, slope, kappa = transform
    return ChannelConfig(
        name=name,
        pattern=pattern,
        base_spend=spend,
        spend_volatility=volatility,
        base_effectiveness=effect,
        adstock=AdstockConfig(alpha=alpha),
        saturation=SaturationConfig(slope=slope, kappa=kappa),
        **fields,
    )


def control(
    name: str, pattern: str, value: float, volatility: float, effect: float, **fields: Any
) -> ControlConfig:
    """Return a control."""
    return ControlConfig(
        name=name,
        pattern=pattern,
        base_value=value,
        value_volatility=volatility,
        base_effectiveness=effect,
        **fields,
    )


def flights(p: float, shortest: int, longest: int) -> dict[str, Any]:
    """Return the fields of bursts of ``shortest`` to ``longest`` weeks."""
    return {
        "activation_probability": p,
        "min_active_periods": shortest,
        "max_active_periods": longest,
    }


def wave(amplitude: float, phase: float) -> dict[str, Any]:
    """Return the fields of a yearly wave."""
    return {"seasonal_amplitude": amplitude, "seasonal_phase": phase}


def launch(start: int, weeks: int, end: int | None = None) -> dict[str, Any]:
    """Return the fields of a delayed start."""
    return {"start_period": start, "ramp_up_periods": weeks, "end_period": end}


def lettered(n: int) -> dict[str, Any]:
    """Return the fields of ``n`` geos named by letters."""
    return {"n_regions": n, "region_names": tuple(f"geo_{'abcdefgh'[g]}" for g in range(n))}
