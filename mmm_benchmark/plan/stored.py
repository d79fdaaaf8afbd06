"""Which stored fits tables, pictures and the page are made of, and what they are called."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmm_benchmark.errors import UserError
from mmm_benchmark.plan.datasets import reference_to, source_of
from mmm_benchmark.plan.jobs import SHORT_KEY, DatasetRef
from mmm_benchmark.plan.options import Options
from mmm_benchmark.store.fits import Store, StoredFit
from mmm_benchmark.store.place import called


def latest_fits(options: Options, store: Store) -> list[StoredFit]:
    """The latest good fit of each dataset and fitter, a failure only where there is none.

    Names given with ``datasets``, ``samplers`` and ``libraries`` narrow them down.

    Raises
    ------
    UserError
        When none is left.
    """
    latest: dict[tuple[str, str], StoredFit] = {}
    wanted = {_called(spec) for spec in options.all_datasets}
    for fit in sorted(store, key=lambda fit: fit.record["finished_at"]):
        ref = DatasetRef(**fit.job["dataset"])
        names = {ref.name, ref.label, ref.id}
        if wanted and names.isdisjoint(wanted):
            continue
        if options.samplers and fit.job["fitter"] not in options.samplers:
            continue
        if options.libraries and fit.job["library"] not in options.libraries:
            continue
        place = ref.id, fit.job["fitter"]
        if fit.ok or place not in latest or not latest[place].ok:
            latest[place] = fit
    if not latest:
        raise UserError(
            f"no stored fit in '{called(options.results)}' matches; make one with mmm-benchmark run"
        )
    return [latest[place] for place in sorted(latest)]


def _called(spec: Any) -> str:
    """What stored fits call a dataset: name, ``name@seed``, or the id of what a folder holds."""
    if isinstance(spec, str) and not Path(spec).expanduser().is_dir():
        return spec  # may also be an id
    source = source_of(spec)
    if source.fixed:
        return reference_to(source.make(0)).id
    return source.name if source.seed is None else f"{source.name}@{source.seed}"


def distinct(fits: Sequence[tuple[str, StoredFit]]) -> list[str]:
    """``dataset/fitter`` for each fit; where several share that, with the start of its key."""
    names = [f"{label}/{fit.job['fitter']}" for label, fit in fits]
    return [
        f"{name} ({fit.key[:SHORT_KEY]})" if names.count(name) > 1 else name
        for name, (_, fit) in zip(names, fits, strict=True)
    ]
