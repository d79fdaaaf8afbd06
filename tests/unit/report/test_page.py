"""``report.html``: one file, nothing fetched, everything escaped; in a real browser too."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mmm_benchmark.report.page import charts, write_page
from mmm_benchmark.report.page.write import digest
from mmm_benchmark.report.plots.style import look
from mmm_benchmark.report.tables.build import build_tables

DARK_SHADE = look("nutpie-default").colour
EVIL = "<script>alert(1)</script>"
BROWSER = next(filter(None, map(shutil.which, ("chromium", "google-chrome", "chrome"))), None)


@pytest.fixture
def written(
    toy: SimpleNamespace,
    make_fit: Any,
    make_failure: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    monkeypatch.setattr(charts, "CHECKED", True)  # against the schema of Vega-Lite
    toy.name = EVIL
    fits = [(make_fit(toy, "scipy", draws=1), toy), (make_fit(toy, "nutpie-default"), toy)]
    fits.append((make_failure(toy, "meridian", "error", f"said {EVIL}"), toy))
    return write_page(fits, build_tables(fits), tmp_path)


def test_nothing_is_fetched_and_names_are_harmless(written: Path) -> None:
    text = written.read_text()
    assert written.stat().st_size < 10e6
    assert EVIL not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    markup = re.sub(r"<script>.*?</script>", "", text, flags=re.DOTALL)
    assert not re.findall(r'<(?:script|link|img|iframe)[^>]*(?:src|href)="', markup)


def test_the_policy_names_the_only_script_and_style(written: Path) -> None:
    text = written.read_text()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy is not None
    rules = policy[1].replace("&#39;", "'")
    scripts = re.findall(r"<script>(.*?)</script>", text, flags=re.DOTALL)
    styles = re.findall(r"<style>(.*?)</style>", text, flags=re.DOTALL)
    assert len(scripts) == len(styles) == 1
    assert f"script-src '{digest(scripts[0])}'" in rules
    assert f"style-src '{digest(styles[0])}'" in rules
    assert "default-src 'none'" in rules
    assert "unsafe" not in rules


def test_every_chart_is_a_specification_with_its_data(written: Path) -> None:
    text = written.read_text()
    found = re.findall(r'<script type="application/json">(.*?)</script>', text, flags=re.DOTALL)
    assert len(found) == 1 + 1 + 3 + 3 + 1  # scores, returns, contributions, curves, calibration
    for spec in map(json.loads, found):
        assert "vega-lite" in spec["$schema"]
        assert "url" not in json.dumps(spec.get("datasets", {}))


def test_a_fit_without_truth_has_a_page(
    toy: SimpleNamespace, make_fit: Any, tmp_path: Path
) -> None:
    fit = make_fit(toy, "nutpie")
    toy.truth = None
    text = write_page([(fit, toy)], build_tables([(fit, toy)]), tmp_path).read_text()
    assert "One model alone cannot be checked" in text


def test_a_run_without_a_fit_has_a_page(toy: Any, make_failure: Any, tmp_path: Path) -> None:
    fits = [(make_failure(toy, "meridian", "error", "no"), toy)]
    text = write_page(fits, build_tables(fits), tmp_path).read_text()
    assert "No fit succeeded" in text


@pytest.mark.parametrize("seeds", [1, 2])
def test_seeds_are_spoken_of_where_there_are_several(
    make_world: Any, make_fit: Any, tmp_path: Path, seeds: int
) -> None:
    worlds = [make_world(geos=1, seed=seed) for seed in range(seeds)]
    fits = [(make_fit(world, "nutpie"), world) for world in worlds]
    for i, (fit, _) in enumerate(fits):
        fit.key = f"{i:024d}"
    text = write_page(fits, build_tables(fits), tmp_path).read_text()
    assert ("Means over seeds ± standard error" in text) == (seeds > 1)


@pytest.mark.skipif(BROWSER is None, reason="no browser on this machine")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_charts_draw_in_a_browser_without_complaint(
    written: Path, tmp_path: Path, scheme: str
) -> None:
    assert BROWSER is not None
    command = [
        *(BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"),
        *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
        *("--enable-logging=stderr", "--virtual-time-budget=30000", "--dump-dom"),
        f"--blink-settings=preferredColorScheme={0 if scheme == 'dark' else 1}",
        *(f"--user-data-dir={tmp_path / 'profile'}", written.as_uri()),
    ]
    finished = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert 'data-drawn="all"' in finished.stdout
    assert finished.stdout.count("<svg") > 9
    assert "CONSOLE" not in finished.stderr
    # a dark shade would be lost on dark paper
    swatch = re.search(f'fill="(#[0-9a-fA-F]+)" data-colour="{DARK_SHADE}"', finished.stdout)
    assert swatch is not None
    assert (swatch[1] == DARK_SHADE) == (scheme == "light")


def test_the_page_of_own_data_has_the_plans_and_what_could_be_measured(
    toy: SimpleNamespace, make_fit: Any, tmp_path: Path
) -> None:
    fits = [(make_fit(toy, "scipy", draws=1), toy), (make_fit(toy, "nutpie"), toy)]
    toy.truth = None
    folder = tmp_path / "recoverability" / "mine"
    folder.mkdir(parents=True)
    channel = {
        "channel": EVIL,
        "verdict": "cannot",
        "found": 0.5,
        "found_low": 0.4,
        "found_high": 0.6,
        "found_with_test": 0.6,
        "error_factor": 2.0,
        "guess_factor": 2.5,
        "narrower": None,
        "coverage_90": 0.9,
    }
    answer = {"name": "mine", "sentences": [EVIL], "channels": [channel], "remedies": []}
    (folder / "answer.json").write_text(json.dumps(answer))
    (tmp_path / "recoverability" / "broken").mkdir()
    (tmp_path / "recoverability" / "broken" / "answer.json").write_text("{}")
    text = write_page(fits, build_tables(fits), tmp_path).read_text()
    assert "Plan: would the others agree?" in text
    assert "scipy says" in text
    assert text.count("What can be measured in mine?</h2>") == 1
    assert EVIL not in text
    alone = write_page([], build_tables([]), tmp_path).read_text()
    assert "What can be measured in mine?</h2>" in alone
    assert "No fit succeeded" not in alone
