"""One BLAS thread for the whole suite: small matrices on a busy machine wait for their threads."""

import os

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
