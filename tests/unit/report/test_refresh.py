"""A stamp never blocks a run: of another shape it is no stamp, and all is made again."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from rich.console import Console

from mmm_benchmark.api import redraw
from mmm_benchmark.plan.datasets import reference_to
from mmm_benchmark.plan.options import Options
from mmm_benchmark.report.refresh import STAMP, SUMMARY, summarise
from mmm_benchmark.report.tables.screen import _print_failures
from mmm_benchmark.run.runner import Outcome
from mmm_benchmark.store.datasets import keep
from mmm_benchmark.store.fits import Store
from tests.factories import tiny_dataset
from tests.unit.run.test_runner import JOB, TIMED_OUT, Executor, settle


@pytest.fixture
def settled(tmp_path: Path) -> tuple[Path, list[Outcome]]:
    dataset = tiny_dataset()
    ref = reference_to(dataset)
    staging = Store(tmp_path).staging()
    keep(dataset, ref.id, tmp_path, staging)
    staging.close()
    outcomes = settle(tmp_path, replace(JOB, dataset=ref), executor=Executor())
    return tmp_path, outcomes


def summary(results: Path, outcomes: list[Outcome]) -> None:
    summarise([outcome.fit for outcome in outcomes], results, bayesian=False, pictures=False)


@pytest.mark.parametrize(
    "write",
    [
        *(
            lambda path, text=text: path.write_text(text)
            for text in ("[]", "null", "{}", "[" * 100_000, '{"files": 3}', '{"files": {"a": 1}}')
        ),
        lambda path: path.symlink_to("/dev/zero"),
        os.mkfifo,
        Path.mkdir,
    ],
)
def test_a_stamp_of_another_shape_is_made_anew(
    settled: tuple[Path, list[Outcome]], write: Callable[[Path], object]
) -> None:
    results, outcomes = settled
    summary(results, outcomes)
    stamp = results / SUMMARY / STAMP
    stamp.unlink()
    write(stamp)
    summary(results, outcomes)
    assert isinstance(json.loads(stamp.read_text())["files"], dict)


def test_a_table_of_the_same_size_with_another_content_is_made_again(
    settled: tuple[Path, list[Outcome]],
) -> None:
    results, outcomes = settled
    summary(results, outcomes)
    table = results / SUMMARY / "roas_recovery.csv"
    content = table.read_bytes()
    table.write_bytes(content[:-2] + b"9\n")
    summary(results, outcomes)
    assert table.read_bytes() == content


def test_a_later_failure_hides_no_good_fit(settled: tuple[Path, list[Outcome]]) -> None:
    results, outcomes = settled
    asked = [
        replace(outcomes[0].job, budget=replace(outcomes[0].job.budget, draws=draws))
        for draws in (7, 8)
    ]
    failures = settle(results, *asked, executor=Executor(ending=TIMED_OUT))
    assert not any(each.fit.ok for each in failures)
    options = Options(results=results, plots_only=True, plots=False, page=False)
    found = redraw(options, Store(results))
    assert [fit.key for fit in found.stored.values()] == [outcomes[0].fit.key]
    assert found.failed == {}
    shutil.rmtree(outcomes[0].fit.path)  # nothing good is left: the failure is told
    found = redraw(options, Store(results))
    assert [fit.status for fit in found.stored.values()] == ["timeout"]
    assert len(found.failed) == 1


def test_a_reason_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    common = {"fitter": "one", "status": "error", "reason": "the same"}
    rows = [{"dataset": name, "seed": 1, **common} for name in ("a", "b")]
    rows.append({"dataset": "a", "seed": 1, **common, "reason": "another"})
    _print_failures(pd.DataFrame(rows), Console(width=100))
    said = capsys.readouterr().out
    assert said.count("the same") == 1
    assert "a@1, b@1" in said
    assert "another" in said
