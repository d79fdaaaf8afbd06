"""The verdict is made of the tables, and says luck where it may be luck."""

from __future__ import annotations

import io
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
import xarray as xr
from rich.console import Console

from mmm_benchmark.report.tables import print_tables
from mmm_benchmark.report.tables.build import build_tables
from mmm_benchmark.report.verdict import agreement, verdict


def of(tables: dict[str, pd.DataFrame]) -> str:
    (sentences,) = verdict(tables).values()
    return " ".join(sentences)


def without_truth(world: SimpleNamespace) -> SimpleNamespace:
    return SimpleNamespace(**(vars(world) | {"truth": None}))


def test_the_nearest_leads_and_one_world_decides_nothing(toy, make_fit) -> None:
    tables = build_tables([(make_fit(toy, "poor", error=0.5), toy), (make_fit(toy, "good"), toy)])
    said = of(tables)
    assert said.startswith("good is nearest to the truth on this world")
    assert "One world decides nothing" in said


def test_over_seeds_luck_is_told_from_a_lead(make_world, make_fit) -> None:
    worlds = [make_world(geos=1, seed=seed) for seed in (1, 2, 3, 4)]
    good, poor, twin = (
        [
            (make_fit(world, name, error=errors[i % 2], seed=i + shift), world)
            for i, world in enumerate(worlds)
        ]
        for name, errors, shift in (
            *(("good", (0.1, 0.1), 0), ("poor", (0.6, 0.6), 0)),
            ("twin", (0.05, 0.2), 50),  # twice as good on two worlds, half as good on two
        )
    )
    for i, (fit, _) in enumerate([*good, *poor, *twin]):
        fit.key = f"{i:024d}"
    assert "more than luck" in of(build_tables([*good, *poor]))
    assert "may be luck" in of(build_tables([*good, *twin]))


def test_a_lead_whose_checks_failed_is_said(toy, make_fit) -> None:
    fit = make_fit(toy, "good")
    fit.record["checks"] = {"r_hat_below_1_01": False}
    said = of(build_tables([(fit, toy), (make_fit(toy, "poor", error=0.5), toy)]))
    assert "good failed its own checks (r_hat_below_1_01)" in said


@pytest.mark.parametrize("known", [True, False])
def test_what_an_answer_says_of_itself_is_said(toy, make_fit, known: bool) -> None:
    fit = make_fit(toy, "quick")
    fit.record["diagnostics"] = {"self_check": 2.0, "chance_wrong": 0.9}
    fit.record["notes"] = ["a prior", "do not use: other levels explain more; check with exact"]
    plain = make_fit(toy, "slow", error=0.5)
    world = toy if known else without_truth(toy)
    said = of(build_tables([(fit, world), (plain, world)]))
    assert said.endswith(
        "quick says of itself: do not use: other levels explain more; check with exact."
    )
    assert "slow says" not in said


def test_over_seeds_it_is_counted(make_world, make_fit) -> None:
    pairs = []
    for i, level in enumerate((0, 1, 1)):
        world = make_world(geos=1, seed=i + 1)
        fit = make_fit(world, "quick", seed=i)
        fit.key = f"{i:024d}"
        fit.record["diagnostics"] = {"self_check": float(level)}
        pairs.append((fit, world))
    assert "trust on 1; check on 2 of 3 worlds" in of(build_tables(pairs))


def test_too_narrow_intervals_are_said(toy, make_fit) -> None:
    fit = make_fit(toy, "proud", error=0.02, bias=1.3)
    assert "too sure of itself" in of(build_tables([(fit, toy)]))


@pytest.mark.parametrize(("bias", "agree"), [(1.0, "yes"), (6.0, "no")])
def test_models_agree_when_their_intervals_meet(toy, make_fit, bias: float, agree: str) -> None:
    unknown = without_truth(toy)
    one, other = make_fit(toy, "one"), make_fit(toy, "other", bias=bias, seed=1)
    estimates = build_tables([(one, unknown), (other, unknown)])["estimates"]
    found = agreement(estimates)
    assert set(found["agree"]) == {agree}
    assert (found["lowest"] <= found["highest"]).all()


def test_a_channel_whose_spend_follows_sales_is_named(toy, make_fit) -> None:
    said = of(build_tables([(make_fit(toy, "one"), without_truth(toy))]))
    assert "follows sales" not in said
    drawn = toy.observed["spend"]
    toy.observed = toy.observed.assign(sales=1e3 + 7.0 * drawn.sel(channel="channel-1"))
    said = of(build_tables([(make_fit(toy, "one"), without_truth(toy))]))
    assert (
        "Spend on channel-1 follows sales (correlation 1.00): what the models credit to it may be "
        "demand it did not cause."
    ) in said
    toy.observed = toy.observed.assign(
        spend=xr.concat([drawn.sel(channel="channel-1")] * drawn.sizes["channel"], "channel")
        .transpose(*drawn.dims)
        .assign_coords(channel=drawn["channel"])
    )
    said = of(build_tables([(make_fit(toy, "one"), without_truth(toy))]))
    assert "channel-1 (1.00) and channel-2 (1.00) follows sales (correlation in brackets)" in said


def test_points_decide_no_agreement(toy, make_fit) -> None:
    unknown = without_truth(toy)
    fits = [(make_fit(toy, "one"), unknown), (make_fit(toy, "point", draws=1, bias=9.0), unknown)]
    found = agreement(build_tables(fits)["estimates"])
    assert set(found["agree"]) == {""}


def test_without_truth_the_screen_answers(toy, make_fit) -> None:
    unknown = without_truth(toy)
    fits: list[tuple[Any, Any]] = [
        (make_fit(toy, "one"), unknown),
        (make_fit(toy, "other", bias=6.0), unknown),
    ]
    console = Console(file=io.StringIO(), width=100)
    print_tables(build_tables(fits), console)
    text = " ".join(console.file.getvalue().split())
    assert "They do not agree on the return of channel-0" in text
    assert "nothing to show" not in text
    assert "Return on spend by channel" in text
    assert "all media" in text


def test_the_rest_is_behind_all_tables(toy, make_fit) -> None:
    tables = build_tables([(make_fit(toy, "one"), toy)])
    texts = []
    for everything in (False, True):
        console = Console(file=io.StringIO(), width=100)
        print_tables(tables, console, everything)
        texts.append(console.file.getvalue())
    assert "more with --all-tables" in texts[0]
    assert "(parameter_recovery.csv)" not in texts[0]
    assert "(parameter_recovery.csv)" in texts[1]


def test_fitters_of_which_the_same_is_said_share_a_sentence(toy, make_fit) -> None:
    """The verdict stays short with every fitter in one store."""
    fits = [(make_fit(toy, "scipy", error=0.5), toy)]
    for name, error in (("diffusion", 0.1), ("wiener", 0.2)):
        fit = make_fit(toy, name, error=error)
        fit.job["library"] = "diffusion"
        fit.record["diagnostics"] = {"self_check": 1.0, "chance_wrong": 0.5}
        fit.record["notes"] = ["check with exact"]
        fits.append((fit, toy))
    said = of(build_tables(fits))
    assert "%) are nearer, but they do not compete: they were made with knowledge" in said
    assert "diffusion and wiener say of themselves: check with exact." in said


def test_who_knows_the_generator_does_not_lead(toy, make_fit) -> None:
    """The diffusion model learnt from the generator's own worlds; nearer or not, scipy leads."""
    knowing = make_fit(toy, "diffusion", error=0.05)
    knowing.job["library"] = "diffusion"
    said = of(build_tables([(knowing, toy), (make_fit(toy, "nutpie", error=0.3), toy)]))
    assert said.startswith("nutpie is nearest to the truth")
    assert "diffusion is nearer" in said
    assert "does not compete: it was made with knowledge of the generator" in said
