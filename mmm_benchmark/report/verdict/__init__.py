"""What the tables say, in sentences a person reads first."""

from mmm_benchmark.report.verdict.agreement import agreement
from mmm_benchmark.report.verdict.sentences import verdict

__all__ = ["agreement", "verdict"]
