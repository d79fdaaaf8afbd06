"""A worker's files are taken on trust of nothing: what is no answer is stored as an error."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from mmm_benchmark.fit import Fit
from mmm_benchmark.run.answer_checks import broken_promises
from mmm_benchmark.run.answer_file import BadAnswerError, check_answer, read_record
from mmm_benchmark.run.executors import Ending, Order
from mmm_benchmark.run.tasks import Policy
from mmm_benchmark.run.worker import write_fit
from tests.factories import tiny_answer, tiny_observed
from tests.unit.run.test_runner import GONE_WELL, JOB, Executor, settle

SOUND = {"status": "ok", "reason": None, "total_s": 1.0, "peak_rss_mb": 1.0}


def scaled(name: str, factor: float) -> Callable[[xr.Dataset], xr.Dataset]:
    return lambda answer: answer.assign({name: answer[name] * factor})


LIES: dict[str, tuple[Callable[[xr.Dataset], xr.Dataset], str]] = {
    "parts": (scaled("contribution", 1.1), "miss expected_sales"),
    "roas": (scaled("roas", 1.5), "roas must be"),
    "curve": (scaled("response_curve", 1.5), "response_curve at multiplier 1"),
    "nan": (scaled("baseline", np.nan), "NaN or infinite"),
    "overflow": (scaled("marginal_roas", 1e60), "NaN or infinite"),
    "absurd": (scaled("marginal_roas", 1e30), "times all sales"),
    "missing": (lambda answer: answer.drop_vars("roas"), "'roas' is missing"),
    "dims": (lambda answer: answer.transpose("draw", ...), "has dims"),
    "no draws": (lambda answer: answer.isel(draw=slice(0, 0)), "keeps 0 draws"),
    "too many": (lambda answer: answer.isel(draw=np.zeros(501, int)), "keeps 501 draws"),
    "channels": (lambda answer: answer.isel(channel=slice(None, None, -1)), "in that order"),
    "multipliers": (
        lambda answer: answer.isel(spend_multiplier=slice(None, None, -1)),
        "'spend_multiplier' is",
    ),
    "unlabelled": (lambda answer: answer.drop_vars("date"), "has no coordinate 'date'"),
}


def test_a_sound_answer_breaks_no_promise_even_when_poor() -> None:
    answer = tiny_answer()
    assert not list(broken_promises(Fit(posterior=answer), tiny_observed()))
    poor = answer.assign({name: 30 * answer[name] for name in answer.data_vars if name != "chain"})
    assert not list(broken_promises(Fit(posterior=poor), tiny_observed()))


@pytest.mark.filterwarnings("ignore:overflow encountered")
@pytest.mark.parametrize("lie", LIES)
def test_a_run_stores_no_answer_that_check_fitter_would_refuse(tmp_path: Path, lie: str) -> None:
    change, said = LIES[lie]
    (outcome,) = settle(tmp_path, JOB, executor=Executor(answer=change(tiny_answer())))
    assert outcome.fit.status == "error"
    assert said in outcome.fit.record["reason"]
    assert not (outcome.fit.path / "fit.nc").exists()


def test_a_predictive_of_other_weeks_is_refused(tmp_path: Path) -> None:
    sales = tiny_answer()["expected_sales"].isel(date=slice(5, None)).rename("sales").to_dataset()
    write_fit(Fit(posterior=tiny_answer(), posterior_predictive=sales), tmp_path / "fit.nc")
    with pytest.raises(BadAnswerError, match="posterior predictive has another 'date'"):
        check_answer(tmp_path / "fit.nc", tiny_observed())


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "cannot be read"),
        ("[" * 100_000, "cannot be read"),
        ("[1]", "list, not an object"),
        ("null", "NoneType, not an object"),
        (b"\xff\xfe", "cannot be read"),
        ({**SOUND, "status": "splendid"}, "'status'"),
        ({**SOUND, "status": ["ok"]}, "'status'"),
        ({**SOUND, "reason": "none"}, "'reason'"),
        ({**SOUND, "status": "error"}, "'reason'"),
        ({**SOUND, "total_s": float("nan")}, "'total_s'"),
        ({**SOUND, "total_s": "fast"}, "'total_s'"),
        ({**SOUND, "total_s": 1e9}, "'total_s'"),
        ({**SOUND, "total_s": -1}, "'total_s'"),
        ({**SOUND, "seconds": [1]}, "'seconds'"),
        ({**SOUND, "diagnostics": {"r_hat": "good"}}, "'diagnostics'"),
        ({**SOUND, "checks": {"converged": 1}}, "'checks'"),
        ({**SOUND, "notes": "a"}, "'notes'"),
        ({**SOUND, "versions": {"numpy": 2}}, "'versions'"),
    ],
)
def test_a_record_of_another_shape_is_no_record(tmp_path: Path, content: Any, said: str) -> None:
    path = tmp_path / "fit.json"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(content if isinstance(content, str) else json.dumps(content))
    with pytest.raises(BadAnswerError, match=r"^the worker's fit\.json ") as caught:
        read_record(path, longest=100.0)
    assert said in str(caught.value)


@dataclass
class Vandal:
    """A worker that leaves its folder in a state of its own."""

    wreck: Callable[[Path], object]
    ending: Ending = GONE_WELL

    def __call__(self, order: Order, *rest: Any) -> Ending:
        Executor()(order, lambda phase: None, lambda: False)
        self.wreck(order.directory)
        return self.ending


def swap(name: str, make: Callable[[Path], object]) -> Callable[[Path], object]:
    def wreck(folder: Path) -> None:
        (folder / name).unlink(missing_ok=True)
        make(folder / name)

    return wreck


def rmtree(folder: Path) -> None:
    import shutil

    shutil.rmtree(folder)


def shut(folder: Path) -> None:
    (folder / "deep" / "deeper").mkdir(parents=True)
    (folder / "link").symlink_to("/")
    folder.chmod(0o500)


@pytest.mark.parametrize(
    ("wreck", "status"),
    [
        (swap("fit.nc", lambda path: path.write_bytes(b"draws")), "error"),
        (swap("fit.nc", lambda path: path.symlink_to("/dev/zero")), "error"),
        (swap("fit.nc", lambda path: None), "error"),
        (swap("fit.nc", lambda path: path.mkdir()), "error"),
        (swap("fit.json", lambda path: path.symlink_to("/dev/zero")), "error"),
        (swap("fit.json", lambda path: os.mkfifo(path)), "error"),
        (swap("log.txt", lambda path: path.symlink_to("/dev/zero")), "ok"),
        (swap("job.json", lambda path: path.symlink_to("/nowhere")), "ok"),
        (rmtree, "error"),
        (shut, "ok"),
    ],
)
def test_whatever_a_worker_leaves_a_sealed_fit_comes_of_it(
    tmp_path: Path, wreck: Callable[[Path], object], status: str
) -> None:
    (outcome,) = settle(tmp_path, JOB, executor=Vandal(wreck))
    assert outcome.fit.status == status
    assert {path.name for path in outcome.fit.path.iterdir()} <= {
        *("job.json", "fit.json", "fit.nc", "log.txt", "manifest.json")
    }
    (again,) = settle(tmp_path, JOB, executor=Executor())
    assert not again.fresh


@pytest.mark.parametrize(
    ("reason", "meaning"),
    [
        ("OSError: [Errno 28] No space left on device", "no room left on the disk"),
        ("RuntimeError: Can't write (errno = 27, File too large)", "size limit"),
        ("OSError: [Errno 24] Too many open files", "no file handles left"),
        ("RuntimeError: can't start new thread", "allows no more threads"),
    ],
)
def test_want_of_room_or_handles_is_never_trusted(
    tmp_path: Path, reason: str, meaning: str
) -> None:
    (outcome,) = settle(
        tmp_path, JOB, executor=Executor(record={"status": "error", "reason": reason})
    )
    assert meaning in outcome.fit.record["reason"]
    (again,) = settle(tmp_path, JOB, executor=Executor())
    assert again.fresh
    assert again.fit.ok
    (third,) = settle(
        tmp_path, JOB, policy=Policy(force=True),
        executor=Executor(record={"status": "error", "reason": reason}),
    )  # fmt: skip
    assert third.lost is not None
    assert third.fit.ok
