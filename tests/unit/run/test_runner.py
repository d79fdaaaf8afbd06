"""When a stored result is used again, and what is stored of what a worker left."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import xarray as xr

from mmm_benchmark.errors import UserError
from mmm_benchmark.fit import Budget, Fit
from mmm_benchmark.plan.datasets import reference_to
from mmm_benchmark.plan.jobs import DatasetRef, Job
from mmm_benchmark.run.executors import Ending, Order, Perform, Stopped
from mmm_benchmark.run.runner import Outcome, Run, order_of, run_jobs
from mmm_benchmark.run.tasks import Policy, Task
from mmm_benchmark.run.worker import write_fit
from mmm_benchmark.store.datasets import keep, load_dataset
from mmm_benchmark.store.fits import Store, StoredFit
from mmm_benchmark.store.sealed_folder import MANIFEST, seal
from tests.factories import tiny_answer, tiny_dataset, tiny_observed

JOB = Job(
    dataset=DatasetRef(name="tiny", id="tiny-0", seed=0, content="abc", family='{"family": "x"}'),
    fitter="one",
    fitter_version="1",
    target="module:Class",
    arguments={},
    settings={},
    library="test",
    extra=None,
    reference=None,
    budget=Budget(),
    seed=1,
)
GONE_WELL = Ending(status=None, reason=None, wall_s=2.0, peak_rss_mb=50.0)
TIMED_OUT = Ending(status="timeout", reason="took longer than 3 s", wall_s=3.0, peak_rss_mb=50.0)


@dataclass
class Told:
    """A reporter that remembers."""

    phases: list[str] = field(default_factory=list)
    done_: list[tuple[str, bool]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def phase(self, job: Job, phase: str) -> None:
        self.phases.append(phase)

    def done(self, job: Job, record: Mapping[str, Any], *, fresh: bool) -> None:
        self.done_.append((record["status"], fresh))

    def note(self, line: str) -> None:
        self.notes.append(line)


@dataclass
class Executor:
    """Stands for the worker: writes an answer, or ends as told."""

    ending: Ending = GONE_WELL
    record: Mapping[str, Any] = field(default_factory=dict)
    answer: xr.Dataset = field(default_factory=tiny_answer)
    seen: list[Order] = field(default_factory=list)
    files: list[set[str]] = field(default_factory=list)
    attributes: list[dict[str, Any]] = field(default_factory=list)

    def __call__(
        self, order: Order, report: Callable[[str], None], stopping: Callable[[], bool]
    ) -> Ending:
        self.seen.append(order)
        order.lay_out()
        self.files.append({path.name for path in order.directory.iterdir()})
        with xr.open_dataset(order.directory / "observed.nc", engine="h5netcdf") as observed:
            self.attributes.append(dict(observed.attrs))
        report("start")
        report("sample")
        write_fit(Fit(posterior=self.answer), order.directory / "fit.nc")
        (order.directory / "dropping").mkdir()
        if self.ending.status is None:
            answer = {"status": "ok", "reason": None, "peak_rss_mb": 40.0, "total_s": 1.0}
            (order.directory / "fit.json").write_text(json.dumps({**answer, **self.record}))
        return self.ending


def settle(
    root: Path,
    *jobs: Job,
    executor: Perform,
    policy: Policy | None = None,
    told: Told | None = None,
) -> list[Outcome]:
    store = Store(root)
    staging = store.staging()
    try:
        return run_jobs(
            [Task(job, tiny_observed(), Path("python")) for job in jobs],
            Run(
                store=store,
                staging=staging,
                policy=policy or Policy(),
                perform=executor,
                reporter=told or Told(),
            ),
        )
    finally:
        staging.close()


def test_fresh_fit_is_stored_and_found_again(tmp_path: Path) -> None:
    executor, told = Executor(), Told()
    (first,) = settle(tmp_path, JOB, executor=executor, told=told)
    assert first.fresh
    assert {path.name for path in first.fit.path.iterdir()} == {
        *("job.json", "fit.json", "fit.nc", "manifest.json")
    }
    assert first.fit.job["dataset"]["id"] == "tiny-0"
    assert first.fit.record["peak_rss_mb"] == 50.0
    assert first.fit.record["process_s"] == 2.0
    assert executor.files == [{"job.json", "observed.nc"}]
    (second,) = settle(tmp_path, JOB, executor=executor, told=told)
    assert not second.fresh
    assert len(executor.seen) == 1
    assert told.phases == ["start", "sample"]
    assert told.done_ == [("ok", True), ("ok", False)]


def test_the_same_data_by_another_name_are_not_fitted_again_but_named_anew(tmp_path: Path) -> None:
    settle(tmp_path, JOB, executor=Executor())
    renamed = replace(JOB, dataset=replace(JOB.dataset, name="small", id="small-0"))
    (outcome,) = settle(tmp_path, renamed, executor=Executor())
    assert not outcome.fresh
    assert outcome.fit.job["dataset"]["name"] == "small"
    assert outcome.fit.job["dataset"]["id"] == "small-0"


def test_family_reaches_references_alone(tmp_path: Path) -> None:
    executor = Executor()
    reference = replace(JOB, fitter="oracle", reference="knows the family")
    settle(tmp_path, JOB, reference, executor=executor)
    assert sorted(map(str, executor.attributes)) == [
        """{'family': '{"family": "x"}'}""",
        "{}",
    ]


def test_outcomes_come_in_the_order_of_the_jobs(tmp_path: Path) -> None:
    jobs = [replace(JOB, seed=seed) for seed in range(4)]
    outcomes = settle(tmp_path, *jobs, executor=Executor(), policy=Policy(parallel=2))
    assert [outcome.job.seed for outcome in outcomes] == [0, 1, 2, 3]
    assert len(list(Store(tmp_path))) == 4


def test_forced_failure_does_not_cost_the_good_fit(tmp_path: Path) -> None:
    settle(tmp_path, JOB, executor=Executor())
    told = Told()
    (outcome,) = settle(
        tmp_path, JOB, executor=Executor(TIMED_OUT), policy=Policy(force=True), told=told
    )
    assert outcome.failed
    assert outcome.lost is not None
    assert outcome.lost["status"] == "timeout"
    assert outcome.fit.ok
    assert told.notes == ["one on tiny@0: the good fit that was stored is kept"]
    assert told.done_ == [("timeout", True)]


def test_failure_is_stored_without_draws(tmp_path: Path) -> None:
    (outcome,) = settle(tmp_path, JOB, executor=Executor(TIMED_OUT), policy=Policy(timeout=3))
    assert outcome.failed
    assert outcome.fit.record["reason"] == "took longer than 3 s"
    assert outcome.fit.record["limits"]["timeout"] == 3
    assert not (outcome.fit.path / "fit.nc").exists()


def test_broken_executor_stops_the_other_workers(tmp_path: Path) -> None:
    started = threading.Event()

    def perform(
        order: Order, report: Callable[[str], None], stopping: Callable[[], bool]
    ) -> Ending:
        if order.job is not None and order.job["seed"] == 0:
            started.wait()
            raise OSError("no space left on device")
        started.set()
        while not stopping():
            pass
        raise Stopped

    jobs = [JOB, replace(JOB, seed=0), replace(JOB, seed=2)]
    with pytest.raises(UserError, match=r"results directory .* failed .*no space left"):
        settle(tmp_path, *jobs, executor=perform, policy=Policy(parallel=2))
    assert not list(Store(tmp_path))


def stored(tmp_path: Path, status: str, **limits: float) -> StoredFit:
    path = tmp_path / status
    path.mkdir()
    record = {"status": status, "limits": {"timeout": None, "memory": None, **limits}}
    (path / "fit.json").write_text(json.dumps(record))
    return StoredFit(status, path)


@pytest.mark.parametrize("status", ["ok", "skipped", "error", "timeout", "memory"])
def test_what_the_key_determines_is_not_fitted_again(tmp_path: Path, status: str) -> None:
    fit = stored(tmp_path, status, timeout=5.0, memory=100.0)
    same = Policy(timeout=5.0, memory_limit=100.0)
    assert same.refit_because(fit) is None
    assert replace(same, force=True).refit_because(fit) == "forced"
    again = replace(same, retry_failed=True).refit_because(fit)
    assert again == (None if status in ("ok", "skipped") else f"stored as {status}")


def test_raised_limit_or_outside_kill_is_another_chance(tmp_path: Path) -> None:
    timeout = stored(tmp_path, "timeout", timeout=5.0)
    assert Policy(timeout=4.0).refit_because(timeout) is None
    assert Policy(timeout=6.0).refit_because(timeout) == "stored as timeout at a lower limit"
    assert Policy().refit_because(timeout) == "stored as timeout at a lower limit"
    memory = stored(tmp_path, "memory", memory=100.0)
    assert Policy(memory_limit=200.0).refit_because(memory) is not None
    assert Policy().refit_because(stored(tmp_path, "killed")) == "was killed from outside"
    assert Policy().refit_because(None) == "not stored yet"


def reseal(folder: Path) -> None:
    (folder / MANIFEST).unlink()
    seal(folder)


def test_a_fit_under_another_key_does_not_count(tmp_path: Path) -> None:
    one, other = JOB, replace(JOB, seed=2)
    settle(tmp_path, one, other, executor=Executor())
    fits = tmp_path / "fits"
    (fits / one.key).rename(fits / "aside")
    (fits / other.key).rename(fits / one.key)
    (fits / "aside").rename(fits / other.key)
    told: list[str] = []
    store = Store(tmp_path, told.append)
    assert store.get(one.key) is None
    assert not list(store)
    assert f"it holds the fit {other.key}" in told[0]
    outcomes = settle(tmp_path, one, other, executor=Executor())
    assert all(outcome.fresh for outcome in outcomes)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("fit.json", "[]"),
        ("fit.json", '{"status": "ok"}'),
        ("fit.json", '{"status": ["ok"], "reason": null, "finished_at": "", "limits": {}}'),
        ("fit.json", '{"status": "error", "reason": "x", "finished_at": "", "limits": {}}'),
        ("job.json", "null"),
        ("job.json", '{"dataset": 3}'),
    ],
)
def test_a_sealed_folder_that_holds_no_fit_is_absent(
    tmp_path: Path, name: str, content: str
) -> None:
    (outcome,) = settle(tmp_path, JOB, executor=Executor())
    (outcome.fit.path / name).write_text(content)
    reseal(outcome.fit.path)
    assert Store(tmp_path).get(JOB.key) is None
    assert not list(Store(tmp_path))


def test_a_dataset_under_another_id_is_found_out_and_kept_anew(tmp_path: Path) -> None:
    staging = Store(tmp_path).staging()
    refs = []
    for dataset in (tiny_dataset(seed=1), tiny_dataset(seed=2)):
        refs.append(reference_to(dataset))
        keep(dataset, refs[-1].id, tmp_path, staging)
    first, second = (tmp_path / "datasets" / ref.id for ref in refs)
    shutil.rmtree(first)
    shutil.copytree(second, first)
    with pytest.raises(UserError, match=f"holds the dataset '{second.name}'"):
        load_dataset(tmp_path, first.name)
    keep(tiny_dataset(seed=1), refs[0].id, tmp_path, staging)
    staging.close()
    assert load_dataset(tmp_path, first.name).seed == 1


def resealed(fit: StoredFit, name: str, change: Callable[[dict[str, Any]], object]) -> None:
    """Change a JSON file of a stored fit and make its checksums right."""
    said = json.loads((fit.path / name).read_text())
    change(said)
    (fit.path / name).write_text(json.dumps(said))
    (fit.path / MANIFEST).unlink()
    seal(fit.path)


def test_a_fit_of_a_newer_schema_is_neither_used_nor_replaced(tmp_path: Path) -> None:
    (made,) = settle(tmp_path, JOB, executor=Executor())
    resealed(made.fit, "fit.json", lambda record: record.update(schema=99))
    before = (made.fit.path / "fit.json").read_bytes()
    executor = Executor()
    with pytest.raises(UserError, match="schema 99, and this version reads 1: upgrade"):
        settle(tmp_path, JOB, executor=executor)
    assert executor.seen == []
    assert (made.fit.path / "fit.json").read_bytes() == before
    said: list[str] = []
    assert list(Store(tmp_path, said.append)) == []
    assert "upgrade mmm-benchmark" in said[0]


def test_a_fit_of_the_first_schema_is_read_as_it_is(tmp_path: Path) -> None:
    (made,) = settle(tmp_path, JOB, executor=Executor())
    assert made.fit.record["schema"] == 1
    resealed(made.fit, "fit.json", lambda record: [record.pop(x) for x in ("schema", "imports")])
    (again,) = settle(tmp_path, JOB, executor=Executor())
    assert not again.fresh


def test_a_fit_whose_job_says_too_little_is_made_again(tmp_path: Path) -> None:
    (made,) = settle(tmp_path, JOB, executor=Executor())
    resealed(made.fit, "job.json", lambda job: job.pop("versions"))
    said: list[str] = []
    assert Store(tmp_path, said.append).get(JOB.key) is None
    assert "older schema: 'versions' is missing; fit it again" in said[0]
    (again,) = settle(tmp_path, JOB, executor=Executor())
    assert again.fresh


def test_fits_of_one_dataset_share_what_is_laid_before_them(tmp_path: Path) -> None:
    executor = Executor()
    settle(tmp_path, JOB, replace(JOB, seed=2), replace(JOB, fitter_version="2"), executor=executor)
    assert len({id(order.data) for order in executor.seen}) == 1


def test_on_a_cluster_the_largest_data_come_first() -> None:
    sizes = [tiny_observed(n_weeks=weeks) for weeks in (60, 80, 60, 100)]
    tasks = [Task(JOB, observed, Path("python")) for observed in sizes]
    assert order_of(tasks, Policy(by_claim=True)) == [3, 1, 0, 2]
    assert order_of(tasks, Policy()) == [0, 1, 2, 3]


def test_a_dataset_is_kept_once_and_before_its_first_fit(tmp_path: Path) -> None:
    kept: list[str] = []
    executor = Executor()

    def keep(dataset_id: str) -> None:
        assert not executor.seen
        kept.append(dataset_id)

    store = Store(tmp_path)
    staging = store.staging()
    run = Run(
        store=store, staging=staging, policy=Policy(parallel=3), perform=executor,
        reporter=Told(), keep=keep,
    )  # fmt: skip
    jobs = [JOB, replace(JOB, seed=2), replace(JOB, seed=3)]
    run_jobs([Task(job, tiny_observed(), Path("python")) for job in jobs], run)
    staging.close()
    assert kept == [JOB.dataset.id]
