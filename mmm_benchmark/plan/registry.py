"""Fitter names, and where each one lives. Standard library only: ``--help`` must stay instant.

Third parties add to this table with the entry-point group ``mmm_benchmark.fitters``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mmm_benchmark.environments.claims import ONE, Claims


@dataclass(frozen=True, kw_only=True)
class FitterEntry:
    """One name of the command line."""

    name: str
    target: str  # "module:Class"
    group: str  # what --libraries selects: the fitters of one library
    summary: str  # one line for `mmm-benchmark list`
    extra: str | None = None  # the environment it runs in; None is the base installation
    settings: Mapping[str, Any] = field(default_factory=dict)  # keywords of the constructor
    packages: tuple[str, ...] = ()  # distributions whose versions are part of the job's key
    reference: str | None = None  # what it knows that no honest fitter does; None for all others
    knows: str | None = None  # what it owes to the generator, though it competes; shown as a mark
    quick: bool = False  # part of the default run
    claims: Claims = ONE  # of one fit, where a scheduler shares machines out


#: Of PyMC-Marketing's samplers, a core for each of four chains; of our own, two threads.
FOUR = Claims(cpus=4, memory_mb=1500)
TWO = Claims(cpus=2, memory_mb=1500)

#: Of what moves over time, ``wiener`` and ``numpyro-mmm-tv`` hold the generator's own figure.
PATH_LAW = "its moving effects revert by 0.05 a week, as those of time_varying do"

ALONE = "fitter:Diffusion"  # the network without draws of its physics
FEW = {"sampler": "dpm", "steps": 8}

BUILT_IN: tuple[FitterEntry, ...] = (
    FitterEntry(
        name="scipy",
        target="mmm_benchmark.fitters.scipy_hill.fitter:ScipyHill",
        group="scipy",
        summary="Hill/adstock least squares: L-BFGS-B, variable projection, many starts",
        packages=("scipy", "numpy"),
        claims=Claims(memory_mb=400),
        quick=True,
    ),
    FitterEntry(
        name="scipy-bootstrap",
        target="mmm_benchmark.fitters.scipy_hill.fitter:ScipyHill",
        group="scipy",
        summary="scipy with 100 replicates of a moving-block bootstrap as its draws",
        settings={"bootstrap": 100},
        packages=("scipy", "numpy"),
    ),
    FitterEntry(
        name="scipy-plain",
        target="mmm_benchmark.fitters.scipy_plain:ScipyPlain",
        group="scipy",
        summary="the plain script: one start, unscaled, numerical gradients, baseline given",
        packages=("scipy", "numpy"),
        claims=Claims(memory_mb=400),
        knows="is handed the true baseline of sandbox, and starts near its true curves",
    ),
    *(
        FitterEntry(
            name=f"{sampler}-tv" if time_varying else sampler,
            target="mmm_benchmark.fitters.pymc_marketing.fitter:PyMCMarketing",
            group="pymc",
            summary=f"PyMC-Marketing MMM{moving}, sampled by {sampler}",
            extra="pymc",
            settings={"sampler": sampler, "time_varying": time_varying},
            packages=("pymc-marketing", "pymc", *packages),
            claims=FOUR,
        )
        for sampler, time_varying, moving, packages in (
            ("pymc", False, "", ()),
            ("nutpie", False, "", ("nutpie",)),
            ("numpyro", False, "", ("numpyro", "jax")),
            ("blackjax", False, "", ("blackjax", "jax")),
            ("nutpie", True, " with time-varying media (HSGP)", ("nutpie",)),
        )
    ),
    *(
        FitterEntry(
            name=f"nutpie-{way.lower()}",
            target=f"mmm_benchmark.fitters.pymc_marketing.fitter:PyMCMarketing{way}",
            group="pymc",
            summary=f"PyMC-Marketing MMM, {what}",
            extra="pymc",
            packages=("pymc-marketing", "pymc", "nutpie"),
            claims=FOUR,
        )
        for way, what in (
            ("Default", "as its quickstart runs it: the library's own priors and curve"),
            ("Matched", "told the same as meridian-matched: season, carry-over, curve, priors"),
        )
    ),
    *(
        FitterEntry(
            name=name,
            target="mmm_benchmark.fitters.meridian.fitter:Meridian",
            group="meridian",
            summary=f"Google Meridian with priors on effects, as nutpie has; {knots}",
            extra="meridian",
            settings={"automatic_knots": automatic},
            packages=("google-meridian", "jax"),
            claims=Claims(cpus=4, memory_mb=9000 if automatic else 4000),
        )
        for name, knots, automatic in (
            ("meridian", "a knot every 8 weeks", False),
            ("meridian-aks", "automatic knot selection", True),
        )
    ),
    *(
        FitterEntry(
            name=f"meridian-{way.lower()}",
            target=f"mmm_benchmark.fitters.meridian.fitter:Meridian{way}",
            group="meridian",
            summary=f"Google Meridian, {what}",
            extra="meridian",
            packages=("google-meridian", "jax"),
            claims=Claims(cpus=4, memory_mb=9000 if way == "Default" else 4000),
        )
        for way, what in (
            ("Default", "as its getting-started guide runs it: ROI priors, automatic knots"),
            ("Matched", "told the same as nutpie-matched: season, carry-over, curve, priors"),
            ("Published", "as the code of the public comparison ran it (historical)"),
        )
    ),
    *(
        FitterEntry(
            name=name,
            target="mmm_benchmark.fitters.numpyro_mmm.fitter:NumpyroMMM",
            group="numpyro-mmm",
            summary=summary,
            extra="numpyro",
            settings=settings,
            packages=("numpyro", "jax"),
            claims=TWO,
            knows=PATH_LAW if name == "numpyro-mmm-tv" else None,
            quick=name == "numpyro-mmm",
        )
        for name, summary, settings in (
            ("numpyro-mmm", "native NumPyro MMM, linear terms integrated out, NUTS", {}),
            (
                "numpyro-mmm-tv",
                "native NumPyro MMM whose media effects follow log-OU paths, NUTS",
                {"time_varying": True},
            ),
            ("numpyro-svi", "native NumPyro MMM, full-rank variational normal", {"method": "svi"}),
            ("numpyro-laplace", "native NumPyro MMM, normal at the mode", {"method": "laplace"}),
        )
    ),
    FitterEntry(
        name="exact",
        target="mmm_benchmark.fitters.numpyro_mmm.exact:Exact",
        group="exact",
        summary="the posterior by checked weights: k-hat in the record, warm chains where needed",
        extra="numpyro",
        packages=("numpyro", "jax"),
        claims=TWO,
    ),
    *(
        FitterEntry(
            name=name,
            target=f"mmm_benchmark.fitters.diffusion.{target}",
            group="diffusion",
            summary=f"trained diffusion model, physics inside: {how}",
            extra="diffusion",
            settings=settings,
            packages=("torch",),
            claims=TWO,
            knows="was trained on worlds of this generator, a quarter of them time_varying's own "
            "law",
        )
        for name, target, how, settings in (
            ("diffusion", "gated:Gated", "8 steps, and every fifth draw of the physics alone", FEW),
            ("diffusion-ddpm", ALONE, "DDPM, 500 steps", {"sampler": "ddpm", "steps": 500}),
            ("diffusion-fast", ALONE, "DPM-Solver++(2M), 8 steps", FEW),
        )
    ),
    FitterEntry(
        name="wiener",
        target="mmm_benchmark.fitters.diffusion.wiener:Wiener",
        group="diffusion",
        summary="the diffusion model's physics alone: relinearised Gaussian smoothing",
        extra="diffusion",
        packages=("torch",),
        claims=TWO,
        knows=PATH_LAW,
    ),
    FitterEntry(
        name="oracle",
        target="mmm_benchmark.fitters.oracle.fitter:Oracle",
        group="oracle",
        summary="the posterior under the generating family: as good as the data allow",
        extra="numpyro",
        packages=("numpyro", "jax"),
        claims=TWO,
        reference="knows the generating family and its prior",
    ),
)
