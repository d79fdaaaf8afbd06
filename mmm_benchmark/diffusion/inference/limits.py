"""What a trained model will not answer, and what it answers with a warning. No torch here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mmm_benchmark.diffusion.config import DiffusionConfig, from_json
from mmm_benchmark.errors import UserError
from mmm_benchmark.metrics.diagnostics import MIN_DRAWS
from mmm_benchmark.schema import MAX_STORED_DRAWS
from mmm_data_generator.fields.periods import frequency_of

if TYPE_CHECKING:
    import xarray as xr

SHIPPED = Path(__file__).parents[1] / "checkpoint"
#: Answers under a prior that is stated: the shipped one, trained on with priors drawn first.
SHIPPED_TOLD = Path(__file__).parents[1] / "checkpoint_told"
LEAST_DRAWS = 2 * MIN_DRAWS  # two halves whose independence can be diagnosed
TAIL = 0.001  # of the prior predictive, on each side, counts as outside


def describe(folder: Path | None = None) -> tuple[DiffusionConfig, dict[str, Any]]:
    """Configuration and record of a checkpoint, or the default ones where none is there yet."""
    path = (folder or SHIPPED) / "config.json"
    if not path.exists():
        return DiffusionConfig(), {}
    described = json.loads(path.read_text(encoding="utf-8"))
    return from_json(described["config"]), described["record"]


def check_draws(fitter: str, draws: int) -> None:
    """Raise a :class:`UserError` unless so many draws can be diagnosed and stored."""
    if not LEAST_DRAWS <= draws <= MAX_STORED_DRAWS:
        raise UserError(
            f"{fitter}: draws = {draws}; allowed: {LEAST_DRAWS} to {MAX_STORED_DRAWS}, "
            "all are stored"
        )


def reason_to_skip(observed: xr.Dataset, config: DiffusionConfig) -> str | None:
    """Why this dataset cannot be answered, in one line, or None."""
    sizes = observed.sizes
    weeks, channels = sizes["date"], sizes["channel"]
    controls = sizes.get("control", 0)
    if (frequency := frequency_of(observed["date"].values)) != "weekly":
        return f"dates are {frequency or 'irregular'}, not weekly; trained on weeks only"
    if not config.min_weeks <= weeks <= config.max_weeks:
        return f"{weeks} weeks; trained for {config.min_weeks} to {config.max_weeks}"
    if channels > config.max_channels:
        return f"{channels} channels; trained for at most {config.max_channels}"
    if controls > config.max_controls:
        return f"{controls} controls; trained for at most {config.max_controls}"
    spend = observed["spend"].values
    constant = (np.ptp(spend, axis=1) == 0).all(0) & (spend > 0).any((0, 1))
    if constant.any():
        name = observed["channel"].values[constant.argmax()]
        return f"spend of channel '{name}' is constant, so nothing tells its effect from the base"
    if (spend < 0).any():
        return "spend is negative somewhere; it must be 0 or more"
    if not (spend > 0).any():
        return "no channel ever spends"
    if (observed["sales"].values.mean(1) <= 0).any():
        return "mean sales of a geo are not positive; the model divides by them"
    return None


def summaries(observed: xr.Dataset) -> dict[str, float]:
    """Unit-free figures of a dataset, by which it is compared with the training prior."""
    sales = observed["sales"].values.astype(float)
    spend = observed["spend"].values.astype(float)
    return array_summaries(sales[None], spend[None])


def array_summaries(sales: Any, spend: Any) -> dict[str, Any]:
    """The same for arrays (B, G, T) and (B, G, T, C): each value has one entry a world."""
    y = sales / sales.mean(2, keepdims=True)
    step = np.diff(y, axis=2).std(2).mean(1)
    sd = y.std(2).mean(1)
    on = spend > 0
    unit = spend.sum(2, keepdims=True) / np.maximum(on.sum(2, keepdims=True), 1)
    x = spend / np.where(unit > 0, unit, 1)
    out = {
        "variation of sales": sd,
        "week-to-week change of sales": step,
        "largest week of sales": y.max((1, 2)),
        "smallest week of sales": y.min((1, 2)),
        "variation of the steadiest spend": x.std(2).mean(1).min(-1),
        "largest week of spend": x.max((1, 2, 3)),
        "share of weeks with spend": on.mean((1, 2)).min(-1),
    }
    return out if len(sales) > 1 else {name: float(value[0]) for name, value in out.items()}


def outside_prior(observed: xr.Dataset, record: dict[str, Any]) -> tuple[str, ...]:
    """One sentence for each figure of the data that hardly any training world showed."""
    found = summaries(observed)
    notes = []
    for name, (low, high) in record.get("prior_ranges", {}).items():
        if not low <= found[name] <= high:
            notes.append(
                f"outside the training prior: {name} is {found[name]:.3g}, "
                f"in training {low:.3g} to {high:.3g}; treat this answer with care"
            )
    return tuple(notes)
