"""What fitters say of simulated worlds: asked once, kept by what determines it."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mmm_benchmark.environments.find import Environment, find
from mmm_benchmark.environments.interview import describe
from mmm_benchmark.environments.make import ensure
from mmm_benchmark.environments.needs import Needs, extra_needs
from mmm_benchmark.errors import UserError
from mmm_benchmark.plan.choose import registered, select
from mmm_benchmark.plan.registry import FitterEntry
from mmm_benchmark.recoverability.history import Array
from mmm_benchmark.store.keys import content_hash

if TYPE_CHECKING:
    import xarray as xr

    from mmm_data_generator import MMMDataset

#: Answered in batches by the trained model itself; every other fitter by the road of a run.
AMORTISED = "diffusion-fast"
PREFERRED = (AMORTISED, "numpyro-laplace", "scipy")
DRAWS = 48  # of each world by the amortised model
BATCH = 6  # worlds of one shape that it answers before they are kept
NAMES = ("roas", "marginal_roas", "response_curve", "r2")

type Tell = Callable[[int], None]  # how many worlds were answered just now


@dataclass(frozen=True)
class Answer:
    """Draws of one world by one fitter.

    Attributes
    ----------
    roas, marginal_roas
        ``(draw, channel)``.
    response_curve
        ``(draw, channel, multiplier)``, currency.
    r2
        Of the posterior mean of sales.
    """

    roas: Array
    marginal_roas: Array
    response_curve: Array
    r2: float


@dataclass(frozen=True)
class Asker:
    """A fitter of the study, and where what it said is kept."""

    name: str
    entry: FitterEntry
    folder: Path
    workers: int  # processes of the amortised model, a core each
    seed: int

    def ask(self, datasets: Sequence[MMMDataset], tell: Tell) -> list[Answer | None]:
        """Answers in the order of the datasets; None where the fitter had none to give."""
        places = [self.folder / f"{self._key(each)}.npz" for each in datasets]
        missing = [i for i, place in enumerate(places) if read(place) is None]
        tell(len(datasets) - len(missing))
        asked = [(datasets[i], places[i]) for i in missing]
        (self._batches if self.name == AMORTISED else self._road)(asked, tell)
        return [read(place) for place in places]

    def _key(self, dataset: MMMDataset) -> str:
        text = f"{self.identity} {content_hash(dataset.observed)}"
        return hashlib.sha256(text.encode()).hexdigest()[:24]

    @cached_property
    def identity(self) -> str:
        """What determines an answer besides the data: fitter, version, settings, weights, seed."""
        told: dict[str, Any] = {}
        if self.entry.target.startswith("mmm_benchmark."):  # imports nothing heavy when loaded
            told = describe(self.entry.target, self.entry.settings, {}, ())
        own = {"version": told.get("version"), "settings": told.get("settings")}
        return f"{self.name} {self.entry.target} {DRAWS} {self.seed} {json.dumps(own)}"

    def _batches(self, asked: Sequence[tuple[MMMDataset, Path]], tell: Tell) -> None:
        """Have the environment of the extra answer, batch by batch, and keep each when it ends."""
        if not asked:
            return
        python = ensure(extra_needs(self.entry.extra), lambda line: None, quiet=True).python
        batches = list(_by_shape(asked))
        with tempfile.TemporaryDirectory(prefix="recoverability-") as name, ExitStack() as stack:
            count = min(self.workers, len(batches))
            workers = []
            for number in range(count):
                folder = Path(name) / str(number)
                folder.mkdir()
                for place in range(number, len(batches), count):
                    self._write(batches[place], folder / f"ask_{place:04d}.npz")
                log = stack.enter_context((folder / "log.txt").open("w"))
                worker = subprocess.Popen(
                    [str(python), "-m", "mmm_benchmark.recoverability.amortised", str(folder)],
                    stdout=log,
                    stderr=log,
                    # a thread that waits must not spin: see mmm_benchmark.diffusion
                    env={**os.environ, "OMP_WAIT_POLICY": "passive", "OMP_NUM_THREADS": "1"},
                )
                stack.callback(_end, worker)
                workers.append((worker, folder))
            for place, batch in enumerate(batches):
                worker, folder = workers[place % count]
                answered = folder / f"answer_{place:04d}.npz"
                while not answered.exists() and worker.poll() is None:
                    time.sleep(0.1)
                if not answered.exists():
                    text = (folder / "log.txt").read_text(errors="replace").strip()
                    last = (text.splitlines() or ["no word"])[-1]
                    raise UserError(f"{self.name} failed: {last}; what was answered is kept")
                with np.load(answered, allow_pickle=False) as found:
                    for i, (_, kept) in enumerate(batch):
                        keep(kept, Answer(*(found[each][i] for each in NAMES)))
                answered.unlink()
                tell(len(batch))

    def _write(self, batch: Sequence[tuple[MMMDataset, Path]], path: Path) -> None:
        arrays: dict[str, Any] = {
            each: np.stack([dataset.observed[each].values.astype(float) for dataset, _ in batch])
            for each in ("sales", "spend", "controls")
        }
        np.savez(path, draws=DRAWS, seed=self.seed, **arrays)

    def _road(self, asked: Sequence[tuple[MMMDataset, Path]], tell: Tell) -> None:
        """Fit as a run does: in processes of their own, stored, failures too."""
        from rich.console import Console

        from mmm_benchmark.api import execute
        from mmm_benchmark.plan.datasets import reference_to
        from mmm_benchmark.plan.grid import Made, find_contenders
        from mmm_benchmark.plan.options import Options
        from mmm_benchmark.store.fits import Store

        options = Options(
            samplers=(self.name,),
            chains=2,
            draws=250,
            tune=250,
            seed=self.seed,
            results=self.folder / "fits",
            quiet=True,
        )
        store = Store(options.results)
        contenders = find_contenders(options, _ready)
        for dataset, place in asked:
            made = Made(dataset, reference_to(dataset), self.seed)
            outcome = execute(options, store, [made], contenders, Console(quiet=True))[0]
            if outcome.fit.ok:
                tree = outcome.fit.tree()
                try:
                    keep(place, _of_tree(tree, dataset.observed))
                finally:
                    tree.close()
            tell(1)


def askers(names: Sequence[str], folder: Path, workers: int, seed: int) -> list[Asker]:
    """The fitters of a study, by name; without a name the first fast one whose extra is there.

    Raises
    ------
    UserError
        A name is no fitter's.
    """
    entries = registered()
    if not names:
        names = [next(name for name in PREFERRED if _there(entries[name]))]
    chosen = select(entries, list(names), [])
    return [Asker(each.name, each, folder / each.name, workers, seed) for each in chosen]


def read(place: Path) -> Answer | None:
    """A kept answer; None where there is none, or none that can be read."""
    try:
        with np.load(io.BytesIO(place.read_bytes()), allow_pickle=False) as found:
            roas, marginal, curve, r2 = (found[name].astype(float) for name in NAMES)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    return Answer(roas, marginal, curve, float(r2))


def keep(place: Path, answer: Answer) -> None:
    """Write an answer whole or not at all."""
    place.parent.mkdir(parents=True, exist_ok=True)
    memory = io.BytesIO()
    arrays: dict[str, Any] = {n: np.asarray(getattr(answer, n), np.float32) for n in NAMES}
    np.savez_compressed(memory, **arrays)
    part = place.with_suffix(".part")
    part.write_bytes(memory.getvalue())
    part.replace(place)


def _end(worker: subprocess.Popen[bytes]) -> None:
    if worker.poll() is None:
        worker.terminate()
    worker.wait()


def _there(entry: FitterEntry) -> bool:
    return entry.extra is None or find(extra_needs(entry.extra)) is not None


def _ready(needs: Needs) -> Environment:
    return ensure(needs, lambda line: None, quiet=True)


def _by_shape(
    asked: Sequence[tuple[MMMDataset, Path]],
) -> Iterator[list[tuple[MMMDataset, Path]]]:
    shapes: dict[tuple[int, ...], list[tuple[MMMDataset, Path]]] = {}
    for each in asked:
        shapes.setdefault(each[0].observed["spend"].shape, []).append(each)
    for own in shapes.values():
        for start in range(0, len(own), BATCH):
            yield own[start : start + BATCH]


def _of_tree(tree: xr.DataTree, observed: xr.Dataset) -> Answer:
    posterior = tree["posterior"].to_dataset().sel(channel=observed["channel"].values)

    def flat(name: str) -> Array:
        values = posterior[name].stack(sample=("chain", "draw"))
        return np.moveaxis(np.asarray(values.values, dtype=float), -1, 0)

    sales = observed["sales"].values
    mean = posterior["expected_sales"].mean(("chain", "draw")).values
    r2 = 1 - np.square(sales - mean).sum() / np.square(sales - sales.mean()).sum()
    return Answer(flat("roas"), flat("marginal_roas"), flat("response_curve"), float(r2))
