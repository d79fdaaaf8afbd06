"""On the sandbox world: at least as close to the data as the truth is, and ahead of the script."""

import numpy as np
import pytest

from mmm_benchmark.fit import Budget
from mmm_benchmark.fitters.scipy_hill.fitter import ScipyHill
from mmm_benchmark.fitters.scipy_plain import START, ScipyPlain
from mmm_data_generator import generate_mmm_dataset

pytestmark = pytest.mark.statistical


@pytest.fixture(scope="module", params=[1, 2, 3])
def fits(request):
    dataset = generate_mmm_dataset("sandbox", seed=request.param)
    at_truth = float((dataset.truth["noise"] ** 2).sum())
    assert ScipyPlain().skip(dataset.observed) is None
    return (
        at_truth,
        ScipyHill().fit(dataset.observed, Budget(), 0),
        ScipyPlain().fit(dataset.observed, Budget(), 0),
    )


def test_sum_of_squares_is_no_worse_than_at_the_true_parameters(fits):
    at_truth, good, _ = fits
    assert good.diagnostics["sum_of_squares"] <= at_truth
    assert all(good.checks.values())


def test_the_plain_script_stops_far_from_the_truth_and_says_it_converged(fits):
    at_truth, good, plain = fits
    assert plain.checks["optimizer_converged"]
    assert plain.diagnostics["sum_of_squares"] > 1.5 * at_truth
    assert plain.diagnostics["sum_of_squares"] > 1.5 * good.diagnostics["sum_of_squares"]


def test_its_effects_never_move_apart(fits):
    effects = fits[2].posterior["coefficient"].values[0, 0, 0, 0]
    assert np.ptp(effects) < 1e-3 * START[3]
