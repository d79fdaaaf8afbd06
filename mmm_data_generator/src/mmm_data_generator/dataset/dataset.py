"""A dataset: what is observed, and the truth behind it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mmm_data_generator.config.config import MMMDataConfig
from mmm_data_generator.config.draw import draw_world
from mmm_data_generator.dataset import storage, tables
from mmm_data_generator.dataset.labels import OBSERVED, OUTCOME, TRUTH, assemble
from mmm_data_generator.errors import DataError
from mmm_data_generator.fields.periods import calendar, frequency_of
from mmm_data_generator.world.estimands import SPEND_MULTIPLIERS
from mmm_data_generator.world.stressed_estimands import estimands
from mmm_data_generator.world.world import World

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr


@dataclass(frozen=True, eq=False)
class MMMDataset:
    """One dataset.

    Also answers ``result["data"]`` (the tidy frame), ``result["ground_truth"]`` (the truth) and
    ``result["config"]``.

    Attributes
    ----------
    name
        Name of the preset or of the source.
    seed
        Seed of the draw; None for data made elsewhere.
    config
        What generated it; None for data made elsewhere.
    observed
        ``sales (geo, date)``, ``spend (geo, date, channel)``, ``controls (geo, date, control)``,
        ``population (geo)``.
    truth
        The parts of sales, the parameters and the estimands, or None where nothing is known.

    Notes
    -----
    Coordinates ``geo``, ``channel`` and ``control`` are strings, ``date`` is datetime64 (weeks
    start on Monday); every variable carries ``units`` and ``long_name``. Sales are ``baseline +
    sum(contribution) + sum(control_contribution) + noise``, to 1e-9 of their scale.
    """

    name: str
    seed: int | None
    config: MMMDataConfig | None
    observed: xr.Dataset
    truth: xr.Dataset | None
    _world: World | None = field(default=None, repr=False)

    @classmethod
    def of_world(
        cls,
        world: World,
        coords: Mapping[str, Any],
        name: str,
        *,
        config: MMMDataConfig | None = None,
        seed: int | None = None,
        with_truth: bool = True,
    ) -> MMMDataset:
        """Label the arrays of one world (without a leading axis)."""
        import xarray as xr

        indexed = xr.Coordinates(coords)  # indexes are made once for both halves
        values = world.parts()
        observed = {name: values.pop(name) for name in OBSERVED}
        truth = {**values, **estimands(world)}
        return cls(
            name=name,
            seed=seed,
            config=config,
            observed=assemble(observed, OBSERVED, indexed),
            truth=assemble(truth, TRUTH, indexed) if with_truth else None,
            _world=world,
        )

    @cached_property
    def world(self) -> World:
        """The world that made this dataset; after loading it is read or drawn again from its seed.

        Raises
        ------
        DataError
            The dataset was not generated here, so its world is unknown.
        """
        if self._world is not None:
            return self._world
        if self.config is None or self.seed is None:
            raise DataError(
                f"dataset '{self.name}' was not generated here: its world is unknown, so no other"
                " spend plan can be simulated"
            )
        return draw_world(self.config, self.seed)

    def counterfactual(self, spend: Any) -> xr.Dataset:
        """Return the outcome of another spend plan under the same world.

        Parameters
        ----------
        spend
            A DataArray with the dims of ``observed["spend"]`` in any order, or an array
            (geo, date, channel), currency per period of the dataset.

        Returns
        -------
        xarray.Dataset
            ``expected_sales (geo, date)`` without noise, ``sales (geo, date)`` with the noise of
            this world, ``contribution (geo, date, channel)``.

        Raises
        ------
        DataError
            The plan has another shape, or holds what is not a number >= 0.
        """
        own = self.observed["spend"]
        if hasattr(spend, "dims"):
            if set(spend.dims) != set(own.dims):
                raise DataError(f"spend: dims {tuple(spend.dims)} must be {own.dims}")
            spend = spend.transpose(*own.dims).values
        plan = np.asarray(spend, dtype=float)
        if plan.shape != own.shape:
            raise DataError(f"spend: shape {plan.shape} must be {own.shape} {own.dims}")
        if not np.isfinite(plan).all() or (plan < 0).any():
            raise DataError("spend: every week must hold a finite number >= 0")
        outcome = {
            "expected_sales": self.world.expected_sales(plan),
            "sales": self.world.sales(plan),
            "contribution": self.world.contribution(plan),
        }
        return assemble(
            outcome,
            {**OBSERVED, **TRUTH, **OUTCOME},
            {str(dim): own.coords[dim] for dim in own.dims},
        )

    @property
    def frequency(self) -> str | None:
        """``daily``, ``weekly`` or ``monthly``, as its dates say."""
        return frequency_of(self.observed["date"].values)

    @cached_property
    def data(self) -> pd.DataFrame:
        """The tidy frame ``date, geo, x1_<channel>, ..., c1, ..., y``."""
        return self.to_frame()

    def to_frame(self) -> pd.DataFrame:
        """Return what is observed as a tidy frame sorted by date and geo; no truth in it."""
        return tables.to_frame(self.observed)

    @classmethod
    def from_frame(
        cls,
        frame: Any,
        *,
        date: str = "date",
        geo: str | None = None,
        target: str = "y",
        channels: Sequence[str],
        controls: Sequence[str] = (),
        population: str | None = None,
        truth: Any | None = None,
        name: str = "frame",
    ) -> MMMDataset:
        """Make a dataset of a tidy table made elsewhere.

        Parameters
        ----------
        frame
            One row for each date and geo; dates by day, week or month.
        date, geo, target
            Names of the columns; ``geo=None`` where there is one geo.
        channels, controls
            Columns of spend and of control variables.
        population
            A column of each geo's people, the same on every date; without it every geo counts 1.
        truth
            Where the channels' contributions are known: a table with the same date and geo columns
            and one column for each channel. What it cannot say (baseline, coefficients, ROAS at the
            margin, ...) is left out of the dataset's truth.

        Raises
        ------
        DataError
            The table does not hold a clean number for every date and geo, or its dates are
            irregular; the message says where.
        """
        observed, known = tables.of_frame(
            frame,
            date=date,
            geo=geo,
            target=target,
            channels=channels,
            controls=controls,
            population=population,
            truth=truth,
        )
        return cls(name=name, seed=None, config=None, observed=observed, truth=known)

    def save(self, directory: str | Path) -> Path:
        """Write ``observed.nc``, ``truth.nc`` and ``dataset.json``; return the directory.

        A known world that no config draws again (real spend) is written too, as ``world.nc``.
        """
        drawn_again = self.config is not None and self.seed is not None
        return storage.save(
            Path(directory),
            name=self.name,
            seed=self.seed,
            config=self.config,
            observed=self.observed,
            truth=self.truth,
            world=None if drawn_again else self._world,
        )

    @classmethod
    def load(cls, directory: str | Path) -> MMMDataset:
        """Read what :meth:`save` wrote; a half-written or altered directory is a DataError."""
        stored = storage.load(Path(directory))
        world = stored.pop("world")
        return cls(**stored, _world=world)

    def __getitem__(self, key: str) -> Any:
        match key:
            case "data":
                return self.data
            case "ground_truth":
                return self.truth
            case "config":
                return self.config
        raise KeyError(f"{key!r}; keys: {', '.join(self.keys())}")

    def __contains__(self, key: object) -> bool:
        return key in self.keys()

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def keys(self) -> tuple[str, ...]:
        """Return what can be asked for in brackets."""
        return ("data", "ground_truth", "config")

    def __repr__(self) -> str:
        sizes = ", ".join(
            f"{size} {dim}{'s' * (size != 1)}" for dim, size in self.observed.sizes.items()
        )
        known = "with truth" if self.truth is not None else "truth unknown"
        return f"MMMDataset({self.name!r}, seed={self.seed}: {self.frequency}, {sizes}, {known})"

    def _repr_html_(self) -> str:
        from mmm_data_generator.dataset.notebook import html

        return html(repr(self), self.observed, self.truth)


#: The same door as a function.
from_frame = MMMDataset.from_frame


def coordinates(config: MMMDataConfig) -> dict[str, Any]:
    """Return the coordinates of a config's datasets."""
    return {
        "geo": np.array(config.geo_names, dtype=str),
        "date": calendar(str(config.start_date), config.n_periods, config.frequency),
        "channel": np.array(config.channel_names, dtype=str),
        "control": np.array(config.control_names, dtype=str),
        "spend_multiplier": np.array(SPEND_MULTIPLIERS),
    }
