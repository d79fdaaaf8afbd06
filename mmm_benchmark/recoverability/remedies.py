"""What would help, simulated: lift tests, another year, data by region, a channel on and off."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from mmm_benchmark.recoverability.answers import Answer
from mmm_benchmark.recoverability.history import Array, History
from mmm_benchmark.recoverability.lift import Belief, Found, off_test
from mmm_benchmark.recoverability.measure import belief_rows
from mmm_benchmark.recoverability.worlds import Drawn
from mmm_data_generator import MMMDataset

REGIONS = 5  # that the data are split into
TEST_REGIONS = 10  # of a test by geo, every other one treated
SWITCHED, PULSE = 24, 4  # weeks of a channel that goes off and on, and of each turn
ONE, MANY = "one", "several"  # geos of a test
WHOLE = ""  # the channel of a remedy that is not about one


@dataclass(frozen=True)
class Remedy:
    """Something a company can do; ``channel`` is WHOLE where it is about all of them."""

    kind: str
    channel: str
    text: str


def lift_remedies(channels: Sequence[str], geos: int) -> list[Remedy]:
    """Tests of each channel, in one geo and in several."""
    one = "the whole country, before and after" if geos == 1 else "one geo"
    many = f"half of {TEST_REGIONS} regions" if geos == 1 else "every other geo"
    return [
        *(Remedy(f"lift {MANY}", each, f"lift test: {each} off in {many}") for each in channels),
        *(Remedy(f"lift {ONE}", each, f"lift test: {each} off in {one}") for each in channels),
    ]


def plan_remedies(history: History) -> list[Remedy]:
    """Other data to collect, or to look at."""
    found = [Remedy("year", WHOLE, "another year of the same plan")]
    if len(history.geos) == 1:
        found.append(Remedy("geos", WHOLE, f"the same data by region ({REGIONS} regions)"))
    weeks = f"{SWITCHED} weeks, {PULSE} at a time"
    return found + [
        Remedy("pulse", each, f"{each} off and on for {weeks}") for each in history.channels
    ]


def world_under(remedy: Remedy, drawn: Drawn, history: History) -> tuple[MMMDataset, Array] | None:
    """The data that a remedy would give in a world, and the true returns over their window.

    A plan that changes what is spent leaves demand as it was: it does not follow a plan that is
    set beforehand. None where the remedy changes nothing.
    """
    if remedy.kind == "year":
        made = drawn.again(history.longer())
        return made.dataset, made.roas
    if remedy.kind == "geos":
        made = drawn.again(history.split(REGIONS, drawn.law.place))
        return made.dataset, made.roas
    data, channel = drawn.dataset, history.channels.index(remedy.channel)
    spend = data.observed["spend"].values.copy()
    per_week = history.year / 52
    turn, last = max(round(PULSE * per_week), 1), round(SWITCHED * per_week)
    last = min(last, spend.shape[1])
    on = (np.arange(last) // turn) % 2 == 1
    usual = spend[:, :, channel].mean(1, keepdims=True)
    spend[:, -last:, channel] = np.where(on, 2 * usual, 0.0)
    outcome = data.counterfactual(spend)
    observed = data.observed.assign(
        spend=data.observed["spend"].copy(data=spend),
        sales=data.observed["sales"].copy(data=outcome["sales"].values),
    )
    paid = spend.sum((0, 1))
    roas = outcome["contribution"].sum(("geo", "date")).values / np.where(paid > 0, paid, 1.0)
    return replace(data, observed=observed, truth=None, _world=None), roas


def tested(
    drawn: Drawn, answer: Answer, history: History, seed: int
) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    """Every lift test in one world: errors once it is told, and whether it contradicts the fit."""
    belief = Belief.of(answer.roas)
    regional = drawn
    if len(history.geos) == 1:
        regional = drawn.again(history.split(TEST_REGIONS, drawn.law.place))
    frames, doubts = [], []
    for remedy in lift_remedies(history.channels, len(history.geos)):
        several = remedy.kind.endswith(MANY)
        found = off_test(
            regional if several else drawn, remedy.channel, None if several else 1, seed
        )
        if found is None:
            continue
        at = history.channels.index(remedy.channel)
        after = belief.told(at, found.value, found.error)
        rows = belief_rows(drawn, after, history.channels, drawn.roas)
        frames.append(rows.assign(kind=remedy.kind, about=remedy.channel, text=remedy.text))
        doubts.append(_doubt(drawn, remedy, found, belief, at))
    whole = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
    return whole, doubts


def _doubt(drawn: Drawn, remedy: Remedy, found: Found, belief: Belief, at: int) -> dict[str, Any]:
    return {
        "world": drawn.law.place,
        "hidden": bool(drawn.followers),
        "followed": remedy.channel in drawn.followers,
        "kind": remedy.kind,
        "channel": remedy.channel,
        "contradicts": float(found.contradicts(belief, at)),
        "test_error": found.error / max(drawn.roas[at], 1e-12),
    }


def ranked(before: pd.DataFrame, after: pd.DataFrame, money: Mapping[str, float]) -> pd.DataFrame:
    """Remedies by how much smaller they make the error, each over the worlds it was tried in.

    Parameters
    ----------
    before, after
        ``world, channel, log_error, found``; ``after`` with ``kind, about, text`` too.
    money
        Share of spend by channel: errors are weighted by it.

    Returns
    -------
    pandas.DataFrame
        By remedy: typical error as a factor before and after over all channels, the channel's
        own, the gain (mean reduction of the log error) with its standard error over worlds.
    """
    joined = after.merge(
        before[["world", "channel", "log_error", "found"]],
        on=["world", "channel"],
        suffixes=("", "_before"),
    )
    joined["weight"] = joined["channel"].map(dict(money))
    rows = [
        {"remedy": text, "kind": kind, "channel": about, **_worth(own, str(about))}
        for (kind, about, text), own in joined.groupby(["kind", "about", "text"], sort=False)
    ]
    if not rows:
        return pd.DataFrame(columns=["remedy", "kind", "channel", "gain"])
    return pd.DataFrame(rows).sort_values("gain", ascending=False, ignore_index=True)


def _worth(own: pd.DataFrame, about: str) -> dict[str, float]:
    def each_world(column: str) -> Array:
        weighted = own[column] * own["weight"]
        return np.asarray(weighted.groupby(own["world"]).sum(), dtype=float)

    before, now = each_world("log_error_before"), each_world("log_error")
    gain = before - now
    target = own if about == WHOLE else own[own["channel"] == about]
    return {
        "worlds": len(gain),
        "gain": float(gain.mean()),
        "gain_se": float(gain.std(ddof=1) / np.sqrt(len(gain))) if len(gain) > 1 else np.nan,
        "error_before": float(np.exp(before.mean())),
        "error_after": float(np.exp(now.mean())),
        "own_error_before": float(np.exp(target["log_error_before"].mean())),
        "own_error_after": float(np.exp(target["log_error"].mean())),
        "own_found_before": float(target["found_before"].mean()),
        "own_found_after": float(target["found"].mean()),
    }


def answered(
    made: Sequence[tuple[Drawn, Remedy, Array]], answers: Sequence[Answer | None], channels: Any
) -> Iterator[pd.DataFrame]:
    """Errors of the fits to the data that remedies gave."""
    for (drawn, remedy, roas), answer in zip(made, answers, strict=True):
        if answer is not None:
            rows = belief_rows(drawn, Belief.of(answer.roas), channels, roas)
            yield rows.assign(kind=remedy.kind, about=remedy.channel, text=remedy.text)
