"""The oracle's density of ``published`` worlds is the generator's, and its moves keep it."""

from __future__ import annotations

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from mmm_benchmark.fit import Budget, Fit
from mmm_benchmark.fitters.oracle.fitter import Oracle
from mmm_benchmark.fitters.published_mmm import density, geos, model, tables
from mmm_benchmark.fitters.published_mmm import kinds as moves
from mmm_benchmark.plan.generating_family import family_of, family_text
from mmm_benchmark.plan.published_law import published_law
from mmm_data_generator import MMMDataset, generate_mmm_dataset
from mmm_data_generator.presets.cells import CELLS, Cell

CELL = CELLS["published"]


@pytest.fixture(autouse=True)
def _double():
    with jax.enable_x64(True):
        yield


def true_params(dataset, data) -> density.Params:
    """The values that the world was drawn with, in the units of the density."""
    config, observed, truth = dataset.config, dataset.observed, dataset.truth.isel(geo=0)
    spend = observed["spend"].isel(geo=0).transpose("channel", "date").to_numpy()
    sales = observed["sales"].isel(geo=0).to_numpy()
    expected = sales - truth["noise"].to_numpy()
    base = float(truth["intercept"][0])
    variance = (config.regions.sales_volatility * base) ** 2
    values = observed["controls"].isel(geo=0).transpose("control", "date").to_numpy()
    level, _ = density._levels(values)
    amplitude, phase = config.regions.seasonal_amplitude, config.regions.seasonal_phase
    own = [control.base_effectiveness for control in config.control_variables]
    return density.Params(
        decay=truth["adstock_decay"].to_numpy(),
        half_saturation=truth["half_saturation"].to_numpy() * spend.mean(1) / spend.max(1),
        slope=truth["slope"].to_numpy(),
        roas=truth["contribution"].sum("date").to_numpy() / spend.sum(1),
        sales=expected.mean() / sales.mean(),
        share=float(truth["contribution"].sum()) / expected.sum(),
        r2=expected.var() / (expected.var() + variance),
        trend=config.regions.sales_trend * len(sales),
        wave=jnp.asarray([amplitude * np.cos(phase), amplitude * np.sin(phase)]),
        control=np.array(own) * level / base,
    )


@pytest.mark.parametrize(
    "name", ["published", "published_long", "published_collinear", "published_null"]
)
def test_the_law_reproduces_a_world_from_its_true_values(name):
    """Share, returns and R2 in, sales and noise out: every scale follows from the equations."""
    dataset = generate_mmm_dataset(name, seed=3)
    data = density.prepare(dataset.observed, family_of(dataset))
    params = true_params(dataset, data)
    peak = jnp.asarray([c.adstock.theta or 0.0 for c in dataset.config.channels])
    a = density.adstocked(params.decay, peak[: len(data.peak)], data)
    made = density.world(params, a, data)
    sales = dataset.observed["sales"].to_numpy().mean()
    expected = (dataset.observed["sales"] - dataset.truth["noise"]).isel(geo=0).to_numpy()
    base = float(dataset.truth["intercept"][0, 0])
    np.testing.assert_allclose(sales * made.expected, expected, rtol=1e-12)
    volatility = dataset.config.regions.sales_volatility
    assert float(made.noise) * sales == pytest.approx(volatility * base, rel=1e-12)


def small(channels: int = 2, weeks: int = 20, cell: Cell = CELL) -> density.Data:
    rng = np.random.default_rng(0)
    dataset = generate_mmm_dataset("published_short", seed=1).observed.isel(
        date=slice(weeks), channel=slice(channels)
    )
    dataset = dataset.assign(spend=dataset["spend"] + rng.uniform(1, 2, dataset["spend"].shape))
    return density.prepare(dataset, published_law(cell, channels))


def test_lines_are_read_backwards():
    line = jnp.asarray(np.log(tables.quantiles({"half_normal": 1.5, "above": 0.1})))
    for u in (-4.5, -0.3, 0.0017, 2.2):
        found, inside = tables.find(line, tables.read(line, jnp.asarray(u)))
        assert bool(inside)
        assert float(found) == pytest.approx(u, abs=1e-9)
        slope = jax.grad(lambda x: tables.read(line, x))(u)
        assert float(tables.log_rise(line, jnp.asarray(u))) == pytest.approx(np.log(slope))
    assert not bool(tables.find(line, line[0] - 1)[1])


def test_a_harmful_control_has_an_atom_at_its_bound():
    line = tables.control_effects({"lognormal": [np.log(0.04), 1.2]}, (0.3, 0.1))
    u = np.random.default_rng(0).standard_normal(20_000)
    drawn = np.interp(u, tables.DEVIATES, line)
    plain = np.exp(np.log(0.04) + 1.2 * np.random.default_rng(1).standard_normal(20_000))
    law = np.where(np.random.default_rng(2).random(20_000) < 0.3, -np.minimum(plain, 0.1), plain)
    assert (drawn == -0.1).mean() == pytest.approx((law == -0.1).mean(), abs=0.006)
    assert stats.ks_2samp(drawn, law).pvalue > 1e-3


def test_exchanges_leave_the_joint_law_of_curves_and_sales_alone():
    """Curves from the prior, sales from curves, then moves given the sales: still the prior.

    (Geweke 2004.) Everything else is held, so the moved coordinates are N(0, 1) and the laws have
    their chances, before and after.
    """
    data, n = small(), 1500
    rng = np.random.default_rng(1)
    held = 0.3 * rng.standard_normal(density.dimension(data))
    place = density.split(np.arange(held.size), data)
    moved = np.concatenate([place[name] for name in ("slope", "half_saturation", "decay")])
    z = np.tile(held, (n, 1))
    z[:, moved] = rng.standard_normal((n, moved.size))
    chances = np.exp(np.asarray(data.curves.log_chance))
    kinds = rng.choice(4, (n, 2), p=chances)
    noise = rng.standard_normal((n, data.sales.size))

    def once(key, z, kinds, e):
        made = density.world(*density.media(z, kinds, data), data)
        given = data._replace(sales=made.expected + made.noise * e)
        return moves.exchange_kinds(key, z, kinds, given)

    keys = jax.random.split(jax.random.key(0), n)
    new, laws = jax.jit(jax.vmap(once))(keys, z, kinds, noise)
    new, laws = np.asarray(new), np.asarray(laws)
    rest = np.setdiff1d(np.arange(held.size), moved)
    np.testing.assert_array_equal(new[:, rest], z[:, rest])
    assert (laws != kinds).mean() > 0.3
    assert (new[:, moved] != z[:, moved]).mean() > 0.3
    for c in range(2):
        counts = np.bincount(laws[:, c], minlength=4)
        assert stats.chisquare(counts, n * chances).pvalue > 1e-3
    for i in moved:
        assert stats.kstest(new[:, i], "norm").pvalue > 1e-3
    # jointly: slopes under each law, where a wrong determinant would show
    for kind in range(4):
        own = new[laws[:, 0] == kind, place["slope"][0]]
        assert stats.kstest(own, "norm").pvalue > 1e-3


def test_exchanges_leave_the_law_of_who_sells_alone():
    """Returns, media's share and who sells from the prior, sales from these, then moves given
    the sales: any two channels of four are still as likely to sell nothing, and would-be returns
    are those of the law, of channels that sell and of others (Geweke 2004).
    """
    data, n, channels = small(4, 5, CELLS["published_null"]), 3000, 4
    rng = np.random.default_rng(2)
    z = np.tile(0.3 * rng.standard_normal(density.dimension(data)), (n, 1))
    place = density.split(np.arange(z.shape[1]), data)
    mean, sd = np.asarray(data.returns)
    sold = mean + sd * rng.standard_normal((n, channels)) + np.asarray(data.spend)
    silent = rng.permuted(np.tile(np.arange(channels), (n, 1)), axis=1) < 2
    q = rng.beta(*np.asarray(data.share), n)
    z[:, place["split"]] = sold[:, :-1] - sold[:, -1:]
    sales = np.log(np.where(silent, 0.0, np.exp(sold)).sum(1) / q)
    z[:, place["sales"][0]] = sales / density.SALES_STEP
    z[:, place["share"][0]] = np.log(q / (1 - q))
    curves = ("slope", "half_saturation", "decay")
    moved = np.concatenate([place[name] for name in curves])
    z[:, moved] = rng.standard_normal((n, moved.size))
    kinds = rng.choice(4, (n, channels), p=np.exp(np.asarray(data.curves.log_chance)))
    noise = rng.standard_normal((n, data.sales.size))

    def once(key, z, kinds, e):
        made = density.world(*density.media(z, kinds, data), data)
        given = data._replace(sales=made.expected + made.noise * e)
        z, kinds = moves.exchange_kinds(key, z, kinds, given)
        params, _ = density.media(z, kinds, given)
        return jnp.log(params.roas), kinds, params.share, params.sales

    keys = jax.random.split(jax.random.key(0), n)
    roas, laws, share, total = (
        np.asarray(each) for each in jax.jit(jax.vmap(once))(keys, z, kinds + 4 * silent, noise)
    )
    now = laws >= 4
    assert (now.sum(1) == 2).all()
    assert (now != silent).any(1).mean() > 0.2
    pairs = np.bincount((now @ (1 << np.arange(channels))).astype(int), minlength=13)
    assert stats.chisquare(pairs[[3, 5, 6, 9, 10, 12]]).pvalue > 1e-3
    np.testing.assert_allclose(share, q, rtol=1e-12)  # what media sell in all is held
    np.testing.assert_allclose(np.log(total), sales, atol=1e-12)
    for c in range(channels):
        for own in (now[:, c], ~now[:, c]):
            assert stats.kstest((roas[own, c] - mean) / sd, "norm").pvalue > 1e-3


def answered(name: str) -> tuple[MMMDataset, Fit]:
    """A world and the oracle's answer, which says that it is exact."""
    dataset = generate_mmm_dataset(name, seed=1)
    observed = dataset.observed.copy()
    observed.attrs = {"family": family_text(dataset)}
    fit = Oracle().fit(observed, Budget(chains=2, draws=60, tune=120), 1)
    assert fit.checks["bayes_optimal"] is True
    return dataset, fit


def test_oracle_says_how_likely_a_channel_is_to_sell_nothing():
    dataset, fit = answered("published_null")
    total = fit.posterior["contribution"].sum(("geo", "date")).stack(s=("chain", "draw"))
    nothing = (total == 0).mean("s")
    assert float(nothing.sum()) == pytest.approx(2.0)  # two channels in every draw
    assert float((fit.prior["roas"] == 0).mean()) == pytest.approx(1 / 3, abs=1e-12)
    true = dataset.truth["contribution"].sum(("geo", "date"))
    assert float(nothing[true == 0].mean()) > float(nothing[true > 0].mean())
    all_media = total.sum("channel")
    off = (float(all_media.mean()) - float(true.sum())) / float(all_media.std())
    assert abs(off) < 4


def test_oracle_is_exact_on_a_published_world():
    dataset, fit = answered("published_short")
    assert fit.notes[0].startswith("Bayes-optimal")
    assert float(np.log(fit.prior["roas"]).mean()) == pytest.approx(0.2, abs=0.1)
    total = fit.posterior["contribution"].sum(("geo", "date"))
    true = dataset.truth["contribution"].sum(("geo", "date"))
    off = (total.mean(("chain", "draw")) - true) / total.std(("chain", "draw"))
    assert float(abs(off).max()) < 4


def true_geo_params(dataset, data) -> geos.Params:
    """The same of a world of several geos; ``spread`` enters the prior alone."""
    config, observed, truth = dataset.config, dataset.observed, dataset.truth
    spend = observed["spend"].transpose("channel", "geo", "date").to_numpy()
    sales, expected = (
        x.to_numpy() for x in (observed["sales"], observed["sales"] - truth["noise"])
    )
    regions, base = config.regions, truth["intercept"].isel(date=0).to_numpy()
    variance = ((regions.sales_volatility * base) ** 2).sum()
    explained = expected.var(1).sum()
    values = observed["controls"].transpose("control", "geo", "date").to_numpy()
    level, _ = geos._levels(values, 0.05)
    own = np.array([channel.base_effectiveness for channel in config.channels])
    amplitude, phase = regions.seasonal_amplitude, regions.seasonal_phase
    by_geo = {
        name: truth[name].transpose("channel", "geo").to_numpy()
        for name in ("adstock_decay", "half_saturation", "slope")
    }
    coefficient = truth["coefficient"].isel(date=0).transpose("channel", "geo").to_numpy()
    controls = np.array([control.base_effectiveness for control in config.control_variables])
    return geos.Params(
        decay=by_geo["adstock_decay"],
        half_saturation=by_geo["half_saturation"] * spend.mean(2) / spend.max(2),
        slope=by_geo["slope"],
        effect=coefficient / (own[:, None] * base),
        roas=truth["contribution"].sum(("geo", "date")).to_numpy() / spend.sum((1, 2)),
        sales=expected.mean() / sales.mean(),
        share=float(truth["contribution"].sum()) / expected.sum(),
        r2=explained / (explained + variance),
        trend=regions.sales_trend * sales.shape[1],
        wave=jnp.asarray([amplitude * np.cos(phase), amplitude * np.sin(phase)]),
        control=controls * level / regions.base_sales_rate,
        size=base / regions.base_sales_rate,
        spread=0.2,
    )


def test_the_law_reproduces_a_world_of_several_geos_from_its_true_values():
    dataset = generate_mmm_dataset("published_geo", seed=3)
    data = model.prepare(dataset.observed, family_of(dataset))
    params = true_geo_params(dataset, data)
    made = geos.world(params, geos.adstocked(params.decay, data), data)
    sales = dataset.observed["sales"].to_numpy().mean()
    expected = (dataset.observed["sales"] - dataset.truth["noise"]).to_numpy()
    np.testing.assert_allclose(sales * made.expected, expected, rtol=1e-12)
    regions = dataset.config.regions
    noise = regions.sales_volatility * dataset.truth["intercept"].isel(date=0)
    np.testing.assert_allclose(sales * made.noise, noise, rtol=1e-12)


def few_geos(weeks: int = 8) -> geos.Data:
    rng = np.random.default_rng(0)
    dataset = generate_mmm_dataset("published_geo", seed=1).observed.isel(
        date=slice(weeks), channel=slice(2), geo=slice(3)
    )
    dataset = dataset.assign(spend=dataset["spend"] + rng.uniform(1, 2, dataset["spend"].shape))
    return model.prepare(dataset, published_law(CELLS["published_geo"], 2))


def test_another_law_of_a_curve_leaves_the_curve_of_every_geo():
    data = few_geos()
    rng = np.random.default_rng(3)
    z = jnp.asarray(0.5 * rng.standard_normal(geos.dimension(data)))
    kinds = jnp.asarray([1, 3])
    place = geos.split(np.arange(z.size), data)
    new, changed = z.at[place["slope"][0]].add(0.3), kinds.at[0].set(0)
    held = geos.hold_curve(new, changed, z, kinds, 0, data)
    before, after = geos.media(z, kinds, data)[0], geos.media(held, changed, data)[0]
    for name in ("half_saturation", "slope", "decay"):
        np.testing.assert_allclose(getattr(after, name), getattr(before, name), rtol=1e-12)
    assert float(abs(held - new).max()) > 0.01


def test_exchanges_leave_the_joint_law_of_curves_and_sales_of_geos_alone():
    """As for one geo; the deviations of geos move too, and are standard normal after as before."""
    data, n = few_geos(weeks=3), 1500
    rng = np.random.default_rng(4)
    held = 0.3 * rng.standard_normal(geos.dimension(data))
    place = geos.split(np.arange(held.size), data)
    curves = ("slope", "half_saturation", "decay", "of_slope", "of_half_saturation")
    moved = np.concatenate([place[name] for name in curves])
    z = np.tile(held, (n, 1))
    z[:, moved] = rng.standard_normal((n, moved.size))
    chances = np.exp(np.asarray(data.curves.log_chance))
    kinds = rng.choice(4, (n, 2), p=chances)
    noise = rng.standard_normal((n, *data.sales.shape))

    def once(key, z, kinds, e):
        made = geos.world(*geos.media(z, kinds, data), data)
        given = data._replace(sales=made.expected + made.noise[:, None] * e)
        return moves.exchange_kinds(key, z, kinds, given)

    keys = jax.random.split(jax.random.key(0), n)
    new, laws = jax.jit(jax.vmap(once))(keys, z, kinds, noise)
    new, laws = np.asarray(new), np.asarray(laws)
    assert (laws != kinds).mean() > 0.25
    assert (new[:, place["of_slope"]] != z[:, place["of_slope"]]).mean() > 0.1
    for c in range(2):
        counts = np.bincount(laws[:, c], minlength=4)
        assert stats.chisquare(counts, n * chances).pvalue > 1e-3
    for i in moved:
        assert stats.kstest(new[:, i], "norm").pvalue > 1e-3
    for kind in range(4):
        for name in ("slope", "of_slope"):
            own = new[laws[:, 0] == kind, place[name][0]]
            assert stats.kstest(own, "norm").pvalue > 1e-3


def test_oracle_is_exact_on_a_world_of_several_geos():
    dataset = generate_mmm_dataset("published_geo", seed=1)
    observed = dataset.observed.isel(geo=slice(2), channel=slice(3), date=slice(60)).copy()
    observed.attrs = {"family": json.dumps(published_law(CELLS["published_geo"], 3))}
    fit = Oracle().fit(observed, Budget(chains=1, draws=20, tune=40), 1)
    assert fit.checks["bayes_optimal"] is True
    assert fit.posterior["contribution"].sizes["geo"] == 2
    sales = fit.posterior_predictive["sales"].mean(("chain", "draw"))
    assert float(abs(sales / observed["sales"] - 1).median()) < 0.3
