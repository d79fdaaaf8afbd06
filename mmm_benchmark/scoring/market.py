"""What a plan truly earns: the world behind a dataset, asked for other budgets."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from mmm_benchmark.metrics.arrays import FloatArray
from mmm_benchmark.metrics.budget import REACH, Curves, best_plan

if TYPE_CHECKING:
    from mmm_benchmark.scoring.scorable import ScorableDataset

GRID = np.linspace(1 - REACH, 1 + REACH, 25)
BY_CURVES = "no world to simulate: plans are paid by the true response curves"


class Market:
    """The truth that plans are paid by; made once for a dataset, however many fits it has.

    Where the generator knows the world, a plan is simulated in it (``dataset.counterfactual``);
    else the true response curves pay, if they are known.
    """

    def __init__(self, dataset: ScorableDataset) -> None:
        self._dataset: Any = dataset
        self.spend: FloatArray = dataset.observed["spend"].sum(("geo", "date")).values

    @cached_property
    def simulated(self) -> bool:
        """Whether the world behind the dataset can be asked."""
        try:
            return self._dataset.world is not None
        except (AttributeError, ValueError):  # made elsewhere: only its tables are known
            return False

    @cached_property
    def known(self) -> bool:
        """Whether anything true is known of other budgets."""
        truth = self._dataset.truth
        return truth is not None and (self.simulated or "response_curve" in truth)

    @property
    def note(self) -> str:
        """What a reader of the gains should know."""
        return "" if self.simulated or not self.known else BY_CURVES

    def sales(self, plan: FloatArray) -> float:
        """Expected sales of the window under a plan (channel,), up to a constant."""
        if not self.simulated:
            return float(self._curves(plan).sum())
        return float(self._outcome(plan)["expected_sales"].sum())

    def gain(self, plan: FloatArray) -> float:
        """What a plan truly earns beyond today's, currency over the window."""
        return self.sales(plan) - self._today

    @cached_property
    def best(self) -> FloatArray:
        """The plan (channel,) that truly earns most.

        Found on the channels' own curves, which is exact where channels do not interact; where
        they do, the simulated world itself is climbed from there and from today.
        """
        plan = best_plan(
            lambda m: float(self._curves(m).sum()), self.spend, slope=self._curves.slope
        )
        apart = float((self._curves(plan) - self._curves(np.ones(len(plan)))).sum())
        if abs(apart - self.gain(plan)) > 1e-6 * max(abs(apart), 1e-9 * abs(self._today)):
            climbed = best_plan(self.sales, self.spend, starts=3)
            plan = max((plan, climbed), key=self.sales)
        return plan

    @cached_property
    def best_gain(self) -> float:
        """What the best plan earns beyond today's, currency over the window; never below 0."""
        return max(self.gain(self.best), 0.0)

    @cached_property
    def _today(self) -> float:
        return self.sales(np.ones(len(self.spend)))

    @cached_property
    def _curves(self) -> Curves:
        """Each channel's true response to its own multiplier."""
        if not self.simulated:
            truth = self._dataset.truth
            return Curves(truth["spend_multiplier"].values, truth["response_curve"].values)
        ones = np.ones(len(self.spend))
        each = [self._outcome(m * ones)["contribution"].sum(("geo", "date")) for m in GRID]
        return Curves(GRID, np.stack([values.values for values in each], axis=-1))

    def _outcome(self, plan: FloatArray) -> Any:
        return self._dataset.counterfactual(self._dataset.observed["spend"] * plan)
