"""Fresh worlds for training and calibration: sizes at random, everything else by the prior."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mmm_benchmark.diffusion.inference.limits import TAIL, array_summaries
from mmm_benchmark.diffusion.problem.observed import Observed
from mmm_benchmark.diffusion.problem.truth import Truth
from mmm_benchmark.diffusion.training import prior_first, published_stated
from mmm_benchmark.diffusion.training.simulated import NEEDED, observed_and_truth, usable
from mmm_data_generator import PublishedPrior, TimeVaryingPrior, WorldPrior, draw_batch
from mmm_data_generator.priors import Prior

LAWS: dict[str, Prior] = {
    "worlds": WorldPrior(),
    # the model is blind to the unit of spend, so a law of returns would say nothing to it; of
    # PyMC-Marketing's curves it knows the one that this suite's baselines take
    "published": PublishedPrior(roi_log_mean=None, curve_chances=(1 / 3, 1 / 3, 0, 1 / 3)),
    "time_varying": TimeVaryingPrior(),
    "time_varying_v1": TimeVaryingPrior(
        volatility=0.05, control_volatility=0.03, jump_probability=0.0
    ),
}
STATED = "stated"  # worlds whose prior is drawn first and stated (prior_first.py)
WHOLE = "published, stated"  # worlds of one law, told as a user states it (published_stated.py)
CARD = (5, 3, 104, 1)  # channels, controls, weeks, geos of the MMM-Diffusion model card's world
TOLD = {STATED: prior_first, WHOLE: published_stated}
#: Training priors that mix laws: one quarter of batches is that card's own, these chances
#: the others.
MIXTURES: dict[str, dict[str, float]] = {
    "worlds": {"worlds": 1.0},
    "worlds and published": {"worlds": 0.2, "published": 0.8},
    # 0.56 of all batches have a prior stated
    "prior first": {"worlds": 0.05, "published": 0.2, STATED: 0.45, WHOLE: 0.3},
}
CARD_SHARE = 0.25  # of training batches have that card's size and law
MAX_ROWS = 420  # geos x weeks of a training world


def draw_size(rng: np.random.Generator) -> tuple[int, int, int, int]:
    """Channels (1-30), controls (0-10), weeks (26-260) and geos (1-8) of a batch of worlds."""
    channels = int(np.clip(np.rint(np.exp(rng.normal(np.log(4.5), 0.6))), 1, 30))
    controls = int(np.clip(rng.poisson(2.2), 0, 10))
    weeks = int(
        rng.choice([52, 78, 104, 131, 156, 208, 0], p=[0.14, 0.1, 0.3, 0.14, 0.14, 0.06, 0.12])
    )
    weeks = weeks or int(rng.integers(26, 261))
    most = max(1, min(8, MAX_ROWS // weeks))
    geos = int(rng.integers(2, most + 1)) if most > 1 and rng.random() < 0.3 else 1
    return channels, controls, weeks, geos


def draw_law(rng: np.random.Generator, prior: str) -> tuple[str, bool]:
    """Law of a batch, and whether it has the size of the MMM-Diffusion model card's world."""
    if prior not in MIXTURES:
        return prior, True
    if rng.random() < CARD_SHARE:
        return "time_varying", True
    chances = MIXTURES[prior]
    law = str(rng.choice(list(chances), p=list(chances.values()))) if len(chances) > 1 else prior
    return law, False


def draw(rng: np.random.Generator, prior: str, tokens: int, patch: int) -> tuple[Observed, Truth]:
    """Draw a batch of worlds whose channel-by-patch tokens number about ``tokens``."""
    law, card = draw_law(rng, prior)
    channels, controls, weeks, geos = CARD if card else draw_size(rng)
    per_world = channels * (np.ceil(weeks / patch) + 1) + np.ceil(weeks / patch) * (1 + geos)
    count = int(np.clip(tokens / per_world, 4, 64))
    return simulated(rng, law, count, (channels, controls, weeks, geos))


def simulated(
    rng: np.random.Generator, law: str, count: int, size: tuple[int, int, int, int]
) -> tuple[Observed, Truth]:
    """Draw at most ``count`` worlds of one law and size; some laws come with a prior stated."""
    if law in TOLD:
        return TOLD[law].draw(rng, count, *size)
    arrays = draw_batch(rng, LAWS[law], count, *size)
    return observed_and_truth({name: arrays[name][usable(arrays)] for name in NEEDED})


def prior_ranges(prior: str, count: int = 1500, seed: int = 0) -> dict[str, tuple[float, float]]:
    """Central range of each unit-free figure of the data over training worlds.

    It leaves out ``limits.TAIL`` on each side; ``limits.outside_prior`` compares a dataset with it.
    """
    rng = np.random.default_rng(np.random.SeedSequence([0x0A7, seed]))
    found: dict[str, list[NDArray[np.float64]]] = {}
    for _ in range(count // 15):
        law, card = draw_law(rng, prior)
        sizes = CARD if card else draw_size(rng)
        if law in TOLD:
            arrays = TOLD[law].draw_arrays(rng, 15, *sizes).arrays
        else:
            drawn = draw_batch(rng, LAWS[law], 15, *sizes)
            arrays = {name: drawn[name][usable(drawn)] for name in ("sales", "spend")}
        figures = array_summaries(arrays["sales"], arrays["spend"])
        for name, values in figures.items():
            found.setdefault(name, []).append(values)
    tails = (TAIL, 1 - TAIL)
    return {
        name: tuple(np.round(np.quantile(np.concatenate(v), tails), 4).tolist())
        for name, v in found.items()
    }
