"""One BLAS thread for the whole suite: small matrices on a busy machine wait for their threads.

Property-based tests assert no time: a busy machine would fail them. Shapes of numpy code are
checked.
"""

import os

from hypothesis import settings

# before pytest, on its way to the tests beside it, takes the folder of this name for the package
import mmm_data_generator  # noqa: F401
from tests.numpy_shapes import check_shapes

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")

check_shapes(
    "mmm_data_generator.fields.shapes",
    "mmm_data_generator.world.estimands",
    "mmm_data_generator.world.transforms",
    "mmm_data_generator.world.world",
)
check_shapes(
    "mmm_benchmark.shapes.numpy",
    "mmm_benchmark.metrics",
    "mmm_benchmark.fitters.common.hill",
    "mmm_benchmark.fitters.scipy_hill",
)
