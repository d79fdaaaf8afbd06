"""Each package is a road: no circle of imports, no arrow back up it, types included."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.unit.project.stations import Road, Rows

REPOSITORY = Path(__file__).parents[3]

#: Where each package lies, and its rows from the first station to the last.
ROADS: dict[str, tuple[str, Rows]] = {
    "mmm_data_generator": (
        "mmm_data_generator/src/mmm_data_generator",
        (
            ("errors",),
            ("fields",),
            ("world",),
            ("stressors",),
            ("priors",),
            ("config",),
            ("presets",),
            ("dataset",),
            ("generate", "frequency"),
            ("adapters", "media", "plots"),
            ("experiments",),
            ("__init__",),
            ("__main__",),
        ),
    ),
    "mmm_benchmark": (
        "mmm_benchmark",
        (
            ("errors",),
            ("schema", "fit", "phases", "priors", "shapes"),
            ("estimands", "metrics"),
            ("store",),
            ("environments", "suite"),
            ("plan",),
            ("diffusion",),
            ("fitters",),
            ("run",),
            ("testing", "scoring"),
            ("report", "leaderboard"),
            ("calibration", "reproduction"),
            ("api",),
            ("recoverability",),
            ("commands",),
            ("cli",),
            ("__init__",),
        ),
    ),
}

#: Modules kept at a documented path that only hand on what lives elsewhere, later rows included.
DOORS = {"mmm_benchmark": ("diffusion.stated", "fitters.scipy_summary")}


@pytest.mark.parametrize("package", ROADS)
def test_a_package_is_a_road(package):
    folder, rows = ROADS[package]
    road = Road.of(REPOSITORY / folder, DOORS.get(package, ()))
    assert road.without_row(rows) == []
    assert road.circles() == []
    assert road.upward(rows) == []


def benchmark() -> Road:
    return Road.of(REPOSITORY / ROADS["mmm_benchmark"][0], DOORS["mmm_benchmark"])


def test_the_diffusion_package_is_a_road():
    road = benchmark().within("diffusion")
    rows = (
        ("config",), ("problem",), ("physics",), ("network",), ("inference",), ("training",),
        ("cli",), ("__init__",),
    )  # fmt: skip
    assert road.without_row(rows) == []
    assert road.circles() == []
    assert road.upward(rows) == []


def test_a_fitter_enters_the_rooms_of_no_other():
    road = benchmark().within("fitters")
    shared = ("common", "jax_inference", "hill_mmm", "published_mmm")  # densities of several
    fitters = road.stations() - {*shared, "__init__"}
    assert {"scipy_hill", "oracle", "diffusion"} <= fitters
    assert road.circles() == []
    assert road.upward((*((name,) for name in shared), sorted(fitters), ("__init__",))) == []


@pytest.mark.parametrize("package", DOORS)
def test_a_door_only_hands_on(package):
    for door in DOORS[package]:
        path = REPOSITORY / ROADS[package][0] / f"{door.replace('.', '/')}.py"
        first, *rest = ast.parse(path.read_text(encoding="utf-8")).body
        assert isinstance(first, ast.Expr)  # its docstring
        assert all(
            isinstance(each, ast.ImportFrom)
            or (isinstance(each, ast.Assign) and ast.unparse(each.targets[0]) == "__all__")
            for each in rest
        )


def test_the_root_of_the_benchmark_holds_what_is_promised():
    root = REPOSITORY / ROADS["mmm_benchmark"][0]
    assert {path.stem for path in root.glob("*.py")} == {
        "__init__", "api", "cli", "errors", "estimands", "fit", "phases", "schema", "testing",
    }  # fmt: skip


def test_every_folder_of_the_benchmark_says_whether_it_is_private():
    public = {"metrics", "priors"}  # functions of arrays; what is told to every fitter
    root = REPOSITORY / ROADS["mmm_benchmark"][0]
    said = {
        door.parent.name: "\nPrivate" in (ast.get_docstring(ast.parse(door.read_text())) or "")
        for door in root.glob("*/__init__.py")
    }
    assert {name for name, private in said.items() if not private} == public


def toy(tmp_path: Path, **modules: str) -> Road:
    for name, text in modules.items():
        path = tmp_path / "toy" / f"{name.replace('__', '/') if name[0] != '_' else name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Road.of(tmp_path / "toy")


ROWS = (("low",), ("high",), ("__init__",))


def test_arrows_down_and_within_a_folder_are_allowed(tmp_path):
    road = toy(
        tmp_path,
        __init__="from toy.high.a import x",
        low="y = 1",
        high__a="from toy.low import y\nfrom . import b",
        high__b="import numpy",
    )
    assert road.arrows["high.a"] == {"low", "high.b"}
    assert road.without_row(ROWS) == road.circles() == road.upward(ROWS) == []


@pytest.mark.parametrize(
    "text",
    [
        "from toy.high.a import x",
        "import toy.high.a",
        "from .high.a import x",
        "def f():\n    from toy.high import a",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from toy.high.a import x",
    ],
)
def test_an_arrow_upwards_is_found_wherever_it_stands(tmp_path, text):
    road = toy(tmp_path, __init__="", low=text, high__a="x = 1")
    assert road.upward(ROWS) == ["low -> high.a"]


def test_a_module_that_imports_the_door_looks_upwards(tmp_path):
    road = toy(tmp_path, __init__="", low="from toy import x", high="")
    assert road.upward(ROWS) == ["low -> __init__"]


def test_a_circle_within_one_folder_is_found(tmp_path):
    road = toy(
        tmp_path,
        __init__="",
        low="",
        high__a="from toy.high.b import x",
        high__b="def f():\n    from toy.high import a",
    )
    assert road.circles() == [["high.a", "high.b"]]


def test_a_station_without_a_row_is_named(tmp_path):
    road = toy(tmp_path, __init__="", low="", high="", attic="")
    assert road.without_row(ROWS) == ["attic"]
