"""Ray's tests need its environment; elsewhere they are not collected. One cluster serves all."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from mmm_benchmark.environments.needs import file_needs
from mmm_benchmark.run.executors.ray.cluster import SETTINGS
from tests.extras.ray.elastic import HEADER
from tests.unit.store.shelves import s3_server

__all__ = ["s3_server"]
collect_ignore_glob = [] if find_spec("ray") else ["test_*.py"]


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An interpreter that is told apart from the running one, named to the nodes alone."""
    place = tmp_path_factory.mktemp("prepared")
    python = place / "python"
    python.write_text(f'#!/bin/sh\nMMM_TEST_PREPARED=yes exec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    (place / "fitter.py").write_text(HEADER)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv(file_needs(place / "fitter.py").variable, str(python))
        yield python


@pytest.fixture(scope="session", autouse=True)
def cluster(prepared: Path, s3_server: str) -> Iterator[Any]:
    """A cluster of one node with two cores and a GPU that is none; joined. It sees the bucket."""
    os.environ.update(SETTINGS)
    import ray
    from ray.cluster_utils import Cluster

    head = {"num_cpus": 2, "num_gpus": 1, "object_store_memory": 100 * 2**20}
    cluster = Cluster(initialize_head=True, head_node_args={**head, "include_dashboard": False})
    ray.init(address=cluster.address, log_to_driver=False, logging_level="ERROR")
    yield cluster
    ray.shutdown()
    cluster.shutdown()
