"""A fitter that costs nothing and answers as a sampler does: 500 draws around least squares."""

import numpy as np
import xarray as xr

from mmm_benchmark.estimands import response
from mmm_benchmark.fit import Fit
from mmm_benchmark.schema import SPEND_MULTIPLIERS

DRAWS = 500


class Toy:
    """Sales linear in spend; draws of the coefficients are normal with their standard errors."""

    name = "toy"
    extra = None
    version = "1"

    def skip(self, observed):
        """Never."""
        return

    def settings(self):
        """None."""
        return {}

    def fit(self, observed, budget, seed):
        """Least squares, and draws around it."""
        spend, controls = observed["spend"].values, observed["controls"].values
        X = np.concatenate([spend, controls, np.ones((*spend.shape[:2], 1))], axis=-1)
        X = X.reshape(-1, X.shape[-1])
        y = observed["sales"].values.ravel()
        theta, *_ = np.linalg.lstsq(X, y, rcond=None)
        variance = np.var(y - X @ theta) * np.linalg.pinv(X.T @ X)
        theta = np.random.default_rng(seed).multivariate_normal(theta, variance, DRAWS)
        channels = spend.shape[-1]
        beta, gamma, intercept = np.split(theta, [channels, theta.shape[1] - 1], axis=1)
        total = spend.sum((0, 1))
        curves = [response(lambda m, b=b: m * b * total, total) for b in beta]
        curve, roas, marginal = (np.stack(part) for part in zip(*curves, strict=True))
        sales = (X @ theta.T).T.reshape(DRAWS, *spend.shape[:2])
        parts = {
            "contribution": (("geo", "date", "channel"), spend * beta[:, None, None, :]),
            "baseline": (("geo", "date"), np.broadcast_to(intercept[:, :, None], sales.shape)),
            "control_contribution": (
                ("geo", "date", "control"),
                controls * gamma[:, None, None, :],
            ),
            "expected_sales": (("geo", "date"), sales),
            "roas": (("channel",), roas),
            "marginal_roas": (("channel",), marginal),
            "response_curve": (("channel", "spend_multiplier"), curve),
        }
        posterior = xr.Dataset(
            {
                name: (("chain", "draw", *dims), values[None])
                for name, (dims, values) in parts.items()
            },
            {**observed.coords, "spend_multiplier": list(SPEND_MULTIPLIERS)},
        )
        return Fit(posterior=posterior, parameter_counts={"effects": channels})
