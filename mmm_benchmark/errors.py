"""Errors meant for a person: one line saying what is wrong, where, and what would be right."""

from __future__ import annotations

from collections.abc import Iterable


class UserError(Exception):
    """A mistake the user can mend; the command line prints the message alone and exits with 2.

    So does a notebook: no line of ours in a traceback would help.
    """

    def _render_traceback_(self) -> list[str]:  # IPython asks for it
        return [f"{type(self).__name__}: {self}"]


class ContractError(Exception):
    """A fitter or dataset broke ``mmm_benchmark.schema``; the message names the variable."""


class EnvironmentMissingError(UserError):
    """A fitter's extra is not installed and could not be; the message holds the one command."""


def unknown(kind: str, name: str, known: Iterable[str]) -> UserError:
    """A UserError such as ``unknown sampler 'nutpi'; did you mean 'nutpie'? there are: ...``."""
    import difflib

    names = sorted(known)
    lowered = {each.lower(): each for each in names}
    near = difflib.get_close_matches(name.lower(), lowered, n=1, cutoff=0.6)
    hint = f" did you mean '{lowered[near[0]]}'?" if near else ""
    return UserError(f"unknown {kind} '{name}';{hint} there are: {', '.join(names)}")
