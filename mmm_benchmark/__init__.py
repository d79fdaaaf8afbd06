"""Parameter-recovery benchmark for marketing-mix models.

``from mmm_benchmark import run_benchmark`` does what the command line does; the import is lazy,
so that ``--help`` stays instant.
"""

from __future__ import annotations

TYPE_CHECKING = False  # typing's own costs --help its time
if TYPE_CHECKING:
    from typing import Any

    from mmm_benchmark.api import Results, run_benchmark
    from mmm_benchmark.errors import UserError

__version__ = "0.1.0"
__all__ = ["Results", "UserError", "__version__", "run_benchmark"]

_HOMES = {
    "Results": "mmm_benchmark.api",
    "run_benchmark": "mmm_benchmark.api",
    "UserError": "mmm_benchmark.errors",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'mmm_benchmark' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
