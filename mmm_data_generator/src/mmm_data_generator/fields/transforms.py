"""Which adstock and which saturation a channel has, and the parameters each type takes."""

from __future__ import annotations

from typing import Any, ClassVar

from mmm_data_generator.fields.rules import (
    Rule,
    check_fields,
    checked,
    fail,
    flag,
    integer,
    number,
    one_of,
)

#: Parameters of each adstock type, with the value taken when none is given.
ADSTOCK_PARAMETERS: dict[str, dict[str, float]] = {
    "geometric": {"alpha": 0.5},
    "delayed": {"alpha": 0.5, "theta": 1.0},
    "weibull_cdf": {"lam": 2.0, "k": 1.0},
    "weibull_pdf": {"lam": 2.0, "k": 2.0},
    "binomial": {"alpha": 0.5},
    "none": {},
}

#: Parameters of each saturation type, with the value taken when none is given.
SATURATION_PARAMETERS: dict[str, dict[str, float]] = {
    "hill": {"slope": 1.0, "kappa": 0.5},
    "michaelis_menten": {"kappa": 0.5},
    "logistic": {"lam": 2.0},
    "tanh": {"c": 0.5},
    "root": {"exponent": 0.5},
    "none": {},
}

#: A half-saturation beyond this many times a channel's spend is currency without saying so.
MAX_KAPPA = 1000

SCALES = ("max", "mean", "mean_active", "median_active", "currency")


@checked
class AdstockConfig:
    """Carry-over: a week's spend works in the ``l_max`` weeks from its own on.

    ``alpha`` decay per week (geometric, delayed, binomial); ``theta`` weeks until the peak
    (delayed); ``lam`` scale in weeks and ``k`` shape (Weibull). Formulas: ``transforms``.
    """

    type: str = "geometric"
    alpha: float | None = None
    theta: float | None = None
    lam: float | None = None
    k: float | None = None
    l_max: int | None = 8  # weeks, this one included; None: the whole window (geometric only)
    normalize: bool = True  # lag weights sum to 1

    RULES: ClassVar[dict[str, Rule]] = {
        "type": one_of(tuple(ADSTOCK_PARAMETERS)),
        "alpha": number(at_least=0, below=1, optional=True),
        "theta": number(at_least=0, optional=True),
        "lam": number(above=0, optional=True),
        "k": number(above=0, optional=True),
        "l_max": integer(at_least=1, at_most=100_000, optional=True),
        "normalize": flag,
    }

    def __post_init__(self) -> None:
        check_fields(self)
        _fill(self, ADSTOCK_PARAMETERS[self.type], ("alpha", "theta", "lam", "k"))
        if self.type in ("delayed", "binomial") and self.alpha == 0:
            raise fail(self, "alpha", f" = {self.alpha}: must be > 0 for type '{self.type}'")
        if self.l_max is None and self.type != "geometric":
            raise fail(self, "l_max", " = None: only type 'geometric' has no last lag")

    @property
    def parameters(self) -> dict[str, float]:
        """The parameters that the type takes."""
        return {name: getattr(self, name) for name in ADSTOCK_PARAMETERS[self.type]}


@checked
class SaturationConfig:
    """Diminishing returns, on spend divided by ``scale``.

    ``slope`` and ``kappa`` (Hill), ``kappa`` (Michaelis-Menten), ``lam`` (logistic), ``c``
    (tanh), ``exponent`` (root). Bounded types run from 0 to 1 and a coefficient is sales at full
    saturation; for root and none a coefficient is sales at a steady spend equal to the scale.
    ``scale`` is the channel's largest weekly spend in the geo (``max``), its mean over all weeks
    (``mean``) or over weeks with spend (``mean_active``), its median over the latter
    (``median_active``), or one unit of ``currency``.
    """

    type: str = "hill"
    slope: float | None = None
    kappa: float | None = None
    lam: float | None = None
    c: float | None = None
    exponent: float | None = None
    scale: str = "max"

    RULES: ClassVar[dict[str, Rule]] = {
        "type": one_of(tuple(SATURATION_PARAMETERS)),
        "slope": number(above=0, optional=True),
        "kappa": number(above=0, optional=True),
        "lam": number(above=0, optional=True),
        "c": number(above=0, optional=True),
        "exponent": number(above=0, at_most=1, optional=True),
        "scale": one_of(SCALES),
    }

    def __post_init__(self) -> None:
        check_fields(self)
        _fill(self, SATURATION_PARAMETERS[self.type], ("slope", "kappa", "lam", "c", "exponent"))
        if self.kappa is not None and self.kappa > MAX_KAPPA and self.scale != "currency":
            raise fail(
                self,
                "kappa",
                f" = {self.kappa}: must be <= {MAX_KAPPA} times the spend that scale ="
                f" '{self.scale}' names; where currency is meant, give scale = 'currency'",
            )

    @property
    def parameters(self) -> dict[str, float]:
        """The parameters that the type takes."""
        return {name: getattr(self, name) for name in SATURATION_PARAMETERS[self.type]}


def _fill(config: Any, defaults: dict[str, float], every: tuple[str, ...]) -> None:
    """Fill in what the type needs and refuse what it does not take."""
    for name in every:
        value = getattr(config, name)
        if value is not None and name not in defaults:
            takes = ", ".join(defaults) or "no parameter"
            raise fail(
                config, name, f" = {value}: not used by type '{config.type}', which takes {takes}"
            )
        if value is None and name in defaults:
            object.__setattr__(config, name, defaults[name])
