"""A short name for the observed half of a dataset, the same on every platform.

Numbers enter with six significant digits. Platforms differ in the last bits of exp, sin and sums
(some 1e-13 of a value at most), so that one value in ten million lies near enough to the edge of
a sixth digit to change: a task's few thousand values have one chance in a thousand or less.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import xarray as xr

VARIABLES = ("sales", "spend", "controls", "population")
LENGTH = 12  # hexadecimal digits


def fingerprint(observed: xr.Dataset) -> str:
    """Return the first twelve digits of the SHA-256 of labels, dates and rounded values.

    Each variable enters as its name, its dims and its values in ``%.5e``, one to a line, in the
    order of (geo, date, channel or control); labels as they are read, dates as YYYY-MM-DD.
    """
    lines = []
    for dim in ("geo", "date", "channel", "control"):
        labels = observed[dim].values
        if dim == "date":
            labels = labels.astype("datetime64[D]")
        lines.append(f"{dim}: {', '.join(map(str, labels))}")
    for name in VARIABLES:
        values = observed[name]
        lines.append(f"{name} {values.dims}")
        # 0.0 + turns a negative zero into zero
        lines += [f"{0.0 + value:.5e}" for value in values.values.ravel().tolist()]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:LENGTH]
