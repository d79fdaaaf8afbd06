"""A place for results on each kind of store: the disk, fsspec's memory, S3 on loopback."""

from __future__ import annotations

import logging
import secrets
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mmm_benchmark.store.place import Mirror, place_of

KINDS = ("disk", "memory", "s3")
BUCKET = "recovery"


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """A real server of the S3 protocol on loopback; its address."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its imports, not ours
        from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ENDPOINT_URL", address)
        environment.setenv("AWS_ACCESS_KEY_ID", "test")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "test")
        environment.setenv("AWS_DEFAULT_REGION", "us-east-1")
        import s3fs

        # moto keeps one state a process, and each folder of tests starts its own server
        s3fs.S3FileSystem(use_listings_cache=False).makedirs(BUCKET, exist_ok=True)
        yield address
    server.stop()


@pytest.fixture(params=KINDS)
def place(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], Path]:
    """``place("one")`` is the store as seen from a machine called one; all see the same."""
    kind = request.param
    if kind == "disk":
        return lambda machine: tmp_path / "store"
    if kind == "s3":
        request.getfixturevalue("s3_server")
    prefix = secrets.token_hex(6)  # a memory store and a server outlive the test

    def seen_from(machine: str) -> Path:
        url = f"{kind}://{BUCKET}/{prefix}"
        found = place_of(url)
        return Mirror(tmp_path / machine / found, url=url)

    return seen_from
