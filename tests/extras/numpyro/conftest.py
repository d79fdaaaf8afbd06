"""NumPyro's tests need its environment; elsewhere they are not collected. Shapes are checked."""

import sys
from importlib.util import find_spec
from pathlib import Path

HERE = find_spec("numpyro") and not find_spec("pymc")
collect_ignore_glob = [] if HERE else ["test_*.py"]

if HERE:
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from shape_checks import check_shapes

    check_shapes(
        "mmm_benchmark.fitters.hill_mmm.density",
        "mmm_benchmark.fitters.jax_inference.curvature",
        "mmm_benchmark.fitters.jax_inference.gauss_newton",
        "mmm_benchmark.fitters.jax_inference.laws",
        "mmm_benchmark.fitters.jax_inference.linear",
        "mmm_benchmark.fitters.numpyro_mmm.density",
        "mmm_benchmark.fitters.numpyro_mmm.prepare",
        "mmm_benchmark.fitters.oracle.constant",
        "mmm_benchmark.fitters.oracle.time_varying",
    )
