"""From what a dataset may be called to the dataset: preset, seed, directory, config or object."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmm_benchmark import schema
from mmm_benchmark.errors import ContractError, UserError, unknown
from mmm_benchmark.plan.generating_family import family_text
from mmm_benchmark.plan.jobs import DatasetRef
from mmm_benchmark.store.datasets import read_dataset
from mmm_benchmark.store.keys import content_hash, dataset_id

if TYPE_CHECKING:
    import xarray as xr

    from mmm_data_generator import MMMDataConfig, MMMDataset


#: What a name ends with that is no dataset's, but a table's.
TABLES = frozenset({".csv", ".tsv", ".txt", ".xlsx", ".xls", ".parquet"})


@dataclass(frozen=True)
class Source:
    """A dataset still to be made or read.

    ``seed`` is the seed it brings along (``preset@7``, or read from disk); one without takes the
    run's seed. ``fixed`` sources ignore seeds altogether.
    """

    name: str
    seed: int | None
    fixed: bool
    make: Callable[[int], MMMDataset]


def source_of(spec: Any) -> Source:
    """Whatever a dataset may be given as: a name, a path, a config, or a dataset itself."""
    from mmm_data_generator import MMMDataConfig, MMMDataset

    if isinstance(spec, MMMDataset):
        return Source(spec.name, None, True, lambda seed: spec)
    if isinstance(spec, MMMDataConfig):
        return from_config(spec)
    if isinstance(spec, str | Path):
        return parse(spec)
    raise UserError(f"datasets: {type(spec).__name__} is no preset, path, config or MMMDataset")


def parse(spec: str | Path) -> Source:
    """A preset or cell, ``name@seed``, or the directory of a saved dataset.

    Raises
    ------
    UserError
        When the name is neither a preset, a cell nor a directory, or the seed is no whole number.
    """
    text = str(spec)
    path = Path(text).expanduser()
    if path.is_dir():
        return Source(path.name, None, True, lambda seed: read_dataset(path))
    name, at, seed_text = text.partition("@")
    if at and not seed_text.isdecimal():
        raise UserError(f"dataset '{text}': the seed after '@' must be a whole number, 0 or more")
    is_file = path.is_file()
    if "/" in text or is_file or path.suffix in TABLES:
        hint = "; make a dataset of a table with: mmm-benchmark import FILE --out DIR"
        raise UserError(
            f"dataset '{text}' is {'a file' if is_file else 'not there'}, a directory saved by "
            f"the generator is needed{hint if is_file else ''}"
        )
    from mmm_data_generator import list_available_presets, list_cells

    presets = [*list_available_presets(), *list_cells()]
    if name not in presets:
        raise UserError(f"{unknown('dataset', name, presets)}; nor is there a folder '{text}'")
    own = int(seed_text) if at else None
    return Source(name, own, False, lambda seed: _generate(name, seed, name))


def from_config(config: MMMDataConfig) -> Source:
    """A dataset to be generated from a config object; its own seed wins when it has one."""
    name = getattr(config, "name", None) or "custom"
    seed = getattr(config, "seed", None)
    return Source(name, seed, False, lambda seed: _generate(config, seed, name))


def _generate(config: MMMDataConfig | str, seed: int, name: str) -> MMMDataset:
    from mmm_data_generator import generate_mmm_dataset

    return generate_mmm_dataset(config, seed=seed)


def check_observed(observed: xr.Dataset, name: str) -> None:
    """Raise a UserError unless the observed half can be fitted at all."""
    try:
        schema.check(observed, schema.OBSERVED, f"dataset '{name}'")
    except ContractError as error:
        raise UserError(str(error)) from error
    if observed.sizes["date"] < 2:
        raise UserError(
            f"dataset '{name}' has {observed.sizes['date']} week; at least 2 are needed"
        )
    spend = observed["spend"]
    if bool((spend < 0).any()):
        raise UserError(f"dataset '{name}': spend must not be negative")
    silent = [str(c) for c in observed["channel"].values if not spend.sel(channel=c).any()]
    if silent:
        raise UserError(f"dataset '{name}': no spend at all in {', '.join(silent)}; drop it")


#: Folders of the results that are no dataset's.
RESERVED = frozenset({"fits", "datasets", "scores", "summary"})


def check_name(name: str) -> None:
    """Raise a UserError unless a dataset's name can be the name of its folder of pictures."""
    if not name.strip(" .") or "/" in name or "\\" in name or not name.isprintable():
        raise UserError(
            f"dataset {name!r}: its pictures lie in a folder of that name, so it must be a word "
            "that is no path; save it under another name"
        )
    if name.startswith(".") or name.casefold() in RESERVED:
        raise UserError(
            f"dataset {name!r}: the results keep that folder for themselves; save it under "
            "another name"
        )


def reference_to(dataset: MMMDataset) -> DatasetRef:
    """What jobs need to know of a dataset: its name, seed, content and place."""
    check_name(dataset.name)
    check_observed(dataset.observed, dataset.name)
    content = content_hash(dataset.observed)
    family = family_text(dataset)
    return DatasetRef(
        name=dataset.name,
        id=dataset_id(dataset.name, dataset.seed, content),
        seed=dataset.seed,
        content=content,
        family=family,
    )
