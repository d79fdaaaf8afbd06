"""The parts of a configuration: channels, controls, regions, paths of coefficients."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from mmm_data_generator.fields.periods import weekdays
from mmm_data_generator.fields.rules import (
    Broken,
    Rule,
    check_fields,
    checked,
    child,
    fail,
    flag,
    integer,
    names,
    number,
    one_of,
    text,
)
from mmm_data_generator.fields.transforms import AdstockConfig, SaturationConfig

PATTERNS = ("linear_trend", "seasonal", "delayed_start", "on_off", "custom")
#: Share of a log effect's deviation that decays away each week, unless a config says otherwise.
REVERSION = 0.05

PROCESSES = ("constant", "log_ou", "log_ou_jumps", "random_walk")


def _weekly_values(value: Any) -> tuple[float, ...] | None:
    """Allow one non-negative number a week, at least one of them positive."""
    if value is None:
        return None
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise Broken(f" = {value!r}: must be a list of one number a week")
    one = number(at_least=0)
    out = []
    for week, item in enumerate(value):
        try:
            out.append(one(item))
        except Broken as broken:
            raise Broken(f"[{week}]{broken}") from None
    if not any(out):
        raise Broken(": must hold at least one week above 0")
    return tuple(out)


@checked
class CoefficientConfig:
    """How a coefficient moves through the weeks: ``coefficient[t] = level * exp(u[t])``.

    ``constant`` u = 0; ``log_ou`` u is an Ornstein-Uhlenbeck path, stationary from the first
    week; ``log_ou_jumps`` its innovations are now and then much wider; ``random_walk`` u starts
    at 0 and has no pull back. The level is the median of the coefficient.
    """

    process: str = "constant"
    volatility: float = 0.12  # standard deviation of one week's step of the log coefficient
    reversion: float = REVERSION  # share of the deviation that decays away each week
    jump_probability: float = 0.02  # chance that a week's step is a regime change
    jump_sd: float = 0.5  # extra standard deviation of such a step

    RULES: ClassVar[dict[str, Rule]] = {
        "process": one_of(PROCESSES),
        "volatility": number(at_least=0),
        "reversion": number(above=0, at_most=1),
        "jump_probability": number(at_least=0, at_most=1),
        "jump_sd": number(at_least=0),
    }

    def __post_init__(self) -> None:
        check_fields(self)


@checked
class PatternConfig:
    """The fields that channels and controls share: a name and a weekly pattern.

    ``linear_trend`` a line that stops at zero; ``seasonal`` one sine wave a year;
    ``delayed_start`` zero until ``start_period``, a ramp, then level until ``end_period`` (the
    first week without spend again); ``on_off`` bursts; ``custom`` the given weekly values.
    """

    name: str
    pattern: str = "linear_trend"
    seasonal_amplitude: float = 0.3  # share of the mean, 0 to 1
    seasonal_phase: float = 0.0  # radians at the first week
    start_period: int = 0  # week index
    ramp_up_periods: int = 4  # weeks until full spend
    end_period: int | None = None  # week index; None: never ends
    activation_probability: float = 0.4  # chance that a burst starts in a week outside a burst
    min_active_periods: int = 2  # weeks
    max_active_periods: int = 8  # weeks
    custom_pattern: tuple[float, ...] | None = None  # one value a week
    custom_pattern_func: Callable[..., Any] | None = None  # evaluated once, by MMMDataConfig
    base_effectiveness: float = 0.5
    coefficient: CoefficientConfig = CoefficientConfig()

    RULES: ClassVar[dict[str, Rule]] = {
        "name": text,
        "pattern": one_of(PATTERNS),
        "seasonal_amplitude": number(at_least=0, at_most=1),
        "seasonal_phase": number(),
        "start_period": integer(at_least=0),
        "ramp_up_periods": integer(at_least=0),
        "end_period": integer(at_least=1, optional=True),
        "activation_probability": number(above=0, at_most=1),
        "min_active_periods": integer(at_least=1),
        "max_active_periods": integer(at_least=1),
        "custom_pattern": _weekly_values,
        "base_effectiveness": number(at_least=0),
        "coefficient": child(CoefficientConfig),
    }

    def __post_init__(self) -> None:
        check_fields(self)
        if self.max_active_periods < self.min_active_periods:
            raise fail(
                self,
                "max_active_periods",
                f" = {self.max_active_periods}: must be >= min_active_periods"
                f" ({self.min_active_periods})",
            )
        if self.end_period is not None and self.end_period <= self.start_period:
            raise fail(
                self,
                "end_period",
                f" = {self.end_period}: must be > start_period ({self.start_period})",
            )
        given = self.custom_pattern is not None or self.custom_pattern_func is not None
        if self.pattern == "custom" and not given:
            raise fail(self, "custom_pattern", ": pattern 'custom' needs one value a week")
        if self.pattern != "custom" and given:
            raise fail(self, "custom_pattern", f": not used by pattern '{self.pattern}'")


@checked
class ChannelConfig(PatternConfig):
    """A media channel: its spend, its effect and its transforms.

    ``base_effectiveness`` is the coefficient (sales a week at full saturation) as a multiple of
    the geo's base sales rate.
    """

    base_spend: float = 1000.0  # mean weekly spend while active, currency
    spend_trend: float = 0.0  # pattern linear_trend: growth per week, share of the first week
    spend_volatility: float = 0.1  # coefficient of variation of the weekly noise
    spend_noise: str = "lognormal"  # or "uniform"
    weekday_spend: tuple[float, ...] | None = None  # daily worlds: factor by weekday, Monday first
    adstock: AdstockConfig | None = None  # None: geometric, alpha 0.5
    saturation: SaturationConfig | None = None  # None: Hill, slope 1, kappa 0.5 of the maximum
    adstock_first: bool = True

    RULES: ClassVar[dict[str, Rule]] = {
        **PatternConfig.RULES,
        "base_spend": number(above=0),
        "spend_trend": number(),
        "spend_volatility": number(at_least=0),
        "spend_noise": one_of(("lognormal", "uniform")),
        "weekday_spend": weekdays,
        "adstock": child(AdstockConfig, optional=True),
        "saturation": child(SaturationConfig, optional=True),
        "adstock_first": flag,
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.spend_noise == "uniform" and self.spend_volatility > 3**-0.5:
            raise fail(
                self,
                "spend_volatility",
                f" = {self.spend_volatility}: must be <= 0.577 for uniform noise (spend >= 0)",
            )


@checked
class ControlConfig(PatternConfig):
    """A control variable; ``base_effectiveness`` is sales per unit of the control."""

    pattern: str = "on_off"
    base_value: float = 10.0  # mean value while active, the control's own unit
    value_volatility: float = 1.0  # coefficient of variation of the weekly noise
    value_trend: float = 0.1  # pattern linear_trend: growth per week, share of the first week
    regional_value_variation: float = 0.05  # coefficient of variation of values between geos

    RULES: ClassVar[dict[str, Rule]] = {
        **PatternConfig.RULES,
        "base_effectiveness": number(),  # a competitor's price may raise sales, or lower them
        "base_value": number(above=0),
        "value_volatility": number(at_least=0),
        "value_trend": number(),
        "regional_value_variation": number(at_least=0, at_most=1),
    }


@checked
class RegionConfig:
    """Geos, their baseline and how much they differ from one another."""

    n_regions: int = 1
    region_names: tuple[str, ...] | None = None  # None: geo_all, or geo_1, geo_2, ...
    base_sales_rate: float = 10000.0  # currency per week of an average geo
    sales_trend: float = 0.0  # growth per week, share of the base sales rate
    sales_volatility: float = 0.01  # noise standard deviation, share of the base sales rate
    seasonal_amplitude: float = 0.2  # share of the base sales rate
    seasonal_phase: float = 0.0  # radians at the first week
    seasonal_period: float | None = None  # weeks; None: a year
    weekday_sales: tuple[float, ...] | None = None  # daily worlds: base sales by weekday, mean 1
    baseline_variation: float = 0.1  # coefficient of variation of the base rate between geos
    channel_param_variation: float = 0.1  # of the channels' effects
    transform_variation: float = 0.1  # of decay (in log odds), half-saturation and slope (in logs)
    nonnegative_sales: bool = False  # True: sales stop at zero; the cut is part of the noise

    RULES: ClassVar[dict[str, Rule]] = {
        "n_regions": integer(at_least=1, at_most=100_000),
        "base_sales_rate": number(above=0),
        "sales_trend": number(),
        "sales_volatility": number(at_least=0),
        "seasonal_amplitude": number(at_least=0, at_most=1),
        "seasonal_phase": number(),
        "seasonal_period": number(above=1, optional=True),
        "weekday_sales": weekdays,
        "baseline_variation": number(at_least=0, at_most=1),
        "channel_param_variation": number(at_least=0, at_most=1),
        "transform_variation": number(at_least=0, at_most=1),
        "nonnegative_sales": flag,
    }

    def __post_init__(self) -> None:
        check_fields(self)
        if self.region_names is None:
            several = tuple(f"geo_{g + 1}" for g in range(self.n_regions))
            object.__setattr__(
                self, "region_names", ("geo_all",) if self.n_regions == 1 else several
            )
        try:
            object.__setattr__(self, "region_names", names(self.region_names))
        except Broken as broken:
            raise fail(self, "region_names", str(broken)) from None
        if len(self.geos) != self.n_regions:
            raise fail(
                self,
                "region_names",
                f": must hold n_regions = {self.n_regions} names, not {len(self.geos)}",
            )

    @property
    def geos(self) -> tuple[str, ...]:
        """The names of the geos."""
        return self.region_names or ()
