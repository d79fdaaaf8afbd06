"""Holidays and one-off events."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from mmm_data_generator.errors import suggest
from mmm_data_generator.fields.periods import days_after
from mmm_data_generator.fields.rules import (
    Broken,
    Rule,
    check_fields,
    checked,
    flag,
    number,
    one_of,
)
from mmm_data_generator.stressors.base import MARKET, Array, Scene, some_names

if TYPE_CHECKING:
    from mmm_data_generator.world.stressed import StressedWorld


def easter(year: int) -> date:
    """Return Easter Sunday of the Gregorian calendar (anonymous algorithm; Meeus 1991, ch. 8)."""
    a, (b, c) = year % 19, divmod(year, 100)
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    week = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    m = (a + 11 * h + 22 * week) // 451
    month, day = divmod(h + week - 7 * m + 114, 31)
    return date(year, month, day + 1)


def black_friday(year: int) -> date:
    """Return the day after the fourth Thursday of November."""
    first = date(year, 11, 1)
    return first + timedelta(days=(3 - first.weekday()) % 7 + 22)


HOLIDAYS: dict[str, Any] = {
    "new_year": lambda year: date(year, 1, 1),
    "valentine": lambda year: date(year, 2, 14),
    "easter": easter,
    "independence_day": lambda year: date(year, 7, 4),
    "black_friday": black_friday,
    "christmas": lambda year: date(year, 12, 25),
}


def _holidays(value: Any) -> tuple[str, ...]:
    given = some_names(value)
    for i, name in enumerate(given):
        if name not in HOLIDAYS:
            raise Broken(
                f"[{i}] = {name!r}: unknown{suggest(name, HOLIDAYS)};"
                f" holidays: {', '.join(HOLIDAYS)}"
            )
    return given


@checked
class Events:
    """Weeks that differ: holidays by the calendar, and one-off events at random weeks.

    A holiday lifts its own week, and the week before by ``run_up`` of that (shopping ahead).
    Each holiday has a lift of its own, drawn once around ``lift``.
    """

    type: str = "events"
    holidays: tuple[str, ...] = ("easter", "black_friday", "christmas")
    lift: float = 0.4  # median lift of a holiday, share of base sales
    lift_sd: float = 0.3  # of the log lift between holidays
    run_up: float = 0.3  # lift of the week before, share of the holiday's own
    one_off_probability: float = 0.0  # chance that a week has a one-off event
    one_off_lift: float = 0.3  # share of base sales
    observed: bool = True  # False: part of the unobserved baseline

    STAGE: ClassVar[int] = MARKET
    RULES: ClassVar[dict[str, Rule]] = {
        "type": one_of(("events",)),
        "holidays": _holidays,
        "lift": number(above=0),
        "lift_sd": number(at_least=0),
        "run_up": number(at_least=0, at_most=1),
        "one_off_probability": number(at_least=0, below=1),
        "one_off_lift": number(),
        "observed": flag,
    }

    def __post_init__(self) -> None:
        check_fields(self)

    @property
    def new_controls(self) -> tuple[str, ...]:
        """Names of the controls it adds: one a holiday, one for all one-off events."""
        if not self.observed:
            return ()
        return (*self._titles, *(("One-Off-Event",) if self.one_off_probability else ()))

    @property
    def _titles(self) -> tuple[str, ...]:
        return tuple(name.replace("_", "-").title() for name in self.holidays)

    def apply(self, world: StressedWorld, scene: Scene) -> StressedWorld:
        """Add the lifts, as controls or unobserved."""
        columns: list[tuple[str, Array, float]] = []
        for name, title in zip(self.holidays, self._titles, strict=True):
            z = scene.rng("lift", name=name).standard_normal()
            columns.append((title, self._weeks(name, scene), self.lift * np.exp(self.lift_sd * z)))
        if self.one_off_probability:
            hit = scene.rng("one-off").random(len(scene.dates)) < self.one_off_probability
            columns.append(("One-Off-Event", hit.astype(float), self.one_off_lift))
        unobserved = world.unobserved.copy()
        controls, coefficient = world.controls.copy(), world.control_coefficient.copy()
        for title, weeks, lift in columns:
            if self.observed:
                k = scene.control(title)
                controls[..., k] = weeks
                coefficient[..., k] = lift * scene.base[:, None]
            else:
                unobserved += lift * scene.base[:, None] * weeks
        return world.but(controls=controls, control_coefficient=coefficient, unobserved=unobserved)

    def _weeks(self, name: str, scene: Scene) -> Array:
        """Return 1 in the holiday's periods, ``run_up`` in the seven days before, 0 elsewhere."""
        first = scene.dates.astype("datetime64[D]")
        end = np.append(first[1:], first[-1] + days_after(scene.days))
        out = np.zeros(len(first))
        years = first.astype("datetime64[Y]").astype(int) + 1970
        for year in range(years.min(), years.max() + 2):
            day = np.datetime64(HOLIDAYS[name](year))
            here = (first <= day) & (day < end)
            before = (first < day) & (day - days_after(7) < end)
            out = np.maximum(out, np.where(here, 1.0, np.where(before, self.run_up, 0.0)))
        return out
