"""``exact``: the posterior of the constant-effect model by weights that are checked."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from mmm_benchmark.fit import PRIOR_SETS, Budget, Fit
from mmm_benchmark.fitters.common.report import nothing_to_scale, one_of
from mmm_benchmark.fitters.published_mmm import stated as joint_law
from mmm_benchmark.phases import phase
from mmm_benchmark.priors.prior import Prior, prior_of

if TYPE_CHECKING:
    import xarray as xr

    from mmm_benchmark.fitters.jax_inference.weighted import Drawn

#: Chains beyond these have not found the posterior; short of the common checks they are in doubt.
USELESS_R_HAT, USELESS_ESS = 1.05, 100.0
LONGER = "longer chains of numpyro-mmm"
TEST = "a test"  # what would know more under the same model
#: Chance of being wrong by its own draws from which an answer is to be checked. Exact draws of a
#: model that a company does not obey are too sure: at one half one of 25 wrong answers was seen.
#: Chosen on odd seeds of two business presets, judged on even ones (``benchmarks/self_check.py``).
MOST_CHANCE = 0.2
SEVERAL = "no weights follow a law of several curves"


class Exact:
    """Pareto-smoothed importance sampling of an MMM whose effects stay, warm chains where needed.

    Linear terms are integrated out; what remains, four numbers a channel, is proposed by a
    triangular law adapted to the posterior and weighted by its density. k-hat is in the record;
    above 0.7 short chains take over, which start at the weighted draws.

    Parameters
    ----------
    priors
        As ``numpyro-mmm`` takes them; for the model of ``prior=None``, which is that fitter's.
    prior
        A named prior or what a JSON file of one holds (``mmm_benchmark.priors``).
    joint
        Take ``published`` as the joint law that it is, where there is one geo with weekly data:
        chains answer then. Otherwise, and for other data, it stands by its marginals.
    """

    name: ClassVar[str] = "exact"
    extra: ClassVar[str | None] = "numpyro"
    version: ClassVar[str] = "2"  # 2: triangular proposals, means of effects integrated out

    def __init__(
        self,
        *,
        priors: str = "neutral",
        prior: str | dict[str, Any] | None = None,
        joint: bool = True,
    ) -> None:
        self.priors = priors
        self.prior = prior
        self.joint = joint

    def settings(self) -> dict[str, Any]:
        """The constructor's keywords; a prior that is not stated is left out."""
        return joint_law.settings(vars(self))

    def skip(self, observed: xr.Dataset) -> str | None:
        """Decline channels that never spend and geos without sales: no scale to divide by."""
        return nothing_to_scale(observed)

    def fit(self, observed: xr.Dataset, budget: Budget, seed: int) -> Fit:
        """Propose, weight, resample, summarise."""
        one_of("priors", self.priors, PRIOR_SETS)
        stated = None if self.prior is None else prior_of(self.prior)
        with phase("import"):
            import jax
        with jax.enable_x64(True):
            if stated is None:
                return sigmoid_fit(observed, self.priors, budget, seed)
            if stated.curve == "sigmoid":
                found = sigmoid_fit(observed, self.priors, budget, seed)
            elif self.joint and joint_law.holds(observed, stated):
                found = joint_fit(observed, budget, seed)
            else:
                found = hill_fit(observed, stated, budget, seed)
        return replace(found, notes=(*found.notes, *stated.not_held(effects_move=False)))


def sigmoid_fit(observed: xr.Dataset, priors: str, budget: Budget, seed: int) -> Fit:
    """Under the model and the prior of ``numpyro-mmm``."""
    with phase("import"):
        import numpy as np

        from mmm_benchmark.fitters.jax_inference import weighted
        from mmm_benchmark.fitters.numpyro_mmm import answer, density, prepare, without_means
        from mmm_benchmark.fitters.numpyro_mmm.sampling import Inferred
    with phase("build"):
        given = prepare.inputs(observed, priors)
        data = density.device_data(given)
    target = weighted.Target(without_means.log_density, data, without_means.start(data))
    drawn = weighted.draw(target, budget, seed)
    with phase("summarise"):
        whole = without_means.with_means(drawn.z, data, np.random.default_rng([seed, 1]))
        drawn = drawn._replace(z=whole)
        free = answer.free_parameters(drawn.z, data, given, seed)
        inferred = Inferred(drawn.z, drawn.sample, {}, ())
        return checked(answer.as_fit(observed, given, free, inferred, seed), observed, drawn)


def hill_fit(observed: xr.Dataset, prior: Prior, budget: Budget, seed: int) -> Fit:
    """Under a prior of Hill curves."""
    with phase("import"):
        from mmm_benchmark.fitters.hill_mmm import answer, density
        from mmm_benchmark.fitters.jax_inference import weighted
        from mmm_benchmark.fitters.jax_inference.report import nuts_report
        from mmm_benchmark.metrics.diagnostics import diagnose
    with phase("build"):
        plain = density.design(observed, prior)
        data = density.prepare(observed, prior, plain)
    drawn = weighted.draw(
        weighted.Target(density.log_density, data, density.start(data)), budget, seed
    )

    def independent(free: Any, series: Any) -> dict[str, Any]:
        return {"diagnostics": diagnose(free, contribution=series)}

    report = independent if drawn.sample is None else partial(nuts_report, sample=drawn.sample)
    with phase("summarise"):
        found = answer.as_fit(observed, drawn.z, data, plain, seed, report)
        found = replace(found, notes=(*found.notes, *prior.cautions))
        return checked(found, observed, drawn)


def joint_fit(observed: xr.Dataset, budget: Budget, seed: int) -> Fit:
    """Under the law of the ``published`` worlds: short chains, as long as they must be."""
    from mmm_benchmark.metrics.judged import judged

    fit = joint_law.fit(observed, budget, seed, short=True)
    refused, doubt = of_chains(fit, SEVERAL)
    return judged(fit, observed, (), refused, doubt, LONGER if doubt else TEST)


def checked(fit: Fit, observed: xr.Dataset, drawn: Drawn) -> Fit:
    """Add k-hat, what follows from it, and the sentence that says how far to believe the answer.

    Resampled draws count for no more than their weights.
    """
    from mmm_benchmark.metrics.judged import judged

    found = dict(fit.diagnostics) | {"k_hat": min(drawn.k_hat, 99.0), "weights_ess": drawn.ess}
    weights = f"k-hat of the weights {drawn.k_hat:.2f}, {drawn.ess:.0f} effective draws"
    if drawn.sample is not None:
        fit = replace(fit, diagnostics=found, notes=(*fit.notes, f"{weights}: chains"))
        refused, doubt = of_chains(fit, weights)
        return judged(fit, observed, (), refused, doubt, LONGER if doubt else TEST, MOST_CHANCE)
    for name in ("ess_bulk", "ess_tail", "contribution_ess_bulk", "contribution_ess_tail"):
        if name in found:
            found[name] = min(found[name], drawn.ess)
    checks = {"k_hat_below_0_7": True, "ess_above_400": True}  # or chains would have answered
    fit = replace(fit, diagnostics=found, checks={**fit.checks, **checks})
    return judged(fit, observed, remedy=TEST, most_chance=MOST_CHANCE)


def of_chains(fit: Fit, weights: str) -> tuple[str, str]:
    """Why an answer of short chains is not to be used, or is in doubt; empty where it is neither.

    Parameters
    ----------
    weights
        What the weights said before.
    """
    r_hat, ess = (fit.diagnostics.get(name, float("nan")) for name in ("r_hat", "ess_bulk"))
    broken = fit.diagnostics.get("divergences", 0.0)
    said = f"chains with R-hat {r_hat:.3f}, {ess:.0f} effective draws, {broken:.0f} divergences"
    if not (r_hat < USELESS_R_HAT and ess > USELESS_ESS):
        return f"do not use: {weights}, and {said}; ask {LONGER}", ""
    failed = [name for name, met in fit.checks.items() if not met]
    return "", f"{weights}, and {said}" if failed else ""
