"""What becomes of fits that go well and of fits that do not, in real worker processes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from mmm_benchmark.run.runner import Outcome
from mmm_benchmark.store.datasets import load_dataset
from mmm_benchmark.store.fits import Store
from tests.external.road import record_of, walk
from tests.factories import tiny_dataset

FAILING = ("raising", "hungry", "crashing", "leaving", "printing", "peeking", "broken")
EXPECTED = {
    "raising": ("error", "ValueError: the matrix is singular"),
    "hungry": ("memory", "more than the limit of 400 MB"),
    "crashing": ("error", "crashed (SIGABRT)"),
    "leaving": ("error", "left without an answer"),
    "printing": ("error", "RuntimeError: enough"),
    "broken": ("error", "variable 'contribution' is missing"),
}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("results")


@pytest.fixture(scope="module")
def outcomes(results: Path) -> dict[str, Outcome]:
    names = ("good", "declining", *FAILING)
    settled = walk(results, *names, memory_limit=400.0, jobs=2)
    return {outcome.job.fitter: outcome for outcome in settled}


def test_good_fit_is_stored_whole(outcomes: dict[str, Outcome]) -> None:
    fit, truth = outcomes["good"].fit, tiny_dataset().truth
    assert fit.ok
    assert truth is not None
    posterior = fit.tree()["posterior"].to_dataset()
    assert posterior["contribution"].dtype == np.float32
    found = posterior["contribution"].isel(chain=0, draw=0).transpose(*truth["contribution"].dims)
    np.testing.assert_allclose(found, truth["contribution"], rtol=0.2)
    record = fit.record
    assert record["total_s"] >= record["seconds"]["sample"] > 0
    assert record["process_s"] > record["total_s"]
    assert 20 < record["peak_rss_mb"] < 2000
    assert record["stored_mb"] > 0
    assert record["parameter_counts"] == {"effects": 2}
    assert "a line on standard error" in (fit.path / "log.txt").read_text()


@pytest.mark.parametrize("name", EXPECTED)
def test_failure_is_a_result_with_its_reason(outcomes: dict[str, Outcome], name: str) -> None:
    status, reason = EXPECTED[name]
    outcome = outcomes[name]
    assert outcome.failed
    assert outcome.fit.status == status
    assert reason in outcome.fit.record["reason"]
    assert "\n" not in outcome.fit.record["reason"]
    assert not (outcome.fit.path / "fit.nc").exists()


def test_declined_dataset_is_no_failure(outcomes: dict[str, Outcome]) -> None:
    assert outcomes["declining"].fit.status == "skipped"
    assert outcomes["declining"].fit.record["reason"] == "needs at least a million weeks"
    assert not outcomes["declining"].failed


def test_log_of_a_failure_is_kept_but_not_all_of_it(outcomes: dict[str, Outcome]) -> None:
    fit = outcomes["printing"].fit
    assert "line 99999" in fit.record["log_tail"]
    assert fit.record["log_tail"].count("\n") < 20
    assert (fit.path / "log.txt").stat().st_size <= 200_000


def test_worker_sees_no_truth_and_no_name_of_the_world(outcomes: dict[str, Outcome]) -> None:
    reason = outcomes["peeking"].fit.record["reason"]
    files, fields, variables, attributes = json.loads(reason.removeprefix("RuntimeError: "))
    assert files == ["events.jsonl", "job.json", "log.txt", "observed.nc"]
    assert fields == ["arguments", "budget", "fitter", "packages", "seed", "target"]
    assert variables == ["controls", "population", "sales", "spend"]
    assert attributes == {}


def test_dataset_is_kept_with_its_truth(outcomes: dict[str, Outcome], results: Path) -> None:
    dataset = load_dataset(results, outcomes["good"].job.dataset.id)
    assert dataset.truth is not None
    np.testing.assert_array_equal(dataset.observed["sales"], tiny_dataset().observed["sales"])


def test_nothing_unfinished_is_left(outcomes: dict[str, Outcome], results: Path) -> None:
    assert not list((results / ".staging").iterdir())
    assert not list((results / ".locks").iterdir())


def test_same_run_again_fits_nothing(outcomes: dict[str, Outcome], results: Path) -> None:
    again = walk(results, "good", "declining", "raising", "hungry", memory_limit=400.0)
    assert [outcome.fresh for outcome in again] == [False] * 4
    assert [record_of(outcome)["status"] for outcome in again] == [
        *("ok", "skipped", "error", "memory")
    ]


@pytest.mark.parametrize("damage", ["truncated", "altered"])
def test_damaged_fit_is_reported_and_fitted_again(
    outcomes: dict[str, Outcome], results: Path, damage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    key = outcomes["good"].fit.key
    draws = results / "fits" / key / "fit.nc"
    content = draws.read_bytes()
    draws.write_bytes(content[:-100] if damage == "truncated" else b"?" + content[1:])
    (again,) = walk(results, "good")
    assert again.fresh
    assert again.fit.key == key
    assert f"stored fit {key} is damaged" in capsys.readouterr().out
    assert Store(results).get(key) is not None
