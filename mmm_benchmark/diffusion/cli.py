"""``mmm-benchmark train diffusion`` and ``mmm-benchmark calibrate diffusion``."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from mmm_benchmark.environments.make import ensure
from mmm_benchmark.environments.needs import extra_needs
from mmm_benchmark.errors import UserError

app = typer.Typer(
    help="Train and calibrate amortised models.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

Model = Annotated[str, typer.Argument(help="The model: diffusion.")]
Device = Annotated[str | None, typer.Option(help="cpu, cuda or mps; the fastest when not given.")]
Threads = Annotated[int | None, typer.Option(min=1, help="CPU threads.")]


def _setup(model: str, threads: int | None) -> None:
    if model != "diffusion":
        raise UserError(f"unknown model '{model}'; there is one: diffusion")
    _enter_environment()
    if threads is not None:
        import torch

        torch.set_num_threads(threads)


def _enter_environment() -> None:
    """Go on in the interpreter that has torch, made on first use as for any fit."""
    needs = extra_needs("diffusion")
    ready = ensure(needs, typer.echo)
    if ready.python != Path(sys.executable):
        command = [str(ready.python), "-m", "mmm_benchmark.cli", *sys.argv[1:]]
        sys.stdout.flush()
        os.execv(command[0], command)


@app.command()
def train(
    model: Model,
    config: Annotated[
        str,
        typer.Option(
            help="ours, ours-published, ours-believing, ours-prior-first, v1, v2, or JSON."
        ),
    ] = "ours",
    start_from: Annotated[
        Path | None, typer.Option(help="Folder of a checkpoint to begin with, not from scratch.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder of state, history and checkpoint.")] = Path(
        "results/diffusion"
    ),
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the last state.")] = False,
    minutes: Annotated[
        float | None, typer.Option(min=0.01, help="Stop by this time, over all resumptions.")
    ] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Optimiser steps.")] = None,
    until: Annotated[
        int | None, typer.Option(min=1, help="Stop after so many steps, to --resume later.")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of worlds and weights.")] = None,
    device: Device = None,
    threads: Threads = None,
) -> None:
    """Train on fresh simulations, logging every loss; a kill loses at most the last few steps."""
    _setup(model, threads)
    from mmm_benchmark.diffusion.inference import checkpoint
    from mmm_benchmark.diffusion.training import trainer as training

    chosen = training.read_config(config)
    if steps is not None:
        chosen = replace(chosen, training=replace(chosen.training, steps=steps))
    if seed is not None:
        chosen = replace(chosen, training=replace(chosen.training, seed=seed))
    where = training.train(
        chosen,
        out,
        checkpoint.pick_device(device),
        resume=resume,
        start_from=start_from,
        minutes=minutes,
        until=until,
        report=typer.echo,
    )
    typer.echo(f"checkpoint: {where}")


@app.command()
def calibrate(
    model: Model,
    datasets: Annotated[int, typer.Option(min=10, help="Fresh worlds.")] = 300,
    draws: Annotated[int, typer.Option(min=10, max=500, help="Draws a world.")] = 100,
    law: Annotated[
        str, typer.Option(help="training (all laws and sizes of it), worlds, time_varying ...")
    ] = "training",
    sampler: Annotated[str, typer.Option(help="ddim, ddpm or dpm.")] = "dpm",
    steps: Annotated[int, typer.Option(min=1, max=500, help="Network evaluations.")] = 20,
    checkpoint: Annotated[
        Path | None, typer.Option(help="Folder of a checkpoint; the shipped one if not given.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder of tables and plot.")] = Path(
        "results/calibration"
    ),
    beliefs: Annotated[
        bool, typer.Option("--beliefs", help="Tell the model beliefs, drawn as in training.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Seed of worlds and draws.")] = 1,
    device: Device = None,
    threads: Threads = None,
) -> None:
    """Simulation-based calibration, expected coverage and TARP on worlds never trained on."""
    _setup(model, threads)
    from mmm_benchmark.diffusion.inference.checkpoint import load, pick_device
    from mmm_benchmark.diffusion.inference.sample import Plan, sampler_name
    from mmm_benchmark.diffusion.training import calibration

    network, config, _ = load(checkpoint, pick_device(device))
    calibration.calibrate(
        network,
        config,
        Plan(sampler_name(sampler), steps),
        law=law,
        datasets=datasets,
        draws=draws,
        seed=seed,
        out=out,
        told=beliefs,
        report=typer.echo,
    )
