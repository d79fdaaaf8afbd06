"""Fits on a Ray cluster of one node: the same answers, outcomes and clean ends as here."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
import xarray as xr

from mmm_benchmark.errors import UserError
from mmm_benchmark.run.executors import Ending, Order, Stopped
from mmm_benchmark.run.executors import ray as executor
from mmm_benchmark.store.datasets import write_observed
from tests.external.road import FITTERS, walk
from tests.factories import tiny_observed

WORKER = "mmm_benchmark.run.worker"


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Iterator[None]:
    os.environ.update(executor.SETTINGS)
    import ray

    ray.init(
        num_cpus=2,
        include_dashboard=False,
        log_to_driver=False,
        logging_level="ERROR",
        object_store_memory=100 * 2**20,
    )
    yield
    ray.shutdown()


@pytest.fixture
def order(tmp_path: Path) -> Callable[..., Order]:
    """A folder as a worker gets it, with a fitter of the external tests."""

    def make(fitter: Path, **more: object) -> Order:
        directory = tmp_path / "job"
        directory.mkdir()
        write_observed(tiny_observed(), directory / "observed.nc", None)
        job = {
            "fitter": fitter.stem,
            "target": str(fitter),
            "arguments": {},
            "budget": {"chains": 1, "draws": 1, "tune": 0, "target_accept": 0.9},
            "seed": 1,
            "packages": [],
        }
        (directory / "job.json").write_text(json.dumps(job))
        chosen = {"directory": directory, "python": Path("nowhere"), "threads": 1, **more}
        return Order(**chosen)

    return make


def workers() -> list[psutil.Process]:
    """The fits running under this process, whoever started them."""
    found = []
    for process in psutil.Process().children(recursive=True):
        try:
            if WORKER in process.cmdline():
                found.append(process)
        except psutil.NoSuchProcess:
            continue
    return found


def run(order: Order, when_sampling: Callable[[], None]) -> tuple[Ending, list[str]]:
    """Perform an order, doing something once the fitter samples."""
    phases: list[str] = []

    def report(phase: str) -> None:
        phases.append(phase)
        if phase == "sample":
            when_sampling()

    return executor.perform(order, report, lambda: False), phases


def test_answer_of_a_node_is_the_answer_made_here(tmp_path: Path) -> None:
    (there,) = walk(tmp_path / "there", "good", executor="ray")
    (here,) = walk(tmp_path / "here", "good")
    assert there.fresh
    assert there.fit.ok
    assert there.fit.key == here.fit.key
    with there.fit.tree() as one, here.fit.tree() as other:
        xr.testing.assert_equal(one["posterior"].to_dataset(), other["posterior"].to_dataset())
    assert "a line on standard output" in (there.fit.path / "log.txt").read_text()
    assert not workers()


def test_failed_fit_is_an_outcome_with_its_reason(tmp_path: Path) -> None:
    (outcome,) = walk(tmp_path, "raising", executor="ray")
    assert outcome.fit.status == "error"
    assert outcome.fit.record["reason"] == "ValueError: the matrix is singular"
    assert "singular" in outcome.fit.record["log_tail"]


def test_limits_hold_on_the_node(order: Callable[..., Order]) -> None:
    ending, phases = run(order(FITTERS / "sleeping.py", timeout=1.0), lambda: None)
    assert (ending.status, ending.reason) == ("timeout", "took longer than 1 s")
    assert phases[:2] == ["waiting", "start"]
    assert not workers()


def test_stopped_run_leaves_no_worker(order: Callable[..., Order]) -> None:
    sampling: list[str] = []
    with pytest.raises(Stopped):
        executor.perform(
            order(FITTERS / "sleeping.py"), sampling.append, lambda: "sample" in sampling
        )
    assert not workers()


def test_lost_task_is_a_killed_fit(order: Callable[..., Order]) -> None:
    def kill_task() -> None:
        parents = {process.ppid() for process in workers()}
        (task,) = parents - {process.pid for process in workers()}
        psutil.Process(task).kill()

    ending, phases = run(order(FITTERS / "sleeping.py"), kill_task)
    assert phases == ["waiting", "start", "import", "sample"]
    assert ending.status == "killed"
    assert ending.reason is not None
    assert "\n" not in ending.reason
    _, alive = psutil.wait_procs(workers(), timeout=20)
    assert not alive


def test_node_with_other_packages_is_refused(order: Callable[..., Order]) -> None:
    asked = order(FITTERS / "good.py", versions={"numpy": "0.1"})
    with pytest.raises(UserError, match=r"^node .*: numpy is .* but 0\.1 where the run started$"):
        executor.perform(asked, lambda phase: None, lambda: False)


def test_job_that_no_node_could_take_is_refused(order: Callable[..., Order]) -> None:
    with pytest.raises(UserError, match="no node of the Ray cluster offers 3 cores"):
        executor.perform(order(FITTERS / "good.py", threads=3), print, lambda: False)
    assert executor.threads(1) == 2
    assert executor.threads(5) == 1


def test_fitter_file_travels_to_where_it_is_not(
    order: Callable[..., Order], tmp_path: Path
) -> None:
    fitter = tmp_path / "own.py"
    shutil.copy(FITTERS / "good.py", fitter)
    parcel = executor.pack(order(fitter))
    fitter.unlink()
    place = tmp_path / "node"
    place.mkdir()
    laid_out = executor.unpack(parcel, place)
    target = json.loads((laid_out.directory / "job.json").read_text())["target"]
    assert target == str(place / "own.py")
    assert Path(target).read_bytes() == (FITTERS / "good.py").read_bytes()
    assert laid_out.memory_limit is not None
    assert {path.name for path in laid_out.directory.iterdir()} == {"job.json", "observed.nc"}
