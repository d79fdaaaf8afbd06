"""The ECDF of every quantity's ranks, less uniform, in the band of a calibrated one."""

from __future__ import annotations

from pathlib import Path

from mmm_benchmark.calibration.quantities import QUANTITIES
from mmm_benchmark.calibration.study import Study
from mmm_benchmark.report.plots.style import headline, look, save, theme

CALLED = {
    "media": "all media",
    "baseline": "baseline",
    "roas_largest": "ROAS, largest channel",
    "roas": "ROAS, one channel",
    "marginal_roas": "marginal ROAS, one channel",
    "doubled": "twice the spend, one channel",
    "week": "one channel in one week",
    "decay": "carry-over, one channel",
}
assert set(CALLED) == set(QUANTITIES)


def draw(found: Study, stem: Path) -> list[Path]:
    """Draw a study and save it as PNG and SVG."""
    from matplotlib.figure import Figure

    with theme():
        names = found.quantities
        columns = 4
        rows = -(-len(names) // columns)
        figure = Figure(figsize=(11.5, 1.2 + 2.3 * rows), layout="constrained")
        axes = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
        colour = look(found.fitter).colour
        for axis, name in zip(axes, names, strict=False):
            uniform = found.uniformity(name)
            low, high = uniform.low - uniform.at, uniform.high - uniform.at
            axis.fill_between(uniform.at, low, high, color="0.88", lw=0, step="mid")
            axis.step(uniform.at, uniform.ecdf - uniform.at, where="mid", color=colour, lw=1.6)
            axis.axhline(0, color="0.4", lw=0.7)
            p = uniform.p_value
            said = f"{len(found.of(name))} worlds, p {'< 0.001' if p < 0.001 else f'= {p:.2g}'}"
            axis.set(title=CALLED[name], xlim=(0, 1))
            axis.text(0.03, 0.04, said, transform=axis.transAxes, fontsize=8, color="0.3")
        for axis in axes[len(names) :]:
            axis.set_visible(False)
        headline(
            figure,
            f"{found.fitter} under the law '{found.law}': rank of the truth among draws",
            "ECDF less uniform against rank. Grey: where 95% of calibrated curves stay whole. "
            "A hill: the fitter says too much; a valley: too little; hill then valley: too sure.",
        )
        stem.parent.mkdir(parents=True, exist_ok=True)
        return save(figure, stem)
