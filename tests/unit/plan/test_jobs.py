"""The key holds what determines the answer, all of it and nothing else."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from mmm_benchmark.fit import Budget
from mmm_benchmark.plan.jobs import DatasetRef, Job, differences, nearest, why

JOB = Job(
    dataset=DatasetRef(name="world", id="world-1-abc", seed=1, content="abc", family="{}"),
    fitter="scipy",
    fitter_version="1",
    target="somewhere:Fitter",
    arguments={},
    settings={"starts": 64, "prior": {"sd": 1.0}},
    library="scipy",
    extra=None,
    reference=None,
    budget=Budget(),
    seed=42,
    versions={"numpy": "2.4.0"},
)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"dataset": replace(JOB.dataset, content="abd")}, "dataset"),
        ({"fitter": "scipy-plain"}, "fitter"),
        ({"fitter_version": "2"}, "fitter_version"),
        ({"settings": {"starts": 64, "prior": {"sd": 2.0}}}, "settings.prior.sd"),
        ({"budget": Budget(draws=500)}, "budget.draws"),
        ({"budget": Budget(target_accept=0.95)}, "budget.target_accept"),
        ({"seed": 43}, "seed"),
        ({"versions": {"numpy": "2.4.1"}}, "versions.numpy"),
    ],
)
def test_what_determines_the_answer_changes_the_key(change: dict[str, Any], field: str) -> None:
    other = replace(JOB, **change)
    assert other.key != JOB.key
    assert list(differences(other.document(), JOB.document())) == [field]


@pytest.mark.parametrize(
    "change",
    [
        {"target": "elsewhere:Fitter"},
        {"library": "other"},
        {"extra": "numpyro"},
        {"dataset": replace(JOB.dataset, name="renamed", id="renamed-1-abc", seed=2)},
        {"dataset": replace(JOB.dataset, family='{"other": 1}')},
    ],
)
def test_what_does_not_determine_it_leaves_the_key(change: dict[str, Any]) -> None:
    assert replace(JOB, **change).key == JOB.key


def test_family_counts_for_references_alone() -> None:
    reference = replace(JOB, reference="knows the generating family")
    other = replace(reference, dataset=replace(JOB.dataset, family='{"other": 1}'))
    assert reference.key != other.key


def test_key_survives_the_way_through_json() -> None:
    tuples = replace(JOB, settings={"orders": (1, 2)})
    document = json.loads(json.dumps(tuples.document()))
    lists = replace(JOB, settings=document["settings"])
    assert lists.key == tuples.key


def test_orders_name_neither_the_world_nor_its_seed() -> None:
    text = json.dumps(JOB.orders())
    assert "world" not in text
    assert "dataset" not in text


def test_nearest_prefers_the_same_fitter_and_the_fewest_fields() -> None:
    near = replace(JOB, seed=43, budget=Budget(draws=500))
    others = [
        replace(JOB, fitter="scipy-plain").document(),
        replace(near, fitter_version="2", settings={}).document(),
        near.document(),
    ]
    found = nearest(JOB.document(), others)
    assert found is not None
    assert found[0] is others[2]
    assert why(JOB.document(), found[0]) == [
        "budget.draws: 1000 here, 500 there",
        "seed: 42 here, 43 there",
    ]


def test_other_data_are_named_by_their_dataset() -> None:
    other = replace(JOB, dataset=replace(JOB.dataset, name="moon", content="fff"))
    assert why(JOB.document(), other.document()) == [
        "dataset: world@1 (abc) here, moon@1 (fff) there"
    ]


def test_nothing_is_nearest_to_the_only_one() -> None:
    assert nearest(JOB.document(), [JOB.document()]) is None
