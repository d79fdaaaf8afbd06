"""Inputs of Meta's Robyn (R): a national CSV and the arguments that name its columns."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from mmm_data_generator.dataset.dataset import MMMDataset


class RobynInputs(NamedTuple):
    """``robyn_inputs(dt_input = frame, ...)`` with the arguments."""

    frame: pd.DataFrame
    arguments: dict[str, Any]


def to_robyn(dataset: MMMDataset, measures: xr.Dataset | None = None) -> RobynInputs:
    """Return the table of all geos together, named as in Robyn's own simulated data.

    ``DATE``, ``revenue``, spend ``<channel>_S``, impressions ``<channel>_I`` where ``measures``
    (of :func:`mmm_data_generator.media.media_measures`) are given, and the controls' mean over
    geos. Names hold letters, digits and underscores only, as R wants them.
    """
    import pandas as pd

    observed = dataset.observed
    channels = [_r_name(str(c)) for c in observed["channel"].values]
    controls = [_r_name(str(c)) for c in observed["controls"]["control"].values]
    columns: dict[str, Any] = {
        "DATE": [str(day)[:10] for day in observed["date"].values],
        "revenue": observed["sales"].values.sum(0),
    }
    for j, name in enumerate(channels):
        columns[f"{name}_S"] = observed["spend"].values[..., j].sum(0)
    if measures is not None:
        for j, name in enumerate(channels):
            columns[f"{name}_I"] = measures["impressions"].values[..., j].sum(0)
    for k, name in enumerate(controls):
        columns[name] = observed["controls"].values[..., k].mean(0)
    arguments = {
        "date_var": "DATE",
        "dep_var": "revenue",
        "dep_var_type": "revenue",
        "paid_media_spends": [f"{name}_S" for name in channels],
        "paid_media_vars": [f"{name}_{'S' if measures is None else 'I'}" for name in channels],
        "context_vars": controls,
        "window_start": columns["DATE"][0],
        "window_end": columns["DATE"][-1],
        "adstock": "geometric",
    }
    return RobynInputs(pd.DataFrame(columns), arguments)


def save_robyn(
    dataset: MMMDataset, directory: str | Path, measures: xr.Dataset | None = None
) -> Path:
    """Write ``dt_simulated_<frequency>.csv`` and ``robyn_inputs.json``; return the directory."""
    target = Path(directory)
    target.mkdir(parents=True, exist_ok=True)
    frame, arguments = to_robyn(dataset, measures)
    frame.to_csv(target / f"dt_simulated_{dataset.frequency or 'weekly'}.csv", index=False)
    text = json.dumps({k: v if isinstance(v, list) else str(v) for k, v in arguments.items()})
    (target / "robyn_inputs.json").write_text(text + "\n", encoding="utf-8")
    return target


def _r_name(name: str) -> str:
    plain = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_") or "x"
    return plain if plain[0].isalpha() else f"x{plain}"
