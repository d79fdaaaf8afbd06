"""Where a fit's time goes: named phases, marked by the fitter, seen live by the parent.

A fitter writes ``with phase("sample"):`` around its work. The worker reads :func:`seconds`
afterwards; whoever wants to follow along installs a listener with :func:`listen`.
Time outside any phase belongs to nobody, so nested phases count once: the inner one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal, get_args

Phase = Literal["import", "build", "compile", "sample", "summarise"]
PHASES: tuple[str, ...] = get_args(Phase)

_seconds: dict[str, float] = {}
_open: list[str] = []
_since = 0.0
_listener: Callable[[str], None] | None = None


def reset() -> None:
    """Forget all recorded time (a worker fits once; tests fit many times)."""
    _seconds.clear()
    _open.clear()


def seconds() -> dict[str, float]:
    """Seconds by phase so far; phases that never ran are 0."""
    return {name: _seconds.get(name, 0.0) for name in PHASES}


def listen(listener: Callable[[str], None] | None) -> None:
    """Call ``listener(phase)`` at every change of phase."""
    global _listener
    _listener = listener


def _switch(name: str | None) -> None:
    global _since
    now = time.perf_counter()
    if _open:
        _seconds[_open[-1]] = _seconds.get(_open[-1], 0.0) + now - _since
    _since = now
    if name is not None and _listener is not None:
        _listener(name)


@contextmanager
def phase(name: Phase) -> Iterator[None]:
    """Count the time inside the block as ``name``."""
    if name not in PHASES:
        raise ValueError(f"unknown phase {name!r}; phases: {', '.join(PHASES)}")
    _switch(name)
    _open.append(name)
    try:
        yield
    finally:
        _switch(None)
        _open.pop()
        if _open and _listener is not None:
            _listener(_open[-1])
