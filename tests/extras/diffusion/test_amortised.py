"""Worlds in batches are answered as the fitter answers each."""

import numpy as np

from mmm_benchmark.fit import Budget
from mmm_benchmark.fitters.diffusion.fitter import Diffusion
from mmm_benchmark.recoverability.amortised import answer, main
from mmm_data_generator import generate_mmm_dataset


def test_a_batch_is_answered_as_the_fitter_answers_each(tmp_path) -> None:
    worlds = [generate_mmm_dataset("small_business", seed=seed).observed for seed in (1, 2)]
    arrays = {
        name: np.stack([world[name].values.astype(float) for world in worlds])
        for name in ("sales", "spend", "controls")
    }
    found = answer(**arrays, draws=64, seed=1)
    for i, world in enumerate(worlds):
        fit = Diffusion(sampler="dpm", steps=8, draws=64).fit(world, Budget(), 1)
        other = fit.posterior["roas"].values[0]
        spread = np.log(other).std(0)
        apart = np.abs(np.median(np.log(found["roas"][i]), 0) - np.median(np.log(other), 0))
        # medians of 64 draws each: 1.25 spread / 8, twice; four of them
        assert (apart < 4 * 1.25 * spread / 8 * 2**0.5).all()
        curve = found["response_curve"][i]
        paid = arrays["spend"][i].sum((0, 1))
        np.testing.assert_allclose(found["roas"][i], (curve[..., 5] - curve[..., 0]) / paid)
        assert (np.diff(curve, axis=-1) >= -1e-3 * curve[..., -1:]).all()
    np.savez(tmp_path / "ask_0000.npz", draws=8, seed=1, **arrays)
    assert main(str(tmp_path)) == 0
    with np.load(tmp_path / "answer_0000.npz") as read:
        assert read["roas"].shape == (2, 8, worlds[0].sizes["channel"])
