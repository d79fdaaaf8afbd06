"""Fixtures that tests of several stations share; each is defined once, in ``tests/fixtures``."""

from tests.fixtures.curve_worlds import world
from tests.fixtures.scored_worlds import make_failure, make_fit, make_world, toy

__all__ = ["make_failure", "make_fit", "make_world", "toy", "world"]
