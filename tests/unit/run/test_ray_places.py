"""How many fits go to a cluster at a time, and how many share a task; no Ray is needed for it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mmm_benchmark.environments.claims import Claims
from mmm_benchmark.run.executors.ray import batches, cluster

MB = 2.0**20
OFFERS = [{"CPU": 4.0, "memory": 8000 * MB}, {"CPU": 16.0, "memory": 4000 * MB, "GPU": 2.0}]


def test_places_are_counted_node_by_node_for_the_scarcest_resource() -> None:
    def places(claims: Claims, cpus: int = 1, limit: float | None = None) -> int:
        return cluster.room(cluster.asked(claims, cpus, limit), OFFERS)

    assert places(Claims()) == 20
    assert places(Claims(), cpus=3) == 1 + 5
    assert places(Claims(memory_mb=2000)) == 4 + 2
    assert places(Claims(memory_mb=2000), limit=4000) == 2 + 1
    assert places(Claims(gpus=1)) == 2
    assert places(Claims(gpus=0.25)) == 8
    assert places(Claims(), cpus=17) == 0
    assert cluster.told(cluster.asked(Claims(memory_mb=500, gpus=1), 2, None)) == (
        "2 cores, 500 MB, 1 GPU"
    )


def test_long_fits_travel_alone_and_short_ones_together() -> None:
    took = batches.Durations()
    assert took.batch("new", queued=1000, places=2) == 1
    took.add("long", 60.0)
    assert took.batch("long", queued=1000, places=2) == 1
    took.add("short", 1.0)
    took.add("short", 2.0)
    assert took.batch("short", queued=1000, places=2) == 20


@given(seconds=st.floats(0, 1e4), queued=st.integers(1, 2000), places=st.integers(0, 2000))
def test_a_batch_is_never_more_than_a_fair_share(seconds: float, queued: int, places: int) -> None:
    took = batches.Durations()
    took.add("fitter", seconds)
    size = took.batch("fitter", queued, places)
    assert 1 <= size <= min(queued, batches.MOST)
    assert size == 1 or size * seconds <= batches.BATCH + 1e-6
    assert size == 1 or (size - 1) * 2 * max(1, places) < queued


@given(places=st.integers(0, 100_000))
def test_few_fits_wait_in_the_cluster_and_bounded_many_here(places: int) -> None:
    assert 2 <= batches.ahead(places) <= max(2, places)
    assert batches.WINDOW <= batches.window(places) <= batches.LARGEST_WINDOW
