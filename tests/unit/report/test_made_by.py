"""A change of the code that draws makes what was drawn out of date; nothing hashes to nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmm_benchmark.report import made_by


def test_any_change_of_a_module_changes_the_stamp(tmp_path: Path) -> None:
    station = tmp_path / "plots"
    (station / "deep").mkdir(parents=True)
    (station / "deep" / "roas.py").write_text("COLOUR = 'red'\n")
    stamps = [made_by.stamp_of([station])]
    (station / "deep" / "roas.py").write_text("COLOUR = 'blue'\n")
    stamps.append(made_by.stamp_of([station]))
    (station / "deep" / "roas.py").rename(station / "roas.py")
    stamps.append(made_by.stamp_of([station]))
    assert len(set(stamps)) == 3
    assert made_by.stamp_of([station]) == stamps[-1]


@pytest.mark.parametrize("name", ["absent", "empty"])
def test_a_folder_without_modules_is_an_error(name: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match=f"no modules in .*{name}"):
        made_by.stamp_of([tmp_path / name])


def test_every_maker_is_there() -> None:
    assert len(made_by.code_stamp()) == 16
