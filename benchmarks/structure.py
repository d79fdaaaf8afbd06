"""Train the network to know what it is that effects stay, or that the baseline does not wander.

    python benchmarks/structure.py train        # goes on where it stopped
    python benchmarks/structure.py curve        # loss, CRPS, coverage by core-hour
    python benchmarks/structure.py compare      # with the network it started from, world by world
    python benchmarks/structure.py ship         # its weights answer where a prior says such a thing

It starts from the network that ``prior_first.py`` trained. ``work/structure`` holds the training.
Needs the extra ``diffusion``; one thread.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from prior_first import RESULTS, by_core_hour, paired, write

WORK = Path(__file__).parents[1] / "work" / "structure"


def train() -> None:
    """From the shipped network that answers under a prior, or from where it stopped."""
    import torch

    from mmm_benchmark.diffusion.config import preset
    from mmm_benchmark.diffusion.inference.limits import SHIPPED_TOLD
    from mmm_benchmark.diffusion.training import trainer

    torch.set_num_threads(1)
    trainer.train(
        preset("ours-structure"),
        WORK,
        torch.device("cpu"),
        resume=True,
        start_from=SHIPPED_TOLD,
        report=lambda line: print(line, flush=True),
    )


def compare(worlds: int, draws: int) -> None:
    """Beside the network that it started from."""
    from mmm_benchmark.diffusion.inference.limits import SHIPPED_TOLD

    rows = paired(WORK / "checkpoint", SHIPPED_TOLD, worlds, draws)
    write(RESULTS / "structure_compared.csv", rows)


def ship() -> None:
    """Copy the averaged weights to where a fitter that is told so finds them."""
    from mmm_benchmark.diffusion.inference.limits import SHIPPED_STRUCTURE

    shutil.copytree(WORK / "checkpoint", SHIPPED_STRUCTURE, dirs_exist_ok=True)


def main() -> None:
    """Do one part."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", choices=("train", "curve", "compare", "ship"))
    parser.add_argument("--worlds", type=int, default=24)
    parser.add_argument("--draws", type=int, default=32)
    given = parser.parse_args()
    if given.part == "train":
        train()
    elif given.part == "curve":
        write(RESULTS / "structure_curve.csv", by_core_hour(WORK))
    elif given.part == "compare":
        compare(given.worlds, given.draws)
    else:
        ship()


if __name__ == "__main__":
    main()
