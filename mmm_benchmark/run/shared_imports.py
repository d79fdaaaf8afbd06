"""What the fork server of an extra imports before it forks: packages, never our own fitters.

A package stands here when importing it starts no thread, opens no file and touches no device; a
test asks each environment. What a fitter needs beyond it imports itself, in its own process.
"""

from __future__ import annotations

from mmm_benchmark.environments.load import is_file_target

IMPORTS: dict[str | None, tuple[str, ...]] = {
    None: ("scipy.linalg", "scipy.optimize", "scipy.special", "scipy.stats", "threadpoolctl"),
    "numpyro": ("scipy.special", "jax", "jax.numpy", "numpyro", "numpyro.infer.autoguide"),
    "pymc": ("pymc", "pymc_extras.prior", "pymc_marketing.mmm"),
    "meridian": ("jax", "jax.numpy", "arviz", "tensorflow_probability.substrates.jax"),
    "diffusion": ("torch",),
}


def imports_of(target: str, extra: str | None) -> tuple[str, ...]:
    """The modules to import for a fitter; none for a fitter by file, which may need none."""
    return () if is_file_target(target) else IMPORTS.get(extra, ())
