"""Whether a fitter is as sure as it should be, over worlds drawn from a law.

Private: what is promised stands at the root of ``mmm_benchmark``.
"""
