"""``numpyro-mmm``, ``numpyro-mmm-tv``, ``numpyro-svi`` and ``numpyro-laplace``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from mmm_benchmark.errors import UserError
from mmm_benchmark.fit import PRIOR_SETS, Budget, Fit
from mmm_benchmark.fitters.common.report import nothing_to_scale, one_of
from mmm_benchmark.fitters.published_mmm import stated as joint_law
from mmm_benchmark.phases import phase
from mmm_benchmark.priors.prior import prior_of

if TYPE_CHECKING:
    import xarray as xr

    from mmm_benchmark.priors.prior import Prior

METHODS = ("nuts", "svi", "laplace")
PRECISIONS = ("float32", "float64")


class NumpyroMMM:
    """The published PyMC-Marketing MMM, with linear terms integrated out.

    Parameters
    ----------
    method
        ``"nuts"`` samples; ``"svi"`` fits a multivariate normal by variational inference;
        ``"laplace"`` takes the normal of the curvature at the mode.
    priors
        ``"neutral"`` or ``"spend-share"``, see ``common.media_priors``.
    time_varying
        Whether each channel's effect follows a log Ornstein-Uhlenbeck path shared by geos.
    precision
        ``"float64"`` or ``"float32"``; on few weeks and channels neither is faster.
    prior
        A named prior or what a JSON file of one holds (``mmm_benchmark.priors``); other than
        ``"pymc-marketing"`` it is one of Hill curves. None: the priors above.
    joint
        Take ``published`` as the joint law that it is, where there is one geo with weekly data.
        Otherwise, and for other data, it stands by its marginals.
    """

    extra: ClassVar[str | None] = "numpyro"
    version: ClassVar[str] = "3"

    def __init__(
        self,
        *,
        method: str = "nuts",
        priors: str = "neutral",
        time_varying: bool = False,
        precision: str = "float64",
        prior: str | dict[str, Any] | None = None,
        joint: bool = True,
    ) -> None:
        self.method = method
        self.priors = priors
        self.time_varying = time_varying
        self.precision = precision
        self.prior = prior
        self.joint = joint

    @property
    def forecasts(self) -> bool:
        """Whether weeks to come can be forecast: with the sigmoid's curves."""
        return self.prior is None or prior_of(self.prior).curve == "sigmoid"

    @property
    def name(self) -> str:
        """The name on the command line."""
        base = "numpyro-mmm" if self.method == "nuts" else f"numpyro-{self.method}"
        return f"{base}-tv" if self.time_varying else base

    def settings(self) -> dict[str, Any]:
        """The constructor's keywords; a prior that is not stated leaves the key as it was.

        Raises
        ------
        UserError
            For a keyword that cannot be: this is asked before any fit.
        """
        self._check_settings()
        return joint_law.settings(vars(self))

    def skip(self, observed: xr.Dataset) -> str | None:
        """Decline channels that never spend and geos without sales: no scale to divide by."""
        return nothing_to_scale(observed)

    def fit(self, observed: xr.Dataset, budget: Budget, seed: int) -> Fit:
        """Scale, infer, draw the linear coefficients, summarise."""
        self._check_settings()
        stated = None if self.prior is None else prior_of(self.prior)
        found = self._fit(observed, stated, budget, seed)
        if stated is None:
            return found
        left_out = stated.not_held(effects_move=self.time_varying)
        return replace(found, notes=(*found.notes, *left_out))

    def _fit(self, observed: xr.Dataset, stated: Prior | None, budget: Budget, seed: int) -> Fit:
        with phase("import"):
            import jax

            from mmm_benchmark.fitters.common import stated_prior
            from mmm_benchmark.fitters.numpyro_mmm import answer, density, prepare, sampling
        with jax.enable_x64(self.precision == "float64"):
            if stated is not None and self.joint and joint_law.holds(observed, stated):
                return joint_law.fit(observed, budget, seed)
            if stated is not None and stated.curve != "sigmoid":
                from mmm_benchmark.fitters.hill_mmm import sampling as hill

                return hill.fit(observed, stated, budget, seed)
            with phase("build"):
                given = prepare.inputs(observed, self.priors)
                data = density.device_data(given, time_varying=self.time_varying)
            inferred = sampling.METHODS[self.method](data, budget, seed)
            with phase("summarise"):
                draws = answer.free_parameters(inferred.z, data, given, seed)
                moves = density.VOLATILITY_SCALE if self.time_varying else 0.0
                prior = stated_prior.prior_of_roas(observed, self.priors, seed, volatility=moves)
                return answer.as_fit(observed, given, draws, inferred, seed, prior)

    def _check_settings(self) -> None:
        one_of("method", self.method, METHODS)
        one_of("priors", self.priors, PRIOR_SETS)
        one_of("precision", self.precision, PRECISIONS)
        if self.prior is not None:
            curve = prior_of(self.prior).curve
            if curve != "sigmoid" and (self.time_varying or self.method != "nuts"):
                raise UserError(
                    f"prior: {self.name} takes 'pymc-marketing' only; numpyro-mmm takes every prior"
                )
        if self.time_varying and self.method != "nuts":
            raise UserError(
                f"method = {self.method!r} needs a mode, which moving effects do not have;"
                " allowed with time_varying: nuts"
            )
