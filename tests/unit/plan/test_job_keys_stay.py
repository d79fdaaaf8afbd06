"""Stored fits keep their keys: those below were computed before modules moved to their stations.

A key here may change only together with the fitter's ``version`` or with a setting of its own:
then the stored fits of that fitter are fitted again, which the changelog must say. Anything else
that changes a key would make every stored result absent.
"""

from __future__ import annotations

from typing import Any

import pytest

from mmm_benchmark.environments.interview import describe
from mmm_benchmark.fit import Budget
from mmm_benchmark.plan.choose import registered
from mmm_benchmark.plan.jobs import DatasetRef, Job
from mmm_benchmark.store.keys import content_hash
from tests.factories import tiny_observed

FAMILY = '{"kind": "constant"}'
REF = DatasetRef(name="world", id="world-1-abc", seed=1, content="abc", family=FAMILY)

QUICK = {"chains": 2, "draws": 500, "tune": 500}
SPEND_SHARE = {"priors": "spend-share"}


def key_of(fitter: str, options: dict[str, Any], budget: Budget, seed: int) -> str:
    """The key of a job as the grid makes it, were each library at version 1.0."""
    entry = registered()[fitter]
    answer = describe(entry.target, entry.settings, options, ())
    return Job(
        dataset=REF,
        fitter=fitter,
        fitter_version=str(answer["version"]),
        target=entry.target,
        arguments=answer["arguments"],
        settings=answer["settings"],
        library=entry.group,
        extra=entry.extra,
        reference=entry.reference,
        budget=budget,
        seed=seed,
        versions=dict.fromkeys(entry.packages, "1.0"),
    ).key


@pytest.mark.parametrize(
    ("fitter", "options", "budget", "seed", "key"),
    [
        ("scipy", {}, {}, 42, "762e46c3ebeeaeb92f14c484"),
        ("scipy", {}, QUICK, 42, "4b2a5f7e0daa954d0ac372e2"),
        ("scipy-plain", {}, {}, 42, "54492d085a737175c202c5d5"),
        ("pymc", {}, {}, 42, "f76ebf7a553515dfc9331b10"),
        ("pymc", SPEND_SHARE, {}, 42, "b26da75860ed2953dc1e5545"),
        ("nutpie", {}, QUICK, 42, "4f2ab713a71c92d2a3c6fa70"),
        ("nutpie-tv", {}, {}, 42, "a6909f86626afe404371f901"),
        ("numpyro", {}, {}, 42, "17959b139344935655ae8bb2"),
        ("blackjax", {}, {}, 42, "850a20b5dabdc48803b9613c"),
        ("meridian", SPEND_SHARE, {}, 7, "23f0adda81136f562af18020"),
        ("meridian-aks", {}, {}, 42, "ffb41bbf634e496dd3a116ec"),
        ("numpyro-mmm", {}, {}, 42, "e35f5dc0fab02bbd136d6e4e"),
        ("numpyro-mmm", {"device": "cuda"}, {}, 42, "e35f5dc0fab02bbd136d6e4e"),
        ("numpyro-mmm", SPEND_SHARE, {"target_accept": 0.95}, 7, "fd380a6d4211eeab47887cf8"),
        ("numpyro-laplace", {}, {}, 42, "f2a30d973a824c82e628c973"),
        ("diffusion", {}, {}, 42, "c09780b3bd30c31c22e827b4"),
        ("diffusion", {"beliefs": {"TV": {"roas": [2.0, 0.5]}}}, {}, 42,
         "dfbda45ea7cf51c04bd87b85"),
        ("wiener", {}, {}, 42, "dd3457a58c04b5506259c03a"),
        ("oracle", {}, {}, 42, "7a4700f4c53c6ffa1a107fa3"),
    ],
)  # fmt: skip
def test_the_key_of_a_stored_fit_stays(
    fitter: str, options: dict[str, Any], budget: dict[str, Any], seed: int, key: str
) -> None:
    assert key_of(fitter, options, Budget(**budget), seed) == key


def test_the_content_that_keys_name_stays() -> None:
    assert content_hash(tiny_observed(n_geos=2)) == (
        "51ae801adfc035a114451254c68b30e7eac8a72d4b5634beae06124d68df36d7"
    )
