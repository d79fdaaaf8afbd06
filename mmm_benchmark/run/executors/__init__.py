"""Where a worker runs. An executor is one function, :data:`Perform`: ``local`` or ``ray``."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmm_benchmark.environments.claims import ONE, Claims
from mmm_benchmark.store.visible import Visible


@dataclass(frozen=True, kw_only=True)
class Order:
    """One worker to run: its folder, what is laid there before it starts, and its limits."""

    directory: Path
    python: Path
    threads: int
    timeout: float | None = None  # seconds of wall time
    memory_limit: float | None = None  # MB resident, whole process tree
    imports: tuple[str, ...] = ()  # modules that a fork server imports for all its workers
    reuse_compiled: bool = False  # whether programs that earlier fits compiled may be used
    #: For executors on other machines, which find the interpreter there.
    extra: str | None = None
    versions: Mapping[str, str | None] = field(default_factory=dict)
    fitter: str = ""  # fits of one fitter are alike: in how long they take, say
    claims: Claims = ONE
    #: Become ``job.json`` and ``observed.nc``, where the worker starts; None: they are there.
    job: Mapping[str, Any] | None = None
    data: Visible | None = None
    #: Stores the answer from where the worker ran, given its folder, its ending and its data.
    seal: Seal | None = None

    def lay_out(self) -> None:
        """Put what the worker reads into its folder."""
        if self.job is not None:
            (self.directory / "job.json").write_text(json.dumps(self.job, indent=1))
        if self.data is not None:
            (self.directory / "observed.nc").write_bytes(self.data.netcdf())


@dataclass(frozen=True, kw_only=True)
class Sealed:
    """An answer that was made ready for the store where its worker ran."""

    record: Mapping[str, Any]
    #: The sealed folder, on a disk that this machine shares; None: it is where it belongs.
    folder: Path | None = None


#: Makes of a worker's folder what is stored, there or where the store is.
Seal = Callable[[Path, "Ending", Any], Sealed]


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How a worker ended. ``status`` is None when it wrote ``fit.json`` and left by itself."""

    status: str | None
    reason: str | None
    wall_s: float  # from start to end of the process
    peak_rss_mb: float  # largest sum over the process tree that was seen
    imported_s: float = 0.0  # seconds of importing that were spent before the process began
    circumstance: bool = False  # whether a failure says more of the machine than of the job
    sealed: Sealed | None = None  # when :attr:`Order.seal` was used
    checked: bool = False  # whether this package found the answer to keep its promises already


class Stopped(Exception):  # noqa: N818 - not an error: the user said stop
    """The run is being stopped; the worker was ended and nothing is recorded."""


#: Lays an order out, runs its worker to the end and leaves ``fit.json``, ``fit.nc`` and ``log.txt``
#: in its folder (nothing, where it used the order's ``seal``).
#: ``report(phase)`` is called at every change of phase, first with ``start`` (``waiting`` may come
#: before it); ``stopping()`` is asked every tick and, when true, ends the worker and raises
#: :class:`Stopped`.
Perform = Callable[[Order, Callable[[str], None], Callable[[], bool]], Ending]
