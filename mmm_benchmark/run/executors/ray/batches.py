"""How many fits go into one task of Ray, and how many tasks go to the cluster at a time.

A fit of minutes is a task of its own. Small ones share a task, as many as fill
:data:`BATCH` seconds; towards the end of a run the batches shrink, so that no node works long
while others have nothing left (guided self-scheduling: Polychronopoulos and Kuck, 1987).
"""

from __future__ import annotations

import math
from collections import defaultdict

BATCH = 30.0  # seconds of fits that one task is given
MOST = 256  # fits in a task
WINDOW = 32  # fits on their way for each place of the cluster, so that batches can be filled
LARGEST_WINDOW = 2000  # of them in all: each holds a thread, a lock and a folder of the driver

LOOK = 1e-4  # seconds between two looks at the tasks, for each of them: a look goes over all
NEWS = 100  # messages a second that all tasks together may send


def pause(places: int) -> float:
    """Seconds that a task gathers news before it tells them: one driver hears all places."""
    return max(0.5, places / NEWS)


def together(tasks: int) -> float:
    """Seconds that the driver waits for more, once a task has news."""
    return min(0.2, LOOK * tasks)


def window(places: int) -> int:
    """How many fits may be on their way, from their lock to their place in the store."""
    return max(WINDOW, min(WINDOW * places, LARGEST_WINDOW))


def ahead(places: int) -> int:
    """Tasks that wait in Ray while all places are taken: no place idles, and no store fills.

    An autoscaler sees them as demand.
    """
    return max(2, places // 4)


class Durations:
    """How long the fits of each fitter have taken in this run."""

    def __init__(self) -> None:
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self._fits: defaultdict[str, int] = defaultdict(int)

    def add(self, fitter: str, seconds: float) -> None:
        """A fit has ended."""
        self._seconds[fitter] += seconds
        self._fits[fitter] += 1

    def batch(self, fitter: str, queued: int, places: int) -> int:
        """How many of ``queued`` fits the next task takes; one until the first has ended."""
        if not self._fits[fitter]:
            return 1
        mean = self._seconds[fitter] / self._fits[fitter]
        filled = MOST if mean <= 0 else int(min(MOST, BATCH / mean))
        fair = math.ceil(queued / (2 * max(1, places)))
        return max(1, min(filled, fair))
