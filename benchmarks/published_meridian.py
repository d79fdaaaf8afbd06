# /// script
# dependencies = [
#     "google-meridian>=2.1,<3",
#     "jax>=0.6,<0.13",
# ]
# ///
"""The follow-up of the public comparison, beside ``meridian-published``, which is its first code.

    python run_benchmark.py --datasets small_business --samplers meridian-published \\
        --fitter benchmarks/published_meridian.py

Commit 44bd70b of pymc-labs/mmm-param-recovery: automatic knots and the library's own prior of
effects. In both codes half-saturation, slope, controls and noise are the library's defaults; the
text that went with them said otherwise.
"""

from __future__ import annotations

from mmm_benchmark.fitters.meridian.fitter import MeridianPublished


class PublishedMeridian(MeridianPublished):
    """The same fitter with the other edition and a name of its own in the tables."""

    name = "meridian-follow-up"

    def __init__(self, *, edition: str = "follow-up") -> None:
        super().__init__(edition=edition)
