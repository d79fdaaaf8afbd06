"""The law of the ``published`` cells as JSON: what a reference is told of them, no drawn value.

Laws of numbers are written as :mod:`mmm_benchmark.priors.laws` reads them. The generator states
the same law in ``PublishedPrior`` and ``presets/cells.py``; a test compares the two by draws.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mmm_data_generator.presets.cells import Cell

#: Cells whose law has a density here: every effect stays as it is.
WITH_DENSITY = (
    "published",
    "published_geo",
    "published_straight",
    "published_bent",
    "published_long",
    "published_collinear",
    "published_short",
    "published_many",
    "published_null",
    "published_returns",
)
STRAIGHT = {
    "chance": 1.0,
    "slope": 1.0,
    "half_saturation": {"uniform": [5.0, 10.0], "of": "max"},
}
BENT = {
    "chance": 1.0,
    "slope": {"uniform": [1.0, 2.0]},
    "half_saturation": {"uniform": [0.2, 0.5], "of": "median_active"},
}
HALF_LIFE = {"uniform": [1.5, 3.0]}  # weeks, of ``published_long``
PEAK = {"uniform": [1.0, 4.0]}  # weeks
GEOS = (0.1, 0.1)  # variation between geos of effects, and of transforms
WITHOUT = 2  # channels of ``published_null`` that have no effect; any two are as likely


def published_law(cell: Cell, n_channels: int) -> dict[str, Any]:
    """The law of a cell's unknowns, given its spend and controls."""
    from mmm_data_generator.presets.cells import LONG_LAGS, SEASON
    from mmm_data_generator.priors.published import PublishedPrior

    prior = cell.prior
    assert isinstance(prior, PublishedPrior)
    decay = {
        "mixture": [
            [chance, {"uniform": list(each)}]
            for chance, each in zip(prior.decay_chances, prior.decay_ranges, strict=True)
        ]
    }
    plain, delayed = {"half_life": HALF_LIFE}, {"half_life": HALF_LIFE, "peak": PEAK}
    long = cell.name == "published_long"
    curves = {"published_straight": [STRAIGHT], "published_bent": [BENT]}
    more: dict[str, Any] = {"without": WITHOUT} if cell.name == "published_null" else {}
    if cell.geos > 1:
        more["geos"] = list(GEOS)
    return more | {
        "kind": "published",
        "returns": [prior.roi_log_mean, prior.roi_log_sd],
        "share": _beta(prior.share_mean, prior.share_sd),
        "r2": _beta(prior.r2_mean, prior.r2_sd),
        "carry_over": [
            {"decay": decay} if not long else (plain, delayed)[place % 2]
            for place in range(n_channels)
        ],
        "l_max": LONG_LAGS if long else 8,
        "curves": curves.get(cell.name) or _curves(prior.curve_chances),
        # of the base sales rate: standard deviation over the window, largest amplitude
        "trend": 0.2,
        "season": SEASON,
        # of the base sales rate at the control's level: size, chance and bound of a negative one
        "control": {"lognormal": [-3.2188758248682006, 1.2]},  # log 0.04
        "harm": [0.3, 0.1],
        # coefficients of variation: uniform for the size of a geo, known for a control's level
        "size_variation": [0.0, 0.5],
        "level_variation": 0.05,
    }


def _curves(chances: tuple[float, ...]) -> list[dict[str, Any]]:
    from mmm_data_generator.priors import published as p

    def cut(mean: float, sd: float, low: float, high: float) -> dict[str, Any]:
        law = {"normal": [mean, sd], "above": low}
        return law if high == float("inf") else law | {"below": high}

    laws = [
        ({"uniform": list(p.ROBYN_ALPHA)}, {"uniform": list(p.ROBYN_GAMMA)}, "max"),
        (1.0, cut(*p.MERIDIAN_EC), "median_active"),
        (cut(*p.PYMC_HILL), cut(*p.PYMC_HILL), "max"),
        (
            {"lognormal": [float(x) for x in p.SIGMOID_SLOPE], "shift": 1.0},
            {"lognormal": [float(x) for x in p.SIGMOID_HALF]},
            "max",
        ),
    ]
    return [
        {"chance": chance, "slope": slope, "half_saturation": half | {"of": of}}
        for chance, (slope, half, of) in zip(chances, laws, strict=True)
    ]


def _beta(mean: float, sd: float) -> list[float]:
    total = mean * (1 - mean) / sd**2 - 1
    return [mean * total, (1 - mean) * total]
