"""Named random streams: one independent generator for each (seed, purpose, geo, name).

A stream is found by name, never by position, so adding a channel, geo or control moves no other
stream. The name is hashed to 128 bits (BLAKE2, RFC 7693) and mixed with the seed by numpy's
``SeedSequence`` (O'Neill 2015), which makes collisions and correlated neighbours implausible.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b

import numpy as np

#: Gives the generator of a purpose, geo and channel (or control); empty names mean "shared".
Streams = Callable[..., np.random.Generator]


def stream(seed: int, purpose: str, geo: str = "", name: str = "") -> np.random.Generator:
    """Return the generator of one purpose.

    Parameters
    ----------
    seed
        Dataset seed, 0 <= seed < 2**64.
    purpose
        What is drawn, for example ``"spend noise"``.
    geo, name
        Geo and channel (or control) names where the draw belongs to one.
    """
    # lengths make ("ab", "c") and ("a", "bc") different names
    label = "".join(f"{len(part)}:{part}" for part in (purpose, geo, name)).encode()
    words = np.frombuffer(blake2b(label, digest_size=16).digest(), dtype="<u4")
    entropy = np.empty(6, dtype=np.uint32)
    entropy[:2] = seed & 0xFFFFFFFF, seed >> 32
    entropy[2:] = words
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(entropy)))


def streams_of(seed: int) -> Streams:
    """Return :func:`stream` with the seed filled in."""

    def named(purpose: str, geo: str = "", name: str = "") -> np.random.Generator:
        return stream(seed, purpose, geo, name)

    return named


def normals(
    seed: int, purpose: str, geos: tuple[str, ...], names: tuple[str, ...], n: int
) -> np.ndarray:
    """Standard normals of every (geo, name) stream, shape (geo, name, n)."""
    out = np.empty((len(geos), len(names), n))
    for g, geo in enumerate(geos):
        for j, name in enumerate(names):
            stream(seed, purpose, geo, name).standard_normal(out=out[g, j])
    return out
