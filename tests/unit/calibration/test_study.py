"""Ranks of truths among draws, from fits whose calibration is known by construction."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from mmm_benchmark.calibration import picture, study
from mmm_benchmark.calibration.quantities import QUANTITIES, RANKED, Quantity, quantities, rank
from tests.fixtures.scored_worlds import fake_failure, fake_fit, world

WORLDS = 40


@pytest.fixture(scope="module")
def worlds() -> dict[str, SimpleNamespace]:
    made = (world(geos=1, weeks=20, seed=seed) for seed in range(WORLDS))
    return {f"toy-{each.seed}": each for each in made}


def studied(
    worlds: dict[str, SimpleNamespace], monkeypatch: pytest.MonkeyPatch, **how: Any
) -> study.Study:
    monkeypatch.setattr(study, "load_dataset", lambda results, name: worlds[name])
    fits = [fake_fit(each, "honest", seed=each.seed + 1000, **how) for each in worlds.values()]
    return study.study("honest", "toy", fits, Path("nowhere"))


@pytest.mark.statistical
def test_a_calibrated_fitter_has_uniform_ranks_and_honest_intervals(
    worlds: dict[str, SimpleNamespace], monkeypatch: pytest.MonkeyPatch
) -> None:
    table = study.table(studied(worlds, monkeypatch)).set_index("quantity")
    assert set(table.index) == set(QUANTITIES)
    assert (table["worlds"] == WORLDS).all()
    assert (table["draws"] == RANKED).all()
    assert table["p_uniform"].min() > 1e-3 / len(QUANTITIES)
    for level in (50, 80, 90):
        low, high = table[f"coverage_{level}_low"], table[f"coverage_{level}_high"]
        assert ((low <= table[f"coverage_{level}"]) & (table[f"coverage_{level}"] <= high)).all()
        # 95% intervals of eight quantities: three that miss would be a chance in 170
        assert ((low <= level / 100) & (level / 100 <= high)).sum() >= len(QUANTITIES) - 2


def test_a_fitter_that_says_too_little_is_seen(
    worlds: dict[str, SimpleNamespace], monkeypatch: pytest.MonkeyPatch
) -> None:
    table = study.table(studied(worlds, monkeypatch, bias=0.6)).set_index("quantity")
    assert table.loc["roas", "p_uniform"] < 0.01
    assert table.loc["roas", "mean_rank"] > 0.5


def test_failures_are_counted_and_points_have_no_ranks(
    worlds: dict[str, SimpleNamespace], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(study, "load_dataset", lambda results, name: worlds[name])
    one, two = list(worlds.values())[:2]
    found = study.study(
        "some",
        "toy",
        [fake_fit(one, draws=1), fake_failure(two, "some", "timeout", "too slow")],
        Path(),
    )
    assert found.quantities == []
    assert found.failures == ["1: timeout, too slow"]


def test_channel_and_week_hang_on_the_seed_alone() -> None:
    dataset = world(geos=1, weeks=20)
    posterior = fake_fit(dataset).groups["posterior"]
    one, same = (quantities(posterior, dataset, 3) for _ in range(2))  # type: ignore[arg-type]
    assert {name: each.truth for name, each in one.items()} == {
        name: each.truth for name, each in same.items()
    }
    others = {quantities(posterior, dataset, seed)["week"].truth for seed in range(5)}  # type: ignore[arg-type]
    assert len(others) > 1


def test_among_equals_every_rank_is_as_likely() -> None:
    rng = np.random.default_rng(0)
    equal = Quantity(np.zeros(4), 0.0)
    assert {rank(equal, rng) for _ in range(100)} == set(range(5))
    assert rank(Quantity(np.arange(4.0), 1.5), rng) == 2


def test_a_study_is_drawn(
    worlds: dict[str, SimpleNamespace], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    paths = picture.draw(studied(worlds, monkeypatch), tmp_path / "deep" / "calibration")
    assert [path.suffix for path in paths] == [".png", ".svg"]
    assert all(path.stat().st_size > 10_000 for path in paths)
