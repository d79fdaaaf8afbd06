"""Arguments that people already use, turned into this package's own configuration.

One :class:`TransformConfig` for all channels, with function names and keyword mappings that are
cycled over the channels, and functions as custom patterns.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from mmm_data_generator.errors import ConfigError, suggest
from mmm_data_generator.fields.rules import Broken, Rule, check_fields, checked
from mmm_data_generator.fields.transforms import (
    ADSTOCK_PARAMETERS,
    SATURATION_PARAMETERS,
    AdstockConfig,
    SaturationConfig,
)

#: No half-saturation of old callers is this many times the largest spend.
OLD_SHARE = 10

ADSTOCK_FUNCTIONS = {
    **{name: name for name in ADSTOCK_PARAMETERS},
    "geometric_adstock": "geometric",
    "delayed_adstock": "delayed",
    "weibull_adstock": "weibull_pdf",
    "weibull_cdf_adstock": "weibull_cdf",
    "weibull_pdf_adstock": "weibull_pdf",
    "binomial_adstock": "binomial",
    "no_adstock": "none",
}
SATURATION_FUNCTIONS = {
    **{name: name for name in SATURATION_PARAMETERS},
    "hill_function": "hill",
    "hill_saturation": "hill",
    "logistic_saturation": "logistic",
    "michaelis_menten_saturation": "michaelis_menten",
    "tanh_saturation": "tanh",
    "root_saturation": "root",
    "no_saturation": "none",
}


def _functions(known: Mapping[str, str]) -> Rule:
    def one(value: Any) -> str:
        if value is None:
            return "none"
        if value not in known:
            near = suggest(value, known) if isinstance(value, str) else ""
            raise Broken(f" = {value!r}: must be one of {', '.join(known)}{near}")
        return known[value]

    def rule(value: Any) -> tuple[str, ...]:
        many = isinstance(value, Sequence) and not isinstance(value, str)
        return tuple(one(item) for item in (value if many else [value]))

    return rule


def _keywords(value: Any) -> tuple[Mapping[str, Any], ...]:
    many = [value] if isinstance(value, Mapping) else value
    if (
        not isinstance(many, Sequence)
        or not many
        or not all(isinstance(one, Mapping) for one in many)
    ):
        raise Broken(f" = {value!r}: must be a mapping of arguments, or a list of mappings")
    return tuple(many)


@checked
class TransformConfig:
    """Adstock and saturation of all channels; lists are cycled in the order of the channels."""

    adstock_fun: Any = "geometric_adstock"
    adstock_kwargs: Any = ({},)
    saturation_fun: Any = "hill_function"
    saturation_kwargs: Any = ({},)

    RULES: ClassVar[dict[str, Rule]] = {
        "adstock_fun": _functions(ADSTOCK_FUNCTIONS),
        "adstock_kwargs": _keywords,
        "saturation_fun": _functions(SATURATION_FUNCTIONS),
        "saturation_kwargs": _keywords,
    }

    def __post_init__(self) -> None:
        check_fields(self)

    def of_channel(self, i: int) -> tuple[AdstockConfig, SaturationConfig]:
        """Return the transforms of channel ``i``."""
        return self.adstock_of(i), self.saturation_of(i)

    def adstock_of(self, i: int) -> AdstockConfig:
        """Return the adstock of channel ``i``."""
        slot = i % len(self.adstock_kwargs)
        try:
            return AdstockConfig(
                **{"type": self.adstock_fun[i % len(self.adstock_fun)], **self.adstock_kwargs[slot]}
            )
        except ConfigError as error:
            raise error.under(f"transforms.adstock_kwargs[{slot}]") from None

    def saturation_of(self, i: int) -> SaturationConfig:
        """Return the saturation of channel ``i``.

        Warns
        -----
        FutureWarning
            A ``kappa`` above 10 without a ``scale`` is read as currency, as old callers mean it.
        """
        slot = i % len(self.saturation_kwargs)
        given = dict(self.saturation_kwargs[slot])
        kappa = given.get("kappa")
        if isinstance(kappa, (int, float)) and kappa > OLD_SHARE and "scale" not in given:
            given["scale"] = "currency"
            warnings.warn(
                f"transforms.saturation_kwargs[{slot}].kappa = {kappa} is read as currency; say so"
                " with scale='currency', or scale='max' for a share of the largest spend",
                FutureWarning,
                stacklevel=2,
            )
        try:
            return SaturationConfig(
                **{"type": self.saturation_fun[i % len(self.saturation_fun)], **given}
            )
        except ConfigError as error:
            raise error.under(f"transforms.saturation_kwargs[{slot}]") from None


def custom_values(part: Any, dates: Any, seed: int | None) -> list[float]:
    """Evaluate ``custom_pattern_func(config, dates, seed)`` once."""
    import numpy as np
    import pandas as pd

    values = part.custom_pattern_func(part, pd.DatetimeIndex(dates, freq="infer"), seed)
    return np.asarray(values, dtype=float).ravel().tolist()
