"""Variable projection: exact gradient, exact linear part."""

import numpy as np
import pytest
from scipy.optimize import approx_fprime, minimize

from mmm_benchmark.fitters.scipy_hill.design import build
from mmm_benchmark.fitters.scipy_hill.projection import Projection, nonnegative, transforms
from mmm_benchmark.fitters.scipy_hill.search import bounds, polish, sobol_starts, weak_penalty


def problem(observed, weight=1.0, variance=1e-3):
    design = build(observed, 2, True)
    return Projection(design, weak_penalty(design, weight), variance)


@pytest.mark.parametrize("weight", [0.0, 1.0])
@pytest.mark.parametrize("geos", [1, 2])
def test_gradient_matches_finite_differences(world, weight, geos):
    objective = problem(world(1, geos=geos, channels=4).observed, weight)
    at_bound = 0
    for point in sobol_starts(objective.design, 8, seed=3):
        exact = objective(point)[1]
        numeric = approx_fprime(point, lambda p: objective(p)[0], 1e-7)
        np.testing.assert_allclose(exact, numeric, rtol=1e-3, atol=1e-3 * np.abs(exact).max())
        at_bound += (objective.solve(transforms(objective.design.spend, point)[0])[0] == 0).any()
    if geos == 1:
        assert at_bound > 0  # the envelope theorem also holds where an effect is at its bound


def test_effects_meet_the_kkt_conditions(world):
    objective = problem(world(2, channels=5).observed)
    for point in sobol_starts(objective.design, 16, seed=0):
        saturation = transforms(objective.design.spend, point).saturation
        effects, residual = objective.solve(saturation)
        columns = objective.design.without_baseline(saturation)
        gradient = objective.ridge * effects - columns @ residual
        assert (effects >= 0).all()
        assert np.abs(gradient[effects > 0]).max() < 1e-8
        assert (gradient[effects == 0] > -1e-8).all()


def test_residual_is_free_of_the_baseline(world):
    objective = problem(world(2, geos=2).observed)
    design = objective.design
    point = sobol_starts(design, 1, seed=0)[0]
    _, residual = objective.solve(transforms(design.spend, point).saturation)
    by_geo = residual.reshape(design.sales.shape)
    np.testing.assert_allclose(by_geo.mean(-1), 0.0, atol=1e-12)
    np.testing.assert_allclose(np.tensordot(design.columns, by_geo, 2), 0.0, atol=1e-9)


def test_projection_finds_the_joint_optimum(world):
    """All parameters at once, from the projected optimum and from nearby, end no lower."""
    objective = problem(world(3, channels=2).observed, weight=0.0)
    design = objective.design
    best = polish(objective, sobol_starts(design, 4, seed=1)[1], bounds(design))
    n = best.x.size
    flat = design.columns.reshape(len(design.columns), -1)

    def joint(parameters):
        shape, effects = parameters[:n], parameters[n : n + 2]
        intercept, slopes = parameters[n + 2], parameters[n + 3 :]
        saturation = transforms(design.spend, shape).saturation.reshape(2, -1)
        rest = design.sales.ravel() - intercept - slopes @ flat - effects @ saturation
        return 0.5 * rest @ rest / objective.noise_variance

    effects, _ = objective.solve(transforms(design.spend, best.x).saturation)
    saturation = transforms(design.spend, best.x).saturation.reshape(2, -1)
    X = np.vstack([np.ones(flat.shape[1]), flat]).T
    linear = np.linalg.lstsq(X, design.sales.ravel() - effects @ saturation, rcond=None)[0]
    start = np.concatenate([best.x, effects, linear])
    assert joint(start) == pytest.approx(best.fun, rel=1e-6)
    limits = bounds(design)
    box = [
        *zip(limits.lb, limits.ub, strict=True),
        *[(0, None)] * 2,
        *[(None, None)] * linear.size,
    ]
    again = minimize(joint, start, method="L-BFGS-B", bounds=box)
    assert again.fun == pytest.approx(best.fun, rel=1e-4)


def test_nonnegative_agrees_with_enumeration():
    rng = np.random.default_rng(0)
    for _ in range(50):
        A = rng.normal(size=(6, 3))
        gram, moment = A.T @ A + 0.01 * np.eye(3), rng.normal(size=3)
        candidates = []
        for mask in np.ndindex(2, 2, 2):
            free = np.array(mask, dtype=bool)
            b = np.zeros(3)
            b[free] = np.linalg.solve(gram[np.ix_(free, free)], moment[free])
            if (b >= 0).all():
                candidates.append(0.5 * b @ gram @ b - moment @ b)
        b = nonnegative(gram, moment)
        assert 0.5 * b @ gram @ b - moment @ b == pytest.approx(min(candidates), abs=1e-10)
