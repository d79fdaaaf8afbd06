"""The whole suite on all cores, longest files first; one BLAS thread: small matrices wait for them.

Property-based tests assert no time: a busy machine would fail them. Shapes of numpy code are
checked. Bytecode is kept: a suite of some hundred processes would compile the libraries that often.
"""

import os
import sys

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # containers set it; processes of tests inherit it
sys.dont_write_bytecode = False

import pytest  # noqa: E402
from hypothesis import settings  # noqa: E402

# before pytest, on its way to the tests beside it, takes the folder of this name for the package
import mmm_data_generator  # noqa: E402, F401
from tests.numpy_shapes import check_shapes  # noqa: E402

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

LONGEST = ("test_extras.py", "test_installed_anywhere.py", "test_faults.py", "test_docs_site.py")


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """All cores for the whole suite; a file or two are done before helpers have begun."""
    whole = config.args_source is pytest.Config.ArgsSource.TESTPATHS
    return (os.cpu_count() or 1) if whole else 0


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes minutes begins first, so that no core is idle at the end."""

    def begins(item: pytest.Item) -> tuple[bool, int]:
        longest = LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST)
        return item.get_closest_marker("external") is None, longest

    items.sort(key=begins)


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
