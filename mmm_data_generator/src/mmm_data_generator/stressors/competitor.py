"""A competitor who advertises too."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from mmm_data_generator.fields.rules import Rule, check_fields, checked, flag, number, one_of, text
from mmm_data_generator.stressors.base import MARKET, Scene
from mmm_data_generator.world.coefficients import autoregress, ou_path

if TYPE_CHECKING:
    from mmm_data_generator.world.stressed import StressedWorld


@checked
class Competitor:
    """A competitor's activity, adstocked, takes sales away; it moves with our own total spend.

    The index has mean 1. ``correlation`` is that of its logs with our log total spend before
    anything else, exact in every geo (0 where our spend never changes).
    """

    type: str = "competitor"
    loss: float = 0.2  # sales lost at the index's mean, share of base sales
    log_sd: float = 0.4  # spread of the log index
    correlation: float = 0.5  # with our own log total spend
    decay: float = 0.5  # of the adstock of its effect, per week
    observed: bool = False  # True: the adstocked index is a control
    control: str = "Competitor-Index"  # its name, when observed

    STAGE: ClassVar[int] = MARKET
    RULES: ClassVar[dict[str, Rule]] = {
        "type": one_of(("competitor",)),
        "loss": number(at_least=0),
        "log_sd": number(above=0),
        "correlation": number(above=-1, below=1),
        "decay": number(at_least=0, below=1),
        "observed": flag,
        "control": text,
    }

    def __post_init__(self) -> None:
        check_fields(self)

    @property
    def new_controls(self) -> tuple[str, ...]:
        """Names of the controls it adds."""
        return (self.control,) if self.observed else ()

    def apply(self, world: StressedWorld, scene: Scene) -> StressedWorld:
        """Take the sales that the competitor wins."""
        n, index = len(scene.dates), np.empty(world.spend.shape[:2])
        for g, geo in enumerate(scene.geos):
            total = world.spend[g].sum(-1)
            ours = np.log(total + 0.01 * total.mean())
            ours -= ours.mean()
            size = np.linalg.norm(ours)
            ours = ours / size if size > 1e-9 else np.zeros(n)
            own = ou_path(scene.rng("own", geo), (), n, 1.0, 0.3)
            own -= own.mean() + ours * (ours @ own)
            z = self.correlation * ours + np.sqrt(1 - self.correlation**2) * own / np.linalg.norm(
                own
            )
            index[g] = np.exp(self.log_sd * np.sqrt(n) * z)
        index /= index.mean(1, keepdims=True)
        steps = index * (1 - self.decay)
        steps[:, 0] = index[:, 0]
        felt = autoregress(steps, self.decay)
        loss = self.loss * scene.base[:, None]
        if not self.observed:
            return world.but(unobserved=world.unobserved - loss * felt)
        controls, coefficient = world.controls.copy(), world.control_coefficient.copy()
        k = scene.control(self.control)
        controls[..., k], coefficient[..., k] = felt, -loss
        return world.but(controls=controls, control_coefficient=coefficient)
