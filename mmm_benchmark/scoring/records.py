"""What a fit's record says of time, memory, sampling and failure."""

from __future__ import annotations

import math

from mmm_benchmark.phases import PHASES
from mmm_benchmark.scoring.marks import failed_checks
from mmm_benchmark.scoring.scorable import Row, ScorableFit, failure

ROLES = ("adstock", "saturation", "effects", "controls", "baseline", "time", "noise")
CONVERGENCE = ("r_hat", "ess_bulk", "ess_tail", "mcse")
SAMPLER = ("divergences", "max_tree_depth_share", "e_bfmi", "k_hat", "self_check", "chance_wrong")
NAN = float("nan")
REUSED = "reused"  # programs that earlier fits had compiled
UNTIMED = "programs compiled for earlier fits were used (--reuse-compiled): no timing"


def total_s(fit: ScorableFit) -> float:
    """Seconds of the whole fit; unknown where it did not have to compile what it ran."""
    return NAN if _untimed(fit) else fit.record.get("total_s", NAN)


def _untimed(fit: ScorableFit) -> bool:
    return fit.record.get("compiled") == REUSED


def runtime_row(fit: ScorableFit) -> Row:
    """Seconds by phase, in all, and memory; a failure keeps what was measured before it.

    A fit that found its programs compiled has no seconds here, so that none are mixed with those
    of fits that had to compile; they stay in its ``fit.json``.
    """
    record = fit.record
    seconds = {} if _untimed(fit) else record.get("seconds") or {}
    row: Row = {f"{phase}_s": seconds.get(phase, NAN) for phase in PHASES}
    row |= {name: record.get(name, NAN) for name in ("peak_rss_mb", "stored_mb")}
    row |= {"total_s": total_s(fit), "imports": record.get("imports", "own")}
    row["compiled"] = record.get("compiled", "")
    notes = ["" if fit.ok else failure(fit), UNTIMED if _untimed(fit) else ""]
    return row | {"key": fit.key, "note": "; ".join(filter(None, notes))}


def ess_row(fit: ScorableFit) -> Row:
    """Smallest effective sample sizes, and per second of sampling and of the whole fit."""
    diagnostics = fit.record.get("diagnostics") or {}
    seconds = {} if _untimed(fit) else fit.record.get("seconds") or {}
    names = ("ess_bulk", "ess_tail", "contribution_ess_bulk", "contribution_ess_tail")
    row: Row = {name: diagnostics.get(name, NAN) for name in names}
    for name in ("ess_bulk", "ess_tail"):
        row[f"{name}_per_sample_second"] = _rate(row[name], seconds.get("sample"))
        row[f"{name}_per_second"] = _rate(row[name], total_s(fit))
    return row | {"note": _note(fit)}


def diagnostics_row(fit: ScorableFit) -> Row:
    """Convergence over free parameters and over contributions, sampler statistics, checks."""
    diagnostics = fit.record.get("diagnostics") or {}
    names = (*CONVERGENCE, *SAMPLER, *(f"contribution_{name}" for name in CONVERGENCE))
    row: Row = {name: diagnostics.get(name, NAN) for name in names}
    row["ess_per_second"] = _rate(row["ess_bulk"], total_s(fit))
    counts = fit.record.get("parameter_counts") or {}
    row |= {f"parameters_{role}": counts.get(role, NAN) for role in ROLES}
    row["parameters_total"] = sum(counts.values()) if counts else NAN
    row["checks_failed"] = ", ".join(failed_checks(fit))
    notes = [_note(fit), *(fit.record.get("notes") or ())]
    return row | {"note": "; ".join(note for note in notes if note)}


def failure_row(fit: ScorableFit) -> Row:
    """What went wrong, with the end of the log."""
    tail = fit.record.get("log_tail") or ""
    lines = tail if isinstance(tail, str) else "\n".join(tail)
    return {
        "status": fit.record["status"],
        "reason": fit.record.get("reason") or "no reason recorded",
        "total_s": fit.record.get("total_s", NAN),
        "key": fit.key,
        "log_tail": lines,
    }


def _rate(count: float | None, seconds: float | None) -> float:
    if count is None or not seconds or math.isnan(seconds):
        return NAN
    return count / seconds


def _note(fit: ScorableFit) -> str:
    if not fit.ok:
        return failure(fit)
    return "" if "ess_bulk" in (fit.record.get("diagnostics") or {}) else "no draws to diagnose"
