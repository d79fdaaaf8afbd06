"""What to do: which datasets, which fitters, and the grid of jobs they make.

Private: what is promised stands at the root of ``mmm_benchmark``.
"""
