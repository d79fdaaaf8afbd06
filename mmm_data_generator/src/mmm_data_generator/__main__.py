"""``python -m mmm_data_generator PRESET --out DIR``: generate a preset and save it."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Any


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return 0, or 2 for a mistake in what was asked."""
    args = _parser().parse_args(argv)
    # numpy, pandas and xarray load after --help and after mistakes that argparse finds
    from mmm_data_generator import (
        customize_preset,
        describe,
        generate_mmm_dataset,
        list_available_presets,
        list_cells,
    )

    if args.preset == "list":
        print("\n".join(f"{name:20} {describe(name)}" for name in list_available_presets()))
        print("\nCells: every seed draws another world, sizes included")
        print("\n".join(f"{name:20} {describe(name)}" for name in list_cells()))
        return 0
    if args.out is None and args.csv is None:
        return _refuse("nowhere to write: give --out DIR, --csv FILE, or both")
    try:
        changes = dict(_change(text) for text in args.set)
        dataset = generate_mmm_dataset(customize_preset(args.preset, seed=args.seed, **changes))
        if args.out is not None:
            print(f"{dataset!r} saved in {dataset.save(args.out)}")
        if args.csv is not None:
            dataset.data.to_csv(args.csv, index=False)
            print(f"{len(dataset.data)} rows written to {args.csv}")
    except (ValueError, OSError) as error:
        return _refuse(str(error))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m mmm_data_generator",
        description="Generate marketing-mix data whose truth is known.",
    )
    parser.add_argument(
        "preset", metavar="PRESET", help="name of a preset or cell; 'list' shows them"
    )
    parser.add_argument("--out", metavar="DIR", help="directory to save the dataset in")
    parser.add_argument("--csv", metavar="FILE", help="write the tidy table without the truth")
    parser.add_argument("--seed", type=int, default=0, help="seed of the draw, default 0")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="FIELD=VALUE",
        help="change a field, for example regions.n_regions=4; may be repeated",
    )
    return parser


def _change(text: str) -> tuple[str, Any]:
    field, sign, value = text.partition("=")
    if not sign or not field:
        raise ValueError(f"--set {text}: must be FIELD=VALUE, for example regions.n_regions=4")
    try:
        return field, json.loads(value)
    except json.JSONDecodeError:
        return field, value


def _refuse(message: str) -> int:
    print(f"error: {message}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
