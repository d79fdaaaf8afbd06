"""The gallery shows every preset, and the tables name tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mmm_data_generator import list_available_presets
from mmm_data_generator.stressors import STRESSORS

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"


def test_every_stressor_and_its_preset_are_in_the_gallery():
    text = (DOCS / "gallery.md").read_text()
    for name in list_available_presets():
        if name.startswith("stress_"):
            assert f"`{name}`" in text, name
    for kind in STRESSORS:
        assert f"`{kind}`" in text, kind


@pytest.mark.parametrize("page", ["gallery.md", "priors.md"])
def test_pictures_exist_and_are_small(page):
    pictures = re.findall(r"\]\((pictures/[\w.]+)\)", (DOCS / page).read_text())
    assert pictures
    assert all((DOCS / picture).stat().st_size > 10_000 for picture in pictures)
    total = sum(path.stat().st_size for path in (DOCS / "pictures").iterdir())
    assert total < 3_000_000


def test_the_feature_table_names_tests_that_exist():
    text = (DOCS / "features.md").read_text()
    named = set(re.findall(r"`((?:tests/[\w/]+)?/?test_\w+\.py|tests/[\w/]+)`", text))
    assert len(named) > 8
    for name in named:
        assert (ROOT / name).exists() or list((ROOT / "tests").rglob(Path(name).name)), name


def test_every_row_of_the_feature_table_is_filled():
    rows = [line for line in (DOCS / "features.md").read_text().splitlines() if line[:1] == "|"]
    assert {row.count("|") for row in rows} == {13}
