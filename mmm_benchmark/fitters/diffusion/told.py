"""What these fitters were told, as it enters the key of a fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmm_benchmark.priors.beliefs import PYMC_CURVES


def told(settings: Mapping[str, Any]) -> dict[str, Any]:
    """``settings`` less a prior that is not stated, and what matters only under one, which leaves
    keys as they were before there were priors; curves told by name stand in place of the model's
    since they first multiplied it.
    """
    unused = set() if settings["prior"] is not None else {"prior", "total"}
    kept = {name: value for name, value in settings.items() if name not in unused}
    return kept | ({"curves": "in place"} if settings["beliefs"] == PYMC_CURVES else {})
