"""environment.yaml, pins/ and the README say the same as pyproject.toml."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parents[3]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
GENERATOR = tomllib.loads((ROOT / "mmm_data_generator" / "pyproject.toml").read_text())
EXTRAS = PROJECT["project"]["optional-dependencies"]
GROUPS = PROJECT["dependency-groups"]
TEST_COMMAND = "pip install uv && uv run pytest"


def pins(name: str) -> dict[str, str]:
    lines = (ROOT / "pins" / f"{name}.txt").read_text().splitlines()
    exact = (line.split(";")[0].strip() for line in lines)
    return {
        Requirement(line).name.lower().replace("_", "-"): str(Requirement(line).specifier)[2:]
        for line in exact
        if line
    }


@pytest.mark.parametrize("name", ["base", *GROUPS, *EXTRAS])
def test_every_pin_satisfies_the_ranges_of_pyproject(name: str) -> None:
    wanted = [*PROJECT["project"]["dependencies"], *GENERATOR["project"]["dependencies"]]
    wanted += EXTRAS.get(name, []) + GROUPS.get(name, [])
    pinned = pins(name)
    for requirement in map(Requirement, wanted):
        if requirement.name == "mmm-data-generator":
            continue
        assert requirement.name in pinned, f"pins/{name}.txt lacks {requirement.name}"
        assert requirement.specifier.contains(pinned[requirement.name], prereleases=True), (
            f"pins/{name}.txt has {requirement.name} {pinned[requirement.name]}, "
            f"pyproject.toml wants {requirement.specifier}"
        )


@pytest.mark.parametrize("path", sorted((ROOT / "pins").glob("*.txt")), ids=lambda p: p.name)
def test_pins_name_no_host_and_no_path(path: Path) -> None:
    assert not re.search(r"https?:|file:|/", path.read_text())


def test_environment_yaml_gives_the_same_tool() -> None:
    environment = yaml.safe_load((ROOT / "environment.yaml").read_text())
    conda = [entry for entry in environment["dependencies"] if isinstance(entry, str)]
    pip = next(entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict))

    python = next(entry for entry in conda if entry.startswith("python=")).removeprefix("python=")
    assert python == (ROOT / ".python-version").read_text().strip()
    for project in (PROJECT, GENERATOR):
        assert SpecifierSet(project["project"]["requires-python"]).contains(f"{python}.0")
    assert "uv" in conda
    assert pip == ["-r pins/dev.txt", "-e ./mmm_data_generator", "-e ."]


def test_ci_ends_with_the_test_command_of_the_readme() -> None:
    assert TEST_COMMAND in (ROOT / "README.md").read_text()
    assert (ROOT / ".ci" / "run").read_text().rstrip().endswith(f"\n{TEST_COMMAND}")
