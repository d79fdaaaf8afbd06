"""Waiting for what another holds: the loop that file locks and claims share."""

from __future__ import annotations

import time
from collections.abc import Callable


def taken(
    attempt: Callable[[], bool], wait: bool, waiting: Callable[[], None] | None, poll: float
) -> bool:
    """Try until it is ours; False when it is another's and ``wait`` is False.

    ``waiting`` is called at every try that finds it taken; it may raise to give up. ``poll`` is
    in seconds.
    """
    while not attempt():
        if not wait:
            return False
        if waiting is not None:
            waiting()
        time.sleep(poll)
    return True
