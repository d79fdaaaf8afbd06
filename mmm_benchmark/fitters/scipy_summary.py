"""The documented path of :func:`write_summary`; it lives in ``mmm_benchmark.report``."""

from mmm_benchmark.report.script_summary import write_summary

__all__ = ["write_summary"]
