"""The options of a run are one list: an entry is at once typed, called and documented."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from mmm_benchmark import api, cli
from mmm_benchmark.commands import run, typed
from mmm_benchmark.errors import UserError
from mmm_benchmark.plan import options as plan
from mmm_benchmark.plan.calling import called_with
from mmm_benchmark.plan.option_kinds import Option, whole
from mmm_benchmark.plan.options import Options, entries


def parsed(*words: str) -> Options:
    """What the command line makes of these words."""
    found: list[Options] = []

    def command(*, dry_run: bool, **given: Any) -> None:
        found.append(typed.options_of(given))

    command.__signature__ = run.signature()  # type: ignore[attr-defined]
    command.__annotations__ = {p.name: p.annotation for p in run.signature().parameters.values()}
    app = typer.Typer(add_completion=False)
    app.command()(command)
    app(args=cli.expand(list(words)), standalone_mode=False)
    return found[0]


def test_nothing_typed_is_nothing_given() -> None:
    assert parsed() == Options()


def test_the_command_line_and_python_mean_the_same() -> None:
    words = (
        "--datasets basic tiny@3 --samplers scipy,pymc --fitter mine.py --chains 2 --seeds 1 2 "
        "--target-accept 0.8 --no-plots --force-rerun --timeout 5 --results here --priors neutral "
        "--jobs 3 --executor ray --quiet"
    )
    assert parsed(*words.split()) == Options(
        ["basic", "tiny@3"],
        ("scipy", "pymc"),
        fitter=Path("mine.py"),
        chains=2,
        seeds=range(1, 3),
        target_accept=0.8,
        plots=False,
        force_rerun=True,
        timeout=5,
        results="here",
        priors="neutral",
        jobs=3,
        executor="ray",
        quiet=True,
    )


def test_python_takes_every_option_and_documents_it() -> None:
    signature = inspect.signature(api.run_benchmark)
    assert list(signature.parameters) == [each.name for each in entries()]
    assert signature.parameters["draws"].default == 1000
    documentation = api.run_benchmark.__doc__ or ""
    assert all(f"{each.name}\n    {each.help}" in documentation for each in entries())


def test_the_command_line_takes_every_option_but_objects() -> None:
    names = {each.name for each in typed.typed_parameters()}
    assert {each.name for each in entries()} - names == {"dataset_config"}


@pytest.fixture
def wider(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Options]]:
    """The list of options with one entry more."""

    @dataclasses.dataclass(frozen=True)
    class Wider(Options):
        holdout: Option[int, int] = whole(0, "Weeks kept back from every fit.")  # noqa: RUF009

    monkeypatch.setattr(plan, "Options", Wider)
    monkeypatch.setattr(typed, "Options", Wider)
    return Wider


def test_a_new_option_is_one_entry(wider: type[Options]) -> None:
    assert getattr(parsed("--holdout", "8"), "holdout") == 8  # noqa: B009
    assert getattr(parsed(), "holdout") == 0  # noqa: B009
    with pytest.raises(UserError, match="holdout = -1: must be a whole number, 0 or more"):
        parsed("--holdout", "-1")

    @called_with(wider)
    def from_python(options: Options) -> int:
        """{options}"""
        return getattr(options, "holdout")  # noqa: B009

    assert from_python(holdout=4) == 4  # type: ignore[call-arg]
    assert "Weeks kept back from every fit." in (from_python.__doc__ or "")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"chains": True}, "chains = True: must be a whole number, 1 or more"),
        ({"draws": "many"}, "draws = 'many'"),
        ({"seeds": []}, "at least one is needed"),
        ({"seeds": [3, -1]}, r"seeds\[1\] = -1: must be a whole number"),
        ({"seed": 1, "seeds": [2]}, "not both"),
        ({"timeout": float("nan")}, "timeout = nan: must be a number above 0"),
        ({"target_accept": "x"}, "target_accept = x: must lie between 0 and 1"),
    ],
)
def test_an_option_out_of_range_is_named(given: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said):
        Options(**given)


def test_only_what_fitters_take_is_handed_to_them() -> None:
    told = Options(priors="neutral", beliefs={"TV": {"roas": (2.0, 0.5)}}, jobs=2)
    assert told.fitter_options == {"priors": "neutral", "beliefs": {"TV": {"roas": (2.0, 0.5)}}}
