"""What is published says one version, and names only what is there."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

import mmm_benchmark
import mmm_data_generator

ROOT = Path(__file__).parents[3]
PROJECTS = {
    name: tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    for name, folder in {"benchmark": ROOT, "generator": ROOT / "mmm_data_generator"}.items()
}
VERSION = PROJECTS["benchmark"]["version"]


def test_one_version_everywhere() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert PROJECTS["generator"]["version"] == VERSION
    assert mmm_benchmark.__version__ == mmm_data_generator.__version__ == VERSION
    assert citation["version"] == VERSION
    assert f"\n## {VERSION}" in (ROOT / "CHANGELOG.md").read_text()
    (generator,) = (
        Requirement(line)
        for line in PROJECTS["benchmark"]["dependencies"]
        if line.startswith("mmm-data-generator")
    )
    assert generator.specifier.contains(VERSION)


def test_the_citation_agrees_with_the_projects() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    for project in PROJECTS.values():
        assert project["license"] == citation["license"]
        assert [each["name"] for each in project["authors"]] == [
            each["name"] for each in citation["authors"]
        ]
    assert citation["cff-version"] == "1.2.0"


def test_the_public_workflow_runs_what_lands_here() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())
    runs = {
        step["run"] for job in workflow["jobs"].values() for step in job["steps"] if "run" in step
    }
    assert {".ci/run", ".ci/lowest"} <= runs
    assert all((ROOT / run).stat().st_mode & 0o111 for run in runs if run.startswith(".ci/"))
    pythons = workflow["jobs"]["light"]["strategy"]["matrix"]["python"]
    for project in PROJECTS.values():
        said = [line.rsplit(" ", 1)[-1] for line in project["classifiers"] if ":: 3." in line]
        assert said == pythons


@pytest.mark.parametrize("page", ["llms.txt", "docs/architecture.md", "AGENTS.md"])
def test_pages_for_newcomers_name_files_that_are_there(page: str) -> None:
    text = (ROOT / page).read_text()
    named = {
        *re.findall(r"\]\(([\w./-]+)\)", text),
        *re.findall(r"`((?:docs|tests|\.ci)/[\w./]+|[A-Z]+\.md)`", text),
    }
    assert named
    assert not [name for name in sorted(named) if not (ROOT / name).exists()]
