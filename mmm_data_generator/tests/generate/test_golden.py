"""Known worlds stay the worlds they were: presets by seed, batches and configs of every prior.

``golden.json`` holds, of every array, three values and the mean size, and for batches the number
that the generator gives next, which tells whether draws were added, dropped or moved.
``python tests/generate/test_golden.py`` writes it anew: only where a law changes on purpose.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmm_data_generator import (
    PublishedPrior,
    TimeVaryingPrior,
    draw_batch,
    draw_config,
    generate_mmm_dataset,
)

GOLDEN = Path(__file__).with_name("golden.json")
PRESETS = (
    "basic",
    "seasonal",
    "multi_region",
    "small_business",
    "growing_business",
    "medium_business",
    "sandbox",
    "time_varying",
    "stress_everything",
    "stress_organic",
    "stress_multiplicative",
    "stress_budget",
    "stress_holidays",
)
#: By name, and as the diffusion model is trained on them.
PRIORS: dict[str, Any] = {
    "worlds": "worlds",
    "time_varying": "time_varying",
    "published": "published",
    "published, trained on": PublishedPrior(
        roi_log_mean=None, curve_chances=(1 / 3, 1 / 3, 0, 1 / 3)
    ),
    "time_varying, first law": TimeVaryingPrior(
        volatility=0.05, control_volatility=0.03, jump_probability=0.0
    ),
}
SIZES = {
    "worlds": ((30, 5, 3, 104, 1), (8, 4, 2, 70, 3)),
    "time_varying": ((30, 5, 3, 104, 1), (12, 3, 1, 60, 1)),
    "published": ((30, 5, 3, 104, 1), (8, 4, 2, 70, 3)),
    "published, trained on": ((12, 5, 3, 104, 1), (8, 4, 2, 70, 3)),
    "time_varying, first law": ((12, 5, 3, 104, 1),),
}
BATCHES = [(prior, sizes) for prior, both in SIZES.items() for sizes in both]
CONFIGS = ("worlds", "time_varying", "published")


def figures(values: Any) -> list[float]:
    """Return the mean size and three values of an array, NaN left out."""
    flat = np.asarray(values, dtype=float).ravel()
    flat = flat[np.isfinite(flat)]
    if not flat.size:
        return []
    return [float(np.abs(flat).mean()), *flat[[0, len(flat) // 2, -1]].tolist()]


def of_preset(name: str) -> dict[str, list[float]]:
    dataset = generate_mmm_dataset(name, seed=7)
    assert dataset.truth is not None
    arrays = {**dataset.observed.data_vars, **dataset.truth.data_vars}
    return {str(key): figures(value.values) for key, value in arrays.items()}


def of_batch(prior: str, sizes: tuple[int, ...]) -> dict[str, Any]:
    rng = np.random.default_rng(11)
    batch = draw_batch(rng, PRIORS[prior], *sizes)
    return {**{key: figures(batch[key]) for key in batch}, "next": int(rng.integers(2**53))}


def of_configs(prior: str) -> dict[str, Any]:
    rng = np.random.default_rng(3)
    drawn = [draw_config(rng, prior) for _ in range(12)]
    return {
        "periods": [config.n_periods for config in drawn],
        "seeds": [config.seed for config in drawn],
        "next": int(rng.integers(2**53)),
    }


def of_drawn(prior: str) -> dict[str, list[float]]:
    """Figures of the datasets of two drawn configs, one of them with several geos if it can."""
    rng = np.random.default_rng(5)
    out = {}
    for geos in (1, 1 if prior == "time_varying" else 2):
        config = draw_config(rng, prior, n_channels=3, n_controls=2, n_weeks=60, n_geos=geos)
        dataset = generate_mmm_dataset(config)
        for key, value in {**dataset.observed.data_vars, **dataset.truth.data_vars}.items():
            out[f"{len(out)} {key}"] = figures(value.values)
    return out


def same(made: Mapping[str, Any], kept: Mapping[str, Any]) -> None:
    for name, values in kept.items():
        if name in ("next", "seeds", "periods"):
            assert made[name] == values, name
        else:
            np.testing.assert_allclose(made[name], values, rtol=1e-9, atol=1e-9, err_msg=name)


@pytest.fixture(scope="module")
def golden() -> dict[str, Any]:
    kept: dict[str, Any] = json.loads(GOLDEN.read_text())
    return kept


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_keeps_its_world(golden: dict[str, Any], name: str) -> None:
    same(of_preset(name), golden[name])


@pytest.mark.parametrize(("prior", "sizes"), BATCHES)
def test_a_training_prior_keeps_its_law_and_its_draws(
    golden: dict[str, Any], prior: str, sizes: tuple[int, ...]
) -> None:
    same(of_batch(prior, sizes), golden[f"{prior} {sizes}"])


@pytest.mark.parametrize("prior", CONFIGS)
def test_drawn_configs_stay(golden: dict[str, Any], prior: str) -> None:
    same(of_configs(prior), golden[f"configs {prior}"])


@pytest.mark.parametrize("prior", CONFIGS)
def test_datasets_of_drawn_configs_stay(golden: dict[str, Any], prior: str) -> None:
    same(of_drawn(prior), golden[f"drawn {prior}"])


def main() -> None:
    kept = {name: of_preset(name) for name in PRESETS}
    kept |= {f"{prior} {sizes}": of_batch(prior, sizes) for prior, sizes in BATCHES}
    kept |= {f"configs {prior}": of_configs(prior) for prior in CONFIGS}
    kept |= {f"drawn {prior}": of_drawn(prior) for prior in CONFIGS}
    GOLDEN.write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    main()
