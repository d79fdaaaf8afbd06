"""What experiments say of a dataset's channels, checked before any fit is told it.

``simulated`` has the generator run lift tests on each world and hands on what they measure, never
the true lift; a CSV file holds tests that were run.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mmm_benchmark.errors import UserError, unknown

if TYPE_CHECKING:
    import pandas as pd

    from mmm_data_generator import MMMDataset

SIMULATED: Final = "simulated"
TEXT: Final = ("test", "channel", "geo", "date", "end_date")
NUMBERS: Final = ("weeks", "x", "delta_x", "delta_y", "sigma")

type Rows = list[dict[str, Any]]


def read_experiments(given: Any) -> str | Rows:
    """``simulated``, the rows of a CSV file, or rows as they are.

    The file has the columns of PyMC-Marketing's lift tests (``channel, x, delta_x, delta_y, sigma,
    date`` and, with several geos, ``geo``) and ``weeks`` or ``end_date``; what follows from them
    may be left out.

    Raises
    ------
    UserError
        When the file is not there or lacks a column.
    """
    if given == SIMULATED or not isinstance(given, str | Path):
        return given
    from mmm_data_generator.adapters.lift_tests import read_lift_tests

    try:
        return _rows(read_lift_tests(Path(given).expanduser()))
    except OSError:
        raise UserError(f"--experiments {given}: no such file; or '{SIMULATED}'") from None
    except ValueError as error:  # the generator's own errors for people, and those of pandas
        raise UserError(f"--experiments {given}: {error}") from None


def experiments_on(dataset: MMMDataset, given: Any) -> Rows | None:
    """The tests that fits to this dataset are told, one row for each test and geo.

    Parameters
    ----------
    dataset
        Simulated, where ``given`` is ``"simulated"``.
    given
        ``None``, ``"simulated"``, the name of a CSV file, or rows. Per week and geo, ``x`` is the
        spend without the test, ``delta_x`` what the test added, ``delta_y`` the sales it brought,
        ``sigma`` their standard error.

    Raises
    ------
    UserError
        A channel or geo that the data lack, weeks outside them, an error that is not positive.
    """
    if given is None:
        return None
    read = read_experiments(given)
    rows = _simulated(dataset) if isinstance(read, str) else list(read)
    observed = dataset.observed
    channels = [str(name) for name in observed["channel"].values]
    geos = [str(name) for name in observed["geo"].values]
    if len(geos) == 1:  # a file of a company with one geo need not name it
        rows = [row | {"geo": row.get("geo") or geos[0]} for row in rows]
    days = [str(day)[:10] for day in observed["date"].values.astype("datetime64[D]")]
    for row in rows:
        if row["channel"] not in channels:
            raise unknown("channel of --experiments", row["channel"], channels)
        if row["geo"] not in geos:
            raise unknown("geo of --experiments", row["geo"], geos)
        if row["date"] < days[0] or row["date"] > days[-1]:
            raise UserError(
                f"--experiments: test '{row['test']}' begins {row['date']}; the data of "
                f"'{dataset.name}' run from {days[0]} to {days[-1]}"
            )
        if not row["sigma"] > 0 or not row["weeks"] > 0 or row["delta_x"] == 0:
            raise UserError(
                f"--experiments: test '{row['test']}': sigma and weeks must be above 0, delta_x "
                "not 0"
            )
    return rows


def _simulated(dataset: MMMDataset) -> Rows:
    from mmm_data_generator import lift_tests

    if dataset.config is None:
        raise UserError(
            f"--experiments {SIMULATED}: '{dataset.name}' was not simulated; give a CSV file"
        )
    try:
        return _rows(lift_tests(dataset, seed=dataset.seed or 0))
    except ValueError as error:  # the generator's own errors for people
        raise UserError(f"--experiments {SIMULATED}: '{dataset.name}': {error}") from error


def _rows(frame: pd.DataFrame) -> Rows:
    """Plain rows of what was measured; a true lift, where there is one, stays behind."""
    import pandas as pd

    for name in ("date", "end_date"):
        frame = frame.assign(**{name: pd.to_datetime(frame[name]).dt.strftime("%Y-%m-%d")})
    words = frame[list(TEXT)].astype(str)
    rows = words.join(frame[list(NUMBERS)].astype(float)).to_dict("records")
    return [{str(name): value for name, value in row.items()} for row in rows]
