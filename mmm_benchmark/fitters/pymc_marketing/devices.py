"""One XLA device for each chain, so that JAX samplers run chains side by side on a CPU.

On one device they would either follow one another or advance in lockstep, where every step waits
for the chain with the deepest tree: about three times slower on a small model.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Literal

JAX_SAMPLERS = ("numpyro", "blackjax")


def prepare(sampler: str, chains: int) -> None:
    """Ask JAX for ``chains`` CPU devices; must come before anything computes with JAX."""
    if sampler not in JAX_SAMPLERS:
        return
    import jax

    with suppress(RuntimeError):  # JAX already runs: chain_method() takes what there is
        jax.config.update("jax_num_cpu_devices", chains)


def chain_method(chains: int) -> Literal["parallel", "vectorized"]:
    """``"parallel"`` where every chain has a device, otherwise ``"vectorized"``."""
    import jax

    return "parallel" if jax.local_device_count() >= chains else "vectorized"
