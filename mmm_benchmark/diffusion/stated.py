"""The documented path of :func:`from_on_off_tests`; it lives in ``priors.beliefs``, torch-free."""

from mmm_benchmark.priors.beliefs import from_on_off_tests

__all__ = ["from_on_off_tests"]
