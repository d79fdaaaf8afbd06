"""Fits on a Ray cluster of one node: the same answers, outcomes and clean ends as here."""

from __future__ import annotations

import contextlib
import io
import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
import xarray as xr

from mmm_benchmark.environments.claims import Claims
from mmm_benchmark.errors import UserError
from mmm_benchmark.run.executors import Ending, Order, Stopped
from mmm_benchmark.run.executors.ray import Dispatcher, How
from mmm_benchmark.run.executors.ray.node import data_of, unpack, work
from mmm_benchmark.run.executors.ray.node import servers as servers_of_node
from mmm_benchmark.run.executors.ray.parcel import SMALL, Load, Shipped, load, pack
from mmm_benchmark.store.place import Mirror
from mmm_benchmark.store.visible import Visible
from tests.external.road import FITTERS, walk
from tests.extras.ray.elastic import HEADER
from tests.factories import tiny_dataset, tiny_observed
from tests.unit.store.shelves import BUCKET

SERVER = "mmm_benchmark.run.fork_server"


@pytest.fixture(scope="module")
def dispatcher(cluster: object) -> Iterator[Dispatcher]:
    dispatcher = Dispatcher(How(retries=1))
    yield dispatcher
    dispatcher.close()


@pytest.fixture
def order(tmp_path: Path) -> Callable[..., Order]:
    """A folder as a worker gets it, with a fitter of the external tests."""

    def make(fitter: Path, **more: object) -> Order:
        directory = tmp_path / "job"
        directory.mkdir()
        return make_order(directory, fitter, **more)

    return make


def make_order(directory: Path, fitter: Path, **more: object) -> Order:
    """An order to fit the tiny dataset in ``directory``."""
    job = {
        "fitter": fitter.stem,
        "target": str(fitter),
        "arguments": {},
        "budget": {"chains": 1, "draws": 1, "tune": 0, "target_accept": 0.9},
        "seed": 1,
        "packages": [],
    }
    data = Visible("tiny", tiny_observed())
    chosen = {"directory": directory, "python": Path("nowhere"), "threads": 1, **more}
    return Order(job=job, data=data, **chosen)


def servers() -> list[psutil.Process]:
    """The fork servers of the tasks under this process: those that no other one has forked."""
    found = []
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if SERVER in process.cmdline() and SERVER not in process.parent().cmdline():
                found.append(process)
    return found


def workers() -> list[psutil.Process]:
    """The fits running under this process, and their keepers."""
    found = []
    for server in servers():
        with contextlib.suppress(psutil.Error):
            found += server.children(recursive=True)
    return found


def run(
    dispatcher: Dispatcher, order: Order, when_sampling: Callable[[], None]
) -> tuple[Ending, list[str]]:
    """Perform an order, doing something whenever the fitter samples."""
    phases: list[str] = []

    def report(phase: str) -> None:
        phases.append(phase)
        if phase == "sample":
            when_sampling()

    return dispatcher.perform(order, report, lambda: False), phases


def test_answer_of_a_node_is_the_answer_made_here(tmp_path: Path) -> None:
    (there,) = walk(tmp_path / "there", "good", executor="ray")
    (here,) = walk(tmp_path / "here", "good")
    assert there.fresh
    assert there.fit.ok
    assert there.fit.key == here.fit.key
    assert there.fit.told is not None  # a node on this disk has sealed it
    with there.fit.tree() as one, here.fit.tree() as other:
        xr.testing.assert_equal(one["posterior"].to_dataset(), other["posterior"].to_dataset())
    assert "a line on standard output" in (there.fit.path / "log.txt").read_text()
    assert not workers()


def test_failed_fit_is_an_outcome_with_its_reason(tmp_path: Path) -> None:
    (outcome,) = walk(tmp_path, "raising", executor="ray")
    assert outcome.fit.status == "error"
    assert outcome.fit.record["reason"] == "ValueError: the matrix is singular"
    assert "singular" in outcome.fit.record["log_tail"]


def test_limits_hold_on_the_node(dispatcher: Dispatcher, order: Callable[..., Order]) -> None:
    ending, phases = run(dispatcher, order(FITTERS / "sleeping.py", timeout=1.0), lambda: None)
    assert (ending.status, ending.reason) == ("timeout", "took longer than 1 s")
    assert phases[:2] == ["waiting", "start"]
    assert not workers()


def test_stopped_run_leaves_no_worker(dispatcher: Dispatcher, order: Callable[..., Order]) -> None:
    sampling: list[str] = []
    with pytest.raises(Stopped):
        dispatcher.perform(
            order(FITTERS / "sleeping.py"), sampling.append, lambda: "sample" in sampling
        )
    assert not workers()


def test_lost_fit_is_tried_again_and_then_killed(
    dispatcher: Dispatcher, order: Callable[..., Order]
) -> None:
    def kill_task() -> None:
        for server in servers():
            server.parent().kill()

    ending, phases = run(dispatcher, order(FITTERS / "sleeping.py"), kill_task)
    assert phases == ["waiting", "start", "import", "sample"] * 2  # one retry, as asked for
    assert ending.status == "killed"
    assert ending.circumstance
    assert re.fullmatch(r"Ray: .* \(the last of 2 tries\)", ending.reason or "")
    _, alive = psutil.wait_procs([*workers(), *servers()], timeout=20)
    assert not alive


def test_node_with_other_packages_is_refused(
    dispatcher: Dispatcher, order: Callable[..., Order]
) -> None:
    asked = order(FITTERS / "good.py", versions={"numpy": "0.1"})
    with pytest.raises(UserError, match=r"^node .*: numpy is .* but 0\.1 where the run started$"):
        dispatcher.perform(asked, lambda phase: None, lambda: False)


def test_job_that_no_node_could_take_is_refused(
    dispatcher: Dispatcher, order: Callable[..., Order]
) -> None:
    with pytest.raises(UserError, match="no node of the Ray cluster offers 3 cores"):
        dispatcher.perform(order(FITTERS / "good.py", threads=3), print, lambda: False)
    assert dispatcher.largest_node == 2


def test_claimed_gpu_and_the_interpreter_that_a_node_has_prepared(
    dispatcher: Dispatcher, order: Callable[..., Order], tmp_path: Path
) -> None:
    fitter = tmp_path / "on_gpu.py"
    fitter.write_text(
        f"{HEADER}from os import environ\n\n"
        "class OnGpu:\n    name, extra, version = 'on-gpu', None, '1'\n"
        "    def settings(self): return {}\n"
        "    def skip(self, observed):\n"
        "        seen = ('CUDA_VISIBLE_DEVICES', 'MMM_TEST_PREPARED')\n"
        "        return ' '.join(environ.get(name, 'none') for name in seen)\n"
        "    def fit(self, observed, budget, seed): ...\n"
    )
    asked = order(fitter, claims=Claims(gpus=1))
    assert dispatcher.perform(asked, lambda phase: None, lambda: False).status is None
    assert json.loads((asked.directory / "fit.json").read_text())["reason"] == "0 yes"


def test_gpu_that_no_node_has_is_refused(
    dispatcher: Dispatcher, order: Callable[..., Order]
) -> None:
    asked = order(FITTERS / "good.py", claims=Claims(memory_mb=100, gpus=2))
    with pytest.raises(UserError, match=r"offers 1 cores, 100 MB, 2 GPU; nodes: 2 cores, .* 1 GPU"):
        dispatcher.perform(asked, print, lambda: False)


def test_many_fits_share_tasks_and_keep_their_own_limits(
    dispatcher: Dispatcher, tmp_path: Path
) -> None:
    batch = []
    for name in ("good", "sleeping", "crashing", "good"):
        folder = tmp_path / f"{len(batch)}"
        folder.mkdir()
        limit = 2.0 if name == "sleeping" else None
        batch.append(make_order(folder, FITTERS / f"{name}.py", timeout=limit))
    events = [event for gathered in work(load(batch)) for event in gathered]
    endings = {event.place: event.ending for event in events if event.ending is not None}
    assert [endings[place].status for place in range(4)] == [None, "timeout", "error", None]
    assert "fit.nc" in next(event.files for event in events if event.place == 3 and event.files)
    servers_of_node().close()


def test_answers_are_checked_on_the_node_and_lies_left_to_the_driver(
    tmp_path: Path,
) -> None:
    liar = tmp_path / "liar.py"
    lie = "        fit.posterior['roas'] = 2 * fit.posterior['roas']\n"
    liar.write_text(
        "import runpy\n"
        f"Good = runpy.run_path({str(FITTERS / 'good.py')!r})['LeastSquares']\n\n"
        "class Liar(Good):\n    name = 'liar'\n"
        "    def fit(self, observed, budget, seed):\n"
        f"        fit = super().fit(observed, budget, seed)\n{lie}        return fit\n"
    )
    checked = []
    for fitter in (FITTERS / "good.py", liar):
        folder = tmp_path / fitter.stem
        folder.mkdir()
        given = load([make_order(folder, fitter)])
        checked += [e.ending.checked for told in work(given) for e in told if e.ending]
    servers_of_node().close()
    assert checked == [True, False]


def test_fitter_file_travels_to_where_it_is_not(
    order: Callable[..., Order], tmp_path: Path
) -> None:
    fitter = tmp_path / "own.py"
    shutil.copy(FITTERS / "good.py", fitter)
    asked = order(fitter)
    parcel = pack(asked)
    fitter.unlink()
    place = tmp_path / "node"
    place.mkdir()
    assert asked.data is not None
    laid_out = unpack(parcel, asked.data, place)
    assert laid_out.job is not None
    target = laid_out.job["target"]
    assert target == str(place / "own.py")
    assert Path(target).read_bytes() == (FITTERS / "good.py").read_bytes()
    assert laid_out.memory_limit is not None
    laid_out.lay_out()
    assert {path.name for path in laid_out.directory.iterdir()} == {"job.json", "observed.nc"}


def read(data: Visible) -> xr.Dataset:
    """As a worker does."""
    with xr.open_dataset(io.BytesIO(data.netcdf()), engine="h5netcdf") as file:
        return file.load()


def test_data_travel_once_and_are_laid_out_as_here() -> None:
    data = Visible("told", tiny_observed(), "family")
    shipped = Shipped()
    assert isinstance(shipped.put(data), dict)  # small: with the task
    large = Visible("large", tiny_dataset(n_weeks=4000).observed)
    assert large.nbytes > SMALL
    assert shipped.put(large) is shipped.put(large)
    for each in (data, large):
        given = Load(parcels=[], data={each.key: (shipped.put(each), each.family)})
        arrived = data_of(given, each.key)
        for one, other in zip(map(read, (arrived, each)), [each.half] * 2, strict=True):
            xr.testing.assert_identical(one, other)
        assert data_of(Load(parcels=[], data={}), each.key) is arrived  # of this process


def test_nodes_put_answers_into_the_bucket_and_the_driver_brings_what_is_looked_at(
    s3_server: str, tmp_path: Path
) -> None:
    mirror = Mirror(tmp_path / "mirror", url=f"s3://{BUCKET}/nodes")
    (there,) = walk(mirror, "good", executor="ray")
    assert there.fresh
    assert there.fit.status == "ok"
    assert not (mirror / "fits").exists()  # not through this process
    with there.fit.tree() as tree:
        assert "roas" in tree["posterior"]
    assert (mirror / "fits").exists()
    (again,) = walk(mirror, "good", executor="ray")
    assert not again.fresh


def test_answers_of_nodes_without_the_buckets_keys_go_through_the_driver(tmp_path: Path) -> None:
    def seal(*given: object) -> dict[str, object]:
        raise UserError("no credentials here")

    folder = tmp_path / "job"
    folder.mkdir()
    given = load([make_order(folder, FITTERS / "good.py", seal=seal)])
    (end,) = [e for told in work(given) for e in told if e.ending]
    servers_of_node().close()
    assert end.ending is not None
    assert end.ending.sealed is None
    assert {"fit.json", "fit.nc"} <= end.files.keys()
