"""The documented path of :func:`from_on_off_tests`; it lives in ``diffusion.inference``."""

from mmm_benchmark.diffusion.inference.stated import from_on_off_tests

__all__ = ["from_on_off_tests"]
