"""The options of a run as the command line takes them."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from mmm_benchmark.plan.option_kinds import Option
from mmm_benchmark.plan.options import Options, entries
from mmm_benchmark.store.place import place_of

#: Of every command that reads stored fits.
ResultsOption = Annotated[
    Path,
    typer.Option(
        help="Where everything is kept: a folder, or s3://bucket/prefix and the like.",
        parser=place_of,
        metavar="PLACE",
    ),
]

DatasetsOption = Annotated[
    list[str] | None, typer.Option(help="Only these datasets; all by default.")
]
SamplersOption = Annotated[
    list[str] | None, typer.Option(help="Only these fitters; all by default.")
]


def typed_parameters() -> list[inspect.Parameter]:
    """The options as parameters of a Typer command."""
    return [_parameter(each) for each in entries() if each.word is not None]


def _parameter(entry: Option[Any, Any]) -> inspect.Parameter:
    default = None if entry.many else entry.default
    kind: Any = entry.word
    if entry.many:
        kind = list[kind]
    if default is None:
        kind |= None
    flags = () if entry.flag is None else (entry.flag,)
    return inspect.Parameter(
        entry.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=default,
        annotation=Annotated[kind, typer.Option(*flags, help=entry.help)],
    )


def spelled(entry: Option[Any, Any]) -> str:
    """An option as it is typed."""
    return "--" + entry.name.replace("_", "-")


def several_valued() -> set[str]:
    """The spellings of those options that take several words."""
    return {spelled(each) for each in entries() if each.many and each.word is not None}


def options_of(typed: Mapping[str, Any]) -> Options:
    """The options of what Typer parsed; what was not typed has its default."""
    given = {}
    for entry in entries():
        value = typed.get(entry.name)
        if value is not None and value != []:
            given[entry.name] = value if entry.read is None else entry.read(value)
    return Options(**given)
