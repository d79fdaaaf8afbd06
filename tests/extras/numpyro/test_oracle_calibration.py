"""The oracle's ranks are uniform on worlds drawn from its prior: a small version of the benchmark.

(Talts et al. 2018, arXiv:1804.06788.) ``benchmarks/oracle_calibration.py`` is the large one.
"""

from __future__ import annotations

import pytest
from scipy.stats import kstest

from mmm_benchmark.fit import Budget
from mmm_benchmark.fitters.oracle import answer, sampling, time_varying
from mmm_benchmark.plan.generating_family import family_of
from mmm_data_generator import MMMDataConfig, generate_mmm_dataset
from mmm_data_generator.priors.time_varying import TimeVaryingPrior

WORLDS = 24
BUDGET = Budget(chains=2, draws=150, tune=200)


@pytest.mark.statistical
def test_ranks_of_true_values_are_uniform():
    prior = TimeVaryingPrior(channels=("A",), controls=("Season",))
    ranks = {"share": [], "decay": [], "slope": []}
    for seed in range(WORLDS):
        config = MMMDataConfig(name="tiny", n_periods=16, prior=prior, seed=seed)
        dataset = generate_mmm_dataset(config)
        data = time_varying.prepare(dataset.observed, family_of(dataset))
        draws = answer.time_varying_parameters(
            sampling.sample_time_varying(data, BUDGET, seed).z, data
        )
        truth = dataset.truth
        sales = float((dataset.observed["sales"] - truth["noise"]).mean())
        true = {
            "share": float(truth["contribution"].sum("channel").mean()) / sales,
            "decay": float(truth["adstock_decay"].item()),
            "slope": float(truth["slope"].item()),
        }
        for name, value in true.items():
            ranks[name].append((draws[name] < value).mean())
    for name, shares in ranks.items():
        assert kstest(shares, "uniform").pvalue > 0.01 / len(ranks), name
