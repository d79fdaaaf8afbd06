"""What is ranked: numbers that matter in money, one of each kind to a world.

Channels and weeks of one world share a posterior, and the band of an ECDF is for independent
ranks; so a world gives one channel and one week, drawn by its seed alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mmm_benchmark.scoring.posterior import aligned

if TYPE_CHECKING:
    import xarray as xr

    from mmm_data_generator import MMMDataset

#: Quantity -> what it is. Each is a scalar of a world.
QUANTITIES = {
    "media": "sales by all media, over all weeks",
    "baseline": "baseline sales, over all weeks",
    "roas_largest": "ROAS of the channel with the largest spend",
    "roas": "ROAS of one channel",
    "marginal_roas": "marginal ROAS of one channel",
    "doubled": "what one channel would sell at twice its spend, over all weeks",
    "week": "what one channel sold in one week",
    "decay": "carry-over of one channel from a week to the next",
}
STREAM = 0xCA1B
#: Draws that a truth is ranked among: few enough to be nearly independent.
RANKED = 99


@dataclass(frozen=True)
class Quantity:
    """Draws of one scalar, evenly spaced over chains, and the truth."""

    draws: NDArray[np.float64]  # (draw,)
    truth: float


def quantities(posterior: xr.Dataset, dataset: MMMDataset, seed: int) -> dict[str, Quantity]:
    """The quantities that both the fit and the world have.

    Parameters
    ----------
    posterior
        A fit's draws, ``schema.POSTERIOR``.
    dataset
        The world with its truth.
    seed
        Draws the channel and the week.
    """
    observed, truth = dataset.observed, dataset.truth
    assert truth is not None
    found = aligned(posterior, observed, "posterior")
    rng = np.random.default_rng(np.random.SeedSequence([STREAM, seed]))
    spend = observed["spend"].sum(("geo", "date"))
    one = int(rng.integers(observed.sizes["channel"]))
    at = {"geo": 0, "date": int(rng.integers(observed.sizes["date"]))}
    largest = int(spend.values.argmax())
    everywhere = ("geo", "date")

    def both(name: str, pick: dict[str, int], total: tuple[str, ...] = ()) -> Quantity:
        drawn = found[name].isel(pick).sum(total) if total else found[name].isel(pick)
        right = truth[name].isel(pick).sum(total) if total else truth[name].isel(pick)
        values = drawn.transpose("chain", "draw").values.reshape(-1).astype(np.float64)
        return Quantity(thinned(values), float(right))

    twice = list(found["spend_multiplier"].values).index(2.0)
    answer = {
        "media": both("contribution", {}, (*everywhere, "channel")),
        "baseline": both("baseline", {}, everywhere),
        "roas_largest": both("roas", {"channel": largest}),
        "roas": both("roas", {"channel": one}),
        "marginal_roas": both("marginal_roas", {"channel": one}),
        "doubled": both("response_curve", {"channel": one, "spend_multiplier": twice}),
        "week": both("contribution", {"channel": one, **at}),
    }
    if "adstock_decay" in found and "adstock_decay" in truth:
        answer["decay"] = both("adstock_decay", {"channel": one, "geo": 0})
    return answer


def thinned(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """At most RANKED draws, evenly spaced."""
    if values.size <= RANKED:
        return values
    return values[np.linspace(0, values.size - 1, RANKED).round().astype(int)]


def rank(quantity: Quantity, rng: np.random.Generator) -> int:
    """How many draws lie below the truth; among equals, any place is as likely."""
    below = int((quantity.draws < quantity.truth).sum())
    equal = int((quantity.draws == quantity.truth).sum())
    return below + int(rng.integers(equal + 1))
