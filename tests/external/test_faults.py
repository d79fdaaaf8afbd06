"""The small size of ``python -m tests.faults``: every kind of fault of a store, some of a run."""

from __future__ import annotations

import pytest

from tests.faults.__main__ import FUZZED, STORED, attempt
from tests.faults.running import FAULTS

SOME = ("parent killed", "server killed", "no room on the disk", "two and three drivers",
        "fitter: forging", "fitter: vandal")  # fmt: skip


@pytest.mark.parametrize("name", STORED)
def test_a_store_is_right_or_says_that_it_is_not(name: str) -> None:
    tally = attempt(name, STORED[name], 12, seed=1)
    assert tally.wrong == []
    assert tally.survived == 12


@pytest.mark.parametrize("name", FUZZED)
def test_a_file_of_a_user_is_taken_right_or_refused_in_one_line(name: str) -> None:
    tally = attempt(name, FUZZED[name], 15, seed=1)
    assert tally.wrong == []


@pytest.mark.parametrize("name", SOME)
def test_a_run_loses_nothing_and_believes_nothing(name: str) -> None:
    tally = attempt(name, FAULTS[name], 1, seed=1)
    assert tally.wrong == []
    assert tally.survived == 1
