"""Which interpreter a fitter runs in, and what a fitter says of itself there.

Private: what is promised stands at the root of ``mmm_benchmark``.
"""
