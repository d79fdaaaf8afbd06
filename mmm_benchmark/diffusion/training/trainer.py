"""Training on fresh simulations: every step draws worlds nobody has seen, by (seed, step)."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad

from mmm_benchmark.diffusion.config import (
    PRESETS,
    DiffusionConfig,
    TrainingConfig,
    from_json,
    preset,
)
from mmm_benchmark.diffusion.inference import checkpoint
from mmm_benchmark.diffusion.network import features
from mmm_benchmark.diffusion.network.denoiser import Denoiser
from mmm_benchmark.diffusion.problem.beliefs import draw_beliefs
from mmm_benchmark.diffusion.problem.observed import Observed
from mmm_benchmark.diffusion.problem.schedule import Schedule, cosine_schedule, forward_noise
from mmm_benchmark.diffusion.problem.truth import Truth
from mmm_benchmark.diffusion.training import kept, validation, worlds
from mmm_benchmark.diffusion.training.losses import NAMES, losses, total
from mmm_benchmark.errors import UserError

HISTORY, VALIDATION = "history.csv", "validation.csv"
LOG_EVERY = 50  # steps averaged into one line of the history
REPORTED = ("step", "worlds", "total", *(f"crps, {way}" for way in validation.WAYS))


@dataclass
class Progress:
    """Where training stands; all that is not a tensor."""

    step: int = 0
    worlds: int = 0
    seconds: float = 0.0
    core_seconds: float = 0.0  # of processors, looks at validation left out
    started_from: str = ""  # fingerprint of the weights training began with, if not from scratch


def read_config(name: str) -> DiffusionConfig:
    """A preset by name, or a JSON file."""
    if name.endswith(".json"):
        path = Path(name)
        if not path.is_file():
            raise UserError(f"no configuration file '{name}'; presets: {', '.join(PRESETS)}")
        return from_json(json.loads(path.read_text(encoding="utf-8")))
    return preset(name)


def learning_rate(config: TrainingConfig, step: int, progress: float) -> float:
    """Warm up, hold, and fall linearly to zero over the last ``cooldown`` of training."""
    rising = min(1.0, (step + 1) / config.warmup)
    falling = min(1.0, max(1.0 - progress, 0.0) / config.cooldown)
    return config.learning_rate * rising * falling


def loss_terms(
    network: Denoiser,
    schedule: Schedule,
    observed: Observed,
    truth: Truth,
    config: DiffusionConfig,
    generator: torch.Generator,
) -> dict[str, Tensor]:
    """The seven losses of one batch at random diffusion times, one stratum of time a world."""
    x0 = truth.state.flat()
    device = x0.device
    b = len(x0)
    u = (torch.arange(b) + torch.rand(b, generator=generator)) / b
    t = (1 + u * schedule.steps).long().clamp(max=schedule.steps)
    alpha, sigma = (v.to(device) for v in schedule.at(t))
    noise = torch.randn(x0.shape, generator=generator).to(device)
    noisy = observed.sizes.unflatten(forward_noise(x0, noise, alpha, sigma))
    guess = network(noisy, alpha, sigma, observed)
    return losses(guess, truth, observed, alpha, sigma, config.losses)


class Trainer:
    """Network, average, optimiser and progress, kept in one folder and resumable from it."""

    def __init__(self, config: DiffusionConfig, folder: Path, device: torch.device) -> None:
        torch.manual_seed(config.training.seed)
        self.config, self.folder, self.device = config, folder, device
        self.schedule = cosine_schedule(config.diffusion_steps, config.cosine_offset)
        self.network = Denoiser(config.network).to(device)
        self.average = deepcopy(self.network).requires_grad_(False)
        self.optimiser = torch.optim.AdamW(
            self.network.parameters(),
            lr=config.training.learning_rate,
            weight_decay=config.training.weight_decay,
            betas=(0.9, 0.99),
        )
        self.progress = Progress()

    def step(self, done: float) -> dict[str, float]:
        """One optimiser step on fresh worlds; returns the unweighted losses and the total."""
        config, step = self.config.training, self.progress.step
        rng = np.random.default_rng(np.random.SeedSequence([config.seed, step]))
        observed, truth = worlds.draw(rng, config.prior, config.tokens, self.config.network.patch)
        if self.config.network.beliefs and not bool(observed.said.any()):
            observed = draw_beliefs(rng, observed, truth)
        observed, truth = observed.to(self.device), truth.to(self.device)
        generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        terms = loss_terms(self.network, self.schedule, observed, truth, self.config, generator)
        loss = total(terms, self.config.losses, done)
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate(config, step, done)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), config.clip)
        if bool(torch.isfinite(loss)):
            self.optimiser.step()
        keep = min(config.ema, (step + 1) / (step + 10))
        with torch.no_grad():
            for slow, fast in zip(
                self.average.parameters(), self.network.parameters(), strict=True
            ):
                slow.lerp_(fast, 1 - keep)
        self.progress.step += 1
        self.progress.worlds += len(observed.sales)
        return {name: float(terms[name].detach()) for name in NAMES} | {
            "total": float(loss.detach())
        }

    def save(self) -> None:
        """Write the running state and, beside it, the averaged weights as a checkpoint."""
        kept.write(self.folder, self.network, self.average, self.optimiser, vars(self.progress))
        checkpoint.save(
            self.folder / "checkpoint", self.average.state_dict(), self.config, vars(self.progress)
        )

    def start_from(self, folder: Path) -> None:
        """Begin with the weights of another checkpoint; its optimiser is not taken over.

        A network that is to learn beliefs, or priors, may start from one that knew none: what it
        reads beside starts at weight zero, so the first answers are those of the other.
        """
        network, config, record = checkpoint.load(folder, self.device)
        weights, mine, its = network.state_dict(), self.config.network, config.network
        if replace(its, beliefs=mine.beliefs, priors=mine.priors) != mine:
            raise UserError(f"{folder}: its network has other sizes than '{self.config.name}'")
        n = features.widths()
        wider = n.belief * (mine.beliefs - its.beliefs) + n.law * (mine.priors - its.priors)
        weights["embed_channel.weight"] = pad(weights["embed_channel.weight"], (0, wider))
        for each in (self.network, self.average):
            each.load_state_dict(weights)
        self.progress.started_from = str(record["sha256"])

    def resume(self) -> None:
        """Take up the last saved state."""
        found = kept.read(self.folder, self.network, self.average, self.optimiser, self.device)
        self.progress = Progress(**found)


def train(
    config: DiffusionConfig,
    folder: Path,
    device: torch.device,
    *,
    resume: bool = False,
    start_from: Path | None = None,
    minutes: float | None = None,
    until: int | None = None,
    report: Callable[[str], None] = print,
) -> Path:
    """Train, logging every loss to ``history.csv``; returns the checkpoint's folder.

    Parameters
    ----------
    start_from
        Folder of a checkpoint whose weights training begins with; a resumption has its own.
    minutes
        Stop by this much time (over all resumptions), the learning rate following the clock when
        it runs ahead of the steps. Without it the result depends on config and seed alone.
    until
        Stop after so many steps and save, to be resumed; the learning rate does not mind.
    """
    trainer = Trainer(config, folder, device)
    if resume and (folder / kept.PROGRESS).exists():
        trainer.resume()
        for name in (HISTORY, VALIDATION):
            _forget_after(folder / name, trainer.progress.step)
    elif start_from is not None:
        trainer.start_from(start_from)
    folder.mkdir(parents=True, exist_ok=True)
    look = _validator(trainer)
    for line in _steps(trainer, minutes, until, look):
        name = HISTORY if "total" in line else VALIDATION
        _append(folder / name, line)
        report("  ".join(f"{key} {value:.4g}" for key, value in line.items() if key in REPORTED))
    trainer.save()
    if until is not None and trainer.progress.step < config.training.steps:
        return folder / "checkpoint"
    ranges = worlds.prior_ranges(config.training.prior, config.training.range_worlds)
    checkpoint.save(
        folder / "checkpoint",
        trainer.average.state_dict(),
        config,
        {**vars(trainer.progress), "prior_ranges": ranges},
    )
    return folder / "checkpoint"


def _validator(trainer: Trainer) -> Callable[[], dict[str, float]] | None:
    """What looks at the averaged weights, if the configuration asks for it."""
    config = trainer.config.training
    if not config.validate_every:
        return None
    asked = validation.validation_set(config.validate_worlds)
    return lambda: validation.summary(validation.validate(trainer.average, trainer.schedule, asked))


def _steps(
    trainer: Trainer,
    minutes: float | None,
    until: int | None,
    look: Callable[[], dict[str, float]] | None,
) -> Iterator[dict[str, float]]:
    """Lines of the history, and in between those of validation."""
    config, progress = trainer.config.training, trainer.progress
    recent: list[dict[str, float]] = []
    clock, core = time.perf_counter(), time.process_time()
    if look is not None and progress.step == 0:
        yield {"step": 0, "worlds": 0, "core_seconds": 0.0, **look()}
        core = time.process_time()
    while True:
        done = progress.step / config.steps
        if minutes is not None:
            done = max(done, progress.seconds / (60 * minutes))
        if done >= 1 or (until is not None and progress.step >= until):
            break
        recent.append(trainer.step(done))
        now = time.perf_counter()
        progress.seconds, clock = progress.seconds + now - clock, now
        now = time.process_time()
        progress.core_seconds, core = progress.core_seconds + now - core, now
        if progress.step % LOG_EVERY == 0:
            line = {k: float(np.mean([r[k] for r in recent])) for k in recent[0]}
            place = {"step": progress.step, "worlds": progress.worlds, "seconds": progress.seconds}
            place["core_seconds"] = progress.core_seconds
            yield {**place, "learning_rate": learning_rate(config, progress.step, done), **line}
            recent.clear()
        if look is not None and progress.step % config.validate_every == 0:
            place = {"step": progress.step, "worlds": progress.worlds}
            yield {**place, "core_seconds": progress.core_seconds, **look()}
            core = time.process_time()
        if progress.step % config.save_every == 0:
            trainer.save()


def _forget_after(path: Path, step: int) -> None:
    """Drop lines of steps that a kill undid: they are about to be made, and logged, again."""
    if not path.exists():
        return
    head, *lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    rest = [line for line in lines if float(line.split(",", 1)[0]) <= step]
    path.write_text("".join([head, *rest]), encoding="utf-8")


def _append(path: Path, line: dict[str, float]) -> None:
    fresh = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(line))
        if fresh:
            writer.writeheader()
        writer.writerow({k: round(v, 6) for k, v in line.items()})
