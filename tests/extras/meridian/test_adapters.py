"""Meridian takes the adapter's InputData and the experiments' calibration, and samples."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from mmm_data_generator import generate_mmm_dataset, lift_tests
from mmm_data_generator.adapters import to_meridian
from mmm_data_generator.experiments import for_meridian
from mmm_data_generator.media import media_measures


@pytest.mark.filterwarnings("ignore")
def test_input_data_in_all_roles():
    data = generate_mmm_dataset("stress_organic", seed=1)
    measures = media_measures(data, value_per_conversion=40.0)
    made = to_meridian(
        data, measures=measures, organic=("Organic-Impressions",), treatments=("Sale",)
    )
    assert made.kpi.shape == (1, 104)
    assert made.organic_media.shape == (1, 104, 1)
    assert made.non_media_treatments.shape == (1, 104, 1)
    np.testing.assert_allclose(made.media, measures["impressions"])


@pytest.mark.filterwarnings("ignore")
def test_a_daily_world_is_daily_input_data():
    data = generate_mmm_dataset("daily", seed=1)
    made = to_meridian(data, measures=media_measures(data))
    assert made.kpi.shape == (1, 730)
    dates = made.time_coordinates.datetime_index
    assert made.time_coordinates.interval_days == 1
    assert (dates[1] - dates[0]).days == 1


@pytest.mark.filterwarnings("ignore")
def test_reach_and_frequency_sell_by_meridians_own_equation():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from meridian import backend
        from meridian.model import adstock_hill, model, spec

    data = generate_mmm_dataset("stress_reach_frequency", seed=5)
    bought = ("TV", "Social")
    made = to_meridian(data, measures=media_measures(data), reach_frequency=bought)
    assert made.reach.shape == made.rf_spend.shape == (1, 104, 2)
    assert made.media.shape == (1, 104, 2)
    meridian = model.Meridian(input_data=made, model_spec=spec.ModelSpec(knots=8, max_lag=8))
    assert meridian.n_rf_channels == 2

    hill = adstock_hill.HillTransformer(
        ec=backend.to_tensor([2.0, 2.0], dtype=backend.float_dtype),
        slope=backend.to_tensor([2.0, 2.0], dtype=backend.float_dtype),
    )
    frequency = backend.to_tensor(made.frequency.values, dtype=backend.float_dtype)
    places = [0, 2]
    decay = data.world.adstock_decay[0, places]
    reach = made.reach.values / data.world.audience[..., places].mean(1, keepdims=True)
    adstock = adstock_hill.AdstockTransformer(
        alpha=backend.to_tensor(decay, dtype=backend.float_dtype),
        max_lag=7,
        n_times_output=104,
    )
    felt = reach * np.asarray(hill.forward(frequency))
    theirs = np.asarray(adstock.forward(backend.to_tensor(felt, dtype=backend.float_dtype)))
    np.testing.assert_allclose(theirs, data.world.response()[..., places], rtol=1e-4, atol=1e-6)


@pytest.mark.filterwarnings("ignore")
def test_a_calibrated_model_samples_its_prior():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from meridian.model import model, prior_distribution, spec
        from meridian.model.calibration import prior_builder

    data = generate_mmm_dataset("stress_national", seed=1)
    made = to_meridian(data)
    builder = prior_builder.CalibrationBuilder(made)
    tests = lift_tests(data, n_per_channel=2, weeks=8, change=1.0, seed=2)
    for channel, keywords in for_meridian(tests).items():
        builder.with_incrementality_experiment_result(channel, **keywords)
    priors = builder.build()
    prior = prior_distribution.PriorDistribution(roi_m=priors.roi_m)
    meridian = model.Meridian(
        input_data=made, model_spec=spec.ModelSpec(prior=prior, knots=8, max_lag=8)
    )
    meridian.sample_prior(200)
    roi = np.asarray(meridian.inference_data.prior["roi_m"])[0]
    assert roi.shape == (200, 4)
    assert (np.isfinite(roi) & (roi >= 0)).all()
    assert priors.roi_m.get_calibration_status() == (True,) * 4
