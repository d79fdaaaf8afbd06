"""Simulate on own spend, hide, ask, compare: who answers with the truth is found to, and so on."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mmm_benchmark import cli
from mmm_benchmark.errors import UserError
from mmm_benchmark.recoverability import report
from mmm_benchmark.recoverability.answers import Answer, keep, read
from mmm_benchmark.recoverability.history import History
from mmm_benchmark.recoverability.lift import Belief, Found, off_test
from mmm_benchmark.recoverability.measure import wilson
from mmm_benchmark.recoverability.study import Study, _hidden, study
from mmm_benchmark.recoverability.words import CAN, CANNOT, sentences, verdicts
from mmm_benchmark.recoverability.worlds import _moves, draw, draw_law, prior_of_roas, simulate
from mmm_benchmark.schema import SPEND_MULTIPLIERS
from mmm_data_generator import MMMDataset

CHANNELS = ("TV", "Search", "Radio")


def table(weeks: int = 78) -> pd.DataFrame:
    rng = np.random.default_rng(4)
    spend = rng.gamma(2.0, 500.0, (weeks, 3))
    spend[:, 0] *= rng.random(weeks) < 0.5
    season = 1 + 0.1 * np.sin(2 * np.pi * np.arange(weeks) / 52)
    frame = pd.DataFrame(spend, columns=list(CHANNELS))
    frame["date"] = pd.date_range("2023-01-02", periods=weeks, freq="W-MON")
    frame["price"] = rng.normal(10, 1, weeks)
    frame["sales"] = 30_000 * season + spend.sum(1) + rng.normal(0, 4000, weeks)
    return frame


@pytest.fixture(scope="module")
def history() -> History:
    made = MMMDataset.from_frame(
        table(), channels=CHANNELS, controls=["price"], target="sales", name="mine"
    )
    return History.of(made.observed, "mine")


@dataclass
class Known:
    """A fitter that answers from outside: near the truth, or with what it believed before."""

    history: History
    name: str = "known"
    error: float = 0.05  # log
    asked: int = 0

    def ask(self, datasets, tell) -> list[Answer | None]:
        self.asked += len(datasets)
        tell(len(datasets))
        return [self._answer(each, i) for i, each in enumerate(datasets)]

    def _answer(self, dataset, place: int) -> Answer:
        rng = np.random.default_rng(place)
        spend = dataset.observed["spend"].sum(("geo", "date")).values
        known = dataset.truth is not None
        middle = dataset.truth["roas"].values if known else np.ones(len(spend))
        shift = self.error * rng.standard_normal(len(spend))
        roas = middle * np.exp(shift + self.error * rng.standard_normal((40, len(spend))))
        curve = (roas * spend)[..., None] * np.sqrt(np.array(SPEND_MULTIPLIERS))
        return Answer(roas, roas / 2, curve, 0.9)


def asked(history: History, error: float, **changes) -> tuple[Study, list[str]]:
    told: list[str] = []
    given = {"worlds": 6, "hidden_share": 0.34, "seed": 1, "remedies": False} | changes
    found = study(
        history,
        [Known(history, error=error)],  # type: ignore[list-item]
        progress=lambda what, done, many: told.append(what),
        **given,
    )
    return found, told


def test_who_answers_with_the_truth_can_measure_every_channel(history) -> None:
    found, told = asked(history, 0.05)
    table = verdicts(found)
    assert set(table["verdict"]) == {CAN}
    assert (table["found"] == 1).all()
    assert found.worlds["named_best"].mean() > 0.7
    assert found.worlds["gain"].mean() > 0
    assert "worlds simulated" in told
    assert (found.channels["narrower"] > 0.5).all()
    assert any("TV can be measured" in line for line in sentences(found))


def test_a_further_fitter_is_set_beside_the_first(history) -> None:
    found = study(
        history,
        [Known(history), Known(history, name="guess", error=1.2)],  # type: ignore[list-item]
        worlds=6, hidden_share=0.34, seed=1, remedies=False,
        progress=lambda what, done, many: None,
    )  # fmt: skip
    (line,) = (line for line in sentences(found) if line.startswith("guess"))
    own = found.rows[found.rows["fitter"] == "guess"]["found"]
    assert f"finds {100 * own.mean():.0f}% of all returns" in line
    assert "known 100%" in line
    assert f"difference {100 * (own.mean() - 1):+.0f} ± " in line


def test_r2_hints_where_it_differs(history) -> None:
    found, _ = asked(history, 0.05)
    assert any("gives no hint: R² is 0.90" in line for line in sentences(found))
    found.worlds.loc[found.worlds["hidden"], "r2"] = 0.6
    assert not any("no hint" in line for line in sentences(found))


def test_who_guesses_cannot_and_a_lift_test_helps_as_it_should(history) -> None:
    found, _ = asked(history, 1.2, remedies=True)
    table = verdicts(found)
    assert CAN not in set(table["verdict"])
    lifts = found.remedies[found.remedies["kind"] == "lift several"]
    # a test whose error is larger than the effect may by chance lead one channel astray
    before, after = (np.log(lifts[f"own_error_{when}"]).mean() for when in ("before", "after"))
    assert after < before
    assert found.remedies["gain"].is_monotonic_decreasing
    kinds = set(found.remedies["kind"])
    assert {"lift one", "lift several", "year", "geos", "pulse"} == kinds
    assert CANNOT in set(table["verdict"]) or (table["verdict"] != CAN).all()
    answers = ("What would help", "Nothing that was tried")
    assert any(line.startswith(answers) for line in sentences(found))


def test_a_lift_test_that_helps_no_more_is_not_said_to_help(history) -> None:
    found, _ = asked(history, 1.2, remedies=True)
    found.channels["found"] = 0.4
    found.remedies["own_found_after"] = 0.3
    said = [line for line in sentences(found) if "cannot be measured" in line]
    assert len(said) == len(CHANNELS)
    assert all(line.endswith("; no test that was tried finds it more often.") for line in said)
    found.remedies["own_found_after"] = 0.5
    assert any("cannot" in line and ", and in 50% " in line for line in sentences(found))


def test_the_share_of_hidden_demand_holds(history) -> None:
    for share in (0.0, 0.25, 0.33, 0.5):
        flags = [_hidden(place, share) for place in range(100)]
        assert sum(flags) == pytest.approx(100 * share, abs=1)
    calm, hidden = (simulate(draw_law(history, 3, 1, flag), history) for flag in (False, True))
    np.testing.assert_allclose(calm.roas, hidden.roas, rtol=1e-6)
    np.testing.assert_array_equal(calm.dataset.observed["spend"], hidden.dataset.observed["spend"])
    assert calm.followers == ()
    assert set(hidden.followers) <= set(CHANNELS)
    assert hidden.dataset.truth is not None
    assert float(np.abs(hidden.dataset.truth["unobserved"]).max()) > 0


def test_worlds_keep_the_company_and_move_as_its_kpi_does(history) -> None:
    ratios = []
    for place in range(6):
        drawn = draw(history, 7, place, hidden=False)
        data = drawn.dataset
        np.testing.assert_array_equal(data.observed["spend"].values, history.spend)
        assert [str(c) for c in data.observed["channel"].values] == list(CHANNELS)
        np.testing.assert_allclose(drawn.roas, drawn.law.roas, rtol=1e-6)
        assert _moves(data.world, history) <= 0.8 + 1e-6
        assert history.kpi is not None
        ratios.append(data.observed["sales"].values.std() / history.kpi.std())
        assert data.observed["sales"].values.mean() == pytest.approx(history.kpi.mean(), rel=0.05)
    assert 0.8 < float(np.mean(ratios)) < 1.25


def test_the_same_world_on_other_plans_returns_what_it_did(history) -> None:
    law = draw_law(history, 1, 0, hidden=False)
    for other in (history.longer(), history.split(4, 0)):
        np.testing.assert_allclose(simulate(law, other).roas, law.roas, rtol=1e-6)


def test_without_a_kpi_noise_is_as_published(history) -> None:
    from dataclasses import replace

    drawn = draw(replace(history, kpi=None), 1, 0, hidden=False)
    world = drawn.dataset.world
    explained = world.expected_sales().var(1).sum()
    r2 = explained / (explained + np.square(world.shock).mean(1).sum())
    assert r2 == pytest.approx(drawn.law.r2, abs=0.1)


def test_histories_longer_and_split(history) -> None:
    longer, split = history.longer(), history.split(5, 0)
    assert len(longer.dates) == 78 + 52
    assert len(set(np.diff(longer.dates))) == 1
    np.testing.assert_array_equal(longer.spend[:, 78:], history.spend[:, 26:])
    np.testing.assert_allclose(split.spend.sum(0), history.spend.sum(0), rtol=1e-12)
    assert len(split.geos) == 5


def test_a_prior_is_in_shares_of_sales(history) -> None:
    draws = prior_of_roas(history, 0, 20_000)
    share = (draws * history.spend.sum((0, 1))).sum(1)
    assert share.mean() == pytest.approx(0.4, abs=0.01)
    assert share.std() == pytest.approx(0.2, abs=0.01)


def test_a_test_moves_a_belief_as_bayes_says() -> None:
    belief = Belief(np.log([2.0, 3.0]), np.array([[0.04, 0.03], [0.03, 0.09]]))
    vague = belief.told(0, 5.0, 1e6)
    np.testing.assert_allclose(vague.mean, belief.mean, atol=1e-4)
    np.testing.assert_allclose(vague.cov, belief.cov, rtol=1e-3)
    sure = belief.told(0, 2.5, 1e-3)
    assert sure.roas[0] == pytest.approx(2.5, rel=1e-3)
    moved = np.log(2.5 / 2.0)
    assert sure.mean[1] - belief.mean[1] == pytest.approx(0.03 / 0.04 * moved, rel=1e-3)
    assert sure.cov[1, 1] == pytest.approx(0.09 - 0.03**2 / 0.04, rel=1e-2)
    # a narrow law and a test as sure: in between, by precision
    narrow = Belief(np.log([2.0]), np.array([[0.01**2]])).told(0, 2.02, 0.02)
    assert narrow.roas[0] == pytest.approx(2.01, abs=1e-3)


def test_tests_find_the_truth_within_their_error(history) -> None:
    z = []
    for place in range(8):
        drawn = draw(history, 11, place, hidden=False)
        found = off_test(drawn, "Search", 1, 5)
        assert found is not None
        z.append((found.value - drawn.roas[1]) / found.error)
    assert np.sqrt(np.mean(np.square(z))) < 2.2
    assert Found(10.0, 0.1).contradicts(Belief(np.log([1.0]), np.array([[0.01]])), 0)
    assert not Found(1.1, 0.1).contradicts(Belief(np.log([1.0]), np.array([[0.01]])), 0)


def test_an_answer_that_is_kept_is_read_back(tmp_path: Path) -> None:
    answer = Answer(np.ones((3, 2)), np.ones((3, 2)), np.ones((3, 2, 11)), 0.5)
    place = tmp_path / "a" / "b.npz"
    assert read(place) is None
    keep(place, answer)
    found = read(place)
    assert found is not None
    np.testing.assert_array_equal(found.response_curve, answer.response_curve)
    place.write_bytes(place.read_bytes()[:50])
    assert read(place) is None


def test_an_interval_of_a_share_is_wilsons() -> None:
    low, high = wilson(np.array([0.5, 1.0]), np.array([20.0, 20.0]))
    assert (low[0] + high[0]) / 2 == pytest.approx(0.5)
    assert low[1] == pytest.approx(20 / (20 + 1.6449**2), rel=1e-6)
    assert high[1] == pytest.approx(1.0)


def test_too_few_worlds_say_nothing(history) -> None:
    with pytest.raises(UserError, match="must be 6 or more"):
        asked(history, 0.1, worlds=3)


def test_from_a_spreadsheet_to_the_page(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    frame = table(60)
    frame["date"] = frame["date"].dt.strftime("%d.%m.%Y")
    frame.to_csv("mine.csv", sep=";", decimal=",", index=False)
    made: list[Known] = []

    def known(names, folder, workers, seed):
        made.append(Known(None))  # type: ignore[arg-type]
        return made

    monkeypatch.setattr(report, "askers", known)
    words = "recoverability mine.csv --target sales --channels TV Search Radio --worlds 6"
    assert cli.main([*words.split(), "--no-remedies"]) in (0, None)
    said = capsys.readouterr().out
    assert "can be measured" in said
    folder = tmp_path / "results" / "recoverability" / "mine"
    names = {"channels.csv", "verdicts.csv", "answer.json", "recoverability.png"}
    assert names <= {path.name for path in folder.iterdir()}
    assert json.loads((folder / "answer.json").read_text())["name"] == "mine"
    page = (tmp_path / "results" / "report.html").read_text()
    assert "What can be measured in mine?" in page
    assert 'href="#verdict"' not in page  # no fit, no verdict to lead to
    # nothing is said of tests that were not tried
    assert "with its best test" not in page
    assert pd.read_csv(folder / "verdicts.csv")[["found_with_test", "test"]].isna().all(axis=None)
    assert "6 worlds are few" in said


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("recoverability mine.csv", "needs --channels"),
        ("recoverability mine.csv --channels TV --hidden-demand 2", "must be a share"),
        ("recoverability none.csv --channels TV", "none.csv"),
        ("recoverability mine.csv --channels Telly", "Telly"),
        ("recoverability mine.csv --channels TV --worlds 2", "must be 6 or more"),
        ("recoverability mine.csv --channels TV --fitters scippy", "unknown sampler 'scippy'"),
        ("recoverability . --channels TV", "has its own columns"),
    ],
)
def test_mistakes_are_one_line(typed, said, tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    table(60).to_csv("mine.csv", index=False)
    assert cli.main(typed.split()) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
