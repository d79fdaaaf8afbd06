"""Days, weeks and months: how long a period is, and which one a run of dates is made of."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from mmm_data_generator.fields.rules import Broken, number

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DAYS_PER_YEAR: Final = 365.25
WEEKS_PER_YEAR: Final = DAYS_PER_YEAR / 7

#: What dates may be; datetime64[ns], in which tables keep them, wraps beyond 1677 and 2262.
FIRST_DAY: Final = date(1700, 1, 1)
LAST_DAY: Final = date(2250, 12, 31)

#: Days of a period, for the frequencies in which worlds are simulated.
DAYS: Final = {"daily": 1, "weekly": 7}

#: What one period is called; data made elsewhere may be monthly.
NOUN: Final = {"daily": "day", "weekly": "week", "monthly": "month"}

PER_YEAR: Final = {"daily": DAYS_PER_YEAR, "weekly": WEEKS_PER_YEAR, "monthly": 12.0}


def calendar(start: str, n_periods: int, frequency: str = "weekly") -> NDArray[np.datetime64]:
    """Return the first day of each period."""
    import numpy as np

    days = np.datetime64(start, "D") + days_after(DAYS[frequency] * np.arange(n_periods))
    return days.astype("datetime64[ns]")


def days_after(count: Any) -> Any:
    """Return whole days as a time difference."""
    import numpy as np

    return np.asarray(count).astype("timedelta64[D]")


def frequency_of(dates: NDArray[np.datetime64]) -> str | None:
    """Return ``daily``, ``weekly`` or ``monthly``, or None where the dates are none of these.

    Months are known by their same day, or by their last day.
    """
    import numpy as np

    days = dates.astype("datetime64[D]")
    steps = np.diff(days) / np.timedelta64(1, "D")
    for name, length in DAYS.items():
        if len(steps) and (steps == length).all():
            return name
    months = days.astype("datetime64[M]")
    same_day = len(np.unique(days - months.astype("datetime64[D]"))) == 1
    last_day = ((days + days_after(1)).astype("datetime64[M]") != months).all()
    each = (np.diff(months) == np.timedelta64(1, "M")).all()
    return "monthly" if len(steps) and each and (same_day or last_day) else None


def monday(day: str) -> str:
    """Return the Monday of an ISO date's week."""
    given = date.fromisoformat(day)
    return (given - timedelta(days=given.weekday())).isoformat()


def iso_date(value: Any) -> str:
    """Allow an ISO date."""
    if value is None:  # as old callers say "no matter when"
        return "2023-01-02"
    try:
        day = datetime.fromisoformat(str(value)).date()
    except ValueError:
        raise Broken(f" = {value!r}: must be a date like '2023-01-02'") from None
    if not FIRST_DAY <= day <= LAST_DAY:
        raise Broken(f" = {day}: must lie between {FIRST_DAY} and {LAST_DAY}")
    return day.isoformat()


def weekdays(value: Any) -> tuple[float, ...] | None:
    """Allow seven factors, Monday first, not all 0; the normal form has mean 1."""
    if value is None:
        return None
    one, days = number(at_least=0), value
    if isinstance(days, str) or not isinstance(days, Iterable) or len(days := tuple(days)) != 7:
        raise Broken(f" = {value!r}: must be seven numbers >= 0, Monday first")
    out = []
    for day, item in enumerate(days):
        try:
            out.append(one(item))
        except Broken as broken:
            raise Broken(f"[{day}]{broken}") from None
    total = sum(out)
    if not total:
        raise Broken(": must hold at least one day above 0")
    # a list of mean 1 stays as it is, so that a config survives its round trip
    return tuple(out) if abs(total - 7) < 1e-9 else tuple(7 * each / total for each in out)


def weekday_factors(profile: tuple[float, ...] | None, start: str, n_periods: int) -> Any:
    """Return the factor of each day (date,), or 1.0 where there is no profile."""
    import numpy as np

    if profile is None:
        return 1.0
    first = date.fromisoformat(start).weekday()
    return np.asarray(profile)[(first + np.arange(n_periods)) % 7]
