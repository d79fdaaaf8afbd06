"""Every column is defined in ``docs/metrics.md`` or a page it leads to, ``docs/metrics_*.md``."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mmm_benchmark.metrics import budget, recovery
from mmm_benchmark.metrics.diagnostics import MAX_CONTRIBUTION_SERIES, R_HAT_CAP
from mmm_benchmark.report.tables.columns import COVERAGE, MEASURES
from mmm_benchmark.report.tables.plans import PLAN_TABLES
from mmm_benchmark.report.tables.seeds import SEED_TABLES
from mmm_benchmark.scoring import decision, silent
from mmm_benchmark.scoring.series import SIGNED

PAGES = sorted((Path(__file__).parents[4] / "docs").glob("metrics*.md"))
TEXT = "\n".join(page.read_text() for page in PAGES)
FAMILIES = ("coverage_", "parameters_", "contribution_")


@pytest.mark.parametrize("table", sorted(MEASURES))
def test_every_column_is_documented(table: str) -> None:
    assert f"`{table}.csv`" in TEXT
    words = set(re.findall(r"[a-z_0-9]+", TEXT))
    missing = {
        name
        for name in MEASURES[table]
        if name not in words
        and name not in COVERAGE
        and not name.startswith(FAMILIES)
        and not name.endswith(("_per_sample_second", "_per_second"))
    }
    assert missing <= {"total_s", "key", "log_tail", "reason", "status"}


@pytest.mark.parametrize("table", sorted(SEED_TABLES))
def test_tables_over_seeds_are_documented(table: str) -> None:
    assert f"`{table}.csv`" in TEXT
    assert set(SEED_TABLES[table]) <= set(re.findall(r"[a-z_0-9]+", TEXT))


@pytest.mark.parametrize("table", sorted(PLAN_TABLES))
def test_plans_are_documented(table: str) -> None:
    assert f"`{table}.csv`" in TEXT
    assert set(PLAN_TABLES[table]) <= set(re.findall(r"[a-z_0-9]+", TEXT))


def test_the_rules_it_states_are_those_of_the_code() -> None:
    assert f"below {recovery.NEAR_ZERO:.0%} of the series' mean" in TEXT
    assert f"at most {MAX_CONTRIBUTION_SERIES} evenly spaced" in TEXT
    assert f"written as {R_HAT_CAP:.0f}" in TEXT
    assert (
        f"the median passes {silent.MEDIAN_ERROR:.0%}, the worst {silent.WORST_ERROR:.0%}" in TEXT
    )
    assert f"no channel moves by more than {budget.REACH:.0%}" in TEXT
    assert f"that probability is below {decision.SURE:.0%}" in TEXT
    assert f"is below {silent.LEAST_COVERAGE:.0%}" in TEXT
    assert all(f"`{name}`" in TEXT for name in SIGNED)
