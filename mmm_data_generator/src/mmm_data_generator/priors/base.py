"""What every prior over worlds is: two verbs, one for arrays and one for a configuration.

A new prior is a class with these two verbs in a file of its own here, and a line in the table of
``mmm_data_generator.priors``; ``draw_batch`` and ``draw_config`` take it by name or as an object.
"""

from __future__ import annotations

from typing import Any, ClassVar, Protocol

import numpy as np

from mmm_data_generator.fields.rules import Rule, check_fields, checked, integer
from mmm_data_generator.world.seeds import Streams
from mmm_data_generator.world.world import World


@checked
class Size:
    """How large a world is; None leaves a number to the prior."""

    n_channels: int | None = None
    n_controls: int | None = None
    n_weeks: int | None = None
    n_geos: int | None = None

    RULES: ClassVar[dict[str, Rule]] = {
        "n_channels": integer(at_least=1, optional=True),
        "n_controls": integer(at_least=0, optional=True),
        "n_weeks": integer(at_least=2, optional=True),
        "n_geos": integer(at_least=1, optional=True),
    }

    def __post_init__(self) -> None:
        check_fields(self)


class Prior(Protocol):
    """A law of whole worlds."""

    #: What a dataset drawn from it is called.
    WORLD: ClassVar[str]

    def draw(self, streams: Streams, n_worlds: int, size: Size) -> World:
        """Draw worlds of one shape as arrays with a leading world axis.

        Parameters
        ----------
        streams
            Gives the generator of a purpose and name: named streams for a dataset, one shared
            generator (:func:`shared`) for a batch.
        n_worlds
            How many.
        size
            Their shape; for None the prior has a default.
        """

    def draw_fields(self, rng: np.random.Generator, size: Size) -> dict[str, Any]:
        """Draw the fields of one ``MMMDataConfig``, its seed included.

        Parameters
        ----------
        rng
            Source of all randomness.
        size
            What is None is drawn, or the prior's own.
        """


def shared(rng: np.random.Generator) -> Streams:
    """Return streams that are one generator, whatever the name asked for."""

    def one(purpose: str, geo: str = "", name: str = "") -> np.random.Generator:
        return rng

    return one


def draw_seed(rng: np.random.Generator) -> int:
    """Draw a dataset's seed."""
    return int(rng.integers(2**63))
