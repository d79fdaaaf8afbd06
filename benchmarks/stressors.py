"""What each stressor does to a fit: the stressed world beside the same world without it.

``python benchmarks/stressors.py --samplers scipy --seeds 1 2 3 --out FILE.csv`` fits every stress
preset and its calm twin, and prints the error of ROAS (signed, of the channels together and of
the stressed channels) and of sales, stressed beside calm. Fits are stored, so a second run adds
samplers or seeds to the first.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import pandas as pd

from mmm_benchmark import run_benchmark
from mmm_data_generator import MMMDataConfig, get_preset_config
from mmm_data_generator.presets.stress import STRESS_PRESETS


def twins(name: str) -> tuple[MMMDataConfig, MMMDataConfig]:
    """Return the stressed config and its calm twin, of the same sizes and seed."""
    stressed = get_preset_config(name)
    # most presets share one calm twin, which is fitted once
    sizes = f"{stressed.n_periods}_weeks_{stressed.regions.n_regions}_geos"
    return stressed, replace(stressed, stressors=(), name=f"calm_{sizes}")


def affected(config: MMMDataConfig) -> set[str]:
    """Return the channels that the stressors name; all of them where none is named."""
    named = {c for stressor in config.stressors for c in getattr(stressor, "channels", ())}
    return named or set(config.channel_names)


def main() -> None:
    """Fit, compare, print, save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--presets", nargs="+", default=list(STRESS_PRESETS))
    parser.add_argument("--samplers", nargs="+", default=["scipy"])
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3])
    parser.add_argument("--draws", type=int, default=500)
    parser.add_argument("--jobs", type=int, default=1, help="fits at a time")
    parser.add_argument("--results", type=Path, default=Path("results"))
    parser.add_argument("--out", type=Path)
    parser.add_argument("--markdown", action="store_true", help="print the gallery's table")
    given = parser.parse_args()
    pairs = {name: twins(name) for name in given.presets}
    done = run_benchmark(
        dataset_config=list({c.name: c for pair in pairs.values() for c in pair}.values()),
        datasets=[],
        samplers=given.samplers,
        seeds=given.seeds,
        draws=given.draws,
        tune=given.draws,
        chains=2,
        results=given.results,
        jobs=given.jobs,
        plots=False,
        quiet=True,
    )
    rows = []
    for name, (stressed, calm) in pairs.items():
        for fitter in given.samplers:
            row: dict[str, object] = {"preset": name, "fitter": fitter}
            for which, config in (("stressed", stressed), ("calm", calm)):
                row |= {
                    f"{measure}_{which}": value
                    for measure, value in errors(done, config.name, fitter, affected(stressed))
                }
            rows.append(row)
    table = pd.DataFrame(rows)
    if given.markdown:
        print(markdown(table, given.samplers))
    else:
        print(table.to_string(index=False, float_format=lambda x: f"{x:.2f}"))
    if given.out is not None:
        table.round(4).to_csv(given.out, index=False)


def errors(done: object, name: str, fitter: str, channels: set[str]) -> list[tuple[str, float]]:
    """Return the measures of one dataset and fitter, averaged over seeds."""
    roas = done.tables["roas_recovery"].query("dataset == @name and fitter == @fitter")
    each = roas[roas["channel"].isin(channels)].dropna(subset=["roas"])
    signed = (each["roas"] - each["true_roas"]) / each["true_roas"]
    fits = done.tables["performance_metrics"].query("dataset == @name and fitter == @fitter")
    whole = fits[fits["geo"].astype(str).isin(("all", "nan", "", "None"))]
    if whole.empty:
        whole = fits
    return [
        ("roas_error", float(signed.mean())),
        ("roas_abs_error", float(signed.abs().mean())),
        ("r2_noise_free", float(whole["r2_noise_free"].mean())),
        ("durbin_watson", float(whole["durbin_watson"].mean())),
    ]


def markdown(table: pd.DataFrame, samplers: list[str]) -> str:
    """Signed error and mean size of ROAS errors, stressed and (in brackets) calm."""
    heads = [f"`{name}`, {what}" for name in samplers for what in ("signed", "size")]
    lines = ["| preset | " + " | ".join(heads) + " |", "|---" * (len(heads) + 1) + "|"]
    for preset, rows in table.groupby("preset"):
        by = rows.set_index("fitter")
        cells = [
            f"{by.at[name, f'{m}_stressed']:{sign}.0%} ({by.at[name, f'{m}_calm']:{sign}.0%})"
            for name in samplers
            for m, sign in (("roas_error", "+"), ("roas_abs_error", ""))
        ]
        lines.append(f"| `{preset}` | " + " | ".join(cells) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
