"""One BLAS thread, and no deadline for property-based tests: a busy machine is no failure."""

import os

from hypothesis import settings

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")
