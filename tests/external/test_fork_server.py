"""Workers forked from a server: isolated, limited, measured and ended as workers on their own."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from mmm_benchmark.run.executors import Ending, Order
from mmm_benchmark.run.executors.forked import Server, Servers, forking
from mmm_benchmark.run.shared_imports import IMPORTS
from mmm_benchmark.store.datasets import write_observed
from tests.external.road import FITTERS, record_of, walk
from tests.factories import tiny_observed

BASE = IMPORTS[None]


def servers_here() -> list[psutil.Process]:
    living = [child for child in psutil.Process().children() if alive(child.pid)]
    return [child for child in living if "mmm_benchmark.run.fork_server" in child.cmdline()]


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_an_answer_and_its_record_are_those_of_a_process_of_its_own(tmp_path: Path) -> None:
    (shared,) = walk(tmp_path / "shared", "good", imports="shared")
    (own,) = walk(tmp_path / "own", "good", imports="own")
    one, other = (o.fit.tree()["posterior"].to_dataset() for o in (shared, own))
    for name in one.data_vars:
        np.testing.assert_array_equal(one[name], other[name])
    assert record_of(shared)["imports"] == "shared"
    assert record_of(own)["imports"] == "own"
    ratio = record_of(shared)["peak_rss_mb"] / record_of(own)["peak_rss_mb"]
    assert 0.7 < ratio < 1.5  # what the server had imported counts, and counts once
    assert not servers_here()


def test_import_time_of_the_server_is_reported_with_each_fit(tmp_path: Path) -> None:
    with forking() as perform:
        endings = [ending_of(perform, order(tmp_path / name, imports=BASE)) for name in "ab"]
    assert endings[0].imported_s == endings[1].imported_s > 0


def order(folder: Path, **more: object) -> Order:
    folder.mkdir(parents=True)
    write_observed(tiny_observed(), folder / "observed.nc", None)
    fitter = str(FITTERS / f"{more.pop('fitter', 'good')}.py")
    orders = {
        "fitter": "x", "target": fitter, "arguments": {}, "budget": {}, "seed": 1, "packages": [],
    }  # fmt: skip
    (folder / "job.json").write_text(json.dumps(orders))
    return Order(directory=folder, python=Path(sys.executable), threads=1, **more)  # type: ignore[arg-type]


def ending_of(perform: Callable[..., Ending], order: Order) -> Ending:
    return perform(order, lambda phase: None, lambda: False)


@pytest.fixture
def servers() -> Iterator[Servers]:
    servers = Servers()
    yield servers
    servers.close()
    assert not servers_here()


def test_a_server_that_was_killed_costs_no_fit(tmp_path: Path, servers: Servers) -> None:
    assert ending_of(servers.perform, order(tmp_path / "a")).status is None
    (server,) = servers_here()
    server.kill()
    psutil.wait_procs([server], timeout=10)
    assert ending_of(servers.perform, order(tmp_path / "b")).status is None
    assert (tmp_path / "b" / "fit.nc").exists()


def test_a_worker_outlives_its_server(
    tmp_path: Path, servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = tmp_path / "gate"
    monkeypatch.setenv("MMM_TEST_GATE", str(gate))

    def kill_the_server(phase: str) -> None:
        if phase == "build":
            servers_here()[0].kill()
            gate.touch()

    ending = servers.perform(
        order(tmp_path / "a", fitter="patient"), kill_the_server, lambda: False
    )
    assert ending.status is None
    assert (tmp_path / "a" / "fit.nc").exists()


def test_a_server_that_cannot_import_is_done_without(tmp_path: Path, servers: Servers) -> None:
    ending = ending_of(servers.perform, order(tmp_path / "a", imports=("no_such_module",)))
    assert ending.status is None
    assert ending.imported_s == 0
    assert (tmp_path / "a" / "fit.nc").exists()


def test_importing_starts_no_thread_that_a_fork_would_lose(tmp_path: Path) -> None:
    server = Server(order(tmp_path / "a", imports=BASE))
    tasks = Path(f"/proc/{server._process.pid}/task")
    names = {(task / "comm").read_text().strip() for task in tasks.iterdir()}
    server.close()
    # the allocator of pyarrow, which pandas imports, takes care of forks itself
    assert names - {"jemalloc_bg_thd"} <= {"python", "python3"}


@pytest.mark.parametrize("imports", ["shared", "own"])
@pytest.mark.parametrize("fitter", ["daemon", "daemon_sleeping"])
def test_what_a_fitter_leaves_running_ends_with_its_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, imports: str, fitter: str
) -> None:
    told = tmp_path / "pids"
    monkeypatch.setenv("MMM_TEST_PIDS", str(told))
    timeout = 20.0 if fitter == "daemon_sleeping" else None
    (outcome,) = walk(tmp_path / "results", fitter, imports=imports, timeout=timeout)
    assert record_of(outcome)["status"] == ("error" if timeout is None else "timeout")
    pids = [int(pid) for pid in told.read_text().split()]
    assert len(pids) == 2
    assert not [pid for pid in pids if alive(pid)]


@pytest.mark.parametrize("imports", ["shared", "own"])
def test_a_killed_keeper_is_a_circumstance_and_takes_its_worker_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, imports: str
) -> None:
    told = tmp_path / "pids"
    monkeypatch.setenv("MMM_TEST_PIDS", str(told))
    (outcome,) = walk(tmp_path / "results", "keeper_killing", imports=imports)
    assert record_of(outcome)["status"] == "killed"
    until = time.monotonic() + 10
    while alive(int(told.read_text())) and time.monotonic() < until:
        time.sleep(0.05)
    assert not alive(int(told.read_text()))
    (again,) = walk(tmp_path / "results", "keeper_killing", imports=imports)
    assert again.fresh
