"""Which fitters are meant, where they come from, and how files become fitters."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from mmm_benchmark.environments.interview import describe, describe_in
from mmm_benchmark.environments.load import load_class, make_fitter, split_file_target
from mmm_benchmark.errors import ContractError, UserError
from mmm_benchmark.plan import choose as selection
from mmm_benchmark.plan.registry import BUILT_IN, FitterEntry

ENTRIES = {
    name: FitterEntry(name=name, target="m:C", group=library, summary="", quick=quick)
    for name, library, quick in [
        ("a1", "a", True),
        ("a2", "a", False),
        ("b1", "b", False),
        ("b2", "b", True),
    ]
}
TWO = """
class One:
    def fit(self, observed, budget, seed): ...

class Other:
    name, extra, version = "other", None, "7"
    def __init__(self, priors="neutral", starts=3):
        self.priors, self.starts = priors, starts
    def skip(self, observed): ...
    def settings(self):
        return {"priors": self.priors, "starts": self.starts}
    def fit(self, observed, budget, seed): ...
"""


@pytest.mark.parametrize(
    ("samplers", "libraries", "meant"),
    [
        ((), (), ["a1", "b2"]),
        (("b1", "a2"), (), ["b1", "a2"]),
        (("b1", "b1"), (), ["b1"]),
        ((), ("a",), ["a1", "a2"]),
        (("a2",), ("a", "b"), ["a2", "b1", "b2"]),
    ],
)
def test_names_and_libraries(
    samplers: tuple[str, ...], libraries: tuple[str, ...], meant: list[str]
) -> None:
    chosen = selection.select(ENTRIES, samplers, libraries)
    assert [entry.name for entry in chosen] == meant


def point(name: str) -> EntryPoint:
    return EntryPoint(name=name, value="theirs:Fitter", group=selection.GROUP)


def test_other_distributions_add_fitters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selection, "entry_points", lambda group: [point("theirs")])
    entries = selection.registered()
    assert entries["theirs"].target == "theirs:Fitter"
    assert len(entries) == len(BUILT_IN) + 1
    taken = BUILT_IN[0].name
    monkeypatch.setattr(selection, "entry_points", lambda group: [point(taken)])
    with pytest.raises(UserError, match=f"registers fitter '{taken}' a second time"):
        selection.registered()


def test_built_in_names_are_unique() -> None:
    assert len({entry.name for entry in BUILT_IN}) == len(BUILT_IN)


@pytest.mark.parametrize("entry", BUILT_IN, ids=lambda entry: entry.name)
def test_built_in_fitters_tell_their_settings_without_their_library(entry: FitterEntry) -> None:
    answer: dict[str, Any] = describe(entry.target, entry.settings, {}, entry.packages)
    assert answer["version"]
    assert set(answer["versions"]) == set(entry.packages)


def test_file_holds_a_fitter_by_name(tmp_path: Path) -> None:
    file = tmp_path / "two.py"
    file.write_text(TWO)
    with pytest.raises(UserError, match=r"found several \(One, Other\); write FILE.py:CLASS"):
        load_class(str(file))
    with pytest.raises(UserError, match="no fitter class 'Third'"):
        load_class(f"{file}:Third")
    with pytest.raises(ContractError, match="One is not a fitter: it lacks name, extra, version"):
        make_fitter(f"{file}:One", {})
    assert make_fitter(f"{file}:Other", {"starts": 5}).settings()["starts"] == 5
    assert split_file_target(f"{file}:Other") == (file, "Other")
    assert split_file_target(str(file)) == (file, None)


def test_options_reach_the_constructors_that_take_them(tmp_path: Path) -> None:
    file = tmp_path / "two.py"
    file.write_text(TWO)
    options = {"priors": "spend-share", "device": "cpu"}
    answer = describe(f"{file}:Other", {"starts": 9}, options, ["numpy", "no-such-thing"])
    assert answer["arguments"] == {"starts": 9, "priors": "spend-share"}
    assert answer["settings"] == {"priors": "spend-share", "starts": 9}
    assert answer["versions"]["numpy"] is not None
    assert answer["versions"]["no-such-thing"] is None


def test_file_that_cannot_be_loaded_says_why(tmp_path: Path) -> None:
    import sys

    file = tmp_path / "fails.py"
    file.write_text("import no_such_module\n")
    with pytest.raises(UserError, match="cannot be loaded: ModuleNotFoundError: No module named"):
        describe_in(Path(sys.executable), str(file), {}, {}, [])
