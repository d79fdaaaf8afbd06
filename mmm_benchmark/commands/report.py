"""``report``: the page of what is stored, without fitting anything."""

from __future__ import annotations

from pathlib import Path

from mmm_benchmark.commands.typed import DatasetsOption, ResultsOption, SamplersOption


def report(
    results: ResultsOption = Path("results"),
    datasets: DatasetsOption = None,
    samplers: SamplersOption = None,
) -> None:
    """Write report.html: verdict, scores, pictures, failures and provenance in one file."""
    from rich.console import Console

    from mmm_benchmark.api import benchmark
    from mmm_benchmark.plan.options import Options
    from mmm_benchmark.report.page_file import PAGE

    options = Options(
        datasets=tuple(datasets or ()),
        samplers=tuple(samplers or ()),
        results=results,
        plots_only=True,
        plots=False,
        page=True,
    )
    benchmark(options, Console(stderr=True))
    print(results / PAGE)
