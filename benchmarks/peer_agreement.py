"""One fit of one preset, scored as the published comparison scores it.

    python benchmarks/peer_agreement.py nutpie small_business --draws 500 --tune 500

Run it with the interpreter of the fitter's extra. Prints one JSON line: seconds by phase, worst
ESS and R-hat, peak memory, and SRMSE and bias of the posterior mean contributions averaged over
geos and channels, which is how the published tables average them (root mean squared error over
the standard deviation of the true contribution).
"""

from __future__ import annotations

import argparse
import json
import time

from mmm_benchmark import phases
from mmm_benchmark.environments.load import make_fitter
from mmm_benchmark.fit import Budget
from mmm_benchmark.plan.registry import BUILT_IN
from mmm_benchmark.run.worker import peak_rss_mb
from mmm_data_generator import generate_mmm_dataset, get_preset_config


def main() -> None:
    """Fit, score, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("fitter")
    parser.add_argument("preset")
    parser.add_argument("--chains", type=int, default=4)
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--tune", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--settings", type=json.loads, default={}, help="JSON, over the registry's")
    args = parser.parse_args()

    entry = next(each for each in BUILT_IN if each.name == args.fitter)
    dataset = generate_mmm_dataset(get_preset_config(args.preset))
    fitter = make_fitter(entry.target, {**entry.settings, **args.settings})
    started = time.perf_counter()
    budget = Budget(chains=args.chains, draws=args.draws, tune=args.tune)
    fit = fitter.fit(dataset.observed, budget, args.seed)
    total = time.perf_counter() - started

    if dataset.truth is None:
        raise SystemExit(f"{args.preset} has no truth to score against")
    true = dataset.truth["contribution"]
    error = fit.posterior["contribution"].mean(("chain", "draw")) - true
    srmse = (error**2).mean("date") ** 0.5 / true.std("date")
    row = {
        "fitter": args.fitter,
        "preset": args.preset,
        "settings": fitter.settings(),
        "budget": [args.chains, args.tune, args.draws],
        "total_s": round(total, 1),
        "seconds": {name: round(s, 1) for name, s in phases.seconds().items()},
        "peak_rss_mb": round(peak_rss_mb()),
        "srmse": round(float(srmse.mean()), 3),
        "srmse_by_channel": dict(
            zip(
                true["channel"].values.tolist(),
                srmse.mean("geo").values.round(3).tolist(),
                strict=True,
            )
        ),
        "mean_bias": round(float(error.mean()), 1),
        "diagnostics": {name: round(value, 4) for name, value in fit.diagnostics.items()},
        "parameters": dict(fit.parameter_counts),
        "notes": list(fit.notes),
    }
    print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
