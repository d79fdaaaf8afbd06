"""What a fit asks of the machine it runs on, where a scheduler shares machines out (Ray).

A claim books room, it is no limit: ``--timeout`` and ``--memory-limit`` are the limits. Standard
library only, as the registry is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

DEVICES = ("cuda", "gpu", "rocm")  # of --device: they are claimed as GPUs


@dataclass(frozen=True, kw_only=True)
class Claims:
    """Room for one fit.

    A fitter states its own as ``claims = {"cpus": 4, "memory_mb": 2000, "gpus": 0}``; those of
    this package stand in the registry, memory from the largest fit of the business presets.

    Attributes
    ----------
    cpus
        Cores; its libraries are told to use as many threads.
    memory_mb
        MB resident of the worker and all it starts; None claims none.
    gpus
        Devices, a share of one allowed. A fit with ``--device cuda`` claims one at least.
    """

    cpus: int = 1
    memory_mb: float | None = None
    gpus: float = 0.0


ONE = Claims()  # what is claimed where nothing is stated


def stated(given: object) -> Claims:
    """The claims that a fitter states of itself.

    Raises
    ------
    ValueError
        With a sentence about the first part that cannot be claimed.
    """
    if not isinstance(given, Mapping):
        raise ValueError(f"its claims are {given!r:.80}; they must be a mapping")
    known = [field.name for field in fields(Claims)]
    for name, value in given.items():
        if name not in known:
            raise ValueError(f"it claims {name!r:.80}; one can claim {', '.join(known)}")
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not 0 <= value < math.inf:
            raise ValueError(f"its claim {name} is {value!r:.80}; it must be a number from 0 on")
    claims = Claims(**given)
    if claims.cpus != int(claims.cpus) or claims.cpus < 1:
        raise ValueError(f"its claim cpus is {claims.cpus!r}; it must be a whole number from 1 on")
    return Claims(cpus=int(claims.cpus), memory_mb=claims.memory_mb, gpus=float(claims.gpus))


def on_device(claims: Claims, arguments: Mapping[str, Any]) -> Claims:
    """The claims of a fit with these arguments: one GPU at least where its device is one."""
    device = str(arguments.get("device") or "").partition(":")[0].lower()
    if device not in DEVICES or claims.gpus > 0:
        return claims
    return Claims(cpus=claims.cpus, memory_mb=claims.memory_mb, gpus=1.0)
