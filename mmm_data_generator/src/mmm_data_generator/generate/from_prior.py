"""Worlds drawn from a prior: one configuration at a time, or thousands of worlds as arrays."""

from __future__ import annotations

import numpy as np

from mmm_data_generator.config.config import MMMDataConfig
from mmm_data_generator.errors import ConfigError, suggest
from mmm_data_generator.generate.batch import Batch
from mmm_data_generator.priors import PRIORS, Prior, Size, shared


def draw_config(
    rng: np.random.Generator,
    prior: Prior | str = "worlds",
    *,
    n_channels: int | None = None,
    n_controls: int | None = None,
    n_weeks: int | None = None,
    n_geos: int | None = None,
) -> MMMDataConfig:
    """Draw one whole configuration, its seed included.

    Parameters
    ----------
    rng
        Source of all randomness.
    prior
        ``"worlds"``, ``"time_varying"``, ``"published"``, or a prior object with fields of its
        own.
    n_channels, n_controls, n_weeks, n_geos
        Sizes; None draws them (``time_varying``: the prior's names, 104 weeks, one geo).
    """
    size = Size(n_channels, n_controls, n_weeks, n_geos)
    return MMMDataConfig(**_prior(prior).draw_fields(rng, size))


def draw_batch(
    rng: np.random.Generator,
    prior: Prior | str,
    n_worlds: int,
    n_channels: int | None = None,
    n_controls: int | None = None,
    n_weeks: int = 104,
    n_geos: int = 1,
) -> Batch:
    """Draw and simulate worlds of one shape at once: the law of ``draw_config``, many times faster.

    Parameters
    ----------
    rng
        Source of all randomness.
    prior
        ``"worlds"``, ``"time_varying"``, ``"published"``, or a prior object with fields of its
        own.
    n_worlds, n_channels, n_controls, n_weeks, n_geos
        The shape of the arrays; None takes 5 channels and 3 controls, or ``time_varying``'s own.

    Returns
    -------
    Batch
        Arrays with a leading world axis; ``batch.dataset(i)`` makes one of them a dataset.
    """
    law = _prior(prior)
    size = Size(n_channels, n_controls, n_weeks, n_geos)
    return Batch(law.draw(shared(rng), n_worlds, size), name=law.WORLD)


def _prior(prior: Prior | str) -> Prior:
    if not isinstance(prior, str):
        return prior
    if prior not in PRIORS:
        raise ConfigError(
            "prior",
            f" = {prior!r}: must be one of {', '.join(PRIORS)} or an object with their verbs"
            f"{suggest(prior, PRIORS)}",
        )
    return PRIORS[prior]()
