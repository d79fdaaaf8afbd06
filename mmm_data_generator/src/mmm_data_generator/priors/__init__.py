"""Laws from which whole worlds are drawn, each stated beside its draws.

A prior is a file here and a line in ``PRIORS``.
"""

from mmm_data_generator.priors.base import Prior, Size, shared
from mmm_data_generator.priors.published import PublishedPrior
from mmm_data_generator.priors.time_varying import TimeVaryingPrior
from mmm_data_generator.priors.worlds import WorldPrior

__all__ = [
    "PRIORS",
    "Prior",
    "PublishedPrior",
    "Size",
    "TimeVaryingPrior",
    "WorldPrior",
    "shared",
]

#: Priors by the name that ``draw_batch`` and ``draw_config`` know them by.
PRIORS: dict[str, type[Prior]] = {
    "worlds": WorldPrior,
    "time_varying": TimeVaryingPrior,
    "published": PublishedPrior,
}
