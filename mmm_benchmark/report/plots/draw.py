"""All pictures of a run: plan, leave alone what is up to date, draw the rest."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from mmm_benchmark.plan.jobs import SHORT_KEY
from mmm_benchmark.report.aside import aside
from mmm_benchmark.report.made_by import code_stamp
from mmm_benchmark.report.plots.gather import View, view
from mmm_benchmark.report.plots.index import PLOTS, write_index
from mmm_benchmark.run.executors.local import cores
from mmm_benchmark.scoring.scorable import ScorableDataset, ScorableFit

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

STAMPS = ".pictures.json"

#: Fitters in one picture; more of them go on in a further one.
MOST_FITTERS = 8

#: Pictures that are worth another process.
LEAST_APART = 6

type Scored = tuple[ScorableFit, ScorableDataset]


@dataclass(frozen=True)
class Picture:
    """One picture to be: where it goes, what it is made of, and how."""

    stem: Path  # without suffix
    keys: tuple[str, ...]  # of the stored fits it shows
    draw: Callable[[], Figure | None]
    fits: tuple[str, ...] = ()  # as they are now: key, when they ended, what they are called

    @property
    def stamp(self) -> str:
        """Changes whenever the picture would."""
        text = json.dumps([code_stamp(), self.stem.name, self.fits])
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def nothing(self) -> str:
        """Written in place of the stamp when these fits have nothing to show here."""
        return f"{self.stamp} nothing to show"

    @property
    def files(self) -> list[Path]:
        """What it is written to."""
        return [self.stem.with_name(f"{self.stem.name}.{suffix}") for suffix in ("png", "svg")]

    @property
    def made(self) -> str:
        """Written once its files are there: the stamp, and what they hold."""
        return " ".join([self.stamp, *(_digest(path) for path in self.files)])

    def current(self, written: str | None) -> bool:
        """Whether what was written of it, if anything, is still so."""
        if written is None or not written.startswith(self.stamp):
            return False
        if written == self.nothing:
            return True
        return all(path.is_file() for path in self.files) and written == self.made


def draw_all(
    fits: Sequence[Scored],
    results_dir: Path,
    *,
    tables: Mapping[str, pd.DataFrame] | None = None,
    redraw: bool = True,
) -> list[Path]:
    """Draw every picture of these fits, as PNG and SVG, with an index of each folder.

    Parameters
    ----------
    fits
        Stored fits with their datasets; failures are left out, as they have nothing to show.
    results_dir
        Pictures of a dataset go to ``<dataset>/plots``, those of single fits to folders below it,
        pictures over all to ``summary/plots``.
    tables
        What ``write_tables`` returned for the same fits; computed when missing.
    redraw
        False leaves pictures alone that are as they were drawn, of fits that have not changed.

    Returns
    -------
    list of Path
        All pictures of these fits, drawn now or before.
    """
    pictures = planned(fits, results_dir, tables)
    stamps = {folder: _read_stamps(folder) for folder in {p.stem.parent for p in pictures}}
    paths: list[Path] = []
    stale = []
    for picture in pictures:
        written = stamps[picture.stem.parent].get(picture.stem.name)
        if redraw or not picture.current(written):
            stale.append(picture)
        elif written != picture.nothing:
            paths += picture.files
    if stale:
        paths += _draw_all(stale, stamps)
        for folder in sorted({_root(picture.stem) for picture in pictures}):
            write_index(folder)
    return sorted(paths)


def _root(stem: Path) -> Path:
    """The folder of pictures that a picture lies in or below."""
    return next(folder for folder in stem.parents if folder.name == PLOTS)


def planned(
    fits: Sequence[Scored], results_dir: Path, tables: Mapping[str, pd.DataFrame] | None = None
) -> list[Picture]:
    """Every picture of these fits, none drawn yet; the arguments are those of `draw_all`."""
    good = [(fit, dataset) for fit, dataset in fits if fit.ok]
    return [*_apart(_of_datasets(good, results_dir)), *_of_summary(good, results_dir, tables)]


def _draw_all(pictures: list[Picture], stamps: dict[Path, dict[str, str]]) -> list[Path]:
    """Draw on every core; pictures of one dataset stay together, as they share what they read."""
    from mmm_benchmark.report.plots.style import theme

    hands = max(1, min(cores(), len(pictures) // LEAST_APART))
    shares = [
        pictures[len(pictures) * k // hands : len(pictures) * (k + 1) // hands]
        for k in range(hands)
    ]

    def draw(share: list[Picture]) -> tuple[list[str], dict[str, dict[str, str]]]:
        made = _draw(share, stamps)
        mine = {folder: stamps[folder] for folder in {picture.stem.parent for picture in share}}
        names = {picture.stem for picture in share}
        return [str(path) for path in made], {
            str(folder): {name: stamp for name, stamp in known.items() if folder / name in names}
            for folder, known in mine.items()
        }

    with theme():  # imports what every hand needs
        others = [aside(partial(draw, share)) for share in shares[1:]]
        paths, _ = draw(shares[0])
        for other in others:
            more, known = other()
            paths += more
            for folder, found in known.items():
                stamps[Path(folder)].update(found)
                _write_stamps(Path(folder), stamps[Path(folder)])
    return [Path(path) for path in paths]


def _draw(pictures: list[Picture], stamps: dict[Path, dict[str, str]]) -> list[Path]:
    from mmm_benchmark.report.plots.style import save, theme

    paths: list[Path] = []
    with theme():
        for picture in pictures:
            figure, folder = picture.draw(), picture.stem.parent
            folder.mkdir(parents=True, exist_ok=True)
            if figure is not None:
                paths += save(figure, picture.stem)
            stamp = picture.nothing if figure is None else picture.made
            stamps[folder][picture.stem.name] = stamp
            _write_stamps(folder, stamps[folder])
    return paths


def _write_stamps(folder: Path, stamps: Mapping[str, str]) -> None:
    fresh = folder / f"{STAMPS}.{os.getpid()}"
    fresh.write_text(json.dumps(stamps, indent=1, sort_keys=True))
    fresh.replace(folder / STAMPS)


def _of_datasets(fits: Sequence[Scored], results_dir: Path) -> list[Picture]:
    groups: dict[str, list[Scored]] = {}
    for fit, dataset in fits:
        groups.setdefault(fit.job["dataset"]["id"], []).append((fit, dataset))
    return [picture for group in groups.values() for picture in _of_dataset(group, results_dir)]


def _apart(pictures: Sequence[Picture]) -> list[Picture]:
    """Pictures of different fits never share a file: those that would get their key's start."""
    taken = Counter(picture.stem for picture in pictures)

    def own(picture: Picture) -> Picture:
        name = f"{picture.stem.name}_{picture.keys[0][:SHORT_KEY]}"
        return replace(picture, stem=picture.stem.with_name(name))

    return [own(each) if taken[each.stem] > 1 else each for each in pictures]


def _of_dataset(group: Sequence[Scored], results_dir: Path) -> list[Picture]:
    from mmm_benchmark.report.plots import paths, response

    fit, dataset = group[0]
    name, seed = fit.job["dataset"]["name"], fit.job["dataset"].get("seed")
    label = name if seed is None else f"{name}@{seed}"
    folder = results_dir / file_name(name) / PLOTS
    end = "" if seed is None else f"_seed{seed}"
    views = _Views(group)
    truth = set() if dataset.truth is None else set(dataset.truth.data_vars)

    def together(
        kind: str, draw: Callable[[str, ScorableDataset, list[View]], Figure]
    ) -> Iterator[Picture]:
        for part, of, some in parts(group):
            keys = tuple(fit.key for fit, _ in some)
            yield Picture(
                folder / f"{kind}{end}{part}",
                keys,
                fits=_as_they_are(some),
                draw=partial(lambda title, keys: draw(title, dataset, views.some(keys)),
                        f"{label}{of}", keys),
            )  # fmt: skip

    pictures = [*together("predicted_against_actual", paths.predicted_against_actual)]
    if "response_curve" in truth:
        pictures += together("response_curves", response.response_curves)
    pictures += together("roas", response.roas)
    for fit, _ in group:
        pictures += [
            Picture(
                folder / kind / f"{kind}_{file_name(fit.job['fitter'])}{end}",
                (fit.key,),
                fits=_as_they_are([(fit, dataset)]),
                draw=_path_picture(draw, kind, label, dataset, views, fit.key),
            )
            for kind, variable, draw in (
                ("contributions", "contribution", paths.contributions),
                ("coefficients", "coefficient", paths.coefficients),
            )
            if variable in truth
        ]
    return pictures


def _path_picture(
    draw: Callable[[str, ScorableDataset, View], Figure],
    kind: str,
    label: str,
    dataset: ScorableDataset,
    views: _Views,
    key: str,
) -> Callable[[], Figure | None]:
    def make() -> Figure | None:
        seen = views.one(key)
        if kind == "coefficients" and not seen.coefficient:
            return None  # the model has no coefficient path
        return draw(label, dataset, seen)

    return make


class _Views:
    """Each fit is read at most once, and only when one of its pictures is drawn."""

    def __init__(self, group: Sequence[Scored]) -> None:
        self._group = {fit.key: (fit, dataset) for fit, dataset in group}
        self._read: dict[str, View] = {}

    def one(self, key: str) -> View:
        if key not in self._read:
            self._read[key] = view(*self._group[key])
        return self._read[key]

    def some(self, keys: Sequence[str]) -> list[View]:
        return [self.one(key) for key in keys]


def _of_summary(
    fits: Sequence[Scored], results_dir: Path, tables: Mapping[str, pd.DataFrame] | None
) -> list[Picture]:
    from mmm_benchmark.report.plots import seeds, summary

    if not fits:
        return []
    scored: dict[str, pd.DataFrame] = dict(tables or {})

    def from_tables(
        draw: Callable[[Mapping[str, pd.DataFrame]], Figure | None], fitters: Sequence[str]
    ) -> Callable[[], Figure | None]:
        def make() -> Figure | None:
            from mmm_benchmark.report.tables.build import build_tables

            if not scored:
                scored.update(build_tables(fits))
            shown = {
                name: table[table["fitter"].isin(fitters)]
                for name, table in scored.items()
                if "fitter" in table
            }
            return draw(shown)

        return make

    folder = results_dir / "summary" / PLOTS
    every = list(dict.fromkeys(fit.job["fitter"] for fit, _ in fits))

    def picture(
        draw: Callable[[Mapping[str, pd.DataFrame]], Figure | None],
        fitters: Sequence[str],
        part: str = "",
    ) -> Picture:
        some = [(fit, dataset) for fit, dataset in fits if fit.job["fitter"] in fitters]
        return Picture(
            folder / f"{draw.__name__}{part}",
            tuple(fit.key for fit, _ in some),
            fits=_as_they_are(some),
            draw=from_tables(draw, fitters),
        )

    return [
        picture(summary.runtime_against_error, every),
        *(picture(summary.calibration, some, part) for part, _, some in parts(every)),
        picture(seeds.spread_over_seeds, every),
    ]


def parts[T](fitters: Sequence[T]) -> Iterator[tuple[str, str, Sequence[T]]]:
    """At most :data:`MOST_FITTERS` at a time: the end of the file's name, of its title, and whom.

    Parts are as even as they can be.
    """
    count = -(-len(fitters) // MOST_FITTERS)
    for k in range(count):
        some = fitters[len(fitters) * k // count : len(fitters) * (k + 1) // count]
        yield (f"_part{k + 1}", f" ({k + 1} of {count})", some) if count > 1 else ("", "", some)


def _as_they_are(fits: Sequence[Scored]) -> tuple[str, ...]:
    """All of a fit that a picture may show besides what its key says."""
    return tuple(
        " ".join(
            [fit.key, *(str(fit.job["dataset"].get(name)) for name in ("name", "seed")),
             str(fit.record.get("finished_at"))]
        )
        for fit, _ in fits
    )  # fmt: skip


def file_name(name: str) -> str:
    """A name that any file system takes."""
    return re.sub(r"[^\w.-]+|^\.+", "-", name)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def _read_stamps(folder: Path) -> dict[str, str]:
    try:
        found = json.loads((folder / STAMPS).read_text())
    except (OSError, ValueError):
        return {}  # never drawn, or half written: draw again
    return found if isinstance(found, dict) else {}
