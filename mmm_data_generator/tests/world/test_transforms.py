"""Adstock and saturation against the formulas written out, one value at a time."""

import numpy as np
import pytest

from mmm_data_generator import AdstockConfig, SaturationConfig
from mmm_data_generator.world.transforms import (
    adstock,
    adstock_transpose,
    lag_weights,
    saturate,
    saturation_form,
)

LAGS = np.arange(6)


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (AdstockConfig(alpha=0.6, l_max=6, normalize=False), 0.6**LAGS),
        (
            AdstockConfig(type="delayed", alpha=0.6, theta=2, l_max=6, normalize=False),
            0.6 ** ((LAGS - 2) ** 2),
        ),
        (
            AdstockConfig(type="binomial", alpha=0.5, l_max=6, normalize=False),
            1 - LAGS / 6,
        ),
        (
            AdstockConfig(type="weibull_cdf", lam=2, k=1, l_max=6, normalize=False),
            np.exp(-LAGS * (LAGS + 1) / 4),
        ),
        (
            AdstockConfig(type="weibull_pdf", lam=2, k=1, l_max=6, normalize=False),
            np.exp(-LAGS / 2),
        ),
        (AdstockConfig(type="none", l_max=6), [1, 0, 0, 0, 0, 0]),
        (AdstockConfig(alpha=0, l_max=6), [1, 0, 0, 0, 0, 0]),
    ],
)
def test_lag_weights(config: AdstockConfig, expected: list[float]) -> None:
    np.testing.assert_allclose(lag_weights(config, 10), expected, atol=1e-12)


def test_normalised_weights_sum_to_one_and_a_window_may_be_the_last_lag() -> None:
    for kind in ("geometric", "delayed", "weibull_cdf", "weibull_pdf", "binomial", "none"):
        assert lag_weights(AdstockConfig(type=kind), 30).sum() == pytest.approx(1)
    endless = lag_weights(AdstockConfig(alpha=0.7, l_max=None, normalize=False), 30)
    assert len(endless) == 30
    several = lag_weights(AdstockConfig(l_max=4), 30, np.array([0.2, 0.5]))
    assert several.shape == (2, 4)


def test_adstock_is_the_recursion_and_its_transpose_is_its_transpose() -> None:
    rng = np.random.default_rng(0)
    x = rng.uniform(size=(2, 40, 1))
    w = lag_weights(AdstockConfig(alpha=0.7, l_max=None, normalize=False), 40)
    out = adstock(x, np.broadcast_to(w[None, :, None], (2, 40, 1)))
    y = np.zeros((2, 1))
    for t in range(40):
        y = x[:, t] + 0.7 * y
        np.testing.assert_allclose(out[:, t], y)
    weights = rng.uniform(size=(2, 5, 3))
    a, b = rng.normal(size=(2, 2, 40, 3))
    left = (adstock(a, weights) * b).sum()
    np.testing.assert_allclose(left, (a * adstock_transpose(b, weights)).sum())


@pytest.mark.parametrize(
    ("config", "formula"),
    [
        (SaturationConfig(slope=1.7, kappa=0.4), lambda z: z**1.7 / (z**1.7 + 0.4**1.7)),
        (SaturationConfig(type="michaelis_menten", kappa=0.3), lambda z: z / (z + 0.3)),
        (
            SaturationConfig(type="logistic", lam=3),
            lambda z: (1 - np.exp(-3 * z)) / (1 + np.exp(-3 * z)),
        ),
        (SaturationConfig(type="tanh", c=0.6), lambda z: np.tanh(z / 0.6)),
        (SaturationConfig(type="root", exponent=0.4), lambda z: z**0.4),
        (SaturationConfig(type="none"), lambda z: z),
    ],
)
def test_saturation(config: SaturationConfig, formula: object) -> None:
    assert callable(formula)
    scale = np.array([200.0])
    kind, pivot, power = saturation_form(config, scale, 0.0, 0.0)
    x = np.linspace(0, 600, 50)
    out = saturate(
        x[None, :, None], np.array([kind], dtype=np.int8), pivot[:, None], power[:, None]
    )
    np.testing.assert_allclose(out[0, :, 0], formula(x / 200), rtol=1e-12)
    bounded = config.type not in ("root", "none")
    half = saturate(
        pivot[:, None, None], np.array([kind], dtype=np.int8), pivot[:, None], power[:, None]
    )
    assert half.item() == pytest.approx(0.5 if bounded else 1.0)
