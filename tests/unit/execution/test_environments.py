"""Which interpreter is chosen, how an environment is made, and what is said when it cannot be."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from mmm_benchmark.environments import find as env
from mmm_benchmark.errors import EnvironmentMissingError, UserError

HEADER = """\
# /// script
# requires-python = ">=3.12"
# dependencies = [
#   "numpy>=2",
#   "some-package>=1",
# ]
# ///
import numpy
"""
NEEDS = env.Needs(name="demo", requirements=("no-such-distribution>=1",), extra="demo")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Environments are kept here, the project is no checkout, and every probe is fresh."""
    monkeypatch.setattr(env, "venvs", lambda: tmp_path / "venvs")
    monkeypatch.delenv(NEEDS.variable, raising=False)
    monkeypatch.delenv("UV", raising=False)
    env.probe.cache_clear()
    return tmp_path / "venvs"


def program(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def interpreter(path: Path, **versions: str) -> Path:
    """Something that answers the probe like an interpreter with these distributions."""
    import json

    own = {"mmm-benchmark": env._here("mmm-benchmark"), **versions}
    return program(path, f"echo '{json.dumps(own)}'")


def test_extras_are_read_from_the_metadata() -> None:
    assert env.extra_needs(None).requirements == ()
    needs = env.extra_needs("meridian")
    assert any(line.startswith("google-meridian") for line in needs.requirements)
    assert not any(line.startswith(("xarray", "pymc")) for line in needs.requirements)
    with pytest.raises(UserError, match="no extra 'stan'; extras: "):
        env.extra_needs("stan")


def test_script_header_names_the_needs(tmp_path: Path) -> None:
    file = tmp_path / "fitter.py"
    file.write_text(HEADER)
    needs = env.file_needs(file)
    assert needs.requirements == ("numpy>=2", "some-package>=1")
    assert needs.name.startswith("file-")
    file.write_text("import numpy\n")
    assert env.file_needs(file).requirements == ()
    file.write_text("# /// script\n# dependencies = [\n# ///\n")
    with pytest.raises(UserError, match="not valid TOML"):
        env.file_needs(file)


@pytest.mark.parametrize(
    ("line", "met"),
    [
        ("numpy", True),
        ("numpy>=2", True),
        ("numpy>=99", False),
        ("no-such-distribution", False),
        ("no-such-distribution; python_version < '3'", True),
    ],
)
def test_requirements_are_held_against_what_is_installed(line: str, met: bool) -> None:
    needs = env.Needs(name="x", requirements=(line,))
    assert env.unmet(needs, env._here) == ([] if met else [line])


def test_running_interpreter_is_used_when_it_will_do(folder: Path) -> None:
    found = env.find(env.Needs(name="demo", requirements=("numpy>=2",)))
    assert found == env.Environment(Path(sys.executable), env.RUNNING)


def test_own_environment_is_used_when_it_holds_what_is_needed(folder: Path) -> None:
    python = folder / "demo" / "bin" / "python"
    interpreter(python, **{"no-such-distribution": "0.9"})
    assert env.find(NEEDS) is None
    env.probe.cache_clear()
    interpreter(python, **{"no-such-distribution": "1.2"})
    assert env.find(NEEDS) == env.Environment(python, str(folder / "demo"))


def test_named_interpreter_comes_first_and_must_do(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = interpreter(tmp_path / "python", **{"no-such-distribution": "1.2"})
    monkeypatch.setenv("MMM_BENCHMARK_PYTHON_DEMO", str(python))
    assert env.find(NEEDS) == env.Environment(python, "MMM_BENCHMARK_PYTHON_DEMO")
    env.probe.cache_clear()
    interpreter(python)
    with pytest.raises(UserError, match=r"MMM_BENCHMARK_PYTHON_DEMO=.* lacks no-such-distr"):
        env.find(NEEDS)
    env.probe.cache_clear()
    python.unlink()
    with pytest.raises(UserError, match="cannot be run"):
        env.find(NEEDS)


def test_missing_environment_is_made_by_uv_from_this_project(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = interpreter(tmp_path / "ready", **{"no-such-distribution": "1.2"})
    made = folder / "demo" / "bin"
    uv = program(
        tmp_path / "uv",
        f'echo "$UV_PROJECT_ENVIRONMENT $UV_COMPILE_BYTECODE $@" > {tmp_path}/called\n'
        f"mkdir -p {made} && cp {python} {made}/python",
    )
    monkeypatch.setenv("UV", str(uv))
    told: list[str] = []
    found = env.ensure(NEEDS, told.append, quiet=True)
    assert found.python == made / "python"
    called = (tmp_path / "called").read_text().split()
    sync = ["sync", "--no-dev", "--inexact", "--extra", "demo"]
    assert called == [str(folder / "demo"), "1", *sync]
    assert len(told) == 1
    assert "no-such-distribution>=1" in told[0]
    assert env.ensure(NEEDS, told.append).python == made / "python"
    assert len(told) == 1


def test_failing_uv_and_missing_uv_say_what_to_type(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV", str(program(tmp_path / "uv", "echo no network; exit 1")))
    with pytest.raises(EnvironmentMissingError, match=r"\(no network\); try: UV_PROJECT_.*demo"):
        env.ensure(NEEDS, lambda line: None, quiet=True)
    monkeypatch.setenv("UV", str(tmp_path / "nowhere"))
    with pytest.raises(EnvironmentMissingError, match="pip install uv && UV_PROJECT_ENVIR"):
        env.ensure(NEEDS, lambda line: None, quiet=True)
    assert not (folder / ".demo.lock").exists()


def test_outside_a_checkout_the_published_package_is_installed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(env, "project_root", lambda: None)
    line = env.recipe(NEEDS)
    assert f"{folder}{os.sep}demo" in line
    assert f"'mmm-benchmark[demo]=={env._here('mmm-benchmark')}'" in line
    file = env.Needs(name="file-abc", requirements=("some-package>=1",))
    assert "'some-package>=1'" in env.recipe(file)
