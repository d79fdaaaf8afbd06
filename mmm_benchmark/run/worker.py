"""The child process: read a job, fit it, measure it, write what came of it.

``python -m mmm_benchmark.run.worker DIRECTORY [LINE]``. The directory holds ``job.json`` and
``observed.nc``; the worker adds ``events.jsonl`` while it goes and ``fit.nc`` and ``fit.json`` at
the end. Truth is nowhere near it. With LINE, the number of a socket, the process becomes the
keeper of the worker (:mod:`mmm_benchmark.run.keeper`).

What counts as runtime, for every fitter alike: ``total_s`` runs from just before the fitter's
module is imported to the return of ``fit``. Starting Python, reading the data and writing the
answer are outside it; ``seconds`` splits it into the phases of ``mmm_benchmark.phases``. A worker
forked by a server that had imported already adds the seconds this took there, and says so:
``imports`` is ``shared`` then and ``own`` otherwise.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import socket
import sys
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mmm_benchmark.fit import Fit, Fitter


@dataclass(frozen=True)
class Imported:
    """What a fork server did before it forked this process."""

    seconds: float  # that the modules of the fitter's environment took to import
    files_mb: float  # mapped files that the server held in memory


def volunteer_for_oom() -> None:
    """Ask the kernel to take this process rather than the parent when memory runs out."""
    with contextlib.suppress(OSError):  # other systems, and containers that forbid it
        Path("/proc/self/oom_score_adj").write_text("500")


def peak_rss_mb(imported: Imported | None = None) -> float:
    """Largest resident memory of this process so far, MB.

    On Linux ``VmHWM`` and not ``ru_maxrss``: the latter survives exec and so starts at the size
    of the process that launched this one. A fork leaves behind those pages of mapped files that
    its parent had touched and it has not: a process that had imported by itself would hold them,
    so they are added.
    """
    if peak := status_mb("VmHWM"):
        left_behind = 0.0 if imported is None else imported.files_mb - status_mb("RssFile")
        return peak + max(0.0, left_behind)
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def status_mb(field: str) -> float:
    """A field of ``/proc/self/status``, MB; 0 where there is none."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith(field + ":"):
                return int(line.split()[1]) / 1024
    return 0.0


def write_fit(fit: Fit, path: Path) -> None:
    """Write the groups of a fit as compressed float32 netCDF."""
    from mmm_data_generator.dataset import netcdf

    groups = {
        "posterior": fit.posterior,
        "posterior_predictive": fit.posterior_predictive,
        "forecast": fit.forecast,
        "prior": fit.prior,
        "sample_stats": fit.sample_stats,
    }
    given = {name: dataset for name, dataset in groups.items() if dataset is not None}
    path.write_bytes(netcdf.write(given, small=True))


def fit_job(directory: Path, job: dict[str, Any], imported_s: float = 0.0) -> dict[str, Any]:
    """Fit and write the draws; return the record for ``fit.json``.

    ``imported_s`` are the seconds that importing took before this process was forked.
    """
    from mmm_benchmark import phases
    from mmm_benchmark.environments.load import make_fitter
    from mmm_benchmark.fit import Budget
    from mmm_data_generator.dataset import netcdf

    observed = netcdf.read(directory / "observed.nc")
    budget = Budget(**job["budget"])

    phases.reset()
    started = time.perf_counter()
    with phases.phase("import"):
        fitter: Fitter = make_fitter(job["target"], job["arguments"])
    reason = fitter.skip(observed)
    if reason is None and "future_spend" in observed and not getattr(fitter, "forecasts", False):
        reason = "cannot forecast weeks it has not seen (--holdout)"
    if reason is not None:
        return {"status": "skipped", "reason": one_line(reason)}
    fit = fitter.fit(observed, budget, job["seed"])
    total = imported_s + time.perf_counter() - started
    seconds = phases.seconds()
    seconds["import"] += imported_s

    write_fit(fit, directory / "fit.nc")
    return {
        "status": "ok",
        "reason": None,
        "seconds": seconds,
        "total_s": total,
        "diagnostics": {name: float(value) for name, value in fit.diagnostics.items()},
        "parameter_counts": {name: int(value) for name, value in fit.parameter_counts.items()},
        "checks": {name: bool(value) for name, value in fit.checks.items()},
        "notes": list(fit.notes),
    }


def machine() -> dict[str, str | int]:
    """What the fit ran on: never a name, a user or an address."""
    return {
        "system": platform.system(),
        "release": platform.release(),
        "machine": platform.machine(),
        "cores": os.cpu_count() or 0,
    }


def one_line(text: str, limit: int = 300) -> str:
    """The text on one line, cut at ``limit`` characters."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 3] + "..."


def run(directory: Path, imported: Imported | None = None) -> dict[str, Any]:
    """Do the job in ``directory``, whatever happens; return the record that was written."""
    from mmm_benchmark import phases
    from mmm_benchmark.environments.installed import installed

    job = json.loads((directory / "job.json").read_text())
    with (directory / "events.jsonl").open("w", buffering=1) as events:

        def tell(phase: str) -> None:
            events.write(json.dumps({"phase": phase}) + "\n")

        phases.listen(tell)
        try:
            record = fit_job(directory, job, 0.0 if imported is None else imported.seconds)
        except MemoryError as error:
            traceback.print_exc()
            record = {"status": "memory", "reason": one_line(f"MemoryError: {error}")}
        except (Exception, SystemExit) as error:  # whatever a library raises is an outcome
            traceback.print_exc()
            record = {"status": "error", "reason": one_line(f"{type(error).__name__}: {error}")}
        finally:
            phases.listen(None)
    record.setdefault("seconds", phases.seconds())
    record["imports"] = "own" if imported is None else "shared"
    record["peak_rss_mb"] = peak_rss_mb(imported)
    record["versions"] = {"python": sys.version.split()[0], **installed(job["packages"])}
    record["machine"] = machine()
    staged = directory / "fit.json.part"
    staged.write_text(json.dumps(record, indent=1))
    staged.rename(directory / "fit.json")
    return record


def work(directory: Path, imported: Imported | None = None) -> int:
    """The life of a worker process, from its keeper's fork to its exit code."""
    volunteer_for_oom()
    if "numpy" in sys.modules:  # a server's state of the global generator would be everybody's
        sys.modules["numpy"].random.seed()
    run(directory, imported)
    return 0


def main(argv: list[str]) -> int:
    """Run the job in ``argv[0]``; kept, when ``argv[1]`` is the number of a socket."""
    directory = Path(argv[0])
    if len(argv) == 1:
        run(directory)
        return 0
    from mmm_benchmark.run import keeper

    keeper.keep(lambda: work(directory), socket.socket(fileno=int(argv[1])))
    raise AssertionError("a keeper never returns")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
