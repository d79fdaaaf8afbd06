"""The state of a training, kept so that it can go on: whole, or packed to be shared."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from mmm_benchmark.diffusion.inference import checkpoint

STATE, PROGRESS = "state.safetensors", "progress.json"


def write(
    folder: Path,
    network: nn.Module,
    average: nn.Module,
    optimiser: torch.optim.Optimizer,
    progress: dict[str, Any],
) -> None:
    """Write weights, their average, the optimiser's moments, and where training stands."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {f"network.{k}": v for k, v in network.state_dict().items()}
    tensors |= {f"average.{k}": v for k, v in average.state_dict().items()}
    for index, moments in optimiser.state_dict()["state"].items():
        tensors |= {f"moment.{index}.{k}": v for k, v in moments.items()}
    checkpoint.write_tensors(folder / STATE, tensors)
    checkpoint.write_json(folder / PROGRESS, progress)


def read(
    folder: Path,
    network: nn.Module,
    average: nn.Module,
    optimiser: torch.optim.Optimizer,
    device: torch.device,
) -> dict[str, Any]:
    """Take up what :func:`write` or :func:`pack` wrote; returns where training stands."""
    tensors = load_file(folder / STATE, device=str(device))

    def under(prefix: str) -> dict[str, Tensor]:
        return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}

    network.load_state_dict(under("network."))
    averaged = under("average.")
    if not averaged:  # packed: it is the checkpoint
        averaged = load_file(folder / "checkpoint" / checkpoint.WEIGHTS, device=str(device))
    average.load_state_dict(averaged)
    moments: dict[int, dict[str, Tensor]] = {}
    for key, value in under("moment.").items():
        index, name = key.split(".")
        moments.setdefault(int(index), {})[name] = value.float()
    optimiser.load_state_dict({**optimiser.state_dict(), "state": moments})
    found: dict[str, Any] = json.loads((folder / PROGRESS).read_text(encoding="utf-8"))
    return found


def pack(folder: Path, out: Path) -> None:
    """Copy a training that can go on, in about half the space.

    The optimiser's moments lose digits (bfloat16), the average is left to the checkpoint beside
    them. A training that goes on from it is as good, but not the same to the last digit.
    """
    tensors = load_file(folder / STATE)
    kept = {
        name: x.bfloat16() if name.startswith("moment.") and x.ndim else x
        for name, x in tensors.items()
        if not name.startswith("average.")
    }
    (out / "checkpoint").mkdir(parents=True, exist_ok=True)
    checkpoint.write_tensors(out / STATE, kept)
    for name in (PROGRESS, "history.csv", "validation.csv"):
        if (folder / name).exists():
            (out / name).write_bytes((folder / name).read_bytes())
    for name in (checkpoint.WEIGHTS, checkpoint.CONFIG):
        (out / "checkpoint" / name).write_bytes((folder / "checkpoint" / name).read_bytes())
