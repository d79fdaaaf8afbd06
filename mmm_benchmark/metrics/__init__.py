"""Measures as functions of arrays: numpy in, numpy out; dims and names live in ``scoring``.

Every function reduces one axis (the last unless told otherwise) and broadcasts over all others,
so the same code scores a posterior mean, every draw of a posterior, or all channels at once.
Undefined measures (a correlation with a constant truth, say) are NaN, never an error.
``docs/metrics.md`` lists them all with unit, range and source.
"""
