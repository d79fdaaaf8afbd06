"""``calibrate``: is a fitter as sure as it should be, over worlds drawn from a law."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mmm_benchmark.commands.typed import options_of, typed_parameters
from mmm_benchmark.errors import UserError, unknown

if TYPE_CHECKING:
    from mmm_benchmark.calibration.study import Study

#: Options of a run that a study takes as they are.
SHARED = (
    *("chains", "draws", "tune", "target_accept", "results", "timeout", "memory_limit", "jobs"),
    *("priors", "prior", "device", "executor", "imports", "reuse_compiled"),
    *("retry_failed", "quiet"),
)
#: Seeds of these worlds: apart from those of the suite, and of whoever verifies a submission.
FIRST_SEED = 20_000
OUT = Path("results/calibration")


def calibrate(
    fitter: str, *, law: str, datasets: int, first_seed: int, out: Path | None, **typed: Any
) -> int:
    """Rank the truth among a fitter's draws over fresh worlds; resumable, as every fit is kept."""
    from mmm_data_generator import list_cells

    if law not in list_cells():
        raise unknown("law", law, list_cells())
    if datasets < 10:
        raise UserError(f"--datasets {datasets}: at least 10 worlds are needed to say anything")
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)  # or said now, before hours of fits
    is_file = fitter.endswith(".py") or ".py:" in fitter
    options = options_of(
        typed
        | {
            "datasets": [law],
            "seeds": list(range(first_seed, first_seed + datasets)),
            ("fitter" if is_file else "samplers"): [fitter],
        }
    )

    from mmm_benchmark.api import settled
    from mmm_benchmark.calibration import picture
    from mmm_benchmark.calibration.study import rank_table, study, table
    from mmm_benchmark.run.progress import screen

    console = screen(options.quiet)
    fits = [outcome.fit for outcome in settled(options, console)]
    name = str(fits[0].job["fitter"])
    found = study(name, law, fits, options.results)
    if not found.quantities:
        said = "; ".join(sorted({line.partition(": ")[2] for line in found.failures})[:3])
        reason = said or "it gives a point, not draws; scipy has draws as scipy-bootstrap"
        raise UserError(f"'{name}' cannot be calibrated on '{law}': {reason}")
    folder = OUT / law / name if out is None else out
    folder.mkdir(parents=True, exist_ok=True)
    frame = table(found)
    frame.to_csv(folder / "calibration.csv", index=False, float_format="%.4g")
    rank_table(found).to_csv(folder / "ranks.csv", index=False)
    picture.draw(found, folder / "calibration")
    for line in lines(found):
        print(line)
    print(f"table, ranks and picture: {folder}")
    return 0


def lines(found: Study) -> list[str]:
    """The table for people."""
    from mmm_benchmark.calibration.study import table
    from mmm_benchmark.commands.lines import aligned

    rows: list[tuple[str, ...]] = [
        ("QUANTITY", "WORLDS", "UNIFORM, P", "MEAN RANK", "50% HOLDS", "90% HOLDS")
    ]
    for row in table(found).to_dict("records"):
        held = [
            f"{row[f'coverage_{level}']:.0%} [{row[f'coverage_{level}_low']:.0%}, "
            f"{row[f'coverage_{level}_high']:.0%}]"
            for level in (50, 90)
        ]
        p = row["p_uniform"]
        rows.append(
            (
                str(row["quantity"]),
                str(row["worlds"]),
                "< 0.001" if p < 0.001 else f"{p:.2g}",
                f"{row['mean_rank']:.2f}",
                *held,
            )
        )
    said = [
        *aligned(rows),
        f"law '{found.law}' decides what is right here: a fitter whose own prior is another may "
        "leave the band and be sound",
    ]
    if found.flagged:
        said.append(f"{found.flagged} fits failed their own checks; they count like the others")
    if found.failures:
        said.append(f"{len(found.failures)} worlds have no fit and do not count:")
        said += [f"  {line}" for line in found.failures[:5]]
    return said


def signature() -> inspect.Signature:
    """What is its own, and the options of a run that it shares."""

    def own(name: str, kind: Any, default: Any, **more: Any) -> inspect.Parameter:
        return inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=default,
            annotation=Annotated[kind, typer.Option(**more)],
        )

    shared = {each.name: each for each in typed_parameters()}
    fitter = inspect.Parameter(
        "fitter",
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
        annotation=Annotated[
            str,
            typer.Argument(
                help="A fitter's name, or FILE.py; 'diffusion' has options of its own: "
                "mmm-benchmark calibrate diffusion --help."
            ),
        ],
    )
    return inspect.Signature(
        [
            fitter,
            own("law", str, "published", help="The cell that worlds are drawn from."),
            own("datasets", int, 200, help="Fresh worlds, one fit each."),
            own("first_seed", int, FIRST_SEED, help="Seed of the first world."),
            own("out", Path | None, None, help=f"Folder of the figures [default: {OUT}/LAW/NAME]."),
            *(shared[name] for name in SHARED),
        ]
    )


calibrate.__signature__ = signature()  # type: ignore[attr-defined]  # Typer reads it
calibrate.__annotations__ = {each.name: each.annotation for each in signature().parameters.values()}
