"""What is kept: folders that are complete or absent, checked when read.

Private: what is promised stands at the root of ``mmm_benchmark``.
"""
