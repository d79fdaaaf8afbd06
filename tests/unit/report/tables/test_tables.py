"""Rows and tables: complete, honest about failures, and free of cancelling errors."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from mmm_benchmark.report.tables import print_tables, read_tables, write_tables
from mmm_benchmark.report.tables.columns import HEAD, OVER_DRAWS, SPREAD, TAIL, columns
from mmm_benchmark.report.tables.plans import PLAN_TABLES
from mmm_benchmark.report.tables.seeds import SEED_TABLES
from mmm_benchmark.report.tables.views import explained
from mmm_benchmark.scoring import TABLES, score_fit
from mmm_benchmark.scoring.contribution import NO_EFFECT
from mmm_benchmark.scoring.leading import leading_of
from mmm_benchmark.scoring.marks import WIDE_PRIOR
from mmm_benchmark.scoring.score import SCORED
from mmm_benchmark.scoring.total import PARTS


def over_all(frame: pd.DataFrame) -> pd.Series:
    """The one row that pools geos and channels."""
    for label in ("geo", "channel"):
        if label in frame:
            frame = frame[frame[label] == "all"]
    assert len(frame) == 1
    return frame.iloc[0]


@pytest.mark.parametrize("bayesian", [False, True])
def test_every_value_has_a_column_and_every_column_a_value(toy, make_fit, bayesian) -> None:
    rows = score_fit(make_fit(toy), toy, bayesian)
    for table in TABLES:
        known = set(columns(table, bayesian))
        made = {name for row in rows[table] for name in row}
        assert made <= known, table
        skill = {name for name in known if name.startswith("skill_vs")}
        nothing_asked = table in ("failures", "holdout_accuracy", "prior_influence")
        assert nothing_asked or known - made == skill, table


def test_tables_are_written_as_csv(toy, make_fit, tmp_path: Path) -> None:
    frames = write_tables([(make_fit(toy), toy)], tmp_path / "summary", bayesian=False)
    assert set(frames) == {*TABLES, *SEED_TABLES, *PLAN_TABLES}
    for name, frame in frames.items():
        assert name in {*SEED_TABLES, *PLAN_TABLES} or list(frame.columns[:4]) == list(HEAD)
        read = pd.read_csv(tmp_path / "summary" / f"{name}.csv")
        assert list(read.columns) == list(frame.columns)
        assert len(read) == len(frame)
    assert sorted(p.name for p in (tmp_path / "summary").iterdir()) == sorted(
        f"{name}.csv" for name in (*TABLES, *SEED_TABLES, *PLAN_TABLES)
    )


def test_rows_cover_every_series_and_every_pool(toy, make_fit) -> None:
    frame = pd.DataFrame(score_fit(make_fit(toy), toy)["contribution_recovery"])
    pairs = set(zip(frame["geo"], frame["channel"], strict=True))
    geos, channels = {"geo_0", "geo_1", "all"}, {"channel-0", "channel-1", "channel-2", "all"}
    assert pairs == {(geo, channel) for geo in geos for channel in channels}
    assert len(frame) == len(pairs)


def test_opposite_errors_do_not_cancel_in_the_row_over_all(toy, make_fit) -> None:
    fit = make_fit(toy, draws=1, error=0.0)
    up_and_down = np.array([1.5, 0.5, 1.0], np.float32)
    posterior = fit.groups["posterior"]
    posterior["contribution"] = posterior["contribution"] * up_and_down
    frame = pd.DataFrame(score_fit(fit, toy)["contribution_recovery"])
    row = over_all(frame)
    size = toy.truth["contribution"].sum(("geo", "date")).to_numpy()
    expected = 0.5 * size[:2].sum() / size.sum()  # over the mean channel
    assert row["bias"] == pytest.approx(expected, rel=1e-5)
    assert row["total_error"] == pytest.approx(expected, rel=1e-5)
    single = frame[(frame["geo"] == "geo_0")].set_index("channel")["bias"]
    assert single[["channel-0", "channel-1"]].to_list() == pytest.approx([0.5, -0.5], rel=1e-5)


@pytest.mark.parametrize("table", sorted(OVER_DRAWS))
def test_a_point_estimate_scores_the_same_over_draws(toy, make_fit, table) -> None:
    rows = score_fit(make_fit(toy, draws=1), toy, bayesian=True)[table]
    for row in rows:
        for name in OVER_DRAWS[table]:
            value, mean, *spread = (row[f"{name}{end}"] for end in ("", *SPREAD))
            # values mean nothing once pooled, errors do
            hidden = name in ("mean", "roas", "marginal_roas", "share") and np.isnan(value)
            expected = np.nan if hidden else value
            assert mean == pytest.approx(expected, nan_ok=True, abs=1e-12), name
            assert np.isnan(spread).all()


def test_crps_of_a_point_estimate_is_its_wmape(toy, make_fit) -> None:
    for row in score_fit(make_fit(toy, draws=1), toy)["contribution_recovery"]:
        assert row["crps"] == pytest.approx(row["wmape"])
        assert np.isnan(row["coverage_90"])
        assert "point estimate" in row["note"]


def test_a_failure_is_in_every_table_with_its_reason(toy, make_fit, make_failure, tmp_path) -> None:
    failed = make_failure(toy, "meridian", "timeout", "passed --timeout of 600 s")
    frames = write_tables([(make_fit(toy), toy), (failed, toy)], tmp_path, bayesian=True)
    for name in TABLES:
        frame = frames[name]
        rows = frame[frame["fitter"] == "meridian"]
        assert len(rows) == 1, name
        if name != "failures":
            assert "timeout: passed --timeout" in rows.iloc[0]["note"]
        if name in SCORED:
            measures = rows.drop(columns=[*HEAD, *TAIL])
            labels = [label for label in SCORED[name] if label in measures]
            assert measures.drop(columns=labels).isna().all(axis=None)
    assert frames["failures"].iloc[0]["log_tail"] == "line one\nline two"
    assert len(frames["failures"]) == 1


def test_skill_is_the_reference_score_over_the_own(toy, make_fit, tmp_path) -> None:
    fits = [
        (make_fit(toy, "oracle", error=0.1), toy),
        (make_fit(toy, "scipy", error=0.4, draws=1), toy),
        (make_fit(toy, "nutpie", error=0.2), toy),
    ]
    frames = write_tables(fits, tmp_path)
    for table in ("contribution_recovery", "coefficient_recovery"):
        frame = frames[table]
        rows = {name: over_all(part) for name, part in frame.groupby("fitter")}
        crps = {name: row["crps"] for name, row in rows.items()}
        assert rows["oracle"]["skill_vs_oracle"] == pytest.approx(1)
        skill = rows["nutpie"]["skill_vs_oracle"]
        assert skill == pytest.approx(crps["oracle"] / crps["nutpie"])
        assert 0.3 < skill < 0.7
        assert rows["nutpie"]["skill_vs_constant"] == pytest.approx(crps["scipy"] / crps["nutpie"])
    for table in ("parameter_recovery", "roas_recovery"):
        assert frames[table]["skill_vs_oracle"].notna().all()


def test_an_oracle_that_fails_its_checks_is_refused(toy, make_fit, tmp_path) -> None:
    oracle = make_fit(toy, "oracle", error=0.1)
    oracle.record["checks"]["ess_above_400"] = False
    frames = write_tables([(oracle, toy), (make_fit(toy), toy)], tmp_path)
    frame = frames["contribution_recovery"]
    assert frame["skill_vs_oracle"].isna().all()
    assert frame[frame["fitter"] == "oracle"]["note"].str.contains("refused").all()
    assert frames["diagnostics_summary"].iloc[0]["checks_failed"] == "ess_above_400"


def test_a_wide_prior_posterior_is_called_that_and_gives_no_skill(toy, make_fit, tmp_path) -> None:
    oracle = make_fit(toy, "oracle", error=0.1)
    oracle.record["checks"]["bayes_optimal"] = False
    frames = write_tables([(oracle, toy), (make_fit(toy), toy)], tmp_path)
    frame = frames["contribution_recovery"]
    assert frame["skill_vs_oracle"].isna().all()
    assert set(frame[frame["fitter"] == "oracle"]["reference"]) == {WIDE_PRIOR}
    assert not frame["note"].str.contains("refused").any()
    assert frames["diagnostics_summary"].iloc[0]["checks_failed"] == ""


def test_unknown_truth_leaves_measures_empty_with_the_reason(toy, make_fit) -> None:
    fit = make_fit(toy)
    toy.truth = None
    rows = score_fit(fit, toy)
    for table in ("contribution_recovery", "coefficient_recovery", "roas_recovery"):
        assert [row["note"][-12:] for row in rows[table]] == ["is not known"]
    assert np.isfinite(rows["performance_metrics"][0]["r2"])
    assert np.isnan(rows["performance_metrics"][0]["r2_noise_free"])
    assert rows["parameter_recovery"][0]["note"] == "true value is not known"
    assert np.isfinite(rows["parameter_recovery"][0]["mean"])


def test_contributions_alone_still_give_roas_and_shares(toy, make_fit) -> None:
    fit = make_fit(toy)
    whole = pd.DataFrame(score_fit(fit, toy)["roas_recovery"])
    toy.truth = toy.truth[["contribution"]]
    part = pd.DataFrame(score_fit(fit, toy)["roas_recovery"])
    for name in ("true_roas", "roas_error", "share_error", "misallocated_share", "energy_score"):
        np.testing.assert_allclose(part[name], whole[name])
    assert part["true_marginal_roas"].isna().all()
    assert part["curve_error"].isna().all()
    assert part["note"].str.contains("true response curve is not known").all()


def test_labels_in_another_order_change_nothing(toy, make_fit) -> None:
    fit = make_fit(toy)
    want = score_fit(fit, toy)["contribution_recovery"]
    backwards = {"geo": slice(None, None, -1), "channel": slice(None, None, -1)}
    fit.groups = {name: group.isel(backwards, missing_dims="ignore")
                  for name, group in fit.groups.items()}  # fmt: skip
    pd.testing.assert_frame_equal(
        pd.DataFrame(score_fit(fit, toy)["contribution_recovery"]), pd.DataFrame(want)
    )


def test_a_fit_of_other_data_is_refused(toy, make_fit) -> None:
    from mmm_benchmark.errors import ContractError

    fit = make_fit(toy)
    posterior = fit.groups["posterior"]
    fit.groups["posterior"] = posterior.assign_coords(geo=["elsewhere", "geo_1"])
    with pytest.raises(ContractError, match="labels of 'geo' differ"):
        score_fit(fit, toy)


def test_constant_coefficients_say_why_movement_is_empty(toy, make_fit) -> None:
    fit = make_fit(toy)
    toy.truth["coefficient"] = toy.truth["coefficient"] * 0 + 700.0
    row = over_all(pd.DataFrame(score_fit(fit, toy)["coefficient_recovery"]))
    assert np.isnan(row["correlation"])
    assert np.isnan(row["variation_ratio"])
    assert np.isfinite(row["level_error"])
    assert "true coefficient is constant" in row["note"]


@pytest.fixture
def wrongly_credited(toy, make_fit):
    """Three channels, the last without any effect, and a fit that gives it 69% of all credit."""
    exact = make_fit(toy, draws=1, error=0.0)
    for name in ("contribution", "roas", "marginal_roas", "response_curve", "coefficient"):
        off = np.array([1.0, 1.0, 0.0])
        shape = [3 if dim == "channel" else 1 for dim in toy.truth[name].dims]
        toy.truth[name] = toy.truth[name] * off.reshape(shape)
    credit = (
        exact.groups["posterior"]["roas"].values[0, 0]
        * toy.observed["spend"].sum(("geo", "date")).to_numpy()
    )
    more = 0.69 / 0.31 * credit[:2].sum() / credit[2]
    posterior = exact.groups["posterior"]
    for name in ("contribution", "roas", "marginal_roas", "response_curve"):
        factor = np.where(posterior["channel"] == posterior["channel"][2], more, 1.0)
        posterior[name] = posterior[name] * posterior["channel"].copy(data=factor)
    return exact, toy


def test_a_channel_without_effect_counts(wrongly_credited) -> None:
    fit, toy = wrongly_credited
    rows = score_fit(fit, toy, bayesian=True)
    row = over_all(pd.DataFrame(rows["contribution_recovery"]))
    # all that the other two sell, 0.69 / 0.31 times, over the mean of three channels
    credit = 0.69 / 0.31
    for name in ("wmape", "crps", "bias", "total_error", "wmape_mean"):
        assert row[name] == pytest.approx(credit, rel=0.01), name
    assert row["srmse"] > credit
    assert f"2 of 6 series: {NO_EFFECT}" in row["note"]
    roas = pd.DataFrame(rows["roas_recovery"]).set_index("channel")
    assert roas.loc["all", "credit_to_null"] == pytest.approx(0.69, rel=1e-5)
    assert roas.loc["all", "misallocated_share"] == pytest.approx(0.69, rel=1e-5)
    assert roas.loc["all", "roas_error"] == pytest.approx(credit, rel=1e-5)
    assert roas.loc["all", "crps"] == pytest.approx(credit, rel=1e-5)
    assert roas.loc["channel-2", "roas_error"] == pytest.approx(3 * credit, rel=1e-5)
    assert roas.loc["channel-0", "roas_error"] == pytest.approx(0.0, abs=1e-5)
    assert rows["silent_failures"][0]["silent_failure"] == 1.0
    coefficient = over_all(pd.DataFrame(rows["coefficient_recovery"]))
    assert coefficient["level_error"] > 0.3
    leads = leading_of(rows)
    assert leads["null_credit"] == pytest.approx(0.69, rel=1e-5)
    assert leads["roas_error"] == pytest.approx(credit, rel=1e-5)


def test_a_world_without_any_effect_says_so_instead_of_dividing(toy, make_fit) -> None:
    fit = make_fit(toy)
    for name in ("contribution", "roas", "marginal_roas", "response_curve"):
        toy.truth[name] = toy.truth[name] * 0.0
    rows = score_fit(fit, toy)
    row = over_all(pd.DataFrame(rows["contribution_recovery"]))
    assert np.isnan(row["crps"])
    assert row["crps_currency"] > 0
    assert row["note"].startswith(NO_EFFECT)
    assert over_all(pd.DataFrame(rows["roas_recovery"]))["credit_to_null"] == pytest.approx(1)
    assert rows["total_recovery"][0]["error"] > 0.1


def test_three_times_every_contribution_is_seen(toy, make_fit) -> None:
    fit = make_fit(toy, error=0.0, draws=1)
    posterior = fit.groups["posterior"]
    for name in ("contribution", "roas", "response_curve"):
        posterior[name] = 3 * posterior[name]
    rows = score_fit(fit, toy)
    roas = over_all(pd.DataFrame(rows["roas_recovery"]))
    assert roas["misallocated_share"] == pytest.approx(2 / 3, rel=1e-5)
    assert roas["share_error"] == pytest.approx(0, abs=1e-5)
    media = rows["total_recovery"][0]
    assert media["error"] == pytest.approx(2 * media["true_share"], rel=1e-5)
    assert media["crps"] == pytest.approx(abs(media["error"]), rel=1e-5)


def test_totals_of_the_parts_add_up_and_the_baseline_is_scored(toy, make_fit) -> None:
    fit = make_fit(toy)
    rows = {row["part"]: row for row in score_fit(fit, toy)["total_recovery"]}
    assert list(rows) == ["media", "baseline", "controls"]
    sales = float(toy.observed["sales"].sum())
    for part, name in PARTS.items():
        own = fit.groups["posterior"][name].astype(float)
        own = own.sum([dim for dim in own.dims if dim not in ("chain", "draw")]).values / sales
        true = float(toy.truth[name].sum()) / sales
        assert rows[part]["error"] == pytest.approx(own.mean() - true)
        low, high = np.quantile(own, (0.05, 0.95), method="weibull")
        assert rows[part]["covered_90"] == float(low <= true <= high)
    noise = float(toy.truth["noise"].sum()) / sales
    assert sum(row["true_share"] for row in rows.values()) == pytest.approx(1 - noise)


@pytest.mark.parametrize("red", [False, True])
def test_silent_is_wrong_with_green_checks(toy, make_fit, red) -> None:
    fit = make_fit(toy, error=0.0)
    fit.groups["posterior"]["roas"] = 1.6 * fit.groups["posterior"]["roas"]
    fit.record["checks"]["ess_above_400"] = not red
    (row,) = score_fit(fit, toy)["silent_failures"]
    assert row["median_roas_error"] == pytest.approx(0.6, rel=1e-5)
    assert (row["wrong"], row["checks_green"]) == (1.0, float(not red))
    assert row["silent_failure"] == float(not red)
    (good,) = score_fit(make_fit(toy, error=1e-3, draws=1), toy)["silent_failures"]
    assert (good["wrong"], good["silent_failure"]) == (0.0, 0.0)


def test_the_screen_fits_100_columns_and_names_failures(toy, make_fit, make_failure, tmp_path):
    fits = [(make_fit(toy, name), toy) for name in ("oracle", "scipy", "numpyro-laplace")]
    reason = "passed the time limit of 600 s while sampling [4/4 chains]"
    fits.append((make_failure(toy, "meridian-aks", "timeout", reason), toy))
    console = Console(file=io.StringIO(), width=100)
    print_tables(write_tables(fits, tmp_path), console, everything=True)
    text = console.file.getvalue()
    assert max(map(len, text.splitlines())) <= 100
    assert " ".join(text.split()).count(reason) == 1
    assert "…" not in text
    assert text.count("timeout") >= 8
    assert "oracle*" in text


def test_tables_read_back_are_the_tables_written(toy, make_fit, make_failure, tmp_path) -> None:
    fits = [(make_fit(toy, name), toy) for name in ("oracle", "scipy")]
    fits.append((make_failure(toy, "meridian", "error", "no"), toy))
    frames = write_tables(fits, tmp_path, bayesian=True)
    again = read_tables(tmp_path)
    for name, frame in frames.items():
        pd.testing.assert_frame_equal(again[name], frame, rtol=1e-5)
    texts = []
    plain = {name: pd.read_csv(tmp_path / f"{name}.csv") for name in frames}
    for tables in (frames, again, plain):
        console = Console(file=io.StringIO(), width=100)
        print_tables(tables, console, everything=True)
        texts.append(console.file.getvalue())
    assert texts[0] == texts[1] == texts[2]


@pytest.mark.parametrize("width", [60, 80, 100])
def test_a_narrow_screen_drops_columns_and_cuts_no_number(toy, make_fit, tmp_path, width) -> None:
    fits = [(make_fit(toy, name), toy) for name in ("oracle", "scipy", "numpyro-laplace")]
    console = Console(file=io.StringIO(), width=width)
    print_tables(write_tables(fits, tmp_path), console, everything=True)
    text = console.file.getvalue()
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text
    assert text.count("numpyro-laplace") >= 6


def test_an_empty_run_prints_and_writes_without_complaint(tmp_path) -> None:
    frames = write_tables([], tmp_path)
    print_tables(frames, Console(file=io.StringIO(), width=100))
    assert all(frame.empty for frame in frames.values())


def test_r2_far_below_zero_is_said_without_its_size() -> None:
    assert [explained(value) for value in (0.876, -0.5, -391.0)] == ["0.88", "-0.50", "< -1"]
