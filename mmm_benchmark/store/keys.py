"""The key that names an answer: a hash of what determines it, and of nothing else.

Time limits, names of machines and source text are no part of it (a fitter whose answer changes
raises its ``version``). The store computes it again from the ``job.json`` in a folder.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mmm_benchmark import schema

if TYPE_CHECKING:
    import xarray as xr

KEY_LENGTH = 24  # hexadecimal digits: 96 bits
LONGEST_NAME = 150  # characters of a dataset's name in the name of its folder


def identity(document: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a ``job.json`` that determines the answer, and so the key."""
    dataset = document["dataset"]
    return {
        "dataset": dataset["content"],
        "family": dataset["family"] if document["reference"] is not None else None,
        "fitter": document["fitter"],
        "fitter_version": document["fitter_version"],
        "settings": document["settings"],
        "budget": document["budget"],
        "seed": document["seed"],
        "versions": document["versions"],
    }


def key_of(document: Mapping[str, Any]) -> str:
    """The key of a ``job.json``: what its folder in the store must be called."""
    text = json.dumps(identity(document), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:KEY_LENGTH]


def content_hash(observed: xr.Dataset) -> str:
    """SHA-256 of the observed arrays and of the names of geos, dates, channels and controls."""
    import numpy as np

    total = hashlib.sha256()
    # weeks kept back: what is known of them is data too
    known = schema.OBSERVED | {name: d for name, d in schema.FUTURE.items() if name in observed}
    for name, dims in known.items():
        total.update(f"{name}{dims}".encode())
        total.update(np.ascontiguousarray(observed[name].values, dtype="<f8").tobytes())
    dates = observed["date"].values.astype("datetime64[D]").astype("<i8")
    total.update(dates.tobytes())
    names = [[str(each) for each in observed[dim].values] for dim in ("geo", "channel", "control")]
    total.update(json.dumps(names).encode())
    return total.hexdigest()


def dataset_id(name: str, seed: int | None, content: str) -> str:
    """The folder of a dataset under ``results/datasets``; ``content`` is its hash."""
    parts = [re.sub(r"[^\w.-]+", "-", name)[:LONGEST_NAME]]
    if seed is not None:
        parts.append(str(seed))
    return "-".join([*parts, content[:10]])
