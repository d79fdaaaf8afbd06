"""Every fitter of the registry has a look of its own, seen on white paper."""

from __future__ import annotations

from collections import Counter

import pytest

from mmm_benchmark.plan.choose import registered
from mmm_benchmark.report.plots.style import LOOKS

LEAST = 1.8  # contrast with white, WCAG 2; the lightest of Okabe & Ito's colours has 2.25


def luminance(colour: str) -> float:
    parts = (int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5))
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_each_fitter_has_its_own_look() -> None:
    assert set(registered()) <= set(LOOKS)
    assert Counter(look.colour for look in LOOKS.values()).most_common(1)[0][1] == 1


@pytest.mark.parametrize("fitter", LOOKS)
def test_it_is_seen_on_white(fitter: str) -> None:
    assert 1.05 / (luminance(LOOKS[fitter].colour) + 0.05) > LEAST
