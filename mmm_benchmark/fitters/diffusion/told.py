"""What these fitters were told, as it enters the key of a fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmm_benchmark.priors.beliefs import PYMC_CURVES
from mmm_benchmark.priors.prior import STRUCTURE, prior_of


def told(settings: Mapping[str, Any]) -> dict[str, Any]:
    """``settings`` less a prior that is not stated, and what matters only under one, which leaves
    keys as they were before there were priors; curves told by name stand in place of the model's
    since they first multiplied it. What a prior says of the company as a whole stands beside it,
    since a named one that says so first did not.
    """
    unused = set() if settings["prior"] is not None else {"prior", "total"}
    kept = {name: value for name, value in settings.items() if name not in unused}
    if settings["prior"] is not None:
        prior = prior_of(settings["prior"])
        said = {name: value for name in STRUCTURE if (value := getattr(prior, name)) is not None}
        kept |= {"structure": said} if said else {}
    return kept | ({"curves": "in place"} if settings["beliefs"] == PYMC_CURVES else {})
