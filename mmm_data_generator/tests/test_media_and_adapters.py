"""Media in other units, and the inputs of other libraries, hold what the dataset holds."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from mmm_data_generator import DataError, MMMDataset, generate_mmm_dataset
from mmm_data_generator.adapters import (
    meridian_arrays,
    save_robyn,
    to_lightweight_mmm,
    to_pymc_marketing,
    to_robyn,
)
from mmm_data_generator.media import media_measures


@pytest.fixture(scope="module", params=["stress_cost", "stress_national", "stress_organic"])
def data(request) -> MMMDataset:
    return generate_mmm_dataset(request.param, seed=1)


def test_reach_times_frequency_is_impressions(data):
    m = media_measures(data, cpm=8.0, audience=0.5)
    np.testing.assert_allclose(m["reach"] * m["frequency"], m["impressions"])
    people = data.observed["population"] * 0.5
    assert (m["reach"] <= people).all()
    assert (m["frequency"].where(m["impressions"] > 0, 1.0) >= 1).all()
    assert m["impressions"].dims == ("geo", "date", "channel")


def test_impressions_cost_their_price(data):
    m = media_measures(data, cpm={"TV": 20.0, "Search": 5.0, "Social": 8.0, "Display": 2.0})
    spend = data.observed["spend"]
    paid = 1000 * spend / m["impressions"].where(spend > 0)
    bought = getattr(data.world, "efficiency", np.ones(spend.shape))
    for j, price in enumerate((20.0, 5.0, 8.0, 2.0)):
        weekly = (paid * bought).values[..., j]
        np.testing.assert_allclose(weekly[~np.isnan(weekly)], price)


def test_clicks_are_poisson_around_their_rate(data):
    m = media_measures(data, click_rate=0.02)
    total, clicks = float(m["impressions"].sum()), float(m["clicks"].sum())
    assert abs(clicks - 0.02 * total) < 4 * (0.02 * total) ** 0.5
    np.testing.assert_array_equal(m["clicks"], np.round(m["clicks"]))


def test_conversions_times_their_value_are_sales(data):
    m = media_measures(data, value_per_conversion=40.0)
    product = m["conversions"] * m["revenue_per_conversion"]
    np.testing.assert_allclose(product, data.observed["sales"])
    assert float(m["revenue_per_conversion"].mean()) == pytest.approx(40, rel=0.1)
    assert float(m["revenue_per_conversion"].std()) > 0


def test_data_made_elsewhere_has_measures_too(data):
    frame = data.to_frame()
    channels = [c for c in frame if c.startswith("x")]
    again = MMMDataset.from_frame(frame, geo="geo", channels=channels)
    m = media_measures(again, cpm=10.0)
    np.testing.assert_allclose(m["impressions"], again.observed["spend"] * 100)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"cpm": 0.0}, r"cpm\['TV'\] = 0.0: must be > 0"),
        ({"cpm": {"TV": 1.0}}, r"cpm\['Search'\] = None: must be > 0"),
        ({"cpm": {"TVs": 1.0}}, r"cpm\['TVs'\]: no such channel; did you mean 'TV'"),
        ({"click_rate": 2.0}, r"click_rate\['TV'\] = 2.0: must be > 0 and <= 1"),
        ({"value_per_conversion": -1.0}, "value_per_conversion = -1.0: must be > 0"),
    ],
)
def test_bad_measures_are_refused(data, arguments, message):
    with pytest.raises(DataError, match=message):
        media_measures(data, **arguments)


def test_pymc_marketing_table_is_the_dataset(data):
    X, y, arguments = to_pymc_marketing(data)
    geos = data.observed.sizes["geo"]
    assert ("geo" in X) == (geos > 1) == ("dims" in arguments)
    for j, channel in enumerate(arguments["channel_columns"]):
        np.testing.assert_array_equal(X[channel], data.observed["spend"].values[..., j].ravel())
    np.testing.assert_array_equal(y, data.observed["sales"].values.ravel())
    assert not X.isna().any().any()
    assert X["date"].is_monotonic_increasing == (geos == 1)


def test_meridian_arrays_have_its_dims(data):
    m = media_measures(data, value_per_conversion=40.0)
    arrays = meridian_arrays(data, measures=m)
    assert arrays["kpi_type"] == "non_revenue"
    revenue = arrays["kpi"].values * arrays["revenue_per_kpi"].values
    np.testing.assert_allclose(revenue, data.observed["sales"])
    assert arrays["media"].dims == ("geo", "media_time", "media_channel")
    np.testing.assert_array_equal(arrays["media"], m["impressions"])
    assert arrays["kpi"]["time"].values[0] == "2023-01-02"
    plain = meridian_arrays(data)
    assert plain["kpi_type"] == "revenue"
    np.testing.assert_array_equal(plain["media"], data.observed["spend"])


def test_meridian_roles_of_controls():
    data = generate_mmm_dataset("stress_organic", seed=1)
    arrays = meridian_arrays(data, organic=("Organic-Impressions",), treatments=("Sale",))
    assert arrays["organic_media"].dims == ("geo", "media_time", "organic_media_channel")
    assert arrays["non_media_treatments"].dims == ("geo", "time", "non_media_channel")
    assert "controls" not in arrays
    with pytest.raises(DataError, match="control 'Sael': unknown; controls: Sale"):
        meridian_arrays(data, treatments=("Sael",))


def test_robyn_files_name_their_columns(data, tmp_path):
    measures = media_measures(data)
    save_robyn(data, tmp_path, measures)
    frame = pd.read_csv(tmp_path / "dt_simulated_weekly.csv")
    arguments = json.loads((tmp_path / "robyn_inputs.json").read_text())
    assert list(frame.columns[:3]) == ["DATE", "revenue", "TV_S"]
    for role in ("paid_media_spends", "paid_media_vars", "context_vars"):
        assert set(arguments[role]) <= set(frame.columns)
    np.testing.assert_allclose(frame["revenue"], data.observed["sales"].sum("geo"))
    np.testing.assert_allclose(
        frame["Search_S"], data.observed["spend"].sel(channel="Search").sum("geo")
    )
    assert (
        to_robyn(data).arguments["paid_media_vars"] == to_robyn(data).arguments["paid_media_spends"]
    )


def test_robyn_names_suit_r():
    data = generate_mmm_dataset("small_business", seed=1)
    assert "Search_Ads_S" in to_robyn(data).frame


def test_lightweight_arrays_are_over_their_means(data):
    inputs = to_lightweight_mmm(data)
    np.testing.assert_allclose(inputs.target.mean(0), 1)
    np.testing.assert_allclose(inputs.media.mean(0), 1)
    assert inputs.media.ndim == (2 if data.observed.sizes["geo"] == 1 else 3)
    assert inputs.media_prior.shape == (4,)
