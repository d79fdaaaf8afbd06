"""The verdict on each dataset, in a few sentences."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import pandas as pd

from mmm_benchmark.report.tables.views import dataset_label, plain
from mmm_benchmark.report.verdict.agreement import agreement, channels_only
from mmm_benchmark.report.verdict.follows_sales import follows_sales
from mmm_benchmark.report.verdict.own_words import listed, own_words
from mmm_benchmark.scoring import marks
from mmm_benchmark.scoring.series import ALL

#: Coverage of 90% intervals that still counts as right, given how few series one world has.
OVERCONFIDENT, CAUTIOUS = 0.8, 0.97


def verdict(tables: Mapping[str, pd.DataFrame]) -> dict[str, list[str]]:
    """What a reader should know first, by dataset as the command line writes it.

    Parameters
    ----------
    tables
        Frames by name, as ``write_tables`` returns them.

    Returns
    -------
    dict
        Sentences by ``name`` or, over several seeds and for one seed, ``name@seed``.
    """
    said: dict[str, list[str]] = {}
    estimates = tables["estimates"]
    for name, own in estimates.groupby("dataset", sort=False):
        truth = _over_all(tables["contribution_recovery"], str(name))
        if truth["crps"].notna().any():
            seeds = list(truth["seed"].drop_duplicates())
            label = str(name) if len(seeds) != 1 else dataset_label(truth.iloc[0].to_dict())
            said[label] = list(_with_truth(tables, str(name), truth))
            continue
        for _, one in own.groupby("seed", sort=False, dropna=False):
            sentences = list(_without_truth(tables, one))
            if sentences:
                said[dataset_label(one.iloc[0].to_dict())] = sentences
    return said


def _with_truth(tables: Mapping[str, pd.DataFrame], name: str, rows: pd.DataFrame) -> Iterator[str]:
    entrants = rows[(rows["reference"] == "") & rows["crps"].notna()]
    honest = entrants[[not _helped(mark) for mark in entrants["mark"]]]
    rivals = entrants if honest.empty else honest
    if rivals.empty:
        return
    means = rivals.groupby("fitter")["crps"].mean().sort_values()
    counts = rivals.groupby("fitter")["crps"].count()
    means = means[counts == counts.max()]  # nobody leads by having skipped the hard worlds
    best, score = str(means.index[0]), float(means.iloc[0])
    worlds = int(counts.max())
    where = f"on {worlds} worlds" if worlds > 1 else "on this world"
    line = (
        f"{best} is nearest to the truth {where}: the contributions it finds are off by "
        f"{100 * score:.0f}% of a channel's mean (CRPS)"
    )
    if len(means) == 1:
        alone = "no other was fitted to all of them" if len(counts) > 1 else "no other was fitted"
        yield f"{line}; {alone}, so there is nothing to compare it with."
    else:
        second = str(means.index[1])
        yield f"{line}, those of the next, {second}, by {100 * float(means.iloc[1]):.0f}%."
        yield _luck(tables["paired_comparison"], name, best, second, worlds)
    yield _intervals(rivals[rivals["fitter"] == best], best)
    yield from _nearer(entrants[~entrants["fitter"].isin(rivals["fitter"])], score)
    if honest.empty:
        yield f"It {_help(rivals[rivals['fitter'] == best])}, so this is no lead over others."
    failed = _failed_checks(tables["diagnostics_summary"], name)
    if best in failed:
        yield f"But {best} failed its own checks ({failed[best]}): do not trust its lead."
    diagnostics = tables["diagnostics_summary"]
    yield from own_words(diagnostics[diagnostics["dataset"] == name])


def _nearer(helped: pd.DataFrame, score: float) -> Iterator[str]:
    """Who is nearer than the leader with help; a sentence for each kind of help."""
    found: dict[str, list[tuple[float, str]]] = {}
    for fitter, own in helped.groupby("fitter"):
        if own["crps"].mean() < score:
            found.setdefault(_help(own), []).append((float(own["crps"].mean()), str(fitter)))
    for help, fitters in found.items():
        named = [f"{fitter} ({100 * error:.0f}%)" for error, fitter in sorted(fitters)]
        if len(named) == 1:
            fitter, share = named[0].rsplit(" ", 1)
            yield f"{fitter} is nearer {share}, but it does not compete: it {help}."
        else:
            yield (
                f"{listed(named)} are nearer, but they do not compete: they "
                f"{help.replace('was ', 'were ')}."
            )


def _helped(cell: str) -> bool:
    return bool({marks.KNOWS, marks.TOLD} & set(str(cell).split(", ")))


def _help(rows: pd.DataFrame) -> str:
    """What helped a fitter, in words."""
    found = marks.join(rows["mark"]).split(", ")
    return " and ".join(marks.MEANINGS[mark] for mark in found if _helped(mark))


def _luck(pairs: pd.DataFrame, name: str, best: str, second: str, worlds: int) -> str:
    if worlds < 2:
        return "One world decides nothing: repeat this on more, for instance --seeds 1 2 3 4 5."
    for row in pairs[pairs["dataset"] == name].to_dict("records"):
        if {row["first"], row["second"]} != {best, second} or pd.isna(row["ratio_lower"]):
            continue
        ends = (row["ratio_lower"], row["ratio_upper"])
        low, high = ends if row["first"] == best else (1 / ends[1], 1 / ends[0])
        interval = f"its error is {plain(low)} to {plain(high)} times {second}'s (90% interval)"
        if high < 1:
            return f"That is more than luck: world by world, {interval}."
        return f"That may be luck: world by world, {interval}."
    return "These worlds do not say how much of that is luck."


def _intervals(rows: pd.DataFrame, best: str) -> str:
    held = float(rows["coverage_90"].mean())
    if math.isnan(held):
        return f"{best} gives no intervals, so it cannot say how sure it is."
    share = f"{100 * held:.0f}%"
    if held < OVERCONFIDENT:
        return f"Its 90% intervals hold the truth {share} of the time: it is too sure of itself."
    if held > CAUTIOUS:
        return f"Its 90% intervals hold the truth {share} of the time: wider than they need be."
    return f"Its 90% intervals hold the truth {share} of the time, about as they should."


def _without_truth(tables: Mapping[str, pd.DataFrame], own: pd.DataFrame) -> Iterator[str]:
    rows = own[(own["reference"] == "") & own["roas"].notna()]
    total = rows[rows["channel"] == ALL]
    if total.empty:
        return
    low, high = total["share_of_sales"].min(), total["share_of_sales"].max()
    models = total["fitter"].nunique()
    if models == 1:
        yield (
            f"{total['fitter'].iloc[0]} credits media with {100 * low:.0f}% of sales. One model "
            "alone cannot be checked: fit a second one of another kind."
        )
    else:
        yield f"{models} models credit media with {100 * low:.0f}% to {100 * high:.0f}% of sales."
        yield from _disagreements(channels_only(agreement(own)))
    yield from follows_sales(channels_only(own))
    r2 = _over_all(tables["performance_metrics"], str(own["dataset"].iloc[0]))["r2"]
    if r2.notna().any():
        low, high = f"{r2.min():.2f}", f"{r2.max():.2f}"
        found = low if low == high else f"{low} to {high}"
        yield (
            f"The R² of sales is {found}. That does not say who is right: a model may fit sales "
            "well and credit the wrong channels."
        )
    failed = _failed_checks(tables["diagnostics_summary"], str(own["dataset"].iloc[0]))
    if failed:
        named = [f"{fitter} ({what})" for fitter, what in failed.items()]
        yield f"Do not rely on models whose own checks failed: {listed(named)}."
    diagnostics, first = tables["diagnostics_summary"], own.iloc[0]
    here = diagnostics["dataset"] == first["dataset"]
    if pd.notna(first["seed"]):
        here &= diagnostics["seed"] == first["seed"]
    yield from own_words(diagnostics[here])


def _disagreements(channels: pd.DataFrame) -> Iterator[str]:
    apart = channels[channels["agree"] == "no"]
    for row in apart.to_dict("records"):
        yield (
            f"They do not agree on the return of {row['channel']}: from "
            f"{plain(row['lowest'])} ({row['lowest_by']}) to "
            f"{plain(row['highest'])} ({row['highest_by']})."
        )
    agreed = list(channels.loc[channels["agree"] == "yes", "channel"])
    if agreed:
        yield (
            f"Their intervals meet for the return of {listed(agreed)}. Models that agree may "
            "still be wrong together, most of all where spend follows sales."
        )


def _failed_checks(diagnostics: pd.DataFrame, name: str) -> dict[str, str]:
    own = diagnostics[(diagnostics["dataset"] == name) & (diagnostics["reference"] == "")]
    own = own[own["checks_failed"] != ""]
    return {str(row["fitter"]): str(row["checks_failed"]) for row in own.to_dict("records")}


def _over_all(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    own = frame[frame["dataset"] == name]
    for label in ("geo", "channel"):
        if label in own:
            own = own[own[label] == ALL]
    return own
