"""The tests that need a heavy backend, run inside that backend's own environment.

Two suites at a time, beside the other files: else the longest is left alone at the end.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXTRAS = sorted(path.name for path in (ROOT / "tests" / "extras").iterdir() if path.is_dir())
AT_A_TIME = min(2, os.cpu_count() or 1)
LONGEST = ("ray", "pymc")  # begin first, so that none is left alone at the end

type Suites = Mapping[str, Future[subprocess.CompletedProcess[str]]]


@pytest.fixture(scope="module")
def suites(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Suites]:
    """The suites that were asked for, begun in the background."""
    asked = [item.callspec.params for item in request.session.items if hasattr(item, "callspec")]
    chosen = [extra for extra in EXTRAS if {"extra": extra} in asked]
    chosen.sort(key=lambda extra: extra not in LONGEST)
    pool = ThreadPoolExecutor(AT_A_TIME, thread_name_prefix="suite")
    try:
        yield {
            extra: pool.submit(run_suite, extra, tmp_path_factory.mktemp(extra)) for extra in chosen
        }
    finally:
        pool.shutdown(cancel_futures=True)


def run_suite(extra: str, compiled: Path) -> subprocess.CompletedProcess[str]:
    """Run the tests of one extra; what they say is kept for the report."""
    environment = dict(
        os.environ,
        UV_PROJECT_ENVIRONMENT=str(ROOT / ".venvs" / extra),
        # what one test compiled the next need not: a quarter of some suites' time
        JAX_COMPILATION_CACHE_DIR=str(compiled),
        JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS="0.5",
    )
    environment.pop("VIRTUAL_ENV", None)
    # fmt: off
    command = [
        "uv", "run", "--extra", extra,
        "pytest", f"tests/extras/{extra}", "-q", "-p", "no:cacheprovider",
    ]
    # fmt: on
    return subprocess.run(
        command,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )


@pytest.mark.external
@pytest.mark.parametrize("extra", EXTRAS)
def test_suite_of_an_extra_passes_in_its_own_environment(extra: str, suites: Suites) -> None:
    finished = suites[extra].result()
    print(finished.stdout)
    assert finished.returncode == 0, f"tests/extras/{extra} failed; its report is printed above"


def test_the_running_environment_is_the_light_one() -> None:
    heavy = {"jax", "torch", "pymc", "meridian"} & set(sys.modules)
    assert not heavy, f"the base test run imported {sorted(heavy)}"
