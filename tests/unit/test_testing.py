"""check_fitter: a sound fitter passes, each broken one fails with the message that says why."""

import re
from pathlib import Path

import numpy as np
import pytest

from mmm_benchmark import testing
from mmm_benchmark.fit import Fit
from mmm_benchmark.testing import ConformanceError, check_fitter, example_observed

DOC = Path(__file__).parents[2] / "docs" / "fitters.md"


def documented_code() -> str:
    return re.findall(r"```python\n(.*?)```", DOC.read_text(encoding="utf-8"), re.S)[0]


@pytest.fixture(scope="module")
def linear():
    """The example of the documentation, executed."""
    names: dict = {"__name__": "documented"}
    exec(compile(documented_code(), str(DOC), "exec"), names)
    return names["Linear"]


@pytest.fixture
def in_process(monkeypatch):
    """Leave out the fresh interpreter, which the import tests below exercise."""
    monkeypatch.setattr(testing, "_imports", lambda fitter: iter(()))


def test_the_documented_example_is_short_and_passes(tmp_path, monkeypatch):
    code = documented_code()
    assert len(code.splitlines()) < 60
    (tmp_path / "documented_linear.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    import documented_linear

    check_fitter(documented_linear.Linear())


def test_heavy_import_at_module_level_is_named(tmp_path, monkeypatch):
    (tmp_path / "blackjax.py").write_text("")  # a heavy library's name, nothing else
    (tmp_path / "documented_heavy.py").write_text("import blackjax\n" + documented_code())
    monkeypatch.syspath_prepend(tmp_path)
    import documented_heavy

    with pytest.raises(ConformanceError, match="loads blackjax; import inside fit"):
        check_fitter(documented_heavy.Linear())


def test_a_module_that_cannot_be_imported_again_is_named(tmp_path, monkeypatch):
    path = tmp_path / "documented_once.py"
    path.write_text(documented_code())
    monkeypatch.syspath_prepend(tmp_path)
    import documented_once

    path.write_text("import a_package_that_is_missing\n")
    with pytest.raises(ConformanceError, match=r"fresh interpreter.*a_package_that_is_missing"):
        check_fitter(documented_once.Linear())


def changed(linear, change):
    """A fitter whose answer is the sound one after ``change(posterior)``."""

    class Changed(linear):
        def fit(self, observed, budget, seed):
            fit = super().fit(observed, budget, seed)
            return Fit(posterior=change(fit.posterior), diagnostics=fit.diagnostics)

    return Changed()


def scaled(name, factor):
    return lambda posterior: posterior.assign({name: posterior[name] * factor})


ANSWERS = {
    "missing": (lambda p: p.drop_vars("roas"), "variable 'roas' is missing"),
    "dims": (
        lambda p: p.assign(roas=p["roas"].transpose("channel", "chain", "draw")),
        "variable 'roas' has dims",
    ),
    "nan": (scaled("baseline", np.nan), "variable 'baseline' holds NaN"),
    "parts": (scaled("baseline", 1.1), "miss expected_sales by up to"),
    "units": (
        lambda p: p.assign({n: p[n] / 1000 for n in p if n not in ("roas", "marginal_roas")}),
        "answer in the currency of sales",
    ),
    "curve": (scaled("response_curve", 1.2), "at multiplier 1 must be the contribution"),
    "roas": (scaled("roas", 2.0), "roas must be"),
    "marginal": (scaled("marginal_roas", 100.0), "marginal_roas disagrees with response_curve"),
    "negative": (scaled("contribution", -1.0), "media effects are non-negative"),
    "falling": (
        lambda p: p.assign(response_curve=p["response_curve"] * (2 - p["spend_multiplier"])),
        "response_curve falls as spend rises",
    ),
    "names": (
        lambda p: p.assign(contribution=p["contribution"].roll(channel=1, roll_coords=False)),
        "channel 'Late' contributes before its first spend",
    ),
    "sorted": (lambda p: p.sortby("channel"), "posterior coordinate 'channel' is"),
    "unlabelled": (lambda p: p.drop_vars("date"), "posterior has no coordinate 'date'"),
    "too many": (
        lambda p: p.isel(draw=np.zeros(501, dtype=int)),
        "posterior keeps 501 draws; thin to at most 500",
    ),
    "diagnostics": (
        lambda p: p.isel(draw=[0, 0]),
        "needs diagnostics r_hat, ess_bulk, ess_tail",
    ),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_a_wrong_answer_is_named(case, linear, in_process):
    change, message = ANSWERS[case]
    with pytest.raises(ConformanceError, match=message):
        check_fitter(changed(linear, change))


def test_negative_effects_are_allowed_when_announced(linear, in_process):
    def negative(p):
        lower = p.assign({n: -p[n] for n in ("contribution", "roas", "marginal_roas")})
        lower["response_curve"] = -p["response_curve"]
        lower["baseline"] = p["expected_sales"] - lower["contribution"].sum("channel")
        lower["baseline"] -= p["control_contribution"].sum("control")
        return lower

    check_fitter(changed(linear, negative), monotone=False)
    with pytest.raises(ConformanceError, match="media effects are non-negative"):
        check_fitter(changed(linear, negative))


def test_unequal_answers_for_one_seed_are_named(linear, in_process):
    calls = iter(range(1_000))

    class Drifting(linear):
        def fit(self, observed, budget, seed):
            fit = super().fit(observed, budget, seed)
            extra = 10.0 * next(calls)
            parts = {n: fit.posterior[n] + extra for n in ("baseline", "expected_sales")}
            return Fit(posterior=fit.posterior.assign(parts))

    with pytest.raises(ConformanceError, match="same seed differ in 'baseline'"):
        check_fitter(Drifting())


def test_changing_observed_is_named(linear, in_process):
    class Writing(linear):
        def fit(self, observed, budget, seed):
            fit = super().fit(observed, budget, seed)
            observed["sales"] = observed["sales"] / observed["sales"].mean()
            return fit

    with pytest.raises(ConformanceError, match="one geo: fit changed its 'observed' argument"):
        check_fitter(Writing())


def test_changing_settings_is_named(linear, in_process):
    class Learning(linear):
        def fit(self, observed, budget, seed):
            self.largest_effect = 17.0
            return super().fit(observed, budget, seed)

    with pytest.raises(ConformanceError, match="fit changed the settings"):
        check_fitter(Learning())


def test_unmarked_time_is_named(linear, in_process, monkeypatch):
    class Unmarked(linear):
        def fit(self, observed, budget, seed):
            fit = super().fit(observed, budget, seed)
            testing.phases.reset()
            return fit

    with pytest.raises(ConformanceError, match="no time was marked as phase 'sample'"):
        check_fitter(Unmarked())


def test_an_exception_is_named_with_its_case(linear, in_process):
    class OneGeo(linear):
        def fit(self, observed, budget, seed):
            if observed.sizes["geo"] > 1:
                raise IndexError("geo 1 is out of bounds")
            return super().fit(observed, budget, seed)

    with pytest.raises(ConformanceError, match="two geos: fit raised IndexError: geo 1") as caught:
        check_fitter(OneGeo())
    assert "fails 1 check" in str(caught.value)


def test_a_wrong_return_is_named(linear, in_process):
    class Bare(linear):
        def fit(self, observed, budget, seed):
            return super().fit(observed, budget, seed).posterior

    with pytest.raises(ConformanceError, match=r"must return mmm_benchmark\.fit\.Fit"):
        check_fitter(Bare())


def test_skip_must_be_a_reason(linear, in_process):
    class Silent(linear):
        def skip(self, observed):
            return False

    with pytest.raises(ConformanceError, match="skip returned False; it must be None or a reason"):
        check_fitter(Silent())


def test_declining_everything_is_named_and_data_can_be_given(linear, in_process):
    class Choosy(linear):
        def skip(self, observed):
            return None if "TV" in observed["channel"] else "needs channel 'TV'"

    with pytest.raises(ConformanceError, match=r"declines every dataset.*needs channel 'TV'"):
        check_fitter(Choosy())
    check_fitter(Choosy(), example_observed().assign_coords(channel=["TV", "Radio", "Late"]))


def test_settings_that_do_not_rebuild_are_named(linear, in_process):
    class Forgetful(linear):
        def __init__(self, *, largest_effect=None, ridge=1.0):
            super().__init__(largest_effect=largest_effect)
            self.ridge = 2 * ridge

        def settings(self):
            return {"ridge": self.ridge}

    with pytest.raises(ConformanceError, match="settings do not survive a rebuild"):
        check_fitter(Forgetful())


@pytest.mark.parametrize("value", [np.zeros(2), np.inf])
def test_settings_that_are_not_json_are_named(value, linear, in_process):
    class Arrays(linear):
        def settings(self):
            return {"largest_effect": value}

    with pytest.raises(ConformanceError, match="JSON types only"):
        check_fitter(Arrays())


def test_unknown_keywords_must_raise(linear, in_process):
    class Lenient(linear):
        def __init__(self, *, largest_effect=None, **ignored):
            super().__init__(largest_effect=largest_effect)

    with pytest.raises(ConformanceError, match="accepts an unknown keyword"):
        check_fitter(Lenient())


def test_a_missing_method_is_named():
    class Half:
        name = "half"
        extra = None
        version = "1"

    with pytest.raises(ConformanceError, match="it has no 'skip'"):
        check_fitter(Half())


@pytest.mark.parametrize(("attribute", "value"), [("name", ""), ("extra", 3), ("version", 1)])
def test_odd_attributes_are_named(attribute, value, linear):
    fitter = linear()
    setattr(fitter, attribute, value)
    with pytest.raises(ConformanceError, match=f"{attribute} is {value!r}"):
        check_fitter(fitter)


def test_all_breaches_are_listed_at_once(linear, in_process):
    both = changed(linear, lambda p: scaled("roas", 2.0)(scaled("response_curve", 1.2)(p)))
    with pytest.raises(ConformanceError) as caught:
        check_fitter(both)
    assert "roas must be" in str(caught.value)
    assert "at multiplier 1 must be" in str(caught.value)


def test_the_fitters_of_this_module_ship():
    from mmm_benchmark.fitters.scipy_hill.fitter import ScipyHill

    check_fitter(ScipyHill(starts=16, polished=2))
