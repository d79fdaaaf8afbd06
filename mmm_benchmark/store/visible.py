"""The half of a dataset that a fitter may see: arrays on their way, a file before a worker."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from mmm_benchmark import schema

if TYPE_CHECKING:
    import xarray as xr

#: Files kept in memory: jobs of one dataset come one after another.
KEPT = 64
#: Name -> (dims, values, attributes) of each variable; no class but numpy's.
Arrays = Mapping[Hashable, tuple[tuple[Hashable, ...], Any, Mapping[Any, Any]]]


class Visible:
    """What a fitter may see of a dataset; ``family`` is for references only.

    ``key`` names the content: what goes by one key is the same everywhere.
    """

    def __init__(self, key: str, observed: xr.Dataset, family: str | None = None) -> None:
        self.key, self.family = key, family
        self._observed = observed

    @classmethod
    def of(cls, key: str, arrays: Arrays, family: str | None) -> Visible:
        """From what has travelled."""
        import xarray as xr

        return cls(key, xr.Dataset(dict(arrays)), family)

    @cached_property
    def half(self) -> xr.Dataset:
        """The variables of the schema, and nothing that would name the world behind them."""
        future = [name for name in schema.FUTURE if name in self._observed]
        half = self._observed[[*schema.OBSERVED, *future]].drop_encoding()
        half.attrs = {} if self.family is None else {"family": self.family}
        return half

    @property
    def arrays(self) -> Arrays:
        """As it travels: a netCDF file of small data takes far longer to make."""
        return {
            name: (variable.dims, variable.values, variable.attrs)
            for name, variable in self.half.variables.items()
        }

    @property
    def nbytes(self) -> int:
        """Size in memory."""
        return self.half.nbytes

    def netcdf(self) -> bytes:
        """As a worker reads it."""
        return _netcdf(self)


@lru_cache(maxsize=KEPT)
def _netcdf(visible: Visible) -> bytes:
    from mmm_data_generator.dataset import netcdf

    return netcdf.write({"": visible.half})
