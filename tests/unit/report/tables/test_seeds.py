"""Over seeds: the spread of the scores, pairs on shared seeds, nothing proved by one seed."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rich.console import Console
from scipy import stats

from mmm_benchmark.report.plots.draw import _apart, _of_datasets
from mmm_benchmark.report.plots.seeds import spread_over_seeds
from mmm_benchmark.report.tables import print_tables, read_tables, write_tables
from mmm_benchmark.report.tables.build import build_tables
from mmm_benchmark.report.tables.seeds import FOLLOWED, OTHER_DATA, SEVERAL, paired_difference


@pytest.fixture
def run(make_world, make_fit, make_failure):
    """Three seeds of one small world; 'late' fails on the last, 'point' has no draws."""

    def make(seeds=(1, 2, 3)):
        fits = []
        for seed in seeds:
            world = make_world(geos=1, weeks=20, channels=3, seed=seed)
            fits += [
                (make_fit(world, "oracle", error=0.1, draws=20, seed=seed), world),
                (make_fit(world, "good", error=0.2, draws=20, seed=seed), world),
                (make_fit(world, "point", error=0.5, draws=1, seed=seed), world),
            ]
            late = make_failure(world, "late", "timeout", "took longer than 3 s")
            if seed != seeds[-1]:
                late = make_fit(world, "late", error=0.3, draws=20, seed=seed)
            fits.append((late, world))
        return fits

    return make


def of(frame: pd.DataFrame, **values: str) -> pd.Series:
    for name, value in values.items():
        frame = frame[frame[name] == value]
    assert len(frame) == 1
    return frame.iloc[0]


def crps_of(frames, fitter: str) -> np.ndarray:
    frame = frames["contribution_recovery"].query("geo == 'all' and channel == 'all'")
    return frame[frame["fitter"] == fitter]["crps"].to_numpy(float)


def test_summary_is_the_spread_of_the_rows_over_all(run) -> None:
    frames = build_tables(run())
    values = crps_of(frames, "good")
    row = of(frames["seed_summary"], fitter="good", table="contribution_recovery", measure="crps")
    assert row["n_seeds"] == 3
    assert row["n_failed"] == 0
    assert row["mean"] == pytest.approx(values.mean())
    assert row["sd"] == pytest.approx(values.std(ddof=1))
    assert row["standard_error"] == pytest.approx(values.std(ddof=1) / np.sqrt(3))
    assert (row["lowest"], row["highest"]) == (values.min(), values.max())
    followed = frames["seed_summary"].query("fitter == 'good'")
    pairs = {(table, measure) for table, measures in FOLLOWED.items() for measure in measures}
    assert set(zip(followed["table"], followed["measure"], strict=True)) == pairs


def test_failures_and_undefined_measures_are_counted_not_hidden(run) -> None:
    summary = build_tables(run())["seed_summary"]
    late = of(summary, fitter="late", table="contribution_recovery", measure="crps")
    assert (late["n_seeds"], late["n_failed"]) == (2, 1)
    seconds = of(summary, fitter="late", table="runtime_comparison", measure="total_s")
    assert seconds["n_seeds"] == 2  # the time of a failure is not the time of a fit
    coverage = of(summary, fitter="point", table="contribution_recovery", measure="coverage_90")
    assert coverage["n_seeds"] == 0
    assert np.isnan(coverage["mean"])


def test_pairs_use_the_seeds_both_fitted(run) -> None:
    frames = build_tables(run())
    good, late = crps_of(frames, "good")[:2], crps_of(frames, "late")[:2]
    row = of(frames["paired_comparison"], first="good", second="late")
    assert (row["n_seeds"], row["n_failed"]) == (2, 1)
    assert row["first_crps"] == pytest.approx(good.mean())
    assert row["difference"] == pytest.approx((good - late).mean())
    assert row["first_better"] + row["second_better"] == 2
    assert "1 fitted by one of the two only" in row["note"]
    assert len(frames["paired_comparison"]) == 6


def test_interval_is_that_of_the_paired_t_test() -> None:
    rng = np.random.default_rng(0)
    first, second = rng.uniform(1, 2, 7), rng.uniform(1, 2, 7)
    row = paired_difference(first, second)
    expected = stats.ttest_rel(first, second).confidence_interval(0.9)
    assert (row["difference_lower"], row["difference_upper"]) == pytest.approx(tuple(expected))
    logs = stats.ttest_rel(np.log(first), np.log(second)).confidence_interval(0.9)
    assert (row["ratio_lower"], row["ratio_upper"]) == pytest.approx(tuple(np.exp(logs)))
    swapped = paired_difference(second, first)
    assert swapped["ratio"] == pytest.approx(1 / row["ratio"])
    assert swapped["second_better"] == row["first_better"]


def test_one_seed_has_no_spread(run, tmp_path: Path) -> None:
    frames = write_tables(run((1, 2))[:3], tmp_path)
    summary, pairs = frames["seed_summary"], frames["paired_comparison"]
    assert set(summary["n_seeds"]) == {0.0, 1.0}
    assert summary[["sd", "standard_error"]].isna().all(axis=None)
    assert pairs[["standard_error", "difference_lower", "ratio_upper"]].isna().all(axis=None)
    assert pairs[["difference", "ratio"]].notna().all(axis=None)
    for name in ("seed_summary", "paired_comparison"):
        pd.testing.assert_frame_equal(read_tables(tmp_path)[name], frames[name], rtol=1e-5)


def test_fits_of_one_fitter_never_share_a_row(make_world, make_fit, tmp_path: Path) -> None:
    world = make_world(geos=1, weeks=20, channels=3, seed=1)
    short, long = (make_fit(world, "good", draws=draws, seed=draws) for draws in (10, 20))
    short.key, long.key = "a" * 24, "b" * 24
    fits = [(make_fit(world, "oracle", draws=20), world), (short, world), (long, world)]
    frames = write_tables(fits, tmp_path / "summary")
    assert list(frames["runtime_comparison"]["fit"]) == ["oracle00", "aaaaaaaa", "bbbbbbbb"]
    row = of(frames["seed_summary"], fitter="good", table="contribution_recovery", measure="crps")
    assert row["n_seeds"] == 1
    assert row["mean"] == crps_of(frames, "good")[1]
    assert row["note"] == SEVERAL
    console = Console(file=io.StringIO(), width=100)
    print_tables(frames, console)
    assert "good (aaaaaaaa)" in console.file.getvalue()
    planned = [picture.stem.name for picture in _apart(_of_datasets(fits[1:], tmp_path))]
    assert {f"contributions_good_seed1_{key * 8}" for key in "ab"} <= set(planned)
    assert len(set(planned)) == len(planned)


def test_other_data_of_the_same_name_and_seed_is_no_reference(make_world, make_fit) -> None:
    world, other = (make_world(geos=1, weeks=20, channels=3, seed=1) for _ in range(2))
    oracle, good = make_fit(world, "oracle", draws=20), make_fit(other, "good", draws=20)
    again = make_fit(world, "good", draws=20)
    good.job["dataset"]["id"], good.key = "toy-1-other", "c" * 24
    frames = build_tables([(oracle, world), (good, other), (again, world)])
    recovery = frames["contribution_recovery"]
    assert recovery[recovery["fit"] == "c" * 8]["skill_vs_oracle"].isna().all()
    assert recovery[recovery["fit"] != "c" * 8]["skill_vs_oracle"].notna().all()
    row = of(frames["seed_summary"], fitter="good", table="contribution_recovery", measure="crps")
    assert row["note"] == OTHER_DATA
    pair = of(frames["paired_comparison"], first="oracle", second="good")
    assert pair["n_seeds"] == 1


def test_screen_shows_several_seeds_and_only_those(run) -> None:
    texts = []
    for fits in (run()[:4], run()):
        console = Console(file=io.StringIO(), width=100)
        print_tables(build_tables(fits), console)
        texts.append(console.file.getvalue())
        assert max(map(len, texts[-1].splitlines())) <= 100
        assert "…" not in texts[-1]
    assert "Over seeds" not in texts[0]
    assert "Over seeds" in texts[1]
    assert "of 3" in texts[1]
    assert "±" in texts[1]


def test_picture_of_the_spread_needs_several_seeds(run) -> None:
    assert spread_over_seeds(build_tables(run()[:4])) is None
    figure = spread_over_seeds(build_tables(run()))
    assert figure is not None
    left, _ = figure.axes
    fitters = [label.get_text() for label in left.get_yticklabels()]
    assert sorted(fitters) == ["good", "late", "oracle*", "point"]
    assert fitters[0] == "oracle*"  # the best on top
