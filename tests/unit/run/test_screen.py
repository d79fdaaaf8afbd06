"""How wide output is, and what results are called."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from mmm_benchmark.api import distinct
from mmm_benchmark.run.progress import screen


def test_output_that_is_no_terminal_is_wide_enough_for_tables(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    assert screen(quiet=False).width == 100
    monkeypatch.setenv("COLUMNS", "70")
    assert screen(quiet=False).width == 70


def test_fits_that_share_a_name_are_told_apart() -> None:
    fits = [
        (label, SimpleNamespace(job={"fitter": fitter}, key=key * 24))
        for label, fitter, key in (("a@1", "x", "0"), ("a@1", "x", "1"), ("a@1", "y", "2"))
    ]
    assert distinct(fits) == ["a@1/x (00000000)", "a@1/x (11111111)", "a@1/y"]
