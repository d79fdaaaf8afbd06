"""Weights as safetensors, configuration and record as JSON; no pickle."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from mmm_benchmark.diffusion.config import DiffusionConfig, from_json
from mmm_benchmark.diffusion.inference.limits import SHIPPED
from mmm_benchmark.diffusion.network.denoiser import Denoiser
from mmm_benchmark.errors import UserError

WEIGHTS, CONFIG = "model.safetensors", "config.json"


def pick_device(name: str | None = None) -> torch.device:
    """``name`` if given, else CUDA, else Apple's MPS, else the CPU."""
    if name not in (None, "auto"):
        try:
            return torch.device(str(name))
        except RuntimeError as error:
            raise UserError(f"unknown device '{name}'; try cpu, cuda or mps") from error
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def write_tensors(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Write atomically: a kill leaves the old file or the new one."""
    partial = path.with_suffix(".partial")
    save_file({name: t.detach().cpu().contiguous() for name, t in tensors.items()}, partial)
    partial.replace(path)


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write JSON atomically."""
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")
    partial.replace(path)


def save(
    folder: Path, weights: Mapping[str, Tensor], config: DiffusionConfig, record: Mapping[str, Any]
) -> None:
    """Write a checkpoint: ``record`` says how it was made (steps, worlds, hours)."""
    folder.mkdir(parents=True, exist_ok=True)
    write_tensors(folder / WEIGHTS, weights)
    digest = hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest()[:16]
    described = {**record, "sha256": digest}
    write_json(folder / CONFIG, {"config": config.to_json(), "record": described})


def load(
    folder: Path | None = None, device: torch.device | str = "cpu"
) -> tuple[Denoiser, DiffusionConfig, dict[str, Any]]:
    """Read a checkpoint, the shipped one unless ``folder`` is given: network, config, record."""
    folder = SHIPPED if folder is None else folder
    if not (folder / WEIGHTS).exists():
        raise UserError(
            f"no diffusion checkpoint in {folder}; make one with: mmm-benchmark train diffusion"
        )
    described = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    config = from_json(described["config"])
    network = Denoiser(config.network)
    network.load_state_dict(load_file(folder / WEIGHTS))
    return network.to(device).eval(), config, described["record"]
