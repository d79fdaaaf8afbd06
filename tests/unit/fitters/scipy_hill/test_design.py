"""Scaling and the columns of the baseline."""

import numpy as np
import pytest

from mmm_benchmark.fitters.scipy_hill.design import build, fourier


def test_units_and_basis(world):
    observed = world(geos=3).observed
    design = build(observed, 2, True)
    np.testing.assert_allclose(design.sales.mean(-1), 1.0)
    np.testing.assert_allclose(design.spend.mean(-1), 1.0)
    np.testing.assert_allclose(design.basis @ design.basis.T, np.eye(len(design.basis)), atol=1e-12)
    assert design.n_time == 5
    assert design.n_linear == 3 + 5 + 1


@pytest.mark.parametrize(("weeks", "harmonics"), [(13, 0), (26, 1), (52, 2), (104, 2)])
def test_harmonics_are_limited_by_the_length_of_the_data(world, weeks, harmonics):
    assert build(world(weeks=weeks).observed, 2, trend=False).n_time == 2 * harmonics


def test_fourier_follows_the_day_of_the_year():
    dates = np.array(["2023-01-01", "2024-01-01", "2023-07-02"], dtype="datetime64[ns]")
    sine, cosine = fourier(dates, 1)
    np.testing.assert_allclose(sine, [0, 0, 0], atol=0.02)
    np.testing.assert_allclose(cosine, [1, 1, -1], atol=0.02)


def test_monthly_dates_are_welcome(world):
    observed = world(weeks=48).observed
    months = np.arange("2020-01", "2024-01", dtype="datetime64[M]").astype("datetime64[ns]")
    assert build(observed.assign_coords(date=months), 2, True).n_time == 5


def test_dependent_controls_are_left_out_and_noted(world):
    observed = world(controls=3).observed
    controls = observed["controls"].copy(deep=True)
    controls[..., 1] = 7.0
    controls[..., 2] = 2.0 * controls[..., 0] + 1.0
    design = build(observed.assign(controls=controls), 2, True)
    assert list(design.controls) == [0]
    assert [note.split("'")[1] for note in design.notes] == ["Promotion_1", "Promotion_2"]
