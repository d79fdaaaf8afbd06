"""The child process: read a job, fit it, measure it, write what came of it.

``python -m mmm_benchmark.run.worker DIRECTORY [--guarded]``. The directory holds ``job.json`` and
``observed.nc``; the worker adds ``events.jsonl`` while it goes and ``fit.nc`` and ``fit.json`` at
the end. Truth is nowhere near it.

What counts as runtime, for every fitter alike: ``total_s`` runs from just before the fitter's
module is imported to the return of ``fit``. Starting Python, reading the data and writing the
answer are outside it; ``seconds`` splits it into the phases of ``mmm_benchmark.phases``.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from mmm_benchmark.fit import Fit, Fitter


def guard() -> None:
    """Fork a guardian that ends the whole process group when the parent is gone.

    Standard input is the lifeline: a pipe whose other end only the parent holds. A thread could
    be starved by a library that keeps the interpreter lock; a process cannot.
    """
    if os.fork() == 0:
        os.read(0, 1)
        os.killpg(0, signal.SIGKILL)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)


def volunteer_for_oom() -> None:
    """Ask the kernel to take this process rather than the parent when memory runs out."""
    with contextlib.suppress(OSError):  # other systems, and containers that forbid it
        Path("/proc/self/oom_score_adj").write_text("500")


def end_children() -> None:
    """End whatever the fitter left running, the guardian included."""
    import psutil

    children = psutil.Process().children(recursive=True)
    for child in children:
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()
    psutil.wait_procs(children, timeout=5)


def peak_rss_mb() -> float:
    """Largest resident memory of this process so far, MB.

    On Linux ``VmHWM`` and not ``ru_maxrss``: the latter survives exec and so starts at the size
    of the process that launched this one.
    """
    if sys.platform == "linux":
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def write_fit(fit: Fit, path: Path) -> None:
    """Write the groups of a fit as compressed float32 netCDF."""
    import numpy as np

    groups = {
        "posterior": fit.posterior,
        "posterior_predictive": fit.posterior_predictive,
        "sample_stats": fit.sample_stats,
    }
    mode: Literal["w", "a"] = "w"
    for group, dataset in groups.items():
        if dataset is None:
            continue
        encoding: dict[str, dict[str, Any]] = {}
        for name, variable in dataset.data_vars.items():
            if np.issubdtype(variable.dtype, np.number):
                encoding[str(name)] = {"zlib": True, "complevel": 4}
            if np.issubdtype(variable.dtype, np.floating):
                encoding[str(name)]["dtype"] = "float32"
        dataset.drop_encoding().to_netcdf(
            path, mode=mode, group=group, engine="h5netcdf", encoding=encoding
        )
        mode = "a"


def fit_job(directory: Path, job: dict[str, Any]) -> dict[str, Any]:
    """Fit and write the draws; return the record for ``fit.json``."""
    import xarray as xr

    from mmm_benchmark import phases
    from mmm_benchmark.environments.load import make_fitter
    from mmm_benchmark.fit import Budget

    with xr.open_dataset(directory / "observed.nc", engine="h5netcdf") as file:
        observed = file.load()
    budget = Budget(**job["budget"])

    phases.reset()
    started = time.perf_counter()
    with phases.phase("import"):
        fitter: Fitter = make_fitter(job["target"], job["arguments"])
    reason = fitter.skip(observed)
    if reason is not None:
        return {"status": "skipped", "reason": one_line(reason)}
    fit = fitter.fit(observed, budget, job["seed"])
    total = time.perf_counter() - started

    write_fit(fit, directory / "fit.nc")
    return {
        "status": "ok",
        "reason": None,
        "seconds": phases.seconds(),
        "total_s": total,
        "diagnostics": {name: float(value) for name, value in fit.diagnostics.items()},
        "parameter_counts": {name: int(value) for name, value in fit.parameter_counts.items()},
        "checks": {name: bool(value) for name, value in fit.checks.items()},
        "notes": list(fit.notes),
    }


def one_line(text: str, limit: int = 300) -> str:
    """The text on one line, cut at ``limit`` characters."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 3] + "..."


def run(directory: Path) -> dict[str, Any]:
    """Do the job in ``directory``, whatever happens; return the record that was written."""
    from mmm_benchmark import phases
    from mmm_benchmark.environments.installed import installed

    job = json.loads((directory / "job.json").read_text())
    with (directory / "events.jsonl").open("w", buffering=1) as events:

        def tell(phase: str) -> None:
            events.write(json.dumps({"phase": phase}) + "\n")

        phases.listen(tell)
        try:
            record = fit_job(directory, job)
        except MemoryError as error:
            traceback.print_exc()
            record = {"status": "memory", "reason": one_line(f"MemoryError: {error}")}
        except (Exception, SystemExit) as error:  # whatever a library raises is an outcome
            traceback.print_exc()
            record = {"status": "error", "reason": one_line(f"{type(error).__name__}: {error}")}
        finally:
            phases.listen(None)
    record.setdefault("seconds", phases.seconds())
    record["peak_rss_mb"] = peak_rss_mb()
    record["versions"] = {"python": sys.version.split()[0], **installed(job["packages"])}
    staged = directory / "fit.json.part"
    staged.write_text(json.dumps(record, indent=1))
    staged.rename(directory / "fit.json")
    return record


def main(argv: list[str]) -> int:
    """Run the job in ``argv[0]``; with ``--guarded``, end with the parent."""
    if "--guarded" in argv:
        guard()
        volunteer_for_oom()
    run(Path(argv[0]))
    sys.stdout.flush()
    if "--guarded" in argv:
        end_children()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
