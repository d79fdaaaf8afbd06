"""Files of users, written by a grammar and then spoilt: taken right, or refused in one line."""

from __future__ import annotations

import contextlib
import io
import json
import math
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from mmm_benchmark import cli
from mmm_benchmark.errors import UserError
from mmm_benchmark.priors.prior import read_prior
from mmm_data_generator import MMMDataConfig, MMMDataset, generate_mmm_dataset, get_preset_config
from tests.faults.tally import Wrong

WEEKS, CHANNELS = 20, ("TV", "Search")
SEPARATORS = (",", ";", "\t", "|")
DATES = ("%Y-%m-%d", "%d.%m.%Y", "%Y/%m/%d", "%d %b %Y")
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "cp1252")
CELLS = ("", " ", "x", "NaN", "-1", "1e300", "inf", "1,2,3", "1.234.567,8", "€ 5", '"', "\0",
         "=1+1", "2023-02-30", "0", "TRUE", "9" * 400, "１２", "1e-320")  # fmt: skip
VALUES: tuple[Any, ...] = (None, True, -1, 0, 1e300, float("nan"), float("inf"), "x", "", [], {},
          [[1]], 10**30, "1600-01-01", "\0", "../../x", "9" * 300)  # fmt: skip


def table(rng: Random, place: Path) -> Iterator[Wrong]:
    """A weekly table in one of the ways spreadsheets write it, cells spoilt or none."""
    separator = rng.choice(SEPARATORS)
    comma = rng.random() < 0.4 and separator != ","
    form = rng.choice(DATES)
    start = date(rng.randrange(2000, 2030), 1, 1) + timedelta(days=rng.randrange(7))

    def number() -> tuple[float, str]:
        value = round(rng.uniform(1, 1e5), 2)
        return value, f"{value:.2f}".replace(".", "," if comma else ".")

    sums = dict.fromkeys((*CHANNELS, "sales"), 0.0)
    rows = [["date", *CHANNELS, "sales"]]
    for week in range(WEEKS):
        row = [(start + timedelta(weeks=week)).strftime(form)]
        for name in sums:
            value, text = number()
            sums[name] += value
            row.append(text)
        rows.append(row)
    spoilt = [rng.choice(SPOILERS)(rng, rows) for _ in range(rng.choice((0, 1, 1, 2)))]
    text = "\n".join(separator.join(row) for row in rows)
    if rng.random() < 0.1:
        text, spoilt = text[: rng.randrange(len(text))], [*spoilt, "cut"]
    path, out = place / "sales.csv", place / "out"
    path.write_bytes(text.encode(rng.choice(ENCODINGS), errors="replace"))
    order = "day-first" if form.startswith("%d") else "year-first"
    command = ["import", str(path), "--target", "sales", "--channels", *CHANNELS]
    command += ["--dates", order, "--decimal", "," if comma else ".", "--out", str(out)]
    code, said = told(command)
    if code is None:
        yield Wrong("traceback", said)
    elif code == 0:
        yield from taken(out, None if spoilt else sums)
    elif said.count("\n") != 1 or not said.startswith("error: "):
        yield Wrong("traceback", f"not one line: {said[:200]}")
    elif not spoilt:
        yield Wrong("blocked", f"a sound table is refused: {said}")


def told(command: list[str]) -> tuple[int | None, str]:
    """Exit code of a command of ours and its errors; None and the exception where it raised."""
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
            return cli.main(command), said.getvalue()
    except Exception as error:
        return None, f"{type(error).__name__}: {error}"


def taken(out: Path, sums: dict[str, float] | None) -> Iterator[Wrong]:
    """A dataset that was made holds what the table says, and nothing that no table may."""
    observed = MMMDataset.load(out).observed
    for name in ("sales", "spend"):
        if not np.isfinite(observed[name]).all() or (observed["spend"] < 0).any():
            yield Wrong("accepted", f"{name} is not finite, or spend negative")
    if sums is None:
        return
    found = {name: float(observed["spend"].sel(channel=name).sum()) for name in CHANNELS}
    found["sales"] = float(observed["sales"].sum())
    for name, value in sums.items():
        if not math.isclose(found[name], value, rel_tol=1e-9):
            yield Wrong("accepted", f"{name}: {value} became {found[name]}")
    if observed.sizes["date"] != WEEKS:
        yield Wrong("accepted", f"{WEEKS} weeks became {observed.sizes['date']}")


def _cell(rng: Random, rows: list[list[str]]) -> str:
    row = rng.choice(rows[1:])
    row[rng.randrange(len(row))] = rng.choice(CELLS)
    return "cell"


def _date(rng: Random, rows: list[list[str]]) -> str:
    rng.choice(rows[1:])[0] = rng.choice(("1600-01-01", "2300-01-01", "31.02.2020", "week 3", "0"))
    return "date"


def _twice(rng: Random, rows: list[list[str]]) -> str:
    rows.insert(rng.randrange(1, len(rows)), list(rng.choice(rows)))
    return "twice"


def _column(rng: Random, rows: list[list[str]]) -> str:
    rows[0][rng.randrange(len(rows[0]))] = rng.choice(("TV", "", "date", "\0", "x" * 400, "sales"))
    return "column"


def _ragged(rng: Random, rows: list[list[str]]) -> str:
    row = rng.choice(rows)
    if len(row) > 1 and rng.random() < 0.5:
        row.pop()
    else:
        row.append(rng.choice(CELLS))
    return "ragged"


def _gone(rng: Random, rows: list[list[str]]) -> str:
    if len(rows) > 3:
        del rows[rng.randrange(2, len(rows)) :]
    return "gone"


SPOILERS: tuple[Callable[[Random, list[list[str]]], str], ...] = (
    *(_cell, _cell, _date, _twice, _column, _ragged, _gone),
)


def config(rng: Random, place: Path) -> Iterator[Wrong]:
    """A saved configuration with fields spoilt: a world of finite numbers, or one sentence."""
    fields = json.loads(json.dumps(get_preset_config("sandbox").to_dict(), default=str))
    for _ in range(rng.choice((1, 1, 2))):
        spoil(rng, fields)
    try:
        dataset = generate_mmm_dataset(MMMDataConfig.from_dict(fields), seed=1)
        if not np.isfinite(dataset.observed["sales"]).all():
            yield Wrong("accepted", "sales are not finite")
    except ValueError as error:
        if "\n" in str(error):
            yield Wrong("traceback", f"not one line: {error}")
    except Exception as error:
        yield Wrong("traceback", f"{type(error).__name__}: {error}")


def prior(rng: Random, place: Path) -> Iterator[Wrong]:
    """A file of a prior with fields spoilt."""
    said: Any = {"*": {"slope": 1, "decay": [0.5, 0.2]}, "TV": {"roas": [2.0, 0.5]}}
    for _ in range(rng.choice((1, 1, 2))):
        spoil(rng, said)
    text = json.dumps(said)
    if rng.random() < 0.2:
        text = text[: rng.randrange(len(text))]
    path = place / "prior.json"
    path.write_text(text)
    try:
        read_prior(str(path))
    except UserError as error:
        if "\n" in str(error):
            yield Wrong("traceback", f"not one line: {error}")
    except Exception as error:
        yield Wrong("traceback", f"{type(error).__name__}: {error}")


def spoil(rng: Random, tree: Any) -> None:
    """Replace, remove or add one entry somewhere in a JSON object."""
    while True:
        names = list(tree) if isinstance(tree, dict) else list(range(len(tree)))
        if not names:
            return
        name = rng.choice(names)
        deeper = tree[name]
        if isinstance(deeper, dict | list) and deeper and rng.random() < 0.8:
            tree = deeper
            continue
        kind = rng.random()
        if kind < 0.7:
            tree[name] = rng.choice(VALUES)
        elif kind < 0.85:
            del tree[name]
        elif isinstance(tree, dict):
            tree[rng.choice(("x", "", "__class__", "name"))] = rng.choice(VALUES)
        else:
            tree.append(rng.choice(VALUES))
        return
