"""From what a worker left behind to what is stored; nothing of it is taken on trust."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mmm_benchmark.run.answer_file import BadAnswerError, check_answer, read_record
from mmm_benchmark.run.executors import Ending
from mmm_benchmark.run.tasks import Policy, Task
from mmm_benchmark.store.fits import SCHEMA
from mmm_benchmark.store.plain_files import is_plain

KEPT_FILES = ("job.json", "fit.json", "fit.nc", "log.txt")
LOG_BYTES = 200_000  # of a log's end are kept
TAIL_LINES = 20

#: Outcomes that the key does not determine: they may be otherwise next time.
CIRCUMSTANCES = ("timeout", "memory", "killed")
#: What libraries say when the machine, not the job, lacks something.
SHORTAGES = {
    "No space left on device": "no room left on the disk",
    "Disk quota exceeded": "no room left on the disk",
    "File too large": "a file would pass the size limit of this process",
    "Too many open files": "no file handles left",
    "Cannot allocate memory": "this machine ran out of memory",
    "can't start new thread": "this machine allows no more threads",
}
LEAST_ROOM = 1_000_000  # bytes: a disk with less is full


def from_outside(record: Mapping[str, Any]) -> bool:
    """Whether the key does not determine what came of a fit."""
    return record["status"] in CIRCUMSTANCES or record["circumstance"]


def finish(folder: Path, task: Task, ending: Ending, policy: Policy) -> dict[str, Any]:
    """Turn what a worker left behind into what is stored; return the record.

    Nothing is taken on trust: the record must be one, the draws must keep every promise of an
    answer, and a failure for want of room, memory or handles is marked as a circumstance.
    """
    job = task.job
    reclaim(folder)
    record: dict[str, Any] = {
        "seconds": {},
        "total_s": ending.wall_s,
        "peak_rss_mb": 0.0,
        "diagnostics": {},
        "parameter_counts": {},
        "checks": {},
        "notes": [],
        "imports": "shared" if ending.imported_s > 0 else "own",
        "versions": dict(job.versions),
        **_answer(folder, task, ending),
    }
    draws = folder / "fit.nc"
    if record["status"] != "ok":
        draws.unlink(missing_ok=True)
    record["process_s"] = ending.wall_s
    record["peak_rss_mb"] = max(record["peak_rss_mb"], ending.peak_rss_mb)
    record["stored_mb"] = draws.stat().st_size / 1e6 if draws.exists() else 0.0
    record["schema"] = SCHEMA
    record["limits"] = {"timeout": policy.timeout, "memory": policy.memory_limit}
    record["compiled"] = "reused" if policy.reuse_compiled else "fresh"
    record["threads"] = task.threads(policy)
    record["finished_at"] = datetime.now(UTC).isoformat(timespec="milliseconds")
    record["log_tail"] = "" if record["status"] == "ok" else keep_log_end(folder / "log.txt")
    short = shortage(folder, record)
    record["circumstance"] = short is not None or ending.circumstance
    if short is not None:
        record["reason"] = f"{short}: {record['reason']}"
    (folder / "fit.json").write_text(json.dumps(record, indent=1))
    (folder / "job.json").write_text(json.dumps(job.document(), indent=1))
    return record


def _answer(folder: Path, task: Task, ending: Ending) -> dict[str, Any]:
    """What the worker's files say, or the failure that they are."""
    if ending.status is not None:
        return {"status": ending.status, "reason": ending.reason}
    if not (folder / "fit.json").exists():
        return {"status": "error", "reason": "the worker left without an answer"}
    try:
        record = read_record(folder / "fit.json", longest=ending.wall_s + ending.imported_s + 1.0)
        if record["status"] == "ok" and not ending.checked:
            check_answer(folder / "fit.nc", task.observed)
    except BadAnswerError as error:
        return {"status": "error", "reason": str(error)}
    return record


def reclaim(folder: Path) -> None:
    """Leave nothing in a worker's folder but plain files of the known names."""
    folder.mkdir(parents=True, exist_ok=True)  # a fitter may have removed it
    folder.chmod(0o700)
    for path in folder.iterdir():
        if path.name not in KEPT_FILES or not is_plain(path):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()


def shortage(folder: Path, record: Mapping[str, Any]) -> str | None:
    """What the machine lacked when a fit failed, or None when that was not the cause."""
    if record["status"] not in ("error", "memory"):
        return None
    said = f"{record['reason']}\n{record['log_tail']}"
    for words, meaning in SHORTAGES.items():
        if words in said:
            return meaning
    if record["status"] == "error" and shutil.disk_usage(folder).free < LEAST_ROOM:
        return "no room left on the disk"
    return None


def keep_log_end(path: Path) -> str:
    """Cut a log to its last part; return its last lines."""
    if not path.exists():
        return ""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - LOG_BYTES))
        end = file.read(LOG_BYTES)
    if size > LOG_BYTES:
        path.write_bytes(end)
    return "\n".join(end.decode(errors="replace").splitlines()[-TAIL_LINES:])
