"""A prior: laws of effect, carry-over and curve of every channel, and of what is not media.

Standard library only, so that a mistake is one line before anything is fitted.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from mmm_benchmark.errors import UserError, unknown
from mmm_benchmark.priors.laws import (
    Law,
    fixed,
    lognormal,
    mixture,
    normal,
    read_law,
    uniform,
)

EVERY: Final = "*"
#: How large an effect is, said in one of these: return on spend over the window; sales of the
#: window as a share of all sales; sales at full saturation as a multiple of mean sales.
EFFECTS: Final = ("roas", "share", "effect")
#: Quantities of a channel and the bounds of each.
QUANTITIES: Final = {
    **dict.fromkeys(EFFECTS, (0.0, math.inf)),
    "adstock_decay": (0.0, 1.0),
    "half_saturation": (0.0, math.inf),
    "slope": (0.0, math.inf),
}
#: What is said once for the company: prior standard deviations in mean sales, but for the last,
#: which is in logs of an effect between geos.
COMPANY: Final = ("seasonality", "noise", "geo_variation")
#: What is known of the company as a whole, true or false.
STRUCTURE: Final = ("effects_move", "baseline_wanders")


@dataclass(frozen=True)
class ChannelPrior:
    """Laws of one channel."""

    effect_is: str  # one of EFFECTS
    effect: Law
    adstock_decay: Law  # per week
    half_saturation: Law  # multiples of Law.of
    slope: Law  # Hill exponent

    def told(self, quantity: str, law: Law) -> ChannelPrior:
        """The same, but for one quantity."""
        if quantity in EFFECTS:
            return replace(self, effect_is=quantity, effect=law)
        named: dict[str, Any] = {quantity: law}
        return replace(self, **named)


@dataclass(frozen=True)
class Prior:
    """What is expected of a company before its data are seen.

    Attributes
    ----------
    name
        What the record calls it.
    every
        Laws of a channel of which nothing else is said.
    channels
        Laws of channels by name.
    curve
        ``"hill"``; ``"sigmoid"`` for PyMC-Marketing's own curve and hierarchy of effects, whose
        laws are those of ``numpyro-mmm``; or ``"published"``, the generator's ``PublishedPrior``,
        whose laws hold jointly. The laws of channels then say what comes nearest with Hill
        curves, for fitters that can take nothing else.
    seasonality, noise
        Prior standard deviation of each yearly wave and scale of the half-normal law of the
        noise, multiples of mean sales.
    geo_variation
        Standard deviation of log effects between geos.
    effects_move, baseline_wanders
        Whether effects move through the weeks, and whether the baseline does more than a line and
        waves of the year; None where nothing is said, and each fitter keeps its own law.
    """

    name: str
    every: ChannelPrior
    channels: Mapping[str, ChannelPrior] = field(default_factory=dict)
    curve: str = "hill"
    seasonality: float = 0.5
    noise: float = 0.5
    geo_variation: float = 0.2
    effects_move: bool | None = None
    baseline_wanders: bool | None = None

    def of(self, channel: str) -> ChannelPrior:
        """Laws of a channel."""
        return self.channels.get(channel, self.every)

    @property
    def cautions(self) -> tuple[str, ...]:
        """What a reader must know of an answer under this prior with Hill curves."""
        if self.curve != "published":
            return ()
        return (
            "the prior 'published' stands here by its marginals (no joint curves, media share or"
            " R²): not the exact law of the published worlds, and no reference for them",
        )

    @property
    def structure(self) -> tuple[str, ...]:
        """What it says of the company as a whole, in words."""
        words = {
            "effects_move": ("effects stay", "effects move"),
            "baseline_wanders": ("the baseline does not wander", "the baseline wanders"),
        }
        said = {name: getattr(self, name) for name in STRUCTURE}
        return tuple(words[name][known] for name, known in said.items() if known is not None)

    def not_held(self, *, effects_move: bool) -> tuple[str, ...]:
        """What a model with a baseline that does not wander leaves out of this prior, as notes.

        Parameters
        ----------
        effects_move
            Whether they do in that model.
        """
        said = []
        if self.effects_move is not None and self.effects_move != effects_move:
            said.append(f"effects {'move' if effects_move else 'stay'}")
        if self.baseline_wanders:
            said.append("the baseline does not wander")
        return (f"against the prior, in this model {' and '.join(said)}",) if said else ()


def _in(unit: str, law: Law) -> Law:
    return replace(law, of=unit)


_NEUTRAL = ChannelPrior(
    "effect",
    lognormal(math.log(0.3), 1.0),
    Law("beta", (1.0, 2.0)),
    _in("mean_active", lognormal(0.0, 1.2)),
    lognormal(math.log(1.3), 0.6),
)
_ROBYN_DECAY = mixture((0.3, uniform(0.3, 0.8)), (0.2, uniform(0.1, 0.4)), (0.5, uniform(0.0, 0.3)))
_ROBYN_CURVE = (_in("max", uniform(0.3, 1.0)), uniform(0.5, 3.0))
_MERIDIAN_CURVE = (_in("median_active", normal(0.8, 0.8, 0.1, 10.0)), fixed(1.0))
_PYMC_CURVE = (
    _in("max", lognormal(math.log(4.0), 0.5)),
    Law("lognormal", (math.log(0.08), 1.1), shift=1.0),
)
_PYMC_HILL = normal(0.0, 1.5, 0.1)

#: Named priors. Sources: the libraries' documentation, as ``mmm_data_generator/docs/priors.md``
#: cites it; ``neutral`` is that of the oracle on presets with fixed values.
NAMED: Final[Mapping[str, Prior]] = {
    "neutral": Prior("neutral", _NEUTRAL),
    "pymc-marketing": Prior(
        "pymc-marketing",
        ChannelPrior(
            "effect",
            lognormal(math.log(0.8), 1.0),
            Law("beta", (1.0, 3.0)),
            *_PYMC_CURVE,
        ),
        curve="sigmoid",
    ),
    "meridian": Prior(
        "meridian",
        ChannelPrior("roas", lognormal(0.2, 0.9), uniform(0.0, 1.0), *_MERIDIAN_CURVE),
        noise=5.0,
    ),
    # Robyn is no Bayesian method: its ranges of hyperparameters, effects as in `neutral`
    "robyn": Prior(
        "robyn", ChannelPrior("share", lognormal(-2.5, 1.2), _ROBYN_DECAY, *_ROBYN_CURVE)
    ),
    "published": Prior(
        "published",
        ChannelPrior(
            "roas",
            lognormal(0.2, 0.9),
            _ROBYN_DECAY,
            mixture(
                (1 / 3, _ROBYN_CURVE[0]),
                (1 / 3, _MERIDIAN_CURVE[0]),
                (1 / 6, _in("max", _PYMC_HILL)),
                (1 / 6, _PYMC_CURVE[0]),
            ),
            mixture(
                (1 / 3, _ROBYN_CURVE[1]),
                (1 / 3, _MERIDIAN_CURVE[1]),
                (1 / 6, _PYMC_HILL),
                (1 / 6, _PYMC_CURVE[1]),
            ),
        ),
        curve="published",
    ),
}


def prior_of(given: str | Mapping[str, Any]) -> Prior:
    """The named prior, or the one that an object of JSON says.

    Raises
    ------
    UserError
        For a name, channel entry, quantity or value that cannot be.
    """
    if isinstance(given, str):
        if given not in NAMED:
            raise unknown("prior", given, NAMED)
        return NAMED[given]
    if "prior" in given:
        raise UserError("prior: holds a prior under 'prior'; give such a file as --beliefs")
    base = given.get("base", "neutral")
    if not isinstance(base, str) or base not in NAMED:
        raise unknown("base of prior", str(base), NAMED)
    prior = replace(NAMED[base], name=f"own, from {base}")
    company: dict[str, Any] = {name: _scale(name, given[name]) for name in COMPANY if name in given}
    company |= {name: _known(name, given[name]) for name in STRUCTURE if name in given}
    laws = {name: v for name, v in given.items() if name not in (*COMPANY, *STRUCTURE, "base")}
    if laws and prior.curve != "hill":  # a curve of one's own is a Hill curve
        prior = replace(prior, curve="hill")
    every = _told(prior.every, EVERY, laws.pop(EVERY, {}))
    channels = {name: _told(every, name, each) for name, each in laws.items()}
    return replace(prior, every=every, channels=channels, **company)


def read_prior(given: str) -> str | dict[str, Any]:
    """A name, or the content of a JSON file, checked.

    Raises
    ------
    UserError
        When the file is not there, is not JSON, or says what cannot be.
    """
    if not given.endswith(".json"):
        return prior_of(given).name
    try:
        said = json.loads(Path(given).expanduser().read_text(encoding="utf-8"))
    except OSError:
        raise UserError(f"--prior {given}: no such file") from None
    except ValueError as error:
        raise UserError(f"--prior {given}: not JSON ({error})") from None
    if not isinstance(said, dict):
        raise UserError(f'--prior {given}: must hold an object such as {{"*": {{"slope": 1}}}}')
    try:
        prior_of(said)
    except UserError as error:
        raise UserError(f"--prior {given}: {error}") from None
    return said


def check_prior(name: str, given: Any) -> Any:
    """``given`` as Python may give it, if a prior can be made of it: an option's check."""
    if given is None:
        return None
    if isinstance(given, str):
        return read_prior(given)
    if not isinstance(given, Mapping):
        raise UserError(f"{name} = {given!r}; must be a name, a JSON file or a dict")
    prior_of(given)
    return json.loads(json.dumps(given))


def check_channels(prior: Prior, names: list[str]) -> None:
    """Raise a UserError where the prior speaks of a channel that the data do not have."""
    for channel in prior.channels:
        if channel not in names:
            raise unknown("channel of prior", channel, names)


def _told(prior: ChannelPrior, channel: str, said: Any) -> ChannelPrior:
    if not isinstance(said, Mapping):
        wanted = f"'{channel}': {{'slope': [1.0, 0.1]}}"
        if channel != EVERY:
            wanted += f", or one of base, {', '.join((*COMPANY, *STRUCTURE))}"
        raise UserError(f"prior: '{channel}' = {said!r}; must be an object such as {wanted}")
    if sum(name in said for name in EFFECTS) > 1:
        raise UserError(f"prior of '{channel}': say one of {', '.join(EFFECTS)}, not several")
    for quantity, law in said.items():
        if quantity not in QUANTITIES:
            raise unknown(f"quantity of prior of '{channel}'", quantity, QUANTITIES)
        where = f"prior: {quantity} of '{channel}'"
        prior = prior.told(quantity, read_law(where, law, *QUANTITIES[quantity]))
    return prior


def _known(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise UserError(f"prior: {name} = {value!r}; must be true or false")
    return value


def _scale(name: str, value: Any) -> float:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not 0 < value < math.inf:
        raise UserError(f"prior: {name} = {value!r}; must be a number above 0")
    return float(value)
