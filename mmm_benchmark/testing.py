"""``check_fitter``: the whole acceptance test of a fitter, for whoever writes one."""

from __future__ import annotations

import importlib.util
import inspect
import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import xarray as xr

from mmm_benchmark import phases, schema
from mmm_benchmark.errors import ContractError
from mmm_benchmark.fit import Budget, Fit, Fitter
from mmm_benchmark.fitters.common.hill import geometric_adstock, hill
from mmm_benchmark.run.answer_checks import answer_problems

#: Packages that may be imported only inside ``with phase("import")``, never with the module.
HEAVY = (
    "arviz", "blackjax", "cmdstanpy", "flax", "jax", "lightgbm", "meridian", "numpyro", "nutpie",
    "pymc", "pymc_marketing", "pystan", "pytensor", "ray", "sklearn", "tensorflow",
    "tensorflow_probability", "torch",
)  # fmt: skip
QUICK = Budget(chains=2, draws=60, tune=60)


class ConformanceError(AssertionError):
    """A fitter breaks its contract; the message lists every breach found."""


def check_fitter(
    fitter: Fitter,
    observed: xr.Dataset | None = None,
    *,
    budget: Budget = QUICK,
    seed: int = 1,
    monotone: bool = True,
) -> None:
    """Raise unless ``fitter`` keeps every promise of :class:`mmm_benchmark.fit.Fitter`.

    It is fitted to one geo (twice, for determinism), to two geos, without controls, and with the
    channels in another order. A dataset it declines through ``skip`` is left out, as long as
    one is left.

    Parameters
    ----------
    fitter
        An instance; others are made from its ``settings()``.
    observed
        Data to derive those datasets from, for a fitter that takes only some; by default
        :func:`example_observed`, which holds no truth.
    budget
        Small by default: the contract is tested, not the quality of the answer.
    monotone
        Whether effects may be taken to be non-negative, as media effects are; pass False for
        a model that allows negative ones.

    Raises
    ------
    ConformanceError
        With one line for each broken promise.
    """
    problems = list(_protocol(fitter))
    if not problems:
        problems += _constructor(fitter)
    if not problems:
        problems += _imports(fitter)
        problems += _fits(fitter, observed, budget, seed, monotone)
    if problems:
        lines = "\n".join(f"  {i}. {problem}" for i, problem in enumerate(problems, 1))
        name = getattr(fitter, "name", type(fitter).__name__)
        raise ConformanceError(f"fitter '{name}' fails {len(problems)} check(s):\n{lines}")


def example_observed(geos: int = 1, weeks: int = 78) -> xr.Dataset:
    """A small observed dataset: three channels, one control, and a channel that starts late."""
    rng = np.random.default_rng(20240101)
    channels = ["Search", "Radio", "Late"]
    spend = rng.gamma(2.0, 50.0, size=(geos, len(channels), weeks))
    spend[:, 2, : weeks // 4] = 0.0
    saturated = hill(geometric_adstock(spend, np.array([0.2, 0.5, 0.4])), 120.0, 1.3)
    event = (rng.random((geos, weeks)) < 0.15).astype(float)
    size = 1.0 + np.arange(geos)[:, None]
    wave = np.sin(2 * np.pi * np.arange(weeks) / 52.0)
    sales = 1_000 + 100 * wave + 80 * event + np.tensordot([300, 500, 400], saturated, ([0], [1]))
    sales = size * (sales + rng.normal(0.0, 20.0, (geos, weeks)))
    return xr.Dataset(
        {
            "sales": (schema.OBSERVED["sales"], sales),
            "spend": (schema.OBSERVED["spend"], np.moveaxis(spend, 1, -1) * size[..., None]),
            "controls": (schema.OBSERVED["controls"], event[..., None]),
            "population": (schema.OBSERVED["population"], 1e5 * size[:, 0]),
        },
        coords={
            "geo": [f"geo_{chr(ord('a') + i)}" for i in range(geos)],
            "date": np.datetime64("2022-01-03", "ns") + np.arange(weeks) * np.timedelta64(7, "D"),
            "channel": channels,
            "control": ["Event"],
        },
    )


def _protocol(fitter: Any) -> Iterator[str]:
    for name in ("name", "extra", "version", "skip", "fit", "settings"):
        if not hasattr(fitter, name):
            yield f"it has no '{name}'; a fitter needs name, extra, version, skip, fit, settings"
            return
    if not (isinstance(fitter.name, str) and fitter.name.strip()):
        yield f"name is {fitter.name!r}; it must be the text used on the command line"
    if not (fitter.extra is None or isinstance(fitter.extra, str)):
        yield f"extra is {fitter.extra!r}; it must be None or the name of an extra"
    if not (isinstance(fitter.version, str) and fitter.version):
        yield f"version is {fitter.version!r}; it must be text, raised when the answer changes"


def _constructor(fitter: Fitter) -> Iterator[str]:
    kind = type(fitter)
    settings = fitter.settings()
    try:
        plain = json.loads(json.dumps(settings, allow_nan=False))
    except (TypeError, ValueError) as error:
        yield f"settings() must hold JSON types only: {error}"
        return
    try:
        again = kind(**plain).settings()
    except Exception as error:
        yield f"{kind.__name__}(**settings()) must rebuild the fitter, but raised: {error!r}"
        return
    if again != settings:
        yield f"settings do not survive a rebuild: {settings} became {again}"
    try:
        kind(no_such_setting=1)  # type: ignore[call-arg]
    except TypeError:
        pass
    else:
        yield "the constructor accepts an unknown keyword; it must raise TypeError"


_CHILD = """
import importlib, importlib.util, json, operator, sys
job = json.loads(sys.argv[1])
sys.path[:] = job["path"]
if job["by_name"]:
    module = importlib.import_module(job["module"])
else:
    spec = importlib.util.spec_from_file_location("fitter_under_test", job["file"])
    module = sys.modules["fitter_under_test"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
if "<locals>" not in job["qualname"]:
    operator.attrgetter(job["qualname"])(module)(**job["settings"])
print(" ".join(name for name in job["heavy"] if name in sys.modules))
"""


def _imports(fitter: Fitter) -> Iterator[str]:
    """Import the module and construct the fitter in a fresh interpreter; see what that loads."""
    kind = type(fitter)
    try:
        file = inspect.getfile(kind)
    except (OSError, TypeError):  # defined at a prompt or in a notebook: there is no module
        return
    job = {
        "module": kind.__module__,
        "by_name": _importable(kind.__module__, file),
        "file": file,
        "qualname": kind.__qualname__,
        "settings": fitter.settings(),
        "heavy": HEAVY,
        "path": sys.path,
    }
    command = [sys.executable, "-c", _CHILD, json.dumps(job)]
    child = subprocess.run(command, capture_output=True, text=True, check=False)
    if child.returncode != 0:
        last = (child.stderr.strip().splitlines() or ["no message"])[-1]
        yield f"its module cannot be imported in a fresh interpreter: {last}"
    elif child.stdout.strip():
        loaded = ", ".join(child.stdout.split())
        yield f"importing or constructing it loads {loaded}; import inside fit, in phase('import')"


def _importable(module: str, file: str) -> bool:
    try:
        spec = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        return False
    return spec is not None and spec.origin == file


def _fits(
    fitter: Fitter, given: xr.Dataset | None, budget: Budget, seed: int, monotone: bool
) -> Iterator[str]:
    declined = []
    fitted = 0
    for case, observed in _cases(given).items():
        reason = fitter.skip(observed)
        if not (reason is None or (isinstance(reason, str) and reason)):
            yield f"{case}: skip returned {reason!r}; it must be None or a reason as text"
            continue
        if reason is not None:
            declined.append(f"{case}: {reason}")
            continue
        fitted += 1
        yield from _one_fit(fitter, case, observed, budget, seed, monotone)
    if fitted == 0 and declined:
        yield f"it declines every dataset, so pass observed= that it can fit; {declined[0]}"


def _cases(given: xr.Dataset | None) -> dict[str, xr.Dataset]:
    two = example_observed(geos=2) if given is None else given[list(schema.OBSERVED)]
    one = two.isel(geo=[0])
    if two.sizes["geo"] == 1:
        second = one.assign_coords(geo=[f"{one.geo.item()}_2"])
        for name in ("sales", "spend", "population"):
            second[name] = 0.5 * second[name]
        two = xr.concat([one, second], dim="geo")
    return {
        "one geo": one,
        "two geos": two.isel(geo=[0, 1]),
        "no controls": one.isel(control=slice(0, 0)),
        "channels reversed": one.isel(channel=slice(None, None, -1)),
    }


def _one_fit(
    fitter: Fitter, case: str, observed: xr.Dataset, budget: Budget, seed: int, monotone: bool
) -> Iterator[str]:
    before = observed.copy(deep=True)
    settings = fitter.settings()
    phases.reset()
    try:
        fit: Any = fitter.fit(observed, budget, seed)
    except Exception as error:
        yield f"{case}: fit raised {type(error).__name__}: {error}"
        return
    if not isinstance(fit, Fit):
        yield f"{case}: fit returned {type(fit).__name__}; it must return mmm_benchmark.fit.Fit"
        return
    if not before.identical(observed):
        yield f"{case}: fit changed its 'observed' argument; copy before you write"
    if fitter.settings() != settings:
        yield f"{case}: fit changed the settings from {settings} to {fitter.settings()}"
    if phases.seconds()["sample"] <= 0.0:
        yield f"{case}: no time was marked as phase 'sample'; wrap the work in phases.phase"
    try:
        yield from (f"{case}: {problem}" for problem in answer_problems(fit, before, monotone))
    except ContractError as error:
        yield f"{case}: {error}"
        return
    if case == "one geo":
        again = type(fitter)(**settings).fit(before.copy(deep=True), budget, seed)
        yield from _same(fit.posterior, again.posterior)


def _same(first: xr.Dataset, second: xr.Dataset) -> Iterator[str]:
    for name in schema.POSTERIOR:
        a, b = first[name].values, second[name].values
        if a.shape != b.shape or not np.allclose(a, b, rtol=1e-5, atol=1e-6 * np.abs(a).max()):
            yield f"two fits with the same seed differ in '{name}'; draw only from the seed given"
            return
