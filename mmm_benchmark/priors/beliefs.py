"""Beliefs of channels as people state them: read, and checked before anything is fitted.

``{"TV": {"roas": (2.0, 0.5)}, "*": {"slope": (1.0, 0.1)}}``: an observation and its standard error,
for a channel or for every channel. Nothing here needs torch: what a belief means to a network is
``mmm_benchmark.diffusion.inference.stated``. The same file may state a whole prior under
``"prior"``, by its name or as an object of :mod:`.prior`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mmm_benchmark.errors import UserError, unknown

if TYPE_CHECKING:
    import pandas as pd

type Stated = Mapping[str, Mapping[str, Sequence[float]]]

EVERY: Final = "*"
#: The curves that the PyMC-Marketing baselines of this suite expect before they see data.
PYMC_CURVES: Final = "pymc-marketing curves"
QUANTITIES: Final = ("roas", "adstock_decay", "half_saturation", "slope")  # in a belief's order
#: How far the ROAS of four test weeks strays from that of the window, relative: its standard
#: deviation was 0.11 to 0.30 in four presets.
ELSEWHERE: Final = 0.25
EXAMPLE = '{"TV": {"roas": [2.0, 0.5]}}'
PRIOR: Final = "prior"  # the key under which the same file states a prior


def read_beliefs(given: Any) -> Any:
    """Beliefs from a JSON file, or from a CSV file of lift tests; anything else as it is.

    Raises
    ------
    UserError
        When the file is not there or does not hold a JSON object, or tests a channel left on.
    """
    if not isinstance(given, str | Path) or Path(given).suffix.lower() not in (".json", ".csv"):
        return given
    path = Path(given).expanduser()
    if path.suffix.lower() == ".csv":
        return _of_tests(path, given)
    try:
        beliefs = json.loads(path.read_text(encoding="utf-8"))
    except OSError:
        raise UserError(f"--beliefs {given}: no such file") from None
    except ValueError as error:
        raise UserError(f"--beliefs {given}: not JSON ({error})") from None
    pairs = beliefs if isinstance(beliefs, dict) else {"": beliefs}
    if not all(isinstance(x, dict) for name, x in pairs.items() if name != PRIOR):
        raise UserError(f"--beliefs {given}: must hold an object such as {EXAMPLE}")
    return beliefs


def without_prior(given: Any) -> tuple[Any, Any]:
    """Beliefs without the prior stated among them (None where nothing else is), and that prior.

    What is no mapping, or states none, comes back as it is.
    """
    if not isinstance(given, Mapping) or PRIOR not in given:
        return given, None
    if not isinstance(given[PRIOR], str | Mapping):
        raise UserError(f"beliefs: prior = {given[PRIOR]!r}; must be a name or an object of laws")
    rest = {name: each for name, each in given.items() if name != PRIOR}
    return rest or None, given[PRIOR]


def _of_tests(path: Path, given: Any) -> Stated:
    from mmm_data_generator.adapters.lift_tests import read_lift_tests

    try:
        return from_on_off_tests(read_lift_tests(path))
    except OSError:
        raise UserError(f"--beliefs {given}: no such file") from None
    except ValueError as error:  # the generator's own errors for people, and our own
        raise UserError(f"--beliefs {given}: {error}") from None


def check_beliefs(stated: Stated | str, channels: Sequence[str]) -> None:
    """Refuse what nobody can heed: a channel or quantity that does not exist, a wrong value.

    Raises
    ------
    UserError
        In one line, for the first that is wrong.
    """
    if isinstance(stated, str):
        if stated != PYMC_CURVES:
            raise UserError(
                f"beliefs = {stated!r}: the one set with a name is '{PYMC_CURVES}'; a file ends in "
                ".json or .csv"
            )
        return
    if not isinstance(stated, Mapping):
        raise UserError(f"beliefs: must be an object such as {EXAMPLE}, or the name of a file")
    for channel, quantities in stated.items():
        if channel != EVERY and channel not in channels:
            raise unknown("channel of beliefs", channel, channels)
        if not isinstance(quantities, Mapping):
            raise UserError(f"beliefs of '{channel}': must be an object such as {EXAMPLE}")
        for quantity, pair in quantities.items():
            if quantity not in QUANTITIES:
                raise unknown("quantity of beliefs", quantity, QUANTITIES)
            checked(channel, quantity, pair)


def checked(channel: str, quantity: str, pair: Sequence[float]) -> tuple[float, float]:
    """A value and its standard error as two numbers.

    Raises
    ------
    UserError
        When they are none, or outside what the quantity can be.
    """
    try:
        value, error = (float(each) for each in pair)
    except (TypeError, ValueError):
        value = error = math.nan
    low = -math.inf if quantity == "roas" else 0.0  # a test may find a loss
    most = 1.0 if quantity == "adstock_decay" else math.inf
    if not (low < value < most and 0 < error < math.inf):
        wanted = {"roas": "a value", "adstock_decay": "a value between 0 and 1"}
        raise UserError(
            f"beliefs: {quantity} of '{channel}' = {pair!r}; must be "
            f"{wanted.get(quantity, 'a positive value')} and its standard error"
        )
    return value, error


def from_on_off_tests(tests: pd.DataFrame) -> dict[str, dict[str, tuple[float, float]]]:
    """Return the ROAS that tests found, as beliefs; several tests of a channel are averaged.

    To the error of the measurement comes that other weeks have another ROAS (``ELSEWHERE``).

    Parameters
    ----------
    tests
        Rows of ``mmm_data_generator.on_off_test``. A test that changes spend in part measures the
        return of that part, which is another quantity.

    Raises
    ------
    UserError
        When a test left some spend on.
    """
    import numpy as np

    if not np.allclose(tests["delta_x"], -tests["x"]):
        raise UserError("tests: some changed spend only in part; a ROAS needs the channel off")
    found = {}
    for channel, rows in tests.groupby("channel"):
        weight = rows["roi_se"].to_numpy() ** -2.0
        value = float(weight @ rows["roi"].to_numpy() / weight.sum())
        elsewhere = ELSEWHERE * value / rows["test"].nunique() ** 0.5
        found[str(channel)] = {"roas": (value, float(np.hypot(weight.sum() ** -0.5, elsewhere)))}
    return found
