"""A job: one dataset, one fitter, one budget, one seed; and the key that names its answer.

The key is a hash of what determines the answer and of nothing else: never of time limits, names
of machines or source text (a fitter whose answer changes raises its ``version``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

from mmm_benchmark.fit import Budget
from mmm_benchmark.store.keys import identity, key_of

SHORT_KEY = 8  # of them name a fit where people read


@dataclass(frozen=True, kw_only=True)
class DatasetRef:
    """What a job knows of its dataset."""

    name: str
    id: str  # folder under results/datasets
    seed: int | None  # that generated it; None for data made elsewhere
    content: str  # hash of the observed arrays and names
    family: str | None = None  # generating family and prior, JSON; for references only

    @property
    def label(self) -> str:
        """The name people use, for example ``small_business@42``."""
        return self.name if self.seed is None else f"{self.name}@{self.seed}"


@dataclass(frozen=True, kw_only=True)
class Job:
    """One fit to be made, or found in the store."""

    dataset: DatasetRef
    fitter: str  # the name on the command line
    fitter_version: str
    target: str
    arguments: Mapping[str, Any]  # of the constructor
    settings: Mapping[str, Any]  # that determine the answer, as the fitter itself lists them
    library: str
    extra: str | None
    reference: str | None
    budget: Budget
    seed: int
    versions: Mapping[str, str | None] = field(default_factory=dict)

    @cached_property
    def key(self) -> str:
        """The name of the answer."""
        return key_of(self.document())

    @property
    def label(self) -> str:
        """The job in a few words, for progress lines."""
        return f"{self.fitter} on {self.dataset.label}"

    def document(self) -> dict[str, Any]:
        """``job.json`` as it is stored."""
        return asdict(self)

    def orders(self) -> dict[str, Any]:
        """``job.json`` as the worker gets it: nothing that would name the world behind the data."""
        return {
            "fitter": self.fitter,
            "target": self.target,
            "arguments": dict(self.arguments),
            "budget": asdict(self.budget),
            "seed": self.seed,
            "packages": sorted(self.versions),
        }


def _flat(tree: Mapping[str, Any], path: str = "") -> dict[str, Any]:
    leaves: dict[str, Any] = {}
    for name, value in tree.items():
        if isinstance(value, Mapping):
            leaves.update(_flat(value, f"{path}{name}."))
        else:
            leaves[path + name] = value
    return leaves


def differences(
    one: Mapping[str, Any], other: Mapping[str, Any]
) -> dict[str, tuple[object, object]]:
    """Fields of the identity in which two ``job.json`` differ: name -> (one's, other's)."""
    left, right = _flat(identity(one)), _flat(identity(other))
    return {
        name: (left.get(name), right.get(name))
        for name in sorted({*left, *right})
        if left.get(name) != right.get(name)
    }


def nearest(
    document: Mapping[str, Any], others: Iterable[Mapping[str, Any]]
) -> tuple[Mapping[str, Any], dict[str, tuple[object, object]]] | None:
    """The other job that differs in the fewest fields (same fitter first), and those fields."""
    compared = [(other, differences(document, other)) for other in others]
    compared = [(other, fields) for other, fields in compared if fields]
    if not compared:
        return None
    return min(compared, key=lambda pair: ("fitter" in pair[1], len(pair[1])))


def why(document: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """Lines such as ``budget.draws: 500 here, 1000 there``."""
    lines = []
    for name, (here, there) in differences(document, other).items():
        if name == "dataset":
            here, there = (f"{_label(each)} ({each['dataset']['content'][:SHORT_KEY]})"
                           for each in (document, other))  # fmt: skip
        lines.append(f"{name}: {here} here, {there} there")
    return lines


def _label(document: Mapping[str, Any]) -> str:
    return DatasetRef(**document["dataset"]).label
