"""Budgets set as a share of last year's sales."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from mmm_data_generator.fields.rules import Rule, check_fields, checked, integer, number, one_of
from mmm_data_generator.stressors.base import FEEDBACK, Scene

if TYPE_CHECKING:
    from mmm_data_generator.world.stressed import StressedWorld


@checked
class Budget:
    """From the second year on, each geo's yearly media budget is a share of last year's sales.

    Within the year the plan's own flighting and split between channels stay. A part of a year at
    the end gets its part of the budget, as the plan divides the year.
    """

    type: str = "budget"
    share: float | None = None  # of last year's sales; None: what the plan spends in year one
    periods: int = 52  # weeks of a budget year

    STAGE: ClassVar[int] = FEEDBACK
    RULES: ClassVar[dict[str, Rule]] = {
        "type": one_of(("budget",)),
        "share": number(above=0, optional=True),
        "periods": integer(at_least=1),
    }

    def __post_init__(self) -> None:
        check_fields(self)

    def apply(self, world: StressedWorld, scene: Scene) -> StressedWorld:
        """Set one year's budget after the other."""
        spend, n = world.spend.copy(), len(scene.dates)
        year = scene.whole_periods(self.periods)
        for start in range(year, n, year):
            sales = world.sales(spend)[:, start - year : start].sum(1)
            if start == year:
                first = spend[:, :year].sum((1, 2)) / sales
                share = first if self.share is None else np.full_like(sales, self.share)
            weeks = slice(start, min(start + year, n))
            length = weeks.stop - start
            plan = world.spend[:, weeks].sum((1, 2))
            budget = share * sales * length / year
            factor = np.where(plan > 0, budget / np.where(plan > 0, plan, 1.0), 1.0)
            spend[:, weeks] = factor[:, None, None] * world.spend[:, weeks]
        return world.but(spend=spend)
