"""The one-line answer to a name nobody knows: the nearest known one, and all of them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from mmm_benchmark.errors import UserError


def unknown(kind: str, name: str, known: Iterable[str]) -> UserError:
    """A UserError such as ``unknown sampler 'nutpi'; did you mean 'nutpie'? samplers: ...``."""
    names = sorted(known)
    lowered = {each.lower(): each for each in names}
    near = difflib.get_close_matches(name.lower(), lowered, n=1, cutoff=0.6)
    hint = f" did you mean '{lowered[near[0]]}'?" if near else ""
    return UserError(f"unknown {kind} '{name}';{hint} there are: {', '.join(names)}")
