"""A function of one draw, of all draws of a sample: one after another, compiled once a shape."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from mmm_benchmark.shapes.jax import Vector

type Array = NDArray[np.floating]
type Draws = dict[str, Array]  # by name, (chain, draw, ...)
type Named = dict[str, jax.Array]  # of one draw
type OneDraw[D] = Callable[[Vector, D], Named]  # of an unconstrained vector, and data


@cache
def _mapped[D](one: OneDraw[D]) -> Callable[[jax.Array, D], Named]:
    return jax.jit(lambda rows, given: jax.lax.map(lambda row: one(row, given), rows))


def over_draws[D](one: OneDraw[D], z: Array, given: D) -> Draws:
    """``one(row, given)`` of each row of ``z`` (chain, draw, dimension).

    ``one`` stands at the top of a module: its program is kept for as long as the process lives.
    """
    mapped = _mapped(one)(jnp.asarray(z.reshape(-1, z.shape[-1])), given)
    return {
        name: np.asarray(value).reshape(*z.shape[:2], *value.shape[1:])
        for name, value in mapped.items()
    }
