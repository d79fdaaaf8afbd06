"""The numbers of a diffusion model: sizes, losses, training; our recipes and two older ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from mmm_benchmark.errors import UserError


@dataclass(frozen=True, kw_only=True)
class NetworkConfig:
    """Sizes of the two denoisers.

    Attributes
    ----------
    patch
        Weeks that make one token.
    width_campaign, layers_campaign
        Stage 1, which denoises the aggregates.
    width_channel, layers_channel
        Stage 2, which denoises the channels.
    physics
        Correct the Wiener solve (True), or predict from the inputs alone, as the MMM-Diffusion
        model card does.
    beliefs
        Read what is believed beforehand of single channels, and be trained to heed it.
    priors
        Read a prior that stands in place of the training law, and be trained to answer under it;
        needs ``beliefs``.
    """

    patch: int = 8
    width_campaign: int = 96
    layers_campaign: int = 3
    width_channel: int = 96
    layers_channel: int = 4
    heads: int = 4
    physics: bool = True
    beliefs: bool = False
    priors: bool = False


@dataclass(frozen=True, kw_only=True)
class LossWeights:
    """Weights of the MMM-Diffusion model card's seven losses.

    ``ramped`` ones grow from 0 after a quarter of training.

    ``gated`` makes the spectral and temporal terms proper: complex spectra instead of log
    magnitudes, weighted by the signal-to-noise ratio, so that every term is quadratic in the error.
    """

    campaign: float = 1.0
    channel: float = 2.0
    spectral: float = 0.5
    temporal: float = 0.1
    sales: float = 0.2  # ramped
    contribution: float = 0.2  # ramped
    sign: float = 0.01
    gated: bool = True
    ramp_from: float = 0.25  # fraction of training


@dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """How long, how fast, from which worlds.

    Attributes
    ----------
    steps
        Optimiser steps; the learning rate falls to zero over the last ``cooldown`` of them.
    tokens
        Channel-by-patch tokens in a batch: the batch size follows from the size of the worlds.
    prior
        ``"worlds"`` (every size and law), ``"worlds and published"`` (four in five with
        published media shares, carry-over, curves and noise), ``"prior first"`` (of seven in ten
        of these the prior is drawn first and stated), ``"time_varying"`` (the
        world of the MMM-Diffusion model card), or
        ``"time_varying_v1"`` (its first version, weekly volatility 0.05).
    """

    steps: int = 26_000
    tokens: int = 2_600
    learning_rate: float = 1e-3
    warmup: int = 200  # steps
    cooldown: float = 0.3  # fraction of training
    weight_decay: float = 0.01
    clip: float = 1.0  # gradient norm
    ema: float = 0.999
    seed: int = 20_260_101
    prior: str = "worlds"
    save_every: int = 200  # steps
    validate_every: int = 0  # steps between looks at worlds never trained on; 0 never looks
    validate_worlds: int = 32
    range_worlds: int = 1500  # from which the ranges of the out-of-prior check are taken


@dataclass(frozen=True, kw_only=True)
class DiffusionConfig:
    """Everything that, with the seed, determines a trained model."""

    name: str = "ours"
    diffusion_steps: int = 500
    cosine_offset: float = 0.008
    network: NetworkConfig = field(default_factory=NetworkConfig)
    losses: LossWeights = field(default_factory=LossWeights)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    max_channels: int = 30
    max_controls: int = 10
    min_weeks: int = 26
    max_weeks: int = 260

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types, the inverse of :func:`from_json`."""
        return asdict(self)


_CARD_NETWORK = NetworkConfig(
    patch=1,
    width_campaign=192,
    layers_campaign=4,
    width_channel=256,
    layers_channel=6,
    physics=False,
)

_PUBLISHED = TrainingConfig(  # from trained weights: a slower start, a longer fall
    steps=9_500,
    learning_rate=6e-4,
    cooldown=0.6,
    seed=20_260_103,
    prior="worlds and published",
)

PRESETS: dict[str, DiffusionConfig] = {
    "ours": DiffusionConfig(),
    # started from a trained "ours": the same model under a prior of which most is published figures
    "ours-published": DiffusionConfig(
        name="ours-published",
        training=_PUBLISHED,
    ),
    # started from a trained "ours-published": the same model, which learns to heed beliefs
    "ours-believing": DiffusionConfig(
        name="ours-believing",
        network=NetworkConfig(beliefs=True),
        training=replace(_PUBLISHED, steps=13_000, seed=20_260_104),
    ),
    # started from a trained "ours-believing": most worlds have a prior that is drawn first, stated
    # to the network, and replaces the law of training
    "ours-prior-first": DiffusionConfig(
        name="ours-prior-first",
        network=NetworkConfig(beliefs=True, priors=True),
        training=replace(
            _PUBLISHED,
            steps=21_000,
            cooldown=0.5,
            seed=20_260_105,
            prior="prior first",
            learning_rate=3e-4,
            save_every=50,
            validate_every=1000,
        ),
    ),
    "v1": DiffusionConfig(
        name="v1",
        network=NetworkConfig(
            patch=1,
            width_campaign=128,
            layers_campaign=4,
            width_channel=160,
            layers_channel=6,
            physics=False,
        ),
        losses=LossWeights(spectral=0.0, sales=0.0, contribution=0.0, gated=False),
        training=TrainingConfig(prior="time_varying_v1"),
    ),
    "v2": DiffusionConfig(
        name="v2",
        network=_CARD_NETWORK,
        losses=LossWeights(gated=False),
        training=TrainingConfig(prior="time_varying"),
    ),
}


def preset(name: str) -> DiffusionConfig:
    """Look a configuration up by name; an unknown name is a :class:`UserError`."""
    if name not in PRESETS:
        raise UserError(f"unknown diffusion configuration '{name}'; one of: {', '.join(PRESETS)}")
    return PRESETS[name]


def _build[T](kind: type[T], values: Mapping[str, Any], where: str) -> T:
    unknown = set(values) - {f.name for f in fields(kind)}  # type: ignore[arg-type]
    if unknown:
        raise UserError(f"{where}: unknown field '{min(unknown)}'")
    return kind(**values)


def from_json(values: Mapping[str, Any]) -> DiffusionConfig:
    """Read what :meth:`DiffusionConfig.to_json` wrote; unknown fields are errors."""
    flat = dict(values)
    parts = {"network": NetworkConfig, "losses": LossWeights, "training": TrainingConfig}
    for key, kind in parts.items():
        flat[key] = _build(kind, flat.get(key, {}), f"diffusion configuration: {key}")
    return _build(DiffusionConfig, flat, "diffusion configuration")
