"""Noise that is not white or not Gaussian."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from mmm_data_generator.fields.rules import Rule, check_fields, checked, number, one_of
from mmm_data_generator.stressors.base import NOISE, Scene
from mmm_data_generator.world.coefficients import autoregress

if TYPE_CHECKING:
    from mmm_data_generator.world.stressed import StressedWorld


@checked
class Noise:
    """Observation noise as a stationary AR(1) with Student-t innovations, same variance as before.

    The stationary start has the innovations' law times ``1 / sqrt(1 - autocorrelation^2)``.
    """

    type: str = "noise"
    autocorrelation: float = 0.0  # of one week with the next
    degrees_of_freedom: float | None = None  # of the innovations; None: Gaussian
    scale: float = 1.0  # noise standard deviation over the config's

    STAGE: ClassVar[int] = NOISE
    RULES: ClassVar[dict[str, Rule]] = {
        "type": one_of(("noise",)),
        "autocorrelation": number(above=-1, below=1),
        "degrees_of_freedom": number(above=2, optional=True),
        "scale": number(at_least=0),
    }

    def __post_init__(self) -> None:
        check_fields(self)

    def apply(self, world: StressedWorld, scene: Scene) -> StressedWorld:
        """Replace the noise."""
        n, nu, phi = len(scene.dates), self.degrees_of_freedom, self.autocorrelation
        steps = scene.normals("steps", n)
        if nu is not None:
            chi2 = np.stack([scene.rng("tails", geo).chisquare(nu, n) for geo in scene.geos])
            steps *= np.sqrt((nu - 2) / chi2)  # Student t, scaled to variance 1
        steps[:, 1:] *= np.sqrt(1 - phi**2)
        return world.but(shock=self.scale * scene.noise[:, None] * autoregress(steps, phi))
