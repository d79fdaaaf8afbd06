"""One BLAS thread for the whole suite: small matrices on a busy machine wait for their threads.

Property-based tests assert no time: a busy machine would fail them. Shapes of numpy code are
checked. Bytecode is kept: a suite of some hundred processes would compile the libraries that often.
"""

import os
import sys

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # containers set it; processes of tests inherit it
sys.dont_write_bytecode = False

from hypothesis import settings  # noqa: E402

# before pytest, on its way to the tests beside it, takes the folder of this name for the package
import mmm_data_generator  # noqa: E402, F401
from tests.numpy_shapes import check_shapes  # noqa: E402

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
