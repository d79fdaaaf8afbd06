"""Beliefs as people state them, in natural units, made into the standardised ones of the model.

``{"TV": {"roas": (2.0, 0.5)}, "*": {"slope": (1.0, 0.1)}}``: a value and its standard error, for a
channel or for every channel (a channel's own counts before that of ``"*"``). Positive quantities
are believed log-normal, the decay logit-normal, with this mean and error to first order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from mmm_benchmark.diffusion.beliefs import SPREAD, with_beliefs
from mmm_benchmark.diffusion.data import LIMIT
from mmm_benchmark.diffusion.response import Observed
from mmm_benchmark.diffusion.state import LEVEL_MEAN, LEVEL_SCALE, SHAPE_MEAN, SHAPE_SCALE
from mmm_benchmark.errors import UserError
from mmm_benchmark.suggest import unknown
from mmm_data_generator.published_prior import SIGMOID_HALF, SIGMOID_SLOPE

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

type Stated = Mapping[str, Mapping[str, Sequence[float]]]

EVERY = "*"
#: The curves that the PyMC-Marketing baselines of this suite expect before they see data.
PYMC_CURVES = "pymc-marketing curves"
QUANTITIES = ("roas", "adstock_decay", "half_saturation", "slope")  # in the order of a belief


def heed(stated: Stated | str, dataset: xr.Dataset, observed: Observed) -> Observed:
    """Add what is stated of the channels of ``dataset`` to its scaled data, one world.

    Parameters
    ----------
    stated
        By channel and quantity (``QUANTITIES``) a value and its standard error, or
        ``PYMC_CURVES``. Half-saturation is in multiples of mean weekly spend, ROAS that of the
        window over all geos.

    Raises
    ------
    UserError
        For a channel or a quantity that does not exist, or a value that cannot be.
    """
    if isinstance(stated, str):
        if stated != PYMC_CURVES:
            raise UserError(f"beliefs = {stated!r}: the one set with a name is '{PYMC_CURVES}'")
        mean, sd = _pymc_curves(observed)
    else:
        mean, sd = _in_logs(stated, dataset)
    middle = torch.tensor([0.0, *SHAPE_MEAN])
    scale = torch.tensor([LEVEL_SCALE, *SHAPE_SCALE])
    centre = LEVEL_MEAN - observed.channels.log()
    mean[..., 0] -= centre[:, None]
    belief = ((mean - middle) / scale).clamp(-LIMIT, LIMIT).nan_to_num(0.0)
    spread = (sd / scale).clamp(min=SPREAD[0])  # no surer than it was trained for
    return with_beliefs(observed, belief, spread.square().reciprocal())


def from_on_off_tests(tests: pd.DataFrame) -> dict[str, dict[str, tuple[float, float]]]:
    """Return the ROAS that tests found, as beliefs; several tests of a channel are averaged.

    Parameters
    ----------
    tests
        Rows of ``mmm_data_generator.on_off_test``. A test that changes spend in part measures the
        return of that part, which is another quantity.

    Raises
    ------
    UserError
        When a test left some spend on, or found no positive return.
    """
    if not np.allclose(tests["delta_x"], -tests["x"]):
        raise UserError("tests: some changed spend only in part; a ROAS needs the channel off")
    found = {}
    for channel, rows in tests.groupby("channel"):
        weight = rows["roi_se"].to_numpy() ** -2.0
        value = float(weight @ rows["roi"].to_numpy() / weight.sum())
        if value <= 0:
            raise UserError(f"tests of '{channel}': ROAS {value:.3g}; a belief must be positive")
        found[str(channel)] = {"roas": (value, float(weight.sum() ** -0.5))}
    return found


def _in_logs(stated: Stated, dataset: xr.Dataset) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation (1, C, 4) of logs (logit of decay); nan and inf: none."""
    names = sorted(dataset["channel"].values.astype(str))
    spend = dataset["spend"].sel(channel=names).values.astype(float)  # (G, T, C)
    per_roas = spend.sum((0, 1)) / float(dataset["sales"].sum())
    on = (spend > 0).mean(1).mean(0)
    mean, sd = np.full((len(names), 4), np.nan), np.full((len(names), 4), np.inf)
    for channel, quantities in sorted(stated.items(), key=lambda item: item[0] != EVERY):
        if channel != EVERY and channel not in names:
            raise unknown("channel of beliefs", channel, names)
        places = range(len(names)) if channel == EVERY else [names.index(channel)]
        for quantity, pair in quantities.items():
            if quantity not in QUANTITIES:
                raise unknown("quantity of beliefs", quantity, QUANTITIES)
            value, error = _checked(channel, quantity, pair)
            k = QUANTITIES.index(quantity)
            for c in places:
                unit = {"roas": per_roas[c], "half_saturation": on[c]}.get(quantity, 1.0)
                mean[c, k], sd[c, k] = _transformed(quantity, value * unit, error * unit)
    return torch.from_numpy(mean)[None].float(), torch.from_numpy(sd)[None].float()


def _checked(channel: str, quantity: str, pair: Sequence[float]) -> tuple[float, float]:
    try:
        value, error = (float(each) for each in pair)
    except (TypeError, ValueError):
        value = error = np.nan
    most = 1.0 if quantity == "adstock_decay" else np.inf
    if not (0 < value < most and 0 < error < np.inf):
        wanted = "a value between 0 and 1" if most == 1 else "a positive value"
        raise UserError(
            f"beliefs: {quantity} of '{channel}' = {pair!r}; {wanted} and its standard error"
        )
    return value, error


def _transformed(quantity: str, value: float, error: float) -> tuple[float, float]:
    """Mean and standard deviation of the log, or of the logit of a decay."""
    if quantity == "adstock_decay":
        return float(np.log(value / (1 - value))), error / (value * (1 - value))
    variance = np.log1p((error / value) ** 2)
    return float(np.log(value) - variance / 2), float(np.sqrt(variance))


def _pymc_curves(observed: Observed) -> tuple[Tensor, Tensor]:
    """The Hill curves near the baselines' sigmoids: ``mmm_data_generator.PublishedPrior``."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(40)
    log_slope = np.log1p(np.exp(SIGMOID_SLOPE[0] + SIGMOID_SLOPE[1] * nodes))
    weights = weights / weights.sum()
    slope = float(weights @ log_slope)
    slope_sd = float(np.sqrt(weights @ (log_slope - slope) ** 2))
    largest = observed.lagged[..., 0].amax(2).clamp(min=1e-6).log().mean(1)  # (B, C)
    mean = torch.full((*largest.shape, 4), torch.nan)
    sd = torch.full_like(mean, torch.inf)
    mean[..., 2], sd[..., 2] = SIGMOID_HALF[0] + largest, SIGMOID_HALF[1]
    mean[..., 3], sd[..., 3] = slope, slope_sd
    return mean, sd
