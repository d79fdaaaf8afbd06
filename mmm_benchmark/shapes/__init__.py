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
column     columns of the linear part of a geo: intercept, trend, waves of the year
dimension  coordinates of the unconstrained vector
========== ====================================================================================

:mod:`.jax` has the aliases of JAX code. Static checks see the array type; suites of the extras
run the modules under jaxtyping's import hook with beartype, where an axis name means one length
within a call.

Private: what is promised stands at the root of ``mmm_benchmark``.
"""
