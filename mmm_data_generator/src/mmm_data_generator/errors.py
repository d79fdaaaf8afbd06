"""Errors meant for a person: one line saying what is wrong, where, and what would be right."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class OneLine(Exception):  # noqa: N818 - a manner of an error, no error of its own
    """In a notebook, the message alone: the mistake is the user's, and no line of ours shows it."""

    def _render_traceback_(self) -> list[str]:  # IPython asks for it
        return [f"{type(self).__name__}: {self}"]


class ConfigError(OneLine, ValueError):
    """A field of a configuration is not allowed; the message names field, value and rule.

    Parameters
    ----------
    path
        Where, for example ``channels[2].saturation.slope``.
    problem
        What is wrong and what would be right, for example ``= -1: must be > 0``.
    owner
        Class of the outermost object known so far; dropped once a parent says where it stands.
    """

    def __init__(self, path: str, problem: str, owner: str = "") -> None:
        self.path, self.problem, self.owner = path, problem, owner
        super().__init__(f"{f'{owner}.' if owner else ''}{path}{problem}")

    def under(self, parent: str) -> ConfigError:
        """Return the same error seen from the parent's field, for example ``channels[2]``."""
        return ConfigError(f"{parent}.{self.path}", self.problem)


class DataError(OneLine, ValueError):
    """A table or a directory is not a dataset; the message says which rows and what is allowed."""


def suggest(name: str, known: Iterable[str]) -> str:
    """Return ``; did you mean 'x'?`` for the nearest known name, or nothing."""
    folded = {candidate.lower(): candidate for candidate in known}
    near = get_close_matches(name.lower(), folded, n=1, cutoff=0.5)
    return f"; did you mean '{folded[near[0]]}'?" if near else ""
