"""The answer in words: what can be measured, what would help, and how hidden demand would show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from mmm_benchmark.recoverability.measure import FACTOR
from mmm_benchmark.recoverability.remedies import MANY, ONE, SWITCHED
from mmm_benchmark.recoverability.study import Study

CAN: Final = "can be measured"
TEST: Final = "only with a lift test"
CANNOT: Final = "cannot"
#: A channel is measured where its return is found in two worlds of three.
OFTEN: Final = 2 / 3
SHOWN = 5  # remedies named in the answer
#: Experiments that a verdict may rest on, by kind of remedy.
TESTS: Final = {
    f"lift {ONE}": "with a lift test in one place",
    f"lift {MANY}": "with a lift test in several regions",
    "pulse": f"once it is switched off and on for {SWITCHED} weeks",
}
#: A test tells hidden demand where it contradicts the model this much more often than elsewhere.
TELLS = 0.3
FEW = 15  # worlds: a share of fewer is known to within 20 points at best
#: From this difference of R² on, worlds with hidden demand look otherwise.
HINTS = 0.1


def verdicts(found: Study) -> pd.DataFrame:
    """By channel the verdict of the first fitter, and the shares that it rests on."""
    own = found.channels[found.channels["fitter"] == found.fitters[0]]
    return pd.DataFrame([_verdict(found, row) for row in own.to_dict("records")])


def _verdict(found: Study, row: Mapping[Any, Any]) -> dict[str, Any]:
    channel, share = str(row["channel"]), float(row["found"])
    tests = {kind: _test(found, channel, kind) for kind in TESTS}
    best = max(tests, key=lambda kind: -1.0 if np.isnan(tests[kind]) else tests[kind])
    tried = not np.isnan(tests[best])
    verdict = CAN if share >= OFTEN else TEST if tests[best] >= OFTEN else CANNOT
    return {
        "channel": channel,
        "verdict": verdict,
        "found": share,
        "found_low": row["found_low"],
        "found_high": row["found_high"],
        "found_with_test": tests[best],
        "test": TESTS[best] if tried else "",
    }


def _test(found: Study, channel: str, kind: str) -> float:
    """Share of worlds in which a channel's return is found with a test; NaN if it was not tried."""
    table = found.remedies
    if table.empty:
        return float("nan")
    own = table[(table["channel"] == channel) & (table["kind"] == kind)]
    return float(own["own_found_after"].iloc[0]) if len(own) else float("nan")


def sentences(found: Study) -> list[str]:
    """What a person should read first, a sentence or two each."""
    return [
        *_head(found),
        *_channels(found),
        *_others(found),
        *_plan(found),
        *_help(found),
        *_hidden(found),
        *_warnings(found),
    ]


def _head(found: Study) -> Iterator[str]:
    first = found.worlds[found.worlds["fitter"] == found.fitters[0]]
    n, hidden = len(first), int(first["hidden"].sum())
    with_kpi = (
        "with the level, trend and season of your KPI"
        if found.history.kpi is not None
        else "with drawn sales, as no --target was given"
    )
    yield f"{n} worlds were simulated on your own spend, {with_kpi}."
    if hidden:
        yield f"In {hidden} of them sales and some of the spend follow a demand that nobody sees."
    yield (
        f"{found.fitters[0]} was asked for the return of each channel and was told the data alone; "
        "then its answers were compared with the truth."
    )


def _channels(found: Study) -> Iterator[str]:
    table = found.channels[found.channels["fitter"] == found.fitters[0]].set_index("channel")
    for row in verdicts(found).to_dict("records"):
        own = table.loc[row["channel"]]
        base = (
            f"Its return is found within a factor of {FACTOR:g} in {_percent(row['found'])} "
            f"[{100 * row['found_low']:.0f}, {100 * row['found_high']:.0f}] of worlds (typically "
            f"off by a factor of {own['error_factor']:.1f})"
        )
        if row["verdict"] == CAN:
            yield f"{row['channel']} can be measured. {base}."
        elif row["verdict"] == TEST:
            yield (
                f"{row['channel']} can be measured only with a lift test. {base}, and in "
                f"{_percent(row['found_with_test'])} {row['test']}."
            )
        else:
            yield f"{row['channel']} cannot be measured with this plan. {base}{_tested(row)}."


def _tested(row: Mapping[Any, Any]) -> str:
    """What the best test that was tried makes of a channel that cannot be measured."""
    if not row["test"]:
        return ""
    if row["found_with_test"] <= row["found"]:
        return "; no test that was tried finds it more often"
    return f", and in {_percent(row['found_with_test'])} {row['test']}"


def _others(found: Study) -> Iterator[str]:
    """How the further fitters of a study fare beside the first, on the worlds both answered."""
    first, *others = found.fitters
    by_world = found.rows.pivot_table("found", ["world", "channel"], "fitter")
    for other in others:
        both = by_world[[first, other]].dropna()
        if both.empty:
            continue
        share = both.mean()
        apart = both[other] - both[first]
        differences = apart.groupby("world").mean().to_numpy(float)
        reach = 1.6449 * differences.std(ddof=1) / np.sqrt(len(differences))
        yield (
            f"{other}, asked of the same worlds, finds {_percent(share[other])} of all returns "
            f"within that factor, {first} {_percent(share[first])} (difference "
            f"{100 * apart.mean():+.0f} ± {100 * reach:.0f} points, 90%): its figures by channel "
            "are in channels.csv."
        )


def _plan(found: Study) -> Iterator[str]:
    own = found.worlds[found.worlds["fitter"] == found.fitters[0]]
    gain = own["gain"].to_numpy()
    se = gain.std(ddof=1) / np.sqrt(len(gain))
    yield (
        f"The model names the channel with the highest return in "
        f"{_percent(own['named_best'].mean())} of worlds "
        f"({_percent(1 / len(found.history.channels))} by chance)."
    )
    yield (
        "Moving today's budget as the model says, no channel by more than 30%, changes sales by "
        f"{100 * gain.mean():+.1f}% ± {100 * se:.1f}%. The model promises "
        f"{100 * own['gain_promised'].mean():+.1f}%, the best plan would bring "
        f"{100 * own['gain_possible'].mean():+.1f}%, and in "
        f"{_percent(own['loses_money'].mean())} of worlds the model's plan loses money."
    )


def _help(found: Study) -> Iterator[str]:
    table = found.remedies
    if table.empty:
        return
    worth = table[table["gain"] > 2 * table["gain_se"]].head(SHOWN)
    if worth.empty:
        yield "Nothing that was tried makes the error smaller by more than luck may explain."
        return
    listed = [
        f"{row['remedy']} (factor of error over all channels {row['error_before']:.2f} -> "
        f"{row['error_after']:.2f}"
        + (
            f", of this one {row['own_error_before']:.1f} -> {row['own_error_after']:.1f}"
            if row["channel"]
            else ""
        )
        + ")"
        for row in worth.to_dict("records")
    ]
    yield (
        f"What would help, best first: {'; '.join(listed)}. Few worlds order them: read which help "
        "rather than which is first."
    )


def _hidden(found: Study) -> Iterator[str]:
    rows = found.rows[found.rows["fitter"] == found.fitters[0]]
    followed, calm = rows[rows["followed"]], rows[~rows["hidden"]]
    if followed.empty or calm.empty:
        yield (
            "No world had hidden demand. Where spend follows demand, a channel is harder to "
            "measure than this says: ask again with --hidden-demand 0.33."
        )
        return
    said, elsewhere = (float(np.exp(part["over"].median())) for part in (followed, calm))
    whole = found.worlds[found.worlds["fitter"] == found.fitters[0]]
    fits = [float(whole[whole["hidden"] == flag]["r2"].mean()) for flag in (True, False)]
    hint = ", and the fit of sales gives no hint" if abs(fits[0] - fits[1]) < HINTS else ""
    line = (
        "Where spend on a channel follows a demand that nobody sees, the model typically says "
        f"{said:.1f} times its true return (elsewhere {elsewhere:.1f} times){hint}: R² is "
        f"{fits[0]:.2f} there and {fits[1]:.2f} elsewhere."
    )
    if not found.doubts.empty:
        tests = found.doubts[found.doubts["kind"] == f"lift {MANY}"]
        if len(tests) and tests["followed"].any():
            caught = tests[tests["followed"]]["contradicts"].mean()
            false = tests[~tests["hidden"]]["contradicts"].mean()
            line += (
                " A four-week lift test of that channel in several regions contradicts the model "
                f"in {_percent(caught)} of such cases and in {_percent(false)} of the others: "
            )
            line += (
                "that is how you would find it out."
                if caught - false > TELLS
                else "too seldom to find it out, which takes a longer or larger test."
            )
    yield line


def _warnings(found: Study) -> Iterator[str]:
    worlds = int((found.worlds["fitter"] == found.fitters[0]).sum())
    if worlds < FEW:
        yield f"{worlds} worlds are few: read the intervals, or ask again with --worlds 30."
    yield from (f"{each}." for each in found.left_out)
    if found.fitters[0].startswith("diffusion"):
        yield (
            f"{found.fitters[0]} was trained on worlds of the same kind as these, so its figures "
            "are the better end of what to expect: ask a library too (--fitters nutpie)."
        )


def _percent(share: object) -> str:
    return f"{100 * float(share):.0f}%"  # type: ignore[arg-type]
