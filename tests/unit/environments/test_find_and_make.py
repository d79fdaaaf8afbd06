"""Which interpreter is chosen, how an environment is made, and what is said when it cannot be."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import pytest

from mmm_benchmark.environments import find as env
from mmm_benchmark.environments import installed, make, needs, own_wheels
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
NEEDS = needs.Needs(name="demo", requirements=("no-such-distribution>=1",), extra="demo")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Environments are kept here, the project is no checkout, and every probe is fresh."""
    for module in (env, make):
        monkeypatch.setattr(module, "venvs", lambda: tmp_path / "venvs")
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

    own = {
        "mmm-benchmark": env._here("mmm-benchmark"),
        installed.CODE: own_wheels.running_code(),
        **versions,
    }
    return program(path, f"echo '{json.dumps(own)}'")


def test_extras_are_read_from_the_metadata() -> None:
    assert needs.extra_needs(None).requirements == ()
    lines = needs.extra_needs("meridian").requirements
    assert any(line.startswith("google-meridian") for line in lines)
    assert not any(line.startswith(("xarray", "pymc")) for line in lines)
    with pytest.raises(UserError, match="no extra 'stan'; extras: "):
        needs.extra_needs("stan")


def test_script_header_names_the_needs(tmp_path: Path) -> None:
    file = tmp_path / "fitter.py"
    file.write_text(HEADER)
    named = needs.file_needs(file)
    assert named.requirements == ("numpy>=2", "some-package>=1")
    assert named.name.startswith("file-")
    file.write_text("import numpy\n")
    assert needs.file_needs(file).requirements == ()
    file.write_text("# /// script\n# dependencies = [\n# ///\n")
    with pytest.raises(UserError, match="not valid TOML"):
        needs.file_needs(file)


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
    asked = needs.Needs(name="x", requirements=(line,))
    assert env.unmet(asked, env._here) == ([] if met else [line])


def test_running_interpreter_is_used_when_it_will_do(folder: Path) -> None:
    found = env.find(needs.Needs(name="demo", requirements=("numpy>=2",)))
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
    found = make.ensure(NEEDS, told.append, quiet=True)
    assert found.python == made / "python"
    called = (tmp_path / "called").read_text().split()
    sync = ["sync", "--no-dev", "--inexact", "--extra", "demo"]
    assert called == [str(folder / "demo"), "1", *sync]
    assert len(told) == 1
    assert "no-such-distribution>=1" in told[0]
    assert make.ensure(NEEDS, told.append).python == made / "python"
    assert len(told) == 1


def test_failing_uv_and_missing_uv_say_what_to_type(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV", str(program(tmp_path / "uv", "echo no network; exit 1")))
    with pytest.raises(EnvironmentMissingError, match=r"\(no network\); try: UV_PROJECT_.*demo"):
        make.ensure(NEEDS, lambda line: None, quiet=True)
    monkeypatch.setenv("UV", str(tmp_path / "nowhere"))
    with pytest.raises(EnvironmentMissingError, match="pip install uv && UV_PROJECT_ENVIR"):
        make.ensure(NEEDS, lambda line: None, quiet=True)
    assert not (folder / ".demo.lock").exists()


@pytest.fixture
def away(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project is installed, with no checkout around it."""
    for module in (env, make):
        monkeypatch.setattr(module, "project_root", lambda: None)
    return folder


def test_away_from_a_checkout_no_index_is_asked_for_this_project(away: Path) -> None:
    assert make.recipe(NEEDS) == "mmm-benchmark envs --make demo"
    install = make.commands(NEEDS)[-1]
    ours = [word for word in install if word.startswith("mmm-") and "@" in word]
    assert [word.split(" @ ")[0] for word in ours] == ["mmm-benchmark[demo]", "mmm-data-generator"]
    assert all(" @ file://" in word and word.endswith(".whl") for word in ours)
    assert not [word for word in install if "==" in word]
    file = needs.Needs(name="file-abc", requirements=("some-package>=1",))
    assert "'some-package>=1'" in make.recipe(file)
    assert not away.exists()  # telling makes nothing


def test_wheels_hold_the_code_that_runs(tmp_path: Path) -> None:
    paths = own_wheels.write_wheels(tmp_path)
    wheel = paths["mmm-benchmark"]
    before = wheel.read_bytes()
    with zipfile.ZipFile(wheel) as opened:
        names = set(opened.namelist())
        for name, path in installed.own_files("mmm_benchmark").items():
            assert opened.read(name) == path.read_bytes()
        record = opened.read(next(name for name in names if name.endswith("RECORD"))).decode()
        assert {line.split(",")[0] for line in record.splitlines()} == names
    wheel.unlink()
    assert own_wheels.write_wheels(tmp_path) == paths
    assert wheel.read_bytes() == before


def test_other_code_of_the_same_version_will_not_do(away: Path) -> None:
    python = interpreter(
        away / "demo" / "bin" / "python",
        **{"no-such-distribution": "1.2", installed.CODE: "of an older commit"},
    )
    assert env.flaws(NEEDS, python) == ["the code of mmm-benchmark that runs here"]
    assert env.find(NEEDS) is None


def test_a_half_made_environment_is_made_anew(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready = interpreter(tmp_path / "ready", **{"no-such-distribution": "1.2"})
    made = folder / "demo" / "bin"
    good = f"mkdir -p {made} && cp {ready} {made}/python"
    monkeypatch.setenv("UV", str(program(tmp_path / "uv", f"{good}; touch {made}/half; exit 1")))
    with pytest.raises(EnvironmentMissingError):
        make.ensure(NEEDS, lambda line: None, quiet=True)
    assert (made / "half").exists()
    assert env.find(NEEDS) is None  # although its packages answer
    program(tmp_path / "uv", good)
    assert make.ensure(NEEDS, lambda line: None, quiet=True).python == made / "python"
    assert not (made / "half").exists()
    assert env.find(NEEDS) is not None


def test_an_extra_that_a_library_keeps_from_this_python_is_made_with_an_older_one(
    away: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(needs, "NEWEST_PYTHON", {"demo": (3, 11)})
    numpy = needs.Needs(name="demo", requirements=("numpy",), extra="demo")
    assert numpy.python == "3.11"
    assert env.find(numpy) is None  # although numpy is there
    create, _ = make.commands(numpy)
    assert create[create.index("--python") + 1] == "3.11"
    monkeypatch.setattr(needs, "NEWEST_PYTHON", {"demo": sys.version_info[:2]})
    assert env.find(numpy) is not None
