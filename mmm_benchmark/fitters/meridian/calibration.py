"""Lift tests as priors on ROI, by the library's own ``CalibrationBuilder``.

The library turns each test into an ROI for the whole window, wider for its length, its age and the
share of spend it moved, regularises it by a baseline prior, here the library's default one of ROI
(without it a weak test becomes a narrow prior far from what it measured), and fits a law to what
it finds for each channel. The container it puts
these laws into cannot be sampled under JAX (google-meridian 2.1: ``ConcretizationTypeError``), so
their numbers are stacked into one log-normal law; a law of another kind gives its mean and
standard deviation.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from meridian import backend
from meridian.data.input_data import InputData
from meridian.model.calibration.prior_builder import CalibrationBuilder
from meridian.model.prior_distribution import PriorDistribution

from mmm_benchmark.errors import UserError
from mmm_benchmark.fitters.common.experiments import frame_of
from mmm_benchmark.fitters.meridian.priors import log_normal
from mmm_data_generator.experiments import for_meridian

type Experiments = Sequence[Mapping[str, Any]]


def roi_law(data: InputData, experiments: Experiments, max_lag: int) -> backend.tfd.Distribution:
    """Priors on the ROI of all channels; those without a test have the library's default.

    Parameters
    ----------
    experiments
        Rows as ``plan.experiments.experiments_on`` gives them; the geos of a test are summed.
    max_lag
        That of the model.

    Raises
    ------
    UserError
        When the library refuses every test.
    """
    builder, refused = _with_tests(data, experiments, max_lag)
    with warnings.catch_warnings():
        # it says that it fits a law to what it computed, once for each channel
        warnings.filterwarnings("ignore")
        laws = builder.build().roi_m
    if not any(laws.get_calibration_status()):
        raise UserError(f"Meridian refuses every experiment: {refused[0]}")
    numbers = [pair for law in laws.parameters["distributions"] for pair in log_moments(law)]
    mean, sd = np.array(numbers).T
    return log_normal(mean, sd, "roi_m")


def refusals(data: InputData, experiments: Experiments) -> tuple[str, ...]:
    """What the library says of tests that it does not take, for the notes of a fit.

    It takes no lift that is below zero beyond doubt, and no test that moved more than was spent.
    """
    return tuple(f"left out: {reason}" for reason in _with_tests(data, experiments, 0)[1])


def _with_tests(
    data: InputData, experiments: Experiments, max_lag: int
) -> tuple[CalibrationBuilder, list[str]]:
    """The library's builder with every test it takes, and its reasons for the others."""
    usual = PriorDistribution().roi_m
    builder, refused = CalibrationBuilder(data, max_lag=max_lag, baseline_prior=usual), []
    for channel, keywords in for_meridian(frame_of(experiments)).items():
        names = list(keywords)
        for values in zip(*keywords.values(), strict=True):
            one = dict(zip(names, values, strict=True))
            try:
                builder.with_incrementality_experiment_result(channel, **one)
            except ValueError as refusal:
                reason = " ".join(str(refusal).split())
                refused.append(f"experiment on '{channel}': {reason}")
    return builder, refused


def log_moments(law: backend.tfd.Distribution) -> list[tuple[float, float]]:
    """Mean and standard deviation of the logarithm, for each channel of a law.

    Of a law that is not log-normal, those of the log-normal with its mean and variance.
    """
    if isinstance(law, backend.tfd.LogNormal):
        loc, scale = np.broadcast_arrays(np.ravel(law.loc), np.ravel(law.scale))
        return list(zip(loc.astype(float), scale.astype(float), strict=True))
    mean, sd = np.ravel(law.mean()).astype(float), np.ravel(law.stddev()).astype(float)
    if (mean <= 0).any():
        raise UserError(
            f"Meridian's law of an experiment has the mean {mean.min():.3g}, not above 0"
        )
    log_variance = np.log1p((sd / mean) ** 2)
    return list(zip(np.log(mean) - log_variance / 2, np.sqrt(log_variance), strict=True))
