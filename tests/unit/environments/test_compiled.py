"""Compiled programs: found only by fits that asked for them, kept where nobody else writes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from mmm_benchmark.environments import compiled
from mmm_benchmark.errors import UserError
from mmm_benchmark.plan.options import Options
from mmm_benchmark.scoring.records import ess_row, runtime_row
from tests.external.road import record_of, walk


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_a_fit_that_did_not_ask_finds_none_whatever_the_user_has_set() -> None:
    mine = {"JAX_COMPILATION_CACHE_DIR": "/mine", "PYTENSOR_FLAGS": "floatX=float64", "HOME": "/h"}
    found = compiled.variables(False, mine)
    assert found == {"PYTENSOR_FLAGS": "floatX=float64,numba__cache=False", "HOME": "/h"}


def test_a_fit_that_asked_finds_those_of_this_user_and_processor(cache: Path) -> None:
    found = compiled.variables(True, {"PYTENSOR_FLAGS": "floatX=float64"})
    folder = compiled.place()
    assert folder.is_relative_to(cache)
    assert found["JAX_COMPILATION_CACHE_DIR"] == str(folder / "jax")
    assert found["PYTENSOR_FLAGS"].split(",") == [
        "floatX=float64",
        f"base_compiledir={folder / 'pytensor'}",
        "numba__cache=True",
    ]


def test_machine_code_is_kept_where_nobody_else_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled.made_ready()
    assert compiled.place().stat().st_mode & 0o777 == 0o700
    other = os.geteuid() + 1
    monkeypatch.setattr(os, "geteuid", lambda: other)
    with pytest.raises(UserError, match="belongs to somebody else"):
        compiled.made_ready()


def test_a_place_that_cannot_be_is_one_line_before_any_fit(cache: Path, tmp_path: Path) -> None:
    cache.write_text("a file")
    with pytest.raises(UserError, match=r"--reuse-compiled: '.*' cannot be used") as raised:
        walk(tmp_path / "results", "good", reuse_compiled=True)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(("reuse", "said"), [(False, "fresh"), (True, "reused")])
def test_the_record_says_which_way_a_fit_was_timed(tmp_path: Path, reuse: bool, said: str) -> None:
    (outcome,) = walk(tmp_path / "results", "good", reuse_compiled=reuse)
    record: Any = record_of(outcome)
    assert record["compiled"] == said
    assert record["total_s"] > 0
    row, rates = runtime_row(outcome.fit), ess_row(outcome.fit)
    assert row["compiled"] == said
    assert (row["total_s"] == record["total_s"]) is not reuse
    assert ("no timing" in str(row["note"])) is reuse
    assert rates["ess_bulk_per_second"] != rates["ess_bulk_per_second"]  # a point has no draws


def test_it_is_off_unless_asked_for() -> None:
    assert Options().reuse_compiled is False
