"""What a fit asks of a machine: stated, checked, and a GPU where its device is one."""

from __future__ import annotations

import pytest

from mmm_benchmark.environments.claims import ONE, Claims, on_device, stated
from mmm_benchmark.plan.grid import Contender
from mmm_benchmark.plan.registry import BUILT_IN


def test_what_is_stated_is_claimed() -> None:
    assert stated({"cpus": 4, "memory_mb": 2000}) == Claims(cpus=4, memory_mb=2000)
    assert stated({}) == ONE


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        (4, "its claims are 4; they must be a mapping"),
        ({"cores": 4}, "it claims 'cores'; one can claim cpus, memory_mb, gpus"),
        ({"cpus": 0}, "its claim cpus is 0; it must be a whole number from 1 on"),
        ({"cpus": 1.5}, "its claim cpus is 1.5; it must be a whole number from 1 on"),
        ({"gpus": -1}, "its claim gpus is -1; it must be a number from 0 on"),
        ({"memory_mb": "2 GB"}, "its claim memory_mb is '2 GB'; it must be a number from 0 on"),
        ({"gpus": float("nan")}, "its claim gpus is nan; it must be a number from 0 on"),
        ({"cpus": True}, "its claim cpus is True; it must be a number from 0 on"),
    ],
)
def test_what_cannot_be_claimed_is_said(given: object, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        stated(given)


@pytest.mark.parametrize(
    ("device", "gpus"), [("cuda", 1), ("cuda:1", 1), ("cpu", 0), (None, 0), ("mps", 0)]
)
def test_a_device_is_claimed(device: str | None, gpus: float) -> None:
    assert on_device(Claims(cpus=2), {"device": device}) == Claims(cpus=2, gpus=gpus)
    assert on_device(Claims(gpus=0.25), {"device": "cuda"}).gpus == 0.25


def test_a_fitters_own_word_comes_before_the_registry() -> None:
    entry = next(entry for entry in BUILT_IN if entry.name == "nutpie")
    assert Contender(entry, None, None, {}).claims.cpus == 4  # type: ignore[arg-type]
    own = Contender(entry, None, None, {"claims": {"cpus": 8}})  # type: ignore[arg-type]
    assert own.claims == Claims(cpus=8)
