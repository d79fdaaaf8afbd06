"""``prior``: what a prior says of a dataset before its sales are seen, as table and picture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from mmm_benchmark.priors.predictive import Drawn

#: More of the draws than this with media above all sales is said to be too many.
MANY = 0.05


def prior(
    given: Annotated[
        str,
        typer.Argument(
            metavar="NAME|FILE",
            help="neutral, pymc-marketing, meridian, robyn, published, or a JSON file.",
        ),
    ],
    dataset: Annotated[
        str, typer.Option(help="Whose spend and total sales: a preset, a cell or a directory.")
    ] = "small_business",
    out: Annotated[Path, typer.Option(help="The picture, PNG (an SVG stands beside it).")] = Path(
        "prior.png"
    ),
    seed: Annotated[int | None, typer.Option(help="Of a preset.")] = None,
) -> None:
    """Draw a prior's returns, shares and elasticities; a mistake in it is one line."""
    from mmm_benchmark.errors import UserError
    from mmm_benchmark.plan.datasets import source_of
    from mmm_benchmark.plan.options import DEFAULT_SEED
    from mmm_benchmark.priors.prior import prior_of, read_prior

    said = prior_of(read_prior(given))
    if out.suffix.lower() != ".png":
        raise UserError(f"--out {out}: must end in .png")
    source = source_of(dataset)
    if source.seed is not None and seed is not None:
        raise UserError(f"give the seed once: {dataset}, or --seed {seed}")
    chosen = source.seed if source.seed is not None else seed
    made = source.make(DEFAULT_SEED if chosen is None else chosen)

    from mmm_benchmark.priors.predictive import prior_predictive
    from mmm_benchmark.report.plots.prior import prior_picture
    from mmm_benchmark.report.plots.style import save, theme

    observed = made.observed
    drawn = prior_predictive(observed, said)
    channels = [str(name) for name in observed["channel"].values]
    cautions = said.cautions
    if said.curve == "sigmoid":
        cautions = ("Hill curves near PyMC-Marketing's own sigmoid; its hierarchy is not drawn.",)
    print("\n".join(_table(channels, drawn)))
    if said.structure:
        print("\n" + ", ".join(said.structure))
    over = float((drawn.share.sum(axis=1) > 1).mean())
    if over > MANY:
        print(f"\nin {over:.0%} of the draws media sell more than was sold in all")
    out.parent.mkdir(parents=True, exist_ok=True)
    with theme():
        figure = prior_picture(f"Prior '{said.name}' on {source.name}", channels, drawn, cautions)
        for path in save(figure, out.with_suffix("")):
            print(path)


def _table(channels: list[str], drawn: Drawn) -> list[str]:
    """Median and 90% range of each figure, a line a channel."""
    import numpy as np

    from mmm_benchmark.commands.lines import aligned

    rows: list[tuple[str, ...]] = [("CHANNEL", "ROAS", "SHARE OF SALES", "ELASTICITY")]
    columns = [np.percentile(each, (5, 50, 95), axis=0) for each in drawn]
    for c, name in enumerate(channels):
        cells = ["{1:.3g} ({0:.2g} to {2:.3g})".format(*column[:, c]) for column in columns]
        rows.append((name, *cells))
    media = np.percentile(drawn.share.sum(axis=1), (5, 50, 95))
    rows.append(("all media", "", "{1:.3g} ({0:.2g} to {2:.3g})".format(*media), ""))
    return aligned(rows)
