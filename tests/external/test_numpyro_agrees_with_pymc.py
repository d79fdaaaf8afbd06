"""The native model and PyMC-Marketing's answer alike: they are the same model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from mmm_benchmark import run_benchmark
from mmm_data_generator import generate_mmm_dataset

pytestmark = pytest.mark.external

#: Standard error of a quantile over that of the mean, sqrt(p (1 - p)) / density, normal law.
WIDTH = {0.1: 1.71, 0.5: 1.25, 0.9: 1.71}
TIMES = 4.5  # standard errors: 13 series, four statistics each, both tails


def effective(values: np.ndarray) -> np.ndarray:
    """Bulk ESS of ``(chain, draw, series)``, no more than the number of draws."""
    from arviz_stats.base import array_stats

    ess = array_stats.ess(np.moveaxis(values, -1, 0), chain_axis=1, draw_axis=2)
    return np.minimum(ess, values.shape[0] * values.shape[1])


def test_contributions_agree_within_monte_carlo_error(tmp_path: Path):
    dataset = generate_mmm_dataset("basic", seed=5)
    names = ("numpyro-mmm", "nutpie")
    results = run_benchmark(
        dataset, samplers=names, chains=4, draws=800, tune=800, results=tmp_path, quiet=True
    )
    assert not results.failed
    samples = {}
    for key, tree in results.fits.items():
        posterior: xr.Dataset = tree["posterior"].to_dataset()
        total = posterior["contribution"].sum(("geo", "date"))
        weekly = posterior["contribution"].isel(geo=0, date=[10, 30, 50])
        parts = [
            total.transpose("chain", "draw", "channel").to_numpy(),
            weekly.transpose("chain", "draw", "date", "channel").to_numpy(),
            posterior["baseline"].mean(("geo", "date")).to_numpy()[..., None],
        ]
        flat = [part.reshape(*part.shape[:2], -1) for part in parts]
        samples[key.rsplit("/", 1)[-1]] = np.concatenate(flat, axis=-1).astype(float)
    native, peer = (samples[name] for name in names)
    sd = np.sqrt((native.var(axis=(0, 1)) + peer.var(axis=(0, 1))) / 2)
    per_draw = np.sqrt(1 / effective(native) + 1 / effective(peer))
    gap = (native.mean(axis=(0, 1)) - peer.mean(axis=(0, 1))) / sd
    assert (np.abs(gap) < TIMES * per_draw).all()
    for quantile, width in WIDTH.items():
        gap = np.subtract(*(np.quantile(each, quantile, axis=(0, 1)) for each in (native, peer)))
        assert (np.abs(gap / sd) < TIMES * width * per_draw).all(), quantile
