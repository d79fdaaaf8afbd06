"""Fitters told one prior, on the business presets: network, physics, NUTS and ``exact``.

    python benchmarks/told_presets.py fit small_business 35 FITTER ...  # goes on where it stopped
    python benchmarks/told_presets.py report

All are told ``neutral``, which is not the law of these worlds. Those whose names end in ``-still``
are told besides that effects stay and the baseline does not wander, as it is on business presets
and as the model of ``numpyro-mmm`` has it; on ``time_varying`` the first of it is false. Seeds from
1001 on, which no choice was made on. Scores as in ``told_prior.py``: each channel's contribution
over the window. Run each fitter in the environment of its extra (``diffusion``, or ``numpyro``);
rows are in ``results/told_presets.csv``.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from told_prior import FITTERS, append, compared, made, read, scored

OUT = Path(__file__).parent / "results" / "told_presets.csv"
PRIOR = "neutral"
FIRST_SEED = 1001
PAIRS = (
    ("diffusion-still", "wiener-still"),
    ("diffusion-still", "numpyro-mmm"),
    ("diffusion-still", "diffusion"),
    ("diffusion-still", "diffusion-fast-still"),
    ("diffusion-fast-still", "wiener-still"),
    ("diffusion-fast-still", "numpyro-mmm"),
    ("wiener-still", "numpyro-mmm"),
    ("wiener-still", "wiener"),
    ("diffusion", "diffusion-any"),
    ("diffusion-fast", "diffusion-fast-any"),
    ("diffusion", "wiener"),
    ("diffusion", "numpyro-mmm"),
    ("diffusion", "diffusion-fast"),
    ("diffusion-fast", "wiener"),
    ("diffusion-fast", "numpyro-mmm"),
    ("wiener", "numpyro-mmm"),
    ("exact", "numpyro-mmm"),
)


def fit(preset: str, count: int, fitters: list[str]) -> None:
    """Every seed of a preset that these fitters have not answered yet."""
    from mmm_data_generator import generate_mmm_dataset

    done = {(row["dataset"], row["seed"], row["fitter"]) for row in read(OUT)}
    for seed in range(FIRST_SEED, FIRST_SEED + count):
        world = generate_mmm_dataset(preset, seed=seed)
        truth = world.truth["contribution"].sum(("geo", "date")).values
        for name in fitters:
            if (preset, str(seed), name) in done:
                continue
            row = {"dataset": preset, "seed": str(seed), "fitter": name}
            row |= scored(made(name, PRIOR), world.observed, truth)
            print(row, flush=True)
            append(OUT, row)


def report() -> None:
    """Ratios by preset, geometric means; seeds drawn again for the intervals."""
    rows = read(OUT)
    score = {(r["dataset"], r["seed"], r["fitter"]): float(r["crps"]) for r in rows}
    held = {(r["dataset"], r["seed"], r["fitter"]): float(r["held_90"]) for r in rows}
    for preset in dict.fromkeys(r["dataset"] for r in rows):
        for first, second in PAIRS:
            worlds = [
                k[:2] for k in score if k[::2] == (preset, first) and (*k[:2], second) in score
            ]
            if len(worlds) > 1:
                print(f"{preset:16} {compared(score, held, worlds, first, second)}")


def main() -> None:
    """Do one part."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", choices=("fit", "report"))
    parser.add_argument("preset", nargs="?", default="small_business")
    parser.add_argument("seeds", nargs="?", type=int, default=35)
    parser.add_argument("fitters", nargs="*", choices=FITTERS, metavar="FITTER")
    given = parser.parse_args()
    if given.part == "fit":
        fit(given.preset, given.seeds, given.fitters)
    else:
        report()


if __name__ == "__main__":
    main()
