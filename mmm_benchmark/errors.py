"""Errors meant for a person: one line saying what is wrong, where, and what would be right."""


class UserError(Exception):
    """A mistake the user can mend; the command line prints the message alone and exits with 2."""


class ContractError(Exception):
    """A fitter or dataset broke ``mmm_benchmark.schema``; the message names the variable."""


class EnvironmentMissingError(UserError):
    """A fitter's extra is not installed and could not be; the message holds the one command."""
