"""Train the network to answer under a prior that is stated: a race, a curve, a comparison.

    python benchmarks/prior_first.py race [--until 300]     # both recipes, by turns; goes on
    python benchmarks/prior_first.py go best --until N      # the better one goes on, or by name
    python benchmarks/prior_first.py pack best              # what another machine can go on from
    python benchmarks/prior_first.py ship best              # its weights answer under --prior
    python benchmarks/prior_first.py curve                  # loss, CRPS, coverage by core-hour
    python benchmarks/prior_first.py compare [best]         # with the shipped network, paired

Both start from the shipped checkpoint. ``work/prior_first/RECIPE`` holds a training; packed, it is
``benchmarks/results/diffusion/prior_first``. Needs the extra ``diffusion``; one thread.
"""

from __future__ import annotations

import argparse
import csv
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np

HERE = Path(__file__).parents[1]
WORK = HERE / "work" / "prior_first"
RESULTS = Path(__file__).parent / "results" / "diffusion"
PACKED = RESULTS / "prior_first"
#: Learning rates: a fine-tuning, and the pace of the trainings that taught the shipped network.
RECIPES = {"gentle": 3e-4, "bold": 1e-3}
LOOKED_AT = 20  # worlds of each kind: the same in every look, or looks could not be compared
NAMED = ("go", "pack", "ship", "compare")  # parts of one recipe
TURN = 200  # steps that one recipe trains before the other


def go(recipe: str, until: int) -> None:
    """Train one recipe up to a step; it may have begun, here or in a packed folder."""
    import torch

    from mmm_benchmark.diffusion.config import preset
    from mmm_benchmark.diffusion.inference.limits import SHIPPED
    from mmm_benchmark.diffusion.training.trainer import train

    torch.set_num_threads(1)
    config = preset("ours-prior-first")
    paced = replace(config.training, learning_rate=RECIPES[recipe])
    often = TURN if until <= 1000 else 2000  # a race is looked at often
    paced = replace(paced, validate_every=often, validate_worlds=LOOKED_AT)
    train(
        replace(config, training=paced),
        WORK / recipe,
        torch.device("cpu"),
        resume=True,
        start_from=SHIPPED,
        until=until,
        report=lambda line: print(recipe, line, flush=True),
    )


def best() -> str:
    """The recipe with the least CRPS at the last look that both have had, all ways alike."""
    looks = {name: _rows(WORK / name / "validation.csv") for name in RECIPES}
    last = min(len(rows) for rows in looks.values()) - 1
    middle = {
        name: np.mean([np.log(float(v)) for k, v in rows[last].items() if k.startswith("crps")])
        for name, rows in looks.items()
    }
    return min(middle, key=lambda name: middle[name])


def race(until: int) -> None:
    """Both recipes by turns, on the same worlds."""
    for step in range(TURN, until + TURN, TURN):
        for recipe in RECIPES:
            go(recipe, min(step, until))


def pack(recipe: str) -> None:
    """Copy a training to where it is shipped."""
    from mmm_benchmark.diffusion.training import kept

    kept.pack(WORK / recipe, PACKED)
    size = sum(path.stat().st_size for path in PACKED.rglob("*") if path.is_file())
    print(f"{PACKED}: {size / 1e6:.1f} MB")


def ship(recipe: str) -> None:
    """Copy the averaged weights to where a fitter that is told a prior finds them."""
    from mmm_benchmark.diffusion.inference.limits import SHIPPED_TOLD

    shutil.copytree(WORK / recipe / "checkpoint", SHIPPED_TOLD, dirs_exist_ok=True)


def curve() -> None:
    """Write one table of all recipes: validation, and the loss since the look before."""
    rows = []
    for recipe in RECIPES:
        looks, losses = (_rows(WORK / recipe / f"{n}.csv") for n in ("validation", "history"))
        before = -1.0
        for look in looks:
            step = float(look["step"])
            recent = [float(x["total"]) for x in losses if before < float(x["step"]) <= step]
            loss = f"{np.mean(recent):.4f}" if recent else ""
            hours = float(look.pop("core_seconds")) / 3600
            rows.append({"recipe": recipe, "core_hours": f"{hours:.4f}", "loss": loss, **look})
            before = step
    write(RESULTS / "prior_first_curve.csv", rows)


def compare(folder: Path, count: int, draws: int) -> None:
    """Score a checkpoint beside the shipped one on worlds of another seed, world by world."""
    import torch

    from mmm_benchmark.diffusion.inference import checkpoint
    from mmm_benchmark.diffusion.problem.schedule import cosine_schedule
    from mmm_benchmark.diffusion.training.validation import validate, validation_set

    torch.set_num_threads(1)
    asked = validation_set(count, seed=1)
    mine, config, record = checkpoint.load(folder)
    schedule = cosine_schedule(config.diffusion_steps, config.cosine_offset)
    found = validate(mine, schedule, asked, draws)
    shipped = validate(checkpoint.load()[0], schedule, asked, draws)
    rows = []
    for way, its in found.items():
        gain = np.log(its.crps / shipped[way].crps)
        middle, error = gain.mean(), gain.std(ddof=1) / len(gain) ** 0.5
        ends = np.exp(middle + error * np.array([-1.96, 0.0, 1.96]))
        rows.append(
            {
                "way": way,
                "worlds": len(gain),
                "step": record["step"],
                "crps_ratio": f"{ends[1]:.4f}",
                "low": f"{ends[0]:.4f}",
                "high": f"{ends[2]:.4f}",
                "crps": f"{np.exp(np.log(its.crps).mean()):.4f}",
                "crps_shipped": f"{np.exp(np.log(shipped[way].crps).mean()):.4f}",
                "held_90": f"{its.held_90.mean():.3f}",
                "held_90_shipped": f"{shipped[way].held_90.mean():.3f}",
            }
        )
        print(rows[-1], flush=True)
    write(RESULTS / "prior_first_compared.csv", rows)


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        return []
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def write(path: Path, rows: list[dict[str, str]]) -> None:
    """Write rows of one kind."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def main() -> None:
    """Do one part."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", choices=("race", "go", "pack", "ship", "curve", "compare"))
    parser.add_argument("which", nargs="?", default="best", help="a recipe, or a checkpoint")
    parser.add_argument("--until", type=int, default=300)
    parser.add_argument("--worlds", type=int, default=48)
    parser.add_argument("--draws", type=int, default=32)
    given = parser.parse_args()
    which = best() if given.part in NAMED and given.which == "best" else given.which
    if given.part == "race":
        race(given.until)
    elif given.part == "go":
        go(which, given.until)
    elif given.part == "pack":
        pack(which)
    elif given.part == "ship":
        ship(which)
    elif given.part == "curve":
        curve()
    else:
        folder = WORK / which / "checkpoint" if which in RECIPES else Path(which)
        compare(folder, given.worlds, given.draws)


if __name__ == "__main__":
    main()
