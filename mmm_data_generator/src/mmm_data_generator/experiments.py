"""Experiments on a simulated world: geo lift tests and on/off tests, with the true lift beside.

A test changes one channel's spend in some geos and weeks and asks how much total sales change, in
the test weeks and while the effect fades. The true lift is the difference of expected sales of
the same world with and without the change. What is measured is that lift plus a normal error.

Where other geos stay untreated, its standard deviation is that of the noise of the treated geo and
of those geos together, scaled to its size. Where none does, all there is to compare with is the
same geo before: season, trend and other channels move between the two windows, so the standard
deviation is what such comparisons are found to err by where no test ran (placebo tests in time;
Abadie, Diamond, Hainmueller 2010, section 2.4). ``error="noise"`` counts noise alone there too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mmm_data_generator.adapters.lift_tests import for_meridian, for_pymc_marketing
from mmm_data_generator.errors import DataError, suggest
from mmm_data_generator.fields.periods import days_after
from mmm_data_generator.world.seeds import stream

if TYPE_CHECKING:
    import pandas as pd

    from mmm_data_generator.dataset.dataset import MMMDataset

__all__ = ["for_meridian", "for_pymc_marketing", "lift_test", "lift_tests", "on_off_test"]

Array = NDArray[np.float64]

#: What the error of a test without untreated geos counts.
ERRORS = ("placebo", "noise")


def lift_test(
    dataset: MMMDataset,
    channel: str,
    *,
    start: int,
    weeks: int = 4,
    change: float = 0.5,
    geos: Sequence[str] | None = None,
    cooldown: int = 8,
    seed: int = 0,
    test: str | None = None,
    error: str = "placebo",
) -> pd.DataFrame:
    """Simulate one test and return a row for each treated geo.

    Parameters
    ----------
    dataset
        A dataset whose world is known.
    channel
        The channel whose spend changes.
    start, weeks
        First week (index) and length of the test; where the dataset is daily, days.
    change
        Relative change of the channel's spend: 0.5 half more, -1 off.
    geos
        Treated geos; None treats every other geo, beginning with the first (a world of one geo:
        that one, compared with itself at another time).
    cooldown
        Weeks after the test in which its effect still counts.
    seed
        Seed of the measurement error.
    test
        Name of the test; None makes one of channel and date.
    error
        What a test without untreated geos errs by: ``"placebo"``, the root mean square of the
        differences between neighbouring windows of the test's length; or ``"noise"``, that of
        their noise alone, which a method that knew season, trend and all other media would have.

    Returns
    -------
    pandas.DataFrame
        ``test, channel, geo, date`` (first day), ``end_date`` (last day), ``weeks``; per week
        ``x`` (spend without the test), ``delta_x, delta_y, sigma`` as PyMC-Marketing's lift tests
        take them, and ``true_delta_y``; over the test ``spend_change, lift, lift_se, true_lift``
        and, per unit of spend, ``roi, roi_se, true_roi``.

    Raises
    ------
    DataError
        The channel, geos or weeks do not exist, or nothing is spent there.
    """
    import pandas as pd

    observed = dataset.observed
    n = observed.sizes["date"]
    channels, names = list(observed["channel"].values), list(observed["geo"].values)
    j = _place(channel, channels, "channel")
    treated = names[::2] if geos is None else list(geos)
    at = [_place(geo, names, "geo") for geo in treated]
    if not at:
        raise DataError("geos: at least one must be treated")
    if weeks < 1 or start < 0 or start + weeks > n:
        raise DataError(
            f"start = {start}, weeks = {weeks}: the test must lie within the {n} weeks of the data"
        )
    if change == 0 or change < -1:
        raise DataError(f"change = {change}: must be >= -1 (off) and not 0")
    if error not in ERRORS:
        raise DataError(f"error = {error!r}: must be one of {', '.join(ERRORS)}")
    window = slice(start, start + weeks)
    counted = slice(start, min(start + weeks + cooldown, n))

    plan = observed["spend"].values.copy()
    plan[at, window, j] *= 1 + change
    moved = (plan - observed["spend"].values)[at, window, j].sum(1)
    if not moved.all():
        silent = treated[int(np.flatnonzero(moved == 0)[0])]
        raise DataError(
            f"channel '{channel}' spends nothing in geo '{silent}' in the test weeks; choose weeks"
            " in which it runs"
        )
    difference = dataset.world.expected_sales(plan) - dataset.world.expected_sales()
    true_lift = difference[at, counted].sum(1)
    se = _standard_error(dataset, at, counted.stop - counted.start, error)
    first = observed["date"].values[start].astype("datetime64[D]")
    label = test or f"{channel} {first}"
    z = [stream(seed, f"lift test {label}", geo, channel).standard_normal() for geo in treated]
    lift = true_lift + se * np.array(z)
    return pd.DataFrame(
        {
            "test": label,
            "channel": channel,
            "geo": treated,
            "date": pd.Timestamp(first),
            "end_date": pd.Timestamp(_last_day(observed["date"].values, start + weeks)),
            "weeks": weeks,
            "x": observed["spend"].values[at, window, j].mean(1),
            "delta_x": moved / weeks,
            "delta_y": lift / weeks,
            "sigma": se / weeks,
            "true_delta_y": true_lift / weeks,
            "spend_change": moved,
            "lift": lift,
            "lift_se": se,
            "true_lift": true_lift,
            "roi": lift / moved,
            "roi_se": se / np.abs(moved),
            "true_roi": true_lift / moved,
        }
    )


def on_off_test(dataset: MMMDataset, channel: str, **where: Any) -> pd.DataFrame:
    """Simulate a test that switches a channel off; see :func:`lift_test`."""
    return lift_test(dataset, channel, **{"change": -1.0, **where})


def lift_tests(
    dataset: MMMDataset,
    *,
    n_per_channel: int = 3,
    weeks: int = 4,
    change: float = 0.5,
    cooldown: int = 8,
    seed: int = 0,
    error: str = "placebo",
) -> pd.DataFrame:
    """Simulate tests of every channel at random weeks with spend; the rows of all of them.

    Raises
    ------
    DataError
        A channel never spends in all test geos at once.
    """
    import pandas as pd

    spend = dataset.observed["spend"].values
    names = list(dataset.observed["geo"].values)
    tests = []
    for j, channel in enumerate(dataset.observed["channel"].values):
        windows = np.lib.stride_tricks.sliding_window_view(spend[::2, :, j], weeks, axis=1)
        full = (windows.sum(-1) > 0).all(0)
        # the effect must have time to fade within the data
        full[max(len(full) - cooldown, 0) :] = False
        starts = np.flatnonzero(full)
        if not len(starts):
            raise DataError(
                f"channel '{channel}' has no {weeks} weeks with spend in all test geos that leave"
                f" {cooldown} weeks for its effect to fade"
            )
        rng = stream(seed, "lift test weeks", name=str(channel))
        tests += [
            lift_test(
                dataset,
                str(channel),
                start=int(rng.choice(starts)),
                weeks=weeks,
                change=change,
                geos=names[::2],
                cooldown=cooldown,
                seed=seed,
                test=f"{channel} {k + 1}",
                error=error,
            )
            for k in range(n_per_channel)
        ]
    return pd.concat(tests, ignore_index=True)


def _last_day(dates: NDArray[np.datetime64], after: int) -> np.datetime64:
    """Return the day before period ``after`` begins, which may be the end of the window."""
    days = dates.astype("datetime64[D]")
    end = days[after] if after < len(days) else days[-1] + (days[1] - days[0])
    return np.datetime64(end - days_after(1))


def _standard_error(dataset: MMMDataset, at: list[int], length: int, error: str) -> Array:
    """Return the standard deviation of the difference between two sums over weeks, per geo."""
    noise = dataset.world.sales() - dataset.world.expected_sales()
    length = min(length, noise.shape[1] // 2)
    sums = np.lib.stride_tricks.sliding_window_view(noise, length, axis=1).sum(-1)
    own = sums[at].std(1)
    others = np.setdiff1d(np.arange(len(noise)), at)
    if not len(others) and error == "noise":
        return np.asarray(np.sqrt(2.0) * own)
    if not len(others):
        sold = np.lib.stride_tricks.sliding_window_view(dataset.world.sales()[at], length, axis=1)
        sold = sold.sum(-1)
        return np.asarray(np.sqrt(np.square(sold[:, length:] - sold[:, :-length]).mean(1)))
    # all other geos, scaled to the treated one's size
    size = dataset.world.expected_sales().sum(1)
    pooled = sums[others].sum(0).std() * size[at] / size[others].sum()
    return np.asarray(np.sqrt(own**2 + pooled**2))


def _place(name: str, known: Sequence[Any], what: str) -> int:
    names = [str(each) for each in known]
    if str(name) not in names:
        raise DataError(f"{what} '{name}': unknown{suggest(str(name), names)}; {', '.join(names)}")
    return names.index(str(name))
