"""What is to be fitted, and the rules: when a stored result is used, what a worker may take."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmm_benchmark.environments.claims import ONE, Claims
from mmm_benchmark.plan.jobs import Job
from mmm_benchmark.store.fits import StoredFit


@dataclass(frozen=True, kw_only=True)
class Policy:
    """When a stored result is used, and what a worker may take.

    ``ok`` and ``skipped`` are used again; so is ``error``, since the key determines it. A
    ``timeout`` or ``memory`` is used again unless the limit was raised; ``killed``, and whatever
    came of a machine without room, memory or handles, never is: its cause came from outside.
    """

    force: bool = False
    retry_failed: bool = False
    timeout: float | None = None  # seconds
    memory_limit: float | None = None  # MB
    parallel: int = 1
    threads: int = 1  # for each worker; where work is claimed by fitters, at most
    by_claim: bool = False
    reuse_compiled: bool = False  # programs that earlier fits have compiled

    def refit_because(self, fit: StoredFit | None) -> str | None:
        """Say why a job must be fitted although ``fit`` is stored; None when it need not be."""
        if fit is None:
            return "not stored yet"
        if self.force:
            return "forced"
        status = fit.status
        if status in ("ok", "skipped"):
            return None
        if self.retry_failed:
            return f"stored as {status}"
        if status == "killed":
            return "was killed from outside"
        if fit.record.get("circumstance"):
            return f"failed for another cause: {fit.record['reason']}"
        limits = {"timeout": self.timeout, "memory": self.memory_limit}
        if status in limits:
            now, then = limits[status], fit.record["limits"][status]
            if then is not None and (now is None or now > then):
                return f"stored as {status} at a lower limit"
        return None


@dataclass(frozen=True)
class Task:
    """A job, the data it is about and the interpreter that its fitter runs in."""

    job: Job
    observed: Any  # xarray.Dataset, the observed half
    python: Path
    claims: Claims = ONE

    def threads(self, policy: Policy) -> int:
        """How many threads its libraries may use."""
        return min(self.claims.cpus, policy.threads) if policy.by_claim else policy.threads
