"""Drawn parameters as the fields of a configuration."""

from __future__ import annotations

from typing import Any

from mmm_data_generator.fields.parts import (
    PROCESSES,
    ChannelConfig,
    CoefficientConfig,
    ControlConfig,
    RegionConfig,
)
from mmm_data_generator.fields.transforms import AdstockConfig, SaturationConfig
from mmm_data_generator.priors.parameters import PATTERNS, SPEND_FIGURES, Parameters, Series


def as_fields(p: Parameters, weeks: int, geos: int, seed: int) -> dict[str, Any]:
    """Return the fields of the ``MMMDataConfig`` of world 0."""
    process = PROCESSES[p.process[0]]
    moves = (
        {}
        if process == "constant"
        else {"volatility": p.volatility[0], "reversion": p.reversion[0]}
    )
    coefficient = CoefficientConfig(process=process, **moves)
    channels = tuple(
        ChannelConfig(
            name=f"channel_{j + 1}",
            base_spend=p.spend.level[0, j],
            spend_trend=p.spend.trend[0, j],
            spend_volatility=p.spend.variation[0, j],
            spend_noise="uniform" if p.spend.uniform[0, j] else "lognormal",
            base_effectiveness=p.effect[0, j],
            coefficient=coefficient,
            adstock=AdstockConfig(alpha=p.alpha[0, j], l_max=p.l_max[0]),
            saturation=SaturationConfig(
                slope=p.slope[0, j],
                kappa=p.half_saturation[0, j],
                scale=SPEND_FIGURES[p.figure[0, j]],
            ),
            **_pattern(p.spend, j, weeks),
        )
        for j in range(p.alpha.shape[1])
    )
    controls = tuple(
        ControlConfig(
            name=f"control_{k + 1}",
            base_value=p.controls.level[0, k],
            value_trend=p.controls.trend[0, k],
            value_volatility=p.controls.variation[0, k],
            base_effectiveness=p.control_effect[0, k],
            **_pattern(p.controls, k, weeks),
        )
        for k in range(p.control_effect.shape[1])
    )
    return {
        "name": "world",
        "n_periods": weeks,
        "channels": channels,
        "control_variables": controls,
        "regions": RegionConfig(
            n_regions=geos,
            base_sales_rate=p.base[0],
            sales_trend=p.trend[0],
            sales_volatility=p.noise[0],
            seasonal_amplitude=p.amplitude[0],
            seasonal_phase=p.phase[0],
            baseline_variation=p.size_variation[0],
            channel_param_variation=p.effect_variation[0],
            transform_variation=p.transform_variation[0],
        ),
        "seed": seed,
    }


def _pattern(s: Series, j: int, weeks: int) -> dict[str, Any]:
    pattern = PATTERNS[s.pattern[0, j]]
    fields: dict[str, Any] = {"pattern": pattern}
    if pattern == "seasonal":
        fields |= {"seasonal_amplitude": s.amplitude[0, j], "seasonal_phase": s.phase[0, j]}
    if pattern == "on_off":
        fields |= {
            "activation_probability": s.chance[0, j],
            "min_active_periods": s.shortest[0, j],
            "max_active_periods": s.longest[0, j],
        }
    if pattern == "delayed_start":
        end = int(s.end[0, j])
        fields |= {
            "start_period": s.start[0, j],
            "ramp_up_periods": s.ramp[0, j],
            "end_period": end if end < weeks else None,
        }
    return fields
