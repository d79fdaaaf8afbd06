# /// script
# dependencies = [
#     "google-meridian>=2.1,<3",
#     "jax>=0.6,<0.13",
# ]
# ///
"""Meridian as the code of the published comparison ran it, beside ``meridian`` as its text says.

    python run_benchmark.py --datasets growing_business --samplers meridian \\
        --fitter benchmarks/published_meridian.py

Three things differ: prior scales by spend share, log-normal effects over geos, and the Hill slope
left at the library's 1 although the text states Gamma(2, 1).
"""

from __future__ import annotations

from mmm_benchmark.fitters.meridian.fitter import Meridian


class PublishedMeridian(Meridian):
    """The same fitter with other settings and a name of its own in the tables."""

    name = "meridian-published"  # type: ignore[assignment]

    def __init__(
        self,
        *,
        automatic_knots: bool = False,
        priors: str = "spend-share",
        media_effects: str = "log_normal",
        slope: str = "one",
    ) -> None:
        super().__init__(
            automatic_knots=automatic_knots,
            priors=priors,
            media_effects=media_effects,
            slope=slope,
        )
