"""The axes of arrays, said once and by name; shapes are checked where tests run.

========== ====================================================================================
axis       what runs along it
========== ====================================================================================
geo        geos, in the order of the dataset
date       weeks
channel    media channels
control    control variables
lag        weeks of carry-over, this week first
world      worlds of a batch, or draws of one world
point      points at which a law is tabulated
group      geos averaged together
row        weeks of every group, side by side
unknown    all numbers of a diffusion model's state, side by side
scalar     its unknowns that have no weeks: levels, curves, controls
feature    figures that a network reads
column     columns of the linear part of a geo: intercept, trend, waves of the year
dimension  coordinates of the unconstrained vector
rank       directions of it that a thin frame turns
residual   numbers of unit variance whose squares make the likelihood
series     whatever a measure takes side by side: channels, geos, draws
draw       draws of a posterior
chain      chains of a sampler
multiplier multiples of a channel's spend at which its curve is known
========== ====================================================================================

:mod:`.numpy` has the aliases of numpy code (measures and ``scipy_hill``), :mod:`.jax` those of
JAX code, :mod:`.torch` those of PyTorch code; the generator has its own in ``fields/shapes``.
Static checks see the array type; tests run the modules under jaxtyping's import hook with
beartype, where an axis name means one length within a call.

Private: what is promised stands at the root of ``mmm_benchmark``.
"""
