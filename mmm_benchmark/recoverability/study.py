"""Simulate on a company's spend, hide the truth, ask, compare; then see what would help."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from mmm_benchmark.errors import UserError
from mmm_benchmark.recoverability.answers import Answer, Asker
from mmm_benchmark.recoverability.history import History
from mmm_benchmark.recoverability.measure import channel_rows, channel_table, world_row
from mmm_benchmark.recoverability.remedies import (
    Remedy,
    answered,
    plan_remedies,
    ranked,
    tested,
    world_under,
)
from mmm_benchmark.recoverability.worlds import Drawn, draw, prior_of_roas

FEWEST = 6  # worlds: fewer say nothing of a share
TRIED = 8  # worlds in which plans that need another fit are tried

type Progress = Callable[[str, int, int], None]  # what, done, of how many


@dataclass(frozen=True)
class Study:
    """What came of it; every table has ``fitter`` but those of the first fitter alone.

    Attributes
    ----------
    channels, worlds
        Means by channel, and one row a world.
    remedies
        What would help, best first; by the first fitter.
    doubts
        Whether each lift test contradicts the fit, one row a world, channel and kind of test.
    rows
        One row for each world, fitter and channel.
    """

    history: History
    fitters: tuple[str, ...]
    hidden_share: float
    channels: pd.DataFrame
    worlds: pd.DataFrame
    remedies: pd.DataFrame
    doubts: pd.DataFrame
    rows: pd.DataFrame
    left_out: tuple[str, ...] = field(default=())


def study(
    history: History,
    askers: Sequence[Asker],
    *,
    worlds: int,
    hidden_share: float,
    seed: int,
    remedies: bool,
    progress: Progress,
) -> Study:
    """Run the study; answers that are kept are not asked for again.

    Parameters
    ----------
    worlds
        How many are simulated.
    hidden_share
        Share of them in which about half of the channels follow a demand that nobody sees.
    remedies
        Whether to try, too, what would help.
    progress
        Told what is under way.

    Raises
    ------
    UserError
        Too few worlds, or a fitter that answers none of them.
    """
    if worlds < FEWEST:
        raise UserError(f"--worlds {worlds}: must be {FEWEST} or more; fewer say nothing")
    drawn = []
    for place in range(worlds):
        drawn.append(draw(history, seed, place, _hidden(place, hidden_share)))
        progress("worlds simulated", place + 1, worlds)
    prior = prior_of_roas(history, seed)
    rows, whole, left = [], [], []
    first: list[Answer | None] = []
    for asker in askers:
        answers = _asked(asker, drawn, f"fits of {asker.name}", progress)
        first = first or answers
        lost = sum(answer is None for answer in answers)
        if lost == len(answers):
            raise UserError(
                f"{asker.name} answered none of {len(answers)} worlds on this plan; try another "
                "with --fitters"
            )
        if lost:
            left.append(f"{asker.name} gave no answer in {lost} of {len(answers)} worlds")
        for each, answer in zip(drawn, answers, strict=True):
            if answer is not None:
                rows += channel_rows(each, answer, asker.name, prior, history.channels)
                whole.append(world_row(each, answer, asker.name))
    table = pd.DataFrame(rows)
    after, doubts = (
        _remedies(history, askers[0], drawn, first, seed, progress)
        if remedies
        else (pd.DataFrame(), pd.DataFrame())
    )
    spend = history.spend.sum((0, 1))
    money = dict(zip(history.channels, spend / spend.sum(), strict=True))
    own = table[table["fitter"] == askers[0].name]
    return Study(
        history=history,
        fitters=tuple(asker.name for asker in askers),
        hidden_share=hidden_share,
        channels=channel_table(table),
        worlds=pd.DataFrame(whole),
        remedies=ranked(own, after, money) if len(after) else pd.DataFrame(),
        doubts=doubts,
        rows=table,
        left_out=tuple(left),
    )


def _hidden(place: int, share: float) -> bool:
    """Whether a world has hidden demand: the share holds in every first part of the list."""
    return int((place + 1) * share + 1e-9) > int(place * share + 1e-9)


def _asked(
    asker: Asker, drawn: Sequence[Drawn], what: str, progress: Progress
) -> list[Answer | None]:
    done = 0

    def tell(more: int) -> None:
        nonlocal done
        done += more
        progress(what, done, len(drawn))

    return asker.ask([each.dataset for each in drawn], tell)


def _remedies(
    history: History,
    asker: Asker,
    drawn: Sequence[Drawn],
    answers: Sequence[Answer | None],
    seed: int,
    progress: Progress,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Errors under every remedy, and what lift tests say of the fits."""
    frames: list[pd.DataFrame] = []
    doubts: list[dict[str, object]] = []
    for i, (each, answer) in enumerate(zip(drawn, answers, strict=True)):
        if answer is not None and len(answer.roas) > 1:
            rows, found = tested(each, answer, history, seed)
            frames.append(rows)
            doubts += found
        progress("worlds with lift tests", i + 1, len(drawn))
    made: list[tuple[Drawn, Remedy, np.ndarray]] = []
    datasets = []
    for remedy in plan_remedies(history):
        for each in drawn[:TRIED]:
            found_world = world_under(remedy, each, history)
            if found_world is not None:
                made.append((each, remedy, found_world[1]))
                datasets.append(found_world[0])
    done = 0

    def tell(more: int) -> None:
        nonlocal done
        done += more
        progress("plans tried", done, len(datasets))

    frames += answered(made, asker.ask(datasets, tell), history.channels)
    frames = [frame for frame in frames if len(frame)]
    after = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
    return after, pd.DataFrame(doubts)


def write(found: Study, folder: Path) -> list[Path]:
    """The tables as CSV files, each whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name in ("channels", "worlds", "remedies", "doubts", "rows"):
        path = folder / f"{name}.csv"
        part = path.with_suffix(".part")
        getattr(found, name).to_csv(part, index=False, float_format="%.5g", lineterminator="\n")
        part.replace(path)
        paths.append(path)
    return paths
