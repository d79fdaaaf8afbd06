"""PyMC-Marketing takes the adapter's frame and the lift tests, and fits."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from mmm_data_generator import generate_mmm_dataset, lift_tests
from mmm_data_generator.adapters import to_pymc_marketing
from mmm_data_generator.experiments import for_pymc_marketing


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("preset", "fits"), [("stress_cost", False), ("stress_national", True)])
def test_a_model_is_built_calibrated_and_fitted(preset, fits):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pymc_marketing.mmm import GeometricAdstock, LogisticSaturation
        from pymc_marketing.mmm.mmm import MMM

    data = generate_mmm_dataset(preset, seed=1, n_periods=60)
    X, y, arguments = to_pymc_marketing(data)
    model = MMM(**arguments, adstock=GeometricAdstock(l_max=4), saturation=LogisticSaturation())
    model.build_model(X, y)
    tests = lift_tests(data, n_per_channel=1, cooldown=4, seed=2)
    frame = for_pymc_marketing(tests, national="dims" not in arguments)
    model.add_lift_test_measurements(frame)
    observed = model.model["lift_measurements"]
    assert observed.eval().size == len(frame)
    if not fits:
        return
    # enough to see that the real sampler runs on these inputs
    posterior = model.fit(
        X, y, draws=10, tune=10, chains=1, nuts_sampler="pymc", progressbar=False, random_seed=1
    )
    assert np.isfinite(posterior["posterior"]["saturation_beta"]).all()
