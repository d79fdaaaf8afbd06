"""Which channels can be measured with the spend at hand: simulate on it, hide, ask, compare.

Private: what is promised stands at the root of ``mmm_benchmark``.
"""
