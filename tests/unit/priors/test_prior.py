"""Priors as people state them: names, JSON, one-line errors, and the laws behind them."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy import stats

from mmm_benchmark.errors import UserError
from mmm_benchmark.plan.options import Options
from mmm_benchmark.priors import numbers
from mmm_benchmark.priors.laws import Law, fixed, lognormal, mixture, read_law
from mmm_benchmark.priors.prior import (
    NAMED,
    check_channels,
    check_prior,
    prior_of,
    read_prior,
)

P = np.linspace(0.01, 0.99, 33)

LAWS = {
    "pair": ([0.8, 0.4], stats.truncnorm(-2.0, np.inf, 0.8, 0.4)),
    "cut": (
        {"normal": [0.8, 0.8], "above": 0.1, "below": 10},
        stats.truncnorm(-0.875, 11.5, 0.8, 0.8),
    ),
    "lognormal": ({"lognormal": [0.2, 0.9]}, stats.lognorm(0.9, scale=np.exp(0.2))),
    "half_normal": ({"half_normal": 1.5}, stats.halfnorm(scale=1.5)),
    "uniform": ({"uniform": [0.5, 3]}, stats.uniform(0.5, 2.5)),
}


@pytest.mark.parametrize("name", LAWS)
def test_quantiles_are_those_of_the_law(name: str):
    said, right = LAWS[name]
    law = read_law("x", said, 0.0, np.inf)
    assert numbers.quantile(law, P) == pytest.approx(right.ppf(P), rel=1e-9)
    assert numbers.cdf(law, right.ppf(P)) == pytest.approx(P, abs=1e-9)


def test_a_mixture_mixes_probabilities_and_keeps_its_atom():
    law = mixture((0.25, fixed(1.0)), (0.75, lognormal(0.0, 1.0)))
    x = numbers.quantile(law, P)
    assert numbers.cdf(law, x).clip(P - 1e-9).min() >= P.min() - 1e-9
    drawn = numbers.draw(law, np.random.default_rng(0), (4000,))
    assert abs(np.isclose(drawn, 1.0).mean() - 0.25) < 4 * (0.25 * 0.75 / 4000) ** 0.5


def test_units_rescale_every_part_by_its_own_figure():
    law = NAMED["published"].every.half_saturation
    scaled = numbers.rescaled(law, {"max": 2.0, "median_active": 0.5, "mean": 1.0})
    assert scaled.parts[0][1].numbers == (0.6, 2.0)
    assert scaled.parts[1][1].numbers == (0.4, 0.4)
    assert scaled.parts[1][1].above == 0.05


def test_tables_give_back_the_law_between_their_points():
    table = numbers.quantile_table(lognormal(0.3, 0.7), "log")
    assert table.value == pytest.approx(0.3 + 0.7 * numbers.deviates(), abs=1e-6)
    assert table.slope == pytest.approx(0.7, abs=1e-4)
    assert numbers.log_moments(lognormal(0.3, 0.7), "log") == pytest.approx((0.3, 0.7), abs=1e-4)


def test_a_file_of_beliefs_is_a_prior(tmp_path):
    file = tmp_path / "own.json"
    said = {"TV": {"roas": [2.0, 0.5]}, "*": {"slope": [1.0, 0.1], "adstock_decay": [0.4, 0.1]}}
    file.write_text(json.dumps(said))
    assert read_prior(str(file)) == said
    prior = prior_of(said)
    assert prior.of("TV").effect_is == "roas"
    assert prior.of("TV").slope == prior.of("Radio").slope == Law("normal", (1.0, 0.1), 0.0)
    assert prior.of("Radio").effect == NAMED["neutral"].every.effect
    check_channels(prior, ["TV", "Radio"])
    with pytest.raises(UserError, match="unknown channel of prior 'TV'"):
        check_channels(prior, ["Radio"])


def test_what_is_said_of_the_company():
    prior = prior_of({"base": "meridian", "seasonality": 0.2, "noise": 0.1, "geo_variation": 0.3})
    assert (prior.seasonality, prior.noise, prior.geo_variation) == (0.2, 0.1, 0.3)
    assert prior.every == NAMED["meridian"].every

    assert (prior.effects_move, prior.baseline_wanders) == (None, None)
    known = prior_of({"base": "meridian", "effects_move": False, "baseline_wanders": True})
    assert (known.effects_move, known.baseline_wanders) == (False, True)


def test_what_a_model_does_not_hold_is_said():
    assert prior_of("neutral").not_held(effects_move=False) == ()
    calm = prior_of({"effects_move": False, "baseline_wanders": False})
    assert calm.not_held(effects_move=False) == ()
    (note,) = calm.not_held(effects_move=True)
    assert note == "against the prior, in this model effects move"
    (note,) = prior_of({"effects_move": True, "baseline_wanders": True}).not_held(
        effects_move=False
    )
    assert note.endswith("in this model effects stay and the baseline does not wander")


WRONG = {
    "name": ("meridan", "did you mean 'meridian'"),
    "base": ({"base": "meridan"}, "unknown base of prior 'meridan'"),
    "quantity": ({"*": {"slop": 1}}, "did you mean 'slope'"),
    "short": ({"*": {"slope": [1]}}, "must be a value and its standard error"),
    "text": ({"*": {"slope": "steep"}}, "slope of '\\*' = 'steep'; must be"),
    "bound": ({"*": {"adstock_decay": 1.5}}, "must lie between 0 and 1"),
    "sd": ({"*": {"slope": [1, 0]}}, "standard deviation = 0.0; must be above 0"),
    "order": ({"*": {"slope": {"uniform": [3, 1]}}}, "must rise"),
    "law": ({"*": {"slope": {"unifrm": [1, 3]}}}, "did you mean 'uniform'"),
    "two laws": ({"*": {"slope": {"uniform": [1, 3], "normal": [1, 1]}}}, "must name one law"),
    "unit": ({"*": {"half_saturation": {"lognormal": [0, 1], "of": "maximum"}}}, "unknown unit"),
    "chance": ({"*": {"slope": {"mixture": [[-1, 1.0]]}}}, "above 0"),
    "effects": ({"*": {"roas": [1, 1], "share": 0.1}}, "say one of roas, share, effect"),
    "known": ({"effects_move": 0}, "effects_move = 0; must be true or false"),
    "company": ({"noise": -1}, "noise = -1; must be a number above 0"),
    "flat": ({"TV": 3}, "must be an object such as"),
    "infinite": ({"*": {"slope": [float("inf"), 1]}}, "must be a value and its standard error"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_mistake_is_one_line_before_any_fit(case: str):
    said, message = WRONG[case]
    with pytest.raises(UserError, match=message) as caught:
        Options(prior=said)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"), [("[1]", "must hold an object"), ("{", "not JSON"), (None, "no such")]
)
def test_a_file_that_is_no_prior(tmp_path, content, message):
    file = tmp_path / "own.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(UserError, match=message):
        check_prior("prior", str(file))


def test_every_named_prior_has_proper_laws_of_every_quantity():
    for prior in NAMED.values():
        law = prior.every
        for each in (law.effect, law.adstock_decay, law.half_saturation, law.slope):
            x = numbers.quantile(each, P)
            assert np.isfinite(x).all()
            assert (np.diff(x) >= 0).all()
            assert (x >= 0).all()


def test_an_answer_under_the_published_marginals_says_so() -> None:
    from mmm_benchmark.priors.prior import NAMED

    assert "not the exact law" in NAMED["published"].cautions[0]
    assert NAMED["meridian"].cautions == ()


@pytest.mark.parametrize("way", [{"method": "laplace"}, {"method": "svi"}, {"time_varying": True}])
def test_a_fitter_that_cannot_take_a_prior_says_so_when_asked(way: dict[str, object]) -> None:
    from mmm_benchmark.fitters.numpyro_mmm.fitter import NumpyroMMM

    assert NumpyroMMM(**way, prior="pymc-marketing").settings()["prior"] == "pymc-marketing"
    with pytest.raises(UserError, match="takes 'pymc-marketing' only; numpyro-mmm takes every"):
        NumpyroMMM(**way, prior="published").settings()
