"""Scores are kept as long as they are true, and never any longer."""

from __future__ import annotations

import json
import subprocess
import sys

import pandas as pd
import pytest

from mmm_benchmark.report.kept_scores import SCORES, KeptScores, scorer
from mmm_benchmark.report.tables.build import build_tables
from tests.fixtures import scored_worlds


@pytest.fixture
def fit(toy, make_fit):
    fit = make_fit(toy)
    fit.record["finished_at"] = "2026-01-01"
    return fit


def unreadable():
    raise AssertionError("scored again")


def test_a_kept_fit_is_not_read_again_and_gives_the_same_tables(toy, fit, tmp_path) -> None:
    fresh = build_tables([(fit, toy)], score=scorer())
    build_tables([(fit, toy)], score=KeptScores(tmp_path))
    fit.tree = unreadable
    kept = build_tables([(fit, toy)], score=KeptScores(tmp_path))
    for name, frame in fresh.items():
        pd.testing.assert_frame_equal(kept[name], frame, check_exact=True)


def test_names_and_marks_are_those_of_today(toy, fit, tmp_path) -> None:
    KeptScores(tmp_path)(fit, toy, False)
    fit.tree = unreadable
    fit.job["dataset"]["name"], fit.job["reference"] = "renamed", "knows much"
    (row,) = KeptScores(tmp_path)(fit, toy, False)["runtime_comparison"]
    assert (row["dataset"], row["reference"]) == ("renamed", "knows much")


@pytest.mark.parametrize("change", ["refitted", "truth", "code", "draws", "damaged"])
def test_what_is_no_longer_true_is_scored_again(toy, fit, tmp_path, monkeypatch, change) -> None:
    keep = KeptScores(tmp_path)
    keep(fit, toy, False)
    (path,) = (tmp_path / SCORES).iterdir()
    fit.tree = unreadable
    if change == "refitted":
        fit.record["finished_at"] = "2026-01-02"
    if change == "truth":
        folder = tmp_path / "datasets" / fit.job["dataset"]["id"]
        folder.mkdir(parents=True)
        (folder / "manifest.json").write_text("{}")
    if change == "code":
        monkeypatch.setattr("mmm_benchmark.report.kept_scores.scoring_stamp", lambda: "other")
    if change == "damaged":
        path.write_text(path.read_text()[:-200])
    with pytest.raises(AssertionError, match="scored again"):
        KeptScores(tmp_path)(fit, toy, change == "draws")


def test_a_place_that_takes_no_file_costs_no_result(toy, fit, tmp_path) -> None:
    (tmp_path / SCORES).write_text("a file where the folder would be")
    assert KeptScores(tmp_path)(fit, toy, False)["roas_recovery"]


def test_kept_scores_need_neither_scipy_nor_the_draws(toy, fit, tmp_path) -> None:
    """Tables of what was scored before stay light."""
    KeptScores(tmp_path)(fit, toy, False)
    fakes = scored_worlds.__file__
    script = f"""
import importlib.util, json, pathlib, sys
import pandas, xarray
theirs = set(sys.modules)  # old versions of xarray import scipy themselves
spec = importlib.util.spec_from_file_location("fakes", {fakes!r})
fakes = importlib.util.module_from_spec(spec)
sys.modules["fakes"] = fakes
spec.loader.exec_module(fakes)
from mmm_benchmark.report.kept_scores import KeptScores
from mmm_benchmark.report.tables import write_tables
toy = fakes.world()
fit = fakes.fake_fit(toy)
fit.record["finished_at"] = "2026-01-01"
def unreadable():
    raise AssertionError("scored again")
fit.tree = unreadable
out = pathlib.Path({str(tmp_path)!r})
write_tables([(fit, toy)], out / "summary", score=KeptScores(out))
heavy = {{"matplotlib", "seaborn", "scipy", "arviz_stats"}}
print(json.dumps(sorted((set(sys.modules) - theirs) & heavy)))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == []
